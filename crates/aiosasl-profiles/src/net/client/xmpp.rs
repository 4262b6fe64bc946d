//! An XMPP client, as far as SASL: streams, features, STARTTLS, the exchange, the stream after it (RFC 6120).

use aiosasl::{driver, message::ClientMessage, profile::Profile};

use crate::{
    Said, WireClass, WireError,
    net::{Event, Offer, Options, Target, opening::Opening, transport::Transport},
    printable,
    xmpp::{
        self, Features, NS_TLS, StartTls, StreamEvent, StreamReader, WhiteSpace,
        sasl::{self, Answer},
    },
};

/// A connection to an XMPP server.
pub(super) struct Client {
    transport: Transport,
    reader: StreamReader,
    domain: String,
    /// Who logs in, where that is known and has a JID's form.
    jid: Option<String>,
    offer: Offer,
    ended: bool,
}

impl super::Client for Client {
    /// Says something of an exchange, and waits for the answer.
    async fn say(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        self.transport.send(sasl::spell(message).as_bytes()).await?;
        let answer = match self.event().await? {
            StreamEvent::Answer(answer) => answer,
            other => return Err(unexpected("an answer", &other)),
        };
        match (answer, Said::from(message)) {
            (Answer::Challenge(challenge), _) => {
                // What came before may have been sent before the server knew of the exchange.
                self.reader.set_white_space(WhiteSpace::Refused);
                Ok(driver::Reply::Challenge(challenge))
            }
            (Answer::Success(additional_data), _) => {
                self.prove_success().await?;
                Ok(driver::Reply::Success(additional_data))
            }
            (Answer::Failure(failure), said) => {
                self.reader.set_white_space(WhiteSpace::Tolerated);
                if said == Said::Abort { Ok(driver::Reply::Failure) } else { Err(failure.error()) }
            }
        }
    }

    /// Ends the stream, where the conversation still makes sense, and hangs up.
    async fn close(&mut self, usable: bool) {
        // A failure concerns nobody any more.
        if usable {
            let _ = self.transport.send(b"</stream:stream>").await;
        }
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        xmpp::PROFILE
    }

    fn transport_mut(&mut self) -> &mut Transport {
        &mut self.transport
    }

    fn into_transport(self) -> Transport {
        self.transport
    }

    fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Whether the server has ended the stream.
    fn has_ended(&self) -> bool {
        self.ended
    }

    /// A success has no words but these.
    fn last_words(&self) -> &[u8] {
        b"success"
    }
}

impl Client {
    /// Connects, opens a stream, hears the features, and starts TLS where wanted.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let domain = domain(opening.target, opening.options).to_owned();
        // The certificate is the domain's, wherever it is served (RFC 6120 section 13.7.2.1).
        let server_name = opening.options.server_name.clone().or_else(|| Some(domain.clone()));
        let options = Options { server_name, ..opening.options.clone() };
        let opening = Opening { options: &options, ..opening };
        let mut client = Self {
            transport: opening.connect(xmpp::MAX_ELEMENT).await?,
            reader: StreamReader::new(),
            jid: jid(opening.target, &domain),
            domain,
            offer: Offer { initial_response: true, ..Offer::default() },
            ended: false,
        };
        let start_tls = client.ask_features(opening).await?;
        client.offer.start_tls_offered = start_tls != StartTls::NotOffered;
        if opening.wants_start_tls(client.offer.start_tls_offered)? {
            client.start_tls(opening).await?;
        }
        Ok(client)
    }

    async fn start_tls(&mut self, opening: Opening<'_>) -> Result<(), WireError> {
        self.transport.send(format!("<starttls xmlns='{NS_TLS}'/>").as_bytes()).await?;
        match self.event().await? {
            StreamEvent::TlsProceed => {}
            StreamEvent::TlsFailure => {
                return Err(WireError::told(WireClass::Tls, "failure", "the server refuses TLS"));
            }
            other => return Err(unexpected("<proceed/>", &other)),
        }
        if !self.reader.pending().is_empty() {
            return Err(WireError::new(
                WireClass::Tls,
                "octets in the clear came after the switch to TLS: somebody may have put them there",
            ));
        }
        opening.start_tls(&mut self.transport).await?;
        let before = std::mem::take(&mut self.offer.mechanisms);
        self.ask_features(opening).await?;
        self.offer.before_tls = Some(before);
        Ok(())
    }

    async fn ask_features(&mut self, opening: Opening<'_>) -> Result<StartTls, WireError> {
        let features = self.open_stream().await?;
        if self.offer.before_tls.is_none() && self.transport.tls().is_none() {
            opening.tell(Event::Greeting(&self.offer.greeting));
        }
        self.offer.mechanisms = features.mechanisms;
        self.offer.unreadable = features.unreadable;
        self.offer.bindings = features.bindings;
        self.offer.capabilities = features.all;
        opening.tell_offer(&self.offer.mechanisms, &self.offer.capabilities);
        Ok(features.start_tls)
    }

    /// A stream of its own follows a success; what the server offers on it proves that it meant it.
    async fn prove_success(&mut self) -> Result<(), WireError> {
        if !self.reader.pending().trim_ascii().is_empty() {
            return Err(WireError::protocol("expected nothing on the old stream after <success/>"));
        }
        self.open_stream().await.map(drop)
    }

    async fn open_stream(&mut self) -> Result<Features, WireError> {
        self.reader = StreamReader::new();
        // Who we are is nobody's business who reads along (RFC 6120 section 4.7.1).
        let confidential = self.transport.tls().is_some_and(|tls| tls.verified);
        let from = self.jid.as_deref().filter(|_| confidential);
        self.transport.send(xmpp::open(&self.domain, from).as_bytes()).await?;
        match self.event().await? {
            StreamEvent::Opened(header) => {
                let from = header.from.as_deref().unwrap_or_default();
                self.offer.greeting = printable(format!("stream from {from}").as_bytes());
            }
            other => return Err(unexpected("a stream", &other)),
        }
        match self.event().await? {
            StreamEvent::Features(features) => Ok(features),
            other => Err(unexpected("features", &other)),
        }
    }

    /// The next event that does not end the stream.
    async fn event(&mut self) -> Result<StreamEvent, WireError> {
        loop {
            match self.reader.next_event()? {
                Some(StreamEvent::Error(error)) => {
                    self.ended = true;
                    return Err(error.error());
                }
                Some(StreamEvent::Closed) => {
                    self.ended = true;
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
}

/// The domain to log in to: that of the user's JID, else the name that the certificate must have, else the host.
fn domain<'a>(target: &'a Target, options: &'a Options) -> &'a str {
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

fn unexpected(expected: &str, event: &StreamEvent) -> WireError {
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
