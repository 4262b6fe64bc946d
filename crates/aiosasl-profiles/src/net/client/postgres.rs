//! A PostgreSQL client, as far as somebody is in: request for TLS, startup, authentication. What follows is left for whoever
//! takes the stream over.

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage},
    name::MechanismName,
    own_login,
    profile::Profile,
    secret::Secret,
};

use crate::{
    Said, WireClass, WireError,
    net::{Offer, TlsMode, opening::Opening, transport::Transport},
    postgres::{
        self, Authentication, Backend, Frontend, Startup, TlsAnswer,
        client::{self, Listener},
    },
};

/// Who comes where the URL names nobody: the one whom every server knows.
const USER: &str = "postgres";
/// The most messages that concern something else, before one that doesn't.
const MAX_ASIDES: usize = 64;

/// A connection to a PostgreSQL server.
pub(super) struct Client {
    transport: Transport,
    offer: Offer,
    awaited: Awaited,
    has_ended: bool,
}

/// What the server waits for.
enum Awaited {
    /// Nothing: TLS has told it who we are.
    Nothing,
    /// The password as it is.
    Password,
    /// The password, hashed with this salt.
    Hash([u8; 4]),
    /// An exchange.
    Exchange,
    /// Something that is not known here.
    Unknown,
}

impl super::Client for Client {
    /// Says something of an exchange, and waits for the answer.
    async fn say(&mut self, message: &ClientMessage) -> Result<driver::Reply, WireError> {
        let said = Said::from(message);
        if said == Said::Abort {
            self.has_ended = true;
            self.transport.send(&client::request(message)?).await?;
            return Ok(driver::Reply::Failure);
        }
        let frame = match (&self.awaited, message) {
            (Awaited::Nothing, ClientMessage::Authenticate { mechanism, .. })
                if *mechanism == postgres::CERTIFICATE =>
            {
                return Ok(driver::Reply::Success(None));
            }
            (Awaited::Hash(salt), ClientMessage::Authenticate { mechanism, .. })
                if *mechanism == postgres::MD5 =>
            {
                return Ok(driver::Reply::Challenge(Challenge::new(*salt)));
            }
            (Awaited::Hash(_), ClientMessage::Response(hash)) => {
                Frontend::Password(Secret::new(hash.as_bytes())).to_frame()?
            }
            (Awaited::Password, message) => Frontend::Password(password(message)?).to_frame()?,
            (Awaited::Exchange, message) => client::request(message)?,
            _ => return Err(unavailable()),
        };
        self.transport.send(&frame).await?;
        let heard = self.hear(said).await;
        self.has_ended |= heard.is_err();
        heard
    }

    /// Says good bye, where the conversation still makes sense, and hangs up.
    async fn close(&mut self, usable: bool) {
        if usable && !self.has_ended {
            if let Ok(farewell) = Frontend::Terminate.to_frame() {
                let _ = self.transport.send(&farewell).await;
            }
        }
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        postgres::PROFILE
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

    /// After an error the server hangs up.
    fn has_ended(&self) -> bool {
        self.has_ended
    }
}

impl Client {
    /// Connects, starts TLS where wanted, and says who comes.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let mut transport = opening.connect(postgres::MAX_FRAME).await?;
        if opening.is_implicit()
            && transport.alpn() != opening.target.protocol.alpn().map(str::as_bytes)
        {
            // It may be any server with this certificate, of any protocol.
            let text = "expected a server that says in TLS that it speaks PostgreSQL";
            return Err(WireError::new(WireClass::Tls, text));
        }
        let start_tls_offered = start_tls(&mut transport, opening).await?;
        let user = opening.target.user_name().unwrap_or(USER);
        let database = opening.target.path.as_deref().unwrap_or(user);
        transport.send(&Startup::session(user, database).to_frame()?).await?;
        let offer = Offer { start_tls_offered, initial_response: true, ..Offer::default() };
        let mut client = Self { transport, offer, awaited: Awaited::Unknown, has_ended: false };
        client.hear_offer(opening.options.client_certificate.is_some()).await?;
        opening.tell_offer(&client.offer.mechanisms, &client.offer.capabilities);
        Ok(client)
    }

