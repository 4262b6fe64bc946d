//! The client's half: what it can, then the proof.

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, mem};

use super::{
    NAME,
    av::{AvId, HAS_MIC, Pairs},
    keys::{self, ResponseKey},
    message::{self, Authenticate, Negotiate, ServerChallenge, flags},
    text,
};
use crate::{
    binding::{BindingKind, ClientBinding},
    credentials::{Credentials, Key, StoredForm},
    error::{Error, Misuse, Reason},
    hash::Hash,
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    preparation::MAX_FIELD,
    query::ClientAnswer,
    secret::Secret,
};

/// What we can; what of it the server can, too, is what holds.
const FLAGS: u32 = flags::UNICODE
    | flags::OEM
    | flags::REQUEST_TARGET
    | flags::NTLM
    | flags::ALWAYS_SIGN
    | flags::EXTENDED_SESSION_SECURITY;

/// The client's half of NTLM.
pub struct NtlmClient {
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectStart(Box<Login>),
    ExpectChallenge {
        login: Box<Login>,
        /// Whether the server has said words instead of a challenge.
        chatted: bool,
    },
    ExpectOutcome,
}

struct Login {
    user: Box<str>,
    domain: Box<str>,
    nt_hash: Secret,
    client_challenge: [u8; 8],
    /// `MsvAvChannelBindings`
    binding: Option<[u8; 16]>,
    /// `MsvAvTargetName`: the service that we mean.
    target: Option<Box<str>>,
}

impl NtlmClient {
    /// A client of these credentials: a password, or its NT hash.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] where they are not there, or too long.
    pub fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        // The nonce is fresh and is not said itself; eight octets of its hash are a challenge.
        let hash = Hash::Sha256.hmac(context.nonce.as_str().as_bytes(), &[b"NTLM client"]);
        let challenge = hash.as_ref().first_chunk().copied().unwrap_or_default();
        Self::with_challenge(context, challenge)
    }

    /// The same, with this challenge of the client's.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_challenge(
        context: &ClientContext<'_>,
        client_challenge: [u8; 8],
    ) -> Result<Self, Error> {
        let (name, nt_hash) = name_and_key(context.credentials).map_err(Error::Credentials)?;
        let (user, domain) = user_and_domain(name);
        if user.is_empty() {
            return Err(Error::Credentials(Reason::EmptyUsername));
        }
        let binding = match &context.binding {
            ClientBinding::Bound(it) if *it.kind() == BindingKind::TlsServerEndPoint => {
                Some(keys::binding_hash(it))
            }
            _ => None,
        };
        let service = context.rules.service.as_ref().filter(|it| !it.host().is_empty());
        let target = service.map(|it| [&*it.name, "/", it.host()].concat().into());
        let login = Login {
            user: user.into(),
            domain: domain.into(),
            nt_hash,
            client_challenge,
            binding,
            target,
        };
        Ok(Self { state: State::ExpectStart(Box::new(login)) })
    }

    /// Some servers say "NTLM supported" first, and only then listen: the first message is said again then.
    fn hear(
        &mut self,
        login: Box<Login>,
        chatted: bool,
        challenge: &[u8],
    ) -> Result<ClientTurn, Error> {
        if !chatted && is_words(challenge) {
            self.state = State::ExpectChallenge { login, chatted: true };
            return Ok(ClientTurn::Respond(Response::new(negotiate())));
        }
        let message = login.prove(challenge).map_err(Error::Peer)?;
        self.state = State::ExpectOutcome;
        Ok(ClientTurn::Respond(Response::new(message)))
    }
}

