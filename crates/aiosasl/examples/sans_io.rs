//! The same protocol with the sans-I/O exchange alone: the loop is yours, and so is every octet on the wire.

pub(crate) mod toy_server;

use std::{
    error::Error,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
};

use aiosasl::{
    Authenticated, ClientExchange, ClientStep,
    binding::ClientBinding,
    credentials::Credentials,
    encoding::{decode, encode},
    error::FailureCode,
    identity::AuthenticationId,
    mechanism::{ClientContext, Offered, Rules},
    mechanisms::scram,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    nonce::Nonce,
};

/// Logs in at a toy server by SCRAM-SHA-256.
pub(crate) fn log_in(
    address: SocketAddr,
    user: &str,
    password: &str,
) -> Result<Authenticated, Box<dyn Error>> {
    let mut stream = BufReader::new(TcpStream::connect(address)?);
    let _greeting = hear(&mut stream)?;
    let mechanism = (scram::SCRAM_SHA_256.client)(&ClientContext {
        credentials: &Credentials::password(AuthenticationId::new(user)?, password),
        binding: ClientBinding::Unsupported,
        nonce: Nonce::random()?,
        rules: Rules::default(),
        offered: Offered::default(),
    })?;
    let mut exchange = ClientExchange::new(mechanism);
    let mut step = exchange.start()?;
    loop {
        step = match step {
            ClientStep::Send(message) => {
                writeln!(stream.get_mut(), "{}", spell(&message))?;
                exchange.receive(parse(&hear(&mut stream)?)?)?
            }
            ClientStep::Ask(query) => {
                let answer = query.answer_by_itself().map_err(|_| "nobody knows")?;
                exchange.answer(answer)?
            }
            ClientStep::Done(authenticated) => return Ok(authenticated),
        };
    }
}

fn hear(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn spell(message: &ClientMessage) -> String {
    let word = |it: &Response| match it.as_bytes() {
        [] => String::from("="),
        octets => encode(octets),
    };
    match message {
        ClientMessage::Authenticate { mechanism, initial_response: Some(it) } => {
            format!("AUTH {mechanism} {}", word(it))
        }
        ClientMessage::Authenticate { mechanism, initial_response: None } => {
            format!("AUTH {mechanism}")
        }
        ClientMessage::Response(it) => word(it),
        ClientMessage::Abort => "*".into(),
    }
}

fn parse(line: &str) -> Result<ServerMessage, Box<dyn Error>> {
    let challenge = |word: &str| decode(if word == "=" { "" } else { word }).map(Challenge::new);
    Ok(match line.split_once(' ').unwrap_or((line, "")) {
        ("MORE", word) => ServerMessage::Challenge(challenge(word)?),
        ("OK", "") => ServerMessage::Success { additional_data: None },
        ("OK", word) => ServerMessage::Success { additional_data: Some(challenge(word)?) },
        ("NO", _) => ServerMessage::Failure(FailureCode::InvalidCredentials),
        _ => return Err("the server does not speak TOY".into()),
    })
}

/// Logs in twice, with the right password and with a wrong one.
pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    for password in ["pencil", "pen"] {
        let (address, server) = toy_server::spawn()?;
        match log_in(address, "user", password) {
            Ok(it) => println!(
                "let in by {}; the server has proven itself: {}",
                it.mechanism, it.server_verified
            ),
            Err(error) => println!("{error}"),
        }
        let who = server.join().map_err(|_| "the server panicked")??;
        println!("the server let in: {who:?}");
    }
    Ok(())
}
