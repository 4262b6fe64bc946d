//! CRAM-MD5 (RFC 2195): the server asks, and the client answers with a keyed hash of the question.
//!
//! ```text
//!   S: <nonce@host>
//!   C: name, HMAC-MD5(password, the whole challenge)
//! ```

use alloc::{boxed::Box, format, string::String};
use core::{fmt, mem};

use crate::{
    credentials::Key,
    encoding::hex,
    error::{Error, Failure, Misuse, Reason},
    hash::Hash,
    identity::AuthenticationId,
    md5::hmac_md5,
    mechanism::{
        ActiveAttacks, Binds, ClientContext, ClientMechanism, ClientTurn, Conclusion, Exposure,
        ForwardSecrecy, Heard, Mechanism, Needs, Properties, ServerContext, ServerMechanism,
        ServerProof, ServerTurn, Service, Side, Standing,
    },
    message::{Challenge, Proven, Response},
    name::MechanismName,
    preparation::Preparation,
    query::{Answer, ClientAnswer, Query, SecretForm, Secrets, SharedSecret, StoredSecret},
    secret::{self, Password},
};

/// CRAM-MD5, both halves.
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
        reference: "RFC 2195",
    },
    client: |context| Ok(Box::new(CramMd5Client::new(context)?)),
    server: |context| Box::new(CramMd5Server::new(context)),
};

const NAME: MechanismName = MechanismName::new("CRAM-MD5");

/// The longest name, in octets.
const MAX_NAME: usize = 1024;

/// The length of a digest, in hexadecimal digits.
const DIGEST_LEN: usize = 32;

/// What stands for a server's host that nobody has named.
const NO_HOST: &str = "localhost";

/// The client's half: one answer.
pub struct CramMd5Client {
    state: ClientState,
}

#[derive(Default)]
enum ClientState {
    #[default]
    Dead,
    ExpectChallenge(AuthenticationId, Password),
    ExpectSuccess,
}

impl CramMd5Client {
    fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        let credentials = context.credentials;
        let (Some(name), Key::Password(password)) =
            (&credentials.authentication_id, &credentials.key)
        else {
            return Err(Error::Credentials(Reason::NoCredentials));
        };
        let preparation = context.rules.preparation;
        let prepared = preparation.name_and_password(name.as_str(), password.expose());
        let (name, password) = prepared.map_err(Error::Credentials)?;
        Ok(Self { state: ClientState::ExpectChallenge(name, password) })
    }

    fn answer(
        &mut self,
        name: &AuthenticationId,
        password: &Password,
        challenge: &[u8],
    ) -> Result<ClientTurn, Error> {
        check_challenge(challenge).map_err(Error::Peer)?;
        let digest = digest(password.expose().as_bytes(), challenge);
        self.state = ClientState::ExpectSuccess;
        Ok(ClientTurn::Respond(Response::new(format!("{name} {digest}"))))
    }
}

impl ClientMechanism for CramMd5Client {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (ClientState::ExpectChallenge(name, password), Heard::Message(it)) => {
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

/// `"<" unique "@" host ">"`, as RFC 2195 section 2 has it of RFC 822: a server that makes us hash anything else is up to
/// something.
fn check_challenge(challenge: &[u8]) -> Result<(), Reason> {
    if !challenge.is_ascii() {
        return Err(Reason::ChallengeNotAscii);
    }
    let within = challenge.strip_prefix(b"<").and_then(|it| it.strip_suffix(b">"));
    let mut halves = within.ok_or(Reason::BadChallenge)?.split(|octet| *octet == b'@');
    match (halves.next(), halves.next(), halves.next()) {
        (Some(unique), Some(host), None) if is_word(unique) && is_word(host) => Ok(()),
        _ => Err(Reason::BadChallenge),
    }
}

/// Whether the octets may stand on one side of the `@`.
fn is_word(octets: &[u8]) -> bool {
    let fits = |octet: &u8| octet.is_ascii_graphic() && !matches!(octet, b'<' | b'>' | b'@');
    !octets.is_empty() && octets.iter().all(fits)
}

/// HMAC-MD5 in lower-case hexadecimal digits.
fn digest(password: &[u8], challenge: &[u8]) -> String {
    hex(&hmac_md5(password, &[challenge]))
}

/// The server's half: a question, then what account and owner share.
pub struct CramMd5Server {
    preparation: Preparation,
    challenge: Box<str>,
    state: ServerState,
}

#[derive(Default)]
enum ServerState {
    #[default]
    Dead,
    ExpectResponse,
    ExpectSecret {
        /// What the client says.
        digest: Box<str>,
    },
}

impl CramMd5Server {
    /// A server that asks what nobody was ever asked: the nonce is in it.
    pub fn new(context: &ServerContext<'_>) -> Self {
        let nonce = context.nonce.as_str();
        let unique = if is_word(nonce.as_bytes()) {
            nonce.into()
        } else {
            hex(Hash::Sha256.digest(nonce.as_bytes()).as_ref())
        };
        let host = context.rules.service.as_ref().map(Service::host);
        let host = host.filter(|host| is_word(host.as_bytes())).unwrap_or(NO_HOST);
        Self {
            preparation: context.rules.preparation,
            challenge: format!("<{unique}@{host}>").into(),
            state: ServerState::ExpectResponse,
        }
    }

