//! What the messages of one exchange say about each other: nonces, headers, proofs.

use aiosasl::{
    encoding,
    hash::Hash,
    mechanism::Side,
    name::MechanismName,
    query::DeriveKeys,
    secret::{self, Secret},
};

use crate::{
    decode::{self, Decoded},
    preparation::MAX_ITERATIONS,
};

/// The messages of one exchange, as far as they have been seen.
#[derive(Default)]
pub(super) struct Exchange {
    pub(super) mechanism: Option<MechanismName>,
    client: Vec<Vec<u8>>,
    server: Vec<Vec<u8>>,
    last: Option<Side>,
    started: bool,
}

impl Exchange {
    pub(super) fn of(mechanism: Option<MechanismName>) -> Self {
        Self { mechanism, ..Self::default() }
    }

    /// An exchange that somebody has asked for.
    pub(super) fn started(mechanism: MechanismName) -> Self {
        Self { mechanism: Some(mechanism), started: true, ..Self::default() }
    }

    /// Whether it has started.
    pub(super) fn is_under_way(&self) -> bool {
        self.started || self.last.is_some()
    }

    /// Whether a message of these octets would be the first of another exchange.
    pub(super) fn is_over_before(&self, octets: &[u8]) -> bool {
        !self.client.is_empty() && decode::starts_scram(octets)
    }

    /// Whose message it is, where nobody says it: by its look, or in turn.
    pub(super) fn side_of(&self, octets: &[u8]) -> Side {
        decode::side_by_shape(octets).unwrap_or(match self.last {
            Some(Side::Client) => Side::Server,
            Some(Side::Server) | None => Side::Client,
        })
    }

    /// Takes a message apart, and holds it against those before.
    pub(super) fn hear(&mut self, side: Side, octets: &[u8], password: Option<&Secret>) -> Decoded {
        let step = match side {
            Side::Client => self.client.len(),
            Side::Server => self.server.len(),
        };
        let mut decoded = match self.client.first() {
            Some(first) => decode::message_after(first, self.mechanism, side, step, octets),
            None => decode::message(self.mechanism, side, step, octets),
        };
        self.last = Some(side);
        if !octets.is_empty() {
            match side {
                Side::Client => self.client.push(octets.to_vec()),
                Side::Server => self.server.push(octets.to_vec()),
            }
        }
        if !octets.is_empty() && decoded.title.starts_with("SCRAM") && !decoded.is_malformed() {
            self.judge(side, octets, password, &mut decoded);
        }
        decoded
    }

    fn judge(&self, side: Side, octets: &[u8], password: Option<&Secret>, decoded: &mut Decoded) {
        let ([client_first, client_final, ..], [server_first, ..]) =
            (&self.client[..], &self.server[..])
        else {
            return;
        };
        let Some(scram) = Scram::of(client_first, server_first, client_final) else { return };
        match side {
            Side::Client if self.client.len() == 2 => {
                scram.check_final(decoded);
                scram.check_proof(self.mechanism, password, decoded);
            }
            Side::Server if self.server.len() == 2 => {
                scram.check_signature(self.mechanism, octets, password, decoded);
            }
            _ => {}
        }
    }
}

/// The parts of three messages that a fourth depends on.
struct Scram<'a> {
    header: &'a str,
    bare: &'a str,
    server_first: &'a str,
    server_nonce: &'a str,
    salt: Vec<u8>,
    iterations: u32,
    channel_binding: Vec<u8>,
    final_nonce: &'a str,
    without_proof: &'a str,
    proof: Vec<u8>,
}

