//! A ManageSieve client, as far as SASL: capabilities, STARTTLS, AUTHENTICATE (RFC 5804).

use aiosasl::{driver, message::ClientMessage, profile::Profile};
use zeroize::Zeroizing;

use crate::{
    Said, WireClass, WireError,
    line::Line,
    net::{Event, Offer, opening::Opening, transport::Transport},
    sieve::{
        self, Condition, Reply, Scanned, Sender, Status,
        capability::Capabilities,
        client::{self, Command},
    },
};

/// The most messages that answer one command.
const MAX_MESSAGES: usize = 256;

/// A connection to a ManageSieve server.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    last: String,
    ended: bool,
}

impl super::Client for Client {
    /// Says something of an exchange, and waits for the answer.
    async fn say(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        self.transport.send(&client::request(message)).await?;
        let reply = self.reply().await?;
        let heard = client::hear(&reply, Said::from(message));
        heard.map_err(|error| self.explain(error, message))
    }

    /// Says good bye, where the conversation still makes sense, and hangs up.
    async fn close(&mut self, usable: bool) {
        // The answer concerns nobody any more, nor does a failure.
        if usable && self.transport.send(client::command(Command::Logout)).await.is_ok() {
            let _ = self.reply().await;
        }
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        sieve::PROFILE
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

    /// Whether the server has said that it hangs up.
    fn has_ended(&self) -> bool {
        self.ended
    }

    /// The server's last condition, without a mechanism's words.
    fn last_words(&self) -> &[u8] {
        self.last.as_bytes()
    }
}

impl Client {
    /// Connects, hears the capabilities, and starts TLS where wanted.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let transport = opening.connect(sieve::MAX_LINE).await?;
        let offer = Offer { initial_response: true, ..Offer::default() };
        let mut client = Self { transport, offer, last: String::new(), ended: false };
        let (capabilities, greeting) = client.hear_capabilities(WireClass::Connection).await?;
        client.offer.greeting = greeting.words();
        opening.tell(Event::Greeting(&client.offer.greeting));
        client.take_offer(&capabilities, opening);
        client.offer.start_tls_offered = capabilities.has("STARTTLS");
        if opening.wants_start_tls(client.offer.start_tls_offered)? {
            client.start_tls(opening).await?;
        }
        Ok(client)
    }

    async fn start_tls(&mut self, opening: Opening<'_>) -> Result<(), WireError> {
        self.transport.send(client::command(Command::StartTls)).await?;
        match self.reply().await? {
            Reply::Condition(it) if it.status == Status::Ok => {}
            Reply::Condition(it) => {
                return Err(WireError::told(WireClass::Tls, it.label(), it.words()));
            }
            Reply::Strings(_) => return Err(unexpected()),
        }
        opening.start_tls(&mut self.transport).await?;
        // The server says it all again, without being asked (RFC 5804 section 2.2).
        let before = std::mem::take(&mut self.offer.mechanisms);
        let (capabilities, _) = self.hear_capabilities(WireClass::Protocol).await?;
        self.take_offer(&capabilities, opening);
        self.offer.before_tls = Some(before);
        Ok(())
    }

    /// Hears capabilities up to the condition that ends them; one that is no OK is an error of this class.
    async fn hear_capabilities(
        &mut self,
        class: WireClass,
    ) -> Result<(Capabilities, Condition), WireError> {
        let mut capabilities = Capabilities::default();
        for _ in 0..MAX_MESSAGES {
            match self.reply().await? {
                Reply::Strings(strings) => {
                    capabilities.push(&strings).map_err(|_| unexpected())?;
                }
                Reply::Condition(it) if it.status == Status::Ok => return Ok((capabilities, it)),
                Reply::Condition(it) => {
                    let refusal = client::refusal(&it, Said::Request);
                    return Err(match refusal.class {
                        WireClass::Temporary => refusal,
                        _ => WireError { class, ..refusal },
                    });
                }
            }
        }
        Err(WireError::protocol(format!("expected at most {MAX_MESSAGES} capabilities")))
    }

    async fn reply(&mut self) -> Result<Reply, WireError> {
        let message = message(&mut self.transport, Sender::Server).await?;
        let reply = Reply::parse(&message)
            .map_err(|error| WireError::protocol(format!("a ManageSieve server: {error}")))?;
        if let Reply::Condition(it) = &reply {
            self.ended = it.status == Status::Bye;
            self.last = format!("{} {}", it.status.as_str(), it.words());
        }
        Ok(reply)
    }

    /// A refusal without a code is about the credentials, unless the mechanism was not on offer.
    fn explain(&self, error: WireError, message: &ClientMessage) -> WireError {
        match (error.class, message) {
            (WireClass::Credentials, ClientMessage::Authenticate { mechanism, .. })
                if !self.offer.mechanisms.contains(mechanism) =>
            {
                WireError { class: WireClass::Mechanism, ..error }
            }
            _ => error,
        }
    }

    fn take_offer(&mut self, capabilities: &Capabilities, opening: Opening<'_>) {
        let entry = |(name, value): &(String, Option<String>)| match value {
            Some(value) => format!("{name} {value}"),
            None => name.clone(),
        };
        self.offer.mechanisms = capabilities.mechanisms();
        self.offer.unreadable = capabilities.unreadable();
        self.offer.capabilities = capabilities.entries().iter().map(entry).collect();
        opening.tell_offer(&self.offer.mechanisms, &self.offer.capabilities);
    }
}

/// The next whole message: a line, and for each literal in it the literal and another line.
///
/// # Errors
///
/// As [`Transport::line`]; class [`Protocol`](WireClass::Protocol) also where nobody can tell where it ends.
pub(in crate::net) async fn message(
    transport: &mut Transport,
    by: Sender,
) -> Result<Line, WireError> {
    let mut message = transport.line().await?;
    loop {
        match sieve::scan(&message, by) {
            Ok(Scanned::Wants(count)) => {
                let octets = transport.octets(count).await?;
                let line = transport.line().await?;
                let parts = [message.as_slice(), b"\r\n", octets.as_slice(), line.as_slice()];
                message = Zeroizing::new(parts.concat());
            }
            // What follows may be octets that were announced in vain.
            Err(error) if message.ends_with(b"}") => {
                return Err(WireError::protocol(error.to_string()));
            }
            Ok(Scanned::Whole(_)) | Err(_) => return Ok(message),
        }
    }
}

fn unexpected() -> WireError {
    WireError::protocol("expected a capability: a name, or a name and a value")
}
