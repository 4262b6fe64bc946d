//! An LDAP server, as far as SASL: the root DSE, StartTLS, bind, who am I, unbind; behind them, no entries
//! (RFC 4511, 4513, 4532).

use std::sync::Arc;

use aiosasl::{
    driver::Store,
    error::FailureCode,
    message::{Challenge, ClientMessage, Outcome, ServerMessage},
    name::MechanismName,
    secret::Secret,
};
use tokio::net::TcpStream;

use super::{
    ServerConfig,
    dialogue::{Dialogue, Interrupt},
    door::{Door, Patience, Verdict},
};
use crate::{
    WireClass, WireError,
    frame::MechanismList,
    ldap::{
        self, BindRequest, BindResponse, ExtendedRequest, ExtendedResponse, LdapResult, Message,
        NOTICE_OF_DISCONNECTION, Operation, ResultCode, START_TLS, SearchEntry, SearchRequest,
        server::{self, Heard},
    },
    net::{Protocol, transport::Transport},
};

/// The name of the request for who one is (RFC 4532).
const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
/// What needs no answer (RFC 4511 section 4.11).
const ABANDON: u8 = 0x50;

/// Serves one client until it leaves, or has had its share; the last outcome is the result, `None` where there was no
/// exchange. Whoever comes in finds an empty directory.
///
/// The name of a simple bind is the account's, as it is: there are no entries to name.
///
/// `implicit_tls` is for the port where TLS begins at once (`ldaps`).
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any exchange, and without a farewell.
pub async fn serve_ldap<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let entrance = (Protocol::Ldap, ldap::MAX_FRAME);
    let mut door = Door::open(stream, &config, &*store, implicit_tls, entrance).await?;
    let mut end = converse(&mut door).await;
    if let Err(error) = &end {
        if error.class == WireClass::Protocol {
            let text = "expected an LDAP message, not too long, and one that is known here";
            let sent = hang_up(&mut door, ResultCode::PROTOCOL_ERROR, text).await;
            end = end.and(sent);
        }
    }
    door.leave(end).await
}

/// What comes after a message.
enum Next {
    /// Another one.
    Go,
    /// This bind, which gave up the one before it.
    Bind(u32, Heard),
    HangUp,
}

async fn converse<S: Store>(door: &mut Door<'_, S>) -> Result<(), WireError> {
    let mut next = Next::Go;
    loop {
        if door.count_command() == Patience::Exhausted {
            return hang_up(door, ResultCode::ADMIN_LIMIT_EXCEEDED, "too much").await;
        }
        next = match next {
            Next::Go => {
                let message = receive(&mut door.transport).await?;
                obey(door, message).await?
            }
            Next::Bind(id, heard) => bind(door, id, Ok(heard)).await?,
            Next::HangUp => return Ok(()),
        };
    }
}

async fn receive(transport: &mut Transport) -> Result<Message, WireError> {
    Message::parse(&transport.frame(ldap::measure).await?)
}

async fn obey<S: Store>(door: &mut Door<'_, S>, message: Message) -> Result<Next, WireError> {
    let id = message.id;
    match message.operation {
        Operation::BindRequest(request) => return bind(door, id, hear(&request)).await,
        Operation::ExtendedRequest(request) => extend(door, id, request).await?,
        Operation::SearchRequest(request) => search(door, id, &request).await?,
        Operation::Unbind => return Ok(Next::HangUp),
        Operation::Other(ABANDON, _) => {}
        _ => return Err(WireError::protocol("expected a request that is known here")),
    }
    Ok(Next::Go)
}

fn hear(request: &BindRequest) -> Result<Heard, FailureCode> {
    server::hear(request, None)
}

async fn bind<S: Store>(
    door: &mut Door<'_, S>,
    id: u32,
    heard: Result<Heard, FailureCode>,
) -> Result<Next, WireError> {
    let mut steps = Steps { id, mechanism: None, anew: None };
    let (verdict, patience) = match heard {
        Ok(Heard::Simple { name, password }) if password.is_empty() => {
            return anonymous(door, id, &name).await;
        }
        Ok(Heard::Simple { name, password }) => door.log_in(name.as_bytes(), password).await?,
        Ok(Heard::Message(message) | Heard::Anew(message)) => {
            let request = match message {
                ClientMessage::Authenticate { mechanism, initial_response } => {
                    steps.mechanism = Some(mechanism);
                    Ok((mechanism, initial_response))
                }
                _ => Err(FailureCode::MechanismUnknown),
            };
            door.authenticate(request, ldap::PROFILE, &mut steps).await?
        }
        Err(code) => door.authenticate(Err(code), ldap::PROFILE, &mut steps).await?,
    };
    match (patience, steps.anew) {
        (Patience::Exhausted, _) => {
            answer(door, steps.id, verdict).await?;
            Ok(Next::HangUp)
        }
        (Patience::Left, Some((id, heard))) => Ok(Next::Bind(id, heard)),
        (Patience::Left, None) => {
            answer(door, steps.id, verdict).await?;
            Ok(Next::Go)
        }
    }
}

