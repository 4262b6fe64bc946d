//! The server's half of GSS-SPNEGO.

use alloc::boxed::Box;
use core::{fmt, mem};

use super::{GSS_SPNEGO, SPNEGO, context, layer};
use crate::{
    error::{Failure, FailureCode, Reason},
    layer::LayerRules,
    mechanism::{Heard, ServerContext, ServerMechanism, ServerTurn, Service},
    message::{Challenge, Proven},
    name::MechanismName,
    query::{Answer, GssCall, GssContext, GssRequest, GssResult},
    secret::Secret,
};

/// The server's half of GSS-SPNEGO.
pub struct SpnegoServer {
    rules: LayerRules,
    service: Option<Service>,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectFirst,
    ExpectContext(Secret),
    ExpectStep,
    ExpectToken(Box<dyn GssContext>),
}

impl SpnegoServer {
    /// A server of the rules' service, or of any that its provider has keys for.
    pub fn new(context: &ServerContext<'_>) -> Self {
        Self {
            rules: context.rules.layers,
            service: context.rules.service.clone(),
            state: State::ExpectFirst,
        }
    }

    fn open(&mut self, token: &[u8]) -> Result<ServerTurn, Failure> {
        if token.is_empty() {
            return Err(Failure::malformed(Reason::EmptyToken));
        }
        let request = GssRequest {
            integrity: self.rules.max_strength > 0,
            confidentiality: self.rules.max_strength > 1,
            ..context::acceptor(SPNEGO, self.service.as_ref())
        };
        self.state = State::ExpectContext(Secret::new(token));
        Ok(ServerTurn::Ask(context::open_for_server(request)))
    }

    fn begin(&mut self, token: Secret, answer: Answer) -> Result<ServerTurn, Failure> {
        let (context, GssResult::Opened) = context::heard_by_server(answer)? else {
            return Err(Failure::OUT_OF_TURN);
        };
        Ok(self.step(context, token))
    }

    fn step(&mut self, context: Box<dyn GssContext>, token: Secret) -> ServerTurn {
        self.state = State::ExpectStep;
        ServerTurn::Ask(context::server_call(GssCall::step(context, Some(token))))
    }

    fn take_step(&mut self, answer: Answer) -> Result<ServerTurn, Failure> {
        let (context, step) = context::server_step(answer)?;
        let token = step.token.map(|it| Challenge::new(it.expose()));
        if step.established {
            return self.conclude(context, token);
        }
        let token = token.ok_or(Failure::credentials(Reason::GssToken))?;
        self.state = State::ExpectToken(context);
        Ok(ServerTurn::Challenge(token))
    }

    fn conclude(
        &self,
        context: Box<dyn GssContext>,
        last_words: Option<Challenge>,
    ) -> Result<ServerTurn, Failure> {
        let properties = context::established(&*context).map_err(Failure::credentials)?;
        let identity = context::identity(&properties.initiator, self.service.as_ref())?;
        let security_layer = layer::implied(context, self.rules)
            .map_err(|reason| Failure::new(FailureCode::MechanismTooWeak, reason))?;
        Ok(ServerTurn::Proven(Proven {
            additional_data: last_words,
            security_layer,
            ..Proven::from(identity)
        }))
    }
}

impl ServerMechanism for SpnegoServer {
    fn name(&self) -> MechanismName {
        GSS_SPNEGO.name
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectFirst, Heard::Message(it)) => self.open(it),
            (State::ExpectContext(token), Heard::Answer(it)) => self.begin(token, it),
            (State::ExpectStep, Heard::Answer(it)) => self.take_step(it),
            (State::ExpectToken(context), Heard::Message(it)) => {
                Ok(self.step(context, Secret::new(it)))
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

impl fmt::Debug for SpnegoServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpnegoServer")
    }
}
