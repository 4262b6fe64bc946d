//! An AMQP client, as far as SASL: 0-9-1's connection until it is tuned, and 1.0's SASL layer (part 5.3).
//!
//! Whoever takes the stream over goes on in 0-9-1 with `tune-ok`: `tune` has been read, since it is the success. The virtual
//! host is the URL's path, and is named after that, in `open`. In 1.0 it goes on with the header of AMQP itself.

use aiosasl::{driver::Reply, message::ClientMessage, profile::Profile};

use super::AnyClient;
use crate::{
    WireClass, WireError, amqp10, amqp091,
    net::{Event, Offer, Protocol, opening::Opening, transport::Transport},
    printable,
};

/// What a server says in 0-9-1 that speaks 1.0 alone: `AMQP`, and a version that begins with one of 1.0's identifiers.
fn is_later(version: [u8; 4]) -> bool {
    matches!(version, [0 | 2 | 3, 1, 0, 0])
}

/// Connects and hears what is offered; where the server speaks 1.0 alone, in that.
///
/// # Errors
///
/// A [`WireError`], as all clients.
pub(super) async fn open(opening: Opening<'_>) -> Result<Box<dyn AnyClient>, WireError> {
    if opening.target.protocol == Protocol::Amqp10 {
        return Ok(Box::new(Later::open(opening).await?));
    }
    let mut transport = opening.connect(amqp091::MAX_FRAME).await?;
    transport.send(amqp091::HEADER).await?;
    let first = transport.frame(amqp091::measure).await?;
    match amqp091::Message::parse(&first)? {
        amqp091::Message::Header(version) if is_later(version) => {
            // It hangs up after that.
            transport.close().await;
            Ok(Box::new(Later::open(opening).await?))
        }
        amqp091::Message::Method(amqp091::Method::Start(start)) => {
            Ok(Box::new(Client::hear_offer(transport, &start, opening)))
        }
        amqp091::Message::Method(amqp091::Method::Close(why)) => {
            Err(amqp091::client::refusal(&why))
        }
        _ => Err(WireError::protocol("expected what an AMQP server offers")),
    }
}

/// A connection in AMQP 0-9-1.
struct Client {
    transport: Transport,
    offer: Offer,
    /// Whether the server says that it tells why it lets somebody not in, rather than to hang up.
    tells_why: bool,
    /// Whether the server has closed the connection.
    ended: bool,
}

impl Client {
    fn hear_offer(transport: Transport, start: &amqp091::Start, opening: Opening<'_>) -> Self {
        let text = |name: &str| match start.properties.get(name) {
            Some(amqp091::Value::Text(text)) => Some(printable(text)),
            _ => None,
        };
        let told = ["product", "version", "platform", "cluster_name"];
        let offer = Offer {
            mechanisms: start.mechanisms.names(),
            unreadable: start.mechanisms.unreadable(),
            greeting: [text("product"), text("version")].map(Option::unwrap_or_default).join(" "),
            initial_response: true,
            capabilities: told
                .into_iter()
                .filter_map(|name| Some(format!("{name} {}", text(name)?)))
                .collect(),
            ..Offer::default()
        };
        opening.tell(Event::Greeting(&offer.greeting));
        opening.tell_offer(&offer.mechanisms, &offer.capabilities);
        let tells_why = start.properties.has_failure_close();
        Self { transport, offer, tells_why, ended: false }
    }

    async fn hear(&mut self) -> Result<Reply, WireError> {
        let frame = match self.transport.frame(amqp091::measure).await {
            Err(error) if error.class == WireClass::Connection && !self.tells_why => {
                return Err(hung_up(&error));
            }
            frame => frame?,
        };
        let message = amqp091::Message::parse(&frame)?;
        if let amqp091::Message::Method(amqp091::Method::Close(_)) = message {
            let answer = amqp091::Message::Method(amqp091::Method::CloseOk).to_frame()?;
            // Who has hung up already does not wait for it.
            let _ = self.transport.send(&answer).await;
        }
        amqp091::client::hear(&message)
    }
}

