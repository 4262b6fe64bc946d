//! The client's half of GSSAPI (RFC 4752 section 3.1), and of GSS-SPNEGO, in which the ends need not agree on a layer.

use alloc::boxed::Box;
use core::{fmt, mem};

#[cfg(feature = "gss-spnego")]
use super::GSS_SPNEGO;
use super::{
    KERBEROS, context, layer,
    message::{Choice, Offer, Sizes},
};
use crate::{
    error::{Error, Misuse, Reason},
    identity::AuthorizationId,
    layer::{LayerRules, SecurityLayer},
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    query::{
        ClientAnswer, ClientQuery, GssCall, GssContext, GssProperties, GssRequest, GssResult,
        Protection,
    },
    secret::Secret,
};

/// What differs between the two.
struct Form {
    name: MechanismName,
    mechanism: &'static [u8],
    established: fn(&dyn GssContext) -> Result<GssProperties, Reason>,
    /// The layer that follows from a context where the ends have not agreed on one; none has to.
    implied: Option<Implied>,
}

type Implied =
    fn(Box<dyn GssContext>, LayerRules) -> Result<Option<Box<dyn SecurityLayer>>, Reason>;

/// GSSAPI.
const GSSAPI: Form = Form {
    name: super::GSSAPI.name,
    mechanism: KERBEROS,
    established: context::established_by_kerberos,
    implied: None,
};

/// GSS-SPNEGO. Some servers let an agreement as GSSAPI's follow.
#[cfg(feature = "gss-spnego")]
const SPNEGO: Form = Form {
    name: GSS_SPNEGO.name,
    mechanism: super::SPNEGO,
    established: context::established,
    implied: Some(layer::implied),
};

/// The client's half of GSSAPI and GSS-SPNEGO.
pub struct GssapiClient {
    form: &'static Form,
    rules: LayerRules,
    sizes: Sizes,
    authorization_id: Option<AuthorizationId>,
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
    ExpectOffer(Box<dyn GssContext>),
    ExpectUnwrapped,
    ExpectWrapped {
        offer: Offer,
        choice: Choice,
    },
    ExpectSuccess(Option<Box<dyn SecurityLayer>>),
}

impl GssapiClient {
    /// A client of the rules' service.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] with [`Reason::NoService`] where the rules name none.
    pub fn new(context: &ClientContext<'_>, sizes: Sizes) -> Result<Self, Error> {
        Self::of(&GSSAPI, context, sizes)
    }

    /// A client that speaks GSS-SPNEGO.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), or [`Error::Policy`] with [`Reason::AuthzidNotCarried`] where the client wants to act as
    /// somebody else: no message says so.
    #[cfg(feature = "gss-spnego")]
    pub fn spnego(context: &ClientContext<'_>) -> Result<Self, Error> {
        Self::of(&SPNEGO, context, Sizes::Lenient)
    }

    fn of(form: &'static Form, context: &ClientContext<'_>, sizes: Sizes) -> Result<Self, Error> {
        let authorization_id = context.credentials.authorization_id.clone();
        if form.implied.is_some() && authorization_id.is_some() {
            return Err(Error::Policy(Reason::AuthzidNotCarried));
        }
        let rules = context.rules.layers;
        let request = GssRequest {
            // An agreement on a layer is protected, where there is none, too.
            integrity: form.implied.is_none() || rules.max_strength > 0,
            confidentiality: rules.max_strength > 1,
            ..context::initiator(form.mechanism, context)?
        };
        Ok(Self { form, rules, sizes, authorization_id, state: State::ExpectStart(request) })
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
            (self.form.established)(&*context).map_err(Error::Peer)?;
            State::ExpectOffer(context)
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

    fn unwrap(&mut self, context: Box<dyn GssContext>, offer: &[u8]) -> ClientTurn {
        self.state = State::ExpectUnwrapped;
        ClientTurn::Ask(context::call(GssCall::unwrap(context, Secret::new(offer))))
    }

    fn choose(&mut self, answer: ClientAnswer) -> Result<ClientTurn, Error> {
        let (context, GssResult::Unwrapped(offer, _)) = context::heard(answer)? else {
            return Err(Misuse::OutOfTurn.into());
        };
        let offer = Offer::parse(offer.expose(), self.sizes).map_err(Error::Peer)?;
        let properties = (self.form.established)(&*context).map_err(Error::Peer)?;
        let ours = layer::available(self.rules, &properties).among(offer.layers);
        let layer = layer::strongest(ours).map_err(Error::Policy)?;
        let max_size = layer::max_receive(self.rules, layer);
        let choice = Choice { layer, max_size, authorization_id: self.authorization_id.take() };
        let octets = Secret::new(choice.spell());
        self.state = State::ExpectWrapped { offer, choice };
        // It is not encrypted: both ends have to read it, whatever layer follows (RFC 4752 section 3.1).
        Ok(ClientTurn::Ask(context::call(GssCall::wrap(context, Protection::Integrity, octets))))
    }

    fn say_choice(
        &mut self,
        offer: Offer,
        choice: &Choice,
        answer: ClientAnswer,
    ) -> Result<ClientTurn, Error> {
        let (context, GssResult::Wrapped(token)) = context::heard(answer)? else {
            return Err(Misuse::OutOfTurn.into());
        };
        let properties = (self.form.established)(&*context).map_err(Error::Peer)?;
        let layer =
            layer::over(context, choice.layer, &properties, offer.max_size, choice.max_size);
        self.state = State::ExpectSuccess(layer.map_err(Error::Peer)?);
        Ok(ClientTurn::Respond(Response::new(token.expose())))
    }
}

impl ClientMechanism for GssapiClient {
    fn name(&self) -> MechanismName {
        self.form.name
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
            (State::ExpectOffer(context), Heard::Message(it)) => Ok(self.unwrap(context, it)),
            (State::ExpectUnwrapped, Heard::Answer(it)) => self.choose(it),
            (State::ExpectWrapped { offer, choice }, Heard::Answer(it)) => {
                self.say_choice(offer, &choice, it)
            }
            (State::ExpectSuccess(_), Heard::Message(_)) => {
                Err(Error::Peer(Reason::UnexpectedChallenge))
            }
            _ => Err(Misuse::OutOfTurn.into()),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        let security_layer = match (mem::take(&mut self.state), self.form.implied) {
            (State::ExpectSuccess(security_layer), _) => security_layer,
            (State::ExpectOffer(context), Some(implied)) => {
                implied(context, self.rules).map_err(Error::Policy)?
            }
            _ => return Err(Error::Peer(Reason::ServerNotVerified)),
        };
        Ok(Conclusion { server_verified: true, security_layer, ..Conclusion::default() })
    }
}

impl fmt::Debug for GssapiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GssapiClient").field("name", &self.form.name).finish_non_exhaustive()
    }
}
