//! `aiosasl demo`: every mechanism over every protocol, against servers of our own, in this process.

mod house;
mod login;
mod stand_ins;
mod table;

use std::time::{Duration, Instant};

use aiosasl::{
    binding::BindingKind,
    mechanism::{Binds, Exposure, Mechanism, Needs},
    mechanisms::{ALL, digest_md5, oauth, plain, scram},
};
use aiosasl_profiles::net::{Protocol, TlsMode};
use clap::Args;

use self::{
    house::{House, PASSWORD, USER, protocols},
    login::{Attempt, Tried, Twist},
};
use crate::{
    output::outln,
    status::{Failure, Status},
};

const EXAMPLES: &str = "\
It opens servers on 127.0.0.1, with certificates and an account that last as long as the command, and logs in to them. \
Nothing is written, nobody else is asked.

Status: 0 all went as expected, 3 something did not, 4 there are no ports to be had.

Example:
  aiosasl demo --json";

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What is tried, and what has to come of it.
struct Row {
    label: &'static str,
    attempt: Attempt,
    /// The class of the failure that is expected, `None` for a success.
    expected: Option<&'static str>,
}

/// A row, and what came of it.
struct Seen {
    row: Row,
    tried: Tried,
}

impl Seen {
    fn is_as_expected(&self) -> bool {
        match (&self.tried.outcome, self.row.expected) {
            (Ok(report), None) => self.row.attempt.is_good(report),
            (Err(failed), Some(class)) => failed.class == class,
            _ => false,
        }
    }
}

/// Runs it all, and shows it.
pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Status::Unreachable, format!("can't start the runtime: {error}"))
    })?;
    let start = Instant::now();
    let seen = runtime.block_on(try_all())?;
    let elapsed = start.elapsed();
    let surprises = seen.iter().filter(|seen| !seen.is_as_expected()).count();
    if arguments.json {
        outln!("{}", table::json(&seen, surprises, elapsed));
    } else {
        table::print(&seen, elapsed);
    }
    match surprises {
        0 => Ok(Status::Done),
        1 => Err(Failure::new(Status::Failed, "1 login did not go as expected")),
        _ => {
            let text = format!("{surprises} logins did not go as expected");
            Err(Failure::new(Status::Failed, text))
        }
    }
}

/// One after the other, so that the times mean something.
async fn try_all() -> Result<Vec<Seen>, Failure> {
    let house = House::open().await?;
    let mut seen = Vec::new();
    for row in good_rows().into_iter().chain(bad_rows()) {
        let tried = row.attempt.run(&house).await;
        seen.push(Seen { row, tried });
    }
    Ok(seen)
}

/// The ways to TLS, in the order of the table.
const TLS_MODES: [TlsMode; 3] = [TlsMode::Off, TlsMode::StartTls, TlsMode::Implicit];

fn tls_name(tls: TlsMode) -> &'static str {
    match tls {
        TlsMode::Off => "clear",
        TlsMode::StartTls => "starttls",
        TlsMode::Implicit => "implicit",
        TlsMode::Auto => "auto",
    }
}

/// Each mechanism over each protocol, clear and with TLS: where it makes sense.
fn good_rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for mechanism in ALL {
        let bindings = bindings(mechanism);
        for binding in &bindings {
            // In the order of the table's lines.
            for tls in TLS_MODES.into_iter().filter(|tls| makes_sense(mechanism, *tls)) {
                let speaks = |protocol: &Protocol| {
                    has(*protocol, tls)
                        && names(*protocol, mechanism)
                        && knows(*protocol, binding.as_ref())
                };
                for protocol in protocols().filter(speaks) {
                    let attempt =
                        Attempt { protocol, binding: binding.clone(), ..attempt(*mechanism, tls) };
                    rows.push(Row { label: "login", attempt, expected: None });
                }
            }
        }
    }
    rows
}

/// Not every protocol has a name for every mechanism. Kafka does not tell a challenge from a
/// success that has something to say, nor no initial response from an empty one, and so is for mechanisms alone in which that
/// makes no difference; in MongoDB, too, an empty initial response is none.
fn names(protocol: Protocol, mechanism: &Mechanism) -> bool {
    match protocol {
        Protocol::Mongodb if mechanism.name == "SECURID" => false,
        Protocol::Kafka => {
            let is_ambiguous = match mechanism.properties.needs {
                Needs::Visit => true,
                Needs::Ticket => mechanism.name != "GSSAPI",
                Needs::Passcode => mechanism.name == "SECURID",
                _ => false,
            };
            !is_ambiguous && protocol.carries(mechanism.name)
        }
        _ => protocol.carries(mechanism.name),
    }
}

