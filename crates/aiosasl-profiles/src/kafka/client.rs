//! The client's half of Kafka: SASL messages to frames, and what a broker's answers mean.

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage, Response},
};

use super::{Api, Reply, ReplyBody, Request, RequestBody, Versions, content, error_code, raw};
use crate::{WireClass, WireError, frame::Frame};

/// An exchange, from the handshake on. Whether a token of the broker is a challenge or its last words is not told on
/// the wire: see [`Heard::Said`].
#[derive(Debug)]
pub struct Exchange {
    client_id: String,
    versions: Versions,
    /// The number of the next request.
    correlation: i32,
    /// The first token, until the handshake is answered.
    held: Option<Response>,
    awaited: Awaited,
    lifetime: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Nothing,
    Handshake,
    Token,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The mechanism is there: this is to be sent next.
    Send(Frame),
    /// What the broker says in the exchange. A token may be a challenge or last words: the mechanism knows which, and an
    /// exchange takes either for a challenge. Without a token it is over.
    Said(driver::Reply),
}

fn said(token: Challenge) -> Heard {
    Heard::Said(if token.is_empty() {
        driver::Reply::Success(None)
    } else {
        driver::Reply::Challenge(token)
    })
}

impl Exchange {
    /// An exchange of a client of this name, the first request of which has this number.
    pub fn new(client_id: &str, versions: Versions, correlation: i32) -> Self {
        Self {
            client_id: client_id.to_owned(),
            versions,
            correlation,
            held: None,
            awaited: Awaited::Nothing,
            lifetime: None,
        }
    }

    /// How long the session lasts, in milliseconds, where the broker has told: before, authenticate again (KIP-368).
    pub fn lifetime(&self) -> Option<i64> {
        self.lifetime.filter(|milliseconds| *milliseconds > 0)
    }

    /// The message as a frame; `None` for an abort, which is to hang up.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn request(&mut self, message: &ClientMessage) -> Result<Option<Frame>, WireError> {
        match message {
            ClientMessage::Authenticate { mechanism, initial_response } => {
                self.held = Some(initial_response.clone().unwrap_or_else(Response::empty));
                self.awaited = Awaited::Handshake;
                let body = RequestBody::SaslHandshake(mechanism.as_str().to_owned());
                self.frame(self.versions.handshake, body).map(Some)
            }
            ClientMessage::Response(token) => self.token(token).map(Some),
            ClientMessage::Abort => Ok(None),
        }
    }

    /// What a frame says.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the broker refuses, or says what it may not.
    pub fn hear(&mut self, frame: &[u8]) -> Result<Heard, WireError> {
        match std::mem::replace(&mut self.awaited, Awaited::Nothing) {
            Awaited::Nothing => Err(WireError::protocol("expected no answer: nothing was asked")),
            Awaited::Handshake => {
                let reply = self.reply(frame, Api::SaslHandshake, self.versions.handshake)?;
                if reply.error != error_code::NONE {
                    return Err(refusal(&reply));
                }
                let token = self.held.take().unwrap_or_else(Response::empty);
                self.token(&token).map(Heard::Send)
            }
            Awaited::Token if self.versions.handshake == 0 => {
                Ok(said(Challenge::new(content(frame)?)))
            }
            Awaited::Token => {
                let reply = self.reply(frame, Api::SaslAuthenticate, self.versions.authenticate)?;
                match reply.body {
                    ReplyBody::SaslAuthenticate { token, lifetime, .. }
                        if reply.error == error_code::NONE =>
                    {
                        self.lifetime = lifetime;
                        Ok(said(token))
                    }
                    _ => Err(refusal(&reply)),
                }
            }
        }
    }

    fn token(&mut self, token: &Response) -> Result<Frame, WireError> {
        self.awaited = Awaited::Token;
        if self.versions.handshake == 0 {
            return raw(token.as_bytes());
        }
        self.frame(self.versions.authenticate, RequestBody::SaslAuthenticate(token.clone()))
    }

    fn frame(&mut self, version: i16, body: RequestBody) -> Result<Frame, WireError> {
        let client_id = Some(self.client_id.clone());
        let correlation = self.correlation;
        self.correlation = correlation.wrapping_add(1);
        Request { version, correlation, client_id, body }.to_frame()
    }

    /// The answer to the last request.
    fn reply(&self, frame: &[u8], api: Api, version: i16) -> Result<Reply, WireError> {
        let reply = Reply::parse(frame, api, version)?;
        if reply.correlation != self.correlation.wrapping_sub(1) {
            return Err(WireError::protocol("expected the answer to the last request"));
        }
        Ok(reply)
    }
}

/// What an error means; a broker that will not tell just hangs up.
pub fn refusal(reply: &Reply) -> WireError {
    let class = match reply.error {
        error_code::UNSUPPORTED_SASL_MECHANISM => WireClass::Mechanism,
        error_code::SASL_AUTHENTICATION_FAILED => WireClass::Credentials,
        _ => WireClass::Protocol,
    };
    let text = match &reply.body {
        ReplyBody::SaslAuthenticate { message: Some(message), .. } => message.as_str(),
        _ => "",
    };
    WireError::told(class, reply.error.to_string(), text)
}
