//! Whether the server offered what we saw: SCRAM's downgrade protection (XEP-0474 0.5, XEP-0515 0.1).

use alloc::{format, string::String, vec::Vec};

use crate::{
    binding::BindingKind, encoding, error::Reason, hash::Hash, mechanism::Offered,
    name::MechanismName,
};

/// What was seen of the offer, kept until the server says what it was.
pub(super) struct Seen {
    /// `h=` as it has to be; `None` where the offer is not known.
    offered_hash: Option<String>,
    tls_version: Option<u16>,
}

impl Seen {
    pub(super) fn new(hash: Hash, offered: &Offered<'_>) -> Self {
        let offered_hash = (!offered.mechanisms.is_empty()).then(|| offered_hash(hash, offered));
        Self { offered_hash, tls_version: offered.tls_version }
    }

    /// Compares with what the server says, where it says something.
    pub(super) fn check(
        &self,
        offered_hash: Option<&str>,
        tls_version: Option<&str>,
    ) -> Result<(), Reason> {
        match (&self.offered_hash, offered_hash) {
            (Some(seen), Some(said)) if seen != said => return Err(Reason::DowngradeDetected),
            _ => {}
        }
        match (self.tls_version, tls_version) {
            (Some(seen), Some(said)) if format!("{seen:04x}") != said => {
                Err(Reason::TlsVersionMismatch)
            }
            _ => Ok(()),
        }
    }
}

/// The names sorted by octet with 0x1E between them, then, after 0x1F, the binding types likewise; hashed.
fn offered_hash(hash: Hash, offered: &Offered<'_>) -> String {
    let mut input = joined(offered.mechanisms.iter().map(MechanismName::as_str).collect());
    if let Some(bindings) = offered.bindings {
        input.push('\x1f');
        input.push_str(&joined(bindings.iter().map(BindingKind::as_str).collect()));
    }
    encoding::encode(hash.digest(input.as_bytes()).as_ref())
}

fn joined(mut names: Vec<&str>) -> String {
    names.sort_unstable();
    names.join("\x1e")
}
