//! A Kafka broker, as far as SASL: ApiVersions, SaslHandshake, SaslAuthenticate or raw tokens, and so much of Metadata as
//! shows a client that it is in; there are no topics.

use std::sync::Arc;

use aiosasl::{
    driver::Store,
    error::FailureCode,
    mechanism::Side,
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    name::MechanismName,
};
use tokio::net::TcpStream;

use super::{
    ServerConfig,
    dialogue::{Dialogue, Interrupt},
    door::{Door, Patience, Verdict},
};
use crate::{
    FirstWord, WireError,
    frame::Frame,
    kafka::{self, Api, Reply, ReplyBody, Request, RequestBody, error_code, server},
    net::{Protocol, transport::Transport},
};

/// Serves one client until it leaves, or has failed: a broker hangs up on whoever fails. The last outcome is the result,
/// `None` where there was no exchange. How long whoever is in may stay is told as the session's lifetime, and lasts anew
/// once they have authenticated again, as the same (KIP-368).
///
/// `implicit_tls` is for the port where TLS begins at once (`kafkas`).
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any exchange.
pub async fn serve_kafka<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let address = stream.local_addr().map_err(|error| crate::net::transport::broken(&error))?;
    let protocol = (Protocol::Kafka, kafka::MAX_FRAME);
    let mut door = Door::open(stream, &config, &*store, implicit_tls, protocol).await?;
    let end = Broker { door: &mut door, port: address.port(), chosen: None }.converse().await;
    door.leave(end).await
}

/// A client in front of the broker.
struct Broker<'a, 'b, S> {
    door: &'a mut Door<'b, S>,
    port: u16,
    /// The mechanism of the last handshake, until its first token.
    chosen: Option<MechanismName>,
}

/// What comes after a request.
#[derive(PartialEq, Eq)]
enum Next {
    Go,
    HangUp,
}

impl<S: Store> Broker<'_, '_, S> {
    async fn converse(&mut self) -> Result<(), WireError> {
        loop {
            let frame = self.door.transport.frame(kafka::measure).await?;
            if self.door.count_command() == Patience::Exhausted {
                return Ok(());
            }
            let request = Request::parse(&frame)?;
            if self.obey(request).await? == Next::HangUp {
                return Ok(());
            }
        }
    }

    async fn obey(&mut self, request: Request) -> Result<Next, WireError> {
        let Request { version, correlation, body, .. } = request;
        let is_in = self.door.is_authenticated();
        match body {
            RequestBody::ApiVersions { .. } => {
                let body = ReplyBody::ApiVersions(server::versions());
                let reply = Reply { correlation, error: error_code::NONE, body };
                self.send(&reply.to_frame(version)?).await
            }
            // The answer to a version from the future is one that everybody reads.
            RequestBody::Other(key, _) if key == Api::ApiVersions.key() => {
                let body = ReplyBody::ApiVersions(server::versions());
                let error = error_code::UNSUPPORTED_VERSION;
                self.send(&Reply { correlation, error, body }.to_frame(version)?).await
            }
            RequestBody::SaslHandshake(name) => self.shake(version, correlation, &name).await,
            RequestBody::SaslAuthenticate(token) => {
                let Some(mechanism) = self.chosen.take() else {
                    let code = FailureCode::WrongState;
                    let message = ServerMessage::Failure(code);
                    self.send(&server::answer(correlation, version, &message, 0)?).await?;
                    return Ok(Next::HangUp);
                };
                let last = Asked { correlation, version: Some(version) };
                self.authenticate(mechanism, token, last).await
            }
            RequestBody::Other(server::METADATA, _) if is_in && version <= 1 => {
                let host = self.door.config.name.clone();
                let reply = server::metadata(correlation, version, &host, self.port)?;
                self.send(&reply).await
            }
            RequestBody::Other(..) => Ok(Next::HangUp),
        }
    }

