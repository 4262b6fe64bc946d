//! Where a domain's servers are: SRV records (RFC 2782) of XMPP (RFC 6120 section 3.2, XEP-0368) and of mail (RFC 6186,
//! RFC 8314).
//!
//! The answers are not believed: whoever spoofs them chooses a server, but not the name that its certificate must have
//! ([`Target::certificate_name`]).

mod order;
mod resolver;

use std::{io, net::SocketAddr, time::Duration};

use tokio::time::timeout;

use self::{order::order, resolver::Resolver};
use super::{Options, Protocol, Target, TlsMode};
use crate::{WireClass, WireError};

/// How many servers are tried at most.
const MAX_PLACES: usize = 8;
/// How long the name servers may take, before the domain's own name has to do.
const LOOKUP_LIMIT: Duration = Duration::from_secs(5);
/// How long one of several servers may take before the next one is asked.
const PLACE_LIMIT: Duration = Duration::from_secs(10);

/// A server of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub host: String,
    /// Its TCP port.
    pub port: u16,
    /// Whether it speaks TLS from the start.
    pub implicit_tls: bool,
}

/// What a name server says of a service.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// Nothing, or it could not be asked.
    Nothing,
    /// The domain has no such service: its only target is `.` (RFC 2782).
    NotThere,
    /// These.
    Records(Vec<Record>),
}

/// An SRV record.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    /// The lowest is tried first.
    priority: u16,
    /// How often it is tried first among those of the same priority.
    weight: u16,
    place: Place,
}

/// The servers of the target's domain, in the order in which they are to be tried; the domain's own name and the
/// registered port, where there are no records. Empty where the domain says that it has no such service.
pub async fn places(target: &Target, options: &Options) -> Vec<Place> {
    let implicit = is_implicit(options);
    let own = Place { host: target.host.clone(), port: target.port, implicit_tls: implicit };
    let Some((service, implicit_service)) = target.protocol.srv_services() else {
        return vec![own];
    };
    let Some(resolver) = Resolver::new(options.name_server) else { return vec![own] };
    let implicit_service =
        implicit_service.filter(|_| implicit || matches!(options.tls, TlsMode::Auto));
    let asking = async {
        tokio::join!(
            ask(&resolver, Some(service).filter(|_| !implicit), &target.host, false),
            ask(&resolver, implicit_service, &target.host, true),
        )
    };
    let asked = timeout(LOOKUP_LIMIT, asking).await;
    let (clear, secure) = asked.unwrap_or((Answer::Nothing, Answer::Nothing));
    let is_absent = *(if implicit { &secure } else { &clear }) == Answer::NotThere;
    let records: Vec<_> = [secure, clear].into_iter().flat_map(Answer::records).collect();
    if records.is_empty() {
        return if is_absent { Vec::new() } else { vec![own] };
    }
    // RFC 8314 section 5.1: TLS from the start, where the domain prefers neither.
    let secure_first = target.protocol != Protocol::Xmpp;
    let mut places = order(records, secure_first, resolver::random);
    places.truncate(MAX_PLACES);
    places
}

/// Does something with the first of the domain's servers that can be reached.
///
/// # Errors
///
/// That of the last one; class [`Connection`](WireClass::Connection) where the domain says that there is none.
pub(super) async fn first<T, F: Future<Output = Result<T, WireError>>>(
    target: &Target,
    options: &Options,
    open: impl Fn(Target, Options) -> F,
) -> Result<T, WireError> {
    let places = places(target, options).await;
    let mut rest = places.len();
    let text =
        format!("{} says that it has no service for {}", target.host, target.protocol.name());
    let mut error = WireError::new(WireClass::Connection, text);
    for place in places {
        rest -= 1;
        let options = Options { implicit_by_scheme: place.implicit_tls, ..options.clone() };
        let opening = open(target.clone().at(&place), options);
        let opened =
            if rest == 0 { Ok(opening.await) } else { timeout(PLACE_LIMIT, opening).await };
        error = match opened {
            Ok(Err(error)) if is_unreachable(error.class) => error,
            Ok(done) => return done,
            Err(_) => WireError::new(WireClass::Timeout, format!("{} does not answer", place.host)),
        };
    }
    Err(error)
}

/// The addresses of a host, as that name server knows them.
///
/// # Errors
///
/// The name server's, in its words.
pub(super) async fn addresses(
    name_server: SocketAddr,
    host: &str,
    port: u16,
) -> io::Result<Vec<SocketAddr>> {
    let resolver = Resolver::new(Some(name_server)).ok_or(io::ErrorKind::InvalidInput)?;
    let found = resolver.addresses(host).await?;
    Ok(found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
}

/// Another server of the domain may do better.
fn is_unreachable(class: WireClass) -> bool {
    matches!(class, WireClass::Connection | WireClass::Temporary | WireClass::Timeout)
}

fn is_implicit(options: &Options) -> bool {
    match options.tls {
        TlsMode::Auto => options.implicit_by_scheme,
        TlsMode::Implicit => true,
        TlsMode::StartTls | TlsMode::Off => false,
    }
}

async fn ask(
    resolver: &Resolver,
    service: Option<&str>,
    domain: &str,
    implicit_tls: bool,
) -> Answer {
    match service {
        Some(service) => resolver.services(service, domain, implicit_tls).await,
        None => Answer::Nothing,
    }
}

impl Answer {
    fn records(self) -> Vec<Record> {
        match self {
            Self::Records(records) => records,
            Self::Nothing | Self::NotThere => Vec::new(),
        }
    }
}
