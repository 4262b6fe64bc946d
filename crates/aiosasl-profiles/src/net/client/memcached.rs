//! A memcached client, as far as SASL: the binary protocol's list, auth and step.

use aiosasl::{driver::Reply, message::ClientMessage, name::MechanismName, profile::Profile};

use crate::{
    Said, WireClass, WireError,
    frame::Frame,
    memcached::{self, Opcode, Request, Response, client},
    net::{Offer, opening::Opening, transport::Transport},
};

/// A connection to a memcached server.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    /// That of the exchange.
    mechanism: Option<MechanismName>,
    /// The number of the last request.
    opaque: u32,
    last: Vec<u8>,
}

impl Client {
    /// Connects, and asks for the mechanisms.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let mut transport = opening.connect(memcached::MAX_FRAME).await?;
        let offer = Offer { initial_response: true, ..Offer::default() };
        transport.send(&client::list(0)?).await?;
        let response = Response::parse(&transport.frame(memcached::measure).await?)?;
        let mut it = Self { transport, offer, mechanism: None, opaque: 0, last: Vec::new() };
        let list = client::mechanisms(&response)?;
        it.offer.mechanisms = list.names();
        it.offer.unreadable = list.unreadable();
        opening.tell_offer(&it.offer.mechanisms, &it.offer.capabilities);
        Ok(it)
    }

    async fn ask(&mut self, request: &Frame) -> Result<Response, WireError> {
        self.transport.send(request).await?;
        Response::parse(&self.transport.frame(memcached::measure).await?)
    }
}

impl super::Client for Client {
    async fn say(&mut self, message: &ClientMessage) -> Result<Reply, WireError> {
        if let ClientMessage::Authenticate { mechanism, .. } = message {
            self.mechanism = Some(*mechanism);
        }
        let mechanism = self.mechanism.ok_or_else(|| WireError::protocol("nothing has begun"))?;
        self.opaque = self.opaque.wrapping_add(1);
        let Some(request) = client::request(message, mechanism, self.opaque)? else {
            // The next exchange takes the place of this one.
            return Ok(Reply::Failure);
        };
        let response = self.ask(&request).await?;
        let heard = client::hear(&response, self.opaque, Said::from(message));
        if heard.is_ok() {
            self.last = response.value.expose().to_vec();
        }
        heard.map_err(|error| match error.class {
            WireClass::Credentials if !self.offer.mechanisms.contains(&mechanism) => {
                WireError { class: WireClass::Mechanism, ..error }
            }
            _ => error,
        })
    }

    async fn close(&mut self, usable: bool) {
        const QUIT: Opcode = Opcode::Other(0x07);
        let nothing = aiosasl::secret::Secret::default;
        let quit = Request { opcode: QUIT, key: nothing(), value: nothing(), opaque: 0 };
        if let (true, Ok(quit)) = (usable, quit.to_frame()) {
            // The answer concerns nobody any more, nor does a failure.
            let _ = self.ask(&quit).await;
        }
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        memcached::PROFILE
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

    fn last_words(&self) -> &[u8] {
        &self.last
    }
}
