//! What is counted, in the words of Prometheus.

use std::time::Duration;

use aiosasl::driver::Settled;
use aiosasl_profiles::net::{
    Protocol,
    server::{Departure, Full, Visit},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// Counters, gauges, histograms.
pub(super) struct Metrics {
    registry: Registry,
    accept_errors: Counter,
    arrivals: Family<OfProtocol, Counter>,
    dropped: Family<OfReason, Counter>,
    open: Family<OfProtocol, Gauge>,
    logins: Family<OfLogin, Counter>,
    refusals: Family<OfReason, Counter>,
    reloads: Family<OfResult, Counter>,
    seconds: Family<OfMechanism, Histogram, fn() -> Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfProtocol {
    protocol: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfReason {
    protocol: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfLogin {
    protocol: &'static str,
    mechanism: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfMechanism {
    protocol: &'static str,
    mechanism: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfResult {
    result: &'static str,
}

impl Metrics {
    pub(super) fn new() -> Self {
        // From 1 ms to 16 s.
        let histogram: fn() -> Histogram = || Histogram::new(exponential_buckets(0.001, 2.0, 15));
        let mut metrics = Self {
            registry: Registry::with_prefix("aiosasl"),
            accept_errors: Counter::default(),
            arrivals: Family::default(),
            dropped: Family::default(),
            open: Family::default(),
            logins: Family::default(),
            refusals: Family::default(),
            reloads: Family::default(),
            seconds: Family::new_with_constructor(histogram),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let all = &mut self.registry;
        let what = "Times that no connection could be accepted";
        all.register("accept_errors", what, self.accept_errors.clone());
        all.register("connections", "Connections that came", self.arrivals.clone());
        let what = "Connections that ended otherwise than by the client's or the server's leave";
        all.register("connections_dropped", what, self.dropped.clone());
        all.register("connections_open", "Connections that are here", self.open.clone());
        all.register("logins", "Exchanges that were decided", self.logins.clone());
        all.register("refusals", "Exchanges that were refused, and why", self.refusals.clone());
        all.register("reloads", "Times that the certificate was read again", self.reloads.clone());
        let what = "How long exchanges took until they were decided, in seconds";
        all.register("login_duration_seconds", what, self.seconds.clone());
    }

    pub(super) fn arrived(&self, visit: &Visit) {
        let labels = of(visit.entrance.protocol);
        self.arrivals.get_or_create(&labels).inc();
        self.open.get_or_create(&labels).inc();
    }

    pub(super) fn turned_away(&self, protocol: Protocol, why: Full) {
        let reason = match why {
            Full::Everywhere => "full",
            Full::Network => "network-full",
        };
        self.dropped.get_or_create(&OfReason { protocol: protocol.name(), reason }).inc();
    }

    pub(super) fn left(&self, visit: &Visit, departure: &Departure) {
        let labels = of(visit.entrance.protocol);
        self.open.get_or_create(&labels).dec();
        let reason = match departure {
            Departure::Crowded => "crowded",
            Departure::Failed(error) => class(error),
            Departure::Left => return,
            Departure::Stopped => "stopped",
        };
        self.dropped.get_or_create(&OfReason { protocol: labels.protocol, reason }).inc();
    }

    pub(super) fn settled(&self, visit: &Visit, end: &Settled<'_>, elapsed: Duration) {
        let protocol = visit.entrance.protocol.name();
        // Names that nobody knows would make a label for each.
        let mechanism = end.mechanism.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
        let outcome = match &end.result {
            Ok(_) => "authenticated",
            Err(failure) => {
                let reason = failure.reason.as_str();
                self.refusals.get_or_create(&OfReason { protocol, reason }).inc();
                "refused"
            }
        };
        let labels = OfMechanism { protocol, mechanism: mechanism.clone() };
        self.seconds.get_or_create(&labels).observe(elapsed.as_secs_f64());
        self.logins.get_or_create(&OfLogin { protocol, mechanism, outcome }).inc();
    }

    pub(super) fn accept_failed(&self) {
        self.accept_errors.inc();
    }

    pub(super) fn reloaded(&self, result: &'static str) {
        self.reloads.get_or_create(&OfResult { result }).inc();
    }

    /// All of them as text (OpenMetrics 1.0).
    pub(super) fn render(&self) -> String {
        let mut page = String::new();
        match text::encode(&mut page, &self.registry) {
            Ok(()) => page,
            // A string takes all that is written to it.
            Err(_) => String::new(),
        }
    }
}

fn of(protocol: Protocol) -> OfProtocol {
    OfProtocol { protocol: protocol.name() }
}

fn class(error: &aiosasl_profiles::WireError) -> &'static str {
    use aiosasl_profiles::WireClass;
    match error.class {
        WireClass::Connection => "connection",
        WireClass::Protocol => "protocol",
        WireClass::Timeout => "timeout",
        WireClass::Tls => "tls",
        _ => "other",
    }
}
