//! An IMAP client, as far as SASL: greeting, capabilities, STARTTLS, AUTHENTICATE (RFC 9051 section 6.2).

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage, Response},
    own_login,
    profile::Profile,
};

use crate::{
    Said, WireClass, WireError,
    imap::{
        self, Condition, Literals, Reply, Status,
        capability::Capabilities,
        client::{self, Command},
    },
    line::Line,
    net::{Event, Offer, opening::Opening, transport::Transport},
    printable,
};

/// The most lines that answer one command, those about other things included.
const MAX_LINES: usize = 256;

/// A connection to an IMAP server.
pub(super) struct Client {
    transport: Transport,
    commands: u32,
    offer: Offer,
    profile: Profile,
    literals: Literals,
    /// Whether what comes next is the message of IMAP's own login.
    logging_in: bool,
    last: Line,
}

impl super::Client for Client {
    /// Says something of an exchange, and waits for the answer.
    async fn say(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        match (message, std::mem::take(&mut self.logging_in)) {
            (ClientMessage::Authenticate { mechanism, initial_response }, _)
                if *mechanism == own_login::PASSWORD.name =>
            {
                if let Some(it) = initial_response {
                    return self.log_in(it).await;
                }
                // Without SASL-IR nothing goes with a request: what the command is made of is asked for.
                self.logging_in = true;
                Ok(driver::Reply::Challenge(Challenge::empty()))
            }
            (ClientMessage::Response(it), true) => self.log_in(it).await,
            (ClientMessage::Abort, true) => Ok(driver::Reply::Failure),
            (ClientMessage::Authenticate { .. }, _) => {
                self.commands = self.commands.wrapping_add(1);
                self.converse(message).await
            }
            _ => self.converse(message).await,
        }
    }

    /// Says good bye, where the conversation still makes sense, and hangs up.
    async fn close(&mut self, usable: bool) {
        // The answer concerns nobody any more, nor does a failure.
        if usable {
            let _ = self.command(Command::Logout).await;
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

    /// Whether the server has said that it hangs up.
    fn has_ended(&self) -> bool {
        let last = Reply::parse(&self.last);
        matches!(last, Ok(Reply::Untagged(it)) if it.status == Status::Bye)
    }

    /// The server's last line, without its tag.
    fn last_words(&self) -> &[u8] {
        let space = self.last.iter().position(|octet| *octet == b' ').map_or(0, |at| at + 1);
        self.last.get(space..).unwrap_or_default()
    }
}

impl Client {
    /// Connects, hears the greeting and the capabilities, and starts TLS where wanted.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let mut transport = opening.connect(imap::MAX_LINE).await?;
        let greeting = transport.line().await?;
        let greeting = greeted(&greeting)?;
        let mut client = Self {
            transport,
            commands: 0,
            offer: Offer { greeting: printable(greeting.text), ..Offer::default() },
            profile: imap::PROFILE,
            literals: Literals::default(),
            logging_in: false,
            last: Line::default(),
        };
        opening.tell(Event::Greeting(&client.offer.greeting));
        let capabilities = match greeting.capabilities() {
            Some(list) => Capabilities::parse(list),
            None => client.ask_capabilities().await?,
        };
        client.take_offer(&capabilities, opening);
        client.offer.start_tls_offered = capabilities.has("STARTTLS");
        if opening.wants_start_tls(client.offer.start_tls_offered)? {
            client.start_tls(opening).await?;
        }
        Ok(client)
    }

    /// Says a message of an exchange.
    async fn converse(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        let tag = self.tag();
        self.transport.send(&client::request(&tag, message)).await?;
        self.hear(Said::from(message)).await.map_err(|error| self.explain(error, message))
    }

    /// IMAP's own login (RFC 9051 section 6.2.3).
    async fn log_in(&mut self, message: &Response) -> Result<driver::Reply, WireError> {
        self.commands = self.commands.wrapping_add(1);
        let (name, password) = own_login::split(message.as_bytes()).unwrap_or_default();
        let pieces = imap::login(&self.tag(), name, password, self.literals).ok_or_else(|| {
            WireError::new(WireClass::Credentials, "IMAP has no way to say a NUL")
        })?;
        let mut pieces = pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            self.transport.send(piece).await?;
            let more = pieces.peek();
            // What a server says when it waits for a literal is words.
            let said = if more.is_some() { Said::Request } else { Said::Response };
            let reply = self.hear(said).await;
            match (reply, more) {
                (Ok(driver::Reply::Challenge(_)), Some(_)) => {}
                (Ok(driver::Reply::Success(None)), None) => {
                    return Ok(driver::Reply::Success(None));
                }
                (Err(error), _) => return Err(error),
                (Ok(_), _) => return Err(WireError::protocol("an answer that fits no LOGIN")),
            }
        }
        Err(WireError::protocol("a LOGIN without an answer"))
    }

