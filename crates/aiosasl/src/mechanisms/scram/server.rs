//! The server's half of SCRAM (RFC 5802 section 5): it verifies, and proves.

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, mem};

use zeroize::Zeroizing;

use super::{
    keys,
    message::{ClientFinal, ClientFirst, Gs2Flag, Header},
};
use crate::{
    binding::{BindingKind, ChannelBinding},
    encoding,
    error::{Failure, FailureCode, Reason},
    hash::Hash,
    identity::AuthenticationId,
    mechanism::{
        Heard, PlusOffer, Rules, ServerContext, ServerMechanism, ServerTurn, UsernameRule,
    },
    message::{Challenge, Proven},
    name::MechanismName,
    nonce::Nonce,
    prep::Strings,
    query::{Answer, Query, ScramKeys, ScramVerifier},
    secret,
};

/// The server's half. While it waits for the client's proof it is small: one allocation beside itself.
pub struct ScramServer {
    name: &'static str,
    hash: Hash,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectClientFirst(Box<Setup>),
    ExpectKeys(Box<First>),
    ExpectClientFinal(Pending),
}

struct Setup {
    nonce: Nonce,
    bindings: Vec<ChannelBinding>,
    plus: PlusOffer,
    rules: Rules,
}

/// What is kept of the client's first message while the store is asked.
struct First {
    /// What `c=` has to be: the gs2 header as received, and our own binding's octets.
    channel_binding: Vec<u8>,
    bare: Vec<u8>,
    client_nonce_start: usize,
    client_nonce_len: usize,
    nonce: Nonce,
}

/// What is kept while the client computes.
struct Pending {
    /// Four pieces: what `c=` has to be; `client-first-message-bare "," server-first-message ","`; `StoredKey`;
    /// `ServerKey`.
    octets: Zeroizing<Box<[u8]>>,
    channel_binding_len: u32,
    nonce_start: u32,
    nonce_len: u32,
    authentication_id: AuthenticationId,
    doomed: Option<Reason>,
}

impl ScramServer {
    /// The server's half of the mechanism of this name.
    ///
    /// # Panics
    ///
    /// At its first use, where `name` is no mechanism name.
    pub fn new(name: &'static str, hash: Hash, context: &ServerContext<'_>) -> Self {
        let setup = Setup {
            nonce: context.nonce.clone(),
            bindings: context.bindings.to_vec(),
            plus: context.plus,
            rules: context.rules.clone(),
        };
        Self { name, hash, state: State::ExpectClientFirst(Box::new(setup)) }
    }

    fn ask_for_keys(&mut self, setup: Setup, message: &[u8]) -> Result<ServerTurn, Failure> {
        let first = ClientFirst::parse(message).map_err(Failure::malformed)?;
        let binding = self.check_flag(first.header.flag, &setup)?;
        let authentication_id = authentication_id(&first.username, &setup.rules)?;
        let client_nonce_start = first.bare.find(",r=").map_or(0, |comma| comma + 3);
        self.state = State::ExpectKeys(Box::new(First {
            channel_binding: [first.header.raw.as_bytes(), binding].concat(),
            bare: first.bare.into(),
            client_nonce_start,
            client_nonce_len: first.nonce.len(),
            nonce: setup.nonce,
        }));
        Ok(ServerTurn::Ask(Query::ScramKeys(ScramKeys::new(authentication_id, self.hash))))
    }

    /// What the client says of its channel must go with what we said and have (RFC 5802 section 6).
    fn check_flag<'a>(&self, flag: Gs2Flag<'_>, setup: &'a Setup) -> Result<&'a [u8], Failure> {
        let is_plus = self.name.ends_with("-PLUS");
        match (flag, is_plus) {
            (Gs2Flag::Bound(_), false) => Err(Failure::malformed(Reason::PFlagWithoutPlus)),
            (Gs2Flag::Bound(name), true) => {
                let binding = setup.bindings.iter().find(|binding| binding.kind().as_str() == name);
                let binding =
                    binding.ok_or(Failure::credentials(Reason::UnsupportedChannelBindingType))?;
                Ok(binding.data())
            }
            (_, true) => Err(Failure::malformed(Reason::PlusWithoutPFlag)),
            (Gs2Flag::NotOffered, false) if setup.plus != PlusOffer::NotOffered => {
                Err(Failure::credentials(Reason::ServerDoesSupportChannelBinding))
            }
            (_, false) if setup.plus == PlusOffer::Required => {
                Err(Failure::new(FailureCode::MechanismTooWeak, Reason::ChannelBindingRequired))
            }
            (_, false) => Ok(&[]),
        }
    }

    fn challenge(&mut self, first: &First, answer: Answer) -> Result<ServerTurn, Failure> {
        let (authentication_id, verifier, doomed) = answer.scram_verifier()?;
        if verifier.hash != self.hash {
            return Err(Failure::new(FailureCode::Temporary, Reason::MechanismUnavailable));
        }
        let challenge = first.server_first(&verifier);
        let keys = [verifier.stored_key(), verifier.server_key()];
        let parts: [&[u8]; 7] =
            [&first.channel_binding, &first.bare, b",", &challenge, b",", keys[0], keys[1]];
        let mut octets = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        for part in parts {
            octets.extend_from_slice(part);
        }
        self.state = State::ExpectClientFinal(Pending {
            octets: Zeroizing::new(octets.into_boxed_slice()),
            channel_binding_len: small(first.channel_binding.len()),
            nonce_start: small(first.channel_binding.len() + first.bare.len() + ",r=".len()),
            nonce_len: small(first.client_nonce_len + first.nonce.as_str().len()),
            authentication_id,
            doomed,
        });
        Ok(ServerTurn::Challenge(Challenge::new(challenge)))
    }

