//! The server's half: where to send the client, and who has come back from there.

use alloc::boxed::Box;
use core::{fmt, mem};

use super::grammar::{self, Form, Opening};
use crate::{
    error::{Failure, FailureCode, Reason},
    identity::AuthorizationId,
    mechanism::{Heard, ServerMechanism, ServerTurn},
    message::{Challenge, Proven},
    name::MechanismName,
    query::{Answer, Query, Redirect, Returned},
};

/// The server's half of both mechanisms.
pub struct VisitServer {
    form: &'static Form,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectProvider,
    ExpectRedirect(Option<AuthorizationId>),
    ExpectReturn(Box<str>, Option<AuthorizationId>),
    ExpectVisitor(Option<AuthorizationId>),
    /// The client has been told of the error, and says one thing more.
    ExpectAcknowledgement(Failure),
}

impl VisitServer {
    pub(super) fn new(form: &'static Form) -> Self {
        Self { form, state: State::ExpectProvider }
    }

    fn ask_where(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        let Opening { authorization_id, provider } =
            Opening::parse(self.form, message).map_err(Failure::malformed)?;
        self.state = State::ExpectRedirect(authorization_id);
        Ok(ServerTurn::Ask(Query::Redirect(Redirect::new(provider))))
    }

    fn send(
        &mut self,
        claimed: Option<AuthorizationId>,
        answer: Answer,
    ) -> Result<ServerTurn, Failure> {
        let url = answer.redirect()?;
        grammar::url(url.as_bytes()).map_err(ours)?;
        let challenge = Challenge::new(url.as_bytes());
        self.state = State::ExpectReturn(url, claimed);
        Ok(ServerTurn::Challenge(challenge))
    }

    fn ask_who(
        &mut self,
        url: Box<str>,
        claimed: Option<AuthorizationId>,
        message: &[u8],
    ) -> Result<ServerTurn, Failure> {
        if !grammar::is_nothing(message) {
            return Err(Failure::malformed(Reason::NotEmpty));
        }
        self.state = State::ExpectVisitor(claimed.clone());
        Ok(ServerTurn::Ask(Query::Returned(Returned::new(url, claimed))))
    }

    fn judge(
        &mut self,
        claimed: Option<AuthorizationId>,
        answer: Answer,
    ) -> Result<ServerTurn, Failure> {
        match (answer.returned(), self.form.refuse) {
            (Ok(visitor), _) => Ok(ServerTurn::Proven(Proven {
                authorization_id: claimed,
                additional_data: (self.form.tell)(&visitor.attributes).map_err(ours)?,
                ..Proven::from(visitor.identity)
            })),
            (Err(failure), Some(words)) if failure.code == FailureCode::InvalidCredentials => {
                self.state = State::ExpectAcknowledgement(failure);
                Ok(ServerTurn::Challenge(Challenge::new(words)))
            }
            (Err(failure), _) => Err(failure),
        }
    }
}

impl ServerMechanism for VisitServer {
    fn name(&self) -> MechanismName {
        self.form.name
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectProvider, Heard::Message(it)) => self.ask_where(it),
            (State::ExpectRedirect(claimed), Heard::Answer(it)) => self.send(claimed, it),
            (State::ExpectReturn(url, claimed), Heard::Message(it)) => {
                self.ask_who(url, claimed, it)
            }
            (State::ExpectVisitor(claimed), Heard::Answer(it)) => self.judge(claimed, it),
            // Whatever it says: the verdict stands.
            (State::ExpectAcknowledgement(failure), Heard::Message(_)) => Err(failure),
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

/// Not the client's fault.
fn ours(reason: Reason) -> Failure {
    Failure::new(FailureCode::Temporary, reason)
}

impl fmt::Debug for VisitServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VisitServer").field("name", &self.form.name).finish_non_exhaustive()
    }
}
