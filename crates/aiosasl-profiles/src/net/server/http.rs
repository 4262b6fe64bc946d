//! An HTTP/1.1 server, as far as authentication: every resource wants a user, and tells who it is; nothing else is to be
//! had (RFC 9110 section 11, RFC 9112).
//!
//! An exchange lives on one connection, which ends with the success: whoever comes in gets one answer.

use std::sync::Arc;

use aiosasl::{
    driver::Store,
    error::FailureCode,
    message::{Challenge, ClientMessage, Outcome},
    name::MechanismName,
    own_login,
};
use tokio::net::TcpStream;

use super::{
    ServerConfig,
    dialogue::{AllSaid, Dialogue, Interrupt},
    door::{Door, Patience, Verdict},
};
use crate::{
    WireClass, WireError,
    http::{
        self, AuthField, Framing, MAX_HEAD, RequestHead,
        server::{self, Answer, Heard},
    },
    net::{
        Protocol,
        body::{Skipped, skip},
        transport::Transport,
    },
};

/// Serves one client until it leaves, comes in, or has had its share; the last outcome is the result, `None` where there
/// was no exchange.
///
/// `implicit_tls` is for the port where TLS begins at once (`https`).
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any request, or what came was none.
pub async fn serve_http<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let mut door =
        Door::open(stream, &config, &*store, implicit_tls, (Protocol::Http, MAX_HEAD)).await?;
    let mut end = converse(&mut door).await;
    if let Err(error) = &end {
        if error.class == WireClass::Protocol {
            let answer = Answer { text: "This is no request.\n", ..refusal(400, true) };
            let sent = door.transport.send(&answer.to_octets()).await;
            end = end.and(sent);
        }
    }
    door.leave(end).await
}

/// A request, of which the body is behind us.
struct Request {
    head: RequestHead,
    /// Whether the client wants to ask more.
    goes_on: bool,
}

impl Request {
    async fn read(transport: &mut Transport) -> Result<Self, WireError> {
        let head = RequestHead::parse(&transport.frame(http::measure).await?)?;
        // Without it, two servers could understand a request in two ways (RFC 9112 section 3.2).
        if head.minor_version > 0 && head.head.one("host")?.is_none() {
            return Err(WireError::protocol("expected a Host"));
        }
        let Skipped::Whole(_) = skip(transport, Framing::of_request(&head)?).await? else {
            return Err(WireError::protocol("expected a shorter body"));
        };
        let goes_on = head.head.keeps_alive(head.minor_version);
        Ok(Self { head, goes_on })
    }

    fn wants_body(&self) -> bool {
        self.head.method != "HEAD"
    }

    /// What its credentials say; `None` where it has none.
    fn heard(&self) -> Option<Result<Heard, FailureCode>> {
        match self.head.head.one("authorization") {
            Ok(None) => None,
            Ok(Some(value)) => {
                let credentials = AuthField::parse(value).map_err(|_| FailureCode::Malformed);
                Some(credentials.and_then(|it| server::hear(&it)))
            }
            Err(_) => Some(Err(FailureCode::Malformed)),
        }
    }
}

async fn converse<S: Store>(door: &mut Door<'_, S>) -> Result<(), WireError> {
    let mut is_first = true;
    loop {
        let mut request = match Request::read(&mut door.transport).await {
            // Whoever has got an answer may leave without a word.
            Err(error) if !is_first && error.class == WireClass::Connection => return Ok(()),
            request => request?,
        };
        is_first = false;
        if door.count_command() == Patience::Exhausted {
            let answer = Answer { text: "Too much.\n", ..refusal(429, request.wants_body()) };
            return door.transport.send(&answer.to_octets()).await;
        }
        if let Patience::Exhausted = obey(door, &mut request).await? {
            return Ok(());
        }
    }
}

async fn obey<S: Store>(
    door: &mut Door<'_, S>,
    request: &mut Request,
) -> Result<Patience, WireError> {
    let Some(heard) = request.heard() else {
        let verdict = Err(FailureCode::InvalidCredentials);
        return conclude(door, request, verdict, Patience::Left, Tried::Nothing).await;
    };
    let is_token = matches!(heard, Ok(Heard::Token(_)));
    let mut tried = if is_token { Tried::Token } else { Tried::Nothing };
    let (verdict, patience) = match heard {
        Ok(Heard::Password(name, password)) => door.log_in(name.expose(), password).await?,
        Ok(Heard::Token(token)) => door.show_token(&token).await?,
        Ok(Heard::Message { mechanism, sid: None, message }) => {
            let sid = sid(door)?;
            let exchange = Exchange { mechanism, sid: &sid, request };
            let said = Ok((mechanism, Some(message)));
            let end = door.authenticate(said, http::PROFILE, exchange).await?;
            tried = Tried::Mechanism(mechanism, sid);
            end
        }
        // An exchange that nobody has begun here.
        Ok(Heard::Message { sid: Some(_), .. }) => {
            door.authenticate(Err(FailureCode::WrongState), http::PROFILE, AllSaid).await?
        }
        Err(code) => door.authenticate(Err(code), http::PROFILE, AllSaid).await?,
    };
    conclude(door, request, verdict, patience, tried).await
}

