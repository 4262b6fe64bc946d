//! String preparation: user names, passwords and traces, so that what is typed equals what is
//! stored.
//!
//! | function | profile | used by |
//! | --- | --- | --- |
//! | [`saslprep`] | SASLprep (RFC 4013) | PLAIN, SCRAM |
//! | [`trace`] | "trace" (RFC 4505 section 3) | ANONYMOUS |
//! | `opaque_string` | OpaqueString (RFC 8265 section 4.2) | HTTP SCRAM, passwords in XMPP |
//! | `username_case_mapped` | UsernameCaseMapped (RFC 8265 section 3.3) | names that ignore case |
//! | `username_case_preserved` | UsernameCasePreserved (RFC 8265 section 3.4) | names that do not |
//!
//! The last three need the feature `precis`.
//!
//! # Versions of Unicode
//!
//! SASLprep and "trace" are bound to Unicode 3.2 (RFC 3454), and so are their tables here: what is
//! prepared today is prepared the same way for ever. The PRECIS profiles follow Unicode 14.0.0; a
//! code point assigned later is unassigned to them.
//!
//! # SASLprep and PRECIS do not mix
//!
//! [`saslprep`] makes `A` of a fullwidth `Ａ` and drops a soft hyphen; `opaque_string` keeps the one
//! and refuses the other. A password that was stored by one of them may not verify by the other:
//! never switch an account's profile without setting its password anew.
//!
//! # Costs
//!
//! Printable ASCII is looked at once and nothing else; text that is in its prepared form is
//! returned as it came, not copied. Other text is copied once: normalization may make it up to
//! eleven times as long, in bytes. Copies that are not returned are wiped.

pub use error::PrepError;
#[cfg(feature = "precis")]
pub use precis::{opaque_string, username_case_mapped, username_case_preserved};
pub use saslprep::{Strings, saslprep};
pub use trace::trace;

#[cfg(feature = "precis")]
mod context;
#[cfg(feature = "precis")]
mod direction;
mod error;
mod lookup;
mod normalize;
#[cfg(feature = "precis")]
mod precis;
mod saslprep;
mod stringprep;
mod tables;
#[cfg(feature = "precis")]
mod tables_precis;
mod trace;
