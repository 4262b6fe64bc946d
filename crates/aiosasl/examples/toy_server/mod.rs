//! The other end of the toy protocol: one connection, one account (user, pencil).
//!
//! ```text
//!   S: TOY SCRAM-SHA-256 PLAIN
//!   C: AUTH SCRAM-SHA-256 biws...    or AUTH and a name alone; = is an empty message
//!   S: MORE cj1...                   a challenge
//!   C: Yz1...                        a response, or * to give up
//!   S: OK dj1...                     with or without last words; or NO and a reason
//! ```

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread::{self, JoinHandle},
    time::Duration,
};

use aiosasl::{
    ServerExchange,
    driver::blocking::{ServerInterface, serve},
    encoding::{decode, encode},
    mechanism::{PlusOffer, Rules, ServerContext},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    name::MechanismName,
    nonce::Nonce,
    query::{Answer, Authorization, Decoy, Query, ScramVerifier, Verdict},
    registry,
    secret::Secret,
};

/// Serves one connection on a thread of its own, which returns who came in, if anybody.
pub(crate) fn spawn() -> io::Result<(SocketAddr, JoinHandle<io::Result<Option<String>>>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    Ok((address, thread::spawn(move || Server::accept(&listener)?.run())))
}

struct Server(BufReader<TcpStream>);

impl Server {
    fn accept(listener: &TcpListener) -> io::Result<Self> {
        let (stream, _) = listener.accept()?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self(BufReader::new(stream)))
    }

    fn run(mut self) -> io::Result<Option<String>> {
        self.say("TOY SCRAM-SHA-256 PLAIN")?;
        let request = self.hear()?;
        let mut words = request.split(' ').skip(1);
        let name = MechanismName::parse(words.next().unwrap_or_default());
        let Some(mechanism) = name.ok().and_then(registry::find) else {
            self.say("NO such mechanism")?;
            return Ok(None);
        };
        let initial_response = match words.next() {
            Some(word) => Some(Response::new(octets(word)?)),
            None => None,
        };
        let exchange = ServerExchange::new((mechanism.server)(&ServerContext {
            nonce: Nonce::random().map_err(io::Error::other)?,
            bindings: &[],
            plus: PlusOffer::NotOffered,
            rules: Rules::default(),
        }));
        let mut outcome = serve(exchange, initial_response, &mut self, &answer)?;
        match outcome.message() {
            ServerMessage::Success { additional_data: Some(it) } => {
                self.say(&format!("OK {}", word(it.as_bytes())))?;
            }
            ServerMessage::Success { additional_data: None } => self.say("OK")?,
            ServerMessage::Failure(code) => self.say(&format!("NO {code}"))?,
            ServerMessage::Challenge(_) => unreachable!("an outcome is no challenge"),
        }
        Ok(match outcome {
            Outcome::Success(success) => {
                success.identity.authentication_id().map(ToString::to_string)
            }
            Outcome::Failure(_) => None,
        })
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes())
    }

    fn hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl ServerInterface for Server {
    type Error = io::Error;

    fn challenge(&mut self, challenge: Challenge) -> io::Result<ClientMessage> {
        self.say(&format!("MORE {}", word(challenge.as_bytes())))?;
        match self.hear()?.as_str() {
            "*" => Ok(ClientMessage::Abort),
            line => Ok(ClientMessage::Response(Response::new(octets(line)?))),
        }
    }
}

/// The account store: it knows one account, and lets it in.
fn answer(query: Query) -> Answer {
    match query {
        Query::Authorize(it) => it.answer(Authorization::Granted),
        Query::ScramKeys(it) if it.authentication_id().as_str() == "user" => {
            let verifier =
                ScramVerifier::from_password(it.hash(), Secret::new(*b"pencil"), *b"salt", 4096);
            it.answer(verifier)
        }
        Query::ScramKeys(it) => it.unknown(&Decoy::new(Secret::new([1; 32]), 4096, 4)),
        Query::VerifyPassword(it) => {
            let fits =
                it.authentication_id().as_str() == "user" && it.password().expose() == "pencil";
            it.answer(if fits { Verdict::Accepted } else { Verdict::Refused })
        }
        other => other.unavailable(),
    }
}

fn word(octets: &[u8]) -> String {
    if octets.is_empty() { "=".into() } else { encode(octets) }
}

fn octets(word: &str) -> io::Result<Vec<u8>> {
    if word == "=" { Ok(Vec::new()) } else { decode(word).map_err(io::Error::other) }
}
