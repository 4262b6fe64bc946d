//! A client of a D-Bus bus, as far as SASL: AUTH, DATA, CANCEL, BEGIN (D-Bus specification, "Authentication Protocol").

use aiosasl::{
    driver::Reply,
    message::{ClientMessage, Response},
    name::MechanismName,
    profile::Profile,
};

use crate::{
    WireClass, WireError,
    dbus::{self, ClientLine, HELLO, MAX_LINE, ServerLine, client},
    line::Line,
    net::{Offer, opening::Opening, transport::Transport},
    printable,
};

/// A connection to a bus.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    last: Line,
}

impl super::Client for Client {
    async fn say(&mut self, message: &ClientMessage) -> Result<Reply, WireError> {
        let mut answer = self.ask(&client::request(message)).await?;
        if client::asks_for_nothing(message, &answer) {
            answer = self.ask(&ClientLine::Data(Response::empty())).await?;
        }
        let reply = client::hear(answer, message)?;
        if let Reply::Success(_) = reply {
            // From here on, it is messages of D-Bus.
            self.transport.send(&ClientLine::Begin.to_line()).await?;
        }
        Ok(reply)
    }

    async fn close(&mut self, _: bool) {
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        dbus::PROFILE
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

impl Client {
    /// Connects, and asks for the mechanisms.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let mut transport = opening.connect(MAX_LINE).await?;
        transport.send(HELLO).await?;
        let mut client = Self { transport, offer: Offer::default(), last: Line::default() };
        let names = match client.ask(&ClientLine::Ask).await? {
            ServerLine::Rejected(names) => names,
            ServerLine::Error(text) => {
                return Err(WireError::told(WireClass::Protocol, "ERROR", text));
            }
            _ => return Err(WireError::protocol("expected REJECTED, with the mechanisms")),
        };
        let offer = &mut client.offer;
        for name in names {
            match MechanismName::parse(&name) {
                Ok(name) if !offer.mechanisms.contains(&name) => offer.mechanisms.push(name),
                Ok(_) => {}
                Err(_) => offer.unreadable.push(printable(name.as_bytes())),
            }
        }
        offer.initial_response = true;
        opening.tell_offer(&offer.mechanisms, &offer.capabilities);
        Ok(client)
    }

    async fn ask(&mut self, line: &ClientLine) -> Result<ServerLine, WireError> {
        self.transport.send(&line.to_line()).await?;
        self.last = self.transport.line().await?;
        ServerLine::parse(&self.last)
    }
}
