//! An MQTT 5 client, as far as SASL: CONNECT, AUTH, CONNACK (sections 3.1, 3.2, 3.15 and 4.12).
//!
//! A server lists no mechanisms, and the connection begins with the exchange: the offer is
//! [`unlisted`](Offer::unlisted), but for the user name and the password that every server may be shown.

use aiosasl::{
    driver::Reply,
    message::ClientMessage,
    name::MechanismName,
    own_login::{self, PASSWORD},
    profile::Profile,
    secret::Secret,
};

use crate::{
    Said, WireError,
    frame::Frame,
    mqtt::{self, ConnAck, Connect, Disconnect, Packet, Properties, Reason, Start, client},
    net::{Offer, opening::Opening, transport::Transport},
};

/// After how many seconds of silence the server may take us for dead.
const KEEP_ALIVE: u16 = 60;

/// A connection to an MQTT server.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    /// The mechanism of the exchange, and how that has begun.
    exchange: Option<(MechanismName, Start)>,
    /// Whether the server has let us in.
    is_in: bool,
    ended: bool,
}

impl Client {
    /// Connects, and says nothing yet.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let transport = opening.connect(mqtt::MAX_PACKET).await?;
        let offer = Offer {
            mechanisms: vec![PASSWORD.name],
            unlisted: true,
            initial_response: true,
            ..Offer::default()
        };
        opening.tell_offer(&offer.mechanisms, &offer.capabilities);
        Ok(Self { transport, offer, exchange: None, is_in: false, ended: false })
    }

    /// The packet of a message; an exchange begins with the connection, or on one that is there.
    fn packet(&mut self, message: &ClientMessage) -> Result<Frame, WireError> {
        if let ClientMessage::Authenticate { mechanism, initial_response } = message {
            let mut connect = Connect::new("", KEEP_ALIVE);
            if *mechanism == PASSWORD.name {
                let message = initial_response.as_ref().map_or(&[][..], AsRef::as_ref);
                (connect.user_name, connect.password) = user_and_password(message)?;
            }
            let start = if self.is_in { Start::Again } else { Start::Connect(Box::new(connect)) };
            self.exchange = Some((*mechanism, start));
        }
        match &self.exchange {
            Some((mechanism, Start::Connect(connect))) if *mechanism == PASSWORD.name => {
                Packet::Connect(connect.clone()).to_octets()
            }
            Some((mechanism, start)) => client::request(message, *mechanism, start),
            None => Err(WireError::protocol("nothing has begun")),
        }
    }

    fn hear(&self, packet: &Packet, said: Said) -> Result<Reply, WireError> {
        match (&self.exchange, packet) {
            (Some((PASSWORD_NAME, _)), Packet::ConnAck(ConnAck { reason, properties, .. })) => {
                if reason.is_failure() {
                    return Err(client::refusal(*reason, properties));
                }
                Ok(Reply::Success(None))
            }
            (Some((mechanism, start)), packet) => client::hear(packet, *mechanism, start, said),
            (None, _) => Err(WireError::protocol("nothing has begun")),
        }
    }
}

const PASSWORD_NAME: MechanismName = PASSWORD.name;

fn user_and_password(message: &[u8]) -> Result<(Option<String>, Option<Secret>), WireError> {
    let unusable = || WireError::protocol("expected a user's name in UTF-8, and a password");
    let (name, password) = own_login::split(message).ok_or_else(unusable)?;
    let name = std::str::from_utf8(name).map_err(|_| unusable())?;
    Ok((Some(name.to_owned()), Some(Secret::new(password))))
}

impl super::Client for Client {
    async fn say(&mut self, message: &ClientMessage) -> Result<Reply, WireError> {
        let packet = self.packet(message)?;
        self.transport.send(&packet).await?;
        let said = Said::from(message);
        if said == Said::Abort {
            // A server answers it with nothing (section 3.14.4).
            self.ended = true;
            self.transport.close().await;
            return Ok(Reply::Failure);
        }
        let packet = Packet::parse(&self.transport.frame(mqtt::measure).await?)?;
        let heard = self.hear(&packet, said);
        match &heard {
            Ok(Reply::Success(_)) => self.is_in = true,
            Ok(_) => {}
            Err(_) => self.ended = true,
        }
        heard
    }

    async fn close(&mut self, usable: bool) {
        if usable && self.is_in {
            let properties = Properties::default();
            let farewell = Packet::Disconnect(Disconnect { reason: Reason::SUCCESS, properties });
            if let Ok(farewell) = farewell.to_octets() {
                // It concerns nobody any more.
                let _ = self.transport.send(&farewell).await;
            }
        }
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        mqtt::PROFILE
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