    /// Binding, nonce, proof: in this order, and the proof also for those who can't come in.
    fn verify(&self, pending: Pending, message: &[u8]) -> Result<ServerTurn, Failure> {
        let last = ClientFinal::parse(message).map_err(Failure::malformed)?;
        let (channel_binding, messages, stored_key, server_key) =
            pending.parts(self.hash.output_len());
        if !secret::equal(&last.channel_binding, channel_binding) {
            return Err(Failure::credentials(Reason::ChannelBindingsDontMatch));
        }
        if last.nonce.as_bytes() != pending.nonce() {
            return Err(Failure::malformed(Reason::NonceMismatch));
        }
        if last.proof.len() != self.hash.output_len() {
            return Err(Failure::malformed(Reason::ProofLength));
        }
        let auth_message = [messages, last.without_proof.as_bytes()];
        let fits = keys::proof_fits(self.hash, stored_key, &auth_message, &last.proof);
        let signature = keys::server_signature(self.hash, server_key, &auth_message);
        match pending.doomed {
            Some(reason) => return Err(Failure::credentials(reason)),
            None if !fits => return Err(Failure::credentials(Reason::InvalidProof)),
            None => {}
        }
        let mut last_words = Vec::with_capacity(2 + encoding::encoded_len(self.hash.output_len()));
        last_words.extend_from_slice(b"v=");
        encoding::encode_into(&mut last_words, signature.as_ref());
        let header = Header::of_channel_binding(channel_binding).ok_or(Failure::OUT_OF_TURN)?;
        let binding_kind = match header.flag {
            Gs2Flag::Bound(name) => BindingKind::parse(name).ok(),
            Gs2Flag::Unsupported | Gs2Flag::NotOffered => None,
        };
        Ok(ServerTurn::Proven(Proven {
            authorization_id: header.authorization_id,
            additional_data: Some(Challenge::new(last_words)),
            channel_binding: binding_kind,
            ..pending.authentication_id.into()
        }))
    }
}

impl ServerMechanism for ScramServer {
    fn name(&self) -> MechanismName {
        MechanismName::new(self.name)
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectClientFirst(setup), Heard::Message(it)) => self.ask_for_keys(*setup, it),
            (State::ExpectKeys(first), Heard::Answer(it)) => self.challenge(&first, it),
            (State::ExpectClientFinal(pending), Heard::Message(it)) => self.verify(pending, it),
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

impl First {
    fn server_first(&self, verifier: &ScramVerifier) -> Vec<u8> {
        let client_nonce = self.bare.get(self.client_nonce_start..).unwrap_or_default();
        let client_nonce = client_nonce.get(..self.client_nonce_len).unwrap_or_default();
        let nonce = self.nonce.as_str().as_bytes();
        let len = client_nonce.len() + nonce.len() + encoding::encoded_len(verifier.salt.len());
        let mut message = Vec::with_capacity(len + "r=,s=,i=4294967295".len());
        for part in [b"r=", client_nonce, nonce, b",s="] {
            message.extend_from_slice(part);
        }
        encoding::encode_into(&mut message, &verifier.salt);
        message.extend_from_slice(b",i=");
        push_decimal(&mut message, verifier.iterations);
        message
    }
}

impl Pending {
    /// The four pieces.
    fn parts(&self, hash_len: usize) -> (&[u8], &[u8], &[u8], &[u8]) {
        let octets: &[u8] = &self.octets;
        let (channel_binding, rest) = octets.split_at(self.channel_binding_len as usize);
        let (rest, server_key) = rest.split_at(rest.len() - hash_len);
        let (messages, stored_key) = rest.split_at(rest.len() - hash_len);
        (channel_binding, messages, stored_key, server_key)
    }

    fn nonce(&self) -> &[u8] {
        let start = self.nonce_start as usize;
        self.octets.get(start..start + self.nonce_len as usize).unwrap_or_default()
    }
}

fn authentication_id(username: &str, rules: &Rules) -> Result<AuthenticationId, Failure> {
    if let UsernameRule::FromProtocol(identity) = &rules.username {
        return Ok(identity.clone());
    }
    match rules.preparation.prepare(username, Strings::Query) {
        Ok(prepared) => {
            AuthenticationId::new(prepared).map_err(|_| Failure::malformed(Reason::EmptyUsername))
        }
        Err(_) => Err(Failure::malformed(Reason::InvalidUsernameEncoding)),
    }
}

fn push_decimal(text: &mut Vec<u8>, number: u32) {
    let mut divisor = 1_000_000_000;
    while divisor > 1 && number < divisor {
        divisor /= 10;
    }
    while divisor > 0 {
        text.push(b'0' + u8::try_from(number / divisor % 10).unwrap_or_default());
        divisor /= 10;
    }
}

/// Messages are at most 65,535 octets long.
fn small(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl fmt::Debug for ScramServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramServer").field("name", &self.name).finish_non_exhaustive()
    }
}