impl<'a> Scram<'a> {
    fn of(client_first: &'a [u8], server_first: &'a [u8], client_final: &'a [u8]) -> Option<Self> {
        let text = |octets| std::str::from_utf8(octets).ok();
        let (client_first, server_first, client_final) =
            (text(client_first)?, text(server_first)?, text(client_final)?);
        let bare = client_first.splitn(3, ',').nth(2)?;
        let (without_proof, proof) = client_final.rsplit_once(",p=")?;
        Some(Self {
            header: client_first.strip_suffix(bare)?,
            bare,
            server_first,
            server_nonce: attribute(server_first, "r=")?,
            salt: encoding::decode(attribute(server_first, "s=")?).ok()?,
            iterations: attribute(server_first, "i=")?.parse().ok()?,
            channel_binding: encoding::decode(attribute(client_final, "c=")?).ok()?,
            final_nonce: attribute(client_final, "r=")?,
            without_proof,
            proof: encoding::decode(proof).ok()?,
        })
    }

    fn check_final(&self, decoded: &mut Decoded) {
        if self.channel_binding.starts_with(self.header.as_bytes()) {
            decoded.note("gs2 header", "the same as in the client's first message");
        } else {
            decoded.add_fault("the gs2 header in c= is not that of the client's first message");
        }
        if self.final_nonce != self.server_nonce {
            decoded.add_fault("the nonce is not that of the server's first message");
        }
    }

    fn check_proof(
        &self,
        mechanism: Option<MechanismName>,
        password: Option<&Secret>,
        decoded: &mut Decoded,
    ) {
        let Some(password) = password else { return };
        let hashes = hashes(mechanism, self.proof.len());
        if self.iterations > MAX_ITERATIONS {
            return decoded.add_warning("too many iterations, the proof is not verified");
        }
        let fits = hashes.iter().any(|hash| {
            let stored_key = hash.digest(self.key(*hash, password, b"Client Key").as_ref());
            let signature = hash.hmac(stored_key.as_ref(), &self.auth_message());
            let key: Vec<u8> = signature
                .as_ref()
                .iter()
                .zip(&self.proof)
                .map(|(left, right)| left ^ right)
                .collect();
            secret::equal(hash.digest(&key).as_ref(), stored_key.as_ref())
        });
        verdict(fits, "the proof", decoded);
    }

    fn check_signature(
        &self,
        mechanism: Option<MechanismName>,
        server_final: &[u8],
        password: Option<&Secret>,
        decoded: &mut Decoded,
    ) {
        let text = std::str::from_utf8(server_final).unwrap_or_default();
        let signature = attribute(text, "v=").and_then(|text| encoding::decode(text).ok());
        let (Some(password), Some(signature)) = (password, signature) else { return };
        if self.iterations > MAX_ITERATIONS {
            return decoded.add_warning("too many iterations, the signature is not verified");
        }
        let fits = hashes(mechanism, signature.len()).iter().any(|hash| {
            let server_key = self.key(*hash, password, b"Server Key");
            let own = hash.hmac(server_key.as_ref(), &self.auth_message());
            secret::equal(own.as_ref(), &signature)
        });
        verdict(fits, "the server's signature", decoded);
    }

    /// `AuthMessage` (RFC 5802 section 3), in pieces.
    fn auth_message(&self) -> [&'a [u8]; 5] {
        [self.bare, ",", self.server_first, ",", self.without_proof].map(str::as_bytes)
    }

    fn key(&self, hash: Hash, password: &Secret, label: &[u8]) -> aiosasl::hash::HashValue {
        let salted = DeriveKeys::new(hash, password.clone(), self.salt.clone(), self.iterations)
            .salted_password();
        hash.hmac(salted.as_ref(), &[label])
    }
}

fn attribute<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.split(',').find_map(|attribute| attribute.strip_prefix(name))
}

/// The mechanism's hash, or all that make values of this length.
fn hashes(mechanism: Option<MechanismName>, len: usize) -> Vec<Hash> {
    let named = mechanism.map(|name| Hash::from_scheme(name.without_plus().as_str()));
    let all = Hash::ALL.iter().copied().filter(|hash| hash.output_len() == len);
    match named {
        Some(Some(hash)) => vec![hash],
        Some(None) => Vec::new(),
        None => all.collect(),
    }
}

fn verdict(fits: bool, what: &str, decoded: &mut Decoded) {
    if fits {
        decoded.add("verified", format!("{what} was made with this password"));
    } else {
        decoded.add_fault(format!("{what} was not made with this password"));
    }
}
