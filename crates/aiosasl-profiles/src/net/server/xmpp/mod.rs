//! An XMPP server, as far as SASL: streams, features, STARTTLS, the exchange, and a resource to be bound (RFC 6120).

mod extensible;
mod stream;

use std::sync::Arc;

use aiosasl::{
    binding::BindingKind,
    driver::Store,
    error::FailureCode,
    mechanism::Binds,
    message::{ClientMessage, Outcome, Response},
    name::MechanismName,
};
use tokio::net::TcpStream;

use self::stream::{Interruption, Stream, Trouble, Version};
use super::{
    ServerConfig,
    door::{Door, Patience},
};
use crate::{
    WireClass, WireError,
    net::Protocol,
    xmpp::{
        self, Condition, StreamFault,
        server::{self, Event, Iq, Offer, Want},
    },
};

/// Serves one client until it leaves, or has had its share; the last outcome is the result, `None` where there was no
/// exchange. After a success the client can bind a resource, and talk to nobody.
///
/// `implicit_tls` is for the port where TLS begins at once (`xmpps`, XEP-0368).
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any exchange, and not by the stream's end.
pub async fn serve_xmpp<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let mut door =
        Door::open(stream, &config, &*store, implicit_tls, (Protocol::Xmpp, xmpp::MAX_ELEMENT))
            .await?;
    let mut stream = Stream::new(&config.name);
    let end = match converse(&mut door, &mut stream).await {
        Ok(()) => Ok(()),
        Err(Trouble::Broken(error)) => Err(error),
        Err(Trouble::Fault(fault)) => {
            let sent = stream.end(&mut door.transport, &fault).await;
            sent.and(Err(fault.into()))
        }
    };
    door.leave(end).await
}

/// What comes after an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    End,
    Go,
    /// A new stream, on the same connection.
    Restart,
}

async fn converse<S: Store>(door: &mut Door<'_, S>, stream: &mut Stream) -> Result<(), Trouble> {
    loop {
        let event = stream.event(&mut door.transport).await?;
        if door.count_command() == Patience::Exhausted {
            return Err(fault(Condition::PolicyViolation, "too much"));
        }
        match obey(door, stream, event).await? {
            Next::End => return Ok(()),
            Next::Go => {}
            Next::Restart => stream.restart()?,
        }
    }
}

async fn obey<S: Store>(
    door: &mut Door<'_, S>,
    stream: &mut Stream,
    event: Event,
) -> Result<Next, Trouble> {
    match event {
        Event::Opened(opening) => {
            let id = (door.config.nonces)().map_err(|_| no_randomness())?;
            let header = stream.open(opening.to.as_deref(), id.as_str());
            door.transport.send((header + &features(door)).as_bytes()).await?;
        }
        Event::Closed => return close(door).await,
        Event::StartTls if door.can_start_tls() => return start_tls(door, stream).await,
        Event::StartTls => {
            door.transport.send(server::refuse_tls().as_bytes()).await?;
            return Ok(Next::End);
        }
        Event::Said(said) => return authenticate(door, stream, said).await,
        Event::SaidSasl2(said) => return extensible::authenticate(door, stream, said).await,
        _ if !door.is_authenticated() => {
            return Err(fault(Condition::NotAuthorized, "expected authentication first"));
        }
        Event::Iq(iq) => {
            let answer = answer(door, stream, &iq)?;
            door.transport.send(answer.as_bytes()).await?;
        }
        Event::Notice => {}
        Event::Unknown(_) => {
            return Err(fault(Condition::UnsupportedStanzaType, "expected a stanza"));
        }
    }
    Ok(Next::Go)
}

async fn start_tls<S: Store>(door: &mut Door<'_, S>, stream: &mut Stream) -> Result<Next, Trouble> {
    if !stream.pending().is_empty() {
        return Err(Trouble::Broken(WireError::new(
            WireClass::Tls,
            "octets in the clear came after the switch to TLS: somebody may have put them there",
        )));
    }
    door.transport.send(server::proceed().as_bytes()).await?;
    door.start_tls().await?;
    Ok(Next::Restart)
}

