//! The server's half: whose token is it? Where it is nobody's, the client is told what is wanted, and then fails.

use core::{fmt, mem};

use super::{
    grammar::{Form, Opening},
    told,
};
use crate::{
    error::Failure,
    identity::AuthorizationId,
    mechanism::{Heard, ServerMechanism, ServerTurn},
    message::{Challenge, Proven},
    name::MechanismName,
    query::{Answer, Query, VerifyToken},
};

/// The server's half of OAUTHBEARER, XOAUTH2 and OAUTH10A.
pub struct OauthServer {
    form: &'static Form,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectMessage,
    ExpectVerdict(Option<AuthorizationId>),
    /// The client has been told of the error, and says one thing more.
    ExpectAcknowledgement(Failure),
}

impl OauthServer {
    pub(super) fn new(form: &'static Form) -> Self {
        Self { form, state: State::ExpectMessage }
    }

    fn ask(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        let Opening { claimed, endpoint, token } =
            (self.form.parse)(message).map_err(Failure::malformed)?;
        self.state = State::ExpectVerdict(claimed.clone());
        Ok(ServerTurn::Ask(Query::VerifyToken(
            VerifyToken::new(token)
                .shown_by(self.form.scheme)
                .claiming(claimed)
                .meant_for(endpoint),
        )))
    }

    fn judge(
        &mut self,
        claimed: Option<AuthorizationId>,
        answer: Answer,
    ) -> Result<ServerTurn, Failure> {
        match answer.token()? {
            Ok(identity) => Ok(ServerTurn::Proven(Proven {
                authorization_id: claimed,
                ..Proven::from(identity)
            })),
            Err(refused) => {
                self.state = State::ExpectAcknowledgement(refused.failure);
                Ok(ServerTurn::Challenge(Challenge::new(told::spell(&refused.told))))
            }
        }
    }
}

impl ServerMechanism for OauthServer {
    fn name(&self) -> MechanismName {
        self.form.name
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectMessage, Heard::Message(it)) => self.ask(it),
            (State::ExpectVerdict(claimed), Heard::Answer(it)) => self.judge(claimed, it),
            // Whatever it says: the verdict stands.
            (State::ExpectAcknowledgement(failure), Heard::Message(_)) => Err(failure),
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

impl fmt::Debug for OauthServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OauthServer").field("name", &self.form.name).finish_non_exhaustive()
    }
}
