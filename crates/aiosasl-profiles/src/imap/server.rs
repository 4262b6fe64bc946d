//! The server's half of IMAP: a client's lines to commands and SASL messages, and outcomes to lines.

use aiosasl::{
    encoding::{decode, encode},
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    name::MechanismName,
    secret::Secret,
};
use zeroize::Zeroizing;

use super::{Condition, Literal, Reply, Status, reply::split_word};

/// The longest tag taken, in octets.
const MAX_TAG: usize = 64;

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
    /// An exchange by a mechanism; or the reason why the line starts none.
    Authenticate(Result<Authenticate, FailureCode>),
    /// The list of capabilities.
    Capability,
    /// The mailboxes; its arguments are not even read.
    List,
    /// A name and a password, without SASL; or the reason why these are none.
    Login(Result<Login, FailureCode>),
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
    /// Absent and empty (`=`) are two things (RFC 4959 section 3).
    pub initial_response: Option<Response>,
}

/// A name and a password (RFC 9051 section 6.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Whose it is.
    pub name: Vec<u8>,
    /// What proves it.
    pub password: Secret,
}

impl Tagged {
    /// Reads a command's line, its ending not included. `None` where there is no tag to answer to.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let (tag, rest) = split_word(line);
        let tag = std::str::from_utf8(tag).ok().filter(|tag| is_tag(tag))?.to_owned();
        let (word, arguments) = split_word(rest);
        let command = match (word.to_ascii_uppercase().as_slice(), arguments) {
            (b"AUTHENTICATE", _) => Command::Authenticate(authenticate(arguments)),
            (b"LIST", _) => Command::List,
            (b"LOGIN", _) => Command::Login(login(arguments)),
            (b"CAPABILITY", b"") => Command::Capability,
            (b"LOGOUT", b"") => Command::Logout,
            (b"NOOP", b"") => Command::Noop,
            (b"STARTTLS", b"") => Command::StartTls,
            _ => Command::Unknown,
        };
        Some(Self { tag, command })
    }
}

/// A tag is made of printable ASCII without `+` and what has a meaning elsewhere (RFC 9051 section 9).
fn is_tag(tag: &str) -> bool {
    let fits = |octet: u8| octet.is_ascii_graphic() && !b"(){%*\"\\+".contains(&octet);
    (1..=MAX_TAG).contains(&tag.len()) && tag.bytes().all(fits)
}

fn authenticate(arguments: &[u8]) -> Result<Authenticate, FailureCode> {
    let mut words = arguments.split(|octet| *octet == b' ');
    let (name, first, None) = (words.next().unwrap_or_default(), words.next(), words.next()) else {
        return Err(FailureCode::BadEncoding);
    };
    if name.is_empty() {
        return Err(FailureCode::WrongState);
    }
    let mechanism =
        MechanismName::parse_any_case(name).map_err(|_| FailureCode::MechanismUnknown)?;
    let initial_response = match first {
        None => None,
        Some(b"=") => Some(Response::empty()),
        Some(b"") => return Err(FailureCode::BadEncoding),
        Some(base64) => Some(response(base64)?),
    };
    Ok(Authenticate { mechanism, initial_response })
}

/// Two strings: quoted, or not, or literals whose octets follow their announcement.
fn login(arguments: &[u8]) -> Result<Login, FailureCode> {
    let (name, rest) = string(arguments).ok_or(FailureCode::Malformed)?;
    let rest = rest.strip_prefix(b" ").ok_or(FailureCode::Malformed)?;
    match string(rest) {
        Some((password, [])) => {
            Ok(Login { name: name.to_vec(), password: Secret::new(&**password) })
        }
        _ => Err(FailureCode::Malformed),
    }
}

/// The string that octets begin with (`astring`, RFC 9051 section 9), and what follows it.
fn string(octets: &[u8]) -> Option<(Zeroizing<Vec<u8>>, &[u8])> {
    if octets.starts_with(b"{") {
        return literal(octets);
    }
    let mut inside = Zeroizing::new(Vec::with_capacity(octets.len()));
    let Some(mut rest) = octets.strip_prefix(b"\"") else {
        let is_atom = |octet: &&u8| **octet > b' ' && !b"\"\\(){%*\x7f".contains(octet);
        let (atom, rest) = octets.split_at_checked(octets.iter().take_while(is_atom).count())?;
        inside.extend_from_slice(atom);
        return (!atom.is_empty()).then_some((inside, rest));
    };
    loop {
        rest = match rest {
            [b'"', after @ ..] => return Some((inside, after)),
            [b'\\', octet @ (b'"' | b'\\'), after @ ..] => {
                inside.push(*octet);
                after
            }
            [b'\\' | b'\r' | 0, ..] | [] => return None,
            [octet, after @ ..] => {
                inside.push(*octet);
                after
            }
        };
    }
}

