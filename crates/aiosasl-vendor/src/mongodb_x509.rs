//! MONGODB-X509 (MongoDB, "Driver Authentication"): TLS has seen the client's certificate already.
//!
//! ```text
//!   C: [the certificate's subject]
//! ```
//!
//! MongoDB spells it as a command of its own, `authenticate`, whose field `user` is this message; since MongoDB 3.4 a client
//! may leave it out.

use alloc::boxed::Box;
use core::{mem, str};

use aiosasl::{
    error::{Failure, Reason},
    identity::{AuthenticationId, AuthorizationId},
    mechanism::{
        ActiveAttacks, Binds, Exposure, ForwardSecrecy, Heard, Mechanism, Needs, Properties,
        ServerMechanism, ServerProof, ServerTurn, Side, Standing,
    },
    message::{Proven, Response},
    name::MechanismName,
    one_message::OneMessageClient,
    query::{Answer, External, Query},
};

/// MONGODB-X509, both halves; a client says the credentials' authentication identity, where there is one.
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
        reference: "MongoDB",
    },
    client: |context| {
        let subject = context.credentials.authentication_id.as_ref();
        let message = Response::new(subject.map_or("", AuthenticationId::as_str));
        Ok(Box::new(OneMessageClient::new(NAME, message)))
    },
    server: |_| Box::new(X509Server::new()),
};

const NAME: MechanismName = MechanismName::new("MONGODB-X509");
/// The longest subject, in octets.
const MAX_SUBJECT: usize = 4096;

/// The server's half: who does TLS say that the client is? The subject that the client says is an authorization identity:
/// it comes in where the store's answer to `Authorize` lets it, and a store that names accounts by subjects has to do
/// nothing for that.
pub struct X509Server {
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectSubject,
    ExpectIdentity(Option<AuthorizationId>),
}

impl X509Server {
    /// A server that waits for the message.
    pub fn new() -> Self {
        Self { state: State::ExpectSubject }
    }

    fn ask(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        let subject = parse(message).map_err(Failure::malformed)?;
        self.state = State::ExpectIdentity(subject);
        Ok(ServerTurn::Ask(Query::External(External::new())))
    }
}

impl Default for X509Server {
    fn default() -> Self {
        Self::new()
    }
}

impl ServerMechanism for X509Server {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectSubject, Heard::Message(it)) => self.ask(it),
            (State::ExpectIdentity(subject), Heard::Answer(it)) => {
                let mut proven = Proven::from(it.external()?);
                proven.authorization_id = subject;
                Ok(ServerTurn::Proven(proven))
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

fn parse(message: &[u8]) -> Result<Option<AuthorizationId>, Reason> {
    let subject = str::from_utf8(message).map_err(|_| Reason::InvalidUtf8)?;
    if subject.len() > MAX_SUBJECT {
        return Err(Reason::FieldTooLong);
    }
    AuthorizationId::derived_if_empty(subject).map_err(|_| Reason::NulInAuthzid)
}
