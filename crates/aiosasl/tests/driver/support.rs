//! A bare executor, an interface that follows a script, and one with a real server's exchange behind it.

use std::{
    collections::VecDeque,
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use aiosasl::{
    ServerExchange, ServerStep,
    binding::ChannelBinding,
    driver::{AuthenticationFailure, Connection, Reply, SaslError, SaslFailure, SaslInterface},
    error::FailureCode,
    hash::Hash,
    mechanism::{Mechanism, Offered, PlusOffer, Rules, ServerContext},
    message::{Challenge, ClientMessage, Outcome, Response},
    name::MechanismName,
    nonce::Nonce,
    policy::{Channel, ChannelSecurity},
    profile::{InitialResponse, Profile, SuccessData},
    query::{Answer, Authorization, Decoy, Query, ScramVerifier, Verdict},
    registry,
    secret::Secret,
};

pub(crate) const PLAIN: MechanismName = MechanismName::new("PLAIN");
pub(crate) const SCRAM_SHA_1: MechanismName = MechanismName::new("SCRAM-SHA-1");
pub(crate) const SCRAM_SHA_256: MechanismName = MechanismName::new("SCRAM-SHA-256");
pub(crate) const SCRAM_SHA_256_PLUS: MechanismName = MechanismName::new("SCRAM-SHA-256-PLUS");
pub(crate) const TOY: MechanismName = MechanismName::new("X-TOY");

/// A block_on without any runtime.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Lets the executor have its turn.
pub(crate) async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            std::task::Poll::Ready(())
        } else {
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        }
    })
    .await;
}

/// A channel that nobody reads, with this offer.
pub(crate) fn confidential(mechanisms: &[MechanismName]) -> Connection<'_> {
    Connection {
        offered: Offered { mechanisms, ..Offered::default() },
        channel: Channel { security: ChannelSecurity::Confidential, ..Channel::default() },
        ..Connection::default()
    }
}

/// Answers from a list, and writes down what is said.
pub(crate) struct Script {
    pub(crate) profile: Profile,
    pub(crate) usable: bool,
    replies: VecDeque<Result<Reply, SaslError>>,
    pub(crate) said: Vec<String>,
}

impl Script {
    pub(crate) fn new(replies: impl IntoIterator<Item = Result<Reply, SaslError>>) -> Self {
        let replies = replies.into_iter().collect();
        Self { profile: Profile::FULL, usable: true, replies, said: Vec::new() }
    }

    fn reply(&mut self, said: String) -> Result<Reply, SaslError> {
        self.said.push(said);
        self.replies.pop_front().expect("the script has no more replies")
    }
}

impl SaslInterface for Script {
    fn profile(&self) -> Profile {
        self.profile
    }

    fn is_usable(&self) -> bool {
        self.usable
    }

    async fn initiate(
        &mut self,
        mechanism: MechanismName,
        payload: Option<Response>,
    ) -> Result<Reply, SaslError> {
        self.reply(match payload {
            None => format!("initiate {mechanism}"),
            Some(payload) => format!("initiate {mechanism} {}", text(payload.as_bytes())),
        })
    }

    async fn respond(&mut self, payload: Response) -> Result<Reply, SaslError> {
        self.reply(format!("respond {}", text(payload.as_bytes())))
    }

    async fn abort(&mut self) -> Result<Reply, SaslError> {
        self.reply("abort".into())
    }
}

fn text(octets: &[u8]) -> String {
    format!("'{}'", String::from_utf8_lossy(octets).replace('\0', "|"))
}

#[expect(clippy::unnecessary_wraps, reason = "scripts are made of results")]
pub(crate) fn challenge(text: &str) -> Result<Reply, SaslError> {
    Ok(Reply::Challenge(Challenge::new(text)))
}

#[expect(clippy::unnecessary_wraps, reason = "scripts are made of results")]
pub(crate) fn success(last_words: Option<&str>) -> Result<Reply, SaslError> {
    Ok(Reply::Success(last_words.map(Challenge::new)))
}

pub(crate) fn response(text: &str) -> Response {
    Response::new(text)
}

/// The error that a protocol raises.
#[derive(Debug)]
pub(crate) struct Told(pub(crate) FailureCode);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Told {}

pub(crate) fn told(code: FailureCode) -> SaslError {
    if code.concerns_credentials() {
        AuthenticationFailure::with_opaque(code.to_string(), Told(code)).into()
    } else {
        SaslFailure::with_opaque(code.to_string(), Told(code)).into()
    }
}

