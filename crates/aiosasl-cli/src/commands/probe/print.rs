//! What a probe found, for people.

use anstyle::{AnsiColor, Style};

use super::{Certificate, Rating, Report, Tls};
use crate::{decode::printable, output::outln};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// A few aligned paragraphs.
pub(super) fn print(report: &Report) {
    let Report { protocol, host, port, .. } = report;
    match &report.socket {
        Some(path) => outln!("{BOLD}{protocol} at {}{BOLD:#}", printable(path)),
        None => outln!("{BOLD}{protocol} at {}:{port}{BOLD:#}", printable(host)),
    }
    if let Some(error) = &report.error {
        let red = colour(AnsiColor::Red);
        line("error", &format!("{red}{}: {}{red:#}", error.class.as_str(), error.text));
        return;
    }
    if let Some(greeting) = &report.greeting {
        line("greeting", greeting);
    }
    tls(report);
    for limit in &report.limits {
        line("limit", &format!("{} {}", limit.name, limit.value));
    }
    mechanisms(report);
    warnings(report);
}

fn tls(report: &Report) {
    match &report.tls {
        None => line("TLS", "none"),
        Some(tls) => {
            let how = if report.starttls == Some(true) { " after STARTTLS" } else { "" };
            line("TLS", &format!("{}{how}, {}", tls.version, tls.cipher));
            certificate(tls);
        }
    }
    let Some(bindings) = &report.channel_bindings else { return };
    line("channel bindings", &list(&bindings.available));
    for missing in &bindings.missing {
        line("", &format!("{DIM}not {}: {}{DIM:#}", missing.kind, missing.reason));
    }
    if let Some(server) = &bindings.server {
        line("  of the server", &list(server));
    }
}

fn certificate(tls: &Tls) {
    let verified = if tls.verified { "verified" } else { "not verified" };
    let Some(certificate) = &tls.certificate else {
        line("certificate", "can't be read");
        return;
    };
    let Certificate { subject, issuer, names, not_before, not_after, days_left, .. } = certificate;
    line("certificate", &format!("{verified}; subject {subject}"));
    line("  names", &list(names));
    line("  issuer", issuer);
    line("  valid", &format!("{not_before} to {not_after}, {days_left} days left"));
    line(
        "  algorithms",
        &format!("signed {}, key {}", certificate.signature_algorithm, certificate.public_key),
    );
}

fn mechanisms(report: &Report) {
    outln!();
    let width = report.mechanisms.iter().map(|row| row.mechanism.len()).max().unwrap_or_default();
    let width = width.max("mechanism".len());
    outln!("{BOLD}{:width$}  clear  TLS  rating   reason{BOLD:#}", "mechanism");
    for row in &report.mechanisms {
        let (word, style) = match row.rating {
            Rating::Strong => ("strong", colour(AnsiColor::Green)),
            Rating::Ok => ("ok", Style::new()),
            Rating::Weak => ("weak", colour(AnsiColor::Red)),
            Rating::Unknown => ("unknown", DIM),
        };
        outln!(
            "{:width$}  {:5}  {:3}  {style}{word:7}{style:#}  {}",
            row.mechanism,
            offered(row.before_tls),
            offered(row.after_tls),
            row.reason
        );
    }
    if report.unlisted == Some(true) {
        outln!("{DIM}and whatever is tried: servers of this protocol list no mechanisms{DIM:#}");
    }
    for unreadable in &report.unreadable {
        outln!("{DIM}{unreadable}  no mechanism's name{DIM:#}");
    }
}

fn warnings(report: &Report) {
    if report.warnings.is_empty() {
        return;
    }
    outln!();
    let yellow = colour(AnsiColor::Yellow);
    for warning in &report.warnings {
        outln!("{yellow}warning{yellow:#}  {}  {DIM}({}){DIM:#}", warning.text, warning.code);
    }
}

fn offered(offered: Option<bool>) -> &'static str {
    match offered {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    }
}

fn list(words: &[String]) -> String {
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

fn line(name: &str, text: &str) {
    outln!("{name:<17} {text}");
}

fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(colour.into()))
}