impl Login {
    /// `AUTHENTICATE_MESSAGE` (MS-NLMP section 3.1.5.1.2).
    fn prove(&self, challenge: &[u8]) -> Result<Vec<u8>, Reason> {
        let heard = ServerChallenge::parse(challenge)?;
        let unicode = heard.flags & flags::UNICODE != 0;
        let mut pairs = Pairs::parse(heard.target_info)?;
        let time = pairs.get(AvId::TIMESTAMP).and_then(|it| <[u8; 8]>::try_from(it).ok());
        let av_flags = (pairs.flags() | HAS_MIC).to_le_bytes();
        let target = self.target.as_deref().map(text::utf16);
        if time.is_some() {
            pairs.set(AvId::FLAGS, &av_flags);
        }
        if let Some(binding) = &self.binding {
            pairs.set(AvId::CHANNEL_BINDINGS, binding);
        }
        if let Some(target) = &target {
            pairs.set(AvId::TARGET_NAME, target);
        }

        let key = ResponseKey::new(&self.nt_hash, &self.user, &self.domain);
        // There is no clock in here: a server that says no time, and none since Windows Vista does so, hears zero.
        let temp = keys::temp(time.unwrap_or_default(), self.client_challenge, &pairs.to_octets());
        let proof = key.nt_proof(heard.challenge, &temp);
        let lm_response = match time {
            Some(_) => Vec::from([0; 24]),
            None => key.lm_response(heard.challenge, self.client_challenge),
        };
        let mut message = Authenticate {
            lm_response: &lm_response,
            nt_response: &[&proof[..], &temp].concat(),
            domain: &text::write(&self.domain, unicode)?,
            user: &text::write(&self.user, unicode)?,
            workstation: &[],
            flags: heard.flags & (FLAGS | flags::TARGET_INFO),
        }
        .to_octets(time.is_some())?;
        if time.is_some() {
            let session_key = key.session_base_key(&proof);
            let mic = session_key.mic([&negotiate(), challenge, &message]);
            message::set_mic(&mut message, &mic);
        }
        Ok(message)
    }
}

impl ClientMechanism for NtlmClient {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_response(&mut self) -> Option<Response> {
        match mem::take(&mut self.state) {
            State::ExpectStart(login) => {
                self.state = State::ExpectChallenge { login, chatted: false };
                Some(Response::new(negotiate()))
            }
            _ => None,
        }
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectChallenge { login, chatted }, Heard::Message(it)) => {
                self.hear(login, chatted, it)
            }
            (_, Heard::Message(_)) => Err(Error::Peer(Reason::UnexpectedChallenge)),
            (_, Heard::Answer(_)) => Err(Misuse::NothingAsked.into()),
        }
    }

    /// A success before the proof is none: the server has not asked yet.
    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match mem::take(&mut self.state) {
            State::ExpectOutcome => Ok(Conclusion::unproven()),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

fn negotiate() -> Vec<u8> {
    Negotiate { flags: FLAGS }.to_octets()
}

fn name_and_key(credentials: &Credentials) -> Result<(&str, Secret), Reason> {
    let name = credentials.authentication_id.as_ref().ok_or(Reason::NoCredentials)?.as_str();
    let nt_hash = match &credentials.key {
        Key::Password(password) if password.expose().is_empty() => {
            return Err(Reason::EmptyPassword);
        }
        Key::Password(password) if password.expose().len() > MAX_FIELD => {
            return Err(Reason::FieldTooLong);
        }
        Key::Password(password) => keys::nt_hash(password.expose()),
        Key::Stored { form: StoredForm::NtHash, secret } if secret.len() == 16 => secret.clone(),
        _ => return Err(Reason::NoCredentials),
    };
    match name.len() {
        0..=MAX_FIELD => Ok((name, nt_hash)),
        _ => Err(Reason::FieldTooLong),
    }
}

/// `DOMAIN\user`, `user@domain`, or a user in the server's own domain.
fn user_and_domain(name: &str) -> (&str, &str) {
    if let Some((domain, user)) = name.split_once('\\') {
        return (user, domain);
    }
    name.rsplit_once('@').unwrap_or((name, ""))
}

/// Whether a server talks to people.
fn is_words(challenge: &[u8]) -> bool {
    !challenge.is_empty() && challenge.iter().all(|octet| matches!(octet, b' '..=b'~'))
}

impl fmt::Debug for NtlmClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NtlmClient")
    }
}
