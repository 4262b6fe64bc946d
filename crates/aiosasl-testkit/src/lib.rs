//! Tools to test SASL with: client and server face to face, throw-away accounts, and conformance checks for
//! mechanisms of your own.
//!
//! # Example: a login in memory
//!
//! ```
//! use aiosasl::{mechanisms::plain, profile::Profile};
//! use aiosasl_testkit::{Accounts, FaceToFace};
//!
//! let accounts = Accounts::new().with_password("tim", "tanstaaftanstaaf");
//! let met = FaceToFace::new(&plain::MECHANISM, &accounts).meet("tim", "tanstaaftanstaaf", Profile::FULL);
//! assert!(met.client.is_ok());
//! assert_eq!(met.lines.first().map(String::as_str), Some(r"C: PLAIN \0tim\0tanstaaftanstaaf"));
//! ```

mod accounts;
pub mod conformance;
mod face_to_face;
mod toy_gss;

pub use accounts::Accounts;
pub use face_to_face::{
    FaceToFace, Meeting, OnTheWire, answer, begin, talk, talk_asking, talk_over,
};
pub use toy_gss::ToyGss;

/// The README's examples are compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
