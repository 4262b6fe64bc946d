//! An MQTT 5 server, as far as SASL: CONNECT, AUTH, CONNACK, PINGREQ, DISCONNECT; behind them, no topics
//! (sections 3.1, 3.2, 3.12, 3.14, 3.15 and 4.12).

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
    frame::{Frame, Writer},
    mqtt::{self, Auth, ConnAck, Connect, Disconnect, Packet, Properties, Reason, Start, server},
    net::{Protocol, transport::Transport},
};

/// The number of the property in which a server gives a client a name.
const ASSIGNED_CLIENT_ID: u8 = 0x12;
const PINGREQ: u8 = 0xc0;
const PINGRESP: u8 = 0xd0;

/// Serves one client until it leaves, or has failed once. The outcome is the result, `None` where there was no exchange.
/// Whoever comes in may ask whether we are still there, and authenticate again by the same method, as the same.
///
/// `implicit_tls` is for the port where TLS begins at once (`mqtts`).
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any exchange.
pub async fn serve_mqtt<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let protocol = (Protocol::Mqtt, mqtt::MAX_PACKET);
    let mut door = Door::open(stream, &config, &*store, implicit_tls, protocol).await?;
    let mut end = converse(&mut door).await;
    if let Err(error) = &end {
        if error.class == WireClass::Protocol && door.is_authenticated() {
            let sent = disconnect(&mut door, Reason::PROTOCOL_ERROR).await;
            end = end.and(sent);
        }
    }
    door.leave(end).await
}

async fn converse<S: Store>(door: &mut Door<'_, S>) -> Result<(), WireError> {
    let Packet::Connect(connect) = packet(door).await? else {
        return Err(WireError::protocol("expected CONNECT first"));
    };
    let Some(method) = admit(door, *connect).await? else { return Ok(()) };
    loop {
        let packet = packet(door).await?;
        if door.count_command() == Patience::Exhausted {
            return disconnect(door, Reason::QUOTA_EXCEEDED).await;
        }
        match packet {
            Packet::Disconnect(_) => return Ok(()),
            Packet::Other(PINGREQ, _) => {
                let pong = Packet::Other(PINGRESP, Secret::new([])).to_octets()?;
                door.transport.send(&pong).await?;
            }
            Packet::Auth(again) if again.reason == Reason::AGAIN => {
                if renew(door, method, again).await? == Patience::Exhausted {
                    return Ok(());
                }
            }
            // There is nothing to be had here.
            Packet::Other(..) => return disconnect(door, Reason::NOT_AUTHORIZED).await,
            _ => return Err(WireError::protocol("expected no CONNECT, and AUTH to begin anew")),
        }
    }
}

/// The mechanism by which somebody has come in; none, where that was a password alone.
type Method = Option<MechanismName>;

/// Lets a client in, or says why not: then there is no method, nor anything to follow.
async fn admit<S: Store>(
    door: &mut Door<'_, S>,
    mut connect: Connect,
) -> Result<Option<Method>, WireError> {
    let (name, password) = (connect.user_name.take(), connect.password.take());
    let names_itself = !connect.client_id.is_empty();
    let packet = Packet::Connect(Box::new(connect.clone()));
    let (verdict, method) = match server::hear(&packet, None) {
        Ok(Some(ClientMessage::Authenticate { mechanism, initial_response })) => {
            let request = Ok((mechanism, initial_response));
            let dialogue = Exchange { mechanism, start: Start::Connect(Box::new(connect)) };
            let (verdict, _) = door.authenticate(request, mqtt::PROFILE, dialogue).await?;
            (verdict, Some(mechanism))
        }
        Ok(_) => {
            let name = name.unwrap_or_default();
            let password = password.unwrap_or_else(|| Secret::new([]));
            let (verdict, _) = door.log_in(name.as_bytes(), password).await?;
            // Nobody asked for a mechanism, so that none can be unknown.
            let withheld = |code| match code {
                FailureCode::MechanismUnknown => FailureCode::EncryptionRequired,
                code => code,
            };
            (verdict.map_err(withheld), None)
        }
        Err(code) => {
            let nothing = super::dialogue::AllSaid;
            (door.authenticate(Err(code), mqtt::PROFILE, nothing).await?.0, None)
        }
    };
    let is_in = verdict.is_ok();
    let answer = conn_ack(door, verdict, method, names_itself)?;
    door.transport.send(&answer).await?;
    Ok(is_in.then_some(method))
}

