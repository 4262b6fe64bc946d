//! A line protocol that supports every mechanism: all it takes is what stands above the marker.

use aiosasl::driver::{AuthenticationFailure, Reply, SaslError, SaslFailure, SaslInterface};
use aiosasl::encoding::{decode, encode};
use aiosasl::message::{Challenge, Response};
use aiosasl::name::MechanismName;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// A connection; the protocol is drawn in `toy_server`.
struct Toy(BufReader<TcpStream>);

type Answer = Result<Reply, SaslError>;

impl Toy {
    async fn ask(&mut self, line: &str) -> Answer {
        self.0.write_all(format!("{line}\n").as_bytes()).await?;
        let answer = self.hear().await?;
        match answer.split_once(' ').unwrap_or((&answer, "")) {
            ("MORE", word) => Ok(Reply::Challenge(challenge(word)?)),
            ("OK", "") => Ok(Reply::Success(None)),
            ("OK", word) => Ok(Reply::Success(Some(challenge(word)?))),
            ("NO", _) if line == "*" => Ok(Reply::Failure),
            ("NO", why) => Err(AuthenticationFailure::new(why).into()),
            _ => Err(SaslFailure::new("the server does not speak TOY").into()),
        }
    }

    async fn hear(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).await?;
        Ok(line.trim_end().to_owned())
    }
}

fn challenge(word: &str) -> Result<Challenge, SaslError> {
    let octets = decode(if word == "=" { "" } else { word });
    Ok(Challenge::new(octets.map_err(|error| SaslFailure::with_opaque("no base64", error))?))
}

fn word(payload: &Response) -> String {
    if payload.is_empty() { "=".into() } else { encode(payload.as_bytes()) }
}

impl SaslInterface for Toy {
    async fn initiate(&mut self, mechanism: MechanismName, payload: Option<Response>) -> Answer {
        let first = payload.map_or(String::new(), |payload| format!(" {}", word(&payload)));
        self.ask(&format!("AUTH {mechanism}{first}")).await
    }

    async fn respond(&mut self, payload: Response) -> Answer {
        self.ask(&word(&payload)).await
    }

    async fn abort(&mut self) -> Answer {
        self.ask("*").await
    }
}

// The protocol ends here. What follows logs in with it.

pub(crate) mod toy_server;

use aiosasl::driver::{Connection, Negotiated, Plain, Scram, negotiate};
use aiosasl::mechanism::Offered;

/// Logs in at a toy server; the user's name and password are given.
pub(crate) async fn log_in(
    address: std::net::SocketAddr,
    me: (&'static str, &'static str),
) -> Result<Negotiated, Box<dyn std::error::Error>> {
    let mut toy = Toy(BufReader::new(TcpStream::connect(address).await?));
    let greeting = toy.hear().await?;
    let mechanisms: Vec<_> =
        greeting.split(' ').skip(1).filter_map(|name| MechanismName::parse(name).ok()).collect();
    // The channel counts as open: PLAIN, though offered, is refused by policy.
    let offered = Offered { mechanisms: &mechanisms, ..Offered::default() };
    let connection = Connection { offered, ..Connection::default() };
    Ok(negotiate(&mut toy, &connection, &[&Scram::new(me), &Plain::new(me)]).await?)
}

/// Logs in twice, with the right password and with a wrong one.
pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    for password in ["pencil", "pen"] {
        let (address, server) = toy_server::spawn()?;
        match runtime.block_on(log_in(address, ("user", password))) {
            Ok(negotiated) => println!("let in by {}", negotiated.report.mechanism),
            Err(error) => println!("{error}"),
        }
        let who = server.join().map_err(|_| "the server panicked")??;
        println!("the server let in: {who:?}");
    }
    Ok(())
}
