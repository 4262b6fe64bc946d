//! What a SCRAM client has ready before it says anything: the key, and the first message.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::ops::RangeInclusive;

use super::{downgrade::Seen, keys::Keys, message};
use crate::{
    binding::{ChannelBinding, ClientBinding},
    credentials::{Credentials, Key},
    encoding,
    error::{Error, Reason},
    hash::Hash,
    identity::AuthenticationId,
    mechanism::{ClientContext, Rules, UsernameRule},
    name::MechanismName,
    prep::Strings,
    secret::Secret,
};

/// What is kept while the server has the first message.
pub(super) struct Sent {
    pub(super) message: Vec<u8>,
    pub(super) header_len: usize,
    pub(super) nonce_len: usize,
    pub(super) channel_binding: Option<ChannelBinding>,
    pub(super) key: PreparedKey,
    pub(super) iterations: RangeInclusive<u32>,
    pub(super) seen: Seen,
}

pub(super) enum PreparedKey {
    Password(Secret),
    Salted { salt: Box<[u8]>, iterations: u32, keys: Keys },
}

impl Sent {
    pub(super) fn new(
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
            message,
            header_len,
            nonce_len: context.nonce.as_str().len(),
            channel_binding,
            key,
            iterations: context.rules.iterations.clone(),
            seen: Seen::new(hash, &context.offered),
        })
    }

    pub(super) fn bare(&self) -> &[u8] {
        self.message.get(self.header_len..).unwrap_or_default()
    }

    fn header(&self) -> &[u8] {
        self.message.get(..self.header_len).unwrap_or_default()
    }

    pub(super) fn nonce(&self) -> &str {
        let start = self.message.len().saturating_sub(self.nonce_len);
        core::str::from_utf8(self.message.get(start..).unwrap_or_default()).unwrap_or_default()
    }

    /// `client-final-message-without-proof`, with room for the proof.
    pub(super) fn without_proof(&self, nonce: &str) -> Vec<u8> {
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
