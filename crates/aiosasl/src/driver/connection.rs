//! What is known of a connection before SASL begins, and what may be risked on it.

use alloc::vec::Vec;

use crate::{
    binding::{BindingKind, ChannelBinding},
    mechanism::Offered,
    name::MechanismName,
    policy::{Channel, ChannelSecurity, Policy},
};

/// What is known of a connection before SASL begins, and what may be risked on it.
///
/// The default knows nothing and therefore risks little: the channel counts as open, so that no mechanism
/// runs on it that reveals the password.
///
/// # Example: a connection with TLS
///
/// ```
/// use aiosasl::{
///     driver::Connection,
///     mechanism::Offered,
///     name::MechanismName,
///     policy::{Channel, ChannelSecurity},
/// };
///
/// let mechanisms = [MechanismName::new("SCRAM-SHA-256"), MechanismName::new("PLAIN")];
/// let connection = Connection {
///     offered: Offered { mechanisms: &mechanisms, ..Offered::default() },
///     channel: Channel { security: ChannelSecurity::Confidential, ..Channel::default() },
///     ..Connection::default()
/// };
/// # let _ = connection;
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Connection<'a> {
    /// What the server offered.
    pub offered: Offered<'a>,
    /// What the exchange is going to run on.
    pub channel: Channel<'a>,
    /// The floor below which nobody goes.
    pub policy: Policy,
}

/// The same, kept.
#[derive(Debug)]
pub(super) struct Kept {
    mechanisms: Vec<MechanismName>,
    offered_bindings: Option<Vec<BindingKind>>,
    tls_version: Option<u16>,
    security: ChannelSecurity,
    strength: u16,
    bindings: Vec<ChannelBinding>,
    policy: Policy,
}

impl From<&Connection<'_>> for Kept {
    fn from(connection: &Connection<'_>) -> Self {
        let Connection { offered, channel, policy } = connection;
        Self {
            mechanisms: offered.mechanisms.to_vec(),
            offered_bindings: offered.bindings.map(<[_]>::to_vec),
            tls_version: offered.tls_version,
            security: channel.security,
            strength: channel.strength,
            bindings: channel.bindings.to_vec(),
            policy: *policy,
        }
    }
}

impl Kept {
    pub(super) fn connection(&self) -> Connection<'_> {
        Connection {
            offered: Offered {
                mechanisms: &self.mechanisms,
                bindings: self.offered_bindings.as_deref(),
                tls_version: self.tls_version,
            },
            channel: Channel {
                security: self.security,
                bindings: &self.bindings,
                strength: self.strength,
            },
            policy: self.policy,
        }
    }
}
