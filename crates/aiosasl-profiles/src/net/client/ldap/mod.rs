//! An LDAP client, as far as SASL: the root DSE, StartTLS, bind (RFC 4511 and 4513).

mod root;

use std::time::Duration;

use aiosasl::{driver::Reply, message::ClientMessage, profile::Profile};
use tokio::time::sleep;

use self::root::Root;
use crate::{
    WireClass, WireError,
    ldap::{
        self, ExtendedRequest, LdapResult, Message, Operation, ResultCode, SearchRequest,
        client::{self, Exchange},
    },
    net::{Offer, TlsMode, opening::Opening, transport::Transport},
};

/// The most messages that answer one request, or concern nobody.
const MAX_MESSAGES: usize = 64;
/// How long to wait before TLS is asked for again: OpenLDAP, when it has much to do, takes the search before it for
/// outstanding although it has answered it, and starts no TLS then (RFC 4511 section 4.14.1).
const PAUSES: [Duration; 3] =
    [Duration::from_millis(20), Duration::from_millis(100), Duration::from_millis(300)];
/// Something found somewhere else (RFC 4511 section 4.5.3).
const SEARCH_RESULT_REFERENCE: u8 = 0x73;

/// A connection to an LDAP server.
pub(super) struct Client {
    transport: Transport,
    exchange: Exchange,
    offer: Offer,
    /// Whether the server has said that it hangs up.
    has_ended: bool,
}

impl super::Client for Client {
    /// Says something of an exchange, and waits for the answer.
    async fn say(&mut self, message: &ClientMessage) -> Result<Reply, WireError> {
        if matches!(message, ClientMessage::Authenticate { .. }) {
            // Whatever was going on is given up with it (RFC 4513 section 5.2.1.2).
            self.exchange = Exchange::new(self.exchange.next_id());
        }
        let request = self.exchange.request(message)?;
        self.transport.send(&request).await?;
        let answer = self.receive().await?;
        self.exchange.hear(&answer)
    }

    /// Says good bye, where the conversation still makes sense, and hangs up. The request has no answer.
    async fn close(&mut self, usable: bool) {
        if usable && !self.has_ended {
            let _ = self.request(Operation::Unbind).await;
        }
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        ldap::PROFILE
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

    fn has_ended(&self) -> bool {
        self.has_ended
    }
}

impl Client {
    /// Connects, asks what the server can do, and starts TLS where wanted.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let transport = opening.connect(ldap::MAX_FRAME).await?;
        let (exchange, offer) = (Exchange::new(1), Offer::default());
        let mut client = Self { transport, exchange, offer, has_ended: false };
        let root = client.ask(opening).await?;
        if opening.wants_start_tls(root.may_start_tls())?
            && client.start_tls(opening, root.is_told()).await?
        {
            // What was offered in the clear is forgotten, but for who wants to compare.
            let before = std::mem::take(&mut client.offer.mechanisms);
            let is_told = root.is_told();
            client.ask(opening).await?;
            client.offer.start_tls_offered = true;
            client.offer.before_tls = Some(if is_told { before } else { Vec::new() });
        }
        Ok(client)
    }

    /// Starts TLS; whether it could be had. A server that has not said that it can may refuse, unless TLS is demanded.
    async fn start_tls(&mut self, opening: Opening<'_>, is_told: bool) -> Result<bool, WireError> {
        let mut result = self.ask_for_tls().await?;
        for pause in PAUSES {
            if result.code != ResultCode::OPERATIONS_ERROR {
                break;
            }
            sleep(pause).await;
            result = self.ask_for_tls().await?;
        }
        match result.code {
            ResultCode::SUCCESS => opening.start_tls(&mut self.transport).await.map(|()| true),
            _ if !is_told && opening.options.tls == TlsMode::Auto => Ok(false),
            _ => Err(result.told(WireClass::Tls)),
        }
    }

    async fn ask_for_tls(&mut self) -> Result<LdapResult, WireError> {
        let id = self.request(Operation::ExtendedRequest(ExtendedRequest::start_tls())).await?;
        match self.answer(id).await? {
            Operation::ExtendedResponse(response) => Ok(response.result),
            _ => Err(WireError::protocol("expected the answer to a request for TLS")),
        }
    }

    /// Asks what the server tells of itself; it may not want to tell whoever has not authenticated.
    async fn ask(&mut self, opening: Opening<'_>) -> Result<Root, WireError> {
        let id = self.request(Operation::SearchRequest(SearchRequest::root_dse())).await?;
        let mut root = Root::default();
        for _ in 0..MAX_MESSAGES {
            match self.answer(id).await? {
                Operation::SearchEntry(entry) => root.found(entry),
                Operation::Other(SEARCH_RESULT_REFERENCE, _) => {}
                Operation::SearchDone(result) => {
                    root.done(result)?;
                    self.offer = root.offer(self.transport.tls().is_some())?;
                    let bindings = root.own_bindings(self.transport.bindings());
                    self.transport.add_bindings(bindings);
                    opening.tell_offer(&self.offer.mechanisms, &self.offer.capabilities);
                    return Ok(root);
                }
                _ => return Err(WireError::protocol("expected the answer to a search")),
            }
        }
        Err(endless())
    }

    /// Sends a request, and gives its number.
    async fn request(&mut self, operation: Operation) -> Result<u32, WireError> {
        let id = self.exchange.next_id();
        self.exchange = Exchange::new(id.saturating_add(1));
        self.transport.send(&Message::new(id, operation).to_frame()?).await?;
        Ok(id)
    }

    /// The next answer to this request.
    async fn answer(&mut self, id: u32) -> Result<Operation, WireError> {
        match self.receive().await? {
            message if message.id == id => Ok(message.operation),
            _ => Err(WireError::protocol("expected an answer, found one to something else")),
        }
    }

    /// The next message that concerns us.
    async fn receive(&mut self) -> Result<Message, WireError> {
        for _ in 0..MAX_MESSAGES {
            let frame = self.transport.frame(ldap::measure).await?;
            let message = Message::parse(&frame)?;
            match &message.operation {
                _ if client::is_unrelated(&message) => {}
                Operation::ExtendedResponse(notice) if message.id == 0 => {
                    self.has_ended = true;
                    return Err(client::farewell(notice));
                }
                _ => return Ok(message),
            }
        }
        Err(endless())
    }
}

fn endless() -> WireError {
    WireError::protocol(format!("expected an answer of at most {MAX_MESSAGES} messages"))
}
