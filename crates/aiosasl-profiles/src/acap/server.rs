//! The server's half of ACAP: a client's messages to commands and SASL messages, and outcomes to messages.

use aiosasl::{
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    name::MechanismName,
    secret::Secret,
};
use zeroize::Zeroizing;

use super::{Condition, Reply, Status, reply::is_tag};
use crate::sieve::{Code, Scanned, Sender, Token, scan};

/// A command and its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// To be repeated with the answer.
    pub tag: String,
    /// What is wanted.
    pub command: Command,
}

/// What a client that is not authenticated may want.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// An exchange by a mechanism; or the reason why the message starts none.
    Authenticate(Result<Authenticate, FailureCode>),
    /// To leave.
    Logout,
    /// Nothing.
    Noop,
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

impl Tagged {
    /// Reads a whole message, the ending of its last line not included. `None` where there is no tag to answer to.
    pub fn parse(message: &[u8]) -> Option<Self> {
        let Ok(Scanned::Whole(tokens)) = scan(message, Sender::AnyClient) else { return None };
        let (Token::Atom(tag), rest) = tokens.split_first()? else { return None };
        let tag = Some(tag).filter(|tag| is_tag(tag))?.clone();
        let Some((Token::Atom(word), arguments)) = rest.split_first() else {
            return Some(Self { tag, command: Command::Unknown });
        };
        let command = match (word.to_ascii_uppercase().as_str(), arguments) {
            ("AUTHENTICATE", [name]) => Command::Authenticate(request(name, None)),
            ("AUTHENTICATE", [name, Token::String(first)]) => {
                Command::Authenticate(request(name, Some(first)))
            }
            ("LOGOUT", []) => Command::Logout,
            ("NOOP", []) => Command::Noop,
            ("STARTTLS", []) => Command::StartTls,
            _ => Command::Unknown,
        };
        Some(Self { tag, command })
    }
}

fn request(name: &Token, first: Option<&Secret>) -> Result<Authenticate, FailureCode> {
    let name = match name {
        Token::Atom(name) => name.as_bytes(),
        Token::String(name) => name.expose(),
        Token::Close | Token::Open => return Err(FailureCode::MechanismUnknown),
    };
    let mechanism =
        MechanismName::parse_any_case(name).map_err(|_| FailureCode::MechanismUnknown)?;
    let initial_response = first.map(|first| Response::new(first.expose()));
    Ok(Authenticate { mechanism, initial_response })
}

/// Whether a line ends by announcing octets that wait for leave: say [`go_ahead`] then.
pub fn waits_for_leave(line: &[u8]) -> bool {
    line.ends_with(b"}") && !line.ends_with(b"+}")
}

/// The message that lets a client send a literal that waits, with its ending.
pub fn go_ahead() -> Zeroizing<Vec<u8>> {
    Reply::Continuation(Secret::new(*b"Go ahead")).to_message()
}

/// Reads the message that answers a challenge, the ending of its last line not included.
///
/// # Errors
///
/// [`FailureCode::BadEncoding`] where it is neither an unquoted `*` nor one string; the exchange is to be ended with it.
pub fn parse_response(message: &[u8]) -> Result<ClientMessage, FailureCode> {
    match scan(message, Sender::AnyClient) {
        Ok(Scanned::Whole(tokens)) => match tokens.as_slice() {
            [Token::Atom(star)] if star == "*" => Ok(ClientMessage::Abort),
            [Token::String(words)] => Ok(ClientMessage::Response(Response::new(words.expose()))),
            _ => Err(FailureCode::BadEncoding),
        },
        _ => Err(FailureCode::BadEncoding),
    }
}

/// A SASL message, with its ending; the tag is for outcomes alone.
pub fn answer(tag: &str, message: &ServerMessage) -> Zeroizing<Vec<u8>> {
    let condition = match message {
        ServerMessage::Challenge(it) => return challenge(it),
        ServerMessage::Success { additional_data } => success(additional_data.as_ref()),
        ServerMessage::Failure(code) => failure(*code),
    };
    Reply::Tagged { tag: tag.to_owned(), condition }.to_message()
}

/// A challenge, with its ending.
pub fn challenge(challenge: &Challenge) -> Zeroizing<Vec<u8>> {
    Reply::Continuation(Secret::new(challenge.as_bytes())).to_message()
}

/// How a success is spelled, with the mechanism's last words where it has any.
pub fn success(additional_data: Option<&Challenge>) -> Condition {
    let code = additional_data.map(|words| Code {
        name: "SASL".to_owned(),
        argument: Some(Secret::new(words.as_bytes())),
    });
    Condition::new(Status::Ok, code, "Authenticated")
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
pub fn failure(code: FailureCode) -> Condition {
    use FailureCode as F;
    let (status, code, text) = match code {
        F::Aborted => (Status::Bad, None, "Authentication cancelled"),
        F::AccountDisabled => (Status::No, None, "The account is disabled"),
        F::AuthorizationDenied | F::InvalidCredentials => {
            (Status::No, None, "Authentication failed")
        }
        F::BadEncoding => (Status::Bad, None, "Expected a string"),
        F::CredentialsExpired => (Status::No, None, "The credentials have expired"),
        F::EncryptionRequired => (Status::No, Some("ENCRYPT-NEEDED"), "Encryption required"),
        F::InitialResponseNotAllowed => {
            (Status::No, None, "The mechanism takes no initial response")
        }
        F::Malformed => (Status::No, None, "A message of the mechanism is malformed"),
        F::MechanismTooWeak => (Status::No, Some("AUTH-TOO-WEAK"), "The mechanism is too weak"),
        F::MechanismUnknown => (Status::No, None, "No such mechanism"),
        F::PasswordTransitionNeeded => {
            (Status::No, Some("TRANSITION-NEEDED"), "A password transition is needed")
        }
        F::TooLarge => (Status::Bad, None, "Too large"),
        F::WrongState => (Status::Bad, None, "Not now"),
        _ => (Status::No, Some("TRYLATER"), "Temporary failure, try again later"),
    };
    Condition::new(status, code.map(Code::new), text)
}
