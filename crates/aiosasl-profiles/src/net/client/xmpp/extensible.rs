//! The exchanges of extensible SASL (XEP-0388), with what is asked for beside them.

use aiosasl::{
    binding::{BindingKind, ChannelBinding},
    driver,
    message::{Challenge, ClientMessage},
    name::MechanismName,
};

use super::stream::{Stream, unexpected};
use crate::{
    Said, WireClass, WireError,
    net::{FastToken, Granted, Sasl2Options, TokenWish, sasl2::new_user_agent},
    xmpp::{
        StreamEvent, WhiteSpace,
        sasl2::{self, Answer, Fast, FastOffer, Inline, Offered, Request, Success, UserAgent},
    },
};

/// What is known of such exchanges on a stream.
#[derive(Default)]
pub(super) struct Extensible {
    offered: Offered,
    wishes: Sasl2Options,
    /// For which mechanism a token would be, that came now.
    token_for: Option<MechanismName>,
    pub(super) granted: Option<Granted>,
}

impl Extensible {
    pub(super) fn new(wishes: Sasl2Options) -> Self {
        Self { wishes, ..Self::default() }
    }

    /// Takes what a server offers; where there is no TLS, nothing of it may be used (XEP-0388 section 2.1).
    pub(super) fn take_offer(&mut self, offered: Option<Offered>) {
        self.offered = offered.unwrap_or_default();
    }

    /// By which mechanisms they can be: by password and the like, and by token.
    pub(super) fn mechanisms(&self) -> impl Iterator<Item = MechanismName> {
        self.offered.mechanisms.iter().chain(self.token_mechanisms()).copied()
    }

    pub(super) fn is_offered(&self) -> bool {
        !self.offered.mechanisms.is_empty()
    }

    pub(super) fn unreadable(&self) -> &[String] {
        &self.offered.unreadable
    }

    pub(super) fn has(&self, mechanism: MechanismName) -> bool {
        self.mechanisms().any(|it| it == mechanism)
    }

    fn token_mechanisms(&self) -> &[MechanismName] {
        self.offered.fast.as_ref().map_or(&[], |fast| &fast.mechanisms)
    }

    /// Says something of an exchange, and waits for the answer.
    pub(super) async fn say(
        &mut self,
        stream: &mut Stream,
        message: &ClientMessage,
    ) -> Result<driver::Reply, WireError> {
        let request = match message {
            ClientMessage::Authenticate { mechanism, .. } => self.request(*mechanism, stream)?,
            _ => Request::default(),
        };
        stream.transport.send(sasl2::spell(message, &request).as_bytes()).await?;
        let answer = match stream.event().await? {
            StreamEvent::Sasl2(answer) => answer,
            other => return Err(unexpected("an answer", &other)),
        };
        match answer {
            Answer::Challenge(challenge) => {
                // What came before may have been sent before the server knew of the exchange.
                stream.reader.set_white_space(WhiteSpace::Refused);
                Ok(driver::Reply::Challenge(challenge))
            }
            Answer::Success(success) => {
                stream.reader.set_white_space(WhiteSpace::Tolerated);
                // The stream goes on as it is; what is offered now proves that the server meant it.
                stream.features().await?;
                Ok(driver::Reply::Success(self.take_grant(success)))
            }
            Answer::Continue { tasks, .. } => {
                let text = format!("the server asks for more than that: {}", tasks.join(", "));
                Err(WireError::new(WireClass::Policy, text))
            }
            Answer::Failure(failure) => {
                stream.reader.set_white_space(WhiteSpace::Tolerated);
                let is_abort = Said::from(message) == Said::Abort;
                if is_abort { Ok(driver::Reply::Failure) } else { Err(failure.error()) }
            }
        }
    }

    /// What goes with the request for an exchange by this mechanism.
    fn request(&mut self, mechanism: MechanismName, stream: &Stream) -> Result<Request, WireError> {
        let by_token = self.token_mechanisms().contains(&mechanism);
        let wanted_token = match self.wishes.token {
            TokenWish::Wanted if !by_token => self.closest(stream.transport.bindings()),
            _ => None,
        };
        if self.wishes.user_agent.is_none() && (by_token || wanted_token.is_some()) {
            self.wishes.user_agent = Some(new_user_agent()?);
        }
        self.token_for = wanted_token.or(by_token.then_some(mechanism));
        let can_bind = self.offered.bind == Inline::Offered;
        Ok(Request {
            user_agent: self.wishes.user_agent.clone(),
            bind: self.wishes.bind.clone().filter(|_| can_bind),
            fast: by_token.then_some(Fast { count: None, token: self.wishes.token_use }),
            wanted_token,
        })
    }

    /// The mechanism of tokens that is tied closest to this connection; of those that are tied alike, the server's first.
    fn closest(&self, bindings: &[ChannelBinding]) -> Option<MechanismName> {
        let FastOffer { mechanisms, .. } = self.offered.fast.as_ref()?;
        let rank = |mechanism: &MechanismName| match mechanism.named_binding() {
            None => Some(0),
            Some(kind) if !bindings.iter().any(|it| *it.kind() == kind) => None,
            Some(BindingKind::TlsServerEndPoint) => Some(1),
            Some(_) => Some(2),
        };
        let ranked = mechanisms.iter().filter_map(|it| Some((rank(it)?, *it))).rev();
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, mechanism)| mechanism)
    }

    /// Keeps what came with a success; the mechanism's last words are the result.
    fn take_grant(&mut self, success: Success) -> Option<Challenge> {
        let Success { additional_data, authorization_identifier, bound, token } = success;
        let user_agent = self.wishes.user_agent.as_ref();
        let user_agent = user_agent.and_then(|UserAgent { id, .. }| id.clone());
        let token = token.zip(self.token_for).map(|(token, mechanism)| FastToken {
            mechanism,
            token: token.token,
            expiry: token.expiry,
            user_agent: user_agent.unwrap_or_default(),
        });
        self.granted = Some(Granted { identifier: authorization_identifier, bound, token });
        // Some servers write an empty element where the mechanism has nothing to say.
        additional_data.filter(|it| !it.is_empty())
    }
}
