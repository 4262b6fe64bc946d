//! `aiosasl serve`: a server that speaks the protocols far enough to authenticate.

mod desk;
mod entrances;
mod limits;
mod logs;
mod metrics;
mod report;
mod scrape;
mod service;
mod signals;
mod tls;

use std::{net::SocketAddr, pin::pin, sync::Arc};

use aiosasl::{
    mechanism::{Mechanism, Needs, Service},
    mechanisms::ALL,
    name::MechanismName,
    policy::Plaintext,
    registry,
};
use aiosasl_profiles::net::server::{Server, ServerConfig};
use aiosasl_store::Anonymous;
use clap::Args;
use serde_json::json;
use tokio::{
    select,
    sync::{oneshot, watch},
};

use self::{
    desk::Desk,
    entrances::Listening,
    limits::LimitOptions,
    logs::LogOptions,
    metrics::Metrics,
    report::{Lines, Readers},
    service::{Open, ServiceOptions},
    signals::{Signals, Wish},
    tls::{Certificate, TlsOptions},
};
use crate::{
    served::is_served,
    status::{Failure, Status},
};

const EXAMPLES: &str = "\
Standard output gets the URLs once all is ready, then one line for each exchange that is decided; logs go to standard \
error. SIGINT and SIGTERM end it: running exchanges may end, up to --grace. SIGHUP makes it read certificate and \
accounts again; where they are no good, the old ones stay, and the log says why. Connections that are there keep \
what they have.

Status: 0 it was told to stop, 2 wrong usage, 4 it can't listen or reach its accounts.

Examples:
  aiosasl serve --listen imap://127.0.0.1:0 --accounts sqlite:a.db --ca-out ca.pem --json
  aiosasl serve --listen imap://0.0.0.0 --listen imaps://0.0.0.0 --cert chain.pem --key key.pem --accounts file:passwd
  aiosasl serve --listen submission://localhost:1587 -m SCRAM-SHA-256 -m PLAIN --metrics 127.0.0.1:9464";

/// Arguments of `serve`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// scheme://host[:port] to listen on (repeatable); port 0 picks one
    // As text: an error of the parser of arguments would repeat it, with a password that does not belong there.
    #[arg(long, value_name = "URL", required = true)]
    listen: Vec<String>,
    #[command(flatten)]
    service: ServiceOptions,
    /// The name that the server gives itself (XMPP: its domain)
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    name: String,
    /// Offer only this mechanism (repeatable); without it, all but those for the anonymous and for old clients
    #[arg(short, long = "mechanism", value_name = "NAME", value_parser = mechanism)]
    mechanisms: Vec<MechanismName>,
    /// Let mechanisms that reveal the password run without TLS
    #[arg(long)]
    allow_plaintext: bool,
    /// Print JSON, one object per line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    limits: LimitOptions,
    #[command(flatten)]
    logs: LogOptions,
    /// Show metrics to Prometheus at this address (HTTP, /metrics); port 0 picks one
    #[arg(long, value_name = "ADDRESS", help_heading = "Logs and metrics")]
    metrics: Option<SocketAddr>,
}

/// Serves until it is told to stop.
pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    arguments.logs.start()?;
    let offer = offer(&arguments.mechanisms)?;
    // Each connection is a file, and shells are frugal with those.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Status::Unreachable, format!("can't start a runtime: {error}"))
    })?;
    let served = runtime.block_on(serve(arguments, offer));
    runtime.shutdown_background();
    served.map(|()| Status::Done)
}

async fn serve(arguments: &Arguments, offer: Arc<[Mechanism]>) -> Result<(), Failure> {
    let mut listening = Listening::all(&arguments.listen).await?;
    let names = names(arguments, &listening);
    let certificate = arguments.tls.certificate(&names)?;
    let config = Config { arguments, offer, certificate, names };
    let (swap, current) = watch::channel(config.load()?);
    let service = arguments.service.open(anonymous(&arguments.mechanisms)).await?;
    // Before anybody is told that they are heard.
    let mut signals = Signals::new()?;
    let entrances: Vec<_> = listening.iter().map(|it| it.entrance).collect();
    let server = Server::bind(&entrances).await;
    let server = server.map_err(|error| Failure::new(Status::Unreachable, error.text))?;
    for (listening, entrance) in listening.iter_mut().zip(server.entrances()) {
        listening.entrance = *entrance;
    }
    let metrics = Arc::new(Metrics::new());
    let readers = if arguments.json { Readers::Programs } else { Readers::People };
    let desk = Arc::new(Desk { lines: Lines::new(readers)?, metrics: Arc::clone(&metrics) });
    let scraped = match arguments.metrics {
        Some(address) => {
            let (listener, url) = scrape::bind(address).await?;
            tokio::spawn(scrape::serve(listener, Arc::clone(&metrics)));
            Some(url)
        }
        None => None,
    };
    announce(&desk.lines, readers, &listening, scraped.as_deref());
    let server = server.with_crowd(arguments.limits.crowd()).with_grace(arguments.limits.grace());
    let visits = service.clone();
    let (stop, stopped) = oneshot::channel();
    let mut stop = Some(stop);
    let mut running =
        pin!(server.run(current, move |peer| visits.visit(peer), Arc::clone(&desk), async {
            // Nobody who could tell it is left: that is the end, too.
            let _ = stopped.await;
        }));
    loop {
        let wish = select! {
            () = &mut running => break,
            wish = signals.next() => wish,
        };
        match (wish, stop.take()) {
            (Wish::Reload, unused) => {
                stop = unused;
                reload(&config, &service, &swap, &metrics).await;
            }
            (Wish::Stop, Some(stop)) => {
                tracing::info!("stopping");
                // It runs: it listens.
                let _ = stop.send(());
            }
            (Wish::Stop, None) => {
                tracing::warn!("told to stop twice: running exchanges are dropped");
                break;
            }
        }
    }
    service.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// What the server is told, and how to make it anew.
struct Config<'a> {
    arguments: &'a Arguments,
    offer: Arc<[Mechanism]>,
    certificate: Certificate,
    /// The names that this server is known by.
    names: Vec<String>,
}

