//! A client's stream: its octets to events, and an exchange's elements on it.

use aiosasl::{
    error::FailureCode,
    message::{Challenge, ClientMessage},
};
use zeroize::Zeroizing;

use crate::{
    WireError,
    net::{
        server::dialogue::{Dialogue, Interrupt},
        transport::Transport,
    },
    xmpp::{
        Condition, StreamFault,
        server::{self, Event, StreamReader, sasl2},
    },
};

/// The longest domain taken over from a client, in octets (RFC 7622 section 3.2).
const MAX_DOMAIN: usize = 1023;

/// Why a stream ends.
pub(super) enum Trouble {
    /// The connection is of no use any more.
    Broken(WireError),
    /// The client broke the rules, and hears which.
    Fault(StreamFault),
}

impl From<WireError> for Trouble {
    fn from(error: WireError) -> Self {
        Self::Broken(error)
    }
}

impl From<StreamFault> for Trouble {
    fn from(fault: StreamFault) -> Self {
        Self::Fault(fault)
    }
}

/// What came instead of an answer to a challenge.
pub(super) enum Interruption {
    /// The stream's end.
    Closed,
    /// What ends the stream.
    Fault(StreamFault),
    /// Another request.
    Request(Result<ClientMessage, FailureCode>),
}

/// In which of XMPP's two ways an exchange is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Version {
    /// RFC 6120 section 6.
    #[default]
    Core,
    /// XEP-0388.
    Extensible,
}

impl Version {
    fn challenge(self, challenge: &Challenge) -> Zeroizing<String> {
        match self {
            Self::Core => server::challenge(challenge),
            Self::Extensible => sasl2::challenge(challenge),
        }
    }

    /// What an event says in an exchange of this version; `None` where it says nothing in it.
    fn said(self, event: Event) -> Option<Result<ClientMessage, FailureCode>> {
        match (self, event) {
            (Self::Core, Event::Said(said)) => Some(said),
            (Self::Extensible, Event::SaidSasl2(said)) => Some(said.map(|it| it.message)),
            _ => None,
        }
    }
}

/// The stream, and those after it on the same connection.
pub(super) struct Stream {
    reader: StreamReader,
    domain: String,
    is_open: bool,
    interruption: Option<Interruption>,
    /// In which way the exchange is said that runs.
    pub(super) version: Version,
}

impl Stream {
    pub(super) fn new(domain: &str) -> Self {
        let reader = StreamReader::new();
        Self {
            reader,
            domain: domain.to_owned(),
            is_open: false,
            interruption: None,
            version: Version::Core,
        }
    }

    /// Begins anew, with what the client has said of the new stream already.
    pub(super) fn restart(&mut self) -> Result<(), StreamFault> {
        let mut reader = StreamReader::new();
        // White space may end the old stream's last element, and may not begin the new one.
        reader.push(self.reader.pending().trim_ascii_start())?;
        self.reader = reader;
        self.is_open = false;
        Ok(())
    }

    /// The next event: an opening first, and never again.
    pub(super) async fn event(&mut self, transport: &mut Transport) -> Result<Event, Trouble> {
        loop {
            if let Some(event) = self.reader.next_event()? {
                return Ok(event);
            }
            let chunk = transport.chunk().await?;
            self.reader.push(&chunk)?;
        }
    }

    /// Opens our side; for the domain that the client wants, whichever it is.
    pub(super) fn open(&mut self, to: Option<&str>, id: &str) -> String {
        if let Some(to) = to.filter(|to| !to.is_empty() && to.len() <= MAX_DOMAIN) {
            to.clone_into(&mut self.domain);
        }
        self.is_open = true;
        server::open(&self.domain, id)
    }

    /// Ends it, and says why; it must be open for that (RFC 6120 section 4.9.1.2).
    pub(super) async fn end(
        &mut self,
        transport: &mut Transport,
        fault: &StreamFault,
    ) -> Result<(), WireError> {
        let opening = if self.is_open { String::new() } else { self.open(None, "none") };
        transport.send((opening + &fault.spell()).as_bytes()).await
    }

    /// What came instead of an answer to a challenge, once.
    pub(super) fn take_interruption(&mut self) -> Option<Interruption> {
        self.interruption.take()
    }

    /// The octets that came and belong to no event yet.
    pub(super) fn pending(&self) -> &[u8] {
        self.reader.pending()
    }

    /// The domain that the client wants.
    pub(super) fn domain(&self) -> &str {
        &self.domain
    }
}

impl Dialogue for &mut Stream {
    async fn ask(
        &mut self,
        transport: &mut Transport,
        challenge: &Challenge,
    ) -> Result<ClientMessage, Interrupt> {
        transport.send(self.version.challenge(challenge).as_bytes()).await?;
        let text = "expected an answer to the challenge";
        let event = match self.event(transport).await {
            Ok(event) => event,
            Err(Trouble::Fault(fault)) => return Err(self.interrupt(Interruption::Fault(fault))),
            Err(Trouble::Broken(error)) => return Err(Interrupt::Broken(error)),
        };
        if matches!(event, Event::Closed) {
            return Err(self.interrupt(Interruption::Closed));
        }
        match (self.version.said(event), self.version) {
            // Another request takes the place of this one, but for what is asked for together with it.
            (Some(Ok(request @ ClientMessage::Authenticate { .. })), Version::Core) => {
                Err(self.interrupt(Interruption::Request(Ok(request))))
            }
            (Some(Ok(ClientMessage::Authenticate { .. })), Version::Extensible) | (None, _) => {
                let fault = StreamFault::new(Condition::NotAuthorized, text);
                Err(self.interrupt(Interruption::Fault(fault)))
            }
            (Some(Ok(message)), _) => Ok(message),
            (Some(Err(code)), _) => Err(Interrupt::Refused(code)),
        }
    }
}

impl Stream {
    /// Remembers what came instead of an answer: the exchange is over.
    fn interrupt(&mut self, interruption: Interruption) -> Interrupt {
        self.interruption = Some(interruption);
        Interrupt::Refused(FailureCode::Aborted)
    }
}
