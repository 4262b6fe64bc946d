//! A ManageSieve server, as far as SASL: capabilities, NOOP, STARTTLS, AUTHENTICATE, LOGOUT (RFC 5804 section 2).

use std::sync::Arc;

use aiosasl::{
    driver::Store,
    error::FailureCode,
    message::{Challenge, ClientMessage, Outcome},
};
use tokio::net::TcpStream;

use super::{
    ServerConfig,
    dialogue::{Dialogue, Interrupt},
    door::{Door, Patience},
};
use crate::{
    WireClass, WireError,
    net::Protocol,
    net::{client::sieve::message, transport::Transport},
    sieve::{
        self, Code, Condition, Sender, Status,
        capability::Capabilities,
        server::{self, Authenticate, Command},
    },
};

/// Messages that may go on behind literals.
struct Messages;

impl Dialogue for Messages {
    async fn ask(
        &mut self,
        transport: &mut Transport,
        challenge: &Challenge,
    ) -> Result<ClientMessage, Interrupt> {
        transport.send(&server::challenge(challenge)).await?;
        let message = message(transport, Sender::Client).await?;
        server::parse_response(&message).map_err(Interrupt::Refused)
    }
}

/// Serves one client until it leaves, or has had its share; the last outcome is the result, `None` where there was no
/// exchange. Nobody can leave scripts here, authenticated or not.
///
/// `implicit_tls` is for a port where TLS begins at once; none is registered.
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any exchange, and not by LOGOUT.
pub async fn serve_sieve<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let mut door =
        Door::open(stream, &config, &*store, implicit_tls, (Protocol::Sieve, sieve::MAX_LINE))
            .await?;
    let mut end = converse(&mut door).await;
    if let Err(error) = &end {
        if error.class == WireClass::Protocol {
            let text = "Expected lines, ended by CRLF, and literals, not too long";
            let sent = say(&mut door, Status::Bye, text).await;
            end = end.and(sent);
        }
    }
    door.leave(end).await
}

/// What comes after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Go,
    HangUp,
}

async fn converse<S: Store>(door: &mut Door<'_, S>) -> Result<(), WireError> {
    introduce(door, "aiosasl ready").await?;
    loop {
        let message = message(&mut door.transport, Sender::Client).await?;
        if door.count_command() == Patience::Exhausted {
            return say(door, Status::Bye, "Too much").await;
        }
        if obey(door, Command::parse(&message)).await? == Next::HangUp {
            return Ok(());
        }
    }
}

async fn obey<S: Store>(door: &mut Door<'_, S>, command: Command) -> Result<Next, WireError> {
    match command {
        Command::Authenticate(request) => return authenticate(door, request).await,
        Command::Capability => introduce(door, "Done").await?,
        Command::Logout => {
            say(door, Status::Ok, "Good bye").await?;
            return Ok(Next::HangUp);
        }
        Command::Malformed => {
            say(door, Status::No, "Expected a command, and strings of their kind").await?;
        }
        Command::Noop(tag) => {
            let code = tag.map(|tag| Code { name: "TAG".to_owned(), argument: Some(tag) });
            let done = Condition::new(Status::Ok, code, "Done");
            door.transport.send(&done.to_message()).await?;
        }
        Command::StartTls if door.can_start_tls() => {
            say(door, Status::Ok, "Begin TLS").await?;
            door.start_tls().await?;
            introduce(door, "TLS it is").await?;
        }
        Command::StartTls => say(door, Status::No, "Not now").await?,
        Command::Unknown => say(door, Status::No, "Unknown command").await?,
    }
    Ok(Next::Go)
}

async fn authenticate<S: Store>(
    door: &mut Door<'_, S>,
    request: Result<Authenticate, FailureCode>,
) -> Result<Next, WireError> {
    let request = request.map(|it| (it.mechanism, it.initial_response));
    let (verdict, patience) = door.authenticate(request, sieve::PROFILE, Messages).await?;
    let condition = match verdict {
        Ok(additional_data) => server::success(additional_data.as_ref()),
        Err(code) => server::failure(code),
    };
    door.transport.send(&condition.to_message()).await?;
    match patience {
        Patience::Left => Ok(Next::Go),
        Patience::Exhausted => {
            say(door, Status::Bye, "Too many failures").await?;
            Ok(Next::HangUp)
        }
    }
}

/// Says who we are and what we can do, as is done at the start, after TLS has begun, and when asked.
async fn introduce<S: Store>(door: &mut Door<'_, S>, words: &str) -> Result<(), WireError> {
    let mechanisms: Vec<_> = door.offered().map(|mechanism| mechanism.name.as_str()).collect();
    let mechanisms = mechanisms.join(" ");
    let mut entries = vec![
        ("IMPLEMENTATION", Some("aiosasl")),
        ("SASL", Some(mechanisms.as_str())),
        ("SIEVE", Some("")),
    ];
    if door.can_start_tls() {
        entries.push(("STARTTLS", None));
    }
    entries.push(("VERSION", Some("1.0")));
    let capabilities: Capabilities = entries.into_iter().collect();
    let ok = Condition::new(Status::Ok, None, words);
    let messages = [capabilities.to_messages().as_slice(), &ok.to_message()].concat();
    door.transport.send(&messages).await
}

async fn say<S: Store>(
    door: &mut Door<'_, S>,
    status: Status,
    words: &str,
) -> Result<(), WireError> {
    door.transport.send(&Condition::new(status, None, words).to_message()).await
}
