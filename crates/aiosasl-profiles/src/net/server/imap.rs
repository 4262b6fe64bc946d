//! An IMAP server, as far as SASL: greeting, CAPABILITY, NOOP, STARTTLS, AUTHENTICATE, LOGIN, LOGOUT (RFC 9051 section
//! 6).

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
    imap::{
        self, Condition, Reply, Status,
        capability::Capabilities,
        server::{self, Authenticate, Command, Login, Tagged},
    },
    line::Line,
    net::Protocol,
};

const SPELLING: Spelling =
    Spelling { challenge: server::challenge, response: server::parse_response };

/// Serves one client until it leaves, or has had its share; the last outcome is the result, `None` where there was no
/// exchange. After a success the client gets answers to little more than LOGOUT.
///
/// `implicit_tls` is for the port where TLS begins at once (`imaps`).
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any exchange, and not by LOGOUT.
pub async fn serve_imap<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let mut door =
        Door::open(stream, &config, &*store, implicit_tls, (Protocol::Imap, imap::MAX_LINE))
            .await?;
    let mut end = converse(&mut door).await;
    if let Err(error) = &end {
        if error.class == WireClass::Protocol {
            let farewell =
                Condition::new(Status::Bye, None, "Expected lines, ended by CRLF, not too long");
            let sent = door.transport.send(&Reply::Untagged(farewell).to_line()).await;
            end = end.and(sent);
        }
    }
    door.leave(end).await
}

async fn converse<S: Store>(door: &mut Door<'_, S>) -> Result<(), WireError> {
    let greeting = format!("CAPABILITY {}", capabilities(door));
    let greeting =
        Condition { status: Status::Ok, code: Some(greeting.as_bytes()), text: b"aiosasl ready" };
    door.transport.send(&Reply::Untagged(greeting).to_line()).await?;
    loop {
        let (line, last) = command(door).await?;
        let patience = door.count_command();
        if server::announces_literal(&last) || patience == Patience::Exhausted {
            return bye(door, "Too much").await;
        }
        match Tagged::parse(&line) {
            Some(Tagged { tag, command: Command::Logout }) => {
                bye(door, "Good bye").await?;
                return say(door, &tag, Condition::new(Status::Ok, None, "Done")).await;
            }
            Some(Tagged { tag, command }) => {
                if obey(door, &tag, command).await? == Patience::Exhausted {
                    return bye(door, "Too many failures").await;
                }
            }
            None => {
                let condition = Condition::new(Status::Bad, None, "Expected a tag and a command");
                door.transport.send(&Reply::Untagged(condition).to_line()).await?;
            }
        }
    }
}

/// A command's line; that of a LOGIN with the literals that belong to it, and its last line apart.
async fn command<S: Store>(door: &mut Door<'_, S>) -> Result<(Line, Line), WireError> {
    let mut last = door.transport.line().await?;
    let mut whole = last.clone();
    for _name_and_password in 0..2 {
        // Nobody is asked for a password that would be refused.
        if !door.takes_passwords() {
            break;
        }
        let Some(literal) = server::login_literal(&whole, &last) else { break };
        if literal.awaited {
            door.transport.send(&Reply::Continuation(b"Go on").to_line()).await?;
        }
        let octets = door.transport.octets(literal.length).await?;
        last = door.transport.line().await?;
        // Joined at once: a text that grows would leave parts of a secret behind.
        whole = Line::new([&whole, b"\r\n".as_slice(), &octets, &last].concat());
    }
    Ok((whole, last))
}

async fn obey<S: Store>(
    door: &mut Door<'_, S>,
    tag: &str,
    command: Command,
) -> Result<Patience, WireError> {
    let done = Condition::new(Status::Ok, None, "Done");
    match command {
        Command::Authenticate(request) => return authenticate(door, tag, request).await,
        Command::Capability => {
            let list = capabilities(door).to_string();
            door.transport.send(&Reply::Capability(list.as_bytes()).to_line()).await?;
            say(door, tag, done).await?;
        }
        Command::StartTls if door.can_start_tls() => {
            say(door, tag, Condition::new(Status::Ok, None, "Begin TLS")).await?;
            door.start_tls().await?;
        }
        Command::Login(Ok(login)) => return log_in(door, tag, login).await,
        Command::Login(Err(_)) => {
            let text = "Expected a name and a password";
            say(door, tag, Condition::new(Status::Bad, None, text)).await?;
        }
        // There are no mailboxes; but clients ask first of all.
        Command::List if door.is_authenticated() => say(door, tag, done).await?,
        Command::List | Command::StartTls => {
            say(door, tag, Condition::new(Status::Bad, None, "Not now")).await?;
        }
        Command::Noop => say(door, tag, done).await?,
        Command::Logout | Command::Unknown => {
            say(door, tag, Condition::new(Status::Bad, None, "Unknown command")).await?;
        }
    }
    Ok(Patience::Left)
}

async fn authenticate<S: Store>(
    door: &mut Door<'_, S>,
    tag: &str,
    request: Result<Authenticate, FailureCode>,
) -> Result<Patience, WireError> {
    let request = request.map(|it| (it.mechanism, it.initial_response));
    let (outcome, patience) = door.authenticate(request, imap::PROFILE, SPELLING).await?;
    let condition = match outcome {
        Ok(_) => server::SUCCESS,
        Err(code) => server::failure(code),
    };
    say(door, tag, condition).await?;
    Ok(patience)
}

async fn log_in<S: Store>(
    door: &mut Door<'_, S>,
    tag: &str,
    Login { name, password }: Login,
) -> Result<Patience, WireError> {
    let (outcome, patience) = door.log_in(&name, password).await?;
    let condition = match outcome {
        Ok(_) => server::SUCCESS,
        // There is a way in, but not this one.
        Err(FailureCode::MechanismUnknown) => {
            Condition::new(Status::No, Some("CANNOT"), "AUTHENTICATE is for that")
        }
        Err(code) => server::failure(code),
    };
    say(door, tag, condition).await?;
    Ok(patience)
}

async fn say<S: Store>(
    door: &mut Door<'_, S>,
    tag: &str,
    condition: Condition<'_>,
) -> Result<(), WireError> {
    door.transport.send(&server::tagged(tag, condition)).await
}

async fn bye<S: Store>(door: &mut Door<'_, S>, text: &'static str) -> Result<(), WireError> {
    let farewell = Condition::new(Status::Bye, None, text);
    door.transport.send(&Reply::Untagged(farewell).to_line()).await
}

fn capabilities<S: Store>(door: &Door<'_, S>) -> Capabilities {
    let mut words = vec!["IMAP4rev1".to_owned(), "IMAP4rev2".to_owned()];
    if !door.takes_passwords() {
        words.push("LOGINDISABLED".to_owned());
    }
    if door.can_start_tls() {
        words.push("STARTTLS".to_owned());
    }
    words.push("SASL-IR".to_owned());
    words.extend(door.offered().map(|mechanism| format!("AUTH={}", mechanism.name)));
    words.iter().map(String::as_str).collect()
}
