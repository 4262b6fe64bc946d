//! A client's stream: its octets to events, and an exchange's elements on it.

use aiosasl::{
    error::FailureCode,
    message::{Challenge, ClientMessage},
};

use crate::{
    WireError,
    net::{
        server::dialogue::{Dialogue, Interrupt},
        transport::Transport,
    },
    xmpp::{
        Condition, StreamFault,
        server::{self, Event, StreamReader},
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

/// The stream, and those after it on the same connection.
pub(super) struct Stream {
    reader: StreamReader,
    domain: String,
    is_open: bool,
    interruption: Option<Interruption>,
}

impl Stream {
    pub(super) fn new(domain: &str) -> Self {
        let reader = StreamReader::new();
        Self { reader, domain: domain.to_owned(), is_open: false, interruption: None }
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
        transport.send(server::challenge(challenge).as_bytes()).await?;
        let interruption = match self.event(transport).await {
            Ok(Event::Said(Ok(request @ ClientMessage::Authenticate { .. }))) => {
                Interruption::Request(Ok(request))
            }
            Ok(Event::Said(Ok(message))) => return Ok(message),
            Ok(Event::Said(Err(code))) => return Err(Interrupt::Refused(code)),
            Ok(Event::Closed) => Interruption::Closed,
            Ok(_) => {
                let text = "expected an answer to the challenge";
                Interruption::Fault(StreamFault::new(Condition::NotAuthorized, text))
            }
            Err(Trouble::Fault(fault)) => Interruption::Fault(fault),
            Err(Trouble::Broken(error)) => return Err(Interrupt::Broken(error)),
        };
        self.interruption = Some(interruption);
        Err(Interrupt::Refused(FailureCode::Aborted))
    }
}