/// The literal that octets begin with, its announcement before it.
fn literal(octets: &[u8]) -> Option<(Zeroizing<Vec<u8>>, &[u8])> {
    let end = octets.iter().position(|octet| *octet == b'\r')?;
    let (announcement, rest) = octets.split_at_checked(end)?;
    let Literal { length, .. } = Literal::announced(announcement)?;
    let (inside, rest) = rest.strip_prefix(b"\r\n")?.split_at_checked(length)?;
    (!inside.contains(&0)).then(|| (Zeroizing::new(inside.to_vec()), rest))
}

/// The longest literal of a LOGIN that is taken, in octets.
pub const MAX_LITERAL: usize = 4096;

/// The literal that a LOGIN goes on with, where the last line of it that came announces one; others are nobody's to read.
pub fn login_literal(command: &[u8], last_line: &[u8]) -> Option<Literal> {
    let (_, rest) = split_word(command);
    let (word, _) = split_word(rest);
    let literal = Literal::announced(last_line)?;
    (word.eq_ignore_ascii_case(b"LOGIN") && literal.length <= MAX_LITERAL).then_some(literal)
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

/// Whether a line ends by announcing octets that follow without being asked for (`{123+}`, RFC 7888): who does not
/// take them must hang up, or would take them for commands.
pub fn announces_literal(line: &[u8]) -> bool {
    Literal::announced(line).is_some_and(|literal| !literal.awaited)
}

/// The line of a challenge, with its ending.
pub fn challenge(challenge: &Challenge) -> Zeroizing<Vec<u8>> {
    Reply::Continuation(encode(challenge.as_bytes()).as_bytes()).to_line()
}

/// The line of a SASL message, with its ending; the tag is for outcomes alone. A success carries no data here: the
/// exchange has sent them as a challenge before ([`PROFILE`](super::PROFILE)).
pub fn answer(tag: &str, message: &ServerMessage) -> Zeroizing<Vec<u8>> {
    match message {
        ServerMessage::Challenge(it) => challenge(it),
        ServerMessage::Success { .. } => tagged(tag, SUCCESS),
        ServerMessage::Failure(code) => tagged(tag, failure(*code)),
    }
}

/// How a success is spelled.
pub const SUCCESS: Condition<'static> = Condition::new(Status::Ok, None, "Authenticated");

/// A tagged line, with its ending.
pub fn tagged(tag: &str, condition: Condition<'_>) -> Zeroizing<Vec<u8>> {
    Reply::Tagged { tag: tag.as_bytes(), condition }.to_line()
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
pub const fn failure(code: FailureCode) -> Condition<'static> {
    use FailureCode as F;
    let (status, code, text) = match code {
        F::Aborted => (Status::Bad, None, "AUTHENTICATE cancelled"),
        F::AccountDisabled => (Status::No, Some("CONTACTADMIN"), "The account is disabled"),
        F::AuthorizationDenied => (Status::No, Some("AUTHORIZATIONFAILED"), "Authorization failed"),
        F::BadEncoding => (Status::Bad, None, "Expected base64"),
        F::CredentialsExpired => (Status::No, Some("EXPIRED"), "The credentials have expired"),
        F::EncryptionRequired => (Status::No, Some("PRIVACYREQUIRED"), "Encryption required"),
        F::InitialResponseNotAllowed => {
            (Status::Bad, None, "The mechanism takes no initial response")
        }
        F::InvalidCredentials => {
            (Status::No, Some("AUTHENTICATIONFAILED"), "Authentication failed")
        }
        F::Malformed => (Status::No, None, "A message of the mechanism is malformed"),
        F::MechanismTooWeak => (Status::No, Some("PRIVACYREQUIRED"), "The mechanism is too weak"),
        F::MechanismUnknown => (Status::No, None, "No such mechanism"),
        F::PasswordTransitionNeeded => {
            (Status::No, Some("AUTHENTICATIONFAILED"), "A password transition is needed")
        }
        F::TooLarge => (Status::Bad, None, "Too large"),
        F::WrongState => (Status::Bad, None, "Not now"),
        _ => (Status::No, Some("UNAVAILABLE"), "Temporary failure, try again later"),
    };
    Condition::new(status, code, text)
}
