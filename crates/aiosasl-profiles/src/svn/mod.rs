//! The protocol of Subversion's own server, as far as SASL: lists of words, numbers and strings, both halves; never a
//! socket.
//!
//! ```text
//!   S: ( success ( 2 2 ( ) ( capability ... ) ) )
//!   C: ( 2 ( capability ... ) url client ( ) )
//!   S: ( success ( ( mechanism ... ) realm ) )
//!   C: ( mechanism ( base64 ) )
//!   S: ( step ( token ) )                 C: token
//!   S: ( success ( token ) ), ( failure ( words ) )
//! ```
//!
//! Tokens are base64, but for those of one mechanism that is older than this rule ([`SPELLS_RAW`]).
//!
//! # Example: what a repository takes
//!
//! ```
//! use aiosasl_profiles::svn::{Item, client};
//!
//! # fn main() -> Result<(), aiosasl_profiles::WireError> {
//! let request = Item::parse(b"( success ( ( ANONYMOUS ) 4:here ) ) ")?;
//! let offer = client::auth_request(&request)?;
//! assert_eq!((offer.mechanisms, offer.realm), (vec!["ANONYMOUS".to_owned()], "here".to_owned()));
//! # Ok(())
//! # }
//! ```

pub mod client;
mod item;
pub mod server;

use aiosasl::{
    encoding::{decode, encode},
    name::MechanismName,
    profile::Profile,
    secret::Secret,
};

use crate::WireError;

pub use item::{Item, MAX_ITEM, measure};

/// What it can carry: everything that fits an item.
pub const PROFILE: Profile = Profile { max_message: 32_768, ..Profile::FULL };

/// The mechanism whose challenges and responses stand as they are: the first that the protocol had. An initial response is
/// base64 in any case.
pub const SPELLS_RAW: MechanismName = MechanismName::new("CRAM-MD5");

/// A token of an exchange by this mechanism, as it goes over the wire.
fn spell(mechanism: MechanismName, octets: &[u8]) -> Secret {
    if mechanism == SPELLS_RAW { Secret::new(octets) } else { encode(octets).into() }
}

/// The octets of such a token.
fn read(mechanism: MechanismName, token: &Secret) -> Result<Secret, WireError> {
    if mechanism == SPELLS_RAW {
        return Ok(token.clone());
    }
    let octets = decode(token.expose());
    octets.map(Secret::from).map_err(|_| WireError::protocol("expected base64 in a token"))
}
