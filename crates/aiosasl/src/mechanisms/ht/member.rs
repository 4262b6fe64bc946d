//! The members of the family: each a name that says the hash, and what the exchange is tied to.

use crate::{
    binding::{BindingKind, ChannelBinding},
    error::Reason,
    hash::{Hash, HashValue},
    name::MechanismName,
};

/// One mechanism of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    text: &'static str,
    pub(super) hash: Hash,
}

macro_rules! members {
    ($($feature:literal $constant:ident $hash:ident $name:literal)+) => {
        impl Member {
            /// All that this build has.
            pub const ALL: &[Self] = &[$(#[cfg(feature = $feature)] Self::$constant),+];

            $(
                #[doc = concat!("`", $name, "`.")]
                #[cfg(feature = $feature)]
                pub const $constant: Self = Self { text: $name, hash: Hash::$hash };
            )+
        }
    };
}

members! {
    "ht" SHA_256_EXPR Sha256 "HT-SHA-256-EXPR"
    "ht" SHA_256_UNIQ Sha256 "HT-SHA-256-UNIQ"
    "ht" SHA_256_ENDP Sha256 "HT-SHA-256-ENDP"
    "ht" SHA_256_NONE Sha256 "HT-SHA-256-NONE"
    "ht-sha-512" SHA_512_EXPR Sha512 "HT-SHA-512-EXPR"
    "ht-sha-512" SHA_512_UNIQ Sha512 "HT-SHA-512-UNIQ"
    "ht-sha-512" SHA_512_ENDP Sha512 "HT-SHA-512-ENDP"
    "ht-sha-512" SHA_512_NONE Sha512 "HT-SHA-512-NONE"
    "ht-sha3-512" SHA3_512_EXPR Sha3_512 "HT-SHA3-512-EXPR"
    "ht-sha3-512" SHA3_512_UNIQ Sha3_512 "HT-SHA3-512-UNIQ"
    "ht-sha3-512" SHA3_512_ENDP Sha3_512 "HT-SHA3-512-ENDP"
    "ht-sha3-512" SHA3_512_NONE Sha3_512 "HT-SHA3-512-NONE"
}

impl Member {
    /// The member with this name.
    ///
    /// # Errors
    ///
    /// [`Reason::BadHtName`] where the name is of no member, or of one that this build does not have.
    pub fn named(name: MechanismName) -> Result<&'static Self, Reason> {
        Self::ALL.iter().find(|member| name == member.text).ok_or(Reason::BadHtName)
    }

    /// The mechanism's name.
    pub const fn name(&self) -> MechanismName {
        MechanismName::new(self.text)
    }

    /// The mechanism's name as a token's store knows it ([`SecretForm::HashedToken`](crate::query::SecretForm)).
    pub const fn as_str(&self) -> &'static str {
        self.text
    }

    /// The type of the channel binding that the exchange is tied to.
    pub fn binding_kind(&self) -> Option<BindingKind> {
        self.name().named_binding()
    }

    /// The binding's octets among these bindings; none, where the mechanism has no binding.
    pub(super) fn binding_data<'a>(
        &self,
        mut bindings: impl Iterator<Item = &'a ChannelBinding>,
    ) -> Result<&'a [u8], Reason> {
        let Some(kind) = self.binding_kind() else { return Ok(&[]) };
        let found = bindings.find(|binding| *binding.kind() == kind);
        found.map(ChannelBinding::data).ok_or(Reason::ChannelBindingUnavailable)
    }

    /// What the client says of a token.
    pub(super) fn initiator(&self, token: &[u8], binding: &[u8], pairs: &str) -> HashValue {
        self.hash.hmac(token, &[b"Initiator", binding, pairs.as_bytes()])
    }

    /// What the server says of the same token.
    pub(super) fn responder(&self, token: &[u8], binding: &[u8], pairs: &str) -> HashValue {
        self.hash.hmac(token, &[b"Responder", binding, pairs.as_bytes()])
    }
}
