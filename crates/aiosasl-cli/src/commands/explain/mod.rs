//! `aiosasl explain`: every field of SASL messages, from whatever was captured.

mod exchange;
mod transcript;

use aiosasl::{mechanism::Side, name::MechanismName, secret::Secret};
use anstyle::{AnsiColor, Style};
use clap::Args;
use serde_json::{Value, json};

use self::{exchange::Exchange, transcript::Said};
use crate::{
    decode::{Decoded, FAULT, Field, WARNING, printable},
    lines::Lines,
    output::outln,
    preparation::PreparationOption,
    secrets::PasswordSource,
    status::{Failure, Status},
};

/// The longest line, in octets.
const MAX_LINE: usize = 1 << 20;

const EXAMPLES: &str = "\
Reads standard input: one message per line (base64, or as it is), or a captured transcript with its protocol's \
words around the messages (IMAP, SMTP, POP3, ManageSieve, NNTP, IRC, XMPP), with or without C: and S: before them.

Given the password, a whole SCRAM exchange is verified: the client's proof and the server's signature. \
Secrets are never printed.

Status: 0 explained, 3 a message is malformed or a proof does not fit, 2 wrong usage.

Examples:
  echo biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8= | aiosasl explain
  aiosasl explain --password-file secret.txt < session.log";

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The mechanism, where the input does not name it
    #[arg(short, long, value_name = "NAME")]
    mechanism: Option<MechanismName>,
    #[command(flatten)]
    password: PasswordSource,
    #[command(flatten)]
    preparation: PreparationOption,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

/// Reads, explains, prints.
pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    if arguments.password.is_stdin() {
        return Err(Failure::usage("the messages come from standard input, the password can't"));
    }
    let password = match arguments.password.given()? {
        Some(password) => Some(arguments.preparation.prepare(&password)?),
        None => None,
    };
    let mut explainer = Explainer {
        exchange: Exchange::of(arguments.mechanism),
        named: arguments.mechanism,
        password,
        json: arguments.json,
        messages: 0,
        faults: 0,
    };
    let mut lines = Lines::of_stdin(MAX_LINE);
    while let Some(line) = lines.next()? {
        explainer.line(lines.number(), &line);
    }
    explainer.end()
}

struct Explainer {
    exchange: Exchange,
    named: Option<MechanismName>,
    password: Option<Secret>,
    json: bool,
    messages: usize,
    faults: usize,
}

impl Explainer {
    fn line(&mut self, number: usize, line: &[u8]) {
        match transcript::line(line, self.exchange.is_under_way()) {
            Said::Start { mechanism, initial_response } => {
                self.exchange = Exchange::started(mechanism);
                let name = mechanism.to_string();
                self.event(number, "start", &format!("{name}: an exchange starts"), &json!({}));
                if let Some(octets) = initial_response {
                    self.message(number, Some(Side::Client), octets);
                }
            }
            Said::Message { side, octets } => self.message(number, side, octets),
            Said::Outcome { .. } if !self.exchange.is_under_way() => {
                self.event(number, "other", "no SASL message, passed over", &json!({}));
            }
            Said::Outcome { success, additional_data } => {
                if let Some(octets) = additional_data {
                    self.message(number, Some(Side::Server), octets);
                }
                let text = if success { "success" } else { "failure" };
                self.event(
                    number,
                    "outcome",
                    &format!("the server says {text}"),
                    &json!({ "success": success }),
                );
                self.exchange = Exchange::of(self.named);
            }
            Said::Abort => self.event(number, "abort", "the client gives up", &json!({})),
            Said::Other if line.trim_ascii().is_empty() => {}
            Said::Other => self.event(number, "other", "no SASL message, passed over", &json!({})),
        }
    }

    fn message(&mut self, number: usize, side: Option<Side>, octets: Result<Vec<u8>, String>) {
        self.messages += 1;
        let (side, decoded) = match octets {
            Ok(octets) => {
                if side != Some(Side::Server) && self.exchange.is_over_before(&octets) {
                    self.exchange = Exchange::of(self.named);
                }
                let side = side.unwrap_or_else(|| self.exchange.side_of(&octets));
                (Some(side), self.exchange.hear(side, &octets, self.password.as_ref()))
            }
            Err(error) => (side, Decoded::unreadable(&error)),
        };
        self.faults += usize::from(decoded.is_malformed());
        if self.json {
            outln!("{}", self.as_json(number, side, &decoded));
        } else {
            print(number, side, &decoded);
        }
    }

    fn as_json(&self, number: usize, side: Option<Side>, decoded: &Decoded) -> Value {
        let picked = |name: &str| {
            let fields = decoded.fields.iter().filter(|field| field.name == name);
            fields.map(|field| field.value.clone()).collect::<Vec<_>>()
        };
        let fields =
            decoded.fields.iter().filter(|field| field.name != FAULT && field.name != WARNING);
        json!({
            "line": number,
            "kind": "message",
            "side": side.map(side_name),
            "mechanism": self.exchange.mechanism.map(|name| name.to_string()),
            "message": decoded.title,
            "fields": fields.map(field_json).collect::<Vec<_>>(),
            "warnings": picked(WARNING),
            "faults": picked(FAULT),
        })
    }

    fn event(&self, number: usize, kind: &str, text: &str, more: &Value) {
        if self.json {
            let mut event = json!({
                "line": number,
                "kind": kind,
                "mechanism": self.exchange.mechanism.map(|name| name.to_string()),
            });
            if let (Some(event), Some(more)) = (event.as_object_mut(), more.as_object()) {
                event.extend(more.clone());
            }
            outln!("{event}");
        } else {
            let dim = Style::new().dimmed();
            outln!("{number}  {dim}{}{dim:#}", printable(text));
        }
    }

    fn end(&self) -> Result<Status, Failure> {
        match (self.messages, self.faults) {
            (0, _) => Err(Failure::new(Status::Failed, "expected SASL messages, found none")),
            (_, 0) => Ok(Status::Done),
            (_, 1) => Err(Failure::new(Status::Failed, "a message is malformed or does not fit")),
            (_, faults) => {
                let text = format!("{faults} messages are malformed or do not fit");
                Err(Failure::new(Status::Failed, text))
            }
        }
    }
}

fn field_json(field: &Field) -> Value {
    json!({ "name": field.name, "value": field.value, "note": field.note })
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

fn print(number: usize, side: Option<Side>, decoded: &Decoded) {
    let bold = Style::new().bold();
    let arrow = match side {
        Some(Side::Client) => "C:",
        Some(Side::Server) => "S:",
        None => "?:",
    };
    outln!("{number}  {arrow} {bold}{}{bold:#}", decoded.title);
    let width = decoded.fields.iter().map(|field| field.name.len()).max().unwrap_or_default();
    for Field { name, value, note } in &decoded.fields {
        let style = match name.as_str() {
            FAULT => AnsiColor::Red.on_default(),
            WARNING => AnsiColor::Yellow.on_default(),
            _ => Style::new(),
        };
        let dim = Style::new().dimmed();
        let note = note.as_ref().map(|note| format!("  {dim}({note}){dim:#}")).unwrap_or_default();
        outln!("      {style}{name:width$}  {value}{style:#}{note}");
    }
}
