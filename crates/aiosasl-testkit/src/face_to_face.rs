//! Client and server face to face in memory, and what they said.

use aiosasl::{
    Authenticated, ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::{ChannelBinding, ClientBinding},
    credentials::Credentials,
    error::{Error, FailureCode},
    mechanism::{ClientContext, Mechanism, Offered, PlusOffer, Rules, ServerContext, Service},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    nonce::Nonce,
    profile::Profile,
    query::{ClientAnswer, ClientQuery, Subject},
};

use crate::{Accounts, ToyGss};

/// The most messages of a conversation: far more than any mechanism needs.
const MAX_MESSAGES: usize = 64;

/// A mechanism, and the accounts of its server.
#[derive(Debug, Clone)]
pub struct FaceToFace<'a> {
    mechanism: &'a Mechanism,
    accounts: &'a Accounts,
    binding: Option<ChannelBinding>,
    rules: Rules,
}

/// How a conversation ended at both ends.
#[derive(Debug)]
pub struct Meeting {
    /// What the client has.
    pub client: Result<Authenticated, Error>,
    /// What the server decided, where it came to that.
    pub server: Option<Outcome>,
    /// What was said: `C:` and `S:`, octets other than printable ASCII escaped.
    pub lines: Vec<String>,
}

impl<'a> FaceToFace<'a> {
    /// A mechanism that is not tied to a channel, of the service `test` on `localhost`.
    pub fn new(mechanism: &'a Mechanism, accounts: &'a Accounts) -> Self {
        let service = Some(Service::new("test", "localhost"));
        Self { mechanism, accounts, binding: None, rules: Rules { service, ..Rules::default() } }
    }

    /// The same, on a channel that both ends see like this.
    pub fn on_channel(mut self, binding: ChannelBinding) -> Self {
        self.binding = Some(binding);
        self
    }

    /// The same, both ends with these rules.
    pub fn with_rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// A login by name and password in a protocol that can carry this much.
    ///
    /// # Panics
    ///
    /// Where the name is no identity.
    pub fn meet(&self, name: &str, password: &str, profile: Profile) -> Meeting {
        let name = name.try_into().expect("an identity has a character, and no NUL");
        self.meet_with(&Credentials::password(name, password), profile)
    }

    /// A login with these credentials in a protocol that can carry this much.
    pub fn meet_with(&self, credentials: &Credentials, profile: Profile) -> Meeting {
        let client = match self.client(credentials, profile) {
            Ok(client) => client,
            Err(error) => return Meeting { client: Err(error), server: None, lines: Vec::new() },
        };
        talk(client, self.server(profile), self.accounts)
    }

    /// The client's exchange.
    ///
    /// # Errors
    ///
    /// The mechanism's [`Error`] where it can't use the credentials.
    pub fn client(
        &self,
        credentials: &Credentials,
        profile: Profile,
    ) -> Result<ClientExchange, Error> {
        let context = ClientContext {
            credentials,
            binding: self.binding.clone().map_or(ClientBinding::Unsupported, ClientBinding::Bound),
            nonce: fixed_nonce("client"),
            rules: self.rules.clone(),
            offered: Offered::default(),
        };
        let client = (self.mechanism.client)(&context)?;
        Ok(ClientExchange::with_profile(client, profile))
    }

    /// The server's exchange.
    pub fn server(&self, profile: Profile) -> ServerExchange {
        let context = ServerContext {
            nonce: fixed_nonce("server"),
            bindings: self.binding.as_slice(),
            plus: if self.binding.is_some() { PlusOffer::Offered } else { PlusOffer::NotOffered },
            rules: self.rules.clone(),
        };
        ServerExchange::with_profile((self.mechanism.server)(&context), profile)
    }
}

/// Nonces that are the same in every run, so that conversations can be compared.
fn fixed_nonce(side: &str) -> Nonce {
    Nonce::new(format!("{side}Nonce0123456789abc")).expect("printable")
}

