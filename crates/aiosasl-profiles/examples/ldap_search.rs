//! Logs in to a directory and searches it on the stream that the login leaves: `ldap_search URL MECHANISM BASE [CA-FILE]`,
//! the password in `$AIOSASL_PASSWORD`.
//!
//! `URL` is `ldap://user@host:port`, with an `s` for TLS from the start, or `ldapi://user@/path/to/socket`. Where the
//! mechanism has a security layer and there is no TLS, the search goes through it.

use std::{env, error::Error, fs, time::Duration};

use aiosasl::{
    credentials::Credentials,
    driver::{Connection, FromMechanism, negotiate},
    mechanism::{Mechanism, Offered, Rules, Service},
    own_login,
    policy::{Channel, Policy, StrengthPolicy},
    registry,
    secret::Secret,
};
use aiosasl_profiles::{
    frame::FrameBuffer,
    ldap::{MAX_FRAME, Message, Operation, ResultCode, SearchEntry, SearchRequest, measure},
    net::{AuthenticatedStream, Options, Protocol, Target, Trust, connect},
    printable,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The number of our request: the login is done with its own.
const SEARCH: u32 = 100;
/// The filter `(attribute=*)`.
const PRESENT: u8 = 0x87;
/// All that lies below the base, and the base.
const WHOLE_SUBTREE: u32 = 2;

type Failure = Box<dyn Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, mechanism, base, ca @ ..] = arguments.as_slice() else {
        return Err("expected URL MECHANISM BASE [CA-FILE]".into());
    };
    let (target, implicit_by_scheme) = target(url).ok_or("expected ldap://user@host:port")?;
    let trust = match ca.first() {
        Some(file) => Trust::Ca(fs::read(file)?),
        None => Trust::Platform,
    };
    let options = Options { trust, implicit_by_scheme, ..Options::default() };
    let name = mechanism.parse()?;
    let known = registry::find(name).copied();
    let known = known.or_else(|| own_login::ALL.into_iter().find(|it| it.name == name));
    let work = async {
        let known = known.ok_or("no such mechanism in this build")?;
        let stream = log_in(&target, &options, known).await?;
        search(stream, base).await
    };
    tokio::time::timeout(Duration::from_secs(30), work).await?
}

fn target(url: &str) -> Option<(Target, bool)> {
    let (scheme, rest) = url.split_once("://")?;
    let (protocol, implicit) = Protocol::from_scheme(scheme)?;
    let (user, place) = rest.rsplit_once('@')?;
    let target = if place.starts_with('/') {
        Target::at_socket(protocol, place)
    } else {
        let (host, port) = place.rsplit_once(':')?;
        Target::new(protocol, host, port.parse().ok()?)
    };
    (protocol == Protocol::Ldap).then(|| (target.with_user(user), implicit))
}

/// Logs in, and gives the stream as it is then: in TLS, in a layer, or neither.
async fn log_in(
    target: &Target,
    options: &Options,
    mechanism: Mechanism,
) -> Result<AuthenticatedStream, Failure> {
    let user = target.user_name().unwrap_or_default().try_into()?;
    let password = Secret::from(env::var("AIOSASL_PASSWORD")?);
    let credentials = Credentials::password(user, std::str::from_utf8(password.expose())?);
    let service = Service::new(target.protocol.service(), target.host.as_str());
    let rules = Rules { service: Some(service), ..Rules::default() };
    let name = mechanism.name;
    let mechanism = FromMechanism::new(mechanism, credentials).rules(rules);

    let mut session = connect(target, options).await?;
    let (mut offer, bindings) = (session.offer().clone(), session.bindings().to_vec());
    if offer.unlisted {
        // What was named is tried: nobody can know better.
        offer.mechanisms.push(name);
    }
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
        // What follows goes through the layer, where one is negotiated.
        policy: Policy { strength: StrengthPolicy::BEST, ..Policy::default() },
    };
    let mut done = negotiate(&mut session, &connection, &[&mechanism]).await?;
    println!("# {} as {}", done.report.mechanism, target.user_name().unwrap_or_default());
    if let Some(layer) = done.report.security_layer.take() {
        println!("# inside a layer of {} bits", layer.strength());
        session.protect(layer)?;
    }
    session.into_stream().ok_or_else(|| "the server has hung up".into())
}

/// Prints the names of all entries, and of what is known of each.
async fn search(mut stream: AuthenticatedStream, base: &str) -> Result<(), Failure> {
    let request = SearchRequest {
        base: base.to_owned(),
        scope: WHOLE_SUBTREE,
        size_limit: 1000,
        time_limit: 10,
        filter: (PRESENT, Secret::from("objectClass")),
        attributes: vec!["*".to_owned()],
        ..SearchRequest::root_dse()
    };
    send(&mut stream, Operation::SearchRequest(request)).await?;
    let mut buffer = FrameBuffer::new(MAX_FRAME);
    let mut count = 0_usize;
    loop {
        match next(&mut stream, &mut buffer).await? {
            Operation::SearchEntry(entry) => {
                print(&entry);
                count += 1;
            }
            Operation::SearchDone(result) if result.code == ResultCode::SUCCESS => break,
            Operation::SearchDone(result) => return Err(result.told(result.code.class()).into()),
            // Something to be found elsewhere.
            _ => {}
        }
    }
    println!("# {count} entries");
    send(&mut stream, Operation::Unbind).await?;
    stream.shutdown().await?;
    Ok(())
}

async fn send(stream: &mut AuthenticatedStream, operation: Operation) -> Result<(), Failure> {
    stream.write_all(&Message::new(SEARCH, operation).to_frame()?).await?;
    stream.flush().await?;
    Ok(())
}

async fn next(
    stream: &mut AuthenticatedStream,
    buffer: &mut FrameBuffer,
) -> Result<Operation, Failure> {
    loop {
        if let Some(frame) = buffer.next_frame(measure)? {
            return Ok(Message::parse(&frame)?.operation);
        }
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await?;
        if count == 0 {
            return Err("the server has hung up".into());
        }
        buffer.push(chunk.get(..count).unwrap_or_default())?;
    }
}

fn print(entry: &SearchEntry) {
    println!("dn: {}", printable(entry.name.as_bytes()));
    for attribute in &entry.attributes {
        let values: Vec<_> = attribute.values.iter().map(|it| printable(it.expose())).collect();
        println!("  {}: {}", printable(attribute.name.as_bytes()), values.join(", "));
    }
}
