//! The server's half: asks the store about the token; whether the device may come in is asked by the exchange.

use std::mem;

use aiosasl::{
    error::{Failure, Reason},
    identity::AuthenticationId,
    mechanism::{Heard, ServerMechanism, ServerTurn},
    message::{Challenge, Proven},
    name::MechanismName,
    query::{Answer, Query, VerifyPassword},
    secret::Password,
};

use crate::{NAME, greeting};

/// The server's half.
#[derive(Default)]
pub struct TokenServer {
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectMessage,
    ExpectVerdict,
}

impl TokenServer {
    /// A server that waits for the message.
    pub fn new() -> Self {
        Self { state: State::ExpectMessage }
    }
}

impl ServerMechanism for TokenServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectMessage, Heard::Message(it)) => {
                self.state = State::ExpectVerdict;
                Ok(ServerTurn::Ask(Query::VerifyPassword(parse(it)?)))
            }
            (State::ExpectVerdict, Heard::Answer(it)) => {
                let device = it.verified()?;
                let last_words = Challenge::new(greeting(device.as_str()));
                let mut proven = Proven::from(device);
                proven.additional_data = Some(last_words);
                Ok(ServerTurn::Proven(proven))
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

fn parse(message: &[u8]) -> Result<VerifyPassword, Failure> {
    let text = std::str::from_utf8(message).map_err(|_| Failure::malformed(Reason::InvalidUtf8))?;
    let (device, token) = text.split_once('\0').ok_or(Failure::malformed(Reason::TooFewFields))?;
    let device =
        AuthenticationId::new(device).map_err(|_| Failure::malformed(Reason::EmptyAuthcid))?;
    Ok(VerifyPassword::new(device, Password::from(token)))
}
