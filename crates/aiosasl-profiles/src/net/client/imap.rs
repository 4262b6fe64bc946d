//! An IMAP client, as far as SASL: greeting, capabilities, STARTTLS, AUTHENTICATE (RFC 9051 section 6.2).

use aiosasl::{driver, message::ClientMessage, profile::Profile};

use crate::{
    Said, WireClass, WireError,
    imap::{
        self, Condition, Reply, Status,
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
    last: Line,
}

impl super::Client for Client {
    /// Says something of an exchange, and waits for the answer.
    async fn say(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        if matches!(message, ClientMessage::Authenticate { .. }) {
            self.commands = self.commands.wrapping_add(1);
        }
        let tag = self.tag();
        self.transport.send(&client::request(&tag, message)).await?;
        for _ in 0..MAX_LINES {
            self.last = self.transport.line().await?;
            let heard = client::hear(&self.last, &tag, Said::from(message));
            if let Some(reply) = heard.map_err(|error| self.explain(error, message))? {
                return Ok(reply);
            }
        }
        Err(endless())
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
        self.offer.mechanisms = capabilities.mechanisms();
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