impl super::Client for Client {
    async fn say(&mut self, message: &ClientMessage) -> Result<Reply, WireError> {
        let Some(frame) = amqp091::client::request(message)? else {
            // There is no other way to give up.
            self.ended = true;
            self.transport.close().await;
            return Ok(Reply::Failure);
        };
        self.transport.send(&frame).await?;
        let heard = self.hear().await;
        self.ended |= heard.is_err();
        heard
    }

    async fn close(&mut self, _usable: bool) {
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        amqp091::PROFILE
    }

    fn transport(&self) -> &Transport {
        &self.transport
    }

    fn transport_mut(&mut self) -> &mut Transport {
        &mut self.transport
    }

    fn into_transport(self) -> Transport {
        self.transport
    }

    fn has_ended(&self) -> bool {
        self.ended
    }
}

/// Servers hang up on whom they do not let in: the specification tells them to (0-9-1, section 2.2.4). Only those that know
/// better say so, in what they tell of themselves.
fn hung_up(error: &WireError) -> WireError {
    let text =
        format!("{}: in AMQP 0-9-1 that may mean that the credentials are wrong", error.text);
    WireError { class: WireClass::Credentials, code: None, text }
}

/// A connection in AMQP 1.0.
struct Later {
    transport: Transport,
    offer: Offer,
    /// The host that is meant, for servers with several.
    hostname: String,
    ended: bool,
}

impl Later {
    async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let mut transport = opening.connect(amqp10::MAX_FRAME).await?;
        transport.send(&amqp10::Message::HEADER.to_frame()?).await?;
        let header = amqp10::Message::parse(&transport.frame(amqp10::measure).await?)?;
        if header != amqp10::Message::HEADER {
            return Err(WireError::protocol("expected AMQP 1.0 with SASL"));
        }
        let message = amqp10::Message::parse(&transport.frame(amqp10::measure).await?)?;
        let amqp10::Message::Mechanisms(list) = message else {
            return Err(WireError::protocol("expected the mechanisms of an AMQP 1.0 server"));
        };
        let offer = Offer {
            mechanisms: list.names(),
            unreadable: list.unreadable(),
            initial_response: true,
            greeting: "AMQP 1.0".to_owned(),
            ..Offer::default()
        };
        opening.tell(Event::Greeting(&offer.greeting));
        opening.tell_offer(&offer.mechanisms, &offer.capabilities);
        let name = opening.options.server_name.as_deref();
        let hostname = name.unwrap_or(&opening.target.host).to_owned();
        Ok(Self { transport, offer, hostname, ended: false })
    }

    async fn ask(&mut self, frame: &[u8]) -> Result<Reply, WireError> {
        self.transport.send(frame).await?;
        let frame = self.transport.frame(amqp10::measure).await?;
        amqp10::client::hear(&amqp10::Message::parse(&frame)?)
    }
}

/// Servers may hang up on who says more at once than the protocol allows: with long tokens there is no other way.
fn too_much(error: WireError, said: usize) -> WireError {
    if error.class != WireClass::Connection || said <= amqp10::MIN_MAX_FRAME {
        return error;
    }
    let most = amqp10::MIN_MAX_FRAME;
    let text = format!("{}: it was told {said} octets, of {most} that it has to take", error.text);
    WireError { text, ..error }
}

impl super::Client for Later {
    async fn say(&mut self, message: &ClientMessage) -> Result<Reply, WireError> {
        let Some(frame) = amqp10::client::request(message, Some(&self.hostname))? else {
            self.ended = true;
            self.transport.close().await;
            return Ok(Reply::Failure);
        };
        let heard = self.ask(&frame).await.map_err(|error| too_much(error, frame.len()));
        // After an outcome that is not good the server hangs up (part 5.3.2).
        self.ended |= heard.is_err();
        heard
    }

    async fn close(&mut self, _usable: bool) {
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        amqp10::PROFILE
    }

    fn transport(&self) -> &Transport {
        &self.transport
    }

    fn transport_mut(&mut self) -> &mut Transport {
        &mut self.transport
    }

    fn into_transport(self) -> Transport {
        self.transport
    }

    fn has_ended(&self) -> bool {
        self.ended
    }
}
