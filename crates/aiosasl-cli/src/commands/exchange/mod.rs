//! `aiosasl exchange`: a bare exchange over standard input and output, either half.

mod answers;
mod client;
mod layer;
mod server;
mod verdict;
mod wire;

use std::path::PathBuf;

use aiosasl::{
    binding::{BindingKind, ChannelBinding},
    identity::{AuthenticationId, AuthorizationId},
    mechanism::{Mechanism, Needs, Rules, ServerProof, Service},
    name::MechanismName,
    registry,
    secret::{Password, Secret},
};
use clap::{Args, Subcommand, ValueEnum};

use self::layer::LayerOptions;
use crate::{
    gss::GssOptions,
    preparation::PreparationOption,
    secrets::{PasswordSource, TokenSource},
    status::{Failure, Status},
};

const RULES: &str = "\
Each message is one line of base64, in turn; '=' is a message of no octets. The client's first line is its initial \
response, or an empty line where it has none. The server's last words (SCRAM's signature) are a message like any other, \
and nothing answers them. A line '*' gives up.

A server that has decided writes its last words, if it has any and lets the client in, and closes its output; it writes \
nothing where it refuses. To a client, an empty line is as good as that end. A client that has verified the server's last words ends at once. A client whose mechanism has \
no last words (PLAIN, LOGIN, EXTERNAL, ANONYMOUS, CRAM-MD5, NTLM, OTP, GSSAPI, ...) ends with its input, and does not know whether it was let in: its \
result is 'sent'.

With --layer-data, both go on once the client is in, inside the security layer where one was negotiated (--layer): each writes its text \
as one line, protected buffers with their lengths in base64, reads one such line, and so on with the next text. A server without last \
words writes an empty line before that.

How it ended goes to stderr, as one JSON object, after one {\"visit\": URL} where a mechanism sends the user to a web page: the exchange goes on at \
once, and the server waits for the page. Status:
  0  server: authenticated; client: the server has proven itself, or all is sent
  1  the credentials or the authorization are refused (client: the input ended where the server's proof should be)
  2  wrong usage
  3  a message is no base64 or malformed, the input ended too early, policy forbids it, the server is not proven, '*'

Examples:
  AIOSASL_PASSWORD=pencil aiosasl exchange client -m SCRAM-SHA-256 -u user
  AIOSASL_PASSWORD=pencil aiosasl exchange server -m SCRAM-SHA-256 -u user
  AIOSASL_PASSWORD=pencil aiosasl exchange client -m DIGEST-MD5 -u user --layer any --layer-data hello
  AIOSASL_ANSWERS=123456 aiosasl exchange client -m SECURID -u user
  AIOSASL_PASSWORD='This is a test.' aiosasl exchange server -m OTP -u user --otp-sequence 99";

/// Arguments of `exchange`.
#[derive(Debug, Args)]
#[command(after_help = RULES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    half: Half,
}

#[derive(Debug, Subcommand)]
enum Half {
    /// Be the client
    Client(client::Arguments),
    /// Be the server, for one account
    Server(server::Arguments),
}

/// Does it.
pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    match &arguments.half {
        Half::Client(arguments) => client::run(arguments),
        Half::Server(arguments) => server::run(arguments),
    }
}

/// What both halves have to know.
#[derive(Debug, Args)]
struct Common {
    /// By this mechanism
    #[arg(short, long, value_name = "NAME", value_parser = mechanism)]
    mechanism: Mechanism,
    /// Authentication identity; for ANONYMOUS, the trace
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,
    /// Authorization identity: to act as, or (server) that the user may act as
    #[arg(long, value_name = "NAME")]
    authzid: Option<String>,
    #[command(flatten)]
    password: PasswordSource,
    #[command(flatten)]
    token: TokenSource,
    /// The private key, for mechanisms that log in by one: PEM for ECDSA-NIST256P-CHALLENGE, base64 for ECDH-X25519-CHALLENGE
    #[arg(long, value_name = "FILE")]
    client_key: Option<PathBuf>,
    /// The service's registered name, for mechanisms that name it
    #[arg(long, value_name = "NAME", default_value = "imap")]
    service: String,
    /// The server's host name, for mechanisms that name it
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    hostname: String,
    /// The server's port, for mechanisms that name it: OAUTHBEARER may, OAUTH10A has to
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// The realm: to choose, or (server) to offer; repeatable there
    #[arg(long, value_name = "NAME")]
    realm: Vec<String>,
    #[command(flatten)]
    preparation: PreparationOption,
    /// Whether the exchange is tied to its channel
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Binding::Prefer)]
    channel_binding: Binding,
    /// The type of the channel binding, such as tls-exporter
    #[arg(long, value_name = "TYPE", requires = "binding_data", value_parser = kind)]
    binding_type: Option<BindingKind>,
    /// The channel binding, in hexadecimal
    #[arg(long, value_name = "HEX", requires = "binding_type", value_parser = hexadecimal)]
    binding_data: Option<Secret>,
    #[command(flatten)]
    layer: LayerOptions,
    #[command(flatten)]
    gss: GssOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Binding {
    Require,
    Prefer,
    Off,
}

