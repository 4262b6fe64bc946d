//! The server's half of POP3: a client's lines to commands and SASL messages, and outcomes to lines.

use aiosasl::{
    encoding::{decode, encode},
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
    secret::Secret,
};
use zeroize::Zeroizing;

use super::{Reply, Sign, Status, reply::split_word};

/// What a client may want.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// An exchange by a mechanism; or the reason why the line starts none.
    Auth(Result<Auth, FailureCode>),
    /// The list of capabilities.
    Capa,
    /// A list of all mails, or their identifiers.
    List,
    /// The list of mechanisms, asked for as before RFC 2449.
    Mechanisms,
    /// Nothing.
    Noop,
    /// The password of the user who was named before; without SASL.
    Pass(Secret),
    /// To leave.
    Quit,
    /// To undo what was done.
    Rset,
    /// TLS.
    StartTls,
    /// How many mails there are.
    Stat,
    /// Something else.
    Unknown,
    /// To log in by this name; without SASL.
    User(Vec<u8>),
}

/// A request for an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// By which mechanism.
    pub mechanism: MechanismName,
    /// Absent and empty (`=`) are two things (RFC 5034 section 4).
    pub initial_response: Option<Response>,
}

impl Command {
    /// Reads a command's line, its ending not included. Names and passwords are what follows the one space, to the
    /// letter: they may have spaces.
    pub fn parse(line: &[u8]) -> Self {
        let (word, arguments) = split_word(line);
        match (word.to_ascii_uppercase().as_slice(), arguments) {
            (b"AUTH", b"") => Self::Mechanisms,
            (b"AUTH", _) => Self::Auth(auth(arguments)),
            (b"CAPA", b"") => Self::Capa,
            (b"LIST" | b"UIDL", b"") => Self::List,
            (b"NOOP", b"") => Self::Noop,
            (b"PASS", password) => Self::Pass(Secret::new(password)),
            (b"QUIT", b"") => Self::Quit,
            (b"RSET", b"") => Self::Rset,
            (b"STAT", b"") => Self::Stat,
            (b"STLS", b"") => Self::StartTls,
            (b"USER", name) if !name.is_empty() => Self::User(name.to_vec()),
            _ => Self::Unknown,
        }
    }
}

fn auth(arguments: &[u8]) -> Result<Auth, FailureCode> {
    let mut words = arguments.split(|octet| *octet == b' ');
    let (name, first, None) = (words.next().unwrap_or_default(), words.next(), words.next()) else {
        return Err(FailureCode::BadEncoding);
    };
    let mechanism =
        MechanismName::parse_any_case(name).map_err(|_| FailureCode::MechanismUnknown)?;
    let initial_response = match first {
        None => None,
        Some(b"=") => Some(Response::empty()),
        Some(b"") => return Err(FailureCode::BadEncoding),
        Some(base64) => Some(response(base64)?),
    };
    Ok(Auth { mechanism, initial_response })
}

/// Reads the line that answers a challenge, its ending not included.
///
/// # Errors
///
/// [`FailureCode::BadEncoding`] where it is neither `*` nor strict base64; the exchange is to be ended with it.
pub fn parse_response(line: &[u8]) -> Result<ClientMessage, FailureCode> {
    match line {
        b"*" => Ok(ClientMessage::Abort),
        base64 => response(base64).map(ClientMessage::Response),
    }
}

fn response(base64: &[u8]) -> Result<Response, FailureCode> {
    decode(base64).map(Response::new).map_err(|_| FailureCode::BadEncoding)
}

/// The line of a challenge, with its ending.
pub fn challenge(challenge: &Challenge) -> Zeroizing<Vec<u8>> {
    Reply::Continuation(Zeroizing::new(encode(challenge.as_bytes())).as_bytes()).to_line()
}

/// How a success is spelled.
pub const SUCCESS: Status<'static> = Status::new(Sign::Ok, None, "Logged in");

/// How a failure is spelled: coarse, and the same for every cause that must look the same (RFC 3206).
pub const fn failure(code: FailureCode) -> Status<'static> {
    use FailureCode as F;
    let (code, text) = match code {
        F::Aborted => (None, "Authentication cancelled"),
        F::AccountDisabled => (Some("SYS/PERM"), "The account is disabled"),
        F::AuthorizationDenied | F::InvalidCredentials => (Some("AUTH"), "Authentication failed"),
        F::BadEncoding => (None, "Expected base64"),
        F::CredentialsExpired => (Some("SYS/PERM"), "The credentials have expired"),
        F::EncryptionRequired => (None, "Encryption required"),
        F::InitialResponseNotAllowed => (None, "The mechanism takes no initial response"),
        F::Malformed => (None, "A message of the mechanism is malformed"),
        F::MechanismTooWeak => (None, "The mechanism is too weak"),
        F::MechanismUnknown => (None, "No such mechanism"),
        F::PasswordTransitionNeeded => (Some("SYS/PERM"), "A password transition is needed"),
        F::TooLarge => (None, "Too large"),
        F::WrongState => (None, "Not now"),
        _ => (Some("SYS/TEMP"), "Temporary failure, try again later"),
    };
    Status::new(Sign::Err, code, text)
}
