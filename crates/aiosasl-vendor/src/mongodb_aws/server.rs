//! The server's half of MONGODB-AWS: its nonce, then the signature.

use alloc::{boxed::Box, vec::Vec};
use core::mem;

use aiosasl::{
    error::{Failure, Reason},
    identity::AuthenticationId,
    mechanism::{Heard, ServerContext, ServerMechanism, ServerTurn},
    message::{Challenge, Proven},
    name::MechanismName,
    query::{Answer, Query, Secrets, SharedSecret, StoredSecret},
    secret::{self, Secret},
};

use super::{
    NAME, half_nonce,
    message::{ClientFirst, ClientSecond, Flag, Request, ServerFirst},
};
use crate::{
    aws::{SECRET_ACCESS_KEY, is_host},
    reason::{BAD_CREDENTIAL_SCOPE, BAD_HOST, WRONG_REGION},
};

/// The host that clients sign for where nobody says another one.
const DEFAULT_HOST: &str = "sts.amazonaws.com";

/// The server's half: it asks the store for the secret access key ([`SECRET_ACCESS_KEY`]) of the access key identifier.
///
/// A session token is covered by the signature, and not looked at otherwise: the store gives no secret of a temporary key
/// that has expired. When the signature was made is not looked at either: it is over a nonce of this exchange.
pub struct MongoAwsServer {
    nonce: [u8; 32],
    host: Box<str>,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectClientFirst,
    ExpectClientSecond(Signed),
    ExpectSecret {
        signed: Signed,
        message: Secret,
    },
}

/// What the signature is over, as far as the server has said it.
struct Signed {
    nonce: [u8; 64],
    flag: Flag,
}

impl MongoAwsServer {
    /// A server whose clients sign for `sts.amazonaws.com`, in the region `us-east-1`.
    pub fn new(context: &ServerContext<'_>) -> Self {
        let nonce = half_nonce(b"server", &context.nonce);
        Self { nonce, host: DEFAULT_HOST.into(), state: State::ExpectClientFirst }
    }

    /// The same, for this host of the token service, whose second label is the region: `sts.eu-central-1.amazonaws.com`.
    /// Nobody comes in where it is no host's name.
    pub fn with_sts_host(mut self, host: impl Into<Box<str>>) -> Self {
        self.host = host.into();
        self
    }

    fn challenge(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        let first = ClientFirst::parse(message).map_err(Failure::malformed)?;
        if !is_host(&self.host) {
            return Err(Failure::credentials(BAD_HOST));
        }
        let mut nonce = [0; 64];
        for (to, from) in nonce.iter_mut().zip(first.nonce.iter().chain(&self.nonce)) {
            *to = *from;
        }
        let message = ServerFirst { nonce, host: &self.host }.spell();
        self.state = State::ExpectClientSecond(Signed { nonce, flag: first.flag });
        Ok(ServerTurn::Challenge(Challenge::new(message)))
    }

    fn ask(&mut self, signed: Signed, message: &[u8]) -> Result<ServerTurn, Failure> {
        let second = ClientSecond::parse(message).map_err(Failure::malformed)?;
        let server = ServerFirst { nonce: signed.nonce, host: &self.host };
        if second.region != server.region() {
            return Err(Failure::credentials(WRONG_REGION));
        }
        let name = AuthenticationId::new(second.access_key_id)
            .map_err(|_| Failure::malformed(BAD_CREDENTIAL_SCOPE))?;
        self.state = State::ExpectSecret { signed, message: Secret::new(Vec::from(message)) };
        Ok(ServerTurn::Ask(Query::SharedSecret(SharedSecret::new(name, SECRET_ACCESS_KEY))))
    }

    /// The same work whether there is such an access key or not.
    fn verify(
        &self,
        signed: &Signed,
        message: &[u8],
        secrets: Secrets,
    ) -> Result<ServerTurn, Failure> {
        let second = ClientSecond::parse(message).map_err(Failure::malformed)?;
        let request = Request {
            server: &ServerFirst { nonce: signed.nonce, host: &self.host },
            flag: signed.flag,
            time: second.time,
            session_token: second.session_token,
        };
        let fits = secrets.all.iter().fold(false, |fits, stored| {
            let (StoredSecret::Form(key) | StoredSecret::Password(key)) = stored;
            fits | secret::equal(request.sign(key).as_bytes(), second.signature.as_bytes())
        });
        let identity = secrets.settle(fits, Reason::SignatureMismatch)?;
        Ok(ServerTurn::Proven(Proven::from(identity)))
    }
}

impl ServerMechanism for MongoAwsServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectClientFirst, Heard::Message(it)) => self.challenge(it),
            (State::ExpectClientSecond(signed), Heard::Message(it)) => self.ask(signed, it),
            (State::ExpectSecret { signed, message }, Heard::Answer(it)) => {
                self.verify(&signed, message.expose(), it.secrets()?)
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}
