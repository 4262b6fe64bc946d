//! A client of Dovecot's authentication: the handshake, then exchanges of one connection, one after the other.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
};

use aiosasl::{driver, message::ClientMessage, name::MechanismName, profile::Profile};

use crate::{
    Said, WireError,
    dovecot::{
        self, Parameter, Parameters, ServerLine,
        client::{self, Context, Greeting, Handshake},
    },
    net::{Event, Offer, opening::Opening, transport::Transport},
    printable,
};

/// The most lines of a handshake, and the most that are about other exchanges.
const MAX_LINES: usize = 1024;

/// A connection to Dovecot's authentication.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    context: Context,
    /// The number of the exchange.
    id: u32,
    last: String,
}

impl super::Client for Client {
    /// Says something of an exchange, and waits for the answer: to an abort there may be none.
    async fn say(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        if let ClientMessage::Authenticate { .. } = message {
            self.id = self.id.wrapping_add(1);
        }
        let line = dovecot::client::request(self.id, message, &self.context)?;
        self.transport.send(&line).await?;
        if *message == ClientMessage::Abort {
            return Ok(driver::Reply::Failure);
        }
        for _ in 0..MAX_LINES {
            let line = ServerLine::parse(&self.transport.line().await?)?;
            if let Some(reply) = client::hear(self.id, &line, Said::from(message))? {
                self.last = words(&line);
                return Ok(reply);
            }
        }
        Err(endless())
    }

    /// Hangs up: the protocol has no words for it.
    async fn close(&mut self, _: bool) {
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        dovecot::PROFILE
    }

    fn transport_mut(&mut self) -> &mut Transport {
        &mut self.transport
    }

    fn into_transport(self) -> Transport {
        self.transport
    }

    fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Who came in, as the server calls them.
    fn last_words(&self) -> &[u8] {
        self.last.as_bytes()
    }
}

impl Client {
    /// Connects, says our half of the handshake at once, and hears the server's: some say nothing before they have ours,
    /// others don't wait.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let mut transport = opening.connect(dovecot::MAX_LINE).await?;
        // Always false: the protocol knows no TLS, and says so where it is demanded.
        opening.wants_start_tls(false)?;
        transport.send(&client::hello(number())?).await?;
        let greeting = shake_hands(&mut transport).await?;
        // Nobody is to be handed over to another process.
        let mut context = Context::new(opening.service()).with(Parameter::word("nologin"));
        if transport.is_local() || transport.tls().is_some_and(|tls| tls.verified) {
            context = context.with(Parameter::word("secured"));
        }
        let offer = offered(&greeting);
        opening.tell(Event::Greeting(&offer.greeting));
        opening.tell_offer(&offer.mechanisms, &offer.capabilities);
        Ok(Self { transport, offer, context, id: 0, last: String::new() })
    }
}

async fn shake_hands(transport: &mut Transport) -> Result<Greeting, WireError> {
    let mut handshake = Handshake::default();
    for _ in 0..MAX_LINES {
        let line = ServerLine::parse(&transport.line().await?)?;
        if let Some(greeting) = handshake.hear(line)? {
            return Ok(greeting);
        }
    }
    Err(endless())
}

/// What is offered, each mechanism with what the server says about it: `plaintext`, `dictionary`, `private` ...
fn offered(greeting: &Greeting) -> Offer {
    let with_flags = |(name, flags): &(String, Parameters)| {
        let flags = flags.0.iter().map(|flag| flag.name.as_str());
        let words: Vec<_> = ["MECH", name].into_iter().chain(flags).collect();
        words.join(" ")
    };
    let is_unreadable = |name: &&String| MechanismName::parse_any_case(name).is_err();
    let names = greeting.offers.iter().map(|(name, _)| name);
    Offer {
        mechanisms: greeting.mechanisms(),
        unreadable: names.filter(is_unreadable).cloned().collect(),
        initial_response: true,
        greeting: format!("VERSION {}.{}", dovecot::MAJOR, greeting.minor),
        capabilities: greeting.offers.iter().map(with_flags).collect(),
        ..Offer::default()
    }
}

/// A number that no other client of this server has, probably: the process's own would be that of all its connections.
fn number() -> u32 {
    let random = RandomState::new().build_hasher().finish();
    u32::try_from(random >> 33).unwrap_or_default().max(1)
}

/// The server's last words, without a mechanism's: who came in.
fn words(line: &ServerLine) -> String {
    match line {
        ServerLine::Ok { parameters, .. } => match parameters.value("user") {
            Some(user) => format!("OK user={}", printable(user)),
            None => "OK".to_owned(),
        },
        _ => String::new(),
    }
}

fn endless() -> WireError {
    WireError::protocol(format!("expected an answer within {MAX_LINES} lines"))
}
