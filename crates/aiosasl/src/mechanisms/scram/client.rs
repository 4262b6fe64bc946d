//! The client's half of SCRAM (RFC 5802 section 5): it proves, and wants proof.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, mem, ops::RangeInclusive};

use super::{
    downgrade::Seen,
    keys::{self, Keys},
    message::{self, ServerFinal, ServerFirst},
};
use crate::{
    binding::{BindingKind, ChannelBinding, ClientBinding},
    credentials::{Credentials, Key},
    encoding,
    error::{Error, FailureCode, Misuse, Reason, Refusal},
    hash::{Hash, HashValue},
    identity::AuthenticationId,
    mechanism::{
        ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard, Rules, UsernameRule,
    },
    message::Response,
    name::MechanismName,
    prep::Strings,
    query::{ClientAnswer, ClientQuery, DeriveKeys},
    secret::{self, Secret},
};

/// The client's half.
pub struct ScramClient {
    name: MechanismName,
    hash: Hash,
    channel_binding: Option<BindingKind>,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    /// The message is made; nobody has taken it yet.
    ExpectStart(Sent),
    ExpectServerFirst(Sent),
    ExpectKeys(Pending),
    ExpectServerFinal {
        server_signature: HashValue,
        iterations: u32,
    },
    /// The server has proven itself.
    ExpectSuccess {
        iterations: u32,
    },
}

/// What is kept while the server has the first message.
struct Sent {
    message: Vec<u8>,
    header_len: usize,
    nonce_len: usize,
    channel_binding: Option<ChannelBinding>,
    key: PreparedKey,
    iterations: RangeInclusive<u32>,
    seen: Seen,
}

enum PreparedKey {
    Password(Secret),
    Salted { salt: Box<[u8]>, iterations: u32, keys: Keys },
}

/// What is kept while the keys are derived: `AuthMessage` without its last part, and that part.
struct Pending {
    first_messages: Vec<u8>,
    without_proof: Vec<u8>,
    iterations: u32,
}

impl ScramClient {
    /// Prepares the credentials and makes the first message.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] where name or password are missing, empty, or can't be prepared;
    /// [`Error::Policy`] where the channel binding does not go with the mechanism's name, or would be a lie.
    pub fn new(
        name: MechanismName,
        hash: Hash,
        context: &ClientContext<'_>,
    ) -> Result<Self, Error> {
        check_binding(name, context)?;
        let key = prepare_key(hash, context.credentials, &context.rules)?;
        let (message, header_len) = first_message(context)?;
        let channel_binding = match &context.binding {
            ClientBinding::Bound(binding) => Some(binding.clone()),
            ClientBinding::Unsupported | ClientBinding::NotOffered => None,
        };
        Ok(Self {
            name,
            hash,
            channel_binding: channel_binding.as_ref().map(|binding| binding.kind().clone()),
            state: State::ExpectStart(Sent {
                message,
                header_len,
                nonce_len: context.nonce.as_str().len(),
                channel_binding,
                key,
                iterations: context.rules.iterations.clone(),
                seen: Seen::new(hash, &context.offered),
            }),
        })
    }

    fn take_server_first(&mut self, sent: Sent, message: &[u8]) -> Result<ClientTurn, Error> {
        let (nonce, salt, iterations) =
            match ServerFirst::parse(message, sent.nonce()).map_err(Error::Peer)? {
                ServerFirst::Error(error) => return Err(refused(error)),
                ServerFirst::Challenge { nonce, salt, iterations, offered_hash, tls_version } => {
                    let iterations =
                        check_iterations(iterations, &sent.iterations).map_err(Error::Policy)?;
                    sent.seen.check(offered_hash, tls_version).map_err(Error::Peer)?;
                    (nonce, salt, iterations)
                }
            };
        let without_proof = sent.without_proof(nonce);
        let first_messages = [sent.bare(), b",", message, b","].concat();
        let pending = Pending { first_messages, without_proof, iterations };
        match sent.key {
            PreparedKey::Password(password) => {
                self.state = State::ExpectKeys(pending);
                let job = DeriveKeys::new(self.hash, password, salt, iterations);
                Ok(ClientTurn::Ask(ClientQuery::DeriveKeys(job)))
            }
            PreparedKey::Salted { salt: own, iterations: count, keys }
                if *own == *salt && count == iterations =>
            {
                Ok(self.say_final(pending, &keys))
            }
            PreparedKey::Salted { .. } => Err(Error::Credentials(Reason::KeysDontFit)),
        }
    }

