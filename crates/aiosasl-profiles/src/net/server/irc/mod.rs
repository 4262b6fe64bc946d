//! An IRC server, as far as SASL: capabilities, registration, STARTTLS, AUTHENTICATE, PING, QUIT (IRCv3 SASL 3.2).

mod session;

use std::sync::Arc;

use aiosasl::{driver::Store, error::FailureCode, message::Outcome};
use tokio::net::TcpStream;

use self::session::{Next, Session};
use super::{
    ServerConfig,
    door::{Door, Patience},
};
use crate::{
    WireClass, WireError,
    irc::{
        self, Numeric,
        server::{self, Command},
    },
    net::Protocol,
};

/// Serves one client until it leaves, or has had its share; the last outcome is the result, `None` where there was no
/// exchange. Only who has authenticated is welcomed; nobody can talk to anybody here.
///
/// `implicit_tls` is for the port where TLS begins at once (`ircs`).
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any exchange, and not by QUIT.
pub async fn serve_irc<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let mut door =
        Door::open(stream, &config, &*store, implicit_tls, (Protocol::Irc, irc::MAX_LINE)).await?;
    let mut end = converse(&mut door).await;
    if let Err(error) = &end {
        if error.class == WireClass::Protocol {
            let farewell = server::error("expected lines, ended by CRLF, not too long");
            let sent = door.transport.send(&farewell).await;
            end = end.and(sent);
        }
    }
    door.leave(end).await
}

async fn converse<S: Store>(door: &mut Door<'_, S>) -> Result<(), WireError> {
    let mut session = Session::new(door);
    loop {
        let line = door.transport.line().await?;
        if door.count_command() == Patience::Exhausted {
            return door.transport.send(&server::error("too much")).await;
        }
        let next = match Command::parse(&line) {
            Command::Authenticate(parameter) => {
                authenticate(door, &mut session, parameter.expose()).await?
            }
            Command::StartTls if door.can_start_tls() => {
                let text = "STARTTLS successful, go ahead with TLS handshake";
                let line = session.voice().numeric(Numeric::START_TLS, &[], text);
                door.transport.send(&line).await?;
                door.start_tls().await?;
                // All that was said before is forgotten, for anybody may have said it.
                session = Session::new(door);
                Next::Go
            }
            command => session.obey(&mut door.transport, command).await?,
        };
        let next = match next {
            Next::Go => register(door, &mut session).await?,
            Next::HangUp(_) => next,
        };
        if let Next::HangUp(why) = next {
            return door.transport.send(&server::error(why)).await;
        }
    }
}

async fn authenticate<S: Store>(
    door: &mut Door<'_, S>,
    session: &mut Session,
    parameter: &[u8],
) -> Result<Next, WireError> {
    let request = match parameter {
        _ if !session.has_sasl() => Err(FailureCode::Malformed),
        b"*" => Err(FailureCode::Aborted),
        name => server::mechanism(name).map(|name| (name, None)),
    };
    // Whoever is in may come in anew, as somebody else (IRCv3 SASL 3.2).
    let before = door.put_aside();
    let done = door.authenticate(request, irc::PROFILE, &mut *session).await;
    door.put_back(before);
    let (verdict, patience) = done?;
    let lines = match verdict {
        Ok(_) => session.voice().success(door.account().unwrap_or("*")),
        Err(code) => session.voice().failure(code, session.mechanisms()),
    };
    if let Some(why) = session.take_interruption() {
        return Ok(Next::HangUp(why));
    }
    door.transport.send(&lines).await?;
    Ok(match patience {
        Patience::Left => Next::Go,
        Patience::Exhausted => Next::HangUp("too many failures"),
    })
}

/// Welcomes a client that has said all that it must: only where it has authenticated.
async fn register<S: Store>(
    door: &mut Door<'_, S>,
    session: &mut Session,
) -> Result<Next, WireError> {
    if !session.can_register() {
        return Ok(Next::Go);
    }
    if !door.is_authenticated() {
        return Ok(Next::HangUp("authentication required"));
    }
    door.transport.send(&session.register()).await?;
    Ok(Next::Go)
}
