//! A POP3 client, as far as SASL: greeting, CAPA, STLS, AUTH (RFC 1939, 2449, 2595, 5034).

use aiosasl::{driver, message::ClientMessage, own_login, profile::Profile};

use super::own::{Heard, OwnLogin};
use crate::{
    Said, WireClass, WireError,
    line::Line,
    net::{Event, Offer, opening::Opening, transport::Transport},
    pop3::{
        self, AuthCodes, Reply, Sasl, Sign, Status,
        capability::Capabilities,
        client::{self, Command},
    },
    printable,
};

/// A connection to a POP3 server.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    profile: Profile,
    auth_codes: AuthCodes,
    own_login: OwnLogin,
    last: Line,
}

impl super::Client for Client {
    /// Says something of an exchange, and waits for the answer.
    async fn say(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        match self.own_login.hear(message) {
            Heard::Mechanisms => {}
            Heard::Password(name, password) => return self.log_in(name, password).await,
            Heard::Answered(reply) => return Ok(reply),
        }
        self.transport.send(&client::request(message)).await?;
        self.last = self.transport.line().await?;
        let heard = client::hear(&self.last, Said::from(message), self.auth_codes);
        heard.map_err(|error| self.explain(error, message))
    }

    /// Says good bye, where the conversation still makes sense, and hangs up.
    async fn close(&mut self, usable: bool) {
        // The answer concerns nobody any more, nor does a failure.
        if usable {
            let _ = self.command(Command::Quit).await;
        }
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        self.profile
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

    /// The server's last line.
    fn last_words(&self) -> &[u8] {
        &self.last
    }
}

impl Client {
    /// Connects, hears the greeting and the capabilities, and starts TLS where wanted.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let mut transport = opening.connect(pop3::MAX_LINE).await?;
        let last = transport.line().await?;
        let greeting = greeted(&last)?;
        let offer = Offer { greeting: printable(greeting.text), ..Offer::default() };
        let profile = pop3::profile(Sasl::Unlisted);
        let auth_codes = AuthCodes::Unlisted;
        let own_login = OwnLogin::default();
        let mut client = Self { transport, offer, profile, auth_codes, own_login, last };
        opening.tell(Event::Greeting(&client.offer.greeting));
        client.ask_capabilities(opening).await?;
        if opening.wants_start_tls(client.offer.start_tls_offered)? {
            client.start_tls(opening).await?;
        }
        Ok(client)
    }

    /// POP3's own login (RFC 1939 section 7). Both answers mean what they mean in an exchange.
    async fn log_in(&mut self, name: &[u8], password: &[u8]) -> Result<driver::Reply, WireError> {
        // Neither is said where the other can't be.
        for line in [client::user(name)?, client::pass(password)?] {
            self.transport.send(&line).await?;
            self.last = self.transport.line().await?;
            match client::hear(&self.last, Said::Response, self.auth_codes)? {
                driver::Reply::Success(_) => {}
                _ => return Err(no_status()),
            }
        }
        Ok(driver::Reply::Success(None))
    }

    async fn start_tls(&mut self, opening: Opening<'_>) -> Result<(), WireError> {
        if self.command(Command::StartTls).await? == Sign::Err {
            return Err(self.told(WireClass::Tls));
        }
        opening.start_tls(&mut self.transport).await?;
        // What was offered in the clear is forgotten, but for who wants to compare (RFC 2595 section 4).
        let before = std::mem::take(&mut self.offer.mechanisms);
        self.ask_capabilities(opening).await?;
        self.offer.start_tls_offered = true;
        self.offer.before_tls = Some(before);
        Ok(())
    }

    /// Asks for the capabilities; a server that has none may still list its mechanisms.
    async fn ask_capabilities(&mut self, opening: Opening<'_>) -> Result<(), WireError> {
        let capabilities = match self.command(Command::Capa).await? {
            Sign::Ok => self.list().await?,
            Sign::Err => Capabilities::default(),
        };
        self.profile = pop3::profile(capabilities.sasl());
        self.auth_codes = capabilities.auth_codes();
        self.offer.start_tls_offered = capabilities.has("STLS");
        self.offer.login_disabled = !capabilities.lines().is_empty() && !capabilities.has("USER");
        self.offer.initial_response = capabilities.sasl() == Sasl::Listed;
        self.offer.capabilities = capabilities.lines().to_vec();
        let offered = if capabilities.lines().is_empty() {
            self.ask_mechanisms().await?
        } else {
            capabilities
        };
        self.offer.mechanisms = offered.mechanisms();
        if !self.offer.login_disabled {
            self.offer.mechanisms.push(own_login::PASSWORD.name);
        }
        self.offer.unreadable = offered.unreadable();
        opening.tell_offer(&self.offer.mechanisms, &self.offer.capabilities);
        Ok(())
    }

    async fn ask_mechanisms(&mut self) -> Result<Capabilities, WireError> {
        if self.command(Command::Mechanisms).await? == Sign::Err {
            return Ok(Capabilities::default());
        }
        let names = self.list().await?;
        Ok(names.lines().iter().map(|name| format!("SASL {name}")).collect())
    }

    async fn list(&mut self) -> Result<Capabilities, WireError> {
        let mut list = Capabilities::default();
        for _ in 0..=pop3::MAX_LIST {
            let line = self.transport.line().await?;
            match pop3::listed(&line) {
                Some(line) => list.push(line),
                None => return Ok(list),
            }
        }
        Err(WireError::protocol(format!("expected a list of at most {} lines", pop3::MAX_LIST)))
    }

    /// Gives a command, and hears whether it is done.
    async fn command(&mut self, command: Command) -> Result<Sign, WireError> {
        self.transport.send(client::command(command)).await?;
        self.last = self.transport.line().await?;
        match Reply::parse(&self.last) {
            Ok(Reply::Status(status)) => Ok(status.sign),
            Ok(Reply::Continuation(_)) => Err(no_status()),
            Err(error) => Err(WireError::protocol(error.to_string())),
        }
    }

    fn told(&self, class: WireClass) -> WireError {
        match Reply::parse(&self.last) {
            Ok(Reply::Status(status)) => WireError::told(class, status.label(), status.text),
            _ => WireError::new(class, "refused"),
        }
    }

    /// A refusal without a code is about the mechanism, where that was not on offer.
    fn explain(&self, error: WireError, message: &ClientMessage) -> WireError {
        let is_coded = error.code.as_ref().is_none_or(|code| code.contains('['));
        match (error.class, message) {
            (
                WireClass::Credentials | WireClass::Protocol,
                ClientMessage::Authenticate { mechanism, .. },
            ) if !is_coded && !self.offer.mechanisms.contains(mechanism) => {
                WireError { class: WireClass::Mechanism, ..error }
            }
            _ => error,
        }
    }
}

fn no_status() -> WireError {
    WireError::protocol("expected '+OK' or '-ERR', found a challenge")
}

/// A greeting that lets us go on (RFC 1939 section 4).
fn greeted(line: &[u8]) -> Result<Status<'_>, WireError> {
    match Reply::parse(line) {
        Ok(Reply::Status(status)) if status.sign == Sign::Ok => Ok(status),
        Ok(Reply::Status(status)) => {
            let code = status.code.map(<[u8]>::to_ascii_uppercase);
            let class = match code.as_deref() {
                Some(b"IN-USE" | b"LOGIN-DELAY" | b"SYS/TEMP") => WireClass::Temporary,
                _ => WireClass::Connection,
            };
            Err(WireError::told(class, status.label(), status.text))
        }
        _ => Err(WireError::protocol("expected the greeting of a POP3 server")),
    }
}
