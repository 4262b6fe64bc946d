//! A client of Subversion's own server, as far as SASL: greeting, the repository's URL, the exchange.
//!
//! Which mechanisms there are depends on the repository.

use aiosasl::{driver::Reply, message::ClientMessage, name::MechanismName, profile::Profile};

use crate::{
    Said, WireClass, WireError,
    net::{Offer, Target, opening::Opening, transport::Transport},
    printable,
    svn::{self, Item, MAX_ITEM, client},
};

/// A connection to a server, in front of a repository.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    mechanism: Option<MechanismName>,
    ended: bool,
}

impl super::Client for Client {
    async fn say(&mut self, message: &ClientMessage) -> Result<Reply, WireError> {
        if let ClientMessage::Authenticate { mechanism, .. } = message {
            self.mechanism = Some(*mechanism);
        }
        let mechanism = self.mechanism.ok_or_else(|| WireError::protocol("nothing has begun"))?;
        let Some(item) = client::request(message, mechanism) else {
            // There is no word for giving up.
            self.ended = true;
            self.transport.close().await;
            return Ok(Reply::Failure);
        };
        self.transport.send(&item.to_octets()).await?;
        let item = Item::parse(&self.transport.frame(svn::measure).await?)?;
        client::hear(&item, mechanism, Said::from(message))
            .map_err(|error| self.explain(error, mechanism))
    }

    async fn close(&mut self, _: bool) {
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        svn::PROFILE
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

impl Client {
    /// Connects, and asks for the repository that the target names.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let mut transport = opening.connect(MAX_ITEM).await?;
        let greeting = Item::parse(&transport.frame(svn::measure).await?)?;
        let greeting = client::greeting(&greeting)?;
        let response = client::greeting_response(&url(opening.target));
        transport.send(&response.to_octets()).await?;
        let request = Item::parse(&transport.frame(svn::measure).await?)?;
        let request = client::auth_request(&request)?;
        let mut offer = Offer {
            initial_response: true,
            capabilities: greeting.capabilities,
            greeting: format!("realm {}", request.realm),
            ..Offer::default()
        };
        for name in request.mechanisms {
            match MechanismName::parse(&name) {
                Ok(name) if !offer.mechanisms.contains(&name) => offer.mechanisms.push(name),
                Ok(_) => {}
                Err(_) => offer.unreadable.push(printable(name.as_bytes())),
            }
        }
        opening.tell_offer(&offer.mechanisms, &offer.capabilities);
        Ok(Self { transport, offer, mechanism: None, ended: false })
    }

    /// A refusal is about the mechanism, where that was not on offer.
    fn explain(&self, error: WireError, mechanism: MechanismName) -> WireError {
        let is_refusal = error.class == WireClass::Credentials;
        if is_refusal && !self.offer.mechanisms.contains(&mechanism) {
            return WireError { class: WireClass::Mechanism, ..error };
        }
        error
    }
}

/// The repository's URL, as the server wants to hear it.
fn url(target: &Target) -> String {
    let scheme = target.protocol.name();
    let host = &target.host;
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let port = match target.port {
        port if port == target.protocol.default_port() => String::new(),
        port => format!(":{port}"),
    };
    format!("{scheme}://{host}{port}/{}", target.path.as_deref().unwrap_or_default())
}
