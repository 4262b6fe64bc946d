//! `AuthMessage` of a SCRAM client (RFC 5802 section 3): it grows in one buffer, and ends as the last message.

use alloc::vec::Vec;
use core::ops::Range;

use crate::{
    binding::ClientBinding, encoding, gs2, hash::HashValue, identity::AuthorizationId,
    mechanism::ClientContext, message::Response,
};

/// Room for the server's first message and our last, as they usually are.
const ROOM: usize = 320;

/// `client-first-message`, and the channel binding's octets, which are sent later.
pub(super) struct FirstMessage {
    /// The gs2 header, the binding's octets, and `client-first-message-bare`, which ends with the nonce and the extensions.
    octets: Vec<u8>,
    header_len: usize,
    channel_binding_len: usize,
    nonce: Range<usize>,
}

impl FirstMessage {
    /// The message of a user whose name is prepared already, and whose extensions are checked.
    pub(super) fn new(username: &str, context: &ClientContext<'_>) -> Self {
        let mut octets = Vec::with_capacity(username.len() + ROOM);
        let authorization_id = context.credentials.authorization_id.as_ref();
        gs2::write(&mut octets, &context.binding, authorization_id.map(AuthorizationId::as_str));
        let header_len = octets.len();
        if let ClientBinding::Bound(binding) = &context.binding {
            octets.extend_from_slice(binding.data());
        }
        let channel_binding_len = octets.len();
        for part in ["n=", &*gs2::encode_name(username), ",r="] {
            octets.extend_from_slice(part.as_bytes());
        }
        let nonce_start = octets.len();
        octets.extend_from_slice(context.nonce.as_str().as_bytes());
        let nonce = nonce_start..octets.len();
        for (name, value) in &context.credentials.scram_extensions {
            for part in [",", name, "=", value] {
                octets.extend_from_slice(part.as_bytes());
            }
        }
        Self { octets, header_len, channel_binding_len, nonce }
    }

    /// The message, to be sent.
    pub(super) fn to_response(&self) -> Response {
        let header = self.octets.get(..self.header_len).unwrap_or_default();
        let bare = self.octets.get(self.channel_binding_len..).unwrap_or_default();
        Response::new([header, bare].concat())
    }

    /// Our nonce.
    pub(super) fn nonce(&self) -> &str {
        let nonce = self.octets.get(self.nonce.clone()).unwrap_or_default();
        core::str::from_utf8(nonce).unwrap_or_default()
    }

    /// Goes on with the server's first message as received, and both ends' nonces in it.
    pub(super) fn answered(self, server_first: &[u8], nonce: &str) -> AuthMessage {
        let Self { mut octets, channel_binding_len, .. } = self;
        for part in [b",", server_first, b","] {
            octets.extend_from_slice(part);
        }
        let without_proof_start = octets.len();
        octets.extend_from_slice(b"c=");
        encoding::encode_from_within(&mut octets, channel_binding_len);
        octets.extend_from_slice(b",r=");
        octets.extend_from_slice(nonce.as_bytes());
        AuthMessage { octets, start: channel_binding_len, without_proof_start }
    }
}

/// `client-first-message-bare "," server-first-message "," client-final-message-without-proof`
pub(super) struct AuthMessage {
    /// What is before it is the gs2 header and the channel binding's octets.
    octets: Vec<u8>,
    start: usize,
    without_proof_start: usize,
}

impl AuthMessage {
    /// All three parts.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.octets.get(self.start..).unwrap_or_default()
    }

    /// `client-final-message`: the last part, and the proof.
    pub(super) fn prove(self, proof: &HashValue) -> Response {
        let Self { octets: mut message, without_proof_start, .. } = self;
        message.drain(..without_proof_start);
        message.extend_from_slice(b",p=");
        encoding::encode_into(&mut message, proof.as_ref());
        Response::new(message)
    }
}
