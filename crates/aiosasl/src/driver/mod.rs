//! aiosasl's async layer: the only floor that awaits.
//!
//! A protocol supplies three calls ([`SaslInterface`]); [`negotiate`] does the rest. Nothing in here needs a runtime:
//! the futures run on any executor, and are `Send` whenever the interface's are. Dropping one half-way is safe: the
//! exchange is lost, and the interface is its owner's again. [`blocking`] has the same for programs without async, and
//! [`serve`] is the server's loop.
//!
//! # Coming from Python's aiosasl
//!
//! | Python | here | what differs |
//! | --- | --- | --- |
//! | `SASLInterface` | [`SaslInterface`] | `profile()` says what the protocol can carry; replies are a [`Reply`], not a tuple |
//! | `SASLStateMachine` | [`SaslStateMachine`] | [`run`](SaslStateMachine::run) makes one; it holds an initial response back where the protocol can't carry it |
//! | `SASLState` | [`SaslState`] for where it stands, [`SaslStep`] for what comes next | a failure is never returned, always raised |
//! | `SASLMechanism` | [`SaslMechanism`] | `properties`, for the security floor |
//! | the token of `any_supported` | [`Token`] | opaque, with room for whatever the mechanism has to remember |
//! | `SASLError` | [`SaslError`] | an enum of the two kinds; `exchange_error` gives the exact reason |
//! | `SASLFailure` | [`SaslFailure`] | |
//! | `SASLFailure.promote_to_authentication_failure` | [`SaslFailure::promote_to_authentication_failure`] | |
//! | `AuthenticationFailure` | [`AuthenticationFailure`] | |
//! | `opaque_error`, `text` | [`SaslError::opaque_error`], [`SaslError::text`] | the opaque error is any [`Error`](core::error::Error) |
//! | `PLAIN` | [`Plain`] | refused on an open channel |
//! | `SCRAM` | [`Scram`] | also SHA-512 and others, as built |
//! | `SCRAM(nonce_length=)` | [`Scram::nonce_length`] | 18 octets by default |
//! | `SCRAM(enforce_minimum_iteration_count=False)` | [`Scram::without_minimum_iteration_count`] | there is a maximum as well: [`Rules`](crate::mechanism::Rules) |
//! | `SCRAM(after_scram_plus=True)` | [`Scram::after_scram_plus`] | said by itself where the connection has bindings; a lie is refused |
//! | `SCRAMPLUS` | [`ScramPlus`] | the strongest binding that both ends have |
//! | `ANONYMOUS` | [`Anonymous`] | |
//! | no counterpart | [`External`], [`Login`], [`OauthBearer`], [`Xoauth2`] | |
//! | `credential_provider` | [`CredentialProvider`] | a closure, plain values, or an object |
//! | `channel_binding_methods.ChannelBindingProvider` | [`ChannelBindingProvider`] | or [`Connection`], once for all mechanisms |
//! | `TLSUnique`, `TLSServerEndPoint`, the exporter | [`ChannelBinding`](crate::binding::ChannelBinding) of a [`BindingKind`](crate::binding::BindingKind) | values: TLS stays outside |
//! | the loop in the documentation | [`negotiate`] | a floor, no step down under attack, and a report |
//! | `version`, `version_info` | [`VERSION`](crate::VERSION), [`VERSION_TUPLE`](crate::VERSION_TUPLE) | |
//!
//! Each of these types has an example.
//!
//! # Example: the exchange's own words, after a failure
//!
//! ```
//! use aiosasl::{
//!     driver::{NegotiationError, SaslError},
//!     error::{Error, Reason},
//! };
//!
//! fn explain(lost: &NegotiationError) -> String {
//!     match (&lost.error, lost.error.exchange_error()) {
//!         (SaslError::AuthenticationFailure(_), _) => "ask for another password".into(),
//!         (_, Some(Error::Policy(Reason::EncryptionRequired))) => "use TLS".into(),
//!         (error, _) => error.text().into(),
//!     }
//! }
//! # let _ = explain;
//! ```

mod binding;
pub mod blocking;
mod connection;
mod credentials;
mod error;
mod fallback;
mod from_mechanism;
mod gss;
mod interface;
mod layered;
mod mechanism;
#[cfg(any(
    feature = "anonymous",
    feature = "external",
    feature = "login",
    feature = "oauthbearer",
    feature = "plain",
    feature = "scram-core",
    feature = "xoauth2"
))]
mod mechanisms;
mod negotiate;
mod query;
mod rendezvous;
mod server;
mod state;
mod state_machine;
mod tokens;

pub use binding::ChannelBindingProvider;
pub use connection::Connection;
pub use credentials::{CredentialProvider, IntoCredentials};
pub use error::{AuthenticationFailure, OpaqueError, SaslError, SaslFailure};
pub use from_mechanism::FromMechanism;
pub use gss::{WithGss, answer_of};
pub use interface::{Reply, SaslInterface};
pub use layered::Layered;
pub use mechanism::{AuthenticationReport, BoxFuture, SaslMechanism, Token, authenticate, drive};
#[cfg(feature = "anonymous")]
pub use mechanisms::Anonymous;
#[cfg(feature = "external")]
pub use mechanisms::External;
#[cfg(feature = "login")]
pub use mechanisms::Login;
#[cfg(feature = "oauthbearer")]
pub use mechanisms::OauthBearer;
#[cfg(feature = "plain")]
pub use mechanisms::Plain;
#[cfg(feature = "xoauth2")]
pub use mechanisms::Xoauth2;
#[cfg(feature = "scram-core")]
pub use mechanisms::{Scram, ScramPlus};
pub use negotiate::{Choice, Considered, Negotiated, NegotiationError, negotiate};
pub use query::{InSlices, QueryProvider};
pub use server::{Entrant, ServerInterface, Settled, Store, serve};
pub use state::{SaslState, SaslStep};
pub use state_machine::SaslStateMachine;
pub use tokens::{AccessToken, Tokens, Wanted};
