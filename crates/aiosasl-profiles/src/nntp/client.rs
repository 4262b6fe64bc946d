//! The client's half of NNTP: SASL messages and the few commands around them to lines, and lines to what they mean.

use aiosasl::{
    driver,
    encoding::{decode, encode},
    message::{Challenge, ClientMessage, Response},
};
use zeroize::Zeroizing;

use super::{Code, Reply};
use crate::{Said, WireClass, WireError, argument, line::Line};

/// A command without arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// What can the server do?
    Capabilities,
    /// Let us speak as readers do (RFC 3977 section 5.3).
    ModeReader,
    /// Good bye.
    Quit,
    /// Let us speak TLS (RFC 4642).
    StartTls,
}

/// The command's line, with its ending.
pub fn command(command: Command) -> &'static [u8] {
    match command {
        Command::Capabilities => b"CAPABILITIES\r\n",
        Command::ModeReader => b"MODE READER\r\n",
        Command::Quit => b"QUIT\r\n",
        Command::StartTls => b"STARTTLS\r\n",
    }
}

/// The line of a SASL message, with its ending. Whatever is empty is `=` (RFC 4643 section 2.4.2).
pub fn request(message: &ClientMessage) -> Zeroizing<Vec<u8>> {
    // Joined at once: a text that grows would leave parts of a secret behind.
    Zeroizing::new(match message {
        ClientMessage::Authenticate { mechanism, initial_response: None } => {
            format!("AUTHINFO SASL {mechanism}\r\n").into_bytes()
        }
        ClientMessage::Authenticate { mechanism, initial_response: Some(first) } => {
            let base64 = base64(first);
            ["AUTHINFO SASL ", mechanism.as_str(), " ", &base64, "\r\n"].concat().into_bytes()
        }
        ClientMessage::Response(response) => [base64(response).as_bytes(), b"\r\n"].concat(),
        ClientMessage::Abort => b"*\r\n".to_vec(),
    })
}

/// The line that names somebody who comes without SASL, with its ending (RFC 4643 section 2.3).
///
/// # Errors
///
/// A [`WireError`] of class [`Credentials`](WireClass::Credentials) where the line can't say the name.
pub fn user(name: &[u8]) -> Result<Line, WireError> {
    argument::line("AUTHINFO USER", name)
}

/// The line with the password, with its ending.
///
/// # Errors
///
/// As [`user`].
pub fn pass(password: &[u8]) -> Result<Line, WireError> {
    argument::line("AUTHINFO PASS", password)
}

fn base64(response: &Response) -> Zeroizing<String> {
    Zeroizing::new(match response.as_bytes() {
        [] => "=".to_owned(),
        octets => encode(octets),
    })
}

/// What a line says inside an exchange.
///
/// # Errors
///
/// A [`WireError`] where the server refuses (except to an abort, where that is a reply), or says what it may not.
pub fn hear(line: &[u8], said: Said) -> Result<driver::Reply, WireError> {
    let reply = Reply::parse(line).map_err(|error| WireError::protocol(error.to_string()))?;
    match reply.code {
        Code::ACCEPTED => Ok(driver::Reply::Success(None)),
        Code::ACCEPTED_WITH_DATA => octets(reply.text).map(|it| driver::Reply::Success(Some(it))),
        Code::CHALLENGE => octets(reply.text).map(driver::Reply::Challenge),
        code if code.is_refusal() && said == Said::Abort => Ok(driver::Reply::Failure),
        _ => Err(refusal(&reply)),
    }
}

fn octets(base64: &[u8]) -> Result<Challenge, WireError> {
    match base64 {
        b"=" => Ok(Challenge::empty()),
        b"" => Err(WireError::protocol("expected base64 or '=' (RFC 4643 section 2.4.2)")),
        _ => match decode(base64) {
            Ok(octets) => Ok(Challenge::new(octets)),
            Err(error) => Err(WireError::protocol(format!("a challenge: {error}"))),
        },
    }
}

/// What a refusal means (RFC 4643 section 2.4.1); what refuses nothing breaks the protocol here.
pub fn refusal(reply: &Reply<'_>) -> WireError {
    let class = match reply.code {
        Code::INTERNAL_FAULT | Code::UNAVAILABLE => WireClass::Temporary,
        Code::REJECTED => WireClass::Credentials,
        Code::AUTHENTICATION_REQUIRED | Code::ENCRYPTION_REQUIRED => WireClass::Policy,
        Code::UNKNOWN_COMMAND | Code::UNSUPPORTED => WireClass::Mechanism,
        Code::NO_TLS => WireClass::Tls,
        _ => WireClass::Protocol,
    };
    WireError::told(class, reply.code.to_string(), reply.text)
}
