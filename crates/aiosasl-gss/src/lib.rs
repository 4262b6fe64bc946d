//! A GSS-API provider for `aiosasl`: Kerberos and SPNEGO through the system's library, which is loaded at run time.
//!
//! Nothing is linked: a program with this crate starts where there is no Kerberos, and hears [`GssErrorKind::Unavailable`] of
//! [`Provider::load`]. The library is MIT's (`libgssapi_krb5.so.2`), or one with its interface.
//!
//! # Example: a client with a ticket of its own
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use aiosasl::{
//!     credentials::Credentials,
//!     mechanism::{ClientContext, Rules, Service},
//!     mechanisms::gssapi,
//!     query::{ClientQuery, GssError},
//!     ClientStep,
//! };
//! use aiosasl_gss::Provider;
//!
//! # fn run(mut exchange: aiosasl::ClientExchange) -> Result<(), Box<dyn std::error::Error>> {
//! let provider = Provider::load()?.with_ccache("FILE:/run/user/1000/krb5cc");
//! let mut step = exchange.start()?;
//! while let ClientStep::Ask(ClientQuery::Gss(gss)) = step {
//!     step = exchange.answer(gss.initiate_with(&provider).into_client_answer())?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What is sound, and what is not promised
//!
//! All `unsafe` of the house is in this crate: it calls functions of C as RFC 2744 declares them. Each pointer that is handed
//! over is that of a value that outlives the call, each that comes back is released once. The path given to
//! [`Provider::open`] has to be that of such a library, since loading one runs its code.
//!
//! [`GssErrorKind::Unavailable`]: aiosasl::query::GssErrorKind::Unavailable

mod api;
mod context;
mod handles;
mod provider;

pub use provider::Provider;
