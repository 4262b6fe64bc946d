//! The client's half: it says who could vouch for it, has that visited, and comes back.

use alloc::boxed::Box;
use core::{fmt, mem};

use super::grammar::{self, Form, NOTHING, Told};
use crate::{
    credentials::Credentials,
    error::{Error, FailureCode, Misuse, Reason, Refusal},
    mechanism::{ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    query::{ClientAnswer, ClientQuery, Question, Subject},
};

/// The client's half of both mechanisms.
pub struct VisitClient {
    form: &'static Form,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectStart(Response),
    ExpectRedirect,
    ExpectReturn,
    ExpectOutcome,
    ExpectSuccess(Box<str>),
}

impl VisitClient {
    pub(super) fn new(form: &'static Form, credentials: &Credentials) -> Result<Self, Error> {
        let name = credentials.authentication_id.as_ref();
        let name = name.ok_or(Error::Credentials(Reason::NoCredentials))?.as_str();
        let other = credentials.authorization_id.as_ref();
        let first = grammar::spell(form, (form.provider)(name), other);
        Ok(Self { form, state: State::ExpectStart(first.map_err(Error::Credentials)?) })
    }

    fn visit(&mut self, challenge: &[u8]) -> Result<ClientTurn, Error> {
        let url = grammar::url(challenge).map_err(Error::Peer)?.into();
        self.state = State::ExpectReturn;
        Ok(ClientTurn::Ask(ClientQuery::Question(Question::new(Subject::Visit { url }))))
    }

    /// Whatever the answer says: that there is one means that the browser is back.
    fn come_back(&mut self, answer: ClientAnswer) -> Result<ClientTurn, Error> {
        answer.text()?;
        self.state = State::ExpectOutcome;
        Ok(ClientTurn::Respond(Response::new(NOTHING)))
    }

    fn hear(&mut self, words: &[u8]) -> Result<ClientTurn, Error> {
        match (self.form.hear)(words).map_err(Error::Peer)? {
            Told::Attributes(attributes) => {
                self.state = State::ExpectSuccess(attributes);
                Ok(ClientTurn::Respond(Response::empty()))
            }
            Told::Refusal(why) => Ok(ClientTurn::Concede {
                last_words: Response::new(NOTHING),
                error: Error::Refused(Refusal {
                    text: Some(why),
                    ..Refusal::new(FailureCode::InvalidCredentials)
                }),
            }),
        }
    }
}

impl ClientMechanism for VisitClient {
    fn name(&self) -> MechanismName {
        self.form.name
    }

    fn initial_response(&mut self) -> Option<Response> {
        match mem::take(&mut self.state) {
            State::ExpectStart(first) => {
                self.state = State::ExpectRedirect;
                Some(first)
            }
            _ => None,
        }
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectRedirect, Heard::Message(it)) => self.visit(it),
            (State::ExpectReturn, Heard::Answer(it)) => self.come_back(it),
            (State::ExpectOutcome, Heard::Message(it)) => self.hear(it),
            (_, Heard::Message(_)) => Err(Error::Peer(Reason::UnexpectedChallenge)),
            (_, Heard::Answer(_)) => Err(Misuse::NothingAsked.into()),
        }
    }

    /// A success before the visit is none.
    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match mem::take(&mut self.state) {
            State::ExpectOutcome => Ok(Conclusion::unproven()),
            State::ExpectSuccess(attributes) => {
                Ok(Conclusion { attributes: Some(attributes), ..Conclusion::unproven() })
            }
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

impl fmt::Debug for VisitClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VisitClient").field("name", &self.form.name).finish_non_exhaustive()
    }
}
