//! The server's half of AMQP 0-9-1: methods to SASL messages, and what becomes of an exchange to methods.

use aiosasl::{
    error::FailureCode,
    message::{ClientMessage, ServerMessage},
    name::MechanismName,
};

use super::{Close, Message, Method, Start, Table, Tune};
use crate::{
    FirstWord, WireError,
    frame::{Frame, MechanismList},
};

/// The frame that offers these mechanisms, as a server of this product.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn start(mechanisms: MechanismList, product: &str) -> Result<Frame, WireError> {
    let properties = Table::of_texts(&[("product", product.as_bytes())])?;
    let locales = "en_US".to_owned();
    Message::Method(Method::Start(Start { version: [0, 9], properties, mechanisms, locales }))
        .to_frame()
}

/// What a message says in an exchange; `first` tells whose first word that of a mechanism is.
///
/// # Errors
///
/// [`FailureCode`]: why it says nothing there, or names no mechanism.
pub fn hear(
    message: &Message,
    first: impl FnOnce(MechanismName) -> FirstWord,
) -> Result<ClientMessage, FailureCode> {
    match message {
        Message::Method(Method::StartOk(choice)) => {
            let mechanism = MechanismName::parse_any_case(&choice.mechanism)
                .map_err(|_| FailureCode::MechanismUnknown)?;
            Ok(first(mechanism).request(mechanism, choice.response.clone()))
        }
        Message::Method(Method::SecureOk(response)) => {
            Ok(ClientMessage::Response(response.clone()))
        }
        Message::Method(Method::Close(_)) => Ok(ClientMessage::Abort),
        _ => Err(FailureCode::WrongState),
    }
}

/// The frame that says this. A success proposes limits; a failure closes the connection, and is only for clients that
/// [want to hear it](Table::has_failure_close): the others are just hung up on.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn answer(message: &ServerMessage, limits: Tune) -> Result<Frame, WireError> {
    Message::Method(match message {
        ServerMessage::Challenge(challenge) => Method::Secure(challenge.clone()),
        // The last words were in a challenge: the profile says so.
        ServerMessage::Success { .. } => Method::Tune(limits),
        ServerMessage::Failure(code) => Method::Close(failure(*code)),
    })
    .to_frame()
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
pub fn failure(code: FailureCode) -> Close {
    use FailureCode as F;
    let (code, text) = match code {
        F::AccountDisabled => (403, "ACCESS_REFUSED - the account is disabled"),
        F::CredentialsExpired => (403, "ACCESS_REFUSED - the credentials have expired"),
        F::EncryptionRequired => (530, "NOT_ALLOWED - encryption required"),
        F::MechanismTooWeak => (530, "NOT_ALLOWED - the mechanism is too weak"),
        F::MechanismUnknown | F::WrongState => (503, "COMMAND_INVALID"),
        F::TooLarge => (501, "FRAME_ERROR"),
        F::PasswordTransitionNeeded | F::Temporary => (541, "INTERNAL_ERROR - try again later"),
        _ => (403, "ACCESS_REFUSED - login was refused"),
    };
    Close { code, text: text.to_owned(), about: (0, 0) }
}