/// What the credentials were, as far as the answer depends on it.
enum Tried {
    Nothing,
    Token,
    Mechanism(MechanismName, String),
}

async fn conclude<S: Store>(
    door: &mut Door<'_, S>,
    request: &Request,
    verdict: Verdict,
    patience: Patience,
    tried: Tried,
) -> Result<Patience, WireError> {
    let code = match verdict {
        Ok(words) => {
            let words = match (words, tried) {
                (Some(words), Tried::Mechanism(name, sid)) => {
                    Some(server::step(name, &sid, &words))
                }
                _ => None,
            };
            let text = match door.account() {
                Some(name) => format!("You are {name}.\n"),
                None => "You are nobody in particular.\n".to_owned(),
            };
            let last_words = words.as_ref();
            let answer = refusal(200, request.wants_body());
            let answer = Answer { last_words, text: &text, ..answer };
            door.transport.send(&answer.to_octets()).await?;
            return Ok(Patience::Exhausted);
        }
        Err(code) => code,
    };
    let status = server::status(code);
    let error = matches!(tried, Tried::Token).then_some("invalid_token");
    let challenges = if status == 401 { challenges(door, error) } else { Vec::new() };
    let keep_alive = patience == Patience::Left && request.goes_on;
    let text = format!("{code}\n", code = code.as_str());
    let answer = Answer {
        challenges: &challenges,
        text: &text,
        keep_alive,
        ..refusal(status, request.wants_body())
    };
    door.transport.send(&answer.to_octets()).await?;
    Ok(if keep_alive { Patience::Left } else { Patience::Exhausted })
}

fn refusal(status: u16, has_body: bool) -> Answer<'static> {
    Answer { status, challenges: &[], last_words: None, text: "", has_body, keep_alive: false }
}

/// What is on offer now, passwords and tokens last.
fn challenges<S: Store>(door: &Door<'_, S>, token_error: Option<&str>) -> Vec<AuthField> {
    let mut names: Vec<_> = door.offered().map(|mechanism| mechanism.name).collect();
    names.retain(|name| own_login::ALL.iter().all(|own| own.name != *name));
    if door.takes_tokens() {
        names.push(own_login::BEARER.name);
    }
    if door.takes_passwords() {
        names.push(own_login::PASSWORD.name);
    }
    server::challenges(names, &door.config.name, token_error)
}

/// By what an exchange is known: nobody else may guess it.
fn sid<S: Store>(door: &Door<'_, S>) -> Result<String, WireError> {
    let nonce = (door.config.nonces)()
        .map_err(|_| WireError::new(WireClass::Temporary, "there is no randomness"))?;
    Ok(nonce.as_str().to_owned())
}

/// Challenges in 401s, responses in the credentials of the requests that follow.
struct Exchange<'a> {
    mechanism: MechanismName,
    sid: &'a str,
    /// The request that waits for an answer.
    request: &'a mut Request,
}

impl Dialogue for Exchange<'_> {
    async fn ask(
        &mut self,
        transport: &mut Transport,
        challenge: &Challenge,
    ) -> Result<ClientMessage, Interrupt> {
        let step = server::step(self.mechanism, self.sid, challenge);
        let wanted = step.token.is_none().then_some(self.sid);
        let keep_alive = self.request.goes_on;
        let answer =
            Answer { challenges: &[step], keep_alive, ..refusal(401, self.request.wants_body()) };
        transport.send(&answer.to_octets()).await?;
        if !keep_alive {
            let text = "the client hung up in an exchange that lives as long as the connection";
            return Err(WireError::new(WireClass::Connection, text).into());
        }
        *self.request = Request::read(transport).await?;
        match self.request.heard() {
            Some(Ok(Heard::Message { mechanism, sid, message }))
                if mechanism == self.mechanism && sid.as_deref() == wanted =>
            {
                Ok(ClientMessage::Response(message))
            }
            Some(Err(code)) => Err(Interrupt::Refused(code)),
            // Something else is asked for: the exchange is given up.
            _ => Err(Interrupt::Refused(FailureCode::Aborted)),
        }
    }
}
