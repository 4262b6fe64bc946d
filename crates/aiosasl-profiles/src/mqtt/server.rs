//! The server's half of MQTT: what a client's packets say, and what becomes of an exchange, to packets.

use aiosasl::{
    error::FailureCode,
    message::{ClientMessage, Response, ServerMessage},
    name::MechanismName,
};

use super::{Auth, ConnAck, Disconnect, Packet, Properties, Reason, Start};
use crate::{WireError, frame::Frame};

/// What a packet says where an exchange by this mechanism is going on, or none is. `None` for a connection without a
/// method: it wants no exchange, and must hear of none.
///
/// # Errors
///
/// [`FailureCode`]: why it says nothing in an exchange. A method other than the exchange's is one of the reasons.
pub fn hear(
    packet: &Packet,
    current: Option<MechanismName>,
) -> Result<Option<ClientMessage>, FailureCode> {
    match (packet, current) {
        (Packet::Connect(connect), None) => match &connect.properties.method {
            Some(_) => authenticate(&connect.properties).map(Some),
            None => Ok(None),
        },
        (Packet::Auth(Auth { reason: Reason::AGAIN, properties }), None) => {
            authenticate(properties).map(Some)
        }
        (Packet::Auth(Auth { reason: Reason::CONTINUE, properties }), Some(mechanism)) => {
            if properties.method.as_deref() != Some(mechanism.as_str()) {
                return Err(FailureCode::WrongState);
            }
            let data = properties.data.as_ref();
            let response = data.map_or_else(Response::empty, |it| Response::new(it.expose()));
            Ok(Some(ClientMessage::Response(response)))
        }
        (Packet::Disconnect(_), _) => Ok(Some(ClientMessage::Abort)),
        _ => Err(FailureCode::WrongState),
    }
}

fn authenticate(properties: &Properties) -> Result<ClientMessage, FailureCode> {
    let method = properties.method.as_deref().unwrap_or_default();
    let mechanism = MechanismName::parse(method).map_err(|_| FailureCode::MechanismUnknown)?;
    let initial_response = properties.data.as_ref().map(|it| Response::new(it.expose()));
    Ok(ClientMessage::Authenticate { mechanism, initial_response })
}

/// The packet that says this in an exchange by this mechanism that began so. After a failure the server hangs up.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn answer(
    message: &ServerMessage,
    mechanism: MechanismName,
    start: &Start,
) -> Result<Frame, WireError> {
    let of_exchange = |data: Option<&[u8]>| Properties::of_exchange(mechanism.as_str(), data);
    match (message, start) {
        (ServerMessage::Challenge(it), _) => {
            let properties = of_exchange(Some(it.as_bytes()));
            Packet::Auth(Auth { reason: Reason::CONTINUE, properties })
        }
        (ServerMessage::Success { additional_data }, start) => {
            let properties = of_exchange(additional_data.as_ref().map(AsRef::as_ref));
            let reason = Reason::SUCCESS;
            match start {
                Start::Again => Packet::Auth(Auth { reason, properties }),
                Start::Connect(_) => Packet::ConnAck(ConnAck { flags: 0, reason, properties }),
            }
        }
        (ServerMessage::Failure(code), start) => {
            let (reason, properties) = (failure(*code), Properties::default());
            match start {
                Start::Again => Packet::Disconnect(Disconnect { reason, properties }),
                Start::Connect(_) => Packet::ConnAck(ConnAck { flags: 0, reason, properties }),
            }
        }
    }
    .to_octets()
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
pub const fn failure(code: FailureCode) -> Reason {
    use FailureCode as F;
    match code {
        F::BadEncoding | F::InitialResponseNotAllowed | F::WrongState => Reason::PROTOCOL_ERROR,
        F::MechanismUnknown => Reason::BAD_AUTHENTICATION_METHOD,
        F::Temporary => Reason::SERVER_UNAVAILABLE,
        F::TooLarge => Reason::PACKET_TOO_LARGE,
        // Wrong credentials, and whatever must look like them or is not named yet.
        _ => Reason::NOT_AUTHORIZED,
    }
}
