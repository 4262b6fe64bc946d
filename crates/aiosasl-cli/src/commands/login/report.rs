//! How a login went, for programs and for people.

use aiosasl::{
    binding::BindingKind,
    driver::{Choice, Considered},
    mechanism::{Needs, Standing},
};
use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::{
    plan::Plan,
    verdict::{Layer, Verdict},
};
use crate::{decode::printable, fault::Fault, output::outln, status::Status, trace::Record};

/// How a login went; every field is always there, and null where nothing is known.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    result: &'static str,
    protocol: &'static str,
    mechanism: Option<String>,
    offered: Vec<String>,
    considered: Vec<Row<'a>>,
    channel_binding: Option<&'a str>,
    tls: Option<Tls>,
    server_verified: Option<bool>,
    authentication_id: Option<&'a str>,
    authorization_id: Option<&'a str>,
    identifier: Option<&'a str>,
    security_layer: Option<Layer>,
    iterations: Option<u32>,
    round_trips: u32,
    elapsed_ms: f64,
    error: Option<&'a Fault>,
    #[serde(skip)]
    status: Status,
    #[serde(skip)]
    host: &'a str,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    mechanism: String,
    verdict: &'static str,
    reason: &'a str,
}

#[derive(Debug, Serialize)]
struct Tls {
    version: &'static str,
    cipher: String,
    #[serde(skip)]
    verified: bool,
}

impl<'a> Report<'a> {
    /// How it went.
    pub(super) fn new(plan: &'a Plan, verdict: &'a Verdict, record: &Record) -> Self {
        let known = verdict.outcome.as_ref().ok();
        let credentials = &plan.credentials;
        let tls = record.tls.as_ref();
        let considered = verdict.considered.iter().map(|it| Row {
            mechanism: it.mechanism.to_string(),
            verdict: it.verdict.as_str(),
            reason: reason(it, plan),
        });
        let elapsed = verdict.elapsed.unwrap_or_else(|| record.elapsed());
        Self {
            result: verdict.word(),
            protocol: plan.target.protocol.name(),
            mechanism: record.tried.map(|name| name.to_string()),
            offered: record.offered.iter().map(ToString::to_string).collect(),
            considered: considered.collect(),
            channel_binding: known
                .and_then(|it| it.channel_binding.as_ref())
                .map(BindingKind::as_str),
            tls: tls.map(|it| Tls {
                version: it.version,
                cipher: it.cipher.clone(),
                verified: it.verified,
            }),
            server_verified: known.map(|it| it.server_verified),
            authentication_id: credentials.authentication_id.as_ref().map(AsRef::as_ref),
            authorization_id: credentials.authorization_id.as_ref().map(AsRef::as_ref),
            identifier: verdict.granted.as_ref().map(|it| &*it.identifier),
            security_layer: verdict.layer,
            iterations: known.and_then(|it| it.iterations),
            round_trips: record.round_trips,
            elapsed_ms: (elapsed.as_secs_f64() * 10_000.0).round() / 10.0,
            error: verdict.outcome.as_ref().err(),
            status: verdict.status(),
            host: &plan.target.host,
        }
    }

    /// One JSON object.
    pub(super) fn print_json(&self) {
        match serde_json::to_string(self) {
            Ok(json) => outln!("{json}"),
            Err(error) => anstream::eprintln!("aiosasl: {error}"),
        }
    }

    /// A few aligned lines.
    pub(super) fn print(&self) {
        let colour = match self.status {
            Status::Done => AnsiColor::Green,
            _ => AnsiColor::Red,
        };
        let bold = Style::new().bold().fg_color(Some(colour.into()));
        outln!("{bold}{}{bold:#}  {} at {}", self.result, self.protocol, printable(self.host));
        for (name, value) in self.lines() {
            outln!("  {name:<17}{}", printable(&value));
        }
        if self.error.is_some() {
            self.print_considered();
        }
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if let Some(error) = self.error {
            let code = error.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
            lines.push(("error", format!("{}: {}{code}", error.class.as_str(), error.text)));
        }
        let mut line = |name, value: Option<String>| {
            lines.extend(value.map(|value| (name, value)));
        };
        line("mechanism", self.mechanism.clone());
        line("user", self.authentication_id.map(str::to_owned));
        line("acting as", self.authorization_id.map(str::to_owned));
        line("known as", self.identifier.map(str::to_owned));
        line("TLS", Some(self.tls.as_ref().map_or("none".to_owned(), Tls::to_text)));
        if self.status == Status::Done {
            let verified = if self.server_verified == Some(true) {
                "has proven that it knows the password, too"
            } else if self.tls.as_ref().is_some_and(|tls| tls.verified) {
                "is known by its certificate alone"
            } else {
                "has not proven who it is"
            };
            line("server", Some(verified.to_owned()));
            line("channel binding", Some(self.channel_binding.unwrap_or("none").to_owned()));
            line("security layer", self.security_layer.map(Layer::to_text));
            line("iterations", self.iterations.map(|it| it.to_string()));
        }
        let trips = if self.round_trips == 1 { "round trip" } else { "round trips" };
        line("time", Some(format!("{} ms, {} {trips}", self.elapsed_ms, self.round_trips)));
        lines
    }

    fn print_considered(&self) {
        let width = self.considered.iter().map(|it| it.mechanism.len()).max().unwrap_or_default();
        for (at, row) in self.considered.iter().enumerate() {
            let name = if at == 0 { "considered" } else { "" };
            let Row { mechanism, verdict, reason } = row;
            outln!("  {name:<17}{mechanism:<width$}  {verdict:<8}  {}", printable(reason));
        }
    }
}

impl Layer {
    fn to_text(self) -> String {
        match self.strength {
            0 => "none".to_owned(),
            1 => "integrity".to_owned(),
            bits => format!("{bits} bits"),
        }
    }
}

impl Tls {
    fn to_text(&self) -> String {
        let Self { version, cipher, verified } = self;
        let trust = if *verified { "" } else { ", certificate not verified" };
        format!("{version}, {cipher}{trust}")
    }
}

/// Why a mechanism was not tried that this build has: the driver only knows those that it was given.
fn reason<'a>(considered: &'a Considered, plan: &Plan) -> &'a str {
    let was_planned = plan.includes(considered.mechanism);
    match crate::known::find(considered.mechanism).map(|it| it.properties) {
        Some(_) if considered.verdict != Choice::Untried || was_planned => &considered.reason,
        Some(_) if plan.is_named => "not named with -m",
        Some(it) if it.needs == Needs::Anonymity || it.standing == Standing::Legacy => {
            "only when named with -m"
        }
        Some(it) if it.needs == Needs::External => "needs --client-cert",
        Some(_) => "there is no credential for it",
        None => &considered.reason,
    }
}
