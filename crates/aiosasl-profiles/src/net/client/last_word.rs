//! Where the wire does not tell whether a token is the last one: who has nothing to say to it.

use aiosasl::{
    mechanism::{Needs, ServerProof},
    name::MechanismName,
    registry,
};

/// Whether a mechanism ends with the server's proof, to which there is nothing to say. On such a wire that proof looks like
/// a challenge, and a server takes no answer to it: the empty one is for us alone. Only contexts of GSS-API say nothing in
/// the middle, too.
pub(super) fn is_silent(mechanism: MechanismName) -> bool {
    registry::find(mechanism).is_some_and(|it| {
        it.properties.server_proof == ServerProof::Mutual && it.properties.needs != Needs::Ticket
    })
}
