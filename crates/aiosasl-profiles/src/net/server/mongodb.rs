//! A MongoDB server, as far as authentication: hello, with an exchange that begins in it; saslStart, saslContinue,
//! authenticate; behind them, nothing but ping.

use std::sync::Arc;

use aiosasl::{
    driver::Store,
    error::FailureCode,
    mechanism::Side,
    message::{Challenge, ClientMessage, Outcome, ServerMessage},
    name::MechanismName,
    own_login,
    profile::{Profile, SuccessData},
};
use tokio::net::TcpStream;

use super::{
    ServerConfig,
    dialogue::{Dialogue, Interrupt},
    door::{Door, Patience, Verdict},
};
use crate::{
    FirstWord, WireError,
    frame::MechanismList,
    mongodb::{
        self, Document, MAX_FRAME, Message, measure,
        server::{self, Command, LastWords, Start},
    },
    net::{Protocol, transport::Transport},
};

/// The number of the one conversation that a connection has at a time.
const CONVERSATION: i32 = 1;

/// Serves one client until it leaves, or has had its share; the last outcome is the result, `None` where there was no
/// exchange. Whoever comes in finds a server that answers to `ping`.
///
/// `implicit_tls` is for a port where TLS begins at once, as it does everywhere or nowhere.
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any exchange.
pub async fn serve_mongodb<S: Store>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    let protocol = (Protocol::Mongodb, MAX_FRAME);
    let mut door = Door::open(stream, &config, &*store, implicit_tls, protocol).await?;
    let end = converse(&mut door).await;
    door.leave(end).await
}

async fn converse<S: Store>(door: &mut Door<'_, S>) -> Result<(), WireError> {
    let mut talk = Talk::default();
    loop {
        let body = talk.hear(&mut door.transport).await?;
        if door.count_command() == Patience::Exhausted
            || obey(door, &mut talk, Command::of(&body)).await? == Patience::Exhausted
        {
            return Ok(());
        }
    }
}

async fn obey<S: Store>(
    door: &mut Door<'_, S>,
    talk: &mut Talk,
    command: Command,
) -> Result<Patience, WireError> {
    let answer = match command {
        Command::SaslStart(start) => return begin(door, talk, start).await,
        Command::Authenticate(start) => {
            talk.is_at_once = true;
            return begin(door, talk, start).await;
        }
        Command::Hello { user, speculation } => {
            // The same for every user, known or not.
            let list = user.map(|_| offered(door));
            match speculation {
                Some(start) if !door.is_authenticated() => {
                    talk.hello = Some(Greeting { mechanisms: list });
                    return begin(door, talk, start).await;
                }
                _ => server::hello(list.as_ref(), None)?,
            }
        }
        Command::SaslContinue { .. } => server::failure(FailureCode::WrongState)?,
        Command::EndSessions => server::done()?,
        Command::Ping if door.is_authenticated() => server::done()?,
        _ => server::unknown(door.is_authenticated())?,
    };
    talk.say(&mut door.transport, answer).await?;
    Ok(Patience::Left)
}

/// What there is for users; the protocols' own logins are none of this one's.
fn offered<S: Store>(door: &Door<'_, S>) -> MechanismList {
    let names = door.offered().map(|mechanism| mechanism.name);
    names.filter(|name| own_login::ALL.iter().all(|own| own.name != *name)).collect()
}

/// Runs an exchange, and tells what came of it.
async fn begin<S: Store>(
    door: &mut Door<'_, S>,
    talk: &mut Talk,
    start: Start,
) -> Result<Patience, WireError> {
    let request = start.message(|name| first_word(door.config, name));
    let request = request.and_then(|message| match message {
        ClientMessage::Authenticate { mechanism, initial_response } => {
            Ok((mechanism, initial_response))
        }
        _ => Err(FailureCode::WrongState),
    });
    let profile = match start.last_words {
        LastWords::InSuccess => mongodb::PROFILE,
        LastWords::InChallenge => {
            Profile { success_data: SuccessData::AsChallenge, ..mongodb::PROFILE }
        }
    };
    let (verdict, patience) = door.authenticate(request, profile, &mut *talk).await?;
    let user = door.account().unwrap_or_default().to_owned();
    let answer = talk.conclude(verdict, &user, &start.database)?;
    talk.say(&mut door.transport, answer).await?;
    Ok(patience)
}

fn first_word(config: &ServerConfig, name: MechanismName) -> FirstWord {
    let mechanism = config.mechanisms.iter().find(|mechanism| mechanism.name == name);
    match mechanism.map(|mechanism| mechanism.properties.first) {
        Some(Side::Server) => FirstWord::Server,
        Some(Side::Client) | None => FirstWord::Client,
    }
}

/// What is to be known of the last request, so that it can be answered.
#[derive(Default)]
struct Talk {
    request_id: i32,
    next_id: i32,
    /// Whether it was of the older kind.
    is_query: bool,
    /// Whether it was `authenticate`.
    is_at_once: bool,
    /// What else the answer has to say, where it was hello with the beginning of an exchange.
    hello: Option<Greeting>,
}

/// What an answer to hello has to list.
struct Greeting {
    mechanisms: Option<MechanismList>,
}

impl Talk {
    async fn hear(&mut self, transport: &mut Transport) -> Result<Document, WireError> {
        let frame = transport.frame(measure).await?;
        let is_query = Message::is_query(&frame);
        let message =
            if is_query { Message::parse_query(&frame)? } else { Message::parse(&frame)? };
        let next_id = self.next_id;
        *self = Self { request_id: message.request_id, next_id, is_query, ..Self::default() };
        Ok(message.body)
    }

    async fn say(&mut self, transport: &mut Transport, body: Document) -> Result<(), WireError> {
        self.next_id = self.next_id.wrapping_add(1);
        let message = Message { request_id: self.next_id, response_to: self.request_id, body };
        let frame = if self.is_query { message.to_reply()? } else { message.to_frame()? };
        transport.send(&frame).await
    }

    /// A step of an exchange, within the answer to hello where that began it.
    fn wrap(&mut self, step: Document) -> Result<Document, WireError> {
        match self.hello.take() {
            Some(greeting) => server::hello(greeting.mechanisms.as_ref(), Some(&step)),
            None => Ok(step),
        }
    }

    /// What tells the outcome. An exchange that fails within hello has never begun: the client will try again.
    fn conclude(
        &mut self,
        verdict: Verdict,
        user: &str,
        database: &str,
    ) -> Result<Document, WireError> {
        match (verdict, &self.hello) {
            (Err(_), Some(greeting)) => server::hello(greeting.mechanisms.as_ref(), None),
            (Err(code), None) => server::failure(code),
            (Ok(_), _) if self.is_at_once => self.wrap(server::let_in(user, database)?),
            (Ok(additional_data), _) => {
                let success = ServerMessage::Success { additional_data };
                self.wrap(server::answer(&success, CONVERSATION)?)
            }
        }
    }
}

impl Dialogue for &mut Talk {
    async fn ask(
        &mut self,
        transport: &mut Transport,
        challenge: &Challenge,
    ) -> Result<ClientMessage, Interrupt> {
        let step = server::answer(&ServerMessage::Challenge(challenge.clone()), CONVERSATION)?;
        let step = self.wrap(step)?;
        self.say(transport, step).await?;
        match Command::of(&self.hear(transport).await?) {
            Command::SaslContinue { conversation: CONVERSATION, payload } => {
                Ok(ClientMessage::Response(payload))
            }
            _ => Err(Interrupt::Refused(FailureCode::WrongState)),
        }
    }
}
