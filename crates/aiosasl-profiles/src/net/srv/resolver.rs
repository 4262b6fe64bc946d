//! Asking a name server: the only room that knows the resolver's crate.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher as _,
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::{Name, RData, RecordType, rdata::SRV},
};

use super::{Answer, Place, Record};

/// For one question; there are two tries.
const LIMIT: Duration = Duration::from_secs(2);
const TRIES: usize = 2;
/// How many records of one service are looked at.
const MAX_RECORDS: usize = 32;

/// Somebody who knows names.
pub(super) struct Resolver(TokioResolver);

impl Resolver {
    /// The platform's, or this one. `None` where the platform has none.
    pub(super) fn new(name_server: Option<SocketAddr>) -> Option<Self> {
        let mut builder = match name_server {
            Some(address) => {
                TokioResolver::builder_with_config(only(address), TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio().ok()?,
        };
        let options = builder.options_mut();
        options.timeout = LIMIT;
        options.attempts = TRIES;
        builder.build().ok().map(Self)
    }

    /// The records of a domain's service over TCP: `_imap` of `example.org`.
    pub(super) async fn services(&self, service: &str, domain: &str, implicit_tls: bool) -> Answer {
        let domain = domain.trim_end_matches('.');
        let Ok(name) = Name::from_ascii(format!("{service}._tcp.{domain}.")) else {
            return Answer::Nothing;
        };
        // RFC 6120 section 3.2.1: without an answer the domain's own name is tried.
        let Ok(found) = self.0.lookup(name, RecordType::SRV).await else { return Answer::Nothing };
        let services: Vec<&SRV> = found
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::SRV(service) => Some(service),
                _ => None,
            })
            .take(MAX_RECORDS)
            .collect();
        match &services[..] {
            [] => Answer::Nothing,
            [only] if only.target.is_root() => Answer::NotThere,
            _ => {
                let there = services.into_iter().filter(|it| !it.target.is_root());
                Answer::Records(there.map(|it| record(it, implicit_tls)).collect())
            }
        }
    }

    /// The addresses of a host.
    ///
    /// # Errors
    ///
    /// The name server's, in its words.
    pub(super) async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = self.0.lookup_ip(host).await.map_err(io::Error::other)?;
        Ok(found.iter().collect())
    }
}

/// A number from 0 to `limit`, inclusive. It balances load, and guards nothing.
pub(super) fn random(limit: u32) -> u32 {
    let number = RandomState::new().hash_one(limit) % (u64::from(limit) + 1);
    u32::try_from(number).unwrap_or(limit)
}

fn record(service: &SRV, implicit_tls: bool) -> Record {
    let host = service.target.to_ascii().trim_end_matches('.').to_owned();
    let place = Place { host, port: service.port, implicit_tls };
    Record { priority: service.priority, weight: service.weight, place }
}

fn only(address: SocketAddr) -> ResolverConfig {
    let at_port = |mut connection: ConnectionConfig| {
        connection.port = address.port();
        connection
    };
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(at_port).to_vec();
    ResolverConfig::from_name_servers(vec![NameServerConfig::new(address.ip(), true, connections)])
}
