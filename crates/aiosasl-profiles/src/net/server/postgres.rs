//! A PostgreSQL server, as far as authentication: TLS asked for or at once, startup, SASL, MD5, passwords; behind them, a
//! database that does nothing.

use std::{process, sync::Arc};

use aiosasl::{
    driver::Store,
    error::FailureCode,
    message::{Challenge, ClientMessage, Outcome, ServerMessage},
    name::MechanismName,
    nonce::Nonce,
    own_login,
    secret::Secret,
};
use tokio::{net::TcpStream, time::timeout};

use super::{
    ServerConfig,
    dialogue::{Dialogue, Interrupt},
    door::{Door, Patience, Verdict},
};
use crate::{
    WireClass, WireError,
    frame::Frame,
    net::{Protocol, transport::Transport},
    postgres::{
        self, Authentication, Awaited, Backend, Frontend, MAX_FRAME, Startup, TlsAnswer, Told,
        VERSION, measure, measure_startup,
        server::{self, answer},
    },
};

/// What a client may want to know of the session; some don't go on without.
const SETTINGS: [(&str, &str); 9] = [
    ("server_version", "17.0 (aiosasl)"),
    ("server_encoding", "UTF8"),
    ("client_encoding", "UTF8"),
    ("application_name", ""),
    ("is_superuser", "off"),
    ("DateStyle", "ISO, MDY"),
    ("TimeZone", "UTC"),
    ("integer_datetimes", "on"),
    ("standard_conforming_strings", "on"),
];
/// The first octet of a TLS handshake (RFC 8446 section 5.1), which no startup begins with: it would be too long.
const HANDSHAKE: u8 = 22;
/// The most messages before the startup: TLS, GSS, and the startup itself.
const MAX_REQUESTS: usize = 4;

/// Serves one client until it leaves, or has had its share; the last outcome is the result, `None` where there was no
/// exchange. The user of the startup and nobody else comes in, and finds a database that does nothing.
///
/// `implicit_tls` is for a port where TLS must begin at once; elsewhere it may.
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any exchange.
pub async fn serve_postgres<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let at_once = implicit_tls || config.tls.is_some() && begins_with_tls(&stream, &config).await;
    let protocol = Protocol::Postgres;
    let mut door = Door::open(stream, &config, &*store, at_once, (protocol, MAX_FRAME)).await?;
    if at_once && door.transport.alpn() != protocol.alpn().map(str::as_bytes) {
        // It may have meant another protocol of a server with this certificate.
        let text = "expected a client that says in TLS that it speaks PostgreSQL";
        return door.leave(Err(WireError::new(WireClass::Tls, text))).await;
    }
    let mut end = converse(&mut door).await;
    if let Err(error) = &end {
        if error.class == WireClass::Protocol {
            let told = Told::new("FATAL", "08P01", "protocol violation");
            let sent = say(&mut door, Backend::Error(told).to_frame()).await;
            end = end.and(sent);
        }
    }
    door.leave(end).await
}

/// Whether the client's first octet is TLS's; one that says nothing will be told so later.
async fn begins_with_tls(stream: &TcpStream, config: &ServerConfig) -> bool {
    let mut first = [0];
    let peeking = timeout(config.limits.idle, stream.peek(&mut first)).await;
    matches!((peeking, first), (Ok(Ok(1)), [HANDSHAKE]))
}

async fn converse<S: Store>(door: &mut Door<'_, S>) -> Result<(), WireError> {
    let Some(startup) = start(door).await? else { return Ok(()) };
    if let Some(told) = announce(door, &startup) {
        return say(door, Backend::Error(told).to_frame()).await;
    }
    negotiate(door, &startup).await?;
    let (verdict, _) = authenticate(door).await?;
    match verdict {
        Err(code) => say(door, Backend::Error(server::failure(code)).to_frame()).await,
        Ok(words) => {
            let success = answer(&ServerMessage::Success { additional_data: words })?;
            let process = process::id();
            let key = Nonce::random_of(4).map(|it| Secret::new(it.as_str())).unwrap_or_default();
            let key = Secret::new(key.expose().get(..4).unwrap_or(&[0; 4]));
            let session = server::session(&SETTINGS, process, &key)?;
            door.transport.send(&[success.as_slice(), &session].concat()).await?;
            attend(door).await
        }
    }
}

/// Everything before the startup, and that; `None` where the client wants nothing else.
async fn start<S: Store>(door: &mut Door<'_, S>) -> Result<Option<Startup>, WireError> {
    for _ in 0..MAX_REQUESTS {
        let frame = door.transport.frame(measure_startup).await?;
        match Startup::parse(&frame)? {
            Startup::Ssl if door.can_start_tls() => {
                door.transport.send(&[TlsAnswer::Yes.to_octet()]).await?;
                door.start_tls().await?;
            }
            Startup::Ssl | Startup::GssEncryption => {
                door.transport.send(&[TlsAnswer::No.to_octet()]).await?;
            }
            Startup::Cancel(_) => return Ok(None),
            startup @ Startup::Start { .. } => return Ok(Some(startup)),
        }
    }
    Err(WireError::protocol("expected a startup"))
}

/// Takes the user's name; what comes back is why there is none.
fn announce<S: Store>(door: &mut Door<'_, S>, startup: &Startup) -> Option<Told> {
    let user = startup.parameter("user").unwrap_or_default();
    if user.is_empty() {
        let text = "no PostgreSQL user name specified in startup packet";
        return Some(Told::new("FATAL", "28000", text));
    }
    door.announce(user).err().map(server::failure)
}