impl Config<'_> {
    fn load(&self) -> Result<Arc<ServerConfig>, Failure> {
        let tls = self.certificate.load()?;
        let mut config = ServerConfig::new(Arc::clone(&self.offer)).with_tls(tls);
        config.name.clone_from(&self.arguments.name);
        // Whom clients mean that name the server: any of the names that it is known by.
        let hosts = self.names.iter().map(|name| name.as_str().into()).collect();
        config.rules.service = Some(Service { hosts, ..Service::default() });
        config.limits = self.arguments.limits.each();
        if self.arguments.allow_plaintext {
            config.plaintext = Plaintext::Anywhere;
        }
        Ok(Arc::new(config))
    }
}

/// Reads all again that may have changed; what is no good stays as it was.
async fn reload(
    config: &Config<'_>,
    service: &Open,
    swap: &watch::Sender<Arc<ServerConfig>>,
    metrics: &Metrics,
) {
    let accounts = service.reload().await;
    let loaded = config.load();
    let good = accounts.is_ok() && loaded.is_ok();
    metrics.reloaded(if good { "ok" } else { "failed" });
    if let Err(failure) = accounts {
        tracing::error!(%failure, "the accounts stay as they were");
    }
    match loaded {
        Ok(config) => {
            swap.send_replace(config);
            tracing::info!("read the certificate again");
        }
        Err(failure) => tracing::error!(%failure, "the certificate stays as it was"),
    }
}

/// A mechanism's name, in any case; services on IRC have longer ones than RFC 4422 allows.
fn mechanism(name: &str) -> Result<MechanismName, String> {
    MechanismName::parse_relaxed(name.to_ascii_uppercase()).map_err(|error| error.to_string())
}

/// What is offered: what was named, else what a server should offer.
fn offer(named: &[MechanismName]) -> Result<Arc<[Mechanism]>, Failure> {
    if let Some(unknown) = named.iter().find(|name| registry::find(**name).is_none()) {
        return Err(Failure::usage(format!("--mechanism: no such mechanism: {unknown}")));
    }
    let wanted = |it: &&Mechanism| {
        if named.is_empty() {
            it.properties.needs != Needs::Anonymity && is_served(it)
        } else {
            named.contains(&it.name)
        }
    };
    Ok(ALL.iter().filter(wanted).copied().collect())
}

/// Who says no name may come in where the mechanism for that was named.
fn anonymous(named: &[MechanismName]) -> Anonymous {
    let needs = |name: &MechanismName| registry::find(*name).map(|it| it.properties.needs);
    if named.iter().any(|name| needs(name) == Some(Needs::Anonymity)) {
        Anonymous::Welcome
    } else {
        Anonymous::Refused
    }
}

/// The names that a certificate of our own is for.
fn names(arguments: &Arguments, listening: &[Listening]) -> Vec<String> {
    let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let hosts = listening.iter().map(|it| it.host.clone());
    let mut names = Vec::new();
    for name in local.into_iter().chain(hosts).chain([arguments.name.clone()]) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn announce(lines: &Lines, readers: Readers, listening: &[Listening], metrics: Option<&str>) {
    let urls: Vec<_> = listening.iter().map(Listening::url).collect();
    for url in &urls {
        tracing::info!(url, "listening");
    }
    match readers {
        Readers::Programs => {
            let each: Vec<_> = urls.iter().map(|url| json!({ "url": url })).collect();
            lines.write(json!({ "listening": each, "metrics": metrics }).to_string());
        }
        Readers::People => {
            for url in &urls {
                lines.write(format!("listening on {url}"));
            }
            if let Some(url) = metrics {
                lines.write(format!("metrics at   {url}"));
            }
        }
    }
}
