//! The other end of SCRAM, from the RFC's formulas and the octets as they were said (RFC 5802 section 3): for peers that
//! say more than ours.

use aiosasl::{encoding::encode, hash::Hash};
use serde_json::Value;

use crate::ledger::{hex, text};

/// What both ends know, and what one of them said.
pub(crate) struct Reference {
    hash: Hash,
    client_key: Vec<u8>,
    server_key: Vec<u8>,
    auth_message: Vec<u8>,
}

impl Reference {
    /// The keys of a vector, and three messages as they stand: the first with its gs2 header, the last without proof.
    pub(crate) fn new(
        hash: Hash,
        vector: &Value,
        client_first: &str,
        server_first: &str,
        without_proof: &str,
    ) -> Self {
        let bare = client_first.splitn(3, ',').last().expect("two commas end the header");
        let keys = &vector["intermediate"];
        Self {
            hash,
            client_key: hex(&keys["ClientKey"]),
            server_key: hex(&keys["ServerKey"]),
            auth_message: [bare, server_first, without_proof].join(",").into_bytes(),
        }
    }

    pub(crate) fn auth_message(&self) -> &[u8] {
        &self.auth_message
    }

    pub(crate) fn client_signature(&self) -> Vec<u8> {
        let stored_key = self.hash.digest(&self.client_key);
        self.hash.hmac(stored_key.as_ref(), &[&self.auth_message]).to_vec()
    }

    pub(crate) fn client_proof(&self) -> Vec<u8> {
        let signature = self.client_signature();
        self.client_key.iter().zip(signature).map(|(key, other)| key ^ other).collect()
    }

    pub(crate) fn server_signature(&self) -> Vec<u8> {
        self.hash.hmac(&self.server_key, &[&self.auth_message]).to_vec()
    }

    /// `",p=" proof`
    pub(crate) fn proof(&self) -> String {
        format!(",p={}", encode(&self.client_proof()))
    }

    /// `"v=" verifier`
    pub(crate) fn verifier(&self) -> String {
        format!("v={}", encode(&self.server_signature()))
    }
}

/// One of a vector's messages, as text.
pub(crate) fn said(vector: &Value, at: usize) -> &str {
    text(&vector["messages"][at]["text"])
}

/// `client-final-message-without-proof`, and `",p=" proof`.
pub(crate) fn split_proof(client_final: &str) -> (&str, &str) {
    client_final.split_at(client_final.rfind(",p=").expect("a proof"))
}
