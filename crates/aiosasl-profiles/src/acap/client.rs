//! The client's half of ACAP: SASL messages and the few commands around them, and what a server's messages mean.

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage},
    name::MechanismName,
};
use zeroize::Zeroizing;

use super::{Capability, Condition, Reply, Status};
use crate::{
    Said, WireClass, WireError,
    sieve::{Sender, string},
};

/// The most names taken from one list of mechanisms.
const MAX_NAMES: usize = 512;

/// A command without arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Good bye.
    Logout,
    /// Nothing.
    Noop,
    /// Let us speak TLS.
    StartTls,
}

/// The command under this tag, with its ending.
pub fn command(tag: &str, command: Command) -> Vec<u8> {
    let word = match command {
        Command::Logout => "LOGOUT",
        Command::Noop => "NOOP",
        Command::StartTls => "STARTTLS",
    };
    format!("{tag} {word}\r\n").into_bytes()
}

/// A SASL message, with its ending; the tag is for the request alone. What the mechanism says is a string as it is (RFC
/// 2244 section 6.3.1).
pub fn request(tag: &str, message: &ClientMessage) -> Zeroizing<Vec<u8>> {
    let own = |octets| string(octets, Sender::Client);
    // Joined at once: a text that grows would leave parts of a secret behind.
    Zeroizing::new(match message {
        ClientMessage::Authenticate { mechanism, initial_response: None } => {
            format!("{tag} AUTHENTICATE \"{mechanism}\"\r\n").into_bytes()
        }
        ClientMessage::Authenticate { mechanism, initial_response: Some(first) } => {
            let request = format!("{tag} AUTHENTICATE \"{mechanism}\" ");
            [request.as_bytes(), &own(first.as_bytes()), b"\r\n"].concat()
        }
        ClientMessage::Response(response) => {
            [own(response.as_bytes()).as_slice(), b"\r\n"].concat()
        }
        ClientMessage::Abort => b"*\r\n".to_vec(),
    })
}

/// The mechanisms of a greeting, each once.
pub fn mechanisms(greeting: &[Capability]) -> Vec<MechanismName> {
    let mut names = Vec::new();
    let offers = greeting.iter().filter(|it| it.name == "SASL").flat_map(|it| &it.values);
    for name in offers.take(MAX_NAMES).filter_map(|it| MechanismName::parse_any_case(it).ok()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What a message says in an exchange that was requested under this tag; `None` where it concerns something else.
///
/// # Errors
///
/// A [`WireError`] where the server refuses (except to an abort, where that is a reply), or says good bye.
pub fn hear(tag: &str, reply: &Reply, said: Said) -> Result<Option<driver::Reply>, WireError> {
    match reply {
        Reply::Continuation(words) => {
            Ok(Some(driver::Reply::Challenge(Challenge::new(words.expose()))))
        }
        Reply::Tagged { tag: its, condition } if its == tag => match (condition.status, said) {
            (Status::Ok, _) => success(condition).map(|it| Some(driver::Reply::Success(it))),
            (Status::Bad | Status::No, Said::Abort) => Ok(Some(driver::Reply::Failure)),
            _ => Err(refusal(condition, said)),
        },
        Reply::Untagged(condition) if condition.status == Status::Bye => {
            Err(refusal(condition, said))
        }
        Reply::Acap(_) | Reply::Tagged { .. } | Reply::Untagged(_) => Ok(None),
    }
}

/// The last words of a success, where there are any.
fn success(condition: &Condition) -> Result<Option<Challenge>, WireError> {
    match &condition.code {
        Some(code) if code.name == "SASL" => match &code.argument {
            Some(words) => Ok(Some(Challenge::new(words.expose()))),
            None => Err(WireError::protocol("expected a string with SASL")),
        },
        _ => Ok(None),
    }
}

/// What a refusal or a farewell means (RFC 2244 section 4.3). Without a code, a refusal is about the credentials,
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
    WireError::told(class, condition.label(), &condition.text)
}
