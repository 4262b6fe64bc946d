//! The lines of D-Bus's authentication.

use aiosasl::{
    encoding::{hex, unhex},
    message::{Challenge, Response},
    name::MechanismName,
};
use zeroize::Zeroizing;

use crate::{WireError, line::Line, printable};

/// A line that a client says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientLine {
    /// Which mechanisms are there? A bus answers with a refusal that names them.
    Ask,
    /// Starts an exchange.
    Auth(MechanismName, Option<Response>),
    /// What follows are messages of D-Bus.
    Begin,
    /// Gives an exchange up.
    Cancel,
    /// Answers a challenge.
    Data(Response),
    /// What was said makes no sense here.
    Error(String),
    /// May file descriptors be passed?
    NegotiateUnixFd,
}

/// A line that a server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerLine {
    /// File descriptors may be passed.
    AgreeUnixFd,
    /// A challenge.
    Data(Challenge),
    /// What was said makes no sense here.
    Error(String),
    /// The client is in, and this is the bus's own name, in hexadecimal digits.
    Ok(String),
    /// The client is not in; these are the mechanisms, as they stand.
    Rejected(Vec<String>),
}

impl ClientLine {
    /// Reads a line, without its ending.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse(line: &[u8]) -> Result<Self, WireError> {
        let (command, rest) = split(line)?;
        match (command, rest) {
            ("AUTH", "") => Ok(Self::Ask),
            ("AUTH", rest) => {
                let (name, message) = match rest.split_once(' ') {
                    Some((name, message)) => (name, Some(message.trim_ascii())),
                    None => (rest, None),
                };
                let name = MechanismName::parse(name)
                    .map_err(|error| WireError::protocol(error.to_string()))?;
                // Nothing behind the name is no initial response (which may be none at all).
                let message = message.filter(|it| !it.is_empty()).map(octets).transpose()?;
                Ok(Self::Auth(name, message.map(|it| Response::new(it.as_slice()))))
            }
            ("BEGIN", _) => Ok(Self::Begin),
            ("CANCEL", _) => Ok(Self::Cancel),
            ("DATA", rest) => Ok(Self::Data(Response::new(octets(rest)?.as_slice()))),
            ("ERROR", rest) => Ok(Self::Error(printable(rest.as_bytes()))),
            ("NEGOTIATE_UNIX_FD", _) => Ok(Self::NegotiateUnixFd),
            _ => Err(unknown(line)),
        }
    }

    /// The line, with its ending.
    pub fn to_line(&self) -> Line {
        Zeroizing::new(match self {
            Self::Ask => b"AUTH\r\n".to_vec(),
            Self::Auth(name, None) => format!("AUTH {name}\r\n").into_bytes(),
            Self::Auth(name, Some(first)) => {
                let digits = Zeroizing::new(hex(first.as_bytes()));
                ["AUTH ", name.as_str(), " ", &digits, "\r\n"].concat().into_bytes()
            }
            Self::Begin => b"BEGIN\r\n".to_vec(),
            Self::Cancel => b"CANCEL\r\n".to_vec(),
            Self::Data(message) => data(message.as_bytes()),
            Self::Error(text) => format!("ERROR {}\r\n", one_line(text)).into_bytes(),
            Self::NegotiateUnixFd => b"NEGOTIATE_UNIX_FD\r\n".to_vec(),
        })
    }
}

impl ServerLine {
    /// Reads a line, without its ending.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse(line: &[u8]) -> Result<Self, WireError> {
        match split(line)? {
            ("AGREE_UNIX_FD", _) => Ok(Self::AgreeUnixFd),
            ("DATA", rest) => Ok(Self::Data(Challenge::new(octets(rest)?.as_slice()))),
            ("ERROR", rest) => Ok(Self::Error(printable(rest.as_bytes()))),
            ("OK", guid) => Ok(Self::Ok(printable(guid.as_bytes()))),
            ("REJECTED", names) => {
                Ok(Self::Rejected(names.split_ascii_whitespace().map(str::to_owned).collect()))
            }
            _ => Err(unknown(line)),
        }
    }

    /// The line, with its ending.
    pub fn to_line(&self) -> Line {
        Zeroizing::new(match self {
            Self::AgreeUnixFd => b"AGREE_UNIX_FD\r\n".to_vec(),
            Self::Data(message) => data(message.as_bytes()),
            Self::Error(text) => format!("ERROR {}\r\n", one_line(text)).into_bytes(),
            Self::Ok(guid) => format!("OK {}\r\n", one_line(guid)).into_bytes(),
            Self::Rejected(names) => {
                format!("REJECTED {}\r\n", one_line(&names.join(" "))).into_bytes()
            }
        })
    }
}

/// Joined at once: a text that grows would leave parts of a secret behind.
fn data(message: &[u8]) -> Vec<u8> {
    if message.is_empty() {
        return b"DATA\r\n".to_vec();
    }
    let digits = Zeroizing::new(hex(message));
    ["DATA ", &digits, "\r\n"].concat().into_bytes()
}

/// The command, and what stands behind it.
fn split(line: &[u8]) -> Result<(&str, &str), WireError> {
    let line = std::str::from_utf8(line).ok().filter(|line| line.is_ascii());
    let line = line.ok_or_else(|| WireError::protocol("expected a line of ASCII"))?;
    Ok(line.split_once(' ').map_or((line, ""), |(command, rest)| (command, rest.trim_ascii())))
}

fn octets(digits: &str) -> Result<Zeroizing<Vec<u8>>, WireError> {
    let octets = unhex(digits.as_bytes());
    octets.map(Zeroizing::new).ok_or_else(|| WireError::protocol("expected hexadecimal digits"))
}

fn one_line(text: &str) -> String {
    printable(text.as_bytes())
}

/// What stands behind the command may be a secret.
fn unknown(line: &[u8]) -> WireError {
    let command = line.split(|octet| *octet == b' ').next().unwrap_or_default();
    let command = printable(command.get(..32).unwrap_or(command));
    WireError::protocol(format!("expected a command of D-Bus's authentication, found {command:?}"))
}
