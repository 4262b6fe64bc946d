//! An NNTP server, as far as SASL: greeting, CAPABILITIES, MODE READER, STARTTLS, AUTHINFO, QUIT (RFC 3977, 4642, 4643).

use std::sync::Arc;

use aiosasl::{driver::Store, error::FailureCode, message::Outcome, secret::Secret};
use tokio::net::TcpStream;

use super::{
    ServerConfig,
    dialogue::Spelling,
    door::{Door, Patience, Verdict},
};
use crate::{
    WireClass, WireError,
    line::Line,
    net::Protocol,
    nntp::{
        self, Code, Reply,
        capability::Capabilities,
        server::{self, Authenticate, Command},
    },
};

const SPELLING: Spelling =
    Spelling { challenge: server::challenge, response: server::parse_response };

/// Serves one client until it leaves, or has had its share; the last outcome is the result, `None` where there was no
/// exchange. There is no news here, authenticated or not.
///
/// `implicit_tls` is for the port where TLS begins at once (`nntps`).
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any exchange, and not by QUIT.
pub async fn serve_nntp<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let mut door =
        Door::open(stream, &config, &*store, implicit_tls, (Protocol::Nntp, nntp::MAX_LINE))
            .await?;
    let mut end = converse(&mut door).await;
    if let Err(error) = &end {
        if error.class == WireClass::Protocol {
            let text = "Expected lines, ended by CRLF, not too long";
            let sent = say(&mut door, Reply::new(Code::UNAVAILABLE, text)).await;
            end = end.and(sent);
        }
    }
    door.leave(end).await
}

/// What comes after a command.
enum Next {
    /// Another, and this name is known where AUTHINFO USER has said it.
    Go(Option<Vec<u8>>),
    HangUp,
}

async fn converse<S: Store>(door: &mut Door<'_, S>) -> Result<(), WireError> {
    say(door, Reply::new(Code::READY_NO_POSTING, "aiosasl ready")).await?;
    let mut user = None;
    loop {
        let line = door.transport.line().await?;
        if door.count_command() == Patience::Exhausted {
            return say(door, TOO_MUCH).await;
        }
        match obey(door, user.take(), Command::parse(&line)).await? {
            Next::Go(next) => user = next,
            Next::HangUp => return Ok(()),
        }
    }
}

const TOO_MUCH: Reply<'static> = Reply::new(Code::UNAVAILABLE, "Too much");

async fn obey<S: Store>(
    door: &mut Door<'_, S>,
    user: Option<Vec<u8>>,
    command: Command,
) -> Result<Next, WireError> {
    let is_authenticated = door.is_authenticated();
    let reply = match command {
        Command::Authenticate(request) => return authenticate(door, request).await,
        Command::Pass(password) => return log_in(door, user, password).await,
        Command::Capabilities => {
            let head = Reply::new(Code::CAPABILITIES, "Capabilities follow").to_line();
            let lines = [head.as_slice(), &capabilities(door).to_lines()].concat();
            door.transport.send(&lines).await?;
            return Ok(Next::Go(None));
        }
        Command::Quit => {
            say(door, Reply::new(Code::CLOSING, "Good bye")).await?;
            return Ok(Next::HangUp);
        }
        Command::StartTls if door.can_start_tls() => {
            say(door, Reply::new(Code::CONTINUE_WITH_TLS, "Begin TLS")).await?;
            door.start_tls().await?;
            return Ok(Next::Go(None));
        }
        Command::User(name) if door.takes_passwords() && !is_authenticated => {
            say(door, Reply::new(Code::PASSWORD_REQUIRED, "And the password?")).await?;
            return Ok(Next::Go(Some(name)));
        }
        // Whether somebody may not come in like this yet, or at all: SASL is for that, or STARTTLS first.
        Command::User(_) if door.can_start_tls() => {
            server::failure(FailureCode::EncryptionRequired)
        }
        Command::User(_) if !is_authenticated => Reply::new(Code::UNAVAILABLE_COMMAND, "Not here"),
        Command::ModeReader => Reply::new(Code::READY_NO_POSTING, "There is no news"),
        Command::Unknown if is_authenticated => {
            Reply::new(Code::UNKNOWN_COMMAND, "No such command")
        }
        Command::Unknown => Reply::new(Code::AUTHENTICATION_REQUIRED, "Who are you?"),
        _ => server::failure(FailureCode::WrongState),
    };
    say(door, reply).await?;
    Ok(Next::Go(None))
}

async fn authenticate<S: Store>(
    door: &mut Door<'_, S>,
    request: Result<Authenticate, FailureCode>,
) -> Result<Next, WireError> {
    let request = request.map(|it| (it.mechanism, it.initial_response));
    let (verdict, patience) = door.authenticate(request, nntp::PROFILE, SPELLING).await?;
    conclude(door, verdict, patience).await
}

async fn log_in<S: Store>(
    door: &mut Door<'_, S>,
    user: Option<Vec<u8>>,
    password: Secret,
) -> Result<Next, WireError> {
    let Some(user) = user else {
        // A password without a name (RFC 4643 section 2.3.2).
        let is_late = door.is_authenticated();
        let code = if is_late { Code::UNAVAILABLE_COMMAND } else { Code::OUT_OF_SEQUENCE };
        say(door, Reply::new(code, "Not now")).await?;
        return Ok(Next::Go(None));
    };
    let (verdict, patience) = door.log_in(&user, password).await?;
    conclude(door, verdict, patience).await
}

async fn conclude<S: Store>(
    door: &mut Door<'_, S>,
    verdict: Verdict,
    patience: Patience,
) -> Result<Next, WireError> {
    let line: Line = match verdict {
        Ok(additional_data) => server::success(additional_data.as_ref()),
        Err(code) => server::failure(code).to_line(),
    };
    door.transport.send(&line).await?;
    match patience {
        Patience::Left => Ok(Next::Go(None)),
        Patience::Exhausted => {
            say(door, TOO_MUCH).await?;
            Ok(Next::HangUp)
        }
    }
}

async fn say<S: Store>(door: &mut Door<'_, S>, reply: Reply<'_>) -> Result<(), WireError> {
    door.transport.send(&reply.to_line()).await
}

/// What can be had now: after a success, nothing of AUTHINFO any more (RFC 4643 section 2.1).
fn capabilities<S: Store>(door: &Door<'_, S>) -> Capabilities {
    let mut lines = vec!["VERSION 2".to_owned(), "IMPLEMENTATION aiosasl".to_owned()];
    lines.push("READER".to_owned());
    if door.can_start_tls() {
        lines.push("STARTTLS".to_owned());
    }
    if !door.is_authenticated() {
        let mechanisms: Vec<_> = door.offered().map(|mechanism| mechanism.name.as_str()).collect();
        let user = door.takes_passwords().then_some(" USER");
        let sasl = (!mechanisms.is_empty()).then_some(" SASL");
        if user.is_some() || sasl.is_some() {
            let forms = [user.unwrap_or_default(), sasl.unwrap_or_default()].concat();
            lines.push(format!("AUTHINFO{forms}"));
        }
        if sasl.is_some() {
            lines.push(format!("SASL {}", mechanisms.join(" ")));
        }
    }
    lines.into_iter().collect()
}
