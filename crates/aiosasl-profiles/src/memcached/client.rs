//! The client's half of memcached: SASL messages to frames, and what a server's frames mean.

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage},
    name::MechanismName,
    secret::Secret,
};

use super::{Opcode, Request, Response, Status};
use crate::{
    Said, WireClass, WireError,
    frame::{Frame, MechanismList},
};

/// The frame that asks for the mechanisms.
///
/// # Errors
///
/// None in practice: it is short.
pub fn list(opaque: u32) -> Result<Frame, WireError> {
    let opcode = Opcode::ListMechanisms;
    Request { opcode, key: Secret::default(), value: Secret::default(), opaque }.to_frame()
}

/// The frame of a SASL message in an exchange by this mechanism. `None` for an abort: there is none, and a new exchange
/// takes the place of the old one.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn request(
    message: &ClientMessage,
    mechanism: MechanismName,
    opaque: u32,
) -> Result<Option<Frame>, WireError> {
    let (opcode, value) = match message {
        ClientMessage::Authenticate { initial_response, .. } => {
            (Opcode::Authenticate, initial_response.as_ref().map(AsRef::as_ref).unwrap_or_default())
        }
        ClientMessage::Response(response) => (Opcode::Step, response.as_bytes()),
        ClientMessage::Abort => return Ok(None),
    };
    let key = Secret::new(mechanism.as_str());
    Request { opcode, key, value: Secret::new(value), opaque }.to_frame().map(Some)
}

/// The mechanisms that a response lists.
///
/// # Errors
///
/// A [`WireError`] where it lists none, or too many.
pub fn mechanisms(response: &Response) -> Result<MechanismList, WireError> {
    if (response.opcode, response.status) != (Opcode::ListMechanisms, Status::SUCCESS) {
        return Err(refusal(response, Said::Request));
    }
    let mut names = MechanismList::default();
    let words = response.value.expose().split(|octet| matches!(octet, b' ' | 0));
    words.filter(|word| !word.is_empty()).try_for_each(|word| names.push(word))?;
    Ok(names)
}

/// What a response to the request of this number says in an exchange. memcached itself says `Authenticated` where a
/// success could carry a mechanism's last words, which are lost then.
///
/// # Errors
///
/// A [`WireError`] where the server refuses, or says what it may not.
pub fn hear(response: &Response, opaque: u32, said: Said) -> Result<driver::Reply, WireError> {
    if response.opaque != opaque || !matches!(response.opcode, Opcode::Authenticate | Opcode::Step)
    {
        return Err(WireError::protocol("expected the response to what was said"));
    }
    let words = response.value.expose();
    match response.status {
        Status::SUCCESS => {
            // What servers say to people where the mechanism has no last words.
            let is_for_people = words.is_empty() || words == b"Authenticated";
            Ok(driver::Reply::Success((!is_for_people).then(|| Challenge::new(words))))
        }
        Status::FURTHER_STEP => Ok(driver::Reply::Challenge(Challenge::new(words))),
        _ => Err(refusal(response, said)),
    }
}

/// What a status means. An error of authentication is about the credentials, unless the server has not seen any.
pub fn refusal(response: &Response, said: Said) -> WireError {
    let class = match (response.status, said) {
        (Status::AUTHENTICATION_ERROR, Said::Request) | (Status::UNKNOWN_COMMAND, _) => {
            WireClass::Mechanism
        }
        (Status::AUTHENTICATION_ERROR, _) => WireClass::Credentials,
        (Status::BUSY | Status::OUT_OF_MEMORY | Status::TEMPORARY_FAILURE, _) => {
            WireClass::Temporary
        }
        _ => WireClass::Protocol,
    };
    let code = format!("{:#06x}", response.status.0);
    WireError::told(class, code, response.value.expose())
}
