//! What rides on an exchange where the protocol lets it: XMPP's extensible SASL (XEP-0388), a resource (XEP-0386), and
//! tokens for later logins (XEP-0484).

use aiosasl::{encoding, name::MechanismName, nonce::Nonce, secret::Secret};

use crate::{
    WireClass, WireError,
    xmpp::sasl2::{Bind, Bound, TokenUse, UserAgent},
};

/// What to ask for together with an exchange, where the server has it; nothing is the default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sasl2Options {
    /// Which program on which device we are. Tokens are given to one alone; where a token is wanted and nobody has said, it
    /// is a new one.
    pub user_agent: Option<UserAgent>,
    /// A resource to be bound.
    pub bind: Option<Bind>,
    /// Whether to ask for a token.
    pub token: TokenWish,
    /// What is to become of the token that we log in with, where we do.
    pub token_use: TokenUse,
}

/// Whether a token for later logins is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenWish {
    /// It isn't.
    #[default]
    None,
    /// It is, for the mechanism that is tied closest to TLS.
    Wanted,
}

/// What a server has said together with a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Who we are now: a JID, with a resource where one was bound.
    pub identifier: String,
    /// Whether a resource was bound.
    pub bound: Bound,
    /// A token for later logins.
    pub token: Option<FastToken>,
}

/// A token for later logins (XEP-0484).
///
/// It takes the place of the one that we logged in with, where we did: that stays good until this one was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FastToken {
    /// For which mechanism it is, and no other.
    pub mechanism: MechanismName,
    /// What is to be proven then.
    pub token: Secret,
    /// Until when it is good: a date and time of XEP-0082.
    pub expiry: String,
    /// Whose it is, and nobody else's: [`UserAgent::id`].
    pub user_agent: String,
}

/// An identity for this program on this device: a UUID of version 4 (RFC 9562 section 5.4).
///
/// # Errors
///
/// Class [`Temporary`](WireClass::Temporary) where the operating system has no randomness.
pub fn new_user_agent() -> Result<UserAgent, WireError> {
    let none = || WireError::new(WireClass::Temporary, "the operating system has no randomness");
    let nonce = Nonce::random().map_err(|_| none())?;
    let random = encoding::decode(nonce.as_str()).map_err(|_| none())?;
    let octets = random.first_chunk::<16>().ok_or_else(none)?;
    let bits = u128::from_be_bytes(*octets) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    let with_dashes = hex.chars().enumerate().flat_map(|(at, digit)| {
        let dash = matches!(at, 8 | 12 | 16 | 20).then_some('-');
        dash.into_iter().chain([digit])
    });
    Ok(UserAgent { id: Some(with_dashes.collect()), ..UserAgent::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_a_uuid_of_version_4_and_new_each_time() {
        let [one, other] = [(); 2].map(|()| new_user_agent().unwrap().id.unwrap());
        assert_ne!(one, other);
        let lengths: Vec<_> = one.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(one.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&one.as_bytes()[19]), "{one}");
    }
}