/// Lets somebody who is in prove it once more, by the same method (section 4.12.1). Who fails has to go, and nobody becomes
/// somebody else.
async fn renew<S: Store>(
    door: &mut Door<'_, S>,
    method: Method,
    again: Auth,
) -> Result<Patience, WireError> {
    let request = match server::hear(&Packet::Auth(again), None) {
        Ok(Some(ClientMessage::Authenticate { mechanism, initial_response })) => {
            Some((mechanism, initial_response)).filter(|_| method == Some(mechanism))
        }
        _ => None,
    };
    let Some((mechanism, initial_response)) = request else {
        return Err(WireError::protocol("expected the method by which the client has come in"));
    };
    let before = door.begin_again();
    let dialogue = Exchange { mechanism, start: Start::Again };
    let request = Ok((mechanism, initial_response));
    let message = match door.authenticate(request, mqtt::PROFILE, dialogue).await? {
        (Ok(additional_data), _) if before.as_deref() == door.account() => {
            ServerMessage::Success { additional_data }
        }
        (Ok(_), _) => ServerMessage::Failure(FailureCode::AuthorizationDenied),
        (Err(code), _) => ServerMessage::Failure(code),
    };
    door.transport.send(&server::answer(&message, mechanism, &Start::Again)?).await?;
    let is_in = matches!(message, ServerMessage::Success { .. });
    Ok(if is_in { Patience::Left } else { Patience::Exhausted })
}

/// What became of the connection; a client without a name gets one (section 3.2.2.3.7).
fn conn_ack<S: Store>(
    door: &Door<'_, S>,
    verdict: Verdict,
    method: Method,
    names_itself: bool,
) -> Result<Frame, WireError> {
    let (reason, properties) = match verdict {
        Ok(data) => {
            let data = data.as_ref().map(Challenge::as_bytes);
            let mut properties = method.map_or_else(Properties::default, |method| {
                Properties::of_exchange(method.as_str(), data)
            });
            if !names_itself {
                properties.others.push((ASSIGNED_CLIENT_ID, client_id(door)?));
            }
            (Reason::SUCCESS, properties)
        }
        // Without a method, it is the name and the password that were wrong.
        Err(FailureCode::InvalidCredentials) if method.is_none() => {
            (Reason::BAD_USER_NAME_OR_PASSWORD, Properties::default())
        }
        Err(code) => (server::failure(code), Properties::default()),
    };
    Packet::ConnAck(ConnAck { flags: 0, reason, properties }).to_octets()
}

fn client_id<S: Store>(door: &Door<'_, S>) -> Result<Secret, WireError> {
    let nonce = (door.config.nonces)()
        .map_err(|_| WireError::new(WireClass::Temporary, "there is no randomness"))?;
    let mut id = Writer::new(256);
    id.counted_u16(nonce.as_str().as_bytes());
    Ok(Secret::new(id.finish()?.as_slice()))
}

async fn packet<S: Store>(door: &mut Door<'_, S>) -> Result<Packet, WireError> {
    Packet::parse(&door.transport.frame(mqtt::measure).await?)
}

async fn disconnect<S: Store>(door: &mut Door<'_, S>, reason: Reason) -> Result<(), WireError> {
    let properties = Properties::default();
    let farewell = Packet::Disconnect(Disconnect { reason, properties }).to_octets()?;
    door.transport.send(&farewell).await
}

/// Challenges and responses in AUTH.
struct Exchange {
    mechanism: MechanismName,
    start: Start,
}

impl Dialogue for Exchange {
    async fn ask(
        &mut self,
        transport: &mut Transport,
        challenge: &Challenge,
    ) -> Result<ClientMessage, Interrupt> {
        let message = ServerMessage::Challenge(challenge.clone());
        transport.send(&server::answer(&message, self.mechanism, &self.start)?).await?;
        let packet = Packet::parse(&transport.frame(mqtt::measure).await?)?;
        match server::hear(&packet, Some(self.mechanism)) {
            Ok(Some(message)) => Ok(message),
            Ok(None) => Err(Interrupt::Refused(FailureCode::WrongState)),
            Err(code) => Err(Interrupt::Refused(code)),
        }
    }
}
