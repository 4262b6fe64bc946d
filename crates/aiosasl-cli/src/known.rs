//! The mechanisms that the command knows: the library's, those of single vendors, and protocols' own logins.

use aiosasl::{mechanism::Mechanism, mechanisms, name::MechanismName, own_login};
use aiosasl_profiles::net::Protocol;
use aiosasl_vendor::mongodb_scram;

/// All of them, best first; the protocols' own last.
pub(crate) fn all() -> impl Iterator<Item = &'static Mechanism> {
    mechanisms::ALL.iter().chain(aiosasl_vendor::ALL).chain(&own_login::ALL)
}

/// The one of this name.
pub(crate) fn find(name: MechanismName) -> Option<Mechanism> {
    all().find(|mechanism| mechanism.name == name).copied()
}

/// The mechanism as it is spoken in a protocol: some are made of other strings there.
pub(crate) fn as_spoken_in(protocol: Protocol, mechanism: Mechanism) -> Mechanism {
    let own = match protocol {
        Protocol::Mongodb => mongodb_scram::ALL,
        _ => &[],
    };
    own.iter().find(|own| own.name == mechanism.name).copied().unwrap_or(mechanism)
}
