//! `aiosasl probe`: what a server offers and what that is worth. It never logs in.

mod certificate;
mod print;
mod rating;

use std::time::SystemTime;

use aiosasl::name::MechanismName;
use aiosasl_profiles::{
    WireClass, WireError,
    net::{self, Offer, Options, Session, Target, TlsInfo, Trust},
};
use clap::Args;
use serde::Serialize;

use self::{
    certificate::Certificate,
    rating::{Rating, Warning, rate, warnings},
};
use crate::{
    connection::{self, ConnectionOptions},
    fault::Fault,
    output::outln,
    status::{Failure, Status},
    trace::Trace,
};

const EXAMPLES: &str = "\
Connects, speaks TLS as far as it is offered, notes what the server says about itself, and hangs up: it never logs in.

Where the certificate is not to be trusted, it is looked at all the same, and a warning says why.

Status: 0 the server could be probed, whatever it offers; 2 wrong usage; 3 it breaks the protocol; 4 no connection, \
no TLS, no time.

Examples:
  aiosasl probe imap://mail.example.org
  aiosasl probe xmpps://example.org --json | jq .warnings";

/// Arguments of `probe`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: ConnectionOptions,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What a server offers; every field is always there, and null where nothing is known.
#[derive(Debug, Serialize)]
struct Report {
    protocol: &'static str,
    host: String,
    port: u16,
    /// The path of a Unix socket, where it is one.
    socket: Option<String>,
    greeting: Option<String>,
    mechanisms: Vec<Row>,
    /// Whether the protocol has no list of mechanisms.
    unlisted: Option<bool>,
    /// What stands in the list of mechanisms and has no mechanism's name.
    unreadable: Vec<String>,
    starttls: Option<bool>,
    tls: Option<Tls>,
    channel_bindings: Option<Bindings>,
    initial_response: Option<bool>,
    login_disabled: Option<bool>,
    limits: Vec<Limit>,
    capabilities: Vec<String>,
    warnings: Vec<Warning>,
    elapsed_ms: f64,
    error: Option<Fault>,
}

#[derive(Debug, Serialize)]
struct Row {
    mechanism: String,
    /// Null where there is no such time: TLS from the start.
    before_tls: Option<bool>,
    after_tls: Option<bool>,
    rating: Rating,
    reason: &'static str,
}

#[derive(Debug, Serialize)]
struct Tls {
    version: &'static str,
    cipher: String,
    verified: bool,
    /// Why the certificate is not to be trusted.
    distrust: Option<String>,
    certificate: Option<Certificate>,
}

#[derive(Debug, Serialize)]
struct Bindings {
    /// The types that this connection has.
    available: Vec<String>,
    missing: Vec<Missing>,
    /// The types that the server says it can check, where it says so (XEP-0440).
    server: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct Missing {
    #[serde(rename = "type")]
    kind: String,
    reason: String,
}

#[derive(Debug, Serialize)]
struct Limit {
    name: String,
    value: String,
}

/// Probes and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let trace = Trace::new();
    let url = arguments.connection.url()?;
    let options = arguments.connection.options(&url, trace.observer())?;
    let target = &url.target;
    let limit = arguments.connection.timeout();
    let found = connection::run(limit, probe(target, &options))?;
    let found = found.unwrap_or_else(|| Err(Fault::timeout(limit)));
    let (status, mut report) = match found {
        Ok(report) => (Status::Done, report),
        Err(fault) => (fault.status(), Report { error: Some(fault), ..Report::of(target) }),
    };
    report.elapsed_ms = (trace.record().elapsed().as_secs_f64() * 10_000.0).round() / 10.0;
    if arguments.json {
        match serde_json::to_string(&report) {
            Ok(json) => outln!("{json}"),
            Err(error) => return Err(Failure::new(Status::Failed, error.to_string())),
        }
    } else {
        print::print(&report);
    }
    Ok(status)
}