/// A simple bind without a password: without a name as well it is nobody's, and else it looks like somebody's and proves
/// nothing (RFC 4513 sections 5.1.1 and 5.1.2).
async fn anonymous<S: Store>(
    door: &mut Door<'_, S>,
    id: u32,
    name: &str,
) -> Result<Next, WireError> {
    let result = if !name.is_empty() {
        LdapResult::new(
            ResultCode::UNWILLING_TO_PERFORM,
            "a name without a password proves nothing",
        )
    } else if door.is_authenticated() {
        server::failure(FailureCode::WrongState)
    } else {
        LdapResult::default()
    };
    say(door, id, Operation::BindResponse(BindResponse { result, server_credentials: None }))
        .await?;
    Ok(Next::Go)
}

async fn answer<S: Store>(
    door: &mut Door<'_, S>,
    id: u32,
    verdict: Verdict,
) -> Result<(), WireError> {
    let message = match verdict {
        Ok(additional_data) => ServerMessage::Success { additional_data },
        Err(code) => ServerMessage::Failure(code),
    };
    door.transport.send(&server::answer(id, &message)?).await
}

async fn extend<S: Store>(
    door: &mut Door<'_, S>,
    id: u32,
    request: ExtendedRequest,
) -> Result<(), WireError> {
    let result = |code, text| (LdapResult::new(code, text), None);
    let (result, value) = match request.name.as_str() {
        START_TLS if door.can_start_tls() => {
            let response = extended(LdapResult::default(), Some(request.name), None);
            say(door, id, response).await?;
            return door.start_tls().await;
        }
        START_TLS if door.config.tls.is_some() => result(ResultCode::OPERATIONS_ERROR, "not now"),
        WHO_AM_I => {
            let name = door.account().map(|name| format!("u:{name}")).unwrap_or_default();
            (LdapResult::default(), Some(Secret::new(name)))
        }
        _ => result(ResultCode::PROTOCOL_ERROR, "there is no such operation here"),
    };
    say(door, id, extended(result, None, value)).await
}

fn extended(result: LdapResult, name: Option<String>, value: Option<Secret>) -> Operation {
    Operation::ExtendedResponse(ExtendedResponse { result, name, value })
}

async fn search<S: Store>(
    door: &mut Door<'_, S>,
    id: u32,
    request: &SearchRequest,
) -> Result<(), WireError> {
    let result = if request.is_root_dse() {
        let mechanisms: MechanismList = door.offered().map(|it| it.name).collect();
        let start_tls = door.can_start_tls().then_some(START_TLS);
        let extensions: Vec<&str> = start_tls.into_iter().chain([WHO_AM_I]).collect();
        let entry = SearchEntry::root_dse(&mechanisms, &extensions);
        say(door, id, Operation::SearchEntry(entry)).await?;
        LdapResult::default()
    } else if door.is_authenticated() {
        LdapResult::new(ResultCode::NO_SUCH_OBJECT, "")
    } else {
        LdapResult::new(ResultCode::INSUFFICIENT_ACCESS_RIGHTS, "")
    };
    say(door, id, Operation::SearchDone(result)).await
}

/// Says that nothing follows (RFC 4511 section 4.4.1).
async fn hang_up<S: Store>(
    door: &mut Door<'_, S>,
    code: ResultCode,
    text: &str,
) -> Result<(), WireError> {
    let name = Some(NOTICE_OF_DISCONNECTION.to_owned());
    say(door, 0, extended(LdapResult::new(code, text), name, None)).await
}

async fn say<S: Store>(
    door: &mut Door<'_, S>,
    id: u32,
    operation: Operation,
) -> Result<(), WireError> {
    door.transport.send(&Message::new(id, operation).to_frame()?).await
}

/// The steps of an exchange: each a request of its own, of which the last one that came waits for an answer.
struct Steps {
    id: u32,
    mechanism: Option<MechanismName>,
    /// What has come instead of the next step, and begins anew.
    anew: Option<(u32, Heard)>,
}

impl Dialogue for &mut Steps {
    async fn ask(
        &mut self,
        transport: &mut Transport,
        challenge: &Challenge,
    ) -> Result<ClientMessage, Interrupt> {
        let challenge = ServerMessage::Challenge(challenge.clone());
        transport.send(&server::answer(self.id, &challenge)?).await?;
        let message = receive(transport).await?;
        let request = match message.operation {
            Operation::BindRequest(request) => request,
            Operation::Unbind => {
                return Err(WireError::new(WireClass::Connection, "the client has left").into());
            }
            _ => return Err(WireError::protocol("expected a request to bind").into()),
        };
        match server::hear(&request, self.mechanism) {
            Ok(Heard::Message(step)) => {
                self.id = message.id;
                Ok(step)
            }
            Ok(heard) => {
                self.anew = Some((message.id, heard));
                Err(Interrupt::Refused(FailureCode::Aborted))
            }
            Err(code) => {
                self.id = message.id;
                Err(Interrupt::Refused(code))
            }
        }
    }
}
