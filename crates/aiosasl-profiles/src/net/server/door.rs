//! What the servers of all protocols do alike: who gets to try what, and how often.

use std::sync::Arc;

use aiosasl::{
    ServerExchange,
    driver::{self, Settled, Store},
    encoding::encoded_len,
    error::{Failure, FailureCode, Reason},
    identity::{AuthenticationId, AuthorizationId},
    layer::LayerRules,
    mechanism::{
        Binds, Exposure, Mechanism, Needs, PlusOffer, Properties, Rules, ServerContext, Service,
        UsernameRule,
    },
    message::{Challenge, Outcome, Response, ServerMessage},
    name::MechanismName,
    own_login::BearerServer,
    password_command::PasswordCommand,
    policy::{Channel, Plaintext, Policy},
    prep::Strings,
    preparation::Preparation,
    profile::Profile,
    query::{Answer, Authorization, Authorize, Query},
    secret::Secret,
};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};

use super::{
    ServerConfig, ServerEvent,
    dialogue::{AllSaid, Dialogue, Interrupt, Wire},
};
use crate::{
    WireClass, WireError,
    line::Ending,
    net::{Protocol, TlsInfo, socket, transport::Transport},
};

/// One client in front of a server.
pub(super) struct Door<'a, S> {
    pub(super) config: &'a ServerConfig,
    pub(super) transport: Transport,
    store: &'a S,
    protocol: Protocol,
    /// Who comes, where the protocol says so before there is an exchange.
    announced: Option<AuthenticationId>,
    outcome: Option<Outcome>,
    failures: u8,
    commands: u16,
}

/// Whether a client may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It may.
    Left,
    /// It has had its share: hang up.
    Exhausted,
}

/// What the client is to hear: the mechanism's last words, where it came in and the protocol carries them with a
/// success; or why not.
pub(super) type Verdict = Result<Option<Challenge>, FailureCode>;

impl<'a, S: Store> Door<'a, S> {
    /// A client that has just connected, in this protocol; `limit` is for its lines, in octets. Its time runs from now.
    ///
    /// # Errors
    ///
    /// Class [`Tls`](WireClass::Tls), where TLS should begin at once and doesn't.
    pub(super) async fn open(
        stream: TcpStream,
        config: &'a ServerConfig,
        store: &'a S,
        implicit_tls: bool,
        (protocol, limit): (Protocol, usize),
    ) -> Result<Self, WireError> {
        let limit = limit.min(longest_line(config.limits.message));
        let mut transport = Transport::new(socket::tcp(stream), limit, Ending::CrLf);
        transport.set_deadline(Instant::now() + config.limits.time);
        transport.set_patience(config.limits.idle);
        let mut door = Self {
            config,
            transport,
            store,
            protocol,
            announced: None,
            outcome: None,
            failures: 0,
            commands: 0,
        };
        if implicit_tls {
            door.secure(protocol.alpn()).await?;
        }
        Ok(door)
    }

    /// Knows from here on who comes: that and nobody else may come in. The name is taken as other names are.
    ///
    /// # Errors
    ///
    /// [`FailureCode::InvalidCredentials`] where nobody has such a name.
    pub(super) fn announce(&mut self, name: &str) -> Result<(), FailureCode> {
        let prepared = self.preparation().prepare(name, Strings::Query);
        let prepared = prepared.map_err(|_| FailureCode::InvalidCredentials)?;
        let name = AuthenticationId::new(prepared);
        self.announced = Some(name.map_err(|_| FailureCode::InvalidCredentials)?);
        Ok(())
    }

    /// Speaks TLS from here on.
    ///
    /// # Errors
    ///
    /// Class [`Tls`](WireClass::Tls), also where the client has said more in the clear.
    pub(super) async fn start_tls(&mut self) -> Result<(), WireError> {
        self.secure(None).await
    }

