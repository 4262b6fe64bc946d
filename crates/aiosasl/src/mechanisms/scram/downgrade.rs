//! Whether the server offered what we saw: SCRAM's downgrade protection (XEP-0474 0.5, XEP-0515 0.1).

use alloc::{format, string::String, vec::Vec};

use crate::{
    binding::BindingKind, encoding, error::Reason, hash::Hash, mechanism::Offered,
    name::MechanismName, own_login,
};

/// What was seen of the offer, kept until the server says what it was.
pub(super) struct Seen {
    /// `h=` as it has to be, of all names and of those that stand in a server's list for certain; none where the offer is not
    /// known.
    offered_hashes: Vec<String>,
    tls_version: Option<u16>,
}

impl Seen {
    pub(super) fn new(hash: Hash, offered: &Offered<'_>) -> Self {
        let lists: &[fn(MechanismName) -> bool] =
            if offered.mechanisms.is_empty() { &[] } else { &[|_| true, is_listed] };
        let hash = |keep: &fn(MechanismName) -> bool| offered_hash(hash, offered, *keep);
        Self { offered_hashes: lists.iter().map(hash).collect(), tls_version: offered.tls_version }
    }

    /// Compares with what the server says, where it says something.
    pub(super) fn check(
        &self,
        offered_hash: Option<&str>,
        tls_version: Option<&str>,
    ) -> Result<(), Reason> {
        let is_seen = |said| self.offered_hashes.iter().any(|seen| seen == said);
        if !self.offered_hashes.is_empty() && offered_hash.is_some_and(|said| !is_seen(said)) {
            return Err(Reason::DowngradeDetected);
        }
        match (self.tls_version, tls_version) {
            (Some(seen), Some(said)) if format!("{seen:04x}") != said => {
                Err(Reason::TlsVersionMismatch)
            }
            _ => Ok(()),
        }
    }
}

/// Whether a server lists this one among its mechanisms for certain: a protocol's own login is none of its, and XMPP's
/// servers offer tokens apart from the list (XEP-0484 section 3.2). Who takes them away, or adds them, gains nothing.
fn is_listed(name: MechanismName) -> bool {
    let is_own = own_login::ALL.iter().any(|it| it.name == name);
    !is_own && !name.as_str().starts_with("HT-")
}

/// The names sorted by octet with 0x1E between them, then, after 0x1F, the binding types likewise; hashed.
fn offered_hash(hash: Hash, offered: &Offered<'_>, keep: fn(MechanismName) -> bool) -> String {
    let names = offered.mechanisms.iter().filter(|it| keep(**it)).map(MechanismName::as_str);
    let mut input = joined(names.collect());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&'static str], said: &str) -> Result<(), Reason> {
        let mechanisms: Vec<_> = names.iter().map(|name| MechanismName::new(name)).collect();
        let offered = Offered { mechanisms: &mechanisms, ..Offered::default() };
        Seen::new(Hash::Sha256, &offered).check(Some(said), None)
    }

    #[test]
    fn what_is_offered_beside_the_list_may_stand_in_it_or_not() {
        // Of PLAIN, SCRAM-SHA-1 and SCRAM-SHA-256.
        let said = "J++Diu+JubnE6dLVvZjjI5KHnheOLsUSQWiw/prdbAA=";
        let listed = ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"];
        assert_eq!(check(&listed, said), Ok(()));
        assert_eq!(check(&[], said), Ok(()));
        for beside in ["HT-SHA-256-EXPR", "PASSWORD"] {
            assert_eq!(check(&[&listed[..], &[beside]].concat(), said), Ok(()));
        }
        let forged = [&listed[..1], &listed[2..]].concat();
        assert_eq!(check(&forged, said), Err(Reason::DowngradeDetected));
        assert_eq!(check(&["SCRAM-SHA-1", "PASSWORD"], said), Err(Reason::DowngradeDetected));
    }
}
