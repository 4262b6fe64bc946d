//! An SMTP and LMTP client, as far as SASL: greeting, EHLO or LHLO, STARTTLS, AUTH (RFC 5321, 2033, 3207, 4954).

use aiosasl::{driver, message::ClientMessage, profile::Profile};

use crate::{
    Said, WireClass, WireError,
    net::{Event, Offer, Protocol, opening::Opening, transport::Transport},
    printable,
    smtp::{
        self, Dialect, Reply, ReplyReader,
        client::{self, Capabilities},
    },
};

/// How we call ourselves: an address literal, which says nothing about us.
const US: &str = "[127.0.0.1]";

/// A connection to an SMTP server.
pub(super) struct Client {
    transport: Transport,
    dialect: Dialect,
    offer: Offer,
    last: Reply,
    last_words: String,
}

impl super::Client for Client {
    /// Says something of an exchange, and waits for the answer.
    async fn say(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        let line = client::spell(message);
        self.command(&line).await?;
        client::hear(&self.last, Said::from(message))
    }

    /// Says good bye, where the conversation still makes sense, and hangs up.
    async fn close(&mut self, usable: bool) {
        // The answer concerns nobody any more, nor does a failure.
        if usable {
            let _ = self.command(b"QUIT\r\n").await;
        }
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        smtp::PROFILE
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

    /// Whether the server has said that it hangs up (RFC 5321 section 3.8).
    fn has_ended(&self) -> bool {
        self.last.code == 421
    }

    /// The server's last reply, as one line.
    fn last_words(&self) -> &[u8] {
        self.last_words.as_bytes()
    }
}

impl Client {
    /// Connects, hears the greeting and the capabilities, and starts TLS where wanted.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let mut transport = opening.connect(smtp::MAX_LINE).await?;
        let last = hear(&mut transport).await?;
        let offer = Offer {
            initial_response: true,
            greeting: printable(last.text().as_bytes()),
            ..Offer::default()
        };
        let dialect = match opening.target.protocol {
            Protocol::Lmtp => Dialect::Lmtp,
            _ => Dialect::Smtp,
        };
        let mut client = Self { transport, dialect, offer, last, last_words: String::new() };
        opening.tell(Event::Greeting(&client.offer.greeting));
        greeted(&client.last)?;
        client.ask_capabilities(opening).await?;
        if opening.wants_start_tls(client.offer.start_tls_offered)? {
            client.start_tls(opening).await?;
        }
        Ok(client)
    }

    async fn start_tls(&mut self, opening: Opening<'_>) -> Result<(), WireError> {
        self.command(b"STARTTLS\r\n").await?;
        if self.last.code != 220 {
            return Err(told(WireClass::Tls, &self.last));
        }
        opening.start_tls(&mut self.transport).await?;
        // What was offered in the clear is forgotten, but for who wants to compare (RFC 3207 section 4.2).
        let before = std::mem::take(&mut self.offer.mechanisms);
        self.ask_capabilities(opening).await?;
        self.offer.start_tls_offered = true;
        self.offer.before_tls = Some(before);
        Ok(())
    }

    async fn ask_capabilities(&mut self, opening: Opening<'_>) -> Result<(), WireError> {
        self.command(format!("{} {US}\r\n", self.dialect.hello()).as_bytes()).await?;
        let capabilities = match (self.last.code, self.dialect) {
            // A server of before 1995 knows HELO alone, and no extensions with it (RFC 5321 section 3.2).
            (500 | 502 | 504, Dialect::Smtp) => self.say_hello().await?,
            _ => Capabilities::read(&self.last)?,
        };
        let limit = |size: u64| ("SIZE".to_owned(), size.to_string());
        self.offer.limits = capabilities.size.map(limit).into_iter().collect();
        self.offer.start_tls_offered = capabilities.start_tls;
        self.offer.mechanisms = capabilities.mechanisms;
        self.offer.unreadable = harmless(&capabilities.unreadable);
        self.offer.capabilities = harmless(&capabilities.lines);
        opening.tell_offer(&self.offer.mechanisms, &self.offer.capabilities);
        Ok(())
    }

    /// The old greeting, to which nothing is offered; where that is refused, too, the first refusal counts.
    async fn say_hello(&mut self) -> Result<Capabilities, WireError> {
        let refusal = client::refused(&self.last);
        self.command(format!("HELO {US}\r\n").as_bytes()).await?;
        if self.last.code == 250 { Ok(Capabilities::default()) } else { Err(refusal) }
    }

    async fn command(&mut self, line: &[u8]) -> Result<(), WireError> {
        self.transport.send(line).await?;
        self.last = hear(&mut self.transport).await?;
        self.last_words = format!("{} {}", self.last.code_text(), self.last.text());
        Ok(())
    }
}

async fn hear(transport: &mut Transport) -> Result<Reply, WireError> {
    let mut reader = ReplyReader::new();
    loop {
        let line = transport.line().await?;
        if let Some(reply) = reader.line(&line)? {
            return Ok(reply);
        }
    }
}

/// A greeting that lets us go on (RFC 5321 section 3.1).
fn greeted(reply: &Reply) -> Result<(), WireError> {
    match reply.code {
        220 => Ok(()),
        400..=499 => Err(told(WireClass::Temporary, reply)),
        500..=599 => Err(told(WireClass::Connection, reply)),
        _ => Err(WireError::protocol("expected the greeting of an SMTP server")),
    }
}

fn told(class: WireClass, reply: &Reply) -> WireError {
    WireError::told(class, reply.code_text(), reply.text())
}

fn harmless(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| printable(line.as_bytes())).collect()
}
