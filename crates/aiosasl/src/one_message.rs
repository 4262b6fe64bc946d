//! The client's half of every mechanism that says one message and hears nothing back.

use core::fmt;

use crate::{
    error::{Error, Misuse, Reason},
    mechanism::{ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    query::ClientAnswer,
};

/// Says its message initially; any challenge after it is one too many.
pub struct OneMessageClient {
    name: MechanismName,
    message: Option<Response>,
}

impl OneMessageClient {
    /// The client's half of a mechanism of this name, with its message.
    pub fn new(name: MechanismName, message: Response) -> Self {
        Self { name, message: Some(message) }
    }
}

impl ClientMechanism for OneMessageClient {
    fn name(&self) -> MechanismName {
        self.name
    }

    fn initial_response(&mut self) -> Option<Response> {
        self.message.take()
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match heard {
            Heard::Message(_) => Err(Error::Peer(Reason::UnexpectedChallenge)),
            Heard::Answer(_) => Err(Misuse::NothingAsked.into()),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match self.message {
            None => Ok(Conclusion::unproven()),
            Some(_) => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

impl fmt::Debug for OneMessageClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneMessageClient").field("name", &self.name).finish_non_exhaustive()
    }
}
