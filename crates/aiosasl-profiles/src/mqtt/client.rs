//! The client's half of MQTT: SASL messages to packets, and what a server's packets mean.

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage},
    name::MechanismName,
};

use super::{Auth, Disconnect, Packet, Properties, Reason, Start};
use crate::{Said, WireClass, WireError, frame::Frame};

/// The packet of a SASL message in an exchange by this mechanism that begins so.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn request(
    message: &ClientMessage,
    mechanism: MechanismName,
    start: &Start,
) -> Result<Frame, WireError> {
    let properties = |data: Option<&[u8]>| Properties::of_exchange(mechanism.as_str(), data);
    match (message, start) {
        (ClientMessage::Authenticate { initial_response, .. }, Start::Connect(connect)) => {
            let mut connect = connect.clone();
            let of_exchange = properties(initial_response.as_ref().map(AsRef::as_ref));
            connect.properties.method = of_exchange.method;
            connect.properties.data = of_exchange.data;
            Packet::Connect(connect)
        }
        (ClientMessage::Authenticate { initial_response, .. }, Start::Again) => {
            let properties = properties(initial_response.as_ref().map(AsRef::as_ref));
            Packet::Auth(Auth { reason: Reason::AGAIN, properties })
        }
        (ClientMessage::Response(response), _) => {
            let properties = properties(Some(response.as_bytes()));
            Packet::Auth(Auth { reason: Reason::CONTINUE, properties })
        }
        (ClientMessage::Abort, _) => {
            let properties = Properties::default();
            Packet::Disconnect(Disconnect { reason: Reason::SUCCESS, properties })
        }
    }
    .to_octets()
}

/// What a packet says in an exchange by this mechanism that began so. To an abort a server says nothing, and hangs up.
///
/// # Errors
///
/// A [`WireError`] where the server refuses (except to an abort, where that is a reply), names another method, or says
/// what it may not.
pub fn hear(
    packet: &Packet,
    mechanism: MechanismName,
    start: &Start,
    said: Said,
) -> Result<driver::Reply, WireError> {
    let (reason, properties) = match packet {
        Packet::Auth(Auth { reason, properties }) => (*reason, properties),
        Packet::ConnAck(it) => (it.reason, &it.properties),
        Packet::Disconnect(it) => (it.reason, &it.properties),
        Packet::Connect(_) | Packet::Other(..) => return Err(unexpected()),
    };
    if reason.is_failure() {
        return match said {
            Said::Abort => Ok(driver::Reply::Failure),
            _ => Err(refusal(reason, properties)),
        };
    }
    if properties.method.as_deref() != Some(mechanism.as_str()) {
        return Err(WireError::protocol("expected the exchange's own method of authentication"));
    }
    let data = properties.data.as_ref().map(|data| Challenge::new(data.expose()));
    match (packet, reason, start) {
        (Packet::Auth(_), Reason::CONTINUE, _) => {
            Ok(driver::Reply::Challenge(data.unwrap_or_else(Challenge::empty)))
        }
        (Packet::Auth(_), Reason::SUCCESS, Start::Again)
        | (Packet::ConnAck(_), Reason::SUCCESS, Start::Connect(_)) => {
            Ok(driver::Reply::Success(data))
        }
        _ => Err(unexpected()),
    }
}

/// What a reason means.
pub fn refusal(reason: Reason, properties: &Properties) -> WireError {
    let class = match reason {
        Reason::BAD_AUTHENTICATION_METHOD => WireClass::Mechanism,
        Reason::BAD_USER_NAME_OR_PASSWORD | Reason::NOT_AUTHORIZED => WireClass::Credentials,
        Reason::BANNED => WireClass::Authorization,
        Reason::CONNECTION_RATE_EXCEEDED
        | Reason::QUOTA_EXCEEDED
        | Reason::SERVER_BUSY
        | Reason::SERVER_UNAVAILABLE => WireClass::Temporary,
        Reason::SERVER_MOVED | Reason::USE_ANOTHER_SERVER => WireClass::Connection,
        _ => WireClass::Protocol,
    };
    WireError::told(class, format!("{:#04x}", reason.0), properties.reason.as_deref().unwrap_or(""))
}

fn unexpected() -> WireError {
    WireError::protocol("expected how the exchange goes on, found another packet")
}
