//! `aiosasl login`: log in to a server, by the best that both ends can do, and tell how it went.

mod inline;
mod plan;
mod report;
mod verdict;

use std::{fs, path::PathBuf, time::Duration};

use aiosasl::{
    binding::{BindingKind, ChannelBinding},
    driver::{Connection, Negotiated, NegotiationError, SaslMechanism, negotiate},
    mechanism::{Mechanism, Offered, Rules, Service},
    name::MechanismName,
    policy::{BindingPolicy, Channel, Plaintext, Policy, StrengthPolicy},
    preparation::Preparation,
};
use aiosasl_profiles::net::{self, Options, Protocol, Session, Target};
use clap::{Args, ValueEnum};
use tokio::time::sleep;

use self::{
    inline::Inline,
    plan::{Plan, Secrets, Whom},
    report::Report,
    verdict::Verdict,
};
use crate::{
    connection::{self, ConnectionOptions},
    decode::printable,
    gss::GssOptions,
    known,
    secrets::{PasswordSource, TokenSource},
    status::{Failure, Status},
    trace::{self, Trace, Traced, What},
};

/// How long to wait before it is tried again after a temporary failure.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(1500)];

const EXAMPLES: &str = "\
The password comes from --password-file, from $AIOSASL_PASSWORD, or from a prompt on a terminal; a bearer token from \
--token-file or $AIOSASL_TOKEN: where there is one, and no --password-file, the token is shown.

Without -m, all that policy allows is tried, strongest first: never ANONYMOUS, and EXTERNAL only with --client-cert. \
A refused password is not tried again with another mechanism; a temporary failure is followed by two more tries.

Status:
  0  authenticated
  1  the server refused the credentials or the authorization
  2  wrong usage, or credentials that can't be used (a password that SASLprep forbids): nothing was sent on their account
  3  policy forbids it, no usable mechanism, the server broke the protocol or could not prove itself
  4  no connection, no TLS, no time

Examples:
  aiosasl login imaps://juliet@mail.example.org
  aiosasl login xmpp://juliet@example.org -m SCRAM-SHA-256-PLUS --trace
  aiosasl login xmpp://juliet@example.org --fast-token-out token.json
  aiosasl login xmpp://juliet@example.org --token-file token.json
  aiosasl login imaps://juliet@mail.example.org -m OAUTHBEARER --token-file token.txt
  aiosasl login imap://mail.example.org -m GSSAPI --ccache FILE:/tmp/krb5cc_1000
  aiosasl login submission://mail.example.org --client-cert me.pem --client-key me.key
  aiosasl login imap://localhost:1143 -u juliet --ca ca.pem --password-file secret.txt --json";

/// Arguments of `login`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: ConnectionOptions,
    /// By this mechanism alone, or these in this order (repeatable)
    #[arg(short, long = "mechanism", value_name = "NAME", value_parser = mechanism)]
    mechanisms: Vec<Mechanism>,
    /// Authentication identity, instead of the URL's; for ANONYMOUS, the trace
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,
    /// Authorization identity: whom to act as
    #[arg(long, value_name = "NAME")]
    authzid: Option<String>,
    #[command(flatten)]
    password: PasswordSource,
    #[command(flatten)]
    token: TokenSource,
    #[command(flatten)]
    gss: GssOptions,
    /// The service's registered name, for mechanisms and servers that want it, where it is not the protocol's
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// The server's host name, for mechanisms that name it, where it is not the URL's
    #[arg(long, value_name = "NAME")]
    hostname: Option<String>,
    /// Say this as well in SCRAM's first message (repeatable): tokenauth=true for a delegation token of Kafka's
    #[arg(long, value_name = "NAME=VALUE", value_parser = extension)]
    scram_extension: Vec<(String, String)>,
    /// Whether the exchange is tied to the TLS connection
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Binding::Prefer)]
    channel_binding: Binding,
    /// Tie it by this type alone: tls-exporter, tls-server-end-point, tls-unique
    #[arg(long, value_name = "TYPE", value_parser = kind)]
    binding_type: Option<BindingKind>,
    /// Let mechanisms that reveal the password run where others can read along
    #[arg(long)]
    allow_plaintext: bool,
    /// The fewest iterations that a server may ask for (SCRAM) [default: 4096; 1 where the protocol has no such minimum]
    #[arg(long, value_name = "N")]
    min_iterations: Option<u32>,
    /// The most iterations that a server may ask for (SCRAM)
    #[arg(long, value_name = "N", default_value_t = *Rules::ITERATIONS.end())]
    max_iterations: u32,
    #[command(flatten)]
    inline: Inline,
    /// Draw the conversation on standard error, with every SASL message taken apart; secrets stay hidden
    #[arg(long)]
    trace: bool,
    /// Draw it into FILE as a picture
    #[arg(long, value_name = "FILE")]
    trace_svg: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Binding {
    Require,
    Prefer,
    Off,
}