    /// The same; a client that asks in TLS for a protocol has to ask for this one (RFC 7301).
    async fn secure(&mut self, alpn: Option<&str>) -> Result<(), WireError> {
        let Some(tls) = &self.config.tls else {
            return Err(WireError::new(WireClass::Tls, "this server has no certificate"));
        };
        let config = match alpn {
            Some(alpn) if tls.config.alpn_protocols.is_empty() => {
                let mut config = rustls::ServerConfig::clone(&tls.config);
                config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
                Arc::new(config)
            }
            _ => Arc::clone(&tls.config),
        };
        let handshake = self.transport.accept_tls(config, &tls.certificate);
        timeout(self.config.limits.handshake, handshake).await.unwrap_or_else(|_| {
            Err(WireError::new(WireClass::Timeout, "the handshake took longer than it is given"))
        })?;
        self.transport.retain_bindings(|kind| self.protocol.binds(kind));
        if let Some(tls) = self.transport.tls() {
            tell(self.config, ServerEvent::Tls(tls));
        }
        Ok(())
    }

    /// Counts a command.
    pub(super) fn count_command(&mut self) -> Patience {
        self.commands = self.commands.saturating_add(1);
        if self.commands > self.config.limits.commands {
            Patience::Exhausted
        } else {
            Patience::Left
        }
    }

    /// Who was announced; empty where nobody was.
    pub(super) fn announced(&self) -> &str {
        self.announced.as_ref().map(AuthenticationId::as_str).unwrap_or_default()
    }

    /// Runs an exchange. What the client is to hear follows from the outcome, which is remembered as well.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the connection broke, or a line was no line.
    pub(super) async fn authenticate(
        &mut self,
        request: Result<(MechanismName, Option<Response>), FailureCode>,
        mut profile: Profile,
        dialogue: impl Dialogue,
    ) -> Result<(Verdict, Patience), WireError> {
        profile.max_message = profile.max_message.min(self.config.limits.message);
        let exchange = request.and_then(|(name, first)| Ok((self.half(name, profile)?, first)));
        self.attempt(exchange, dialogue).await
    }

    /// Runs a protocol's own login command, which counts as an exchange by the mechanism that it stands for.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the connection broke.
    pub(super) async fn log_in(
        &mut self,
        name: &[u8],
        password: Secret,
    ) -> Result<(Verdict, Patience), WireError> {
        let exchange = match self.stands_for(Needs::Password) {
            _ if self.is_authenticated() => Err(FailureCode::WrongState),
            Ok(mechanism) => {
                let preparation = self.preparation();
                let command = PasswordCommand::new(mechanism.name, preparation, name, password);
                Ok((ServerExchange::new(Box::new(command)), Some(Response::empty())))
            }
            Err(code) => Err(code),
        };
        self.attempt(exchange, AllSaid).await
    }

    /// The same for a bearer token.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the connection broke.
    pub(super) async fn show_token(
        &mut self,
        token: &Secret,
    ) -> Result<(Verdict, Patience), WireError> {
        let exchange = match self.stands_for(Needs::Token) {
            _ if self.is_authenticated() => Err(FailureCode::WrongState),
            Ok(_) => {
                let half = ServerExchange::new(Box::new(BearerServer::default()));
                Ok((half, Some(Response::new(token.expose()))))
            }
            Err(code) => Err(code),
        };
        self.attempt(exchange, AllSaid).await
    }

    /// Whether a protocol's own login command has a chance now.
    pub(super) fn takes_passwords(&self) -> bool {
        self.stands_for(Needs::Password).is_ok()
    }

    /// Whether a bearer token that is shown without a mechanism has a chance now.
    pub(super) fn takes_tokens(&self) -> bool {
        self.stands_for(Needs::Token).is_ok()
    }

    /// What a password or a token that comes without a mechanism stands for: the first mechanism of the configuration
    /// in which the server sees it. It is allowed where that is, and nowhere else.
    fn stands_for(&self, needs: Needs) -> Result<&Mechanism, FailureCode> {
        let shows_it = |mechanism: &&Mechanism| {
            let properties = &mechanism.properties;
            properties.exposure == Exposure::Everything && properties.needs == needs
        };
        let mechanism = self.config.mechanisms.iter().find(shows_it);
        let mechanism = mechanism.ok_or(FailureCode::MechanismUnknown)?;
        self.withheld(mechanism).map_or(Ok(mechanism), Err)
    }

