//! Finding mechanisms by name, and those that a client could use.

use crate::{
    credentials::{Credentials, Key},
    mechanism::{Mechanism, Needs},
    mechanisms,
    name::MechanismName,
};

/// The mechanism of this name, where this build has it.
pub fn find(name: MechanismName) -> Option<&'static Mechanism> {
    mechanisms::ALL.iter().find(|mechanism| mechanism.name == name)
}

/// Whether these credentials have what a mechanism needs; what only the caller or the
/// system knows (a certificate, a ticket, a device's code) is taken to be there.
pub fn suits(mechanism: &Mechanism, credentials: &Credentials) -> bool {
    match mechanism.properties.needs {
        Needs::Anonymity => credentials.trace.is_some(),
        // What the caller or the system knows.
        Needs::External | Needs::Ticket => true,
        Needs::Foreign => matches!(credentials.key, Key::Foreign(_)),
        Needs::Password => is_password(mechanism, &credentials.key),
        Needs::PrivateKey => matches!(credentials.key, Key::Private(_)),
        Needs::Token => match &credentials.key {
            // Good for one mechanism, and nobody else's to see.
            Key::HashedToken { mechanism: name, .. } => *name == mechanism.name,
            Key::Token(_) => !mechanism.name.as_str().starts_with("HT-"),
            _ => false,
        },
        // Somebody with a name, and with nothing that proves it.
        Needs::Passcode | Needs::Visit => {
            credentials.authentication_id.is_some() && matches!(credentials.key, Key::None)
        }
    }
}

/// A password, or what this mechanism keeps instead of one.
fn is_password(mechanism: &Mechanism, key: &Key) -> bool {
    match key {
        Key::Password(_) => true,
        #[cfg(feature = "hash")]
        Key::SaltedPassword { .. } | Key::ScramKeys { .. } => {
            mechanism.name.as_str().starts_with("SCRAM-")
        }
        Key::Stored(_) => matches!(mechanism.name.as_str(), "NTLM" | "DIGEST-MD5"),
        Key::None | Key::Private(_) | Key::HashedToken { .. } | Key::Token(_) | Key::Foreign(_) => {
            false
        }
    }
}
