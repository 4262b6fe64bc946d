//! What an IRC client has said of itself, and the answers to all that needs no exchange.

use aiosasl::{
    driver::Store,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
};
use zeroize::Zeroizing;

use crate::{
    WireError,
    irc::{
        Numeric,
        chunks::{Chunks, Heard},
        server::{self, Cap, CapVersion, Command, Voice},
    },
    line::Line,
    net::{
        server::{
            dialogue::{Dialogue, Interrupt},
            door::Door,
        },
        transport::Transport,
    },
};

/// What comes after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    /// To hang up, for this reason.
    HangUp(&'static str),
}

/// How far registration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Registration {
    /// It waits until capabilities are negotiated.
    ExpectCapEnd,
    /// It waits for nothing but names.
    ExpectNames,
    /// It is done.
    Done,
}

/// One client's session.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that the client has said, or may do"
)]
pub(super) struct Session {
    server: String,
    registration: Registration,
    nick: Option<String>,
    has_user: bool,
    /// Whether the capability is in force.
    sasl: bool,
    /// Whether the client wants to hear of capabilities that come and go: none does, while a connection lasts.
    notify: bool,
    mechanisms: Vec<MechanismName>,
    can_start_tls: bool,
    /// Commands that exchanges may still be interrupted by.
    asides: u16,
    /// Why to hang up, after an exchange that was interrupted by it.
    interruption: Option<&'static str>,
}

impl Session {
    pub(super) fn new<S: Store>(door: &Door<'_, S>) -> Self {
        Self {
            server: door.config.name.clone(),
            registration: Registration::ExpectNames,
            nick: None,
            has_user: false,
            sasl: false,
            notify: false,
            mechanisms: door.offered().map(|mechanism| mechanism.name).collect(),
            can_start_tls: door.can_start_tls(),
            asides: door.config.limits.commands,
            interruption: None,
        }
    }

    /// Does all that needs no exchange.
    pub(super) async fn obey(
        &mut self,
        transport: &mut Transport,
        command: Command,
    ) -> Result<Next, WireError> {
        if command == Command::Quit {
            return Ok(Next::HangUp("good bye"));
        }
        if let Some(line) = self.answer(command) {
            transport.send(&line).await?;
        }
        Ok(Next::Go)
    }

    /// Notes that the client is registered; the lines that welcome it.
    pub(super) fn register(&mut self) -> Line {
        self.registration = Registration::Done;
        let welcome = self.tell(Numeric::WELCOME, &[], "Welcome: nobody else is here");
        let no_motd = self.tell(Numeric::NO_MOTD, &[], "There is no message of the day");
        Zeroizing::new([welcome.as_slice(), &no_motd].concat())
    }