    async fn attempt(
        &mut self,
        exchange: Result<(ServerExchange, Option<Response>), FailureCode>,
        dialogue: impl Dialogue,
    ) -> Result<(Verdict, Patience), WireError> {
        let begun = Begun::now(self.config);
        let outcome = match exchange {
            Ok((exchange, first)) => self.run(&begun, exchange, first, dialogue).await?,
            Err(code) => refuse(&self.at_door(&begun), None, code).await,
        };
        drop(begun);
        Ok(self.conclude(outcome))
    }

    /// Remembers an outcome, and says what follows.
    fn conclude(&mut self, mut outcome: Outcome) -> (Verdict, Patience) {
        let verdict = match outcome.message() {
            ServerMessage::Failure(code) => {
                self.failures = self.failures.saturating_add(1);
                Err(code)
            }
            ServerMessage::Success { additional_data } => Ok(additional_data),
            ServerMessage::Challenge(_) => Ok(None),
        };
        // Whoever has come in is in, whatever they try afterwards.
        if !self.is_authenticated() {
            if let Outcome::Success(success) = &mut outcome {
                if let Some(layer) = success.security_layer.take() {
                    self.transport.protect_after_next(layer);
                }
            }
            if matches!(outcome, Outcome::Success(_)) {
                self.transport.set_deadline(Instant::now() + self.config.limits.stay);
            }
            self.outcome = Some(outcome);
        }
        let exhausted = self.failures >= self.config.limits.attempts;
        (verdict, if exhausted { Patience::Exhausted } else { Patience::Left })
    }

    /// The last outcome, or the error that there was none: a client that leaves rudely after it has authenticated
    /// has still authenticated.
    pub(super) async fn leave(
        mut self,
        end: Result<(), WireError>,
    ) -> Result<Option<Outcome>, WireError> {
        self.transport.linger().await;
        match (self.outcome, end) {
            (Some(outcome), _) => Ok(Some(outcome)),
            (None, Ok(())) => Ok(None),
            (None, Err(error)) => Err(error),
        }
    }

    /// What this connection offers now.
    pub(super) fn offered(&self) -> impl Iterator<Item = &Mechanism> {
        let is_carried = |mechanism: &&Mechanism| self.protocol.carries(mechanism.name);
        let offered = self.config.mechanisms.iter().filter(is_carried);
        offered.filter(|mechanism| self.withheld(mechanism).is_none())
    }

    /// Whether STARTTLS can be had now: once, and not after somebody has come in.
    pub(super) fn can_start_tls(&self) -> bool {
        self.config.tls.is_some() && self.transport.tls().is_none() && !self.is_authenticated()
    }