/// Logs in and prints how it went.
pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let url = arguments.connection.url()?;
    let plan = arguments.plan(url.target.clone())?;
    let trace = Trace::new();
    let options = arguments.connection.options(&url, trace.observer())?;
    let sasl2 = arguments.inline.wishes(url.target.protocol, plan.user_agent.clone())?;
    let options = Options { sasl2, service: arguments.service.clone(), ..options };
    let work = arguments.log_in(&options, &plan, &trace);
    let limit = arguments.connection.timeout();
    let verdict = connection::run(limit, work)?.unwrap_or_else(|| Verdict::timeout(limit));
    let mut record = trace.record();
    record.note(What::Ended { good: verdict.outcome.is_ok(), text: verdict.summary() });
    let server = server(&url.target);
    if arguments.trace {
        let columns = trace::text::columns();
        anstream::eprint!("{}", trace::text::draw(&server, &record.moments, columns));
    }
    let report = Report::new(&plan, &verdict, &record);
    if arguments.json {
        report.print_json();
    } else {
        report.print();
    }
    if verdict.outcome.is_ok() {
        arguments.inline.keep(verdict.granted.as_ref())?;
    }
    if let Some(path) = &arguments.trace_svg {
        fs::write(path, trace::svg::draw(&server, &record.moments))
            .map_err(|error| Failure::usage(format!("can't write {}: {error}", path.display())))?;
    }
    Ok(verdict.status())
}

/// The server's name above its lifeline.
fn server(target: &Target) -> String {
    let name = target.protocol.name();
    match &target.socket {
        Some(socket) => format!("{name} {}", printable(&socket.display().to_string())),
        None => format!("{name} {}:{}", printable(&target.host), target.port),
    }
}

impl Arguments {
    fn plan(&self, mut target: Target) -> Result<Plan, Failure> {
        if let Some(user) = &self.user {
            target.user = Some(user.clone());
        }
        let rules = target.rules();
        let min_iterations = self.min_iterations.unwrap_or(*rules.iterations.start());
        if min_iterations > self.max_iterations {
            return Err(Failure::usage("--min-iterations is more than --max-iterations"));
        }
        let rules = Rules {
            iterations: min_iterations..=self.max_iterations,
            service: Some(Service::new(
                self.service.as_deref().unwrap_or(target.protocol.service()),
                self.hostname.as_deref().or(target.protocol.server_name()).unwrap_or(&target.host),
            )),
            preparation: preparation(target.protocol).unwrap_or(rules.preparation),
            ..rules
        };
        let named = (!self.mechanisms.is_empty()).then_some(&self.mechanisms[..]);
        let certificate = self.connection.has_client_certificate();
        let secrets = Secrets { password: &self.password, token: &self.token };
        let whom = Whom { authzid: self.authzid.as_deref(), extensions: &self.scram_extension };
        let plan = Plan::new(target, named, certificate, whom, secrets, &rules)?;
        Ok(plan.with_tickets(&self.gss.provider()))
    }

    /// Logs in; what cannot be decided now is tried again, as long as there is time. A refusal is final.
    async fn log_in(&self, options: &Options, plan: &Plan, trace: &Trace) -> Verdict {
        let mut pauses = PAUSES.into_iter();
        loop {
            let verdict = self.log_in_once(options, plan, trace).await;
            let elapsed = trace.record().elapsed();
            let pause = pauses.next().filter(|pause| elapsed + *pause < self.connection.timeout());
            let Some(pause) = pause.filter(|_| verdict.is_temporary()) else { return verdict };
            let text = format!("{}; once more in {} s", verdict.summary(), pause.as_secs_f64());
            trace.record().note(What::Broken(text));
            sleep(pause).await;
        }
    }

