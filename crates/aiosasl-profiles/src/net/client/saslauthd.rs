//! A client of saslauthd: one request, one reply, and the server hangs up.

use aiosasl::{driver, message::ClientMessage, own_login, profile::Profile};

use super::own::{Heard, OwnLogin};
use crate::{
    WireError,
    net::{Offer, opening::Opening, transport::Transport},
    saslauthd::{MAX_REQUEST, Reply, Request, measure_reply},
};

/// A connection to saslauthd.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    service: String,
    own_login: OwnLogin,
    last: String,
}

impl super::Client for Client {
    /// Asks whether a password is right; there are no mechanisms.
    async fn say(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        match self.own_login.hear(message) {
            Heard::Password(name, password) => self.ask(name, password).await,
            Heard::Answered(reply) => Ok(reply),
            Heard::Mechanisms => Err(WireError::protocol("saslauthd knows no mechanisms")),
        }
    }

    /// Hangs up: the protocol has no words for it.
    async fn close(&mut self, _: bool) {
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        Profile::FULL
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

    /// Whether it has answered: it hangs up with that.
    fn has_ended(&self) -> bool {
        !self.last.is_empty()
    }

    /// The reply.
    fn last_words(&self) -> &[u8] {
        self.last.as_bytes()
    }
}

impl Client {
    /// Connects; the server says nothing before it is asked.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let transport = opening.connect(MAX_REQUEST).await?;
        // Always false: the protocol knows no TLS, and says so where it is demanded.
        opening.wants_start_tls(false)?;
        let mechanisms = vec![own_login::PASSWORD.name];
        let offer = Offer { mechanisms, initial_response: true, ..Offer::default() };
        opening.tell_offer(&offer.mechanisms, &offer.capabilities);
        let service = opening.service().to_owned();
        let own_login = OwnLogin::default();
        Ok(Self { transport, offer, service, own_login, last: String::new() })
    }

    async fn ask(&mut self, name: &[u8], password: &[u8]) -> Result<driver::Reply, WireError> {
        let name = std::str::from_utf8(name)
            .map_err(|_| WireError::protocol("expected a name in UTF-8"))?;
        // What stands behind the last `@` is the realm, as Cyrus SASL's own clients have it.
        let (login, realm) = name.rsplit_once('@').unwrap_or((name, ""));
        let request = Request {
            login: login.to_owned(),
            password: password.into(),
            service: self.service.clone(),
            realm: realm.to_owned(),
            client_address: None,
        };
        self.transport.send(&request.to_frame()?).await?;
        let reply = Reply::parse(&self.transport.frame(measure_reply).await?)?;
        self.last.clone_from(&reply.text);
        reply.into_result().map(|()| driver::Reply::Success(None))
    }
}
