//! PG-MD5 (PostgreSQL, "Message Flow": `AuthenticationMD5Password`): a hash of the password's hash and a salt, deprecated by
//! PostgreSQL itself.
//!
//! ```text
//!   S: salt, 4 octets
//!   C: "md5" MD5(MD5(password name) salt)
//! ```
//!
//! Hashes are lower-case hexadecimal digits. The name is in no message: the protocol has said it before
//! ([`UsernameRule::FromProtocol`]). The inner hash is what a server may keep, and is as good as the password. The mechanism's
//! name is ours: on the wire it has none.

use alloc::{boxed::Box, format, string::String};
use core::mem;

use aiosasl::{
    credentials::Key,
    encoding::hex,
    error::{Error, Failure, Misuse, Reason},
    hash::Hash,
    identity::AuthenticationId,
    md5::md5,
    mechanism::{
        ActiveAttacks, Binds, ClientContext, ClientMechanism, ClientTurn, Conclusion, Exposure,
        ForwardSecrecy, Heard, Mechanism, Needs, Properties, ServerContext, ServerMechanism,
        ServerProof, ServerTurn, Side, Standing, UsernameRule,
    },
    message::{Challenge, Proven, Response},
    name::MechanismName,
    query::{Answer, ClientAnswer, Query, SecretForm, Secrets, SharedSecret, StoredSecret},
    secret::{self, Password, Secret},
};

use crate::reason::{BAD_MD5_ANSWER, BAD_SALT, NO_NAME};

/// PG-MD5, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Server,
        exposure: Exposure::Guessable,
        needs: Needs::Password,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Legacy,
        reference: "PostgreSQL",
    },
    client: |context| Ok(Box::new(Md5Client::new(context)?)),
    server: |context| Box::new(Md5Server::new(context)),
};

const NAME: MechanismName = MechanismName::new("PG-MD5");
const PREFIX: &str = "md5";

/// The client's half: one answer.
pub struct Md5Client {
    state: ClientState,
}

#[derive(Default)]
enum ClientState {
    #[default]
    Dead,
    ExpectSalt(AuthenticationId, Password),
    ExpectSuccess,
}

impl Md5Client {
    /// A client with this name and password, both as typed: PostgreSQL prepares neither here.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] where one is missing.
    pub fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        let credentials = context.credentials;
        let (Some(name), Key::Password(password)) =
            (&credentials.authentication_id, &credentials.key)
        else {
            return Err(Error::Credentials(Reason::NoCredentials));
        };
        if password.expose().is_empty() {
            return Err(Error::Credentials(Reason::EmptyPassword));
        }
        if credentials.authorization_id.is_some() {
            return Err(Error::Credentials(Reason::AuthzidNotCarried));
        }
        Ok(Self { state: ClientState::ExpectSalt(name.clone(), password.clone()) })
    }

    fn answer(
        &mut self,
        name: &AuthenticationId,
        password: &Password,
        salt: &[u8],
    ) -> Result<ClientTurn, Error> {
        if salt.len() != SALT {
            return Err(Error::Peer(BAD_SALT));
        }
        let inner = inner(password.expose().as_bytes(), name);
        self.state = ClientState::ExpectSuccess;
        Ok(ClientTurn::Respond(Response::new(outer(&inner, salt))))
    }
}

/// The length of a salt, in octets.
const SALT: usize = 4;

impl ClientMechanism for Md5Client {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (ClientState::ExpectSalt(name, password), Heard::Message(it)) => {
                self.answer(&name, &password, it)
            }
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

/// `MD5(password name)`.
fn inner(password: &[u8], name: &AuthenticationId) -> Secret {
    let digest = Secret::new(md5(&[password, name.as_str().as_bytes()]));
    Secret::new(hex(digest.expose()))
}

/// What goes over the wire.
fn outer(inner: &Secret, salt: &[u8]) -> String {
    format!("{PREFIX}{}", hex(&md5(&[inner.expose(), salt])))
}

/// The server's half: a salt, then what account and owner share.
pub struct Md5Server {
    salt: [u8; SALT],
    name: Option<AuthenticationId>,
    state: ServerState,
}

#[derive(Default)]
enum ServerState {
    #[default]
    Dead,
    ExpectAnswer,
    ExpectSecret {
        /// What the client says.
        said: Box<str>,
    },
}

impl Md5Server {
    /// A server that asks with a salt that is made of the nonce; the name has to be known from the protocol.
    pub fn new(context: &ServerContext<'_>) -> Self {
        let digest = Hash::Sha256.digest(context.nonce.as_str().as_bytes());
        let salt = digest.as_ref().first_chunk().copied().unwrap_or_default();
        let name = match &context.rules.username {
            UsernameRule::FromProtocol(name) => Some(name.clone()),
            UsernameRule::InMessage => None,
        };
        Self { salt, name, state: ServerState::ExpectAnswer }
    }

    fn ask(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        let said = parse(message).ok_or(Failure::malformed(BAD_MD5_ANSWER))?.into();
        let name = self.name.clone().ok_or(Failure::malformed(NO_NAME))?;
        self.state = ServerState::ExpectSecret { said };
        let query = SharedSecret::new(name, SecretForm::Password);
        Ok(ServerTurn::Ask(Query::SharedSecret(query)))
    }

    /// The same work whether there is such an account or not.
    fn verify(&self, said: &str, secrets: Secrets) -> Result<ServerTurn, Failure> {
        let name = self.name.as_ref().ok_or(Failure::OUT_OF_TURN)?;
        let fits = secrets.all.iter().fold(false, |fits, secret| {
            let (StoredSecret::Password(password) | StoredSecret::Form(password)) = secret;
            let ours = outer(&inner(password.expose(), name), &self.salt);
            fits | secret::equal(ours.as_bytes(), said.as_bytes())
        });
        let identity = secrets.settle(fits, Reason::DigestMismatch)?;
        Ok(ServerTurn::Proven(Proven::from(identity)))
    }
}

impl ServerMechanism for Md5Server {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_challenge(&mut self) -> Option<Challenge> {
        Some(Challenge::new(self.salt))
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (ServerState::ExpectAnswer, Heard::Message(it)) => self.ask(it),
            (ServerState::ExpectSecret { said }, Heard::Answer(it)) => {
                self.verify(&said, it.secrets()?)
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

/// `md5` and 32 lower-case hexadecimal digits.
fn parse(message: &[u8]) -> Option<String> {
    let digits = message.strip_prefix(PREFIX.as_bytes())?;
    let is_digit = |octet: &u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() != 32 || !digits.iter().all(is_digit) {
        return None;
    }
    core::str::from_utf8(message).ok().map(String::from)
}