    async fn log_in_once(&self, options: &Options, plan: &Plan, trace: &Trace) -> Verdict {
        match net::connect(&plan.target, options).await {
            Err(error) => Verdict::unconnected(&error),
            Ok(mut session) => {
                trace.record().note(bindings_of(&session));
                let bindings = self.bindings(&session);
                let outcome = self.negotiate(&mut session, &bindings, plan, trace).await;
                let mut verdict = Verdict::of(outcome, trace.record().elapsed());
                verdict.explain_binding(self.binding_type.as_ref(), session.tls());
                verdict.protect(&mut session);
                verdict.granted = session.granted().cloned();
                session.close().await;
                verdict
            }
        }
    }

    async fn negotiate(
        &self,
        session: &mut Session,
        bindings: &[ChannelBinding],
        plan: &Plan,
        trace: &Trace,
    ) -> Result<Negotiated, NegotiationError> {
        let mut offer = session.offer().clone();
        if offer.unlisted {
            // What was named is tried: nobody can know better.
            offer.mechanisms.extend(self.mechanisms.iter().map(|it| it.name));
        }
        let connection = Connection {
            offered: Offered {
                mechanisms: &offer.mechanisms,
                bindings: offer.bindings.as_deref(),
                tls_version: session.tls().map(|tls| tls.version_code),
            },
            channel: Channel {
                security: session.security(),
                bindings,
                strength: session.strength(),
            },
            policy: self.policy(session.carries_layers()),
        };
        let mechanisms: Vec<&dyn SaslMechanism> =
            plan.mechanisms.iter().map(|it| it as &dyn SaslMechanism).collect();
        let mut traced = Traced::new(session, trace.clone());
        negotiate(&mut traced, &connection, &mechanisms).await
    }

    fn bindings(&self, session: &Session) -> Vec<ChannelBinding> {
        // Whoever has a binding and does not use it says that the server can't, which nobody knows here.
        let is_wanted = self.mechanisms.iter().any(|it| it.name.is_plus());
        if session.offer().unlisted && !is_wanted {
            return Vec::new();
        }
        let wanted =
            |it: &&ChannelBinding| self.binding_type.as_ref().is_none_or(|kind| kind == it.kind());
        session.bindings().iter().filter(wanted).cloned().collect()
    }

    fn policy(&self, carries_layers: bool) -> Policy {
        Policy {
            plaintext: if self.allow_plaintext {
                Plaintext::Anywhere
            } else {
                Plaintext::ConfidentialOnly
            },
            channel_binding: match self.channel_binding {
                Binding::Require => BindingPolicy::Require,
                Binding::Prefer => BindingPolicy::Prefer,
                Binding::Off => BindingPolicy::Off,
            },
            // What follows goes through the layer.
            strength: if carries_layers {
                StrengthPolicy::BEST
            } else {
                StrengthPolicy::CHANNEL_ALONE
            },
            ..Policy::default()
        }
    }
}

/// HTTP's own way to prepare names and passwords (RFC 7804 section 5): a client's alone, since a server's store keeps to
/// the way that it began with.
fn preparation(protocol: Protocol) -> Option<Preparation> {
    (protocol == Protocol::Http).then_some(Preparation::OpaqueString)
}

/// What exchanges on this connection can be tied to.
fn bindings_of(session: &Session) -> What {
    let missing = session.tls().map_or(&[][..], |tls| &tls.missing_bindings);
    What::Bindings {
        there: session.bindings().iter().map(|it| it.kind().to_string()).collect(),
        missing: missing.iter().map(|(kind, why)| (kind.to_string(), why.clone())).collect(),
    }
}

fn mechanism(name: &str) -> Result<Mechanism, String> {
    let name = MechanismName::parse_relaxed(name.to_ascii_uppercase())
        .map_err(|error| error.to_string())?;
    let unknown = || "no such mechanism: 'aiosasl mechanisms' has the list".to_owned();
    known::find(name).ok_or_else(unknown)
}

fn extension(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn kind(name: &str) -> Result<BindingKind, String> {
    match BindingKind::parse(name) {
        Ok(BindingKind::Other(_)) | Err(_) => {
            Err("expected tls-exporter, tls-server-end-point or tls-unique".into())
        }
        Ok(kind) => Ok(kind),
    }
}