    /// Names the mechanism; after version 0, tokens follow as they are.
    async fn shake(
        &mut self,
        version: i16,
        correlation: i32,
        name: &str,
    ) -> Result<Next, WireError> {
        let enabled: Vec<_> = self.door.offered().map(|mechanism| mechanism.name).collect();
        let chosen = enabled.iter().find(|it| **it == name).copied();
        self.send(&server::handshake_by_name(correlation, chosen, &enabled)?).await?;
        let Some(mechanism) = chosen else { return Ok(Next::HangUp) };
        if version > 0 {
            self.chosen = Some(mechanism);
            return Ok(Next::Go);
        }
        let frame = self.door.transport.frame(kafka::measure).await?;
        let token = Response::new(kafka::content(&frame)?);
        self.authenticate(mechanism, token, Asked { correlation, version: None }).await
    }

    async fn authenticate(
        &mut self,
        mechanism: MechanismName,
        token: Response,
        asked: Asked,
    ) -> Result<Next, WireError> {
        let before = self.door.begin_again();
        let message = self.first_word(mechanism).request(mechanism, token);
        let request = match message {
            ClientMessage::Authenticate { mechanism, initial_response } => {
                Ok((mechanism, initial_response))
            }
            _ => Err(FailureCode::WrongState),
        };
        let mut last = asked;
        let dialogue = Tokens { last: &mut last };
        let (mut verdict, _) = self.door.authenticate(request, kafka::PROFILE, dialogue).await?;
        if before.is_some() && verdict.is_ok() && before.as_deref() != self.door.account() {
            verdict = Err(FailureCode::WrongState);
        }
        let next = if verdict.is_ok() { Next::Go } else { Next::HangUp };
        let lifetime = self.door.config.limits.stay.as_millis();
        let lifetime = i64::try_from(lifetime).unwrap_or(i64::MAX);
        if let Some(frame) = last.answer(&said(verdict), lifetime)? {
            self.send(&frame).await?;
        }
        Ok(next)
    }

    fn first_word(&self, mechanism: MechanismName) -> FirstWord {
        let properties =
            self.door.offered().find(|it| it.name == mechanism).map(|it| it.properties);
        match properties.map(|it| it.first) {
            Some(Side::Server) => FirstWord::Server,
            _ => FirstWord::Client,
        }
    }

    async fn send(&mut self, frame: &Frame) -> Result<Next, WireError> {
        self.door.transport.send(frame).await.map(|()| Next::Go)
    }
}

fn said(verdict: Verdict) -> ServerMessage {
    match verdict {
        Ok(additional_data) => ServerMessage::Success { additional_data },
        Err(code) => ServerMessage::Failure(code),
    }
}

/// The request that waits for an answer; without a version, it was a raw token.
#[derive(Clone, Copy)]
struct Asked {
    correlation: i32,
    version: Option<i16>,
}

impl Asked {
    /// `None` where there are no words for it, and hanging up is the answer.
    fn answer(self, message: &ServerMessage, lifetime: i64) -> Result<Option<Frame>, WireError> {
        match (self.version, message) {
            (Some(version), message) => {
                server::answer(self.correlation, version, message, lifetime).map(Some)
            }
            (None, ServerMessage::Challenge(it)) => kafka::raw(it.as_bytes()).map(Some),
            (None, ServerMessage::Success { additional_data }) => {
                kafka::raw(additional_data.as_ref().map_or(&[], Challenge::as_bytes)).map(Some)
            }
            (None, ServerMessage::Failure(_)) => Ok(None),
        }
    }
}

/// Tokens in requests and answers, or as they are.
struct Tokens<'a> {
    last: &'a mut Asked,
}

impl Dialogue for Tokens<'_> {
    async fn ask(
        &mut self,
        transport: &mut Transport,
        challenge: &Challenge,
    ) -> Result<ClientMessage, Interrupt> {
        let message = ServerMessage::Challenge(challenge.clone());
        if let Some(frame) = self.last.answer(&message, 0)? {
            transport.send(&frame).await?;
        }
        let frame = transport.frame(kafka::measure).await?;
        if self.last.version.is_none() {
            return Ok(ClientMessage::Response(Response::new(kafka::content(&frame)?)));
        }
        let Request { version, correlation, body, .. } = Request::parse(&frame)?;
        *self.last = Asked { correlation, version: Some(version) };
        match body {
            RequestBody::SaslAuthenticate(token) => Ok(ClientMessage::Response(token)),
            _ => Err(Interrupt::Refused(FailureCode::WrongState)),
        }
    }
}