    fn say_final(&mut self, pending: Pending, keys: &Keys) -> ClientTurn {
        let Pending { first_messages, without_proof: mut message, iterations } = pending;
        let auth_message = [first_messages.as_slice(), message.as_slice()];
        let proof = keys.client_proof(self.hash, &auth_message);
        let server_signature =
            keys::server_signature(self.hash, keys.server_key.as_ref(), &auth_message);
        self.state = State::ExpectServerFinal { server_signature, iterations };
        message.extend_from_slice(b",p=");
        encoding::encode_into(&mut message, proof.as_ref());
        ClientTurn::Respond(Response::new(message))
    }

    fn take_server_final(
        &mut self,
        server_signature: &HashValue,
        iterations: u32,
        message: &[u8],
    ) -> Result<ClientTurn, Error> {
        match ServerFinal::parse(message).map_err(Error::Peer)? {
            ServerFinal::Error(error) => Err(refused(error)),
            ServerFinal::Signature(it) if secret::equal(&it, server_signature.as_ref()) => {
                self.state = State::ExpectSuccess { iterations };
                Ok(ClientTurn::Respond(Response::empty()))
            }
            ServerFinal::Signature(_) => Err(Error::Peer(Reason::ServerSignatureMismatch)),
        }
    }
}

impl ClientMechanism for ScramClient {
    fn name(&self) -> MechanismName {
        self.name
    }

