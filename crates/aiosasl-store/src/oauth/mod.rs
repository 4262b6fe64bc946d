//! Tokens of an OAuth 2.0 issuer: JWTs checked with the issuer's keys, or any token by asking the issuer.
//!
//! Both are [`Backend`](crate::Backend)s that know no accounts, only whose a token is: put them into a
//! [`Chain`](crate::Chain) beside the accounts.
//!
//! | | asks | fits |
//! | --- | --- | --- |
//! | [`Jwt`] | the issuer's keys (RFC 7517), now and then | issuers whose tokens are JWTs (RFC 9068); a token is good until its end |
//! | [`Introspection`] | the issuer (RFC 7662), about each token | all others; a revoked token is refused as soon as nobody remembers it |
//!
//! # Example: a JWT's back end
//!
//! ```
//! use aiosasl_store::oauth::{Expected, Jwt, KeySource, Trust};
//!
//! # fn main() -> Result<(), aiosasl_store::StoreError> {
//! let keys = KeySource::url("https://issuer.example.com/jwks.json", Trust::System)?;
//! let expected = Expected::of("https://issuer.example.com", "imap.example.com").with_scope("mail");
//! let backend = Jwt::new(keys, expected)?;
//! # let _ = backend;
//! # Ok(())
//! # }
//! ```

mod claims;
mod fetch;
mod introspection;
mod jwk;
mod jws;
mod jwt;
mod keys;

pub use claims::Expected;
pub use fetch::Trust;
pub use introspection::{ClientCredentials, Introspection};
pub use jwt::Jwt;
pub use keys::KeySource;
