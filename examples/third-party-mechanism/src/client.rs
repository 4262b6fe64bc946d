//! The client's half: says its token, and wants to be greeted by its name.

use std::mem;

use aiosasl::{
    credentials::{Credentials, Key},
    error::{Error, Reason},
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    query::ClientAnswer,
};

use crate::{NAME, greeting};

/// The client's half.
#[derive(Default)]
pub struct TokenClient {
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectStart {
        message: Response,
        greeting: Vec<u8>,
    },
    ExpectGreeting(Vec<u8>),
    ExpectSuccess,
}

impl TokenClient {
    /// A client with these credentials: the device's name, and its token as the password.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] where one of them is missing.
    pub fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        let (message, greeting) = message(context.credentials)?;
        Ok(Self { state: State::ExpectStart { message, greeting } })
    }
}

impl ClientMechanism for TokenClient {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_response(&mut self) -> Option<Response> {
        let State::ExpectStart { message, greeting } = mem::take(&mut self.state) else {
            return None;
        };
        self.state = State::ExpectGreeting(greeting);
        Some(message)
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectGreeting(greeting), Heard::Message(it)) if *it == *greeting => {
                self.state = State::ExpectSuccess;
                Ok(ClientTurn::Respond(Response::empty()))
            }
            _ => Err(Error::Peer(Reason::UnexpectedChallenge)),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match mem::take(&mut self.state) {
            State::ExpectSuccess => Ok(Conclusion::unproven()),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

/// The client's message, and the greeting that has to follow.
pub(crate) fn message(credentials: &Credentials) -> Result<(Response, Vec<u8>), Error> {
    let (Some(device), Key::Password(token)) = (&credentials.authentication_id, &credentials.key)
    else {
        return Err(Error::Credentials(Reason::NoCredentials));
    };
    let octets = [device.as_str().as_bytes(), token.expose().as_bytes()].join(&0);
    Ok((Response::new(octets), greeting(device.as_str())))
}
