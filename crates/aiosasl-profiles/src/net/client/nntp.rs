//! An NNTP client, as far as SASL: greeting, CAPABILITIES, MODE READER, STARTTLS, AUTHINFO (RFC 3977, 4642, 4643).

use aiosasl::{driver, message::ClientMessage, own_login, profile::Profile};

use super::own::{Heard, OwnLogin};
use crate::{
    Said, WireClass, WireError,
    line::Line,
    net::{Event, Offer, opening::Opening, transport::Transport},
    nntp::{
        self, Code, Reply,
        capability::Capabilities,
        client::{self, Command},
    },
    printable,
};

/// A connection to an NNTP server.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    own_login: OwnLogin,
    last: Line,
    ended: bool,
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
        self.hear_line().await?;
        client::hear(&self.last, Said::from(message))
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
        nntp::PROFILE
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

    /// Whether the server has said that it hangs up (RFC 3977 section 3.2.1).
    fn has_ended(&self) -> bool {
        self.ended
    }

    /// The server's last line, without a mechanism's words.
    fn last_words(&self) -> &[u8] {
        match Reply::parse(&self.last) {
            Ok(Reply { code: Code::ACCEPTED_WITH_DATA, .. }) => {
                self.last.get(..3).unwrap_or_default()
            }
            _ => &self.last,
        }
    }
}

impl Client {
    /// Connects, hears the greeting and the capabilities, asks for a reader's, and starts TLS where wanted.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let transport = opening.connect(nntp::MAX_LINE).await?;
        let mut client = Self {
            transport,
            offer: Offer { initial_response: true, ..Offer::default() },
            own_login: OwnLogin::default(),
            last: Line::default(),
            ended: false,
        };
        client.hear_line().await?;
        client.offer.greeting = printable(greeted(&client.last)?.text);
        opening.tell(Event::Greeting(&client.offer.greeting));
        client.ask_capabilities(opening).await?;
        if opening.wants_start_tls(client.offer.start_tls_offered)? {
            client.start_tls(opening).await?;
        }
        Ok(client)
    }

    /// NNTP's own login (RFC 4643 section 2.3): a server that wants no password says so after the name.
    async fn log_in(&mut self, name: &[u8], password: &[u8]) -> Result<driver::Reply, WireError> {
        // Neither is said where the other can't be.
        let [name, password] = [client::user(name)?, client::pass(password)?];
        self.transport.send(&name).await?;
        let reply = self.hear_line().await?;
        if reply.code == Code::PASSWORD_REQUIRED {
            self.transport.send(&password).await?;
            self.hear_line().await?;
        }
        match client::hear(&self.last, Said::Response)? {
            driver::Reply::Success(_) => Ok(driver::Reply::Success(None)),
            _ => Err(WireError::protocol("expected 281, 381 or a refusal in answer to AUTHINFO")),
        }
    }

    async fn start_tls(&mut self, opening: Opening<'_>) -> Result<(), WireError> {
        let reply = self.command(Command::StartTls).await?;
        if reply.code != Code::CONTINUE_WITH_TLS {
            return Err(WireError::told(WireClass::Tls, reply.code.to_string(), reply.text));
        }
        opening.start_tls(&mut self.transport).await?;
        // What was offered in the clear is forgotten, but for who wants to compare (RFC 4642 section 2.2.2).
        let before = std::mem::take(&mut self.offer.mechanisms);
        self.ask_capabilities(opening).await?;
        self.offer.start_tls_offered = true;
        self.offer.before_tls = Some(before);
        Ok(())
    }

    /// Asks for the capabilities; twice where the server has others for readers.
    async fn ask_capabilities(&mut self, opening: Opening<'_>) -> Result<(), WireError> {
        let mut capabilities = self.capabilities().await?;
        if capabilities.as_ref().is_some_and(|it| it.has("MODE-READER")) {
            // One that has none for readers stays as it is.
            self.command(Command::ModeReader).await?;
            capabilities = self.capabilities().await?;
        }
        // A server of before RFC 3977 may well have the commands of RFC 2980.
        let has_own_login = capabilities.as_ref().is_none_or(|it| it.has_authinfo("USER"));
        let capabilities = capabilities.unwrap_or_default();
        self.offer.start_tls_offered = capabilities.has("STARTTLS");
        self.offer.login_disabled = !has_own_login;
        self.offer.mechanisms = capabilities.mechanisms();
        if has_own_login {
            self.offer.mechanisms.push(own_login::PASSWORD.name);
        }
        self.offer.unreadable = capabilities.unreadable();
        self.offer.capabilities = capabilities.lines().to_vec();
        opening.tell_offer(&self.offer.mechanisms, &self.offer.capabilities);
        Ok(())
    }

    /// The capabilities; `None` where the server does not know the command.
    async fn capabilities(&mut self) -> Result<Option<Capabilities>, WireError> {
        if self.command(Command::Capabilities).await?.code != Code::CAPABILITIES {
            return Ok(None);
        }
        let mut list = Capabilities::default();
        for _ in 0..=nntp::MAX_LIST {
            let line = self.transport.line().await?;
            match nntp::listed(&line) {
                Some(line) => list.push(line),
                None => return Ok(Some(list)),
            }
        }
        Err(WireError::protocol(format!("expected a list of at most {} lines", nntp::MAX_LIST)))
    }

    /// Gives a command, and hears what became of it.
    async fn command(&mut self, command: Command) -> Result<Reply<'_>, WireError> {
        self.transport.send(client::command(command)).await?;
        self.hear_line().await
    }

    async fn hear_line(&mut self) -> Result<Reply<'_>, WireError> {
        self.last = self.transport.line().await?;
        let reply =
            Reply::parse(&self.last).map_err(|error| WireError::protocol(error.to_string()))?;
        self.ended = matches!(reply.code, Code::UNAVAILABLE | Code::CLOSING);
        Ok(reply)
    }
}

/// A greeting that lets us go on (RFC 3977 section 5.1).
fn greeted(line: &[u8]) -> Result<Reply<'_>, WireError> {
    let reply = Reply::parse(line).map_err(|error| WireError::protocol(error.to_string()))?;
    let class = match reply.code {
        Code::READY | Code::READY_NO_POSTING => return Ok(reply),
        Code::UNAVAILABLE => WireClass::Temporary,
        code if code.is_refusal() => WireClass::Connection,
        _ => return Err(WireError::protocol("expected the greeting of an NNTP server")),
    };
    Err(WireError::told(class, reply.code.to_string(), reply.text))
}
