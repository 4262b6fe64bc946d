//! What a server offered, as far as it said.

use aiosasl::{binding::BindingKind, name::MechanismName};

/// What a server offered on this connection, the last time that it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that a server says, or doesn't"
)]
pub struct Offer {
    /// The mechanisms, each once, in the server's order.
    pub mechanisms: Vec<MechanismName>,
    /// Whether the protocol has no list of mechanisms, or the server does not show it: any may be tried, whatever is offered. Nobody knows then whether the
    /// server has -PLUS, and a client must not say that it does not: without -PLUS, give an exchange no binding.
    pub unlisted: bool,
    /// What stood in the list of mechanisms and has no mechanism's name.
    pub unreadable: Vec<String>,
    /// The mechanisms that were offered before STARTTLS; `None` where there was none.
    pub before_tls: Option<Vec<MechanismName>>,
    /// The channel binding types that the server can check, where it says so (XEP-0440).
    pub bindings: Option<Vec<BindingKind>>,
    /// Whether STARTTLS was offered, before it was used.
    pub start_tls_offered: bool,
    /// Whether passwords outside SASL are forbidden (IMAP's `LOGINDISABLED`).
    pub login_disabled: bool,
    /// Whether an initial response may go with the request.
    pub initial_response: bool,
    /// The server's first words, made [`printable`](crate::printable).
    pub greeting: String,
    /// Limits that the server states: name and value.
    pub limits: Vec<(String, String)>,
    /// Everything else that it says about itself, as it says it, made [`printable`](crate::printable).
    pub capabilities: Vec<String>,
}
