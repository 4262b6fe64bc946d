//! The server's half of ManageSieve: a client's messages to commands and SASL messages, and outcomes to messages.

use aiosasl::{
    encoding::{decode, encode},
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
    secret::Secret,
};
use zeroize::Zeroizing;

use super::{Code, Condition, Scanned, Sender, Status, Token, scan, string};

/// What a client that is not authenticated may want.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// An exchange by a mechanism; or the reason why the message starts none.
    Authenticate(Result<Authenticate, FailureCode>),
    /// The list of capabilities.
    Capability,
    /// To leave.
    Logout,
    /// Nothing we can read.
    Malformed,
    /// Nothing, but that it be answered with this string.
    Noop(Option<Secret>),
    /// TLS.
    StartTls,
    /// Something else.
    Unknown,
}

/// A request for an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticate {
    /// By which mechanism.
    pub mechanism: MechanismName,
    /// Absent and empty (`""`) are two things.
    pub initial_response: Option<Response>,
}

impl Command {
    /// Reads a whole message, the ending of its last line not included.
    pub fn parse(message: &[u8]) -> Self {
        let Ok(Scanned::Whole(tokens)) = scan(message, Sender::Client) else {
            return Self::Malformed;
        };
        let Some((Token::Atom(word), arguments)) = tokens.split_first() else {
            return Self::Malformed;
        };
        match (word.to_ascii_uppercase().as_str(), arguments) {
            ("AUTHENTICATE", [Token::String(name)]) => Self::Authenticate(request(name, None)),
            ("AUTHENTICATE", [Token::String(name), Token::String(first)]) => {
                Self::Authenticate(request(name, Some(first)))
            }
            ("CAPABILITY", []) => Self::Capability,
            ("LOGOUT", []) => Self::Logout,
            ("NOOP", []) => Self::Noop(None),
            ("NOOP", [Token::String(tag)]) => Self::Noop(Some(tag.clone())),
            ("STARTTLS", []) => Self::StartTls,
            ("AUTHENTICATE" | "CAPABILITY" | "LOGOUT" | "NOOP" | "STARTTLS", _) => Self::Malformed,
            _ => Self::Unknown,
        }
    }
}

fn request(name: &Secret, first: Option<&Secret>) -> Result<Authenticate, FailureCode> {
    let mechanism =
        MechanismName::parse_any_case(name.expose()).map_err(|_| FailureCode::MechanismUnknown)?;
    let initial_response = first.map(response).transpose()?;
    Ok(Authenticate { mechanism, initial_response })
}

/// Reads the message that answers a challenge, the ending of its last line not included.
///
/// # Errors
///
/// [`FailureCode::BadEncoding`] where it is neither `"*"` nor one string of strict base64; the exchange is to be ended
/// with it.
pub fn parse_response(message: &[u8]) -> Result<ClientMessage, FailureCode> {
    match scan(message, Sender::Client) {
        Ok(Scanned::Whole(tokens)) => match tokens.as_slice() {
            [Token::String(token)] if token.expose() == b"*" => Ok(ClientMessage::Abort),
            [Token::String(token)] => response(token).map(ClientMessage::Response),
            _ => Err(FailureCode::BadEncoding),
        },
        _ => Err(FailureCode::BadEncoding),
    }
}

fn response(base64: &Secret) -> Result<Response, FailureCode> {
    decode(base64.expose()).map(Response::new).map_err(|_| FailureCode::BadEncoding)
}

/// A challenge, with its ending.
pub fn challenge(challenge: &Challenge) -> Zeroizing<Vec<u8>> {
    let base64 = Zeroizing::new(encode(challenge.as_bytes()));
    let string = string(base64.as_bytes(), Sender::Server);
    Zeroizing::new([string.as_slice(), b"\r\n"].concat())
}

/// How a success is spelled, with the mechanism's last words where it has any.
pub fn success(additional_data: Option<&Challenge>) -> Condition {
    let code = additional_data.map(|words| Code {
        name: "SASL".to_owned(),
        argument: Some(Secret::new(encode(words.as_bytes()))),
    });
    Condition::new(Status::Ok, code, "Authenticated")
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
pub fn failure(code: FailureCode) -> Condition {
    use FailureCode as F;
    let (code, text) = match code {
        F::Aborted => (None, "Authentication cancelled"),
        F::AccountDisabled => (None, "The account is disabled"),
        F::AuthorizationDenied | F::InvalidCredentials => (None, "Authentication failed"),
        F::BadEncoding => (None, "Expected a string of base64"),
        F::CredentialsExpired => (None, "The credentials have expired"),
        F::EncryptionRequired => (Some("ENCRYPT-NEEDED"), "Encryption required"),
        F::InitialResponseNotAllowed => (None, "The mechanism takes no initial response"),
        F::Malformed => (None, "A message of the mechanism is malformed"),
        F::MechanismTooWeak => (Some("AUTH-TOO-WEAK"), "The mechanism is too weak"),
        F::MechanismUnknown => (None, "No such mechanism"),
        F::PasswordTransitionNeeded => {
            (Some("TRANSITION-NEEDED"), "A password transition is needed")
        }
        F::TooLarge => (None, "Too large"),
        F::WrongState => (None, "Not now"),
        _ => (Some("TRYLATER"), "Temporary failure, try again later"),
    };
    Condition::new(Status::No, code.map(Code::new), text)
}
