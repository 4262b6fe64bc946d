//! The client's half of GSS-SPNEGO: tokens, and nothing else; a layer follows from what the context has.

use alloc::boxed::Box;
use core::{fmt, mem};

use super::{GSS_SPNEGO, SPNEGO, context, layer};
use crate::{
    error::{Error, Misuse, Reason},
    layer::{LayerRules, SecurityLayer},
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    query::{ClientAnswer, ClientQuery, GssCall, GssContext, GssRequest, GssResult},
    secret::Secret,
};

/// The client's half of GSS-SPNEGO.
pub struct SpnegoClient {
    rules: LayerRules,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectStart(GssRequest),
    ExpectContext,
    ExpectStep,
    ExpectToken(Box<dyn GssContext>),
    ExpectSuccess(Option<Box<dyn SecurityLayer>>),
}

impl SpnegoClient {
    /// A client of the rules' service; it asks for a layer where the rules allow one.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] with [`Reason::NoService`] where the rules name no service, [`Error::Policy`] with
    /// [`Reason::AuthzidNotCarried`] where the client wants to act as somebody else: no message says so.
    pub fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        if context.credentials.authorization_id.is_some() {
            return Err(Error::Policy(Reason::AuthzidNotCarried));
        }
        let rules = context.rules.layers;
        let request = GssRequest {
            integrity: rules.max_strength > 0,
            confidentiality: rules.max_strength > 1,
            ..context::initiator(SPNEGO, context)?
        };
        Ok(Self { rules, state: State::ExpectStart(request) })
    }

    fn begin(&mut self, answer: ClientAnswer) -> Result<ClientTurn, Error> {
        let (context, GssResult::Opened) = context::heard(answer)? else {
            return Err(Misuse::OutOfTurn.into());
        };
        self.state = State::ExpectStep;
        Ok(ClientTurn::Ask(context::call(GssCall::step(context, None))))
    }

    fn take_step(&mut self, answer: ClientAnswer) -> Result<ClientTurn, Error> {
        let (context, step) = context::step(answer)?;
        let response = match (step.token, step.established) {
            (Some(token), _) => Response::new(token.expose()),
            (None, true) => Response::empty(),
            (None, false) => return Err(Error::Peer(Reason::GssToken)),
        };
        self.state = if step.established {
            let properties = context::established(&*context).map_err(Error::Peer)?;
            State::ExpectSuccess(
                layer::implied(context, self.rules, &properties).map_err(Error::Policy)?,
            )
        } else {
            State::ExpectToken(context)
        };
        Ok(ClientTurn::Respond(response))
    }

    fn step_on(&mut self, context: Box<dyn GssContext>, token: &[u8]) -> Result<ClientTurn, Error> {
        if token.is_empty() {
            return Err(Error::Peer(Reason::EmptyToken));
        }
        self.state = State::ExpectStep;
        Ok(ClientTurn::Ask(context::call(GssCall::step(context, Some(Secret::new(token))))))
    }
}

impl ClientMechanism for SpnegoClient {
    fn name(&self) -> MechanismName {
        GSS_SPNEGO.name
    }

    fn initial_question(&mut self) -> Option<ClientQuery> {
        let State::ExpectStart(request) = mem::take(&mut self.state) else { return None };
        self.state = State::ExpectContext;
        Some(context::open(request))
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectContext, Heard::Answer(it)) => self.begin(it),
            (State::ExpectStep, Heard::Answer(it)) => self.take_step(it),
            (State::ExpectToken(context), Heard::Message(it)) => self.step_on(context, it),
            (State::ExpectSuccess(_), Heard::Message(_)) => {
                Err(Error::Peer(Reason::UnexpectedChallenge))
            }
            _ => Err(Misuse::OutOfTurn.into()),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match mem::take(&mut self.state) {
            State::ExpectSuccess(security_layer) => {
                Ok(Conclusion { server_verified: true, security_layer, ..Conclusion::default() })
            }
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

impl fmt::Debug for SpnegoClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpnegoClient")
    }
}
