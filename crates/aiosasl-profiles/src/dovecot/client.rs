//! The client's half: the handshake, SASL messages to lines, and what a server's lines mean.

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage},
    name::MechanismName,
    secret::Secret,
};
use zeroize::Zeroizing;

use super::{ClientLine, MAJOR, MINOR, Parameter, Parameters, ServerLine, octets};
use crate::{Said, WireClass, WireError};

/// The most mechanisms taken from one handshake.
const MAX_MECHANISMS: usize = 512;

/// The client's two lines of the handshake: the version we speak, and a number that no other client of this server
/// has, such as the process's. Some servers say nothing before they came.
///
/// # Errors
///
/// None in practice: both lines are short.
pub fn hello(pid: u32) -> Result<Vec<u8>, WireError> {
    let version = ClientLine::Version { major: MAJOR, minor: MINOR }.to_line()?;
    Ok([version.as_slice(), &ClientLine::Cpid(pid).to_line()?].concat())
}

/// Hears a server's handshake, line for line.
#[derive(Debug, Default)]
pub struct Handshake {
    version: Option<u32>,
    greeting: Greeting,
}

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Greeting {
    /// The second number of its version.
    pub minor: u32,
    /// The mechanisms that can be had, in the server's order, with what is known of them.
    pub offers: Vec<(String, Parameters)>,
    /// Its process.
    pub spid: Option<u32>,
    /// The connection's number.
    pub cuid: Option<u32>,
    /// What the server may be asked with for those who came in.
    pub cookie: Option<Secret>,
}

impl Greeting {
    /// The mechanisms, each once.
    pub fn mechanisms(&self) -> Vec<MechanismName> {
        let mut names = Vec::new();
        for (name, _) in &self.offers {
            match MechanismName::parse_any_case(name) {
                Ok(name) if !names.contains(&name) => names.push(name),
                _ => {}
            }
        }
        names
    }
}

impl Handshake {
    /// Takes a line; gives the greeting when it was the last one.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the server speaks another protocol, or says what it may not yet.
    pub fn hear(&mut self, line: ServerLine) -> Result<Option<Greeting>, WireError> {
        let greeting = &mut self.greeting;
        match (line, self.version) {
            (ServerLine::Version { major: MAJOR, minor }, None) => self.version = Some(minor),
            (ServerLine::Version { .. }, None) => {
                return Err(WireError::protocol(format!(
                    "expected version {MAJOR} of the protocol"
                )));
            }
            (_, None) => return Err(WireError::protocol("expected a version first")),
            (ServerLine::Cookie(cookie), _) => greeting.cookie = Some(cookie),
            (ServerLine::Cuid(cuid), _) => greeting.cuid = Some(cuid),
            (ServerLine::Spid(spid), _) => greeting.spid = Some(spid),
            (ServerLine::Mech { name, parameters }, _) => {
                if greeting.offers.len() < MAX_MECHANISMS {
                    greeting.offers.push((name, parameters));
                }
            }
            (ServerLine::Done, Some(minor)) => {
                let greeting = std::mem::take(greeting);
                return Ok(Some(Greeting { minor, ..greeting }));
            }
            (ServerLine::Other(_), _) => {}
            _ => return Err(WireError::protocol("expected the rest of the handshake")),
        }
        Ok(None)
    }
}

/// What the server is to know of whoever wants to come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    service: String,
    parameters: Parameters,
}

impl Context {
    /// The protocol that the user speaks: `imap`, `smtp`.
    pub fn new(service: &str) -> Self {
        Self { service: service.to_owned(), parameters: Parameters::default() }
    }

    /// The same with a parameter more: `secured=tls`, `rip` for the user's address, `no-penalty`. The initial response
    /// is none of them.
    #[must_use]
    pub fn with(mut self, parameter: Parameter) -> Self {
        if !parameter.is_response() {
            self.parameters.0.push(parameter);
        }
        self
    }
}

/// The line of a SASL message in the exchange of this number.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn request(
    id: u32,
    message: &ClientMessage,
    context: &Context,
) -> Result<Zeroizing<Vec<u8>>, WireError> {
    match message {
        ClientMessage::Authenticate { mechanism, initial_response } => {
            let service = Parameter::new("service", context.service.as_bytes());
            let others = context.parameters.0.iter().cloned();
            ClientLine::Auth {
                id,
                mechanism: mechanism.to_string(),
                parameters: std::iter::once(service).chain(others).collect(),
                response: initial_response.clone(),
            }
        }
        ClientMessage::Response(response) => ClientLine::Cont { id, response: response.clone() },
        ClientMessage::Abort => ClientLine::Cancel(id),
    }
    .to_line()
}

/// What a line says in the exchange of this number; `None` where it concerns another one, or none.
///
/// To an abort a server may say nothing at all: do not wait for it.
///
/// # Errors
///
/// A [`WireError`] where the server refuses (except to an abort, where that is a reply), or says what it may not.
pub fn hear(id: u32, line: &ServerLine, said: Said) -> Result<Option<driver::Reply>, WireError> {
    match line {
        ServerLine::Cont { id: its, challenge } if *its == id => {
            Ok(Some(driver::Reply::Challenge(challenge.clone())))
        }
        ServerLine::Fail { id: its, .. } if *its == id && said == Said::Abort => {
            Ok(Some(driver::Reply::Failure))
        }
        ServerLine::Fail { id: its, parameters } if *its == id => Err(refusal(parameters, said)),
        ServerLine::Ok { id: its, parameters } if *its == id => {
            let words = parameters.value("resp").map(octets).transpose()?;
            Ok(Some(driver::Reply::Success(words.map(Challenge::new))))
        }
        _ => Ok(None),
    }
}

/// What a failure means, by its `code`, or by the words that had that place in version 1.1. Without either, it is about
/// the credentials, unless the server has not seen any.
pub fn refusal(parameters: &Parameters, said: Said) -> WireError {
    let code = parameters.text("code");
    let words = ["temp", "authz", "user_disabled", "pass_expired"];
    let word = words.into_iter().find(|word| parameters.has(word));
    let code = code.as_deref().or(word).unwrap_or_default();
    let class = match (code, said) {
        ("temp_fail" | "temp", _) => WireClass::Temporary,
        ("authz_fail" | "authz", _) => WireClass::Authorization,
        ("invalid_base64", _) => WireClass::Protocol,
        ("pass_expired" | "user_disabled", _) => WireClass::Credentials,
        ("auth_mech_ssl_required", _) => WireClass::Policy,
        ("auth_mech_invalid", _) | (_, Said::Request) => WireClass::Mechanism,
        _ => WireClass::Credentials,
    };
    let label = if code.is_empty() { "FAIL".to_owned() } else { format!("FAIL {code}") };
    WireError::told(class, label, parameters.value("reason").unwrap_or_default())
}
