//! An XMPP client, as far as SASL: streams, features, STARTTLS, the exchange, what comes after it (RFC 6120, XEP-0388).

mod extensible;
mod stream;

use aiosasl::{driver, message::ClientMessage, profile::Profile};

use self::{
    extensible::Extensible,
    stream::{Stream, domain, unexpected},
};
use crate::{
    Said, WireClass, WireError,
    net::{Event, Granted, Offer, Options, opening::Opening, transport::Transport},
    xmpp::{
        self, NS_TLS, StartTls, StreamEvent, WhiteSpace,
        sasl::{self, Answer},
    },
};

/// A connection to an XMPP server.
pub(super) struct Client {
    stream: Stream,
    offer: Offer,
    extensible: Extensible,
    version: Version,
}

/// In which of XMPP's two ways an exchange is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    /// RFC 6120 section 6.
    Core,
    /// XEP-0388.
    Extensible,
}

impl super::Client for Client {
    /// Says something of an exchange, and waits for the answer. It is extensible SASL's where the server has that.
    async fn say(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        if let ClientMessage::Authenticate { mechanism, .. } = message {
            let extensible = self.extensible.has(*mechanism);
            self.version = if extensible { Version::Extensible } else { Version::Core };
        }
        match self.version {
            Version::Core => self.say_plainly(message).await,
            Version::Extensible => self.extensible.say(&mut self.stream, message).await,
        }
    }

    /// Ends the stream, where the conversation still makes sense, and hangs up.
    async fn close(&mut self, usable: bool) {
        // A failure concerns nobody any more.
        if usable {
            let _ = self.stream.transport.send(b"</stream:stream>").await;
        }
        self.stream.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        xmpp::PROFILE
    }

    fn transport_mut(&mut self) -> &mut Transport {
        &mut self.stream.transport
    }

    fn into_transport(self) -> Transport {
        self.stream.into_transport()
    }

    fn transport(&self) -> &Transport {
        &self.stream.transport
    }

    /// Whether the server has ended the stream.
    fn has_ended(&self) -> bool {
        self.stream.has_ended
    }

    /// A success has no words but these.
    fn last_words(&self) -> &[u8] {
        b"success"
    }

    fn granted(&self) -> Option<&Granted> {
        self.extensible.granted.as_ref()
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
        let transport = opening.connect(xmpp::MAX_ELEMENT).await?;
        let mut client = Self {
            stream: Stream::new(transport, opening.target, domain),
            offer: Offer { initial_response: true, ..Offer::default() },
            extensible: Extensible::new(options.sasl2.clone()),
            version: Version::Core,
        };
        let start_tls = client.ask_features(opening).await?;
        client.offer.start_tls_offered = start_tls != StartTls::NotOffered;
        if opening.wants_start_tls(client.offer.start_tls_offered)? {
            client.start_tls(opening).await?;
        }
        Ok(client)
    }

    async fn start_tls(&mut self, opening: Opening<'_>) -> Result<(), WireError> {
        self.stream.transport.send(format!("<starttls xmlns='{NS_TLS}'/>").as_bytes()).await?;
        match self.stream.event().await? {
            StreamEvent::TlsProceed => {}
            StreamEvent::TlsFailure => {
                return Err(WireError::told(WireClass::Tls, "failure", "the server refuses TLS"));
            }
            other => return Err(unexpected("<proceed/>", &other)),
        }
        if !self.stream.reader.pending().is_empty() {
            return Err(WireError::new(
                WireClass::Tls,
                "octets in the clear came after the switch to TLS: somebody may have put them there",
            ));
        }
        opening.start_tls(&mut self.stream.transport).await?;
        let before = std::mem::take(&mut self.offer.mechanisms);
        self.ask_features(opening).await?;
        self.offer.before_tls = Some(before);
        Ok(())
    }

    async fn ask_features(&mut self, opening: Opening<'_>) -> Result<StartTls, WireError> {
        let features = self.stream.open().await?;
        let is_secure = self.stream.transport.tls().is_some();
        self.offer.greeting.clone_from(&self.stream.greeting);
        if self.offer.before_tls.is_none() && !is_secure {
            opening.tell(Event::Greeting(&self.offer.greeting));
        }
        self.extensible.take_offer(features.sasl2.filter(|_| is_secure));
        // Each of both ways has a list of its own, and a server that speaks of what it offered speaks of one of them.
        (self.offer.mechanisms, self.offer.unreadable) = if self.extensible.is_offered() {
            (self.extensible.mechanisms().collect(), self.extensible.unreadable().to_vec())
        } else {
            (features.mechanisms, features.unreadable)
        };
        self.offer.bindings = features.bindings;
        self.offer.capabilities = features.all;
        opening.tell_offer(&self.offer.mechanisms, &self.offer.capabilities);
        Ok(features.start_tls)
    }

    /// Says something of an exchange of RFC 6120.
    async fn say_plainly(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        self.stream.transport.send(sasl::spell(message).as_bytes()).await?;
        let answer = match self.stream.event().await? {
            StreamEvent::Answer(answer) => answer,
            other => return Err(unexpected("an answer", &other)),
        };
        match (answer, Said::from(message)) {
            (Answer::Challenge(challenge), _) => {
                // What came before may have been sent before the server knew of the exchange.
                self.stream.reader.set_white_space(WhiteSpace::Refused);
                Ok(driver::Reply::Challenge(challenge))
            }
            (Answer::Success(additional_data), _) => {
                self.prove_success().await?;
                Ok(driver::Reply::Success(additional_data))
            }
            (Answer::Failure(failure), said) => {
                self.stream.reader.set_white_space(WhiteSpace::Tolerated);
                if said == Said::Abort { Ok(driver::Reply::Failure) } else { Err(failure.error()) }
            }
        }
    }

    /// A stream of its own follows a success; what the server offers on it proves that it meant it.
    async fn prove_success(&mut self) -> Result<(), WireError> {
        if !self.stream.reader.pending().trim_ascii().is_empty() {
            return Err(WireError::protocol("expected nothing on the old stream after <success/>"));
        }
        self.stream.open().await.map(drop)
    }
}