    fn initial_response(&mut self) -> Option<Response> {
        let State::ExpectStart(sent) = mem::take(&mut self.state) else { return None };
        let message = Response::new(sent.message.as_slice());
        self.state = State::ExpectServerFirst(sent);
        Some(message)
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectServerFirst(sent), Heard::Message(it)) => {
                self.take_server_first(sent, it)
            }
            (State::ExpectKeys(pending), Heard::Answer(it)) => {
                let keys = Keys::from_derived(self.hash, it.keys()?);
                Ok(self.say_final(pending, &keys))
            }
            (State::ExpectServerFinal { server_signature, iterations }, Heard::Message(it)) => {
                self.take_server_final(&server_signature, iterations, it)
            }
            (State::ExpectSuccess { .. }, Heard::Message(_)) => {
                Err(Error::Peer(Reason::UnexpectedChallenge))
            }
            _ => Err(Misuse::OutOfTurn.into()),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match mem::take(&mut self.state) {
            State::ExpectSuccess { iterations } => Ok(Conclusion {
                server_verified: true,
                channel_binding: self.channel_binding.take(),
                iterations: Some(iterations),
                security_layer: None,
            }),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

impl Sent {
    fn bare(&self) -> &[u8] {
        self.message.get(self.header_len..).unwrap_or_default()
    }

    fn header(&self) -> &[u8] {
        self.message.get(..self.header_len).unwrap_or_default()
    }

    fn nonce(&self) -> &str {
        let start = self.message.len().saturating_sub(self.nonce_len);
        core::str::from_utf8(self.message.get(start..).unwrap_or_default()).unwrap_or_default()
    }

    /// `client-final-message-without-proof`, with room for the proof.
    fn without_proof(&self, nonce: &str) -> Vec<u8> {
        let binding = self.channel_binding.as_ref().map_or(&[][..], ChannelBinding::data);
        let input = [self.header(), binding].concat();
        let mut message = Vec::with_capacity(encoding::encoded_len(input.len()) + nonce.len() + 96);
        message.extend_from_slice(b"c=");
        encoding::encode_into(&mut message, &input);
        message.extend_from_slice(b",r=");
        message.extend_from_slice(nonce.as_bytes());
        message
    }
}

/// A binding under a -PLUS name and nowhere else, and no `y` to a server that offers -PLUS.
fn check_binding(name: MechanismName, context: &ClientContext<'_>) -> Result<(), Error> {
    let offers_plus = context.offered.mechanisms.iter().any(MechanismName::is_plus);
    let is_bound = matches!(context.binding, ClientBinding::Bound(_));
    match (is_bound, name.is_plus()) {
        (true, false) => Err(Error::Policy(Reason::PFlagWithoutPlus)),
        (false, true) => Err(Error::Policy(Reason::PlusWithoutPFlag)),
        _ if offers_plus && context.binding == ClientBinding::NotOffered => {
            Err(Error::Policy(Reason::PlusOffered))
        }
        _ => Ok(()),
    }
}

fn check_iterations(iterations: u64, allowed: &RangeInclusive<u32>) -> Result<u32, Reason> {
    match u32::try_from(iterations) {
        Ok(it) if it < *allowed.start() => Err(Reason::IterationCountTooLow),
        Ok(it) if it <= *allowed.end() => Ok(it),
        _ => Err(Reason::IterationCountTooHigh),
    }
}

fn prepare_key(hash: Hash, credentials: &Credentials, rules: &Rules) -> Result<PreparedKey, Error> {
    match &credentials.key {
        Key::None => Err(Error::Credentials(Reason::NoCredentials)),
        Key::Password(password) if password.expose().is_empty() => {
            Err(Error::Credentials(Reason::EmptyPassword))
        }
        Key::Password(password) => {
            let prepared = rules.preparation.prepare(password.expose(), Strings::Stored);
            let prepared = prepared.map_err(|_| Error::Credentials(Reason::PasswordPrepFailed))?;
            let prepared = Secret::new(prepared.into_owned());
            if prepared.is_empty() {
                return Err(Error::Credentials(Reason::PasswordPrepEmpty));
            }
            Ok(PreparedKey::Password(prepared))
        }
        Key::SaltedPassword { salt, iterations, salted_password } => Ok(PreparedKey::Salted {
            salt: salt.clone(),
            iterations: *iterations,
            keys: Keys::from_salted_password(hash, salted_password),
        }),
        Key::ScramKeys { salt, iterations, client_key, server_key } => Ok(PreparedKey::Salted {
            salt: salt.clone(),
            iterations: *iterations,
            keys: Keys { client_key: client_key.clone(), server_key: server_key.clone() },
        }),
    }
}

/// `client-first-message`, and the length of its gs2 header.
fn first_message(context: &ClientContext<'_>) -> Result<(Vec<u8>, usize), Error> {
    let username = prepare_username(context)?;
    let mut message = String::with_capacity(128);
    match &context.binding {
        ClientBinding::Unsupported => message.push('n'),
        ClientBinding::NotOffered => message.push('y'),
        ClientBinding::Bound(binding) => message.extend(["p=", binding.kind().as_str()]),
    }
    message.push(',');
    if let Some(authorization_id) = &context.credentials.authorization_id {
        message.extend(["a=", &*message::encode_name(authorization_id.as_str())]);
    }
    message.push(',');
    let header_len = message.len();
    message.extend(["n=", &*message::encode_name(&username), ",r=", context.nonce.as_str()]);
    Ok((message.into_bytes(), header_len))
}

fn prepare_username(context: &ClientContext<'_>) -> Result<String, Error> {
    if let UsernameRule::FromProtocol(_) = context.rules.username {
        return Ok(String::new());
    }
    let name = context.credentials.authentication_id.as_ref().map(AuthenticationId::as_str);
    let name = name.ok_or(Error::Credentials(Reason::NoCredentials))?;
    match context.rules.preparation.prepare(name, Strings::Query) {
        Ok(prepared) if prepared.is_empty() => Err(Error::Credentials(Reason::EmptyUsername)),
        Ok(prepared) => Ok(prepared.into_owned()),
        Err(_) => Err(Error::Credentials(Reason::InvalidUsernameEncoding)),
    }
}

/// A `server-error-value` (RFC 5802 section 7). What is unknown counts as other-error, and that as a word about the
/// credentials: the password must not be tried with a weaker mechanism on the word of somebody unproven.
fn refused(error: &str) -> Error {
    let code = match error {
        "invalid-encoding"
        | "extensions-not-supported"
        | "invalid-username-encoding"
        | "channel-bindings-dont-match"
        | "server-does-support-channel-binding"
        | "channel-binding-not-supported"
        | "unsupported-channel-binding-type" => FailureCode::Malformed,
        "no-resources" => FailureCode::Temporary,
        _ => FailureCode::InvalidCredentials,
    };
    Error::Refused(Refusal { code, text: Some(error.into()) })
}

impl fmt::Debug for ScramClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramClient").field("name", &self.name).finish_non_exhaustive()
    }
}
