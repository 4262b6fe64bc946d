//! An IRC client, as far as SASL: capabilities, STARTTLS, AUTHENTICATE, and so much of registration as that takes
//! (IRCv3 capability negotiation, SASL 3.2, STARTTLS).

use aiosasl::{
    driver, message::ClientMessage, name::MechanismName, nonce::Nonce, profile::Profile,
};

use crate::{
    Said, WireClass, WireError,
    irc::{
        self, Message, Numeric,
        capability::{CapReply, Capabilities, Mechanisms, More},
        client::{self, Command, Listener},
    },
    line::Line,
    net::{Event, Offer, opening::Opening, transport::Transport},
    printable,
};

/// The most lines that answer one, those about other things included.
const MAX_LINES: usize = 256;
/// Our user's name, which says nothing about us.
const USER: &str = "aiosasl";
/// A mechanism that nobody has: whoever is asked for it lists those that they have.
const NOBODYS: &str = "NONE";

/// A connection to an IRC server.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    /// What the server says that it can do now.
    capabilities: Capabilities,
    /// Whether the capability `sasl` was asked for.
    sasl: bool,
    last: Line,
    ended: bool,
}

impl super::Client for Client {
    /// Says something of an exchange, and waits for the answer.
    async fn say(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        if let ClientMessage::Authenticate { initial_response: Some(_), .. } = message {
            return Err(WireError::protocol("IRC has no room for an initial response"));
        }
        self.transport.send(&client::spell(message)).await?;
        let mut listener = Listener::new(Said::from(message));
        let reply = self.hear(|message| listener.hear(message)).await?;
        if let driver::Reply::Success(_) = reply {
            // Whoever goes on must not be kept waiting in the middle of registration.
            self.transport.send(&Command::CapEnd.to_line()).await?;
        }
        Ok(reply)
    }

    /// Says good bye, where the conversation still makes sense, and hangs up.
    async fn close(&mut self, usable: bool) {
        // The answer concerns nobody any more, nor does a failure: but hanging up on a server that still talks could
        // lose our last words.
        if usable && self.transport.send(&Command::Quit.to_line()).await.is_ok() {
            let _ = self.hear(|_| Ok(None::<()>)).await;
        }
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        irc::PROFILE
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

    /// Whether the server has said that it hangs up.
    fn has_ended(&self) -> bool {
        self.ended
    }

    /// The server's last line, from its numeric on.
    fn last_words(&self) -> &[u8] {
        let line = self.last.as_slice();
        let source =
            line.iter().position(|octet| *octet == b' ').filter(|_| line.starts_with(b":"));
        line.get(source.map_or(0, |end| end + 1)..).unwrap_or_default()
    }
}

impl Client {
    /// Connects, asks for the capabilities, starts TLS where wanted, and asks for SASL.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let transport = opening.connect(irc::MAX_LINE).await?;
        let offer = Offer::default();
        let mut client = Self {
            transport,
            offer,
            capabilities: Capabilities::default(),
            sasl: false,
            last: Line::default(),
            ended: false,
        };
        let capabilities = client.ask_capabilities().await?;
        opening.tell(Event::Greeting(&client.offer.greeting));
        client.take_offer(&capabilities, opening);
        client.offer.start_tls_offered = capabilities.has("tls");
        let mut has_sasl = capabilities.has("sasl");
        if opening.wants_start_tls(client.offer.start_tls_offered)? {
            has_sasl = client.start_tls(opening).await?;
        }
        if has_sasl {
            client.ask_for_sasl(opening).await?;
        }
        Ok(client)
    }

    async fn ask_capabilities(&mut self) -> Result<Capabilities, WireError> {
        self.transport.send(&Command::CapLs.to_line()).await?;
        let mut capabilities = Capabilities::default();
        let mut greeting = String::new();
        self.hear(|message| {
            match (CapReply::of(message), message.numeric()) {
                (Some(CapReply::Ls { list, more }), _) => {
                    capabilities.extend(list);
                    greeting = printable(message.source.unwrap_or_default());
                    Ok((more == More::Done).then_some(()))
                }
                // A server that has never heard of capabilities has none.
                (None, Some(Numeric::UNKNOWN_COMMAND | Numeric::NOT_REGISTERED)) => {
                    greeting = printable(message.source.unwrap_or_default());
                    Ok(Some(()))
                }
                _ => hangs_up(message),
            }
        })
        .await?;
        self.offer.greeting = greeting;
        Ok(capabilities)
    }

    async fn start_tls(&mut self, opening: Opening<'_>) -> Result<bool, WireError> {
        self.transport.send(&Command::StartTls.to_line()).await?;
        self.hear(|message| match message.numeric() {
            Some(Numeric::START_TLS) => Ok(Some(())),
            Some(
                numeric @ (Numeric::START_TLS_FAILED
                | Numeric::UNKNOWN_COMMAND
                | Numeric::NOT_REGISTERED),
            ) => Err(WireError::told(WireClass::Tls, numeric.to_string(), message.text())),
            _ => hangs_up(message),
        })
        .await?;
        opening.start_tls(&mut self.transport).await?;
        let before = std::mem::take(&mut self.offer.mechanisms);
        let capabilities = self.ask_capabilities().await?;
        self.take_offer(&capabilities, opening);
        self.offer.before_tls = Some(before);
        Ok(capabilities.has("sasl"))
    }

