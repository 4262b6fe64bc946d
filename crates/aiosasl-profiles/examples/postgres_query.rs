//! Logs in to PostgreSQL and asks something on the stream that the login leaves: `postgres_query URL QUERY [CA-FILE]`, the
//! password in `$AIOSASL_PASSWORD`. What comes back is printed, a row a line.
//!
//! `URL` is `postgres://user@host:port/database`. The rules are the target's: the user's name is in the startup alone, and
//! passwords that SASLprep forbids go as they are.

use std::{env, error::Error, fs, time::Duration};

use aiosasl::{
    credentials::Credentials,
    driver::{Connection, FromMechanism, negotiate},
    mechanism::Offered,
    policy::{Channel, Policy},
    secret::Secret,
};
use aiosasl_profiles::{
    frame::{Cursor, FrameBuffer},
    net::{AuthenticatedStream, Options, Protocol, Target, Trust, connect},
    postgres::{Backend, Frontend, MAX_FRAME, measure},
    printable,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

type Failure = Box<dyn Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, query, ca @ ..] = arguments.as_slice() else {
        return Err("expected URL QUERY [CA-FILE]".into());
    };
    let target = target(url).ok_or("expected postgres://user@host:port/database")?;
    let trust = match ca.first() {
        Some(file) => Trust::Ca(fs::read(file)?),
        None => Trust::Platform,
    };
    let options = Options { trust, ..Options::default() };
    let work = async {
        let stream = log_in(&target, &options).await?;
        ask(stream, query).await
    };
    tokio::time::timeout(Duration::from_secs(30), work).await?
}

fn target(url: &str) -> Option<Target> {
    let (user, place) = url.strip_prefix("postgres://")?.rsplit_once('@')?;
    let (place, database) = place.split_once('/')?;
    let (host, port) = place.rsplit_once(':')?;
    let target = Target::new(Protocol::Postgres, host, port.parse().ok()?).with_user(user);
    Some(Target { path: Some(database.to_owned()), ..target })
}

async fn log_in(target: &Target, options: &Options) -> Result<AuthenticatedStream, Failure> {
    let user = target.user_name().unwrap_or_default().try_into()?;
    let credentials = Credentials::password(user, env::var("AIOSASL_PASSWORD")?.as_str());
    let mechanism = FromMechanism::all(credentials).rules(target.rules());

    let mut session = connect(target, options).await?;
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
    let negotiated = negotiate(&mut session, &connection, &[&mechanism]).await?;
    eprintln!("logged in by {}", negotiated.report.mechanism);
    // The server's settings, which it has told since, are still in it.
    Ok(session.into_stream().ok_or("the server has hung up")?)
}

async fn ask(mut stream: AuthenticatedStream, query: &str) -> Result<(), Failure> {
    let text = Secret::from([query.as_bytes(), b"\0"].concat());
    stream.write_all(&Frontend::Other(b'Q', text).to_frame()?).await?;
    stream.flush().await?;
    let mut frames = FrameBuffer::new(MAX_FRAME);
    let mut chunk = vec![0; 4096];
    // The session is ready once before the answer, and once behind it.
    let mut ready = 0;
    while ready < 2 {
        let Some(frame) = frames.next_frame(measure)? else {
            match stream.read(&mut chunk).await? {
                0 => return Err("the server has hung up".into()),
                count => frames.push(chunk.get(..count).unwrap_or_default())?,
            }
            continue;
        };
        match Backend::parse(&frame)? {
            Backend::Error(told) => return Err(told.message().to_owned().into()),
            Backend::Other(b'D', row) => println!("{}", columns(row.expose())?.join("\t")),
            Backend::Other(b'Z', _) => ready += 1,
            _ => {}
        }
    }
    stream.write_all(&Frontend::Terminate.to_frame()?).await?;
    Ok(stream.shutdown().await?)
}

/// The columns of a row, as text.
fn columns(row: &[u8]) -> Result<Vec<String>, Failure> {
    let mut row = Cursor::new(row);
    let mut columns = Vec::new();
    for _ in 0..row.u16()? {
        columns.push(row.counted_i32()?.map_or_else(|| "NULL".to_owned(), printable));
    }
    Ok(columns)
}