/// Probes; a certificate that is not to be trusted is looked at all the same, without showing ours.
async fn probe(target: &Target, options: &Options) -> Result<Report, Fault> {
    let first = net::connect(target, options).await;
    let (session, distrust) = match first {
        Ok(session) => (session, None),
        Err(error) if error.class == WireClass::Tls && options.trust != Trust::Insecure => {
            let options =
                Options { trust: Trust::Insecure, client_certificate: None, ..options.clone() };
            match net::connect(target, &options).await {
                Ok(session) => (session, Some(error)),
                Err(_) => return Err(Fault::of_wire(&error)),
            }
        }
        Err(error) => return Err(Fault::of_wire(&error)),
    };
    let report = Report::of(session.target()).with(&session, distrust.as_ref());
    session.close().await;
    Ok(report)
}

impl Report {
    /// Nothing is known yet.
    fn of(target: &Target) -> Self {
        Self {
            protocol: target.protocol.name(),
            host: target.server().to_owned(),
            port: target.port,
            socket: target.socket.as_ref().map(|path| path.display().to_string()),
            greeting: None,
            mechanisms: Vec::new(),
            unlisted: None,
            unreadable: Vec::new(),
            starttls: None,
            tls: None,
            channel_bindings: None,
            initial_response: None,
            login_disabled: None,
            limits: Vec::new(),
            capabilities: Vec::new(),
            warnings: Vec::new(),
            elapsed_ms: 0.0,
            error: None,
        }
    }

    fn with(self, session: &Session, distrust: Option<&WireError>) -> Self {
        let offer = session.offer();
        let tls = session.tls().map(|tls| Tls::of(tls, distrust));
        let certificate = tls.as_ref().and_then(|tls| tls.certificate.as_ref());
        let why = distrust.map(|error| &*error.text);
        let warnings = warnings(offer, session.tls(), session.security(), certificate, why);
        let limit =
            |(name, value): &(String, String)| Limit { name: name.clone(), value: value.clone() };
        Self {
            greeting: Some(offer.greeting.clone()).filter(|it| !it.is_empty()),
            mechanisms: rows(offer, session.tls().is_some()),
            unlisted: Some(offer.unlisted),
            unreadable: offer.unreadable.clone(),
            starttls: Some(offer.start_tls_offered),
            channel_bindings: session.tls().map(|tls| Bindings::of(session, tls)),
            initial_response: Some(offer.initial_response),
            login_disabled: Some(offer.login_disabled),
            limits: offer.limits.iter().map(limit).collect(),
            capabilities: offer.capabilities.clone(),
            warnings,
            tls,
            ..self
        }
    }
}

/// Each mechanism once, in the server's order, those before TLS last.
fn rows(offer: &Offer, under_tls: bool) -> Vec<Row> {
    let (before, after) = match (&offer.before_tls, under_tls) {
        (before, true) => (before.as_deref(), Some(&offer.mechanisms[..])),
        (_, false) => (Some(&offer.mechanisms[..]), None),
    };
    let mut names: Vec<MechanismName> = Vec::new();
    for name in after.into_iter().chain(before).flatten() {
        if !names.contains(name) {
            names.push(*name);
        }
    }
    let row = |name: MechanismName| {
        let is_in = |offer: Option<&[MechanismName]>| offer.map(|it| it.contains(&name));
        let (before_tls, after_tls) = (is_in(before), is_in(after));
        let (rating, reason) = rate(name, before_tls == Some(true));
        Row { mechanism: name.to_string(), before_tls, after_tls, rating, reason }
    };
    names.into_iter().map(row).collect()
}

impl Tls {
    fn of(tls: &TlsInfo, distrust: Option<&WireError>) -> Self {
        let leaf = tls.peer_certificates.first();
        Self {
            version: tls.version,
            cipher: tls.cipher.clone(),
            verified: tls.verified,
            distrust: distrust.map(|error| error.text.clone()),
            certificate: leaf.and_then(|der| Certificate::parse(der, SystemTime::now())),
        }
    }
}

impl Bindings {
    fn of(session: &Session, tls: &TlsInfo) -> Self {
        let server = session.offer().bindings.as_ref();
        Self {
            available: session.bindings().iter().map(|it| it.kind().to_string()).collect(),
            missing: tls
                .missing_bindings
                .iter()
                .map(|(kind, reason)| Missing { kind: kind.to_string(), reason: reason.clone() })
                .collect(),
            server: server.map(|kinds| kinds.iter().map(ToString::to_string).collect()),
        }
    }
}