    /// Why to hang up, where an exchange was interrupted by it.
    pub(super) fn take_interruption(&mut self) -> Option<&'static str> {
        self.interruption.take()
    }

    /// Whether the client has said all that it must.
    pub(super) fn can_register(&self) -> bool {
        self.registration == Registration::ExpectNames && self.has_user && self.nick.is_some()
    }

    pub(super) fn has_sasl(&self) -> bool {
        self.sasl
    }

    pub(super) fn mechanisms(&self) -> &[MechanismName] {
        &self.mechanisms
    }

    pub(super) fn voice(&self) -> Voice<'_> {
        Voice { server: &self.server, nick: self.nick.as_deref().unwrap_or("*") }
    }

    fn answer(&mut self, command: Command) -> Option<Line> {
        let is_registered = self.registration == Registration::Done;
        match command {
            Command::Cap(cap) => return self.negotiate(cap),
            Command::Ignored | Command::Pong | Command::Quit => return None,
            Command::Nick(Some(nick)) if !is_registered => {
                self.nick = Some(nick);
                return None;
            }
            Command::User(_) if !is_registered => {
                self.has_user = true;
                return None;
            }
            Command::Ping(token) => return Some(self.voice().pong(&token)),
            _ => {}
        }
        let (numeric, word, text) = match &command {
            Command::Incomplete(name) => {
                (Numeric::NEED_MORE_PARAMETERS, Some(name.as_str()), "Not enough parameters")
            }
            Command::Nick(None) => (Numeric::ERRONEOUS_NICKNAME, Some("*"), "Erroneous nickname"),
            Command::TooLong => (Numeric::INPUT_TOO_LONG, None, "Input line was too long"),
            Command::StartTls => (Numeric::START_TLS_FAILED, None, "STARTTLS is not to be had now"),
            Command::Nick(_) | Command::User(_) => {
                (Numeric::ALREADY_REGISTERED, None, "You may not reregister")
            }
            Command::Unknown(name) if is_registered => {
                (Numeric::UNKNOWN_COMMAND, Some(name.as_str()), "Unknown command")
            }
            _ => (Numeric::NOT_REGISTERED, None, "You have not registered"),
        };
        Some(self.tell(numeric, word.as_slice(), text))
    }

    fn negotiate(&mut self, cap: Cap) -> Option<Line> {
        self.registration = match (self.registration, &cap) {
            (Registration::Done, _) => Registration::Done,
            (_, Cap::Ls(_) | Cap::Request(_)) => Registration::ExpectCapEnd,
            (_, Cap::End) => Registration::ExpectNames,
            (before, Cap::List | Cap::Unknown(_)) => before,
        };
        let voice = self.voice();
        Some(match cap {
            Cap::End => return None,
            Cap::List => {
                let in_force = [(self.sasl, "sasl"), (self.notify, NOTIFY)].into_iter();
                let list: Vec<_> =
                    in_force.filter(|(is, _)| *is).map(|(_, name)| name.to_owned()).collect();
                voice.cap("LIST", &list)
            }
            Cap::Ls(version) => {
                let implied = version == CapVersion::WithValues;
                let mut list = vec![server::sasl(&self.mechanisms, version)];
                list.extend(self.can_start_tls.then(|| "tls".to_owned()));
                list.push(NOTIFY.to_owned());
                let line = voice.cap("LS", &list);
                self.notify |= implied;
                line
            }
            Cap::Request(words) if words.iter().all(|word| self.knows(word)) => {
                let acknowledged = voice.cap("ACK", &words);
                self.sasl = wanted(&words, "sasl").unwrap_or(self.sasl);
                self.notify = wanted(&words, NOTIFY).unwrap_or(self.notify);
                acknowledged
            }
            Cap::Request(words) => voice.cap("NAK", &words),
            Cap::Unknown(word) => {
                self.tell(Numeric::INVALID_CAP_COMMAND, &[&word], "Invalid CAP command")
            }
        })
    }

    /// Whether the capability can be had, or done without.
    fn knows(&self, capability: &str) -> bool {
        match capability.strip_prefix('-').unwrap_or(capability) {
            "sasl" | NOTIFY => true,
            "tls" => self.can_start_tls,
            _ => false,
        }
    }

    fn tell(&self, numeric: Numeric, words: &[&str], text: &str) -> Line {
        self.voice().numeric(numeric, words, text)
    }

    /// Does what a client may want besides, while an exchange goes on.
    async fn aside(
        &mut self,
        transport: &mut Transport,
        command: Command,
    ) -> Result<(), Interrupt> {
        self.asides = self.asides.saturating_sub(1);
        let next = match self.asides {
            0 => Next::HangUp("too much"),
            _ => self.obey(transport, command).await?,
        };
        if let Next::HangUp(why) = next {
            self.interruption = Some(why);
        }
        // Registration that ends, and the capability that goes, take the exchange with them (numeric 906).
        if next == Next::Go && self.sasl && !self.can_register() {
            Ok(())
        } else {
            Err(Interrupt::Refused(FailureCode::Aborted))
        }
    }
}

/// The capability to hear of others that come and go (IRCv3).
const NOTIFY: &str = "cap-notify";

/// Whether a list of wishes asks for this capability, or for being rid of it; the last word counts.
fn wanted(words: &[String], name: &str) -> Option<bool> {
    words.iter().rev().find_map(|word| match word.strip_prefix('-') {
        Some(word) => (word == name).then_some(false),
        None => (word == name).then_some(true),
    })
}

impl Dialogue for &mut Session {
    async fn ask(
        &mut self,
        transport: &mut Transport,
        challenge: &Challenge,
    ) -> Result<ClientMessage, Interrupt> {
        transport.send(&server::challenge(challenge)).await?;
        let mut chunks = Chunks::default();
        loop {
            let line = transport.line().await?;
            let chunk = match Command::parse(&line) {
                Command::Authenticate(chunk) => chunk,
                command => {
                    self.aside(transport, command).await?;
                    continue;
                }
            };
            match chunks.push(chunk.expose()) {
                Ok(Heard::More) => {}
                Ok(Heard::Message(octets)) => {
                    return Ok(ClientMessage::Response(Response::new(octets.expose())));
                }
                Ok(Heard::Abort) => return Ok(ClientMessage::Abort),
                Err(error) => return Err(Interrupt::Refused(server::refusal(error))),
            }
        }
    }
}