impl Common {
    fn authentication_id(&self) -> Result<Option<AuthenticationId>, Failure> {
        let identity = self.user.as_deref().map(AuthenticationId::new).transpose();
        identity.map_err(|error| Failure::usage(format!("--user: {error}")))
    }

    fn authorization_id(&self) -> Result<Option<AuthorizationId>, Failure> {
        let identity = self.authzid.as_deref().map(AuthorizationId::new).transpose();
        identity.map_err(|error| Failure::usage(format!("--authzid: {error}")))
    }

    /// The password, for mechanisms that can do without.
    fn given_password(&self) -> Result<Option<Password>, Failure> {
        if self.password.is_stdin() {
            let text = "the messages come from standard input, the password can't";
            return Err(Failure::usage(text));
        }
        self.password.given()
    }

    /// The password, for mechanisms that need one.
    fn needed_password(&self) -> Result<Password, Failure> {
        if let Some(password) = self.given_password()? {
            return Ok(password);
        }
        let missing =
            || Failure::usage("expected a password: --password-file or $AIOSASL_PASSWORD");
        self.password.given_or_asked("Password: ")?.ok_or_else(missing)
    }

    /// The token, for mechanisms that need one.
    fn needed_token(&self) -> Result<Secret, Failure> {
        if self.token.is_stdin() {
            let text = "the messages come from standard input, the token can't";
            return Err(Failure::usage(text));
        }
        self.token.needed()
    }

    /// Whether a server that lets the client in has last words: its proof, mostly.
    fn has_last_words(&self) -> bool {
        match self.mechanism.name.as_str() {
            "GSSAPI" => false,
            "OPENID20" => true,
            _ => self.mechanism.properties.server_proof == ServerProof::Mutual,
        }
    }

    fn rules(&self) -> Rules {
        let service = Service::new(&*self.service, &*self.hostname);
        Rules {
            preparation: self.preparation.rule(),
            layers: self.layer.rules(),
            service: Some(service.in_realms(self.realm.iter().map(String::as_str))),
            ..Rules::default()
        }
    }

    fn needs(&self) -> Needs {
        self.mechanism.properties.needs
    }

    fn bindings(&self) -> Result<Vec<ChannelBinding>, Failure> {
        match (&self.binding_type, &self.binding_data) {
            (Some(kind), Some(data)) => ChannelBinding::new(kind.clone(), data.expose())
                .map(|binding| vec![binding])
                .map_err(|error| Failure::usage(format!("--binding-data: {error}"))),
            _ => Ok(Vec::new()),
        }
    }
}

fn mechanism(name: &str) -> Result<Mechanism, String> {
    let name = MechanismName::parse_relaxed(name.to_ascii_uppercase())
        .map_err(|error| error.to_string())?;
    let unknown = || "no such mechanism: 'aiosasl mechanisms' has the list".to_owned();
    registry::find(name).copied().ok_or_else(unknown)
}

fn kind(name: &str) -> Result<BindingKind, String> {
    BindingKind::parse(name).map_err(|error| error.to_string())
}

fn hexadecimal(hex: &str) -> Result<Secret, String> {
    base16ct::mixed::decode_vec(hex)
        .map(Secret::new)
        .map_err(|_| "expected hexadecimal digits, two for each octet".to_owned())
}
