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

/// Whether these credentials have what a mechanism needs; `EXTERNAL` needs what only the caller knows, and is
/// taken to be possible.
pub fn suits(mechanism: &Mechanism, credentials: &Credentials) -> bool {
    match mechanism.properties.needs {
        Needs::Anonymity => credentials.trace.is_some(),
        Needs::External => true,
        Needs::Password => !matches!(credentials.key, Key::None | Key::Token(_)),
        Needs::Token => matches!(credentials.key, Key::Token(_)),
    }
}