    /// Hears how the server wants it: one way, or an exchange by one of several mechanisms.
    async fn hear_offer(&mut self, shows_certificate: bool) -> Result<(), WireError> {
        match self.authentication().await? {
            Authentication::Ok => {
                self.confirm().await?;
                if shows_certificate && self.transport.tls().is_some() {
                    self.expect(Awaited::Nothing, postgres::CERTIFICATE);
                } else {
                    self.note("lets this user in without a word");
                }
            }
            Authentication::CleartextPassword => {
                self.expect(Awaited::Password, own_login::PASSWORD.name);
            }
            Authentication::Md5Password(salt) => self.expect(Awaited::Hash(salt), postgres::MD5),
            Authentication::Sasl(list) => {
                self.awaited = Awaited::Exchange;
                self.offer.mechanisms = list.names();
                self.offer.unreadable = list.unreadable();
            }
            Authentication::Other(number, _) => {
                self.note(&format!("wants authentication of the kind {number}, not known here"));
            }
            Authentication::SaslContinue(_) | Authentication::SaslFinal(_) => {
                return Err(WireError::protocol("expected a request to authenticate"));
            }
        }
        Ok(())
    }

    fn expect(&mut self, awaited: Awaited, mechanism: MechanismName) {
        self.awaited = awaited;
        self.offer.mechanisms = vec![mechanism];
    }

    fn note(&mut self, what: &str) {
        self.offer.capabilities.push(what.to_owned());
    }

    async fn authentication(&mut self) -> Result<Authentication, WireError> {
        for _ in 0..MAX_ASIDES {
            match self.message().await? {
                Backend::Authentication(it) => return Ok(it),
                Backend::Error(told) => return Err(client::refusal(&told)),
                Backend::Notice(_) | Backend::Other(b'v', _) => {}
                Backend::Other(..) => break,
            }
        }
        Err(WireError::protocol("expected a PostgreSQL server that wants us to authenticate"))
    }

    async fn hear(&mut self, said: Said) -> Result<driver::Reply, WireError> {
        let mut listener = Listener::default();
        for _ in 0..MAX_ASIDES {
            let message = self.message().await?;
            match listener.hear(&message, said)? {
                Some(reply @ driver::Reply::Success(_)) => {
                    self.confirm().await?;
                    return Ok(reply);
                }
                Some(reply) => return Ok(reply),
                None => {}
            }
        }
        Err(WireError::protocol("expected how the exchange goes on, found other messages alone"))
    }

    /// Whether the user may come in is decided after the proof, and whether there is such a database. What the server says
    /// then stays to be read.
    async fn confirm(&mut self) -> Result<(), WireError> {
        let frame = self.transport.peek_frame(postgres::measure).await?;
        match Backend::parse(&frame)? {
            Backend::Error(told) => Err(client::refusal(&told)),
            Backend::Authentication(_) => Err(WireError::protocol("expected a session to begin")),
            Backend::Notice(_) | Backend::Other(..) => Ok(()),
        }
    }

    async fn message(&mut self) -> Result<Backend, WireError> {
        Backend::parse(&self.transport.frame(postgres::measure).await?)
    }
}

/// Asks for TLS, where it is wanted and not there; whether the server has it.
async fn start_tls(transport: &mut Transport, opening: Opening<'_>) -> Result<bool, WireError> {
    let is_asked_for = match opening.options.tls {
        TlsMode::StartTls => true,
        // Servers have none on sockets of their own machine.
        TlsMode::Auto => !opening.is_implicit() && opening.target.socket.is_none(),
        TlsMode::Implicit | TlsMode::Off => false,
    };
    if !is_asked_for {
        return Ok(false);
    }
    transport.send(&Startup::Ssl.to_frame()?).await?;
    let answer = transport.octets(1).await?;
    let offered =
        matches!(answer.as_slice(), [octet] if TlsAnswer::parse(*octet)? == TlsAnswer::Yes);
    if opening.wants_start_tls(offered)? {
        opening.start_tls(transport).await?;
    }
    Ok(offered)
}

/// The password out of the message of the mechanism that stands for it; the name was said before.
fn password(message: &ClientMessage) -> Result<Secret, WireError> {
    let ClientMessage::Authenticate { mechanism, initial_response: Some(message) } = message else {
        return Err(unavailable());
    };
    let split = own_login::split(message.as_bytes());
    let split = split.filter(|_| *mechanism == own_login::PASSWORD.name);
    split.map(|(_, password)| Secret::new(password)).ok_or_else(unavailable)
}

fn unavailable() -> WireError {
    WireError::new(WireClass::Mechanism, "the server has asked for something else")
}