async fn close<S: Store>(door: &mut Door<'_, S>) -> Result<Next, Trouble> {
    door.transport.send(b"</stream:stream>").await?;
    Ok(Next::End)
}

/// Runs an exchange, and the one that takes its place, where the client begins another in the middle.
async fn authenticate<S: Store>(
    door: &mut Door<'_, S>,
    stream: &mut Stream,
    mut said: Result<ClientMessage, FailureCode>,
) -> Result<Next, Trouble> {
    stream.version = Version::Core;
    loop {
        let request = said.and_then(request);
        let (verdict, patience) = door.authenticate(request, xmpp::PROFILE, &mut *stream).await?;
        let exhausted = patience == Patience::Exhausted;
        match stream.take_interruption() {
            Some(Interruption::Fault(fault)) => return Err(Trouble::Fault(fault)),
            // The old one is forgotten without a word (RFC 6120 section 6.4.2).
            Some(Interruption::Request(next)) if !exhausted => {
                said = next;
                continue;
            }
            Some(Interruption::Closed) => return close(door).await,
            Some(Interruption::Request(_)) | None => {}
        }
        match verdict {
            Ok(additional_data) => {
                let success = server::success(additional_data.as_ref());
                door.transport.send(success.as_bytes()).await?;
                return Ok(Next::Restart);
            }
            Err(code) => door.transport.send(server::failure(code).as_bytes()).await?,
        }
        return if exhausted {
            Err(fault(Condition::PolicyViolation, "too many failures"))
        } else {
            Ok(Next::Go)
        };
    }
}

fn request(message: ClientMessage) -> Result<(MechanismName, Option<Response>), FailureCode> {
    match message {
        ClientMessage::Authenticate { mechanism, initial_response } => {
            Ok((mechanism, initial_response))
        }
        ClientMessage::Abort => Err(FailureCode::Aborted),
        ClientMessage::Response(_) => Err(FailureCode::Malformed),
    }
}

fn features<S: Store>(door: &Door<'_, S>) -> String {
    if door.is_authenticated() {
        return server::features_after();
    }
    let offered = || door.offered();
    let mechanisms: Vec<MechanismName> = offered().map(|mechanism| mechanism.name).collect();
    let has_plus = offered().any(|mechanism| mechanism.properties.binds == Binds::Channel);
    let bindings: Vec<BindingKind> = door
        .transport
        .bindings()
        .iter()
        .filter(|_| has_plus)
        .map(|binding| binding.kind().clone())
        .collect();
    let start_tls = door.can_start_tls();
    Offer { mechanisms: &mechanisms, bindings: &bindings, start_tls }
        .spell_with(&extensible::offered(door))
}

/// The answer to a request of somebody who has authenticated.
fn answer<S: Store>(door: &Door<'_, S>, stream: &Stream, iq: &Iq) -> Result<String, Trouble> {
    Ok(match &iq.want {
        Want::Bind(resource) => {
            let random = (door.config.nonces)().map_err(|_| no_randomness())?;
            let resource = resource.as_deref().filter(|it| it.len() <= MAX_RESOURCE);
            let user = door.account().unwrap_or("anonymous");
            let resource = resource.unwrap_or(random.as_str());
            iq.bound(&server::jid(user, stream.domain(), resource))
        }
        Want::Nothing => String::new(),
        Want::Session => iq.done(),
        _ => iq.unavailable(),
    })
}

/// The longest resource taken, in octets (RFC 7622 section 3.4).
const MAX_RESOURCE: usize = 1023;

fn fault(condition: Condition, text: &str) -> Trouble {
    Trouble::Fault(StreamFault::new(condition, text))
}

fn no_randomness() -> WireError {
    WireError::new(WireClass::Temporary, "the operating system has no randomness")
}
