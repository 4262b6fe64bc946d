//! NTLMv2's keys and proofs (MS-NLMP section 3.3.2), as plain values.

use alloc::vec::Vec;

use hmac::digest::Digest as _;
use zeroize::Zeroizing;

use super::text;
use crate::{
    binding::ChannelBinding,
    md5::{hmac_md5, md5},
    secret::Secret,
};

/// `NTOWFv1`: MD4 of the password in UTF-16LE, 16 octets. Whoever has it can log in: a store keeps it as it would keep the
/// password.
pub fn nt_hash(password: &str) -> Secret {
    let utf16 = Zeroizing::new(text::utf16(password));
    Secret::new(md4::Md4::digest(&*utf16).to_vec())
}

/// `NTOWFv2`: the key of a user in a domain, from which all proofs are made.
pub struct ResponseKey(Secret);

impl ResponseKey {
    /// The key of this user in this domain, both as they are said in the exchange.
    ///
    /// # Example: the published values (MS-NLMP section 4.2.4)
    ///
    /// ```
    /// use aiosasl::{encoding::hex, mechanisms::ntlm::keys::{ResponseKey, nt_hash}};
    ///
    /// let key = ResponseKey::new(&nt_hash("Password"), "User", "Domain");
    /// let lm = key.lm_response(*b"\x01\x23\x45\x67\x89\xab\xcd\xef", [0xaa; 8]);
    /// assert_eq!(hex(&lm), "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");
    /// ```
    pub fn new(nt_hash: &Secret, user: &str, domain: &str) -> Self {
        let (user, domain) = (text::utf16(&text::upper(user)), text::utf16(domain));
        Self(Secret::new(hmac_md5(nt_hash.expose(), &[&user, &domain])))
    }

    /// `NTProofStr`: the proof over the server's challenge and `temp`.
    pub fn nt_proof(&self, server_challenge: [u8; 8], temp: &[u8]) -> [u8; 16] {
        hmac_md5(self.0.expose(), &[&server_challenge, temp])
    }

    /// `LMv2_RESPONSE`, 24 octets.
    pub fn lm_response(&self, server_challenge: [u8; 8], client_challenge: [u8; 8]) -> Vec<u8> {
        let proof = hmac_md5(self.0.expose(), &[&server_challenge, &client_challenge]);
        [&proof[..], &client_challenge].concat()
    }

    /// `SessionBaseKey`, which is the exported session key where none is exchanged.
    pub fn session_base_key(&self, nt_proof: &[u8; 16]) -> SessionKey {
        SessionKey(Secret::new(hmac_md5(self.0.expose(), &[nt_proof])))
    }

    /// The key itself, for tests and tools.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}

/// The key of one exchange.
pub struct SessionKey(Secret);

impl SessionKey {
    /// The MIC over the three messages, the last one with zeros in the MIC's place.
    pub fn mic(&self, messages: [&[u8]; 3]) -> [u8; 16] {
        hmac_md5(self.0.expose(), &messages)
    }

    /// The key itself, for tests and tools.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}

/// `temp`: what a proof is made over, beside the server's challenge (MS-NLMP section 2.2.2.7).
pub(super) fn temp(time: [u8; 8], client_challenge: [u8; 8], pairs: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 6] = [&VERSION, &[0; 6], &time, &client_challenge, &[0; 4], pairs];
    let mut temp = parts.concat();
    temp.extend_from_slice(&[0; 4]);
    temp
}

/// `RespType` and `HiRespType`
pub(super) const VERSION: [u8; 2] = [1, 1];

/// MD5 over the channel binding as the GSS-API has it (RFC 4121 section 4.1.1.2): no addresses, the data with their type's
/// name in front.
pub(super) fn binding_hash(binding: &ChannelBinding) -> [u8; 16] {
    let name = binding.kind().as_str().as_bytes();
    let len = u32::try_from(name.len() + 1 + binding.data().len()).unwrap_or(u32::MAX);
    md5(&[&[0; 16], &len.to_le_bytes(), name, b":", binding.data()])
}
