//! What `aiosasl serve` costs: memory of half-open exchanges, and logins a second.
//!
//! `cargo build --release -p aiosasl-cli` in the workspace, then here
//! `cargo run --release --bin serve -- ../target/release/aiosasl [connections]`. Linux: it reads /proc.

mod client;
mod server;

use std::{
    error::Error,
    time::{Duration, Instant},
};

use aiosasl_profiles::net::Session;
use tokio::task::JoinSet;

use self::{
    client::Client,
    server::{ARGON2, SCRAM_ALONE, Server},
};

/// Logins that run at once.
const AT_ONCE: usize = 16;
/// How long each row is measured.
const MEASURED: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let binary = arguments.next().ok_or("expected the path of aiosasl")?;
    let connections = arguments.next().map_or(Ok(5_000), |it| it.parse())?;
    rlimit::increase_nofile_limit(u64::MAX)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        println!("memory of the server's process, {connections} connections each");
        for (what, scheme, half_open) in [
            ("connected, in the clear", "imap", false),
            ("half-open SCRAM-SHA-256, in the clear", "imap", true),
            ("connected, TLS", "imaps", false),
            ("half-open SCRAM-SHA-256, TLS", "imaps", true),
        ] {
            memory(&binary, what, scheme, half_open, connections).await?;
        }
        println!("logins a second, {AT_ONCE} at once, each on a connection of its own");
        for (user, mechanism) in
            [(ARGON2, "SCRAM-SHA-256"), (SCRAM_ALONE, "PLAIN"), (ARGON2, "PLAIN")]
        {
            for scheme in ["imap", "imaps"] {
                speed(&binary, scheme, user, mechanism).await?;
            }
        }
        Ok(())
    })
}

/// The difference that so many connections make to the server's resident memory.
async fn memory(
    binary: &str,
    what: &str,
    scheme: &str,
    half_open: bool,
    connections: usize,
) -> Result<(), Box<dyn Error>> {
    let server = Server::start(binary)?;
    let client = Client::new(server.port(scheme), scheme, ARGON2, "SCRAM-SHA-256");
    // What the allocator and the libraries take once is not the connections' fault.
    for _ in 0..50 {
        client.log_in().await?;
    }
    let before = server.resident()?;
    let mut open: Vec<Session> = Vec::with_capacity(connections);
    for _ in 0..connections {
        let mut session = client.connect().await?;
        if half_open {
            client.begin(&mut session).await?;
        }
        open.push(session);
    }
    let after = server.resident()?;
    let each = after.saturating_sub(before) / connections;
    println!("  {what:<40}{each:>8} octets each ({} MiB before)", before >> 20);
    // It still serves others.
    let start = Instant::now();
    client.log_in().await?;
    println!("  {:<40}{:>8.1} ms", "  and the next client's login takes", millis(start.elapsed()));
    drop(open);
    Ok(())
}

async fn speed(
    binary: &str,
    scheme: &str,
    user: &'static str,
    mechanism: &'static str,
) -> Result<(), Box<dyn Error>> {
    let server = Server::start(binary)?;
    let client = Client::new(server.port(scheme), scheme, user, mechanism);
    client.log_in().await?;
    let start = Instant::now();
    let used = server.processor_time()?;
    let mut running = JoinSet::new();
    for _ in 0..AT_ONCE {
        let client = client.clone();
        running.spawn(async move {
            let mut count = 0_u32;
            while start.elapsed() < MEASURED {
                client.log_in().await.map_err(|error| error.to_string())?;
                count += 1;
            }
            Ok::<_, String>(count)
        });
    }
    let mut count = 0;
    while let Some(each) = running.join_next().await {
        count += each??;
    }
    let rate = f64::from(count) / start.elapsed().as_secs_f64();
    let cost = millis(server.processor_time()? - used) / f64::from(count);
    let what = format!("{mechanism}, {scheme}, account with {user}");
    println!("  {what:<56}{rate:>8.0}/s  {cost:>7.2} ms of the server's processor time each");
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