    /// Whether somebody has come in.
    pub(super) fn is_authenticated(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Success(_)))
    }

    /// Lets somebody who is in authenticate once more, for protocols that want it now and then; as whom they were in.
    pub(super) fn begin_again(&mut self) -> Option<String> {
        let account = self.account().map(str::to_owned);
        if self.is_authenticated() {
            self.outcome = None;
        }
        account
    }

    /// Puts what somebody has come in with aside, for protocols that let them try to come in as somebody else.
    pub(super) fn put_aside(&mut self) -> Option<Outcome> {
        self.outcome.take_if(|outcome| matches!(outcome, Outcome::Success(_)))
    }

    /// Puts it back, unless they have come in anew: whoever fails stays who they were.
    pub(super) fn put_back(&mut self, aside: Option<Outcome>) {
        if aside.is_some() && !self.is_authenticated() {
            self.outcome = aside;
        }
    }

    /// As whom somebody has come in; `None` where nobody has, or nobody in particular.
    pub(super) fn account(&self) -> Option<&str> {
        let Some(Outcome::Success(success)) = &self.outcome else { return None };
        match (&success.authorization_id, success.identity.authentication_id()) {
            (Some(other), _) => Some(other.as_str()),
            (None, own) => own.map(AuthenticationId::as_str),
        }
    }

    /// Why this mechanism is not offered on this connection now.
    fn withheld(&self, mechanism: &Mechanism) -> Option<FailureCode> {
        let properties = &mechanism.properties;
        let reveals = properties.exposure == Exposure::Everything
            && self.config.plaintext == Plaintext::ConfidentialOnly
            && self.transport.tls().is_none();
        if reveals || self.layers().min_strength > self.layer_strength(properties) {
            Some(FailureCode::EncryptionRequired)
        } else if !self.has_bindings_for(mechanism)
            || properties.needs == Needs::External && self.external().is_none()
        {
            Some(FailureCode::MechanismUnknown)
        } else {
            None
        }
    }

    /// Whether this connection has what a mechanism has to be tied to.
    fn has_bindings_for(&self, mechanism: &Mechanism) -> bool {
        let bindings = self.transport.bindings();
        match (mechanism.properties.binds, mechanism.name.named_binding()) {
            (Binds::Nothing, _) => true,
            (Binds::Channel, Some(kind)) => bindings.iter().any(|it| *it.kind() == kind),
            (Binds::Channel, None) => !bindings.is_empty(),
        }
    }

    /// How strong a layer of a mechanism is, where this protocol has room for one.
    fn layer_strength(&self, properties: &Properties) -> u16 {
        if self.protocol.carries_layers() { properties.layer_strength } else { 0 }
    }

    fn half(&self, name: MechanismName, profile: Profile) -> Result<ServerExchange, FailureCode> {
        if self.is_authenticated() {
            return Err(FailureCode::WrongState);
        }
        let mechanism = self
            .config
            .mechanisms
            .iter()
            .find(|mechanism| mechanism.name == name && self.protocol.carries(name))
            .ok_or(FailureCode::MechanismUnknown)?;
        if let Some(code) = self.withheld(mechanism) {
            return Err(code);
        }
        let offers_plus = self.offered().any(|mechanism| mechanism.name.is_plus());
        let context = ServerContext {
            nonce: (self.config.nonces)().map_err(|_| FailureCode::Temporary)?,
            bindings: self.transport.bindings(),
            plus: if offers_plus { PlusOffer::Offered } else { PlusOffer::NotOffered },
            rules: self.rules(),
        };
        Ok(ServerExchange::with_profile((mechanism.server)(&context), profile))
    }

    /// The deployment's rules, with what this connection needs of layers, and the service that this is.
    fn rules(&self) -> Rules {
        let rules = &self.config.rules;
        let name = self.protocol.service();
        let service = match &rules.service {
            Some(service) => Service { name: name.into(), ..service.clone() },
            None => Service::new(name, self.config.name.as_str()),
        };
        let username = self.announced.clone();
        Rules {
            layers: self.layers(),
            preparation: self.preparation(),
            service: Some(service),
            username: username.map_or(rules.username.clone(), UsernameRule::FromProtocol),
            ..rules.clone()
        }
    }

    /// How names and passwords are prepared: as the protocol says, else as this deployment does.
    fn preparation(&self) -> Preparation {
        self.protocol.preparation().unwrap_or(self.config.rules.preparation)
    }

    /// What is left for a security layer to add to TLS, or to nothing.
    fn layers(&self) -> LayerRules {
        let policy = Policy { strength: self.config.strength, ..Policy::default() };
        let strength = self.transport.tls().map_or(0, TlsInfo::strength);
        let max_receive = self.config.rules.layers.max_receive;
        let rules = policy.layers(&Channel { strength, ..Channel::default() });
        let carried = if self.protocol.carries_layers() { rules.max_strength } else { 0 };
        LayerRules { max_receive, max_strength: carried, ..rules }
    }

    async fn run(
        &mut self,
        begun: &Begun<'a>,
        exchange: ServerExchange,
        first: Option<Response>,
        dialogue: impl Dialogue,
    ) -> Result<Outcome, WireError> {
        let mechanism = exchange.mechanism();
        let store = self.at_door(begun);
        let mut wire = Wire { transport: &mut self.transport, dialogue };
        match driver::serve(exchange, first, &mut wire, &store).await {
            Ok(outcome) => Ok(outcome),
            Err(Interrupt::Refused(code)) => Ok(refuse(&store, Some(mechanism), code).await),
            Err(Interrupt::Broken(error)) => {
                // Nobody hears of it any more but the store: some clients leave instead of giving up.
                drop(refuse(&store, Some(mechanism), FailureCode::Aborted).await);
                Err(error)
            }
        }
    }

    fn at_door(&self, begun: &Begun<'a>) -> AtDoor<'a, S> {
        AtDoor {
            config: self.config,
            store: self.store,
            external: self.external(),
            announced: self.announced.clone(),
            tls: self.transport.shared_tls(),
            since: begun.at,
        }
    }

    /// Who the client is by its certificate, which TLS has verified.
    fn external(&self) -> Option<AuthenticationId> {
        let tls = self.transport.tls().filter(|tls| tls.verified)?;
        (self.config.identify)(tls.peer_certificates.first()?)
    }
}

