//! The key arithmetic of SCRAM (RFC 5802 section 3).

use crate::{
    hash::{Hash, HashValue},
    query::DerivedKeys,
    secret,
};

/// `ClientKey` and `ServerKey`.
pub(super) struct Keys {
    pub(super) client_key: HashValue,
    pub(super) server_key: HashValue,
}

impl Keys {
    pub(super) fn from_salted_password(hash: Hash, salted_password: &HashValue) -> Self {
        let key = |label: &[u8]| hash.hmac(salted_password.as_ref(), &[label]);
        Self { client_key: key(b"Client Key"), server_key: key(b"Server Key") }
    }

    pub(super) fn from_derived(hash: Hash, derived: DerivedKeys) -> Self {
        match derived {
            DerivedKeys::SaltedPassword(salted) => Self::from_salted_password(hash, &salted),
            DerivedKeys::Keys { client_key, server_key } => Self { client_key, server_key },
        }
    }

    pub(super) fn stored_key(&self, hash: Hash) -> HashValue {
        hash.digest(self.client_key.as_ref())
    }

    /// `ClientProof`; `auth_message` in pieces.
    pub(super) fn client_proof(&self, hash: Hash, auth_message: &[&[u8]]) -> HashValue {
        let mut proof = hash.hmac(self.stored_key(hash).as_ref(), auth_message);
        proof.xor(self.client_key.as_ref());
        proof
    }
}

/// `ServerSignature`; `auth_message` in pieces.
pub(super) fn server_signature(hash: Hash, server_key: &[u8], auth_message: &[&[u8]]) -> HashValue {
    hash.hmac(server_key, auth_message)
}

/// Whether the proof was made by somebody who knows the `ClientKey` of which this is the `StoredKey`.
pub(super) fn proof_fits(
    hash: Hash,
    stored_key: &[u8],
    auth_message: &[&[u8]],
    proof: &[u8],
) -> bool {
    let mut client_key = hash.hmac(stored_key, auth_message);
    client_key.xor(proof);
    secret::equal(hash.digest(client_key.as_ref()).as_ref(), stored_key)
}
