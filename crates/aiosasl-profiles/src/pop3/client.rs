//! The client's half of POP3: SASL messages and the few commands around them to lines, and lines to what they mean.

use aiosasl::{
    driver,
    encoding::{decode, encode},
    message::{Challenge, ClientMessage, Response},
};
use zeroize::Zeroizing;

use super::{AuthCodes, Reply, Sign, Status};
use crate::{Said, WireClass, WireError, argument, line::Line};

/// A command without arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// What can the server do?
    Capa,
    /// What mechanisms does it have? Servers of before RFC 2449 may know that, and nothing better.
    Mechanisms,
    /// Good bye.
    Quit,
    /// Let us speak TLS (RFC 2595 section 4).
    StartTls,
}

/// The command's line, with its ending.
pub fn command(command: Command) -> &'static [u8] {
    match command {
        Command::Capa => b"CAPA\r\n",
        Command::Mechanisms => b"AUTH\r\n",
        Command::Quit => b"QUIT\r\n",
        Command::StartTls => b"STLS\r\n",
    }
}

/// The line of a SASL message, with its ending. An empty initial response is `=`, an empty response an empty line
/// (RFC 5034 section 4).
pub fn request(message: &ClientMessage) -> Zeroizing<Vec<u8>> {
    // Joined at once: a text that grows would leave parts of a secret behind.
    Zeroizing::new(match message {
        ClientMessage::Authenticate { mechanism, initial_response: None } => {
            format!("AUTH {mechanism}\r\n").into_bytes()
        }
        ClientMessage::Authenticate { mechanism, initial_response: Some(first) } => {
            let base64 = base64(first);
            let shown = if base64.is_empty() { "=" } else { &base64 };
            ["AUTH ", mechanism.as_str(), " ", shown, "\r\n"].concat().into_bytes()
        }
        ClientMessage::Response(response) => [base64(response).as_bytes(), b"\r\n"].concat(),
        ClientMessage::Abort => b"*\r\n".to_vec(),
    })
}

/// The line that names somebody who comes without SASL, with its ending (RFC 1939 section 7).
///
/// # Errors
///
/// A [`WireError`] of class [`Credentials`](WireClass::Credentials) where the line can't say the name.
pub fn user(name: &[u8]) -> Result<Line, WireError> {
    argument::line("USER", name)
}

/// The line with the password, with its ending.
///
/// # Errors
///
/// As [`user`].
pub fn pass(password: &[u8]) -> Result<Line, WireError> {
    argument::line("PASS", password)
}

fn base64(response: &Response) -> Zeroizing<String> {
    Zeroizing::new(encode(response.as_bytes()))
}

/// What a line says inside an exchange.
///
/// # Errors
///
/// A [`WireError`] where the server refuses (except to an abort, where that is a reply), or says what it may not.
pub fn hear(line: &[u8], said: Said, codes: AuthCodes) -> Result<driver::Reply, WireError> {
    match Reply::parse(line) {
        Ok(Reply::Continuation(text)) => challenge(text, said),
        Ok(Reply::Status(status)) => match (status.sign, said) {
            (Sign::Ok, _) => Ok(driver::Reply::Success(None)),
            (Sign::Err, Said::Abort) => Ok(driver::Reply::Failure),
            (Sign::Err, _) => Err(refusal(&status, said, codes)),
        },
        Err(error) => Err(WireError::protocol(error.to_string())),
    }
}

/// A continuation is strict base64; words in the first one, where the client waits to speak first, are as good as
/// nothing.
fn challenge(text: &[u8], said: Said) -> Result<driver::Reply, WireError> {
    match (decode(text), said) {
        (Ok(octets), _) => Ok(driver::Reply::Challenge(Challenge::new(octets))),
        (Err(_), Said::Request) => Ok(driver::Reply::Challenge(Challenge::empty())),
        (Err(error), _) => Err(WireError::protocol(format!("a challenge: {error}"))),
    }
}

/// What a refusal means (RFC 2449 section 8.1, RFC 3206). Without a code, it is about the credentials, unless the
/// server has not seen any, or marks those that are.
pub fn refusal(status: &Status<'_>, said: Said, codes: AuthCodes) -> WireError {
    let code = status.code.map(<[u8]>::to_ascii_uppercase);
    let class = match (code.as_deref(), said, codes) {
        // Whether the account is locked or the server is broken: no other mechanism will do, and no other time.
        (Some(b"AUTH" | b"SYS/PERM"), ..) => WireClass::Credentials,
        (Some(b"IN-USE" | b"LOGIN-DELAY" | b"SYS/TEMP"), ..) => WireClass::Temporary,
        (_, Said::Request, _) => WireClass::Mechanism,
        (_, Said::Response, AuthCodes::Unlisted) => WireClass::Credentials,
        _ => WireClass::Protocol,
    };
    WireError::told(class, status.label(), status.text)
}
