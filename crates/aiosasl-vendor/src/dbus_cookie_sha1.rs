//! DBUS_COOKIE_SHA1 (D-Bus specification, "Authentication Protocol"): a client proves that it can read a file of the user's.
//!
//! ```text
//!   C: name
//!   S: context SP cookie's number SP challenge
//!   C: challenge SP SHA1(server's challenge ":" client's challenge ":" cookie)
//! ```
//!
//! Challenges and the hash are hexadecimal digits. That D-Bus writes each message once more in hexadecimal digits is its
//! transfer encoding, as base64 is IMAP's, and not done here.

use alloc::{boxed::Box, format, string::String};
use core::{mem, str};

use aiosasl::{
    encoding::hex,
    error::{Error, Failure, Misuse, Reason},
    hash::Hash,
    identity::AuthenticationId,
    mechanism::{
        ActiveAttacks, Binds, ClientContext, ClientMechanism, ClientTurn, Conclusion, Exposure,
        ForwardSecrecy, Heard, Mechanism, Needs, Properties, ServerContext, ServerMechanism,
        ServerProof, ServerTurn, Side, Standing,
    },
    message::{Challenge, Proven, Response},
    name::MechanismName,
    nonce::Nonce,
    query::{
        Answer, ClientAnswer, ClientQuery, Query, Question, SecretForm, Secrets, SharedSecret,
        StoredSecret, Subject,
    },
    secret::{self, Secret},
};

use crate::reason::{BAD_COOKIE_ANSWER, BAD_COOKIE_CONTEXT, BAD_COOKIE_QUESTION};

/// DBUS_COOKIE_SHA1, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Client,
        exposure: Exposure::Guessable,
        needs: Needs::Foreign,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Current,
        reference: "D-Bus specification",
    },
    client: |context| Ok(Box::new(CookieClient::new(context)?)),
    server: |context| Box::new(CookieServer::new(context)),
};

/// What a client asks for: its question's `details` are the context, a space, and the cookie's number; the answer is the
/// cookie, as it stands in `~/.dbus-keyrings/` in the file that the context names.
pub const COOKIE: &str = "dbus-cookie";

/// What a server asks its store for: context, cookie's number and cookie, a space between each, the newest first.
pub const STORED_COOKIE: SecretForm = SecretForm::Foreign(COOKIE);

/// The context of servers that have none of their own.
pub const DEFAULT_CONTEXT: &str = "org_freedesktop_general";

const NAME: MechanismName = MechanismName::new("DBUS_COOKIE_SHA1");
/// The most octets of a name, a context or a challenge.
const MAX_FIELD: usize = 1024;
/// The octets of a challenge that we make, before they are digits.
const CHALLENGE_LEN: usize = 16;
/// The digits of a digest.
const DIGEST_LEN: usize = 40;

/// The client's half: asks for the cookie that the server names.
pub struct CookieClient {
    challenge: String,
    state: ClientState,
}

#[derive(Default)]
enum ClientState {
    #[default]
    Dead,
    ExpectStart(AuthenticationId),
    ExpectQuestion,
    ExpectCookie {
        server_challenge: Box<str>,
    },
    ExpectSuccess,
}

impl CookieClient {
    /// A client of this name: a user's, or a number as text.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] where there is no name.
    pub fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        let name = context.credentials.authentication_id.clone();
        let name = name.ok_or(Error::Credentials(Reason::NoCredentials))?;
        let challenge = challenge("client", &context.nonce);
        Ok(Self { challenge, state: ClientState::ExpectStart(name) })
    }

    fn ask(&mut self, message: &[u8]) -> Result<ClientTurn, Error> {
        let (context, number, server_challenge) = parse_question(message).map_err(Error::Peer)?;
        self.state = ClientState::ExpectCookie { server_challenge: server_challenge.into() };
        let details = format!("{context} {number}").into();
        let question = Question::new(Subject::Foreign { what: COOKIE, details });
        Ok(ClientTurn::Ask(ClientQuery::Question(question)))
    }

    fn answer(&mut self, server_challenge: &str, cookie: &Secret) -> ClientTurn {
        let digest = digest(server_challenge, &self.challenge, cookie.expose());
        self.state = ClientState::ExpectSuccess;
        ClientTurn::Respond(Response::new(format!("{} {digest}", self.challenge)))
    }
}

