//! A POP3 server, as far as SASL: greeting, CAPA, STLS, AUTH, USER and PASS, QUIT; behind them, an empty maildrop
//! (RFC 1939, 2449, 2595, 5034).

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
    net::Protocol,
    pop3::{
        self, Reply, Sign, Status,
        capability::Capabilities,
        server::{self, Auth, Command},
    },
};

const SPELLING: Spelling =
    Spelling { challenge: server::challenge, response: server::parse_response };

const DONE: Status<'static> = Status::new(Sign::Ok, None, "Done");

/// Serves one client until it leaves, or has had its share; the last outcome is the result, `None` where there was no
/// exchange. Whoever comes in finds no mail.
///
/// `implicit_tls` is for the port where TLS begins at once (`pop3s`).
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any exchange, and not by QUIT.
pub async fn serve_pop3<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let mut door =
        Door::open(stream, &config, &*store, implicit_tls, (Protocol::Pop3, pop3::MAX_LINE))
            .await?;
    let mut end = converse(&mut door).await;
    if let Err(error) = &end {
        if error.class == WireClass::Protocol {
            let text = "Expected lines, ended by CRLF, not too long";
            let sent = say(&mut door, Status::new(Sign::Err, None, text)).await;
            end = end.and(sent);
        }
    }
    door.leave(end).await
}

/// What comes after a command.
enum Next {
    /// Another, and this name is known where USER has said it.
    Go(Option<Vec<u8>>),
    HangUp,
}

async fn converse<S: Store>(door: &mut Door<'_, S>) -> Result<(), WireError> {
    say(door, Status::new(Sign::Ok, None, "aiosasl ready")).await?;
    let mut user = None;
    loop {
        let line = door.transport.line().await?;
        if door.count_command() == Patience::Exhausted {
            return say(door, Status::new(Sign::Err, None, "Too much")).await;
        }
        match obey(door, user.take(), Command::parse(&line)).await? {
            Next::Go(next) => user = next,
            Next::HangUp => return Ok(()),
        }
    }
}

async fn obey<S: Store>(
    door: &mut Door<'_, S>,
    user: Option<Vec<u8>>,
    command: Command,
) -> Result<Next, WireError> {
    let status = match command {
        Command::Auth(request) => return authenticate(door, request).await,
        Command::Pass(password) if user.is_some() => {
            return log_in(door, &user.unwrap_or_default(), password).await;
        }
        Command::Capa => return list(door, &capabilities(door)).await,
        Command::Mechanisms => {
            let names = door.offered().map(|mechanism| mechanism.name.to_string()).collect();
            return list(door, &names).await;
        }
        Command::List if door.is_authenticated() => {
            return list(door, &Capabilities::default()).await;
        }
        Command::Quit => {
            say(door, Status::new(Sign::Ok, None, "Good bye")).await?;
            return Ok(Next::HangUp);
        }
        Command::StartTls if door.can_start_tls() => {
            say(door, Status::new(Sign::Ok, None, "Begin TLS")).await?;
            door.start_tls().await?;
            return Ok(Next::Go(None));
        }
        Command::User(name) if door.takes_passwords() && !door.is_authenticated() => {
            say(door, Status::new(Sign::Ok, None, "And the password?")).await?;
            return Ok(Next::Go(Some(name)));
        }
        Command::User(_) if !door.is_authenticated() => {
            Status::new(Sign::Err, None, "Not here: AUTH is for that, or STLS first")
        }
        Command::Stat if door.is_authenticated() => Status::new(Sign::Ok, None, "0 0"),
        Command::Noop | Command::Rset => DONE,
        Command::Unknown => Status::new(Sign::Err, None, "Unknown command"),
        _ => server::failure(FailureCode::WrongState),
    };
    say(door, status).await?;
    Ok(Next::Go(None))
}

async fn authenticate<S: Store>(
    door: &mut Door<'_, S>,
    request: Result<Auth, FailureCode>,
) -> Result<Next, WireError> {
    let request = request.map(|it| (it.mechanism, it.initial_response));
    let (verdict, patience) = door.authenticate(request, pop3::PROFILE, SPELLING).await?;
    conclude(door, verdict, patience).await
}

async fn log_in<S: Store>(
    door: &mut Door<'_, S>,
    user: &[u8],
    password: Secret,
) -> Result<Next, WireError> {
    let (verdict, patience) = door.log_in(user, password).await?;
    conclude(door, verdict, patience).await
}

async fn conclude<S: Store>(
    door: &mut Door<'_, S>,
    verdict: Verdict,
    patience: Patience,
) -> Result<Next, WireError> {
    say(door, verdict.map_or_else(server::failure, |_| server::SUCCESS)).await?;
    match patience {
        Patience::Left => Ok(Next::Go(None)),
        Patience::Exhausted => Ok(Next::HangUp),
    }
}

async fn list<S: Store>(door: &mut Door<'_, S>, list: &Capabilities) -> Result<Next, WireError> {
    let lines = [Reply::Status(DONE).to_line().as_slice(), &list.to_lines()].concat();
    door.transport.send(&lines).await?;
    Ok(Next::Go(None))
}

async fn say<S: Store>(door: &mut Door<'_, S>, status: Status<'_>) -> Result<(), WireError> {
    door.transport.send(&Reply::Status(status).to_line()).await
}

fn capabilities<S: Store>(door: &Door<'_, S>) -> Capabilities {
    let mechanisms: Vec<_> = door.offered().map(|mechanism| mechanism.name.as_str()).collect();
    let mut lines = Vec::new();
    if door.takes_passwords() {
        lines.push("USER".to_owned());
    }
    if door.can_start_tls() {
        lines.push("STLS".to_owned());
    }
    if !mechanisms.is_empty() {
        lines.push(format!("SASL {}", mechanisms.join(" ")));
    }
    let always = ["RESP-CODES", "AUTH-RESP-CODE", "UIDL", "IMPLEMENTATION aiosasl"];
    lines.extend(always.map(str::to_owned));
    lines.into_iter().collect()
}
