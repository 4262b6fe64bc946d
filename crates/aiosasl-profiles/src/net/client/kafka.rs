//! A Kafka client, as far as SASL: ApiVersions, SaslHandshake and SaslAuthenticate, or raw tokens for old brokers.
//!
//! A broker lists its mechanisms for who asks for one that it does not have, and hangs up: so it is asked on a connection
//! of its own. When a session ends is told in the offer's limits; before that, log in again on the same connection
//! (KIP-368).

use aiosasl::{driver::Reply, message::ClientMessage, profile::Profile};

use super::last_word;
use crate::{
    WireClass, WireError,
    kafka::{
        self, Api, ApiRange, Reply as Answer, ReplyBody, Request, RequestBody, Versions,
        client::{Exchange, Heard},
        error_code,
    },
    net::{Offer, opening::Opening, transport::Transport},
};

/// What we call ourselves.
const CLIENT_ID: &str = "aiosasl";
/// A mechanism that nobody has: who asks for it is told those that there are.
const NOBODYS: &str = "NONE";
/// The name of the limit that says how long a session lasts, in milliseconds.
const LIFETIME: &str = "session lifetime (ms)";

/// A connection to a broker.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    versions: Versions,
    exchange: Option<Exchange>,
    /// Whether the mechanism's last word may be an empty one that only we need.
    silent: bool,
    ended: bool,
}

impl Client {
    /// Connects, and hears what the broker speaks and has.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let mut transport = opening.connect(kafka::MAX_FRAME).await?;
        let versions = match ask_versions(&mut transport).await {
            // Brokers before 0.10 know of no such question, and hang up.
            Err(error) if error.class == WireClass::Connection => {
                transport = opening.connect(kafka::MAX_FRAME).await?;
                Versions::default()
            }
            versions => versions?,
        };
        let mut offer = Offer { initial_response: true, ..Offer::default() };
        match ask_mechanisms(&mut transport, versions).await {
            Ok(list) => {
                offer.mechanisms = list.names();
                offer.unreadable = list.unreadable();
            }
            // Some hang up without a word.
            Err(error) if error.class == WireClass::Connection => offer.unlisted = true,
            Err(error) => return Err(error),
        }
        transport.close().await;
        let Versions { handshake, authenticate } = versions;
        offer.capabilities = vec![
            format!("SaslHandshake v{handshake}"),
            format!("SaslAuthenticate v{authenticate}"),
        ];
        opening.tell_offer(&offer.mechanisms, &offer.capabilities);
        let transport = opening.connect(kafka::MAX_FRAME).await?;
        let silent = false;
        Ok(Self { transport, offer, versions, exchange: None, silent, ended: false })
    }

    /// Sends a message, and the first token behind the handshake.
    async fn converse(&mut self, message: &ClientMessage) -> Result<Reply, WireError> {
        let Some(exchange) = &mut self.exchange else {
            return Err(WireError::protocol("nothing has begun"));
        };
        let Some(mut frame) = exchange.request(message)? else {
            // There is no other way to give up.
            self.ended = true;
            self.transport.close().await;
            return Ok(Reply::Failure);
        };
        loop {
            self.transport.send(&frame).await?;
            let answer = self.transport.frame(kafka::measure).await?;
            match exchange.hear(&answer)? {
                Heard::Send(next) => frame = next,
                Heard::Said(reply) => {
                    if let Some(milliseconds) = exchange.lifetime() {
                        self.offer.limits.retain(|(name, _)| name != LIFETIME);
                        self.offer.limits.push((LIFETIME.to_owned(), milliseconds.to_string()));
                    }
                    return Ok(reply);
                }
            }
        }
    }
}

impl super::Client for Client {
    async fn say(&mut self, message: &ClientMessage) -> Result<Reply, WireError> {
        match message {
            ClientMessage::Authenticate { mechanism, .. } => {
                self.exchange = Some(Exchange::new(CLIENT_ID, self.versions, 1));
                self.silent = last_word::is_silent(*mechanism);
            }
            ClientMessage::Response(response) if self.silent && response.is_empty() => {
                return Ok(Reply::Success(None));
            }
            ClientMessage::Response(_) | ClientMessage::Abort => {}
        }
        let heard = self.converse(message).await;
        self.ended |= heard.is_err();
        heard.map_err(|error| match error.class {
            // Without requests around tokens there are no words for a refusal.
            WireClass::Connection if self.versions.handshake == 0 => {
                let text = format!("{}: which is how an old broker refuses", error.text);
                WireError::new(WireClass::Credentials, text)
            }
            _ => error,
        })
    }

    async fn close(&mut self, _usable: bool) {
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        kafka::PROFILE
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

/// The versions to speak. A broker that does not answer speaks those that all do; what it says is in version 0, which
/// brokers of all times read.
async fn ask_versions(transport: &mut Transport) -> Result<Versions, WireError> {
    let body = RequestBody::ApiVersions { software: Default::default() };
    let client_id = Some(CLIENT_ID.to_owned());
    let request = Request { version: 0, correlation: 0, client_id, body };
    transport.send(&request.to_frame()?).await?;
    let answer = transport.frame(kafka::measure).await?;
    let answer = Answer::parse(&answer, Api::ApiVersions, 0)?;
    let (error_code::NONE, ReplyBody::ApiVersions(ranges)) = (answer.error, answer.body) else {
        return Ok(Versions::default());
    };
    let newest = |api: Api| {
        let range = ranges.iter().find(|range| range.key == api.key());
        range.map(|ApiRange { newest, .. }| api.newest().min(*newest))
    };
    let Some(handshake) = newest(Api::SaslHandshake) else {
        return Err(WireError::new(WireClass::Mechanism, "this broker has no SASL at this port"));
    };
    Ok(match newest(Api::SaslAuthenticate) {
        Some(authenticate) => Versions { handshake, authenticate },
        // Tokens without requests around them.
        None => Versions { handshake: 0, authenticate: 0 },
    })
}

async fn ask_mechanisms(
    transport: &mut Transport,
    versions: Versions,
) -> Result<crate::frame::MechanismList, WireError> {
    let body = RequestBody::SaslHandshake(NOBODYS.to_owned());
    let client_id = Some(CLIENT_ID.to_owned());
    let request = Request { version: versions.handshake, correlation: 1, client_id, body };
    transport.send(&request.to_frame()?).await?;
    let answer = transport.frame(kafka::measure).await?;
    match Answer::parse(&answer, Api::SaslHandshake, versions.handshake)?.body {
        ReplyBody::SaslHandshake(list) => Ok(list),
        _ => Err(WireError::protocol("expected a list of mechanisms")),
    }
}
