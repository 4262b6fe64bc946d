//! What the examples share: a login by the best that both ends can do, and then the stream, for a client to go on with.

use std::{env, error::Error, fs};

use aiosasl::{
    credentials::Credentials,
    driver::{Connection, FromMechanism, SaslMechanism, negotiate},
    mechanism::{Needs, Offered},
    mechanisms,
    policy::{Channel, Policy},
};
use aiosasl_profiles::net::{AuthenticatedStream, Options, Protocol, Target, Trust, connect};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};

/// Whatever can go wrong.
pub(crate) type Fault = Box<dyn Error>;

/// Logs in at `scheme://user@host:port`, where a server shows a certificate of the authorities in `ca` (PEM) if a file is
/// named; the password is in `$AIOSASL_PASSWORD`.
pub(crate) async fn log_in(url: &str, ca: Option<&str>) -> Result<Conversation, Fault> {
    let (target, implicit_by_scheme) = target(url).ok_or("expected scheme://user@host:port")?;
    let trust = match ca {
        Some(file) => Trust::Ca(fs::read(file)?),
        None => Trust::Platform,
    };
    let options = Options { trust, implicit_by_scheme, ..Options::default() };
    let user = target.user_name().unwrap_or_default().try_into()?;
    let credentials = Credentials::password(user, env::var("AIOSASL_PASSWORD")?.as_str());
    let known: Vec<_> = mechanisms::ALL
        .iter()
        .filter(|it| it.properties.needs == Needs::Password)
        .map(|it| FromMechanism::new(*it, credentials.clone()))
        .collect();
    let mine: Vec<_> = known.iter().map(|it| it as &dyn SaslMechanism).collect();

    let mut session = connect(&target, &options).await?;
    let (offer, bindings) = (session.offer().clone(), session.bindings().to_vec());
    let connection = Connection {
        offered: Offered {
            mechanisms: &offer.mechanisms,
            bindings: offer.bindings.as_deref(),
            tls_version: session.tls().map(|tls| tls.version_code),
        },
        channel: Channel {
            security: session.security(),
            bindings: &bindings,
            strength: session.strength(),
        },
        policy: Policy::default(),
    };
    let negotiated = negotiate(&mut session, &connection, &mine).await?;
    eprintln!("logged in by {}", negotiated.report.mechanism);
    if let Some(layer) = negotiated.report.security_layer {
        session.protect(layer)?;
    }
    // All that the server has said since is still in it.
    let stream = session.into_stream().ok_or("the server has hung up")?;
    Ok(Conversation(BufStream::new(stream)))
}

fn target(url: &str) -> Option<(Target, bool)> {
    let (scheme, rest) = url.split_once("://")?;
    let (protocol, implicit) = Protocol::from_scheme(scheme)?;
    let (user, host) = rest.rsplit_once('@')?;
    let (host, port) = host.rsplit_once(':')?;
    Some((Target::new(protocol, host, port.parse().ok()?).with_user(user), implicit))
}

/// Lines, there and back.
pub(crate) struct Conversation(BufStream<AuthenticatedStream>);

impl Conversation {
    /// Says a line.
    pub(crate) async fn say(&mut self, line: &str) -> Result<(), Fault> {
        self.0.write_all(line.as_bytes()).await?;
        self.0.write_all(b"\r\n").await?;
        Ok(self.0.flush().await?)
    }

    /// Hears a line, without its ending.
    pub(crate) async fn hear(&mut self) -> Result<String, Fault> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            return Err("the server has hung up".into());
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}
