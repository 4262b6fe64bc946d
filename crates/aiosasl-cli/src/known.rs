//! The mechanisms that the command knows: the library's, those of single vendors, and protocols' own logins.

use aiosasl::{mechanism::Mechanism, mechanisms, name::MechanismName, own_login};

/// All of them, best first; the protocols' own last.
pub(crate) fn all() -> impl Iterator<Item = &'static Mechanism> {
    mechanisms::ALL.iter().chain(aiosasl_vendor::ALL).chain(&own_login::ALL)
}

/// The one of this name.
pub(crate) fn find(name: MechanismName) -> Option<Mechanism> {
    all().find(|mechanism| mechanism.name == name).copied()
}