/// A server of our own, with one account: user, pencil.
pub(crate) struct Server {
    pub(crate) profile: Profile,
    pub(crate) rules: Rules,
    pub(crate) bindings: Vec<ChannelBinding>,
    /// What the server says it offers of -PLUS.
    pub(crate) plus: PlusOffer,
    pub(crate) iterations: u32,
    /// Mechanisms of which it has made the mistake to offer them.
    pub(crate) broken: Vec<MechanismName>,
    pub(crate) extra: Vec<Mechanism>,
    pub(crate) exchange: Option<ServerExchange>,
    /// How the last exchange ended.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) initiated: Vec<MechanismName>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            profile: Profile::FULL,
            rules: Rules::default(),
            bindings: Vec::new(),
            plus: PlusOffer::NotOffered,
            iterations: 4096,
            broken: Vec::new(),
            extra: Vec::new(),
            exchange: None,
            outcome: None,
            initiated: Vec::new(),
        }
    }
}

impl Server {
    pub(crate) fn carrying(initial_response: InitialResponse, success_data: SuccessData) -> Self {
        let profile = Profile { initial_response, success_data, ..Profile::FULL };
        Self { profile, ..Self::default() }
    }

    fn begin(
        &mut self,
        name: MechanismName,
        initial_response: Option<Response>,
    ) -> Result<Reply, SaslError> {
        self.initiated.push(name);
        if self.broken.contains(&name) {
            return Err(told(FailureCode::MechanismUnknown));
        }
        let own = self.extra.iter().find(|mechanism| mechanism.name == name);
        let mechanism = own.or_else(|| registry::find(name)).expect("it was offered");
        let half = (mechanism.server)(&ServerContext {
            nonce: Nonce::random().expect("randomness"),
            bindings: &self.bindings,
            plus: self.plus,
            rules: self.rules.clone(),
        });
        let exchange = self.exchange.insert(ServerExchange::with_profile(half, self.profile));
        let step = exchange.start(initial_response).expect("the first call");
        self.go_on(step)
    }

    fn hear(&mut self, message: ClientMessage) -> Result<Reply, SaslError> {
        let exchange = self.exchange.as_mut().expect("started");
        let step = exchange.receive(message).expect("in turn");
        self.go_on(step)
    }

    fn go_on(&mut self, mut step: ServerStep) -> Result<Reply, SaslError> {
        loop {
            step = match step {
                ServerStep::Send(challenge) => return Ok(Reply::Challenge(challenge)),
                ServerStep::Ask(query) => {
                    let answer = answer(query, self.iterations);
                    self.exchange.as_mut().expect("started").answer(answer).expect("in turn")
                }
                ServerStep::Done(mut outcome) => {
                    let reply = match &mut outcome {
                        Outcome::Success(success) => {
                            Ok(Reply::Success(success.additional_data.take()))
                        }
                        Outcome::Failure(failure) if failure.code == FailureCode::Aborted => {
                            Ok(Reply::Failure)
                        }
                        Outcome::Failure(failure) => Err(told(failure.code)),
                    };
                    self.outcome = Some(outcome);
                    return reply;
                }
            };
        }
    }
}

pub(crate) fn answer(query: Query, iterations: u32) -> Answer {
    match query {
        Query::Authorize(it) => it.answer(Authorization::Granted),
        Query::VerifyPassword(it) => {
            let fits =
                it.authentication_id().as_str() == "user" && it.password().expose() == "pencil";
            it.answer(if fits { Verdict::Accepted } else { Verdict::Refused })
        }
        Query::ScramKeys(it) if it.authentication_id().as_str() == "user" => {
            let verifier = verifier(it.hash(), iterations);
            it.answer(verifier)
        }
        Query::ScramKeys(it) => it.unknown(&Decoy::new(Secret::new([1; 32]), iterations, 16)),
        other => other.unavailable(),
    }
}

fn verifier(hash: Hash, iterations: u32) -> ScramVerifier {
    ScramVerifier::from_password(hash, Secret::new(*b"pencil"), *b"salt", iterations)
}

impl SaslInterface for Server {
    fn profile(&self) -> Profile {
        self.profile
    }

    async fn initiate(
        &mut self,
        mechanism: MechanismName,
        payload: Option<Response>,
    ) -> Result<Reply, SaslError> {
        self.begin(mechanism, payload)
    }

    async fn respond(&mut self, payload: Response) -> Result<Reply, SaslError> {
        self.hear(ClientMessage::Response(payload))
    }

    async fn abort(&mut self) -> Result<Reply, SaslError> {
        self.hear(ClientMessage::Abort)
    }
}
