//! A MongoDB client, as far as somebody is in: hello, saslStart, saslContinue, authenticate.

use aiosasl::{driver, message::ClientMessage, name::MechanismName, profile::Profile};

use crate::{
    WireError,
    frame::MechanismList,
    mongodb::{
        self, Document, EXTERNAL, MAX_FRAME, Message,
        client::{self, ASSUMED, Exchange, UNLISTED},
        measure,
    },
    net::{Offer, opening::Opening, transport::Transport},
};

/// The database of users where the URL names none.
const DATABASE: &str = "admin";

/// A connection to a MongoDB server.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    /// Whose users log in, where somebody else vouches for none of them.
    database: String,
    /// What there is for them; all else is for those of `$external`.
    internal: Vec<MechanismName>,
    next_id: i32,
    exchange: Option<Exchange>,
    /// What was said before it was asked for, and the answer.
    speculation: Option<(ClientMessage, driver::Reply)>,
}

impl super::Client for Client {
    /// Says something of an exchange, and waits for the answer. There is no abort: another exchange takes the place of one that
    /// is left.
    async fn say(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        match message {
            ClientMessage::Abort => {
                self.exchange = None;
                return Ok(driver::Reply::Failure);
            }
            ClientMessage::Authenticate { mechanism, .. } => {
                if let Some((_, reply)) =
                    self.speculation.take().filter(|(said, _)| said == message)
                {
                    return Ok(reply);
                }
                self.exchange = Some(Exchange::new(self.database_for(*mechanism), self.next_id));
            }
            ClientMessage::Response(_) => {}
        }
        let exchange = self.exchange.as_mut();
        let exchange = exchange.ok_or_else(|| WireError::protocol("there is no exchange"))?;
        let Some(request) = exchange.request(message)? else { return Ok(driver::Reply::Failure) };
        self.next_id = self.next_id.wrapping_add(1);
        self.transport.send(&request).await?;
        exchange.hear(&Message::parse(&self.transport.frame(measure).await?)?)
    }

    /// Hangs up: there is no farewell.
    async fn close(&mut self, _: bool) {
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        mongodb::PROFILE
    }

    fn transport(&self) -> &Transport {
        &self.transport
    }

    fn transport_mut(&mut self) -> &mut Transport {
        &mut self.transport
    }

    fn into_transport(self) -> Transport {
        self.transport
    }
}

impl Client {
    /// Connects, and asks what the server is, and what it has for the user.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let transport = opening.connect(MAX_FRAME).await?;
        opening.wants_start_tls(false)?;
        let mut client = Self {
            transport,
            offer: Offer { initial_response: true, ..Offer::default() },
            database: opening.target.path.as_deref().unwrap_or(DATABASE).to_owned(),
            internal: names(&ASSUMED),
            next_id: 1,
            exchange: None,
            speculation: None,
        };
        client.ask(opening).await?;
        opening.tell_offer(&client.offer.mechanisms, &client.offer.capabilities);
        Ok(client)
    }

    async fn ask(&mut self, opening: Opening<'_>) -> Result<(), WireError> {
        let user = opening.target.user.as_deref();
        let named = |database: &str| user.map(|user| format!("{database}.{user}"));
        let first = opening.options.speculation.as_ref();
        let answer = self.hello(named(&self.database).as_deref(), first).await?;
        self.describe(&answer);
        let mut listed = client::mechanisms(&answer)?;
        let is_known = user.is_none() || client::lists_mechanisms(&answer);
        if is_known {
            self.internal.extend(listed.names());
        } else if opening.target.path.is_none() {
            // Whom nobody knows here, somebody else may vouch for.
            listed = client::mechanisms(&self.hello(named(EXTERNAL).as_deref(), None).await?)?;
        }
        self.offer.unreadable = listed.unreadable();
        self.offer.unlisted = listed.is_empty();
        self.offer.mechanisms = self.all_of(&listed);
        Ok(())
    }

    /// What is listed, or else assumed; and what is listed nowhere.
    fn all_of(&self, listed: &MechanismList) -> Vec<MechanismName> {
        let is_assumed = listed.is_empty() && self.database != EXTERNAL;
        let assumed = if is_assumed { &ASSUMED[..] } else { &[] };
        let mut all = listed.names();
        for name in names(assumed).into_iter().chain(names(&UNLISTED)) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all
    }

    /// Asks what the server is; with the first message of an exchange, where there is one already.
    async fn hello(
        &mut self,
        user: Option<&str>,
        first: Option<&ClientMessage>,
    ) -> Result<Document, WireError> {
        let mut exchange = match first {
            Some(ClientMessage::Authenticate { mechanism, .. }) => {
                // The hello has a number, too.
                let next = self.next_id.wrapping_add(1);
                Some(Exchange::new(self.database_for(*mechanism), next))
            }
            _ => None,
        };
        let speculation = exchange.as_ref().zip(first).map(|(it, first)| it.speculate(first));
        let body = client::hello(user, speculation.transpose()?.as_ref())?;
        let request_id = self.next_id;
        self.next_id = request_id.wrapping_add(1);
        let request = Message { request_id, response_to: 0, body }.to_frame()?;
        self.transport.send(&request).await?;
        let answer = Message::parse(&self.transport.frame(measure).await?)?;
        if answer.response_to != request_id {
            return Err(WireError::protocol("expected the answer to hello"));
        }
        if !answer.body.is_true("ok") {
            return Err(client::refusal(&answer.body));
        }
        if let (Some(it), Some(first)) = (&mut exchange, first) {
            let reply = it.hear_speculation(&answer.body)?;
            self.speculation = reply.map(|reply| (first.clone(), reply));
            self.exchange = exchange;
        }
        Ok(answer.body)
    }

    fn describe(&mut self, answer: &Document) {
        for name in ["minWireVersion", "maxWireVersion"] {
            if let Some(number) = answer.number(name) {
                self.offer.capabilities.push(format!("{name} {number}"));
            }
        }
        for name in ["maxBsonObjectSize", "maxMessageSizeBytes"] {
            if let Some(number) = answer.number(name) {
                self.offer.limits.push((name.to_owned(), number.to_string()));
            }
        }
    }

    fn database_for(&self, mechanism: MechanismName) -> &str {
        if self.internal.contains(&mechanism) { &self.database } else { EXTERNAL }
    }
}

fn names(names: &[&'static str]) -> Vec<MechanismName> {
    names.iter().filter_map(|name| MechanismName::parse(name).ok()).collect()
}
