//! The elements of an exchange (RFC 6120 section 6.4).

use aiosasl::{
    encoding::{decode, encode},
    error::FailureCode,
    message::{Challenge, ClientMessage, ServerMessage},
};
use zeroize::Zeroizing;

use super::{Element, NS_SASL};
use crate::{WireClass, WireError};

/// The element that says this message.
pub fn spell(message: &ClientMessage) -> Zeroizing<String> {
    Zeroizing::new(match message {
        ClientMessage::Authenticate { mechanism, initial_response: None } => {
            format!("<auth xmlns='{NS_SASL}' mechanism='{mechanism}'/>")
        }
        ClientMessage::Authenticate { mechanism, initial_response: Some(it) } => {
            let token = if it.is_empty() { "=".into() } else { encode(it.as_bytes()) };
            let token = Zeroizing::new(token);
            let begin = format!("<auth xmlns='{NS_SASL}' mechanism='{mechanism}'>");
            // Joined at once: a text that grows would leave parts of a secret behind.
            [&begin, token.as_str(), "</auth>"].concat()
        }
        ClientMessage::Response(it) if it.is_empty() => format!("<response xmlns='{NS_SASL}'/>"),
        ClientMessage::Response(it) => {
            let token = Zeroizing::new(encode(it.as_bytes()));
            let begin = format!("<response xmlns='{NS_SASL}'>");
            [&begin, token.as_str(), "</response>"].concat()
        }
        ClientMessage::Abort => format!("<abort xmlns='{NS_SASL}'/>"),
    })
}

/// What an element of the server's says, or `None` where it is none of an exchange.
///
/// # Errors
///
/// [`WireError`] where its text is no base64.
pub(super) fn hear(element: &Element) -> Option<Result<Answer, WireError>> {
    if element.namespace != NS_SASL {
        return None;
    }
    match element.name.as_str() {
        "challenge" => {
            Some(octets(element).map(|it| Answer::Challenge(it.unwrap_or_else(Challenge::empty))))
        }
        "success" => Some(octets(element).map(Answer::Success)),
        "failure" => Some(Ok(Answer::Failure(Failure::read(element)))),
        _ => None,
    }
}

/// A server's answer in an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It wants a response.
    Challenge(Challenge),
    /// It is content.
    Success(Option<Challenge>),
    /// It is not.
    Failure(Failure),
}

impl Answer {
    /// The same for an exchange.
    pub fn message(self) -> ServerMessage {
        match self {
            Self::Challenge(challenge) => ServerMessage::Challenge(challenge),
            Self::Success(additional_data) => ServerMessage::Success { additional_data },
            Self::Failure(failure) => ServerMessage::Failure(failure.code()),
        }
    }
}

/// Why a server refuses (RFC 6120 section 6.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The name of the condition's element; empty where there is none.
    pub condition: String,
    /// What the server adds for people.
    pub text: String,
}

impl Failure {
    fn read(element: &Element) -> Self {
        Self::read_in(element, NS_SASL)
    }

    /// The same where the words for people are of another namespace.
    pub(super) fn read_in(element: &Element, text_namespace: &str) -> Self {
        let condition =
            element.children.iter().find(|it| it.namespace == NS_SASL && it.name != "text");
        let text = element.child(text_namespace, "text");
        Self {
            condition: condition.map(|it| it.name.clone()).unwrap_or_default(),
            text: text.map(|it| it.text.to_string()).unwrap_or_default(),
        }
    }

    /// What the condition means; one that nobody knows means `not-authorized`.
    pub fn code(&self) -> FailureCode {
        match self.condition.as_str() {
            "aborted" => FailureCode::Aborted,
            "account-disabled" => FailureCode::AccountDisabled,
            "credentials-expired" => FailureCode::CredentialsExpired,
            "encryption-required" => FailureCode::EncryptionRequired,
            "incorrect-encoding" => FailureCode::BadEncoding,
            "invalid-authzid" => FailureCode::AuthorizationDenied,
            "invalid-mechanism" => FailureCode::MechanismUnknown,
            "malformed-request" => FailureCode::Malformed,
            "mechanism-too-weak" => FailureCode::MechanismTooWeak,
            "temporary-auth-failure" => FailureCode::Temporary,
            _ => FailureCode::InvalidCredentials,
        }
    }

    /// The same as an error, with the server's own condition and words.
    pub fn error(&self) -> WireError {
        WireError::told(WireClass::from(self.code()), &self.condition, &self.text)
    }
}

/// The octets in an element: none where it is empty, no octets where it says `=`.
fn octets(element: &Element) -> Result<Option<Challenge>, WireError> {
    if !element.children.is_empty() {
        return Err(WireError::protocol(format!("expected base64 in <{}/>", element.name)));
    }
    match element.text.as_str() {
        "" => Ok(None),
        "=" => Ok(Some(Challenge::empty())),
        text => match decode(text) {
            Ok(octets) => Ok(Some(Challenge::new(octets))),
            Err(error) => Err(WireError::protocol(format!("in <{}/>: {error}", element.name))),
        },
    }
}
