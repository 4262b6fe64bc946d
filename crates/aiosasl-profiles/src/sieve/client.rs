//! The client's half of ManageSieve: SASL messages and the few commands around them, and what a server's messages mean.

use aiosasl::{
    driver,
    encoding::{decode, encode},
    message::{Challenge, ClientMessage, Response},
};
use zeroize::Zeroizing;

use super::{Condition, Reply, Sender, Status, string};
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

/// The command, with its ending.
pub fn command(command: Command) -> &'static [u8] {
    match command {
        Command::Capability => b"CAPABILITY\r\n",
        Command::Logout => b"LOGOUT\r\n",
        Command::StartTls => b"STARTTLS\r\n",
    }
}

/// A SASL message, with its ending: empty messages are empty strings (RFC 5804 section 2.1).
pub fn request(message: &ClientMessage) -> Zeroizing<Vec<u8>> {
    // Joined at once: a text that grows would leave parts of a secret behind.
    Zeroizing::new(match message {
        ClientMessage::Authenticate { mechanism, initial_response: None } => {
            format!("AUTHENTICATE \"{mechanism}\"\r\n").into_bytes()
        }
        ClientMessage::Authenticate { mechanism, initial_response: Some(first) } => {
            let request = format!("AUTHENTICATE \"{mechanism}\" ");
            [request.as_bytes(), &base64(first), b"\r\n"].concat()
        }
        ClientMessage::Response(response) => [base64(response).as_slice(), b"\r\n"].concat(),
        ClientMessage::Abort => b"\"*\"\r\n".to_vec(),
    })
}

fn base64(response: &Response) -> Zeroizing<Vec<u8>> {
    string(Zeroizing::new(encode(response.as_bytes())).as_bytes(), Sender::Client)
}

/// What a message says inside an exchange.
///
/// # Errors
///
/// A [`WireError`] where the server refuses (except to an abort, where that is a reply), says good bye, or says
/// what it may not.
pub fn hear(reply: &Reply, said: Said) -> Result<driver::Reply, WireError> {
    match reply {
        Reply::Strings(strings) => match strings.as_slice() {
            [token] => challenge(token.expose()).map(driver::Reply::Challenge),
            _ => Err(WireError::protocol("expected a challenge of one string")),
        },
        Reply::Condition(condition) => match (condition.status, said) {
            (Status::Ok, _) => success(condition).map(driver::Reply::Success),
            (Status::No, Said::Abort) => Ok(driver::Reply::Failure),
            (Status::Bye | Status::No, _) => Err(refusal(condition, said)),
        },
    }
}

fn challenge(base64: &[u8]) -> Result<Challenge, WireError> {
    match decode(base64) {
        Ok(octets) => Ok(Challenge::new(octets)),
        Err(error) => Err(WireError::protocol(format!("a challenge: {error}"))),
    }
}

/// The last words of a success, where there are any.
fn success(condition: &Condition) -> Result<Option<Challenge>, WireError> {
    match &condition.code {
        Some(code) if code.name == "SASL" => match &code.argument {
            Some(token) => challenge(token.expose()).map(Some),
            None => Err(WireError::protocol("expected a string with SASL")),
        },
        _ => Ok(None),
    }
}

/// What a refusal or a farewell means (RFC 5804 section 1.3). Without a code, a refusal is about the credentials,
/// unless the server has not seen any.
pub fn refusal(condition: &Condition, said: Said) -> WireError {
    let code = condition.code.as_ref().map(|code| code.name.as_str());
    let class = match (condition.status, code, said) {
        (_, Some("AUTH-TOO-WEAK" | "ENCRYPT-NEEDED"), _) => WireClass::Policy,
        (_, Some("TRANSITION-NEEDED" | "TRYLATER"), _) => WireClass::Temporary,
        (Status::Bye, ..) => WireClass::Connection,
        (Status::No, _, Said::Request) => WireClass::Mechanism,
        (Status::No, _, Said::Response) => WireClass::Credentials,
        _ => WireClass::Protocol,
    };
    WireError::told(class, condition.label(), condition.words())
}
