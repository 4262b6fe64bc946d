//! EXTERNAL (RFC 4422 appendix A): a lower layer knows who the client is; the message says as whom it acts.
//!
//! ```text
//!   C: [authorization identity]
//! ```

use alloc::boxed::Box;
use core::mem;

use crate::{
    error::{Failure, Reason},
    identity::{AuthorizationId, IdentityError},
    mechanism::{
        ActiveAttacks, Binds, ClientContext, Exposure, ForwardSecrecy, Heard, Mechanism, Needs,
        Properties, ServerMechanism, ServerProof, ServerTurn, Side, Standing,
    },
    message::{Proven, Response},
    name::MechanismName,
    one_message::OneMessageClient,
    query::{Answer, External, Query},
};

/// EXTERNAL, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Client,
        exposure: Exposure::Nothing,
        needs: Needs::External,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Current,
        reference: "RFC 4422 appendix A",
    },
    client: |context| Ok(Box::new(OneMessageClient::new(NAME, client_message(context)))),
    server: |_| Box::new(ExternalServer::new()),
};

const NAME: MechanismName = MechanismName::new("EXTERNAL");

/// Makes the message: the authorization identity, or nothing where the lower layer's identity will do.
fn client_message(context: &ClientContext<'_>) -> Response {
    let authorization_id = context.credentials.authorization_id.as_ref();
    let first = authorization_id.map_or("", AuthorizationId::as_str);
    Response::new(first.as_bytes())
}

/// The server's half.
#[derive(Debug, Default)]
pub struct ExternalServer {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Dead,
    ExpectMessage,
    ExpectIdentity(Option<AuthorizationId>),
}

impl ExternalServer {
    /// A server that waits for the message.
    pub fn new() -> Self {
        Self { state: State::ExpectMessage }
    }
}

impl ServerMechanism for ExternalServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectMessage, Heard::Message(it)) => {
                self.state = State::ExpectIdentity(parse(it).map_err(Failure::malformed)?);
                Ok(ServerTurn::Ask(Query::External(External::new())))
            }
            (State::ExpectIdentity(authorization_id), Heard::Answer(it)) => {
                Ok(ServerTurn::Proven(Proven { authorization_id, ..it.external()?.into() }))
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

fn parse(message: &[u8]) -> Result<Option<AuthorizationId>, Reason> {
    let text = core::str::from_utf8(message).map_err(|_| Reason::InvalidUtf8)?;
    AuthorizationId::derived_if_empty(text).map_err(|error| match error {
        IdentityError::Nul => Reason::NulInAuthzid,
        IdentityError::Empty => Reason::EmptyAuthzid,
    })
}
