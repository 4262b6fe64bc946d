//! An SMTP and an LMTP server, as far as SASL: greeting, EHLO or LHLO, NOOP, RSET, STARTTLS, AUTH, QUIT (RFC 5321, 2033,
//! 3207, 4954).

use std::sync::Arc;

use aiosasl::{driver::Store, error::FailureCode, message::Outcome};
use tokio::net::TcpStream;

use super::{
    ServerConfig,
    dialogue::Spelling,
    door::{Door, Patience},
};
use crate::{
    WireClass, WireError,
    net::Protocol,
    smtp::{
        self, Dialect, EnhancedCode, Reply,
        server::{self, Auth, Command},
    },
};

const SPELLING: Spelling = Spelling { challenge: server::challenge, response: server::hear };

/// Serves one client until it leaves, or has had its share; the last outcome is the result, `None` where there was no
/// exchange. Nobody can leave mail here, authenticated or not.
///
/// `implicit_tls` is for the port where TLS begins at once (`smtps`, `submissions`).
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any exchange, and not by QUIT.
pub async fn serve_smtp<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let door = Door::open(stream, &config, &*store, implicit_tls, (Protocol::Smtp, smtp::MAX_LINE))
        .await?;
    receive(door, Dialect::Smtp).await
}

/// The same for LMTP, which differs in how a session is opened (RFC 2033).
///
/// `implicit_tls` is for a port where TLS begins at once; none is registered.
///
/// # Errors
///
/// As [`serve_smtp`].
pub async fn serve_lmtp<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let door = Door::open(stream, &config, &*store, implicit_tls, (Protocol::Lmtp, smtp::MAX_LINE))
        .await?;
    receive(door, Dialect::Lmtp).await
}

async fn receive<S: Store>(
    mut door: Door<'_, S>,
    dialect: Dialect,
) -> Result<Option<Outcome>, WireError> {
    let mut end = converse(&mut door, dialect).await;
    if let Err(error) = &end {
        if error.class == WireClass::Protocol {
            let sent = say(&mut door, &server::failure(FailureCode::TooLarge)).await;
            end = end.and(sent);
        }
    }
    door.leave(end).await
}

/// Whether the client has said EHLO (or LHLO) since the connection, or TLS, began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Session {
    ExpectEhlo,
    Open,
}

/// What comes after a command.
enum Next {
    Go(Session),
    HangUp,
}

async fn converse<S: Store>(door: &mut Door<'_, S>, dialect: Dialect) -> Result<(), WireError> {
    let greeting = format!("{} {} aiosasl ready", door.config.name, dialect.name());
    say(door, &Reply::new(220, None, &greeting)).await?;
    let mut session = Session::ExpectEhlo;
    loop {
        let line = door.transport.line().await?;
        if door.count_command() == Patience::Exhausted {
            return say(door, &too_much()).await;
        }
        match obey(door, session, Command::parse_in(dialect, &line)).await? {
            Next::Go(next) => session = next,
            Next::HangUp => return Ok(()),
        }
    }
}

async fn obey<S: Store>(
    door: &mut Door<'_, S>,
    session: Session,
    command: Command,
) -> Result<Next, WireError> {
    let reply = match (command, session) {
        (Command::Auth(request), Session::Open) => return authenticate(door, request).await,
        (Command::Ehlo, _) => {
            let mechanisms: Vec<_> = door.offered().map(|mechanism| mechanism.name).collect();
            let can_start_tls = door.can_start_tls() && !door.is_authenticated();
            let reply = server::capabilities(&door.config.name, &mechanisms, can_start_tls);
            say(door, &reply).await?;
            return Ok(Next::Go(Session::Open));
        }
        (Command::Helo, _) => Reply::new(250, None, &door.config.name),
        (Command::Mail, _) if door.is_authenticated() => {
            Reply::new(502, EnhancedCode(5, 5, 1), "No mail is taken here")
        }
        (Command::Mail, _) => Reply::new(530, EnhancedCode(5, 7, 0), "Authentication required"),
        (Command::Malformed(reply), _) => reply,
        (Command::Noop | Command::Rset, _) => Reply::new(250, EnhancedCode(2, 0, 0), "Done"),
        (Command::Quit, _) => {
            say(door, &Reply::new(221, EnhancedCode(2, 0, 0), "Good bye")).await?;
            return Ok(Next::HangUp);
        }
        // Without EHLO before it, too, as GNU SASL's client does: nothing of before counts afterwards.
        (Command::StartTls, _) if door.can_start_tls() && !door.is_authenticated() => {
            say(door, &Reply::new(220, EnhancedCode(2, 0, 0), "Begin TLS")).await?;
            door.start_tls().await?;
            // All that was said before is forgotten (RFC 3207 section 4.2).
            return Ok(Next::Go(Session::ExpectEhlo));
        }
        (Command::Auth(_) | Command::StartTls, _) => server::failure(FailureCode::WrongState),
    };
    say(door, &reply).await?;
    Ok(Next::Go(session))
}

async fn authenticate<S: Store>(
    door: &mut Door<'_, S>,
    request: Result<Auth, FailureCode>,
) -> Result<Next, WireError> {
    let request = request.map(|it| (it.mechanism, it.initial_response));
    let (outcome, patience) = door.authenticate(request, smtp::PROFILE, SPELLING).await?;
    let reply = match outcome {
        Ok(_) => server::success(),
        Err(code) => server::failure(code),
    };
    say(door, &reply).await?;
    match patience {
        Patience::Left => Ok(Next::Go(Session::Open)),
        Patience::Exhausted => {
            say(door, &too_much()).await?;
            Ok(Next::HangUp)
        }
    }
}

async fn say<S: Store>(door: &mut Door<'_, S>, reply: &Reply) -> Result<(), WireError> {
    door.transport.send(&reply.encode()).await
}

fn too_much() -> Reply {
    Reply::new(421, EnhancedCode(4, 7, 0), "Too much")
}
