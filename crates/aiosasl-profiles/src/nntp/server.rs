//! The server's half of NNTP: a client's lines to commands and SASL messages, and outcomes to lines.

use aiosasl::{
    encoding::{decode, encode},
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    name::MechanismName,
    secret::Secret,
};
use zeroize::Zeroizing;

use super::{Code, Reply};

/// What a client may want.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// An exchange by a mechanism; or the reason why the line starts none.
    Authenticate(Result<Authenticate, FailureCode>),
    /// The list of capabilities.
    Capabilities,
    /// To speak as readers do.
    ModeReader,
    /// The password of the user who was named before; without SASL (RFC 4643 section 2.3).
    Pass(Secret),
    /// To leave.
    Quit,
    /// TLS.
    StartTls,
    /// Something else.
    Unknown,
    /// To log in by this name; without SASL.
    User(Vec<u8>),
}

/// A request for an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticate {
    /// By which mechanism.
    pub mechanism: MechanismName,
    /// Absent and empty (`=`) are two things (RFC 4643 section 2.4.2).
    pub initial_response: Option<Response>,
}

impl Command {
    /// Reads a command's line, its ending not included.
    pub fn parse(line: &[u8]) -> Self {
        let (word, rest) = split_word(line);
        match (word.to_ascii_uppercase().as_slice(), words(rest).as_slice()) {
            (b"AUTHINFO", _) => Self::authinfo(rest),
            (b"CAPABILITIES", [] | [_]) => Self::Capabilities,
            (b"MODE", [mode]) if mode.eq_ignore_ascii_case(b"READER") => Self::ModeReader,
            (b"QUIT", []) => Self::Quit,
            (b"STARTTLS", []) => Self::StartTls,
            _ => Self::Unknown,
        }
    }

    fn authinfo(arguments: &[u8]) -> Self {
        let (kind, rest) = split_word(arguments);
        match (kind.to_ascii_uppercase().as_slice(), words(rest).as_slice()) {
            (b"SASL", [name]) => Self::Authenticate(authenticate(name, None)),
            (b"SASL", [name, first]) => Self::Authenticate(authenticate(name, Some(first))),
            (b"SASL", [_, _, ..]) => Self::Authenticate(Err(FailureCode::BadEncoding)),
            // To the end of the line: names and passwords may have spaces (RFC 4643 section 3.1).
            (b"PASS", _) if !rest.is_empty() => Self::Pass(Secret::new(rest)),
            (b"USER", _) if !rest.is_empty() => Self::User(rest.to_vec()),
            _ => Self::Unknown,
        }
    }
}

fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}

/// The first word, and what stands behind the one space after it.
fn split_word(line: &[u8]) -> (&[u8], &[u8]) {
    let start = line.iter().position(|octet| !is_space(*octet)).unwrap_or(line.len());
    let line = line.get(start..).unwrap_or_default();
    let mut parts = line.splitn(2, |octet| is_space(*octet));
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// At most a few: nothing takes more.
fn words(line: &[u8]) -> Vec<&[u8]> {
    line.split(|octet| is_space(*octet)).filter(|word| !word.is_empty()).take(4).collect()
}

fn authenticate(name: &[u8], first: Option<&[u8]>) -> Result<Authenticate, FailureCode> {
    let mechanism =
        MechanismName::parse_any_case(name).map_err(|_| FailureCode::MechanismUnknown)?;
    Ok(Authenticate { mechanism, initial_response: first.map(response).transpose()? })
}

/// Reads the line that answers a challenge, its ending not included.
///
/// # Errors
///
/// [`FailureCode::BadEncoding`] where it is neither `*`, nor `=`, nor strict base64 of some octets; the exchange is to
/// be ended with it.
pub fn parse_response(line: &[u8]) -> Result<ClientMessage, FailureCode> {
    match line {
        b"*" => Ok(ClientMessage::Abort),
        base64 => response(base64).map(ClientMessage::Response),
    }
}

fn response(base64: &[u8]) -> Result<Response, FailureCode> {
    match base64 {
        b"=" => Ok(Response::empty()),
        b"" => Err(FailureCode::BadEncoding),
        _ => decode(base64).map(Response::new).map_err(|_| FailureCode::BadEncoding),
    }
}

/// The line of a SASL message, with its ending.
pub fn answer(message: &ServerMessage) -> Zeroizing<Vec<u8>> {
    match message {
        ServerMessage::Challenge(it) => challenge(it),
        ServerMessage::Success { additional_data } => success(additional_data.as_ref()),
        ServerMessage::Failure(code) => failure(*code).to_line(),
    }
}

/// The line of a challenge, with its ending.
pub fn challenge(challenge: &Challenge) -> Zeroizing<Vec<u8>> {
    with_octets(Code::CHALLENGE, challenge)
}

/// The line of a success, with its ending.
pub fn success(additional_data: Option<&Challenge>) -> Zeroizing<Vec<u8>> {
    match additional_data {
        Some(words) => with_octets(Code::ACCEPTED_WITH_DATA, words),
        None => Reply::new(Code::ACCEPTED, "Authentication accepted").to_line(),
    }
}

fn with_octets(code: Code, octets: &Challenge) -> Zeroizing<Vec<u8>> {
    let base64 = Zeroizing::new(encode(octets.as_bytes()));
    let text = if base64.is_empty() { b"=" } else { base64.as_bytes() };
    Reply { code, text }.to_line()
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
pub const fn failure(code: FailureCode) -> Reply<'static> {
    use FailureCode as F;
    let (code, text) = match code {
        F::Aborted => (Code::REJECTED, "Authentication cancelled"),
        F::AccountDisabled => (Code::REJECTED, "The account is disabled"),
        F::AuthorizationDenied | F::InvalidCredentials => (Code::REJECTED, "Authentication failed"),
        F::BadEncoding => (Code::BAD_BASE64, "Expected base64"),
        F::CredentialsExpired => (Code::REJECTED, "The credentials have expired"),
        F::EncryptionRequired => (Code::ENCRYPTION_REQUIRED, "Encryption required"),
        F::InitialResponseNotAllowed => {
            (Code::OUT_OF_SEQUENCE, "The mechanism takes no initial response")
        }
        F::Malformed => (Code::OUT_OF_SEQUENCE, "A message of the mechanism is malformed"),
        F::MechanismTooWeak => (Code::ENCRYPTION_REQUIRED, "The mechanism is too weak"),
        F::MechanismUnknown => (Code::UNSUPPORTED, "No such mechanism"),
        F::PasswordTransitionNeeded => (Code::REJECTED, "A password transition is needed"),
        F::TooLarge => (Code::SYNTAX, "Too large"),
        F::WrongState => (Code::UNAVAILABLE_COMMAND, "Not now"),
        _ => (Code::INTERNAL_FAULT, "Temporary failure, try again later"),
    };
    Reply::new(code, text)
}