/// A message between the two ends.
#[derive(Debug)]
pub enum OnTheWire<'a> {
    /// What the client has said.
    ToServer(&'a mut ClientMessage),
    /// What the server has said.
    ToClient(&'a mut ServerMessage),
}

/// Lets two exchanges talk until the client has ended.
///
/// # Panics
///
/// Where they never end, or a client asks what nobody can answer.
pub fn talk(client: ClientExchange, server: ServerExchange, accounts: &Accounts) -> Meeting {
    talk_over(client, server, accounts, |_| {})
}

/// Lets two exchanges talk until the client has ended; `person` answers what the client asks.
///
/// # Panics
///
/// As [`talk`].
pub fn talk_asking(
    client: ClientExchange,
    server: ServerExchange,
    accounts: &Accounts,
    person: impl FnMut(ClientQuery) -> ClientAnswer,
) -> Meeting {
    converse(client, server, accounts, |_| {}, person)
}

/// Lets two exchanges talk over a wire on which somebody may change each message, until the client has ended.
///
/// The lines tell what arrived. A message that the server does not expect now is answered with a failure.
///
/// # Example: somebody raises the iteration count
///
/// ```
/// use aiosasl::{credentials::Credentials, mechanisms::scram, message::ServerMessage, profile::Profile};
/// use aiosasl_testkit::{Accounts, FaceToFace, OnTheWire, talk_over};
///
/// let accounts = Accounts::new().with_password("user", "pencil");
/// let pair = FaceToFace::new(&scram::SCRAM_SHA_256, &accounts);
/// let credentials = Credentials::password("user".try_into().expect("a name"), "pencil");
/// let client = pair.client(&credentials, Profile::FULL).expect("good credentials");
/// let met = talk_over(client, pair.server(Profile::FULL), &accounts, |message| {
///     if let OnTheWire::ToClient(ServerMessage::Challenge(challenge)) = message {
///         let changed = String::from_utf8_lossy(challenge.as_bytes()).replace("i=4096", "i=99999999");
///         *challenge = changed.into_bytes().into();
///     }
/// });
/// assert_eq!(met.client.expect_err("too many").reason(), "iteration-count-too-high");
/// ```
///
/// # Panics
///
/// As [`talk`].
pub fn talk_over(
    client: ClientExchange,
    server: ServerExchange,
    accounts: &Accounts,
    wire: impl FnMut(OnTheWire<'_>),
) -> Meeting {
    converse(client, server, accounts, wire, |query| accounts.known(query).unwrap_or_else(answer))
}

/// The answer to a client's question that needs nobody's help; whoever is sent to a URL comes back from there, and security
/// contexts come from a [`ToyGss`].
///
/// # Panics
///
/// Where only a person can answer.
pub fn answer(query: ClientQuery) -> ClientAnswer {
    match query {
        ClientQuery::Gss(gss) => gss.initiate_with(&ToyGss::new()).into_client_answer(),
        ClientQuery::Question(question) if matches!(question.subject(), Subject::Visit { .. }) => {
            question.answer("")
        }
        other => match other.answer_by_itself() {
            Ok(answer) => answer,
            Err(query) => panic!("nobody can answer {query:?}"),
        },
    }
}

/// Starts a client's exchange, and answers what it asks before it says anything.
///
/// # Errors
///
/// The exchange's.
///
/// # Panics
///
/// As [`talk`].
pub fn begin(client: &mut ClientExchange) -> Result<ClientStep, Error> {
    let mut step = client.start();
    while let Ok(ClientStep::Ask(query)) = step {
        step = client.answer(answer(query));
    }
    step
}

fn converse(
    mut client: ClientExchange,
    mut server: ServerExchange,
    accounts: &Accounts,
    mut wire: impl FnMut(OnTheWire<'_>),
    mut person: impl FnMut(ClientQuery) -> ClientAnswer,
) -> Meeting {
    let mut lines = Vec::new();
    let mut outcome = None;
    let mut step = client.start();
    for _ in 0..MAX_MESSAGES {
        step = match step {
            Err(error) => return Meeting { client: Err(error), server: outcome, lines },
            Ok(ClientStep::Done(done)) => {
                return Meeting { client: Ok(done), server: outcome, lines };
            }
            Ok(ClientStep::Ask(query)) => client.answer(person(query)),
            Ok(ClientStep::Send(mut message)) => {
                wire(OnTheWire::ToServer(&mut message));
                lines.push(spoken_by_client(&message));
                let mut heard = hear(&mut server, message, accounts, &mut outcome);
                wire(OnTheWire::ToClient(&mut heard));
                lines.push(spoken_by_server(&heard));
                client.receive(heard)
            }
        };
    }
    panic!("the exchange does not end: {lines:?}");
}

fn hear(
    server: &mut ServerExchange,
    message: ClientMessage,
    accounts: &Accounts,
    outcome: &mut Option<Outcome>,
) -> ServerMessage {
    let mut step = match message {
        ClientMessage::Authenticate { initial_response, .. } => server.start(initial_response),
        other => server.receive(other),
    };
    loop {
        step = match step {
            Ok(ServerStep::Ask(query)) => server.answer(accounts.answer(query)),
            Ok(ServerStep::Send(challenge)) => return ServerMessage::Challenge(challenge),
            Ok(ServerStep::Done(mut done)) => {
                let message = done.message();
                *outcome = Some(done);
                return message;
            }
            Err(_) => return ServerMessage::Failure(FailureCode::WrongState),
        };
    }
}

fn spoken_by_client(message: &ClientMessage) -> String {
    match message {
        ClientMessage::Authenticate { mechanism, initial_response: None } => {
            format!("C: {mechanism}")
        }
        ClientMessage::Authenticate { mechanism, initial_response: Some(first) } => {
            format!("C: {mechanism} {}", shown(first.as_bytes()))
        }
        ClientMessage::Response(response) => format!("C: {}", shown(Response::as_bytes(response))),
        ClientMessage::Abort => "C: (abort)".into(),
    }
}

fn spoken_by_server(message: &ServerMessage) -> String {
    match message {
        ServerMessage::Challenge(challenge) => {
            format!("S: {}", shown(Challenge::as_bytes(challenge)))
        }
        ServerMessage::Success { additional_data: None } => "S: (success)".into(),
        ServerMessage::Success { additional_data: Some(data) } => {
            format!("S: (success) {}", shown(data.as_bytes()))
        }
        ServerMessage::Failure(code) => format!("S: (failure) {}", code.as_str()),
    }
}

fn shown(octets: &[u8]) -> String {
    match octets {
        [] => "(empty)".into(),
        _ => octets.escape_ascii().to_string().replace(r"\x00", r"\0"),
    }
}