/// A refusal that no mechanism has made; the store hears of it, too.
async fn refuse<S: Store>(
    store: &S,
    mechanism: Option<MechanismName>,
    code: FailureCode,
) -> Outcome {
    let outcome = refusal(code);
    let end = Settled::new(mechanism, &outcome);
    store.settle(end).await;
    outcome
}

fn refusal(code: FailureCode) -> Outcome {
    let reason = match code {
        FailureCode::Aborted => Reason::Aborted,
        FailureCode::BadEncoding => Reason::InvalidEncoding,
        FailureCode::EncryptionRequired => Reason::EncryptionRequired,
        FailureCode::WrongState => Reason::OutOfTurn,
        _ => Reason::MechanismUnavailable,
    };
    Outcome::Failure(Failure::new(code, reason))
}

/// The longest line that a client may send, where one message may have so many octets: in base64, or a command.
fn longest_line(message: u32) -> usize {
    usize::try_from(message).map_or(usize::MAX, encoded_len).saturating_add(1024)
}

fn tell(config: &ServerConfig, event: ServerEvent<'_>) {
    if let Some(observer) = &config.observer {
        observer(event);
    }
}

/// An exchange that somebody has asked for; that it is over is told on drop, since it may be broken off anywhere.
struct Begun<'a> {
    config: &'a ServerConfig,
    at: Instant,
}

impl<'a> Begun<'a> {
    fn now(config: &'a ServerConfig) -> Self {
        tell(config, ServerEvent::Begun);
        Self { config, at: Instant::now() }
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        tell(self.config, ServerEvent::Over);
    }
}

/// The store, but for what only the connection knows.
struct AtDoor<'a, S> {
    config: &'a ServerConfig,
    store: &'a S,
    external: Option<AuthenticationId>,
    announced: Option<AuthenticationId>,
    tls: Option<Arc<TlsInfo>>,
    since: Instant,
}

impl<S> AtDoor<'_, S> {
    /// Whether it is who was announced that wants to come in, where somebody was: by their own name, or as whom they act.
    /// Whoever proves no name at all comes in as nobody.
    fn is_announced(&self, query: &Authorize) -> bool {
        let own = query.identity().authentication_id().map(AuthenticationId::as_str);
        let name = query.authorization_id().map(AuthorizationId::as_str).or(own);
        match (&self.announced, name) {
            (Some(announced), Some(name)) => announced.as_str() == name,
            _ => true,
        }
    }
}

impl<S: Store> Store for AtDoor<'_, S> {
    async fn answer(&self, query: Query) -> Answer {
        match query {
            Query::External(query) => {
                let query = Query::External(query.with_vouched(self.external.clone()));
                self.store.answer(query).await
            }
            Query::Authorize(query) if !self.is_announced(&query) => {
                query.answer(Authorization::Denied)
            }
            query => self.store.answer(query).await,
        }
    }

    async fn settle(&self, end: Settled<'_>) {
        let elapsed = self.since.elapsed();
        tell(self.config, ServerEvent::Settled { end, tls: self.tls.as_deref(), elapsed });
        self.store.settle(end).await;
    }
}
