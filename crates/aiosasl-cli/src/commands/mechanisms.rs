//! `aiosasl mechanisms`: all that it knows, best first.

use aiosasl::mechanism::{Binds, Exposure, Mechanism, Needs, ServerProof, Side, Standing};
use clap::Args;
use serde::Serialize;

use crate::{known, output::outln, status::Status};

/// Arguments of `mechanisms`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  aiosasl mechanisms --json")]
pub(crate) struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    mechanism: String,
    sides: [&'static str; 2],
    first: &'static str,
    mutual: bool,
    channel_binding: bool,
    reveals: &'static str,
    reference: &'static str,
    legacy: bool,
    verdict: &'static str,
}

/// Prints them.
pub(crate) fn run(arguments: &Arguments) -> Status {
    let rows: Vec<Row> = known::all().map(row).collect();
    if arguments.json {
        outln!("{}", serde_json::json!({ "mechanisms": rows }));
        return Status::Done;
    }
    let width = rows.iter().map(|row| row.mechanism.len()).max().unwrap_or_default();
    let source = rows.iter().map(|row| row.reference.len()).max().unwrap_or_default();
    outln!(
        "{:width$}  first   mutual  bound  reveals   {:source$}  verdict",
        "mechanism",
        "source"
    );
    for row in rows {
        outln!(
            "{:width$}  {:6}  {:6}  {:5}  {:8}  {:source$}  {}",
            row.mechanism,
            row.first,
            if row.mutual { "yes" } else { "no" },
            if row.channel_binding { "yes" } else { "no" },
            row.reveals,
            row.reference,
            row.verdict
        );
    }
    Status::Done
}

fn row(mechanism: &Mechanism) -> Row {
    let properties = mechanism.properties;
    let mutual = properties.server_proof == ServerProof::Mutual;
    let bound = properties.binds == Binds::Channel;
    Row {
        mechanism: mechanism.name.to_string(),
        sides: ["client", "server"],
        first: match properties.first {
            Side::Client => "client",
            Side::Server => "server",
        },
        mutual,
        channel_binding: bound,
        reveals: match properties.exposure {
            Exposure::Nothing => "nothing",
            Exposure::Guessable => "guesses",
            Exposure::Everything if properties.needs == Needs::Token => "token",
            Exposure::Everything => "password",
        },
        reference: properties.reference,
        legacy: properties.standing == Standing::Legacy,
        verdict: match (properties.standing, properties.exposure) {
            (Standing::Legacy, _) => "legacy, only when named",
            (_, Exposure::Everything) => "only inside TLS",
            _ if bound && mutual => "best",
            _ => "fine",
        },
    }
}
