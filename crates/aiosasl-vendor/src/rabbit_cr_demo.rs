//! RABBIT-CR-DEMO (RabbitMQ): PLAIN's contents in two steps, to show that a broker can ask.
//!
//! ```text
//!   C: name
//!   S: Please tell me your password
//!   C: My password is ...
//! ```
//!
//! The words are those of RabbitMQ's plugin `rabbit_auth_mechanism_cr_demo`, which nobody should run in earnest.

use alloc::{boxed::Box, format};
use core::{mem, str};

use aiosasl::{
    error::{Error, Failure, Misuse, Reason},
    identity::AuthenticationId,
    mechanism::{
        ActiveAttacks, Binds, ClientContext, ClientMechanism, ClientTurn, Conclusion, Exposure,
        ForwardSecrecy, Heard, Mechanism, Needs, Properties, ServerContext, ServerMechanism,
        ServerProof, ServerTurn, Side, Standing,
    },
    message::{Challenge, Proven, Response},
    name::MechanismName,
    preparation::Preparation,
    query::{Answer, ClientAnswer, Query, VerifyPassword},
    secret::Password,
};

use crate::{
    password,
    reason::{BAD_PASSWORD_PHRASE, BAD_PROMPT},
};

/// RABBIT-CR-DEMO, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Client,
        exposure: Exposure::Everything,
        needs: Needs::Password,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Legacy,
        reference: "RabbitMQ",
    },
    client: |context| Ok(Box::new(CrDemoClient::new(context)?)),
    server: |context| Box::new(CrDemoServer::new(context)),
};

const NAME: MechanismName = MechanismName::new("RABBIT-CR-DEMO");
const PROMPT: &[u8] = b"Please tell me your password";
const PHRASE: &str = "My password is ";
/// The longest name, in octets.
const MAX_NAME: usize = 1024;

/// The client's half: the name, then the password.
pub struct CrDemoClient {
    state: ClientState,
}

#[derive(Default)]
enum ClientState {
    #[default]
    Dead,
    ExpectStart(AuthenticationId, Password),
    ExpectPrompt(Password),
    ExpectSuccess,
}

impl CrDemoClient {
    /// A client with this name and password.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] where one is missing, or can't be prepared.
    pub fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        let (name, password) = password::of_client(context)?;
        Ok(Self { state: ClientState::ExpectStart(name, password) })
    }

    fn answer(&mut self, prompt: &[u8], password: &Password) -> Result<ClientTurn, Error> {
        if prompt != PROMPT {
            return Err(Error::Peer(BAD_PROMPT));
        }
        self.state = ClientState::ExpectSuccess;
        Ok(ClientTurn::Respond(Response::new(format!("{PHRASE}{}", password.expose()))))
    }
}

impl ClientMechanism for CrDemoClient {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_response(&mut self) -> Option<Response> {
        let ClientState::ExpectStart(name, password) = mem::take(&mut self.state) else {
            return None;
        };
        self.state = ClientState::ExpectPrompt(password);
        Some(Response::new(name.as_str()))
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (ClientState::ExpectPrompt(password), Heard::Message(it)) => self.answer(it, &password),
            (ClientState::ExpectSuccess, Heard::Message(_)) => {
                Err(Error::Peer(Reason::UnexpectedChallenge))
            }
            _ => Err(Misuse::OutOfTurn.into()),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match mem::take(&mut self.state) {
            ClientState::ExpectSuccess => Ok(Conclusion::unproven()),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

/// The server's half: the name, a question, then the store's verdict.
pub struct CrDemoServer {
    preparation: Preparation,
    state: ServerState,
}

#[derive(Default)]
enum ServerState {
    #[default]
    Dead,
    ExpectName,
    ExpectPassword(Box<str>),
    ExpectVerdict,
}

impl CrDemoServer {
    /// A server that prepares what it hears as the rules say.
    pub fn new(context: &ServerContext<'_>) -> Self {
        Self { preparation: context.rules.preparation, state: ServerState::ExpectName }
    }

    fn prompt(&mut self, name: &[u8]) -> Result<ServerTurn, Failure> {
        let name = utf8(name)?;
        if name.is_empty() {
            return Err(Failure::malformed(Reason::EmptyAuthcid));
        }
        if name.len() > MAX_NAME {
            return Err(Failure::malformed(Reason::FieldTooLong));
        }
        self.state = ServerState::ExpectPassword(name.into());
        Ok(ServerTurn::Challenge(Challenge::new(PROMPT)))
    }

    fn ask(&mut self, name: &str, message: &[u8]) -> Result<ServerTurn, Failure> {
        let password = message.strip_prefix(PHRASE.as_bytes());
        let password = utf8(password.ok_or(Failure::malformed(BAD_PASSWORD_PHRASE))?)?;
        let (name, password) = password::of_message(self.preparation, name, password)?;
        self.state = ServerState::ExpectVerdict;
        Ok(ServerTurn::Ask(Query::VerifyPassword(VerifyPassword::new(name, password))))
    }
}

impl ServerMechanism for CrDemoServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (ServerState::ExpectName, Heard::Message(it)) => self.prompt(it),
            (ServerState::ExpectPassword(name), Heard::Message(it)) => self.ask(&name, it),
            (ServerState::ExpectVerdict, Heard::Answer(it)) => {
                Ok(ServerTurn::Proven(Proven::from(it.verified()?)))
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

fn utf8(octets: &[u8]) -> Result<&str, Failure> {
    str::from_utf8(octets).map_err(|_| Failure::malformed(Reason::InvalidUtf8))
}