    /// Waits for the answer to the command that was given last.
    async fn hear(&mut self, said: Said) -> Result<driver::Reply, WireError> {
        let tag = self.tag();
        for _ in 0..MAX_LINES {
            self.last = self.transport.line().await?;
            if let Some(reply) = client::hear(&self.last, &tag, said)? {
                return Ok(reply);
            }
        }
        Err(endless())
    }

    async fn start_tls(&mut self, opening: Opening<'_>) -> Result<(), WireError> {
        self.command(Command::StartTls).await?;
        opening.start_tls(&mut self.transport).await?;
        let before = std::mem::take(&mut self.offer.mechanisms);
        let capabilities = self.ask_capabilities().await?;
        self.take_offer(&capabilities, opening);
        self.offer.before_tls = Some(before);
        Ok(())
    }

    async fn ask_capabilities(&mut self) -> Result<Capabilities, WireError> {
        self.command(Command::Capability)
            .await?
            .ok_or_else(|| WireError::protocol("expected a list of capabilities, found none"))
    }

    /// Gives a command and waits until it is done; capabilities that are mentioned meanwhile are the result.
    async fn command(&mut self, command: Command) -> Result<Option<Capabilities>, WireError> {
        self.commands = self.commands.wrapping_add(1);
        let tag = self.tag();
        self.transport.send(&client::command(&tag, command)).await?;
        let mut capabilities = None;
        for _ in 0..MAX_LINES {
            let line = self.transport.line().await?;
            match Reply::parse(&line) {
                Ok(Reply::Capability(list)) => capabilities = Some(Capabilities::parse(list)),
                Ok(Reply::Tagged { tag: theirs, condition }) if theirs == tag.as_bytes() => {
                    return done(&condition, command).map(|()| capabilities);
                }
                Ok(Reply::Untagged(it))
                    if it.status == Status::Bye && command != Command::Logout =>
                {
                    return Err(client::farewell(&it));
                }
                Ok(Reply::Untagged(_) | Reply::Other(_)) => {}
                Ok(Reply::Continuation(_) | Reply::Tagged { .. }) => {
                    return Err(WireError::protocol("an answer to a command that was not given"));
                }
                Err(error) => return Err(WireError::protocol(error.to_string())),
            }
        }
        Err(endless())
    }

    /// A refusal without a code is about the credentials, unless the mechanism was not on offer.
    fn explain(&self, error: WireError, message: &ClientMessage) -> WireError {
        let coded = error.code.as_ref().is_some_and(|code| code.contains("AUTHENTICATIONFAILED"));
        match (error.class, message) {
            (WireClass::Credentials, ClientMessage::Authenticate { mechanism, .. })
                if !coded && !self.offer.mechanisms.contains(mechanism) =>
            {
                WireError { class: WireClass::Mechanism, ..error }
            }
            _ => error,
        }
    }

    fn take_offer(&mut self, capabilities: &Capabilities, opening: Opening<'_>) {
        self.profile = imap::profile(capabilities.sasl_ir());
        self.literals = capabilities.literals();
        self.offer.mechanisms = capabilities.mechanisms();
        if !capabilities.has("LOGINDISABLED") {
            self.offer.mechanisms.push(own_login::PASSWORD.name);
        }
        self.offer.unreadable = capabilities.unreadable();
        self.offer.login_disabled = capabilities.has("LOGINDISABLED");
        self.offer.initial_response = capabilities.sasl_ir() == imap::SaslIr::Present;
        self.offer.capabilities = capabilities.words().to_vec();
        opening.tell_offer(&self.offer.mechanisms, &self.offer.capabilities);
    }

    fn tag(&self) -> String {
        format!("A{}", self.commands)
    }
}

/// A greeting that lets us authenticate. PREAUTH does not: nobody could start TLS then, and somebody in between could
/// have made it up.
fn greeted(line: &[u8]) -> Result<Condition<'_>, WireError> {
    match Reply::parse(line) {
        Ok(Reply::Untagged(it)) => match it.status {
            Status::Ok => Ok(it),
            Status::Bye => Err(client::farewell(&it)),
            Status::PreAuth => Err(WireError::told(
                WireClass::Policy,
                it.label(),
                "authenticated already, says the server",
            )),
            Status::Bad | Status::No => Err(not_imap()),
        },
        _ => Err(not_imap()),
    }
}

fn done(condition: &Condition<'_>, command: Command) -> Result<(), WireError> {
    let class = match (condition.status, command) {
        (Status::Ok, _) => return Ok(()),
        (_, Command::StartTls) => WireClass::Tls,
        _ => WireClass::Protocol,
    };
    Err(WireError::told(class, condition.label(), condition.text))
}

fn not_imap() -> WireError {
    WireError::protocol("expected the greeting of an IMAP server")
}

fn endless() -> WireError {
    WireError::protocol(format!("expected an answer within {MAX_LINES} lines"))
}
