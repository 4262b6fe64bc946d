//! Logs in by one mechanism: `login URL MECHANISM [CA-FILE]`, the password in `$AIOSASL_PASSWORD`.
//!
//! `URL` is `scheme://user@host:port`: `imap`, `smtp`, `submission` or `xmpp`, with an `s` for TLS from the start.

use std::{env, error::Error, fs, time::Duration};

use aiosasl::{
    credentials::Credentials,
    driver::{Connection, FromMechanism, SaslError, negotiate},
    mechanism::Offered,
    name::MechanismName,
    policy::{Channel, Policy},
    registry,
};
use aiosasl_profiles::{
    WireError,
    net::{Options, Protocol, Target, Trust, connect},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, mechanism, ca @ ..] = arguments.as_slice() else {
        return Err("expected URL MECHANISM [CA-FILE]".into());
    };
    let (target, implicit_by_scheme) = target(url).ok_or("expected scheme://user@host:port")?;
    let trust = match ca.first() {
        Some(file) => Trust::Ca(fs::read(file)?),
        None => Trust::Platform,
    };
    let options = Options { trust, implicit_by_scheme, ..Options::default() };
    let done = login(&target, &options, mechanism.parse()?);
    tokio::time::timeout(Duration::from_secs(30), done).await?
}

fn target(url: &str) -> Option<(Target, bool)> {
    let (scheme, rest) = url.split_once("://")?;
    let (protocol, implicit) = Protocol::from_scheme(scheme)?;
    let (user, host) = rest.rsplit_once('@')?;
    let (host, port) = host.rsplit_once(':')?;
    let (host, port, user) = (host.to_owned(), port.parse().ok()?, Some(user.to_owned()));
    Some((Target { user, ..Target::new(protocol, host, port) }, implicit))
}

async fn login(
    target: &Target,
    options: &Options,
    mechanism: MechanismName,
) -> Result<(), Box<dyn Error>> {
    let known = registry::find(mechanism).ok_or("no such mechanism in this build")?;
    let user = target.user_name().unwrap_or_default().try_into()?;
    let credentials = Credentials::password(user, env::var("AIOSASL_PASSWORD")?.as_str());

    let mut session = connect(target, options).await?;
    let (offer, tls) = (session.offer().clone(), session.tls().cloned());
    println!("{offer:?}\n{tls:?}");
    let bindings = session.bindings().to_vec();
    let connection = Connection {
        offered: Offered {
            mechanisms: &offer.mechanisms,
            bindings: offer.bindings.as_deref(),
            tls_version: tls.map(|tls| tls.version_code),
        },
        channel: Channel {
            security: session.security(),
            bindings: &bindings,
            strength: session.strength(),
        },
        policy: Policy::default(),
    };
    let mine = FromMechanism::new(*known, credentials);
    let done = negotiate(&mut session, &connection, &[&mine]).await;
    session.close().await;
    match done {
        Ok(negotiated) => println!("{:?}", negotiated.report),
        Err(failed) => return Err(explained(&failed.error)),
    }
    Ok(())
}

fn explained(error: &SaslError) -> Box<dyn Error> {
    match WireError::of(error) {
        Some(wire) => format!("{}: {wire}", wire.class.as_str()).into(),
        None => error.to_string().into(),
    }
}
