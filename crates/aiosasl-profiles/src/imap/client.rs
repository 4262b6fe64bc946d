//! The client's half of IMAP: SASL messages and the few commands around them to lines, and lines to what they mean.

use aiosasl::{
    driver,
    encoding::{decode, encode},
    message::{Challenge, ClientMessage, Response},
};
use zeroize::Zeroizing;

use super::{Condition, Reply, Status};
use crate::{Said, WireClass, WireError};

/// A command without arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// What can the server do?
    Capability,
    /// Good bye.
    Logout,
    /// Let us speak TLS.
    StartTls,
}

/// The command's line, with its ending.
pub fn command(tag: &str, command: Command) -> Vec<u8> {
    let word = match command {
        Command::Capability => "CAPABILITY",
        Command::Logout => "LOGOUT",
        Command::StartTls => "STARTTLS",
    };
    format!("{tag} {word}\r\n").into_bytes()
}

/// The line of a SASL message, with its ending; the tag is for a request alone.
///
/// An empty initial response is `=`, an empty response an empty line (RFC 4959 section 3).
pub fn request(tag: &str, message: &ClientMessage) -> Zeroizing<Vec<u8>> {
    // Joined at once: a text that grows would leave parts of a secret behind.
    Zeroizing::new(match message {
        ClientMessage::Authenticate { mechanism, initial_response: None } => {
            format!("{tag} AUTHENTICATE {mechanism}\r\n").into_bytes()
        }
        ClientMessage::Authenticate { mechanism, initial_response: Some(first) } => {
            let base64 = base64(first);
            let shown = if base64.is_empty() { "=" } else { &base64 };
            [tag, " AUTHENTICATE ", mechanism.as_str(), " ", shown, "\r\n"].concat().into_bytes()
        }
        ClientMessage::Response(response) => [base64(response).as_bytes(), b"\r\n"].concat(),
        ClientMessage::Abort => b"*\r\n".to_vec(),
    })
}

fn base64(response: &Response) -> Zeroizing<String> {
    Zeroizing::new(encode(response.as_bytes()))
}

/// What a line says to the command with this tag; `None` is for lines that concern something else.
///
/// # Errors
///
/// A [`WireError`] where the server refuses (except to an abort, where that is a reply), says good bye, or says
/// what it may not.
pub fn hear(line: &[u8], tag: &str, said: Said) -> Result<Option<driver::Reply>, WireError> {
    match Reply::parse(line) {
        Ok(Reply::Continuation(text)) => challenge(text, said).map(Some),
        Ok(Reply::Tagged { tag: theirs, condition }) if theirs == tag.as_bytes() => {
            outcome(&condition, said).map(Some)
        }
        Ok(Reply::Tagged { .. }) => {
            Err(WireError::protocol("an answer to a command that was not given"))
        }
        Ok(Reply::Untagged(condition)) if condition.status == Status::Bye => {
            Err(farewell(&condition))
        }
        Ok(Reply::Untagged(_) | Reply::Capability(_) | Reply::Other(_)) => Ok(None),
        Err(error) => Err(WireError::protocol(error.to_string())),
    }
}

/// A continuation is strict base64; words in the first one, where the client waits to speak first, are as good as
/// nothing: some servers write them there.
fn challenge(text: &[u8], said: Said) -> Result<driver::Reply, WireError> {
    match (decode(text), said) {
        (Ok(octets), _) => Ok(driver::Reply::Challenge(Challenge::new(octets))),
        (Err(_), Said::Request) => Ok(driver::Reply::Challenge(Challenge::empty())),
        (Err(error), _) => Err(WireError::protocol(format!("a challenge: {error}"))),
    }
}

fn outcome(condition: &Condition<'_>, said: Said) -> Result<driver::Reply, WireError> {
    match (condition.status, said) {
        (Status::Ok, _) => Ok(driver::Reply::Success(None)),
        (Status::Bad | Status::No, Said::Abort) => Ok(driver::Reply::Failure),
        _ => Err(refusal(condition, said)),
    }
}

/// What a refusal means (RFC 9051 section 7.1, RFC 5530). Without a code, it is about the credentials, unless the
/// server has not seen any.
pub fn refusal(condition: &Condition<'_>, said: Said) -> WireError {
    let code = condition.code.map(<[u8]>::to_ascii_uppercase);
    let class = match (condition.status, code.as_deref(), said) {
        (_, Some(b"AUTHENTICATIONFAILED" | b"CONTACTADMIN" | b"EXPIRED"), _) => {
            WireClass::Credentials
        }
        (_, Some(b"AUTHORIZATIONFAILED" | b"NOPERM"), _) => WireClass::Authorization,
        (_, Some(b"PRIVACYREQUIRED"), _) => WireClass::Policy,
        (_, Some(b"INUSE" | b"LIMIT" | b"UNAVAILABLE"), _) => WireClass::Temporary,
        (Status::No, Some(b"CLIENTBUG" | b"SERVERBUG"), _) => WireClass::Protocol,
        (_, Some(b"CANNOT"), _) | (Status::No, _, Said::Request) => WireClass::Mechanism,
        (Status::No, _, Said::Response) => WireClass::Credentials,
        _ => WireClass::Protocol,
    };
    WireError::told(class, condition.label(), condition.text)
}

/// What an untagged BYE means: the server hangs up, for now or for good.
pub fn farewell(condition: &Condition<'_>) -> WireError {
    let temporary = condition.code.is_some_and(|code| code.eq_ignore_ascii_case(b"UNAVAILABLE"));
    let class = if temporary { WireClass::Temporary } else { WireClass::Connection };
    WireError::told(class, condition.label(), condition.text)
}