    /// Asks for SASL; only now it is said who we are, since that would have been in the clear before.
    async fn ask_for_sasl(&mut self, opening: Opening<'_>) -> Result<(), WireError> {
        let nickname = nickname();
        self.sasl = true;
        let commands = [Command::Nick(&nickname), Command::User(USER), Command::CapRequest("sasl")];
        let lines = commands.map(Command::to_line).map(|line| line.to_vec()).concat();
        self.transport.send(&lines).await?;
        let granted = self
            .hear(|message| match CapReply::of(message) {
                Some(CapReply::Ack(_)) => Ok(Some(true)),
                Some(CapReply::Nak(_)) => Ok(Some(false)),
                _ => hangs_up(message),
            })
            .await?;
        if !granted {
            self.offer.mechanisms.clear();
        } else if self.offer.mechanisms.is_empty() {
            self.offer.mechanisms = self.ask_mechanisms().await?;
            opening.tell_offer(&self.offer.mechanisms, &self.offer.capabilities);
        }
        Ok(())
    }

    /// Which mechanisms there are, where the capability does not say so (IRCv3 SASL 3.1).
    async fn ask_mechanisms(&mut self) -> Result<Vec<MechanismName>, WireError> {
        self.transport.send(format!("AUTHENTICATE {NOBODYS}\r\n").as_bytes()).await?;
        let mut mechanisms = Mechanisms::default();
        self.hear(|message| match message.numeric() {
            Some(Numeric::SASL_MECHANISMS) => {
                let list = message.parameters.get(1).copied().unwrap_or_default();
                mechanisms = Mechanisms::parse(list);
                Ok(None)
            }
            Some(Numeric::SASL_FAIL | Numeric::SASL_ABORTED | Numeric::UNKNOWN_COMMAND) => {
                Ok(Some(()))
            }
            _ => hangs_up(message),
        })
        .await?;
        Ok(mechanisms.names)
    }

    fn take_offer(&mut self, capabilities: &Capabilities, opening: Opening<'_>) {
        let Mechanisms { names, unreadable } = capabilities.mechanisms();
        self.offer.mechanisms = names;
        self.offer.unreadable = unreadable;
        self.offer.capabilities = printable_words(capabilities);
        self.capabilities = capabilities.clone();
        opening.tell_offer(&self.offer.mechanisms, &self.offer.capabilities);
    }

    /// Follows what the server says of what comes and goes: services, and SASL with them (IRCv3 `cap-notify`).
    ///
    /// # Errors
    ///
    /// Class [`Temporary`](WireClass::Temporary) where SASL has gone.
    async fn follow(&mut self, notice: CapReply<'_>) -> Result<(), WireError> {
        match notice {
            CapReply::New(list) => self.capabilities.renew(list),
            CapReply::Del(list) => self.capabilities.remove(list),
            _ => return Ok(()),
        }
        let is_there = self.capabilities.has("sasl");
        self.offer.capabilities = printable_words(&self.capabilities);
        let Mechanisms { names, unreadable } = self.capabilities.mechanisms();
        // One that comes without a list has those that it had, as far as anybody knows.
        if !names.is_empty() || !is_there {
            (self.offer.mechanisms, self.offer.unreadable) = (names, unreadable);
        }
        match (std::mem::replace(&mut self.sasl, is_there), is_there) {
            (false, true) => self.transport.send(&Command::CapRequest("sasl").to_line()).await,
            (true, false) => {
                Err(WireError::told(WireClass::Temporary, "CAP DEL", "the server has no SASL now"))
            }
            _ => Ok(()),
        }
    }

    /// Hears messages until one is the answer. A server that wants a sign of life gets it.
    async fn hear<T>(
        &mut self,
        mut answer: impl FnMut(&Message<'_>) -> Result<Option<T>, WireError>,
    ) -> Result<T, WireError> {
        for _ in 0..MAX_LINES {
            let line = self.transport.line().await?;
            if line.is_empty() {
                continue;
            }
            let message =
                Message::parse(&line).map_err(|error| WireError::protocol(error.to_string()))?;
            self.ended |= message.is("ERROR");
            let cap = CapReply::of(&message);
            if message.is("PING") {
                self.transport.send(&Command::Pong(message.text()).to_line()).await?;
            } else if let Some(notice @ (CapReply::New(_) | CapReply::Del(_))) = cap {
                self.follow(notice).await?;
            } else if let Some(found) = answer(&message)? {
                self.last = line;
                return Ok(found);
            }
        }
        Err(WireError::protocol("expected an answer, and got other lines without end"))
    }
}

fn printable_words(capabilities: &Capabilities) -> Vec<String> {
    capabilities.words().iter().map(|word| printable(word.as_bytes())).collect()
}

/// The server hangs up, or says something that concerns nobody.
fn hangs_up<T>(message: &Message<'_>) -> Result<Option<T>, WireError> {
    if message.is("ERROR") {
        Err(WireError::told(WireClass::Connection, "ERROR", message.text()))
    } else {
        Ok(None)
    }
}

/// A nickname that nobody else has, probably.
fn nickname() -> String {
    let random = Nonce::random().map(|nonce| nonce.as_str().to_owned()).unwrap_or_default();
    let letters = random.chars().filter(char::is_ascii_alphanumeric).take(8);
    ['a'].into_iter().chain(letters).collect()
}
