//! What goes on at a server's door, for whoever watches: logs, metrics, tests.

use std::{sync::Arc, time::Duration};

use aiosasl::driver::Settled;

use crate::net::TlsInfo;

/// Who is told how it goes on one connection; called in the middle of it, so that it should be quick.
pub type ServerObserver = Arc<dyn Fn(ServerEvent<'_>) + Send + Sync>;

/// What happens on a connection; never a secret.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ServerEvent<'a> {
    /// TLS it is.
    Tls(&'a TlsInfo),
    /// The client asks for an exchange.
    Begun,
    /// The exchange is decided; the client has not heard yet, and the store may take its time before it does.
    Settled {
        /// Who came in, or why nobody did.
        end: Settled<'a>,
        /// Over what; `None` in the clear.
        tls: Option<&'a TlsInfo>,
        /// How long the exchange took.
        elapsed: Duration,
    },
    /// The exchange is over: decided, or broken off.
    Over,
}
