//! The server's half of SECURID: the store judges each code, and says what else it wants.

use core::{fmt, mem};

use super::{
    NAME,
    message::{Request, Said},
};
use crate::{
    error::{Failure, Reason},
    identity::{AuthenticationId, AuthorizationId},
    mechanism::{Heard, ServerContext, ServerMechanism, ServerTurn},
    message::{Challenge, Proven},
    name::MechanismName,
    preparation::Preparation,
    query::{Answer, PasscodeStep, Query, VerifyPasscode},
};

/// The server's half.
pub struct SecuridServer {
    preparation: Preparation,
    state: State,
}

/// As whom to act, and who asks.
#[derive(PartialEq, Eq)]
struct Names(Option<AuthorizationId>, AuthenticationId);

#[derive(Default)]
enum State {
    #[default]
    Dead,
    /// With the names that were said before.
    ExpectMessage(Option<Names>),
    ExpectVerdict(Names),
}

impl SecuridServer {
    /// A server that prepares names as the rules say.
    pub fn new(context: &ServerContext<'_>) -> Self {
        Self { preparation: context.rules.preparation, state: State::ExpectMessage(None) }
    }

    fn ask(&mut self, message: &[u8], before: Option<Names>) -> Result<ServerTurn, Failure> {
        let said = Said::parse(message).map_err(Failure::malformed)?;
        let name = self.preparation.name(said.name).map_err(Failure::credentials)?;
        let names = Names(said.authorization_id, name.clone());
        if before.is_some_and(|before| before != names) {
            return Err(Failure::malformed(Reason::IdentityChanged));
        }
        self.state = State::ExpectVerdict(names);
        let query = VerifyPasscode::new(name, said.passcode, said.pin);
        Ok(ServerTurn::Ask(Query::VerifyPasscode(query)))
    }

    fn judge(&mut self, names: Names, answer: Answer) -> Result<ServerTurn, Failure> {
        let request = match answer.passcode()? {
            PasscodeStep::Accepted(identity) => {
                let proven = Proven { authorization_id: names.0, ..identity.into() };
                return Ok(ServerTurn::Proven(proven));
            }
            PasscodeStep::NewPin { suggested } => Request::Pin(suggested),
            PasscodeStep::NextPasscode => Request::Passcode,
        };
        self.state = State::ExpectMessage(Some(names));
        Ok(ServerTurn::Challenge(Challenge::new(request.spell())))
    }
}

impl ServerMechanism for SecuridServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectMessage(before), Heard::Message(it)) => self.ask(it, before),
            (State::ExpectVerdict(names), Heard::Answer(it)) => self.judge(names, it),
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

impl fmt::Debug for SecuridServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecuridServer")
    }
}
