//! A ZooKeeper client, as far as SASL: a session, and tokens.
//!
//! A server names no mechanism, and has one alone: the offer is [`unlisted`](Offer::unlisted). Its own way to tell a name and a
//! password (`addauth digest`) is none to log in by: it takes whatever comes, and compares it later with who may do what.

use aiosasl::{driver::Reply, message::ClientMessage, profile::Profile};

use super::last_word;
use crate::{
    WireClass, WireError,
    net::{Offer, opening::Opening, transport::Transport},
    zookeeper::{self, ConnectRequest, ConnectResponse, Request, client},
};

/// After how many milliseconds of silence the server may take us for dead.
const TIMEOUT: i32 = 30_000;

/// A connection to a ZooKeeper server.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    /// The number of the last request.
    xid: i32,
    /// Whether the mechanism's last word may be an empty one that only we need.
    silent: bool,
    ended: bool,
}

impl Client {
    /// Connects, and begins a session.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let mut transport = opening.connect(zookeeper::MAX_FRAME).await?;
        transport.send(&ConnectRequest { timeout: TIMEOUT }.to_frame()?).await?;
        let session = ConnectResponse::parse(&transport.frame(zookeeper::measure).await?)?;
        if session.timeout <= 0 {
            return Err(WireError::new(WireClass::Temporary, "the server begins no session"));
        }
        let offer = Offer {
            unlisted: true,
            initial_response: true,
            limits: vec![("session timeout (ms)".to_owned(), session.timeout.to_string())],
            ..Offer::default()
        };
        opening.tell_offer(&offer.mechanisms, &offer.capabilities);
        Ok(Self { transport, offer, xid: 0, silent: false, ended: false })
    }

    async fn converse(&mut self, message: &ClientMessage) -> Result<Reply, WireError> {
        self.xid = self.xid.wrapping_add(1).max(1);
        let Some(request) = client::request(message, self.xid)? else {
            // There is no other way to give up.
            self.ended = true;
            self.transport.close().await;
            return Ok(Reply::Failure);
        };
        self.transport.send(&request).await?;
        client::hear(&self.transport.frame(zookeeper::measure).await?, self.xid)
    }
}

impl super::Client for Client {
    async fn say(&mut self, message: &ClientMessage) -> Result<Reply, WireError> {
        match message {
            ClientMessage::Authenticate { mechanism, .. } => {
                self.silent = last_word::is_silent(*mechanism);
            }
            ClientMessage::Response(response) if self.silent && response.is_empty() => {
                return Ok(Reply::Success(None));
            }
            ClientMessage::Response(_) | ClientMessage::Abort => {}
        }
        let heard = self.converse(message).await;
        self.ended |= heard.is_err();
        heard
    }

    async fn close(&mut self, usable: bool) {
        if usable {
            let goodbye = Request::Close { xid: self.xid.wrapping_add(1).max(1) };
            if let Ok(goodbye) = goodbye.to_frame() {
                // It concerns nobody any more.
                let _ = self.transport.send(&goodbye).await;
            }
        }
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        zookeeper::PROFILE
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
        self.ended
    }
}