/// Tells a client of a newer protocol what is spoken here.
async fn negotiate<S: Store>(door: &mut Door<'_, S>, startup: &Startup) -> Result<(), WireError> {
    let Startup::Start { version, parameters } = startup else { return Ok(()) };
    let names = parameters.iter().map(|(name, _)| name.as_str());
    let options: Vec<&str> = names.filter(|name| name.starts_with("_pq_.")).collect();
    if *version == VERSION && options.is_empty() {
        return Ok(());
    }
    say(door, server::negotiate(&options)).await
}

/// Asks for an exchange, where there are mechanisms for one; else for a hash, else for the password.
async fn authenticate<S: Store>(door: &mut Door<'_, S>) -> Result<(Verdict, Patience), WireError> {
    let is_exchange = |name: &MechanismName| {
        *name != postgres::MD5 && own_login::ALL.iter().all(|own| own.name != *name)
    };
    let offered: Vec<_> = door.offered().map(|mechanism| mechanism.name).collect();
    if offered.iter().any(is_exchange) {
        // The best comes first: tied to the channel.
        let (plus, others): (Vec<_>, Vec<_>) =
            offered.into_iter().filter(is_exchange).partition(MechanismName::is_plus);
        say(door, server::offer(plus.into_iter().chain(others).collect())).await?;
        let message = receive(&mut door.transport, Awaited::SaslInitialResponse).await?;
        let request = message.and_then(|message| match message {
            ClientMessage::Authenticate { mechanism, initial_response } => {
                Ok((mechanism, initial_response))
            }
            _ => Err(FailureCode::Aborted),
        });
        return door.authenticate(request, postgres::PROFILE, InFrames).await;
    }
    if offered.contains(&postgres::MD5) {
        return door.authenticate(Ok((postgres::MD5, None)), postgres::PROFILE, WithSalt).await;
    }
    if !door.takes_passwords() {
        return Ok((Err(FailureCode::EncryptionRequired), Patience::Exhausted));
    }
    let request = Backend::Authentication(Authentication::CleartextPassword);
    say(door, request.to_frame()).await?;
    let frame = door.transport.frame(measure).await?;
    let name = door.announced().to_owned();
    match Frontend::parse(&frame, Awaited::Password)? {
        Frontend::Password(password) => door.log_in(name.as_bytes(), password).await,
        _ => Ok((Err(FailureCode::Aborted), Patience::Exhausted)),
    }
}

/// The dialogue of an exchange.
struct InFrames;

impl Dialogue for InFrames {
    async fn ask(
        &mut self,
        transport: &mut Transport,
        challenge: &Challenge,
    ) -> Result<ClientMessage, Interrupt> {
        transport.send(&answer(&ServerMessage::Challenge(challenge.clone()))?).await?;
        receive(transport, Awaited::SaslResponse).await?.map_err(Interrupt::Refused)
    }
}

/// The dialogue of MD5: the challenge is a salt.
struct WithSalt;

impl Dialogue for WithSalt {
    async fn ask(
        &mut self,
        transport: &mut Transport,
        challenge: &Challenge,
    ) -> Result<ClientMessage, Interrupt> {
        let salt = challenge.as_bytes().try_into();
        let salt = salt.map_err(|_| Interrupt::Refused(FailureCode::Temporary))?;
        let request = Backend::Authentication(Authentication::Md5Password(salt)).to_frame()?;
        transport.send(&request).await?;
        let frame = transport.frame(measure).await?;
        match Frontend::parse(&frame, Awaited::Password)? {
            Frontend::Password(hash) => {
                Ok(ClientMessage::Response(aiosasl::message::Response::new(hash.expose())))
            }
            _ => Err(Interrupt::Refused(FailureCode::Aborted)),
        }
    }
}

async fn receive(
    transport: &mut Transport,
    awaited: Awaited,
) -> Result<Result<ClientMessage, FailureCode>, WireError> {
    let frame = transport.frame(measure).await?;
    Ok(Frontend::parse(&frame, awaited)?.into_message())
}

/// What becomes of the messages of a query that comes in several.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extended {
    Heard,
    /// Until the client says where the next begins.
    Skipped,
}

/// Answers queries: with nothing, where they come in one message; else with an error.
async fn attend<S: Store>(door: &mut Door<'_, S>) -> Result<(), WireError> {
    let mut extended = Extended::Heard;
    loop {
        let frame = door.transport.frame(measure).await?;
        if door.count_command() == Patience::Exhausted {
            let told = Told::new("FATAL", "57P05", "too many commands");
            return say(door, Backend::Error(told).to_frame()).await;
        }
        match (frame.first(), extended) {
            (Some(b'X'), _) => return Ok(()),
            (Some(b'Q'), _) => {
                let done = [server::no_rows()?.as_slice(), &server::ready()?].concat();
                door.transport.send(&done).await?;
            }
            (Some(b'F'), _) => {
                let done = [unsupported()?.as_slice(), &server::ready()?].concat();
                door.transport.send(&done).await?;
            }
            (Some(b'S'), _) => {
                extended = Extended::Heard;
                say(door, server::ready()).await?;
            }
            (Some(b'P' | b'B' | b'C' | b'D' | b'E'), Extended::Heard) => {
                extended = Extended::Skipped;
                say(door, unsupported()).await?;
            }
            _ => {}
        }
    }
}

fn unsupported() -> Result<Frame, WireError> {
    let told = Told::new("ERROR", "0A000", "there is nothing behind this door");
    Backend::Error(told).to_frame()
}

async fn say<S: Store>(
    door: &mut Door<'_, S>,
    frame: Result<Frame, WireError>,
) -> Result<(), WireError> {
    door.transport.send(&frame?).await
}