impl ClientMechanism for CookieClient {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_response(&mut self) -> Option<Response> {
        let ClientState::ExpectStart(name) = mem::take(&mut self.state) else { return None };
        self.state = ClientState::ExpectQuestion;
        Some(Response::new(name.as_str()))
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (ClientState::ExpectQuestion, Heard::Message(it)) => self.ask(it),
            (ClientState::ExpectCookie { server_challenge }, Heard::Answer(it)) => {
                Ok(self.answer(&server_challenge, &it.text()?))
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

/// The server's half: fetches the cookie first, since it has to name it.
pub struct CookieServer {
    challenge: String,
    state: ServerState,
}

#[derive(Default)]
enum ServerState {
    #[default]
    Dead,
    ExpectName,
    ExpectSecrets,
    ExpectAnswer {
        cookie: Secret,
        secrets: Box<Secrets>,
    },
}

impl CookieServer {
    /// A server that asks what nobody was ever asked: the nonce is in it.
    pub fn new(context: &ServerContext<'_>) -> Self {
        let challenge = challenge("server", &context.nonce);
        Self { challenge, state: ServerState::ExpectName }
    }

    fn ask(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        let name = str::from_utf8(message).map_err(|_| Failure::malformed(Reason::InvalidUtf8))?;
        if name.len() > MAX_FIELD {
            return Err(Failure::malformed(Reason::FieldTooLong));
        }
        let reason = if name.is_empty() { Reason::EmptyUsername } else { Reason::NulInUsername };
        let name = AuthenticationId::new(name).map_err(|_| Failure::malformed(reason))?;
        self.state = ServerState::ExpectSecrets;
        Ok(ServerTurn::Ask(Query::SharedSecret(SharedSecret::new(name, STORED_COOKIE))))
    }

    /// Names the cookie; where there is no account, one that nobody has.
    fn challenge(&mut self, secrets: Secrets) -> ServerTurn {
        let stored = secrets.all.first().map_or(&b""[..], |first| {
            let (StoredSecret::Form(it) | StoredSecret::Password(it)) = first;
            it.expose()
        });
        let (name, cookie) = named(stored).unwrap_or_else(|| made_up(stored));
        let question = format!("{name} {}", self.challenge);
        self.state = ServerState::ExpectAnswer { cookie, secrets: Box::new(secrets) };
        ServerTurn::Challenge(Challenge::new(question))
    }

    fn verify(
        &self,
        cookie: &Secret,
        secrets: Secrets,
        message: &[u8],
    ) -> Result<ServerTurn, Failure> {
        let (client_challenge, said) = parse_answer(message).map_err(Failure::malformed)?;
        let ours = digest(&self.challenge, client_challenge, cookie.expose());
        let fits = secret::equal(ours.as_bytes(), said.to_ascii_lowercase().as_bytes());
        let identity = secrets.settle(fits, Reason::DigestMismatch)?;
        Ok(ServerTurn::Proven(Proven::from(identity)))
    }
}

impl ServerMechanism for CookieServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (ServerState::ExpectName, Heard::Message(it)) => self.ask(it),
            (ServerState::ExpectSecrets, Heard::Answer(it)) => Ok(self.challenge(it.secrets()?)),
            (ServerState::ExpectAnswer { cookie, secrets }, Heard::Message(it)) => {
                self.verify(&cookie, *secrets, it)
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

/// Context and number together, and the cookie, of what a store has.
fn named(stored: &[u8]) -> Option<(String, Secret)> {
    let (name, cookie) = str::from_utf8(stored).ok()?.rsplit_once(' ')?;
    let (context, number) = name.split_once(' ')?;
    let fits = is_context(context) && is_number(number) && !cookie.is_empty();
    fits.then(|| (name.into(), Secret::from(cookie)))
}

/// The same of something that is no cookie: the same words for the same name, as a real one has.
fn made_up(octets: &[u8]) -> (String, Secret) {
    let hash = Hash::Sha256.hmac(octets, &[b"dbus-cookie-number"]);
    let number = hash.as_ref().iter().take(4).fold(0, |sum, octet| sum << 8 | u32::from(*octet));
    (format!("{DEFAULT_CONTEXT} {}", number >> 2), Secret::new(hex(octets)))
}

/// `context SP number SP challenge`.
fn parse_question(message: &[u8]) -> Result<(&str, &str, &str), Reason> {
    let text = str::from_utf8(message).map_err(|_| Reason::InvalidUtf8)?;
    let mut parts = text.splitn(3, ' ');
    let (Some(context), Some(number), Some(challenge)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(BAD_COOKIE_QUESTION);
    };
    if !is_context(context) {
        return Err(BAD_COOKIE_CONTEXT);
    }
    let fits = is_number(number) && is_digits(challenge);
    fits.then_some((context, number, challenge)).ok_or(BAD_COOKIE_QUESTION)
}

/// `challenge SP digest`.
fn parse_answer(message: &[u8]) -> Result<(&str, &str), Reason> {
    let text = str::from_utf8(message).map_err(|_| Reason::InvalidUtf8)?;
    let (challenge, digest) = text.split_once(' ').ok_or(BAD_COOKIE_ANSWER)?;
    let fits = is_digits(challenge) && is_digits(digest) && digest.len() == DIGEST_LEN;
    fits.then_some((challenge, digest)).ok_or(BAD_COOKIE_ANSWER)
}

/// A file's name that leads to no other folder: the specification forbids the characters that could.
fn is_context(context: &str) -> bool {
    let fits = |octet: u8| octet.is_ascii_graphic() && !matches!(octet, b'/' | b'\\' | b'.');
    (1..=MAX_FIELD).contains(&context.len()) && context.bytes().all(fits)
}

fn is_number(number: &str) -> bool {
    (1..=10).contains(&number.len()) && number.bytes().all(|octet| octet.is_ascii_digit())
}

fn is_digits(text: &str) -> bool {
    (1..=MAX_FIELD).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_hexdigit())
}

/// A side's challenge: another one for each nonce.
fn challenge(side: &str, nonce: &Nonce) -> String {
    let octets =
        Hash::Sha256.hmac(nonce.as_str().as_bytes(), &[NAME.as_str().as_bytes(), side.as_bytes()]);
    hex(octets.as_ref().get(..CHALLENGE_LEN).unwrap_or_default())
}

/// The hash in lower-case hexadecimal digits.
fn digest(server_challenge: &str, client_challenge: &str, cookie: &[u8]) -> String {
    let before = format!("{server_challenge}:{client_challenge}:");
    let all = Secret::new([before.as_bytes(), cookie].concat());
    hex(Hash::Sha1.digest(all.expose()).as_ref())
}