    fn ask(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        let (name, digest) = parse(message).map_err(Failure::malformed)?;
        let name = self.preparation.name(name).map_err(Failure::credentials)?;
        self.state = ServerState::ExpectSecret { digest: digest.into() };
        let query = SharedSecret::new(name, SecretForm::Password);
        Ok(ServerTurn::Ask(Query::SharedSecret(query)))
    }

    /// The same work whether there is such an account or not.
    fn verify(&self, said: &str, secrets: Secrets) -> Result<ServerTurn, Failure> {
        let fits = secrets.all.iter().fold(false, |fits, secret| {
            let (StoredSecret::Password(password) | StoredSecret::Form(password)) = secret;
            let ours = digest(password.expose(), self.challenge.as_bytes());
            fits | secret::equal(ours.as_bytes(), said.as_bytes())
        });
        let identity = secrets.settle(fits, Reason::DigestMismatch)?;
        Ok(ServerTurn::Proven(Proven::from(identity)))
    }
}

impl ServerMechanism for CramMd5Server {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_challenge(&mut self) -> Option<Challenge> {
        Some(Challenge::new(self.challenge.as_bytes()))
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (ServerState::ExpectResponse, Heard::Message(it)) => self.ask(it),
            (ServerState::ExpectSecret { digest }, Heard::Answer(it)) => {
                self.verify(&digest, it.secrets()?)
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

/// `name SP digest`; a name may have spaces, a digest has none.
fn parse(message: &[u8]) -> Result<(&str, &str), Reason> {
    let message = core::str::from_utf8(message).map_err(|_| Reason::InvalidUtf8)?;
    let (name, digest) = message.rsplit_once(' ').ok_or(Reason::NoSpace)?;
    if name.is_empty() {
        return Err(Reason::EmptyUsername);
    }
    if name.contains('\0') {
        return Err(Reason::NulInUsername);
    }
    if name.len() > MAX_NAME {
        return Err(Reason::FieldTooLong);
    }
    if digest.len() != DIGEST_LEN {
        return Err(Reason::DigestLength);
    }
    if !digest.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(Reason::DigestNotLowercaseHex);
    }
    Ok((name, digest))
}

impl fmt::Debug for CramMd5Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CramMd5Client")
    }
}

impl fmt::Debug for CramMd5Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CramMd5Server")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_at_the_last_space() {
        let digest = "63ba8d17b4d0e94c82d3f0557ed5f6b1";
        let message = format!("a b {digest}");
        assert_eq!(parse(message.as_bytes()), Ok(("a b", digest)));
        assert_eq!(parse(format!("a\0b {digest}").as_bytes()), Err(Reason::NulInUsername));
        let long = format!("{} {digest}", "a".repeat(MAX_NAME + 1));
        assert_eq!(parse(long.as_bytes()), Err(Reason::FieldTooLong));
    }

    #[test]
    fn challenges_are_message_ids() {
        for good in ["<1896.697170952@postoffice.reston.mci.net>", "<a@[192.0.2.1]>"] {
            assert_eq!(check_challenge(good.as_bytes()), Ok(()), "{good}");
        }
        for bad in ["<a@>", "<@a>", "<a@b@c>", "<<a@b>", "<a@b>\r\n", "<a\0@b>"] {
            assert_eq!(check_challenge(bad.as_bytes()), Err(Reason::BadChallenge), "{bad}");
        }
    }
}
