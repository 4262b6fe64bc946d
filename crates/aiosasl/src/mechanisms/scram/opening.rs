//! What a SCRAM client has ready before it says anything: the key, and the first message.

use alloc::{borrow::Cow, boxed::Box};
use core::ops::RangeInclusive;

use super::{attributes, auth_message::FirstMessage, downgrade::Seen, keys::Keys};
use crate::{
    credentials::{Credentials, Key},
    error::{Error, Reason},
    gs2,
    hash::Hash,
    identity::AuthenticationId,
    mechanism::{ClientContext, Rules, UsernameRule},
    name::MechanismName,
    prep::Strings,
    secret::Secret,
};

/// What is kept while the server has the first message.
pub(super) struct Sent {
    pub(super) first: FirstMessage,
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
        gs2::check_binding(name, context)?;
        attributes::check_extensions(&context.credentials.scram_extensions)
            .map_err(Error::Credentials)?;
        let key = prepare_key(hash, context.credentials, &context.rules)?;
        let username = prepare_username(context)?;
        Ok(Self {
            first: FirstMessage::new(&username, context),
            key,
            iterations: context.rules.iterations.clone(),
            seen: Seen::new(hash, &context.offered),
        })
    }
}

fn prepare_key(hash: Hash, credentials: &Credentials, rules: &Rules) -> Result<PreparedKey, Error> {
    match &credentials.key {
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
        _ => Err(Error::Credentials(Reason::NoCredentials)),
    }
}

fn prepare_username<'a>(context: &ClientContext<'a>) -> Result<Cow<'a, str>, Error> {
    if let UsernameRule::FromProtocol(_) = context.rules.username {
        return Ok(Cow::Borrowed(""));
    }
    let name = context.credentials.authentication_id.as_ref().map(AuthenticationId::as_str);
    let name = name.ok_or(Error::Credentials(Reason::NoCredentials))?;
    match context.rules.preparation.prepare(name, Strings::Query) {
        Ok(prepared) if prepared.is_empty() => Err(Error::Credentials(Reason::EmptyUsername)),
        Ok(prepared) => Ok(prepared),
        Err(_) => Err(Error::Credentials(Reason::InvalidUsernameEncoding)),
    }
}
