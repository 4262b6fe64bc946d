//! What clients may cost: the options, and the values that they become.

use std::time::Duration;

use aiosasl_profiles::net::server::{CrowdLimits, Limits};
use clap::Args;

use crate::connection::seconds;

/// What clients may cost.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitOptions {
    /// Connections in all; beyond, the oldest that has not authenticated is dropped for the newest
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    max_connections: u32,
    /// Connections from one network, likewise
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    max_per_network: u32,
    /// Leading bits of an IPv4 address that make a network
    #[arg(long, value_name = "BITS", default_value_t = 32, value_parser = clap::value_parser!(u8).range(..=32))]
    ipv4_prefix: u8,
    /// Leading bits of an IPv6 address that make a network
    #[arg(long, value_name = "BITS", default_value_t = 64, value_parser = clap::value_parser!(u8).range(..=128))]
    ipv6_prefix: u8,
    /// From the connection until somebody has authenticated
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    login_timeout: Duration,
    /// For a TLS handshake
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    handshake_timeout: Duration,
    /// For anything to come from a client whose turn it is
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    idle_timeout: Duration,
    /// From authentication until the connection is closed
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    session_timeout: Duration,
    /// What running exchanges get when the server stops
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    grace: Duration,
    /// Exchanges that may fail on one connection
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    max_attempts: u8,
    /// Commands on one connection
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    max_commands: u16,
    /// One message of an exchange
    #[arg(long, value_name = "OCTETS", default_value_t = 65_536, value_parser = clap::value_parser!(u32).range(64..=65_536))]
    max_message: u32,
}

impl LimitOptions {
    /// For each connection.
    pub(super) fn each(&self) -> Limits {
        Limits {
            attempts: self.max_attempts,
            commands: self.max_commands,
            handshake: self.handshake_timeout,
            idle: self.idle_timeout,
            message: self.max_message,
            stay: self.session_timeout,
            time: self.login_timeout,
        }
    }

    /// For all of them.
    pub(super) fn crowd(&self) -> CrowdLimits {
        let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        CrowdLimits {
            connections: count(self.max_connections),
            per_network: count(self.max_per_network),
            ipv4_prefix: self.ipv4_prefix,
            ipv6_prefix: self.ipv6_prefix,
        }
    }

    /// For exchanges that run at the end.
    pub(super) fn grace(&self) -> Duration {
        self.grace
    }
}
