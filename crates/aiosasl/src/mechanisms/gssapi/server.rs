//! The server's half of GSSAPI (RFC 4752 section 3.2).

use alloc::boxed::Box;
use core::{fmt, mem};

use super::{
    GSSAPI, KERBEROS, context, layer,
    message::{Choice, Offer, Sizes},
};
use crate::{
    error::{Failure, FailureCode, Reason},
    layer::LayerRules,
    mechanism::{Heard, ServerContext, ServerMechanism, ServerTurn, Service},
    message::{Challenge, Proven},
    name::MechanismName,
    query::{Answer, GssCall, GssContext, GssRequest, GssResult, Protection},
    secret::Secret,
};

/// The server's half of GSSAPI.
pub struct GssapiServer {
    rules: LayerRules,
    sizes: Sizes,
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
    /// The client has our last token, and has nothing to say to it.
    ExpectEmpty(Box<dyn GssContext>),
    ExpectWrapped(Offer),
    ExpectChoice(Box<dyn GssContext>, Offer),
    ExpectUnwrapped(Offer),
}

impl GssapiServer {
    /// A server of the rules' service, or of any that its provider has keys for.
    pub fn new(context: &ServerContext<'_>, sizes: Sizes) -> Self {
        Self {
            rules: context.rules.layers,
            sizes,
            service: context.rules.service.clone(),
            state: State::ExpectFirst,
        }
    }

    fn open(&mut self, token: &[u8]) -> Result<ServerTurn, Failure> {
        if token.is_empty() {
            return Err(Failure::malformed(Reason::EmptyToken));
        }
        let request = GssRequest {
            integrity: true,
            confidentiality: self.rules.max_strength > 1,
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
        match (step.token, step.established) {
            (Some(token), established) => {
                self.state = if established {
                    State::ExpectEmpty(context)
                } else {
                    State::ExpectToken(context)
                };
                Ok(ServerTurn::Challenge(Challenge::new(token.expose())))
            }
            (None, true) => self.offer(context),
            (None, false) => Err(Failure::credentials(Reason::GssToken)),
        }
    }

    fn offer(&mut self, context: Box<dyn GssContext>) -> Result<ServerTurn, Failure> {
        let properties =
            context::established_by_kerberos(&*context).map_err(Failure::credentials)?;
        let layers = layer::available(self.rules, &properties);
        layer::strongest(layers)
            .map_err(|reason| Failure::new(FailureCode::MechanismTooWeak, reason))?;
        let offer = Offer { layers, max_size: layer::max_receive(self.rules, layers) };
        self.state = State::ExpectWrapped(offer);
        let octets = Secret::new(offer.spell());
        let call = GssCall::wrap(context, Protection::Integrity, octets);
        Ok(ServerTurn::Ask(context::server_call(call)))
    }

    fn say_offer(&mut self, offer: Offer, answer: Answer) -> Result<ServerTurn, Failure> {
        let (context, GssResult::Wrapped(token)) = context::heard_by_server(answer)? else {
            return Err(Failure::OUT_OF_TURN);
        };
        self.state = State::ExpectChoice(context, offer);
        Ok(ServerTurn::Challenge(Challenge::new(token.expose())))
    }

    fn unwrap(&mut self, context: Box<dyn GssContext>, offer: Offer, choice: &[u8]) -> ServerTurn {
        self.state = State::ExpectUnwrapped(offer);
        ServerTurn::Ask(context::server_call(GssCall::unwrap(context, Secret::new(choice))))
    }

    fn conclude(&self, offer: Offer, answer: Answer) -> Result<ServerTurn, Failure> {
        let (context, GssResult::Unwrapped(choice, _)) = context::heard_by_server(answer)? else {
            return Err(Failure::OUT_OF_TURN);
        };
        let choice =
            Choice::parse(choice.expose(), offer.layers, self.sizes).map_err(Failure::malformed)?;
        let properties =
            context::established_by_kerberos(&*context).map_err(Failure::credentials)?;
        let identity = context::identity(&properties.initiator, self.service.as_ref())?;
        let security_layer =
            layer::over(context, choice.layer, &properties, choice.max_size, offer.max_size)
                .map_err(Failure::malformed)?;
        Ok(ServerTurn::Proven(Proven {
            authorization_id: choice.authorization_id,
            security_layer,
            ..Proven::from(identity)
        }))
    }
}

impl ServerMechanism for GssapiServer {
    fn name(&self) -> MechanismName {
        GSSAPI.name
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectFirst, Heard::Message(it)) => self.open(it),
            (State::ExpectContext(token), Heard::Answer(it)) => self.begin(token, it),
            (State::ExpectStep, Heard::Answer(it)) => self.take_step(it),
            (State::ExpectToken(context), Heard::Message(it)) => {
                Ok(self.step(context, Secret::new(it)))
            }
            (State::ExpectEmpty(context), Heard::Message([])) => self.offer(context),
            (State::ExpectEmpty(_), Heard::Message(_)) => Err(Failure::malformed(Reason::NotEmpty)),
            (State::ExpectWrapped(offer), Heard::Answer(it)) => self.say_offer(offer, it),
            (State::ExpectChoice(context, offer), Heard::Message(it)) => {
                Ok(self.unwrap(context, offer, it))
            }
            (State::ExpectUnwrapped(offer), Heard::Answer(it)) => self.conclude(offer, it),
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

impl fmt::Debug for GssapiServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GssapiServer")
    }
}