/// Not every protocol knows every type of binding.
fn knows(protocol: Protocol, binding: Option<&BindingKind>) -> bool {
    binding.is_none_or(|kind| protocol.binds(kind))
}

/// What a mechanism can be tied to here: rustls has no `tls-unique`.
fn bindings(mechanism: &Mechanism) -> Vec<Option<BindingKind>> {
    let kinds = [BindingKind::TlsExporter, BindingKind::TlsServerEndPoint];
    match (mechanism.properties.binds, mechanism.name.named_binding()) {
        (Binds::Nothing, _) => vec![None],
        (Binds::Channel, None) => kinds.into_iter().map(Some).collect(),
        (Binds::Channel, Some(own)) => {
            kinds.into_iter().filter(|it| *it == own).map(Some).collect()
        }
    }
}

/// Not every protocol has a port where TLS comes first, nor a command with which it begins.
fn has(protocol: Protocol, tls: TlsMode) -> bool {
    match tls {
        TlsMode::StartTls => protocol.can_start_tls(),
        TlsMode::Implicit => protocol.implicit_tls_name().is_some() || !protocol.can_start_tls(),
        TlsMode::Auto | TlsMode::Off => true,
    }
}

/// Without TLS there is nothing to bind to, nobody whom a certificate names, and somebody who reads along.
fn makes_sense(mechanism: &Mechanism, tls: TlsMode) -> bool {
    let properties = mechanism.properties;
    let needs_tls = properties.binds == Binds::Channel
        || properties.needs == Needs::External
        || properties.exposure == Exposure::Everything;
    tls != TlsMode::Off || !needs_tls
}

/// What must not succeed.
fn bad_rows() -> Vec<Row> {
    let sha_256 = scram::SCRAM_SHA_256;
    let cases = [
        (
            "a wrong password",
            "credentials",
            Attempt { password: "pencim", ..attempt(sha_256, TlsMode::Off) },
        ),
        (
            "a wrong password",
            "credentials",
            Attempt { password: "pencim", ..attempt(plain::MECHANISM, TlsMode::Implicit) },
        ),
        (
            "an unknown user",
            "credentials",
            Attempt { user: "nobody", ..attempt(sha_256, TlsMode::Off) },
        ),
        (
            "an unknown user",
            "credentials",
            Attempt { user: "nobody", ..attempt(plain::MECHANISM, TlsMode::Implicit) },
        ),
        (
            "a wrong password",
            "credentials",
            Attempt { password: "pencim", ..attempt(digest_md5::MECHANISM, TlsMode::Off) },
        ),
        (
            "an unknown token",
            "credentials",
            Attempt { password: "pencim", ..attempt(oauth::OAUTHBEARER, TlsMode::Implicit) },
        ),
        ("the password in clear", "policy", attempt(plain::MECHANISM, TlsMode::Off)),
        (
            "another connection's binding",
            "credentials",
            Attempt {
                binding: Some(BindingKind::TlsExporter),
                twist: Twist::ForeignBinding,
                ..attempt(scram::SCRAM_SHA_256_PLUS, TlsMode::Implicit)
            },
        ),
        (
            "a server that nobody vouches for",
            "tls",
            Attempt { twist: Twist::Stranger, ..attempt(sha_256, TlsMode::Implicit) },
        ),
    ];
    let mut rows = Vec::new();
    for (label, class, attempt) in cases {
        for protocol in protocols().filter(|it| it.carries(attempt.mechanism.name)) {
            let mut attempt = Attempt { protocol, ..attempt.clone() };
            if !has(protocol, attempt.tls) {
                attempt.tls = TlsMode::StartTls;
            }
            let end_point = BindingKind::TlsServerEndPoint;
            match &mut attempt.binding {
                Some(binding) if protocol.binds(binding) => {}
                Some(binding) if protocol.binds(&end_point) => *binding = end_point,
                Some(_) => continue,
                None => {}
            }
            rows.push(Row { label, attempt, expected: Some(class) });
        }
    }
    rows
}

fn attempt(mechanism: Mechanism, tls: TlsMode) -> Attempt {
    Attempt {
        protocol: Protocol::Imap,
        tls,
        mechanism,
        binding: None,
        user: USER,
        password: PASSWORD,
        twist: Twist::Nothing,
    }
}

/// For people and for JSON alike: a tenth is enough.
fn milliseconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 10_000.0).round() / 10.0
}
