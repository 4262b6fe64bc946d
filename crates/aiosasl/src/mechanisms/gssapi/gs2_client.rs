//! The client's half of GS2 (RFC 5801 section 3.2).

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, mem};

use super::{KERBEROS, context, token::strip_header};
use crate::{
    binding::{BindingKind, ClientBinding},
    error::{Error, Misuse, Reason},
    gs2,
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    query::{ClientAnswer, ClientQuery, GssCall, GssContext, GssRequest, GssResult, GssStep},
    secret::Secret,
};

/// The client's half of GS2-KRB5 and GS2-KRB5-PLUS.
pub struct Gs2Client {
    name: MechanismName,
    bound: Option<BindingKind>,
    /// What stands before the first token.
    header: Vec<u8>,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectStart(GssRequest),
    ExpectContext,
    ExpectFirstStep,
    ExpectStep,
    ExpectToken(Box<dyn GssContext>),
    ExpectSuccess,
}

impl Gs2Client {
    /// A client of the rules' service.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] where the binding does not go with the name, [`Error::Credentials`] with [`Reason::NoService`]
    /// where the rules name none.
    pub fn new(name: MechanismName, context: &ClientContext<'_>) -> Result<Self, Error> {
        gs2::check_binding(name, context)?;
        let authorization_id = context.credentials.authorization_id.as_ref();
        let mut header = Vec::new();
        gs2::write(&mut header, &context.binding, authorization_id.map(AsRef::as_ref));
        let (bound, data) = match &context.binding {
            ClientBinding::Bound(it) => (Some(it.kind().clone()), it.data()),
            _ => (None, &[][..]),
        };
        let request = GssRequest {
            // There is no layer, but Cyrus SASL's server takes nobody who does not ask for sequence numbers.
            integrity: true,
            channel_binding: Some(Secret::new([&header, data].concat())),
            ..context::initiator(KERBEROS, context)?
        };
        Ok(Self { name, bound, header, state: State::ExpectStart(request) })
    }

    fn begin(&mut self, answer: ClientAnswer) -> Result<ClientTurn, Error> {
        let (context, GssResult::Opened) = context::heard(answer)? else {
            return Err(Misuse::OutOfTurn.into());
        };
        self.state = State::ExpectFirstStep;
        Ok(ClientTurn::Ask(context::call(GssCall::step(context, None))))
    }

    /// `F,` (where the token has no header of its own), the gs2 header, the token without its header.
    fn say_first(&mut self, answer: ClientAnswer) -> Result<ClientTurn, Error> {
        let (context, step) = context::step(answer)?;
        let token = step.token.as_ref().ok_or(Error::Peer(Reason::GssFailed))?;
        let (nonstandard, inner) = match strip_header(KERBEROS, token.expose()) {
            Some(inner) => (&b""[..], inner),
            None => (&b"F,"[..], token.expose()),
        };
        let first = [nonstandard, &self.header, inner].concat();
        self.wait(context, &step)?;
        Ok(ClientTurn::Respond(Response::new(first)))
    }

    fn take_step(&mut self, answer: ClientAnswer) -> Result<ClientTurn, Error> {
        let (context, step) = context::step(answer)?;
        self.wait(context, &step)?;
        Ok(ClientTurn::Respond(match step.token {
            Some(token) => Response::new(token.expose()),
            None => Response::empty(),
        }))
    }

    fn wait(&mut self, context: Box<dyn GssContext>, step: &GssStep) -> Result<(), Error> {
        self.state = match step {
            GssStep { established: true, .. } => {
                context::established_by_kerberos(&*context).map_err(Error::Peer)?;
                State::ExpectSuccess
            }
            GssStep { token: Some(_), .. } => State::ExpectToken(context),
            GssStep { token: None, .. } => return Err(Error::Peer(Reason::GssToken)),
        };
        Ok(())
    }

    fn step_on(&mut self, context: Box<dyn GssContext>, token: &[u8]) -> Result<ClientTurn, Error> {
        if token.is_empty() {
            return Err(Error::Peer(Reason::EmptyToken));
        }
        self.state = State::ExpectStep;
        Ok(ClientTurn::Ask(context::call(GssCall::step(context, Some(Secret::new(token))))))
    }
}

impl ClientMechanism for Gs2Client {
    fn name(&self) -> MechanismName {
        self.name
    }

    fn initial_question(&mut self) -> Option<ClientQuery> {
        let State::ExpectStart(request) = mem::take(&mut self.state) else { return None };
        self.state = State::ExpectContext;
        Some(context::open(request))
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectContext, Heard::Answer(it)) => self.begin(it),
            (State::ExpectFirstStep, Heard::Answer(it)) => self.say_first(it),
            (State::ExpectStep, Heard::Answer(it)) => self.take_step(it),
            (State::ExpectToken(context), Heard::Message(it)) => self.step_on(context, it),
            (State::ExpectSuccess, Heard::Message(_)) => {
                Err(Error::Peer(Reason::UnexpectedChallenge))
            }
            _ => Err(Misuse::OutOfTurn.into()),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match mem::take(&mut self.state) {
            State::ExpectSuccess => Ok(Conclusion {
                server_verified: true,
                channel_binding: self.bound.take(),
                ..Conclusion::default()
            }),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

impl fmt::Debug for Gs2Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gs2Client").field("name", &self.name).finish_non_exhaustive()
    }
}
