//! The client's half of SCRAM (RFC 5802 section 5): it proves, and wants proof.

use core::{fmt, mem, ops::RangeInclusive};

use super::{
    auth_message::AuthMessage,
    keys::{self, Keys},
    message::{ServerFinal, ServerFirst},
    opening::{PreparedKey, Sent},
};
use crate::{
    binding::{BindingKind, ClientBinding},
    error::{Error, FailureCode, Misuse, Reason, Refusal},
    hash::{Hash, HashValue},
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    query::{ClientAnswer, ClientQuery, DeriveKeys},
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

/// What is kept while the keys are derived.
struct Pending {
    auth_message: AuthMessage,
    iterations: u32,
}

impl ScramClient {
    /// Prepares the credentials and makes the first message.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] where name or password are missing, empty, or can't be prepared, and where an extension is
    /// none that can be sent;
    /// [`Error::Policy`] where the channel binding does not go with the mechanism's name, or would be a lie.
    pub fn new(
        name: MechanismName,
        hash: Hash,
        context: &ClientContext<'_>,
    ) -> Result<Self, Error> {
        let sent = Sent::new(name, hash, context)?;
        let channel_binding = match &context.binding {
            ClientBinding::Bound(binding) => Some(binding.kind().clone()),
            ClientBinding::Unsupported | ClientBinding::NotOffered => None,
        };
        Ok(Self { name, hash, channel_binding, state: State::ExpectStart(sent) })
    }

    fn take_server_first(&mut self, sent: Sent, message: &[u8]) -> Result<ClientTurn, Error> {
        let (nonce, salt, iterations) =
            match ServerFirst::parse(message, sent.first.nonce()).map_err(Error::Peer)? {
                ServerFirst::Error(error) => return Err(refused(error)),
                ServerFirst::Challenge { nonce, salt, iterations, offered_hash, tls_version } => {
                    let iterations =
                        check_iterations(iterations, &sent.iterations).map_err(Error::Policy)?;
                    sent.seen.check(offered_hash, tls_version).map_err(Error::Peer)?;
                    (nonce, salt, iterations)
                }
            };
        let pending = Pending { auth_message: sent.first.answered(message, nonce), iterations };
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
        let Pending { auth_message, iterations } = pending;
        let proof = keys.client_proof(self.hash, &[auth_message.as_bytes()]);
        let server_signature =
            keys::server_signature(self.hash, keys.server_key.as_ref(), &[auth_message.as_bytes()]);
        self.state = State::ExpectServerFinal { server_signature, iterations };
        ClientTurn::Respond(auth_message.prove(&proof))
    }

    fn take_server_final(
        &mut self,
        server_signature: &HashValue,
        iterations: u32,
        message: &[u8],
    ) -> Result<ClientTurn, Error> {
        match ServerFinal::parse(message).map_err(Error::Peer)? {
            ServerFinal::Error(error) => Err(refused(error)),
            ServerFinal::Signature(it) => {
                if !it.stands_for(server_signature.as_ref()).map_err(Error::Peer)? {
                    return Err(Error::Peer(Reason::ServerSignatureMismatch));
                }
                self.state = State::ExpectSuccess { iterations };
                Ok(ClientTurn::Respond(Response::empty()))
            }
        }
    }
}

impl ClientMechanism for ScramClient {
    fn name(&self) -> MechanismName {
        self.name
    }

    fn initial_response(&mut self) -> Option<Response> {
        let State::ExpectStart(sent) = mem::take(&mut self.state) else { return None };
        let message = sent.first.to_response();
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
                ..Conclusion::default()
            }),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

fn check_iterations(iterations: u64, allowed: &RangeInclusive<u32>) -> Result<u32, Reason> {
    match u32::try_from(iterations) {
        Ok(it) if it < *allowed.start() => Err(Reason::IterationCountTooLow),
        Ok(it) if it <= *allowed.end() => Ok(it),
        _ => Err(Reason::IterationCountTooHigh),
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
    Error::Refused(Refusal { text: Some(error.into()), ..Refusal::new(code) })
}

impl fmt::Debug for ScramClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramClient").field("name", &self.name).finish_non_exhaustive()
    }
}
