//! The server's half of GS2 (RFC 5801 section 3.3).

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, mem};

use super::{KERBEROS, context, token::restore_header};
use crate::{
    binding::{BindingKind, ChannelBinding},
    error::{Failure, Reason},
    gs2::Header,
    identity::AuthorizationId,
    mechanism::{Heard, PlusOffer, ServerContext, ServerMechanism, ServerTurn, Service},
    message::{Challenge, Proven},
    name::MechanismName,
    query::{Answer, GssCall, GssContext, GssRequest, GssResult},
    secret::Secret,
};

/// The server's half of GS2-KRB5 and GS2-KRB5-PLUS.
pub struct Gs2Server {
    name: MechanismName,
    plus: PlusOffer,
    bindings: Vec<ChannelBinding>,
    service: Option<Service>,
    authorization_id: Option<AuthorizationId>,
    bound: Option<BindingKind>,
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

impl Gs2Server {
    /// A server of the rules' service, or of any that its provider has keys for.
    pub fn new(name: MechanismName, context: &ServerContext<'_>) -> Self {
        Self {
            name,
            plus: context.plus,
            bindings: context.bindings.to_vec(),
            service: context.rules.service.clone(),
            authorization_id: None,
            bound: None,
            state: State::ExpectFirst,
        }
    }

    fn open(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        let opened = Header::before_octets(message).map_err(Failure::malformed)?;
        let binding = opened.header.flag.agreed(self.name, self.plus, &self.bindings)?;
        if opened.rest.is_empty() {
            return Err(Failure::malformed(Reason::EmptyToken));
        }
        let token = if opened.nonstandard {
            opened.rest.to_vec()
        } else {
            restore_header(KERBEROS, opened.rest)
        };
        let data = binding.map(ChannelBinding::data).unwrap_or_default();
        let bound = [opened.header.raw.as_bytes(), data].concat();
        self.bound = binding.map(|it| it.kind().clone());
        self.authorization_id = opened.header.authorization_id;
        let request = GssRequest {
            channel_binding: Some(Secret::new(bound)),
            ..context::acceptor(KERBEROS, self.service.as_ref())
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
            return self.conclude(&*context, token);
        }
        let token = token.ok_or(Failure::credentials(Reason::GssToken))?;
        self.state = State::ExpectToken(context);
        Ok(ServerTurn::Challenge(token))
    }

    fn conclude(
        &mut self,
        context: &dyn GssContext,
        last_words: Option<Challenge>,
    ) -> Result<ServerTurn, Failure> {
        let properties = context::established_by_kerberos(context).map_err(Failure::credentials)?;
        let identity = context::identity(&properties.initiator, self.service.as_ref())?;
        Ok(ServerTurn::Proven(Proven {
            authorization_id: self.authorization_id.take(),
            additional_data: last_words,
            channel_binding: self.bound.take(),
            ..Proven::from(identity)
        }))
    }
}

impl ServerMechanism for Gs2Server {
    fn name(&self) -> MechanismName {
        self.name
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

impl fmt::Debug for Gs2Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gs2Server").field("name", &self.name).finish_non_exhaustive()
    }
}
