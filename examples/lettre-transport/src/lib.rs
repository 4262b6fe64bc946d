//! A transport for lettre that logs in by every mechanism of aiosasl; lettre itself knows PLAIN, LOGIN and XOAUTH2.
//!
//! lettre opens the connection, reads the replies and sends the mail. Between its EHLO and its MAIL the login is ours:
//! `Steps` spells SASL's messages as SMTP's commands through lettre's own connection, and the driver does the rest.

use std::error::Error as StdError;

use aiosasl::{
    credentials::Credentials,
    driver::{
        Connection, FromMechanism, Reply, SaslError, SaslInterface, SaslMechanism, negotiate,
    },
    mechanism::{Needs, Offered},
    mechanisms,
    message::{ClientMessage, Response},
    name::MechanismName,
    policy::{Channel, ChannelSecurity, Policy},
    profile::Profile,
};
use aiosasl_profiles::{
    Said, WireClass, WireError,
    smtp::{self, ReplyReader, client},
};
use lettre::{
    AsyncTransport,
    address::Envelope,
    transport::smtp::{client::AsyncSmtpConnection, extension::ClientId, response},
};

/// Whatever can go wrong.
pub type Fault = Box<dyn StdError + Send + Sync>;

/// A server to send mail by, and who sends it.
pub struct SaslTransport {
    /// A name or an address.
    pub host: String,
    /// A TCP port.
    pub port: u16,
    /// A name and a password.
    pub credentials: Credentials,
}

#[async_trait::async_trait]
impl AsyncTransport for SaslTransport {
    type Ok = response::Response;
    type Error = Fault;

    async fn send_raw(&self, envelope: &Envelope, mail: &[u8]) -> Result<Self::Ok, Fault> {
        let mut connection = self.log_in().await?;
        let sent = connection.send(envelope, mail).await?;
        connection.quit().await?;
        Ok(sent)
    }
}

impl SaslTransport {
    /// A connection of lettre's on which we are known.
    ///
    /// # Errors
    ///
    /// lettre's, or a [`SaslError`].
    pub async fn log_in(&self) -> Result<AsyncSmtpConnection, Fault> {
        let server = (self.host.as_str(), self.port);
        let hello = ClientId::default();
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, None, &hello, None, None).await?;
        let mut steps = Steps { connection: &mut connection };
        let offer = steps.offer(&hello).await?;
        let known: Vec<_> = mechanisms::ALL
            .iter()
            .filter(|it| it.properties.needs == Needs::Password)
            .map(|it| FromMechanism::new(*it, self.credentials.clone()))
            .collect();
        let mine: Vec<_> = known.iter().map(|it| it as &dyn SaslMechanism).collect();
        let place = Connection {
            offered: Offered { mechanisms: &offer, ..Offered::default() },
            // lettre shows nothing of its TLS that an exchange could be tied to.
            channel: Channel {
                security: if steps.connection.is_encrypted() {
                    ChannelSecurity::Confidential
                } else {
                    ChannelSecurity::Open
                },
                bindings: &[],
                strength: 0,
            },
            policy: Policy::default(),
        };
        let negotiated = negotiate(&mut steps, &place, &mine).await.map_err(|it| it.error)?;
        // lettre has no room for what would go around all that follows; the policy asks for none.
        match negotiated.report.security_layer {
            Some(_) => Err("a security layer was negotiated".into()),
            None => Ok(connection),
        }
    }
}

/// SASL's messages as commands on a connection of lettre's.
struct Steps<'a> {
    connection: &'a mut AsyncSmtpConnection,
}

impl Steps<'_> {
    /// The mechanisms: lettre has read them, and kept those that it knows.
    async fn offer(&mut self, hello: &ClientId) -> Result<Vec<MechanismName>, WireError> {
        let reply = self.command(&format!("EHLO {hello}\r\n")).await?;
        Ok(client::Capabilities::read(&reply)?.mechanisms)
    }

    async fn say(&mut self, message: &ClientMessage) -> Result<Reply, SaslError> {
        let line = client::spell(message);
        let line = std::str::from_utf8(&line).unwrap_or_default();
        let reply = self.command(line).await?;
        Ok(client::hear(&reply, Said::from(message))?)
    }

    /// Gives a command; what lettre takes for an error is a reply to us, too.
    async fn command(&mut self, line: &str) -> Result<smtp::Reply, WireError> {
        let (code, lines) = match self.connection.command(line).await {
            Ok(reply) => {
                (reply.code().to_string(), reply.message().map(str::to_owned).collect::<Vec<_>>())
            }
            Err(error) => match error.status() {
                Some(code) => {
                    let words = error.source().map(ToString::to_string).unwrap_or_default();
                    (code.to_string(), vec![words])
                }
                None => return Err(WireError::new(WireClass::Connection, error.to_string())),
            },
        };
        let mut reader = ReplyReader::new();
        let last = lines.len().saturating_sub(1);
        for (at, text) in lines.iter().enumerate() {
            let more = if at < last { '-' } else { ' ' };
            if let Some(reply) = reader.line(format!("{code}{more}{text}").as_bytes())? {
                return Ok(reply);
            }
        }
        Err(WireError::protocol("expected a reply of at least one line"))
    }
}

impl SaslInterface for Steps<'_> {
    fn profile(&self) -> Profile {
        smtp::PROFILE
    }

    async fn initiate(
        &mut self,
        mechanism: MechanismName,
        payload: Option<Response>,
    ) -> Result<Reply, SaslError> {
        self.say(&ClientMessage::Authenticate { mechanism, initial_response: payload }).await
    }

    async fn respond(&mut self, payload: Response) -> Result<Reply, SaslError> {
        self.say(&ClientMessage::Response(payload)).await
    }

    async fn abort(&mut self) -> Result<Reply, SaslError> {
        self.say(&ClientMessage::Abort).await
    }
}
