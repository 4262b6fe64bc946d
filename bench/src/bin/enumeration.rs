//! Whether time tells which accounts there are: tries through a socket, in turn, for accounts that are there with a
//! wrong password, that are not there, disabled, and expired: `cargo run --release --bin enumeration`.

use std::{
    error::Error,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use aiosasl::{
    encoding,
    mechanisms::ALL,
    nonce::{NoRandomness, Nonce},
    policy::Plaintext,
    secret::{Password, Secret},
};
use aiosasl_profiles::net::server::{ServerConfig, serve_imap};
use aiosasl_store::{
    Account, AccountState, Accounts, Conflict, CredentialPolicy, HashPolicy, Hasher, Memory,
    NameRule, Service, Timestamp,
};
use tokio::net::TcpListener;

/// Who is tried: each as often as the others, in turn.
const NAMES: [&str; 4] = ["user", "nobody", "disabled", "expired"];
/// Tries for each, of PLAIN, whose work is Argon2id's.
const PLAIN_TRIES: usize = 150;
/// Tries for each, of SCRAM.
const SCRAM_TRIES: usize = 2000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let accounts = accounts().await?;
    let settings = accounts.settings().await?;
    let hasher = Hasher::new(HashPolicy::default())?;
    let service = Service::new(accounts, &settings, CredentialPolicy::default(), hasher);
    let service = Arc::new(service);
    let mut config = ServerConfig::new(ALL);
    config.plaintext = Plaintext::Anywhere;
    config.nonces = nonce;
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            let visit = Arc::new(service.visit(Some(peer.ip())));
            tokio::spawn(serve_imap(stream, Arc::clone(&config), false, visit));
        }
    });
    tokio::task::spawn_blocking(move || {
        compare("PLAIN", PLAIN_TRIES, |name| plain(address, name));
        compare("SCRAM-SHA-256", SCRAM_TRIES, |name| scram(address, name));
    })
    .await?;
    Ok(())
}

/// An account that may be used, one that may not, and one that has ended; nobody is called `nobody`.
async fn accounts() -> Result<Arc<dyn Accounts>, Box<dyn Error>> {
    let accounts = Memory::new(Secret::new([7; 32]), NameRule::Saslprep);
    let policy = CredentialPolicy::default();
    let hasher = Hasher::new(HashPolicy::default())?;
    let mut made = Vec::new();
    for name in ["user", "disabled", "expired"] {
        let mut account = Account::new(name.try_into()?);
        account.credentials = policy.credentials(&hasher, &Password::new("pencil"), "").await?;
        if name == "disabled" {
            account.state = AccountState::Disabled;
        }
        if name == "expired" {
            account.expires = Some(Timestamp::now().plus(-60));
        }
        made.push(account);
    }
    accounts.import(made, Conflict::Fail).await?;
    Ok(Arc::new(accounts))
}

fn nonce() -> Result<Nonce, NoRandomness> {
    Nonce::new("serverNonce0123456789abc").ok_or(NoRandomness)
}

/// Prints the median of each name, and how far it is from that of a wrong password, with Welch's t.
fn compare(what: &str, tries: usize, mut one: impl FnMut(&str) -> Duration) {
    let mut times = NAMES.map(|_| Vec::with_capacity(tries));
    for _ in 0..tries {
        for (name, times) in NAMES.iter().zip(&mut times) {
            times.push(one(name).as_secs_f64());
        }
    }
    let known = summary(&mut times[0]);
    for (name, times) in NAMES.iter().zip(&mut times) {
        let own = summary(times);
        let t = (own.mean - known.mean) / (own.variance + known.variance).sqrt();
        println!(
            "{what}, {name:8}: median {:8.1} us, {:.3} of a wrong password's, t = {t:.2}",
            own.median * 1e6,
            own.median / known.median,
        );
    }
}

struct Summary {
    median: f64,
    mean: f64,
    /// Of the mean.
    variance: f64,
}

/// The slowest tenth is noise of the machine, and left out.
fn summary(times: &mut [f64]) -> Summary {
    times.sort_by(f64::total_cmp);
    let kept = &times[..times.len() * 9 / 10];
    let count = kept.len() as f64;
    let mean = kept.iter().sum::<f64>() / count;
    let squares: f64 = kept.iter().map(|it| (it - mean) * (it - mean)).sum();
    Summary { median: times[times.len() / 2], mean, variance: squares / (count - 1.0) / count }
}

fn plain(address: SocketAddr, name: &str) -> Duration {
    let message = encoding::encode(format!("\0{name}\0guess").as_bytes());
    converse(address, &[&format!("a AUTHENTICATE PLAIN {message}")])
}

fn scram(address: SocketAddr, name: &str) -> Duration {
    let first = encoding::encode(format!("n,,n={name},r=clientNonce").as_bytes());
    let proof = encoding::encode(&[0; 32]);
    let last = format!("c=biws,r=clientNonceserverNonce0123456789abc,p={proof}");
    let last = encoding::encode(last.as_bytes());
    converse(address, &[&format!("a AUTHENTICATE SCRAM-SHA-256 {first}"), &last])
}

/// How long it takes from the first line until the answer to the last; a connection of its own each.
fn converse(address: SocketAddr, lines: &[&str]) -> Duration {
    let mut stream = TcpStream::connect(address).expect("the server is there");
    stream.set_nodelay(true).expect("a socket");
    read_line(&mut stream);
    let start = Instant::now();
    let mut said = String::new();
    for line in lines {
        stream.write_all(format!("{line}\r\n").as_bytes()).expect("the server listens");
        said = read_line(&mut stream);
    }
    let time = start.elapsed();
    assert!(said.starts_with("a NO [AUTHENTICATIONFAILED]"), "{said}");
    time
}

fn read_line(stream: &mut TcpStream) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut octet = [0];
        stream.read_exact(&mut octet).expect("the server answers");
        line.push(octet[0]);
    }
    String::from_utf8_lossy(&line).into_owned()
}
