//! A client's stream: its octets to events.

use crate::{
    WireClass, WireError,
    net::{Options, Target, transport::Transport},
    printable,
    xmpp::{self, Features, StreamEvent, StreamReader},
};

/// A stream, and those before and after it on the same connection.
pub(super) struct Stream {
    pub(super) transport: Transport,
    pub(super) reader: StreamReader,
    domain: String,
    /// Who logs in, where that is known and has a JID's form.
    jid: Option<String>,
    /// The server's first words on it.
    pub(super) greeting: String,
    pub(super) has_ended: bool,
}

impl Stream {
    pub(super) fn new(transport: Transport, target: &Target, domain: String) -> Self {
        Self {
            transport,
            reader: StreamReader::new(),
            jid: jid(target, &domain),
            domain,
            greeting: String::new(),
            has_ended: false,
        }
    }

    /// Opens a stream, and hears what is offered on it.
    pub(super) async fn open(&mut self) -> Result<Features, WireError> {
        self.reader = StreamReader::new();
        // Who we are is nobody's business who reads along (RFC 6120 section 4.7.1).
        let confidential = self.transport.tls().is_some_and(|tls| tls.verified);
        let from = self.jid.as_deref().filter(|_| confidential);
        self.transport.send(xmpp::open(&self.domain, from).as_bytes()).await?;
        match self.event().await? {
            StreamEvent::Opened(header) => {
                let from = header.from.as_deref().unwrap_or_default();
                self.greeting = printable(format!("stream from {from}").as_bytes());
            }
            other => return Err(unexpected("a stream", &other)),
        }
        self.features().await
    }

    /// What is offered, where that comes next.
    pub(super) async fn features(&mut self) -> Result<Features, WireError> {
        match self.event().await? {
            StreamEvent::Features(features) => Ok(features),
            other => Err(unexpected("features", &other)),
        }
    }

    /// The next event that does not end the stream.
    pub(super) async fn event(&mut self) -> Result<StreamEvent, WireError> {
        loop {
            match self.reader.next_event()? {
                Some(StreamEvent::Error(error)) => {
                    self.has_ended = true;
                    return Err(error.error());
                }
                Some(StreamEvent::Closed) => {
                    self.has_ended = true;
                    let text = "the server has ended the stream";
                    return Err(WireError::new(WireClass::Connection, text));
                }
                Some(event) => return Ok(event),
                None => {
                    let chunk = self.transport.chunk().await?;
                    self.reader.push(&chunk)?;
                }
            }
        }
    }

    /// The connection, with what was read and belongs to no event.
    pub(super) fn into_transport(mut self) -> Transport {
        self.transport.unread(self.reader.pending());
        self.transport
    }
}

/// The domain to log in to: that of the user's JID, else the name that the certificate must have, else the host.
pub(super) fn domain<'a>(target: &'a Target, options: &'a Options) -> &'a str {
    let of_user = target.user.as_deref().and_then(|user| user.split_once('@'));
    match (of_user, &options.server_name) {
        (Some((_, domain)), _) => domain,
        (None, Some(name)) => name,
        (None, None) => &target.host,
    }
}

/// The user's bare JID, where the user's name can stand in one as it is (RFC 7622 section 3.3).
fn jid(target: &Target, domain: &str) -> Option<String> {
    let local = target.user_name()?;
    let forbidden = |it: char| it.is_control() || it.is_whitespace() || "\"&'/:<>@".contains(it);
    (!local.is_empty() && !local.contains(forbidden)).then(|| format!("{local}@{domain}"))
}

pub(super) fn unexpected(expected: &str, event: &StreamEvent) -> WireError {
    let found = match event {
        StreamEvent::Answer(_) | StreamEvent::Sasl2(_) => "an answer of an exchange",
        StreamEvent::Closed | StreamEvent::Error(_) => "the stream's end",
        StreamEvent::Features(_) => "features",
        StreamEvent::Opened(_) => "a stream's opening",
        StreamEvent::Other { name, .. } => &format!("<{}/>", printable(name.as_bytes())),
        StreamEvent::TlsFailure | StreamEvent::TlsProceed => "an answer to STARTTLS",
    };
    WireError::protocol(format!("expected {expected}, found {found}"))
}
