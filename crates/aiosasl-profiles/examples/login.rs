//! Logs in by one mechanism: `login URL MECHANISM [CA-FILE]`, the password in `$AIOSASL_PASSWORD`.
//!
//! `URL` is `scheme://user@host:port`: `imap`, `smtp`, `submission` or `xmpp`, with an `s` for TLS from the start.

use std::{env, error::Error, fs, time::Duration};

use aiosasl::{
    ClientExchange, ClientStep,
    credentials::Credentials,
    driver::{Reply, SaslError, SaslInterface as _},
    mechanism::{ClientContext, Offered, Rules},
    message::{ClientMessage, ServerMessage},
    name::MechanismName,
    nonce::Nonce,
    policy::{Channel, Policy},
    registry,
};
use aiosasl_profiles::{
    WireError,
    net::{Options, Protocol, Session, Target, Trust, connect},
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
    Some((Target { protocol, host, port, user }, implicit))
}

async fn login(
    target: &Target,
    options: &Options,
    mechanism: MechanismName,
) -> Result<(), Box<dyn Error>> {
    let user = target.user.clone().unwrap_or_default();
    let credentials =
        Credentials::password(user.try_into()?, env::var("AIOSASL_PASSWORD")?.as_str());
    let mut session = connect(target, options).await?;
    println!("{:?}", session.offer());
    println!("{:?}", session.tls());

    let known = registry::find(mechanism).ok_or("no such mechanism in this build")?;
    let channel = Channel { security: session.security(), bindings: session.bindings() };
    let offered = Offered {
        mechanisms: &session.offer().mechanisms,
        bindings: session.offer().bindings.as_deref(),
        tls_version: session.tls().map(|tls| tls.version_code),
    };
    Policy::default().allows(&known.properties, &channel).map_err(|reason| reason.to_string())?;
    let binding = Policy::default().client_binding(mechanism, &offered, &channel);
    let half = (known.client)(&ClientContext {
        credentials: &credentials,
        binding: binding.map_err(|reason| reason.to_string())?,
        nonce: Nonce::random()?,
        rules: Rules::default(),
        offered,
    })?;

    let mut exchange = ClientExchange::with_profile(half, session.profile());
    let mut step = exchange.start()?;
    let authenticated = loop {
        step = match step {
            ClientStep::Send(message) => match say(&mut session, message).await {
                Ok(answer) => exchange.receive(answer)?,
                Err(error) => return Err(explained(&error)),
            },
            ClientStep::Ask(query) => {
                exchange.answer(query.answer_by_itself().map_err(|_| "nobody to ask")?)?
            }
            ClientStep::Done(authenticated) => break authenticated,
        };
    };
    println!("{authenticated:?}");
    session.close().await;
    Ok(())
}

async fn say(session: &mut Session, message: ClientMessage) -> Result<ServerMessage, SaslError> {
    let reply = match message {
        ClientMessage::Authenticate { mechanism, initial_response } => {
            session.initiate(mechanism, initial_response).await?
        }
        ClientMessage::Response(response) => session.respond(response).await?,
        ClientMessage::Abort => session.abort().await?,
    };
    Ok(match reply {
        Reply::Challenge(challenge) => ServerMessage::Challenge(challenge),
        Reply::Success(additional_data) => ServerMessage::Success { additional_data },
        Reply::Failure => ServerMessage::Failure(aiosasl::error::FailureCode::Aborted),
    })
}

fn explained(error: &SaslError) -> Box<dyn Error> {
    match WireError::of(error) {
        Some(wire) => format!("{}: {wire}", wire.class.as_str()).into(),
        None => error.to_string().into(),
    }
}
