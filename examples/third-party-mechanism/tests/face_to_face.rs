//! The mechanism against itself: without a driver, and with both clients through one.

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::ClientBinding,
    credentials::Credentials,
    driver::{
        AuthenticationFailure, Connection, FromMechanism, Reply, SaslError, SaslMechanism,
        blocking::{self, SaslInterface},
    },
    error::{Error, Reason},
    identity::AuthenticationId,
    mechanism::{ClientContext, Offered, PlusOffer, Rules, ServerContext},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    name::MechanismName,
    nonce::Nonce,
    policy::{Channel, ChannelSecurity},
    profile::{InitialResponse, Profile, SuccessData},
    query::{Answer, Authorization, Query, Verdict},
};
use aiosasl_testkit::{Accounts, conformance};
use third_party_mechanism::{MECHANISM, NAME, StraightToken};

/// The store: one device.
fn answer(query: Query) -> Answer {
    match query {
        Query::Authorize(it) => it.answer(Authorization::Granted),
        Query::VerifyPassword(it) => {
            let fits =
                it.authentication_id().as_str() == "lamp" && it.password().expose() == "1234";
            it.answer(if fits { Verdict::Accepted } else { Verdict::Refused })
        }
        other => other.unavailable(),
    }
}

fn server(profile: Profile) -> ServerExchange {
    let half = (MECHANISM.server)(&ServerContext {
        nonce: Nonce::random().expect("randomness"),
        bindings: &[],
        plus: PlusOffer::NotOffered,
        rules: Rules::default(),
    });
    ServerExchange::with_profile(half, profile)
}

/// What the server says next, the store's answers being given.
fn say(server: &mut ServerExchange, mut step: ServerStep) -> ServerMessage {
    loop {
        step = match step {
            ServerStep::Send(challenge) => return ServerMessage::Challenge(challenge),
            ServerStep::Ask(query) => server.answer(answer(query)).expect("asked"),
            ServerStep::Done(mut outcome) => return outcome.message(),
        };
    }
}

fn hear(server: &mut ServerExchange, message: ClientMessage) -> ServerMessage {
    let step = match message {
        ClientMessage::Authenticate { initial_response, .. } => server.start(initial_response),
        other => server.receive(other),
    };
    let step = step.expect("in turn");
    say(server, step)
}

fn exchange(token: &str, profile: Profile) -> Result<MechanismName, Error> {
    let device = AuthenticationId::new("lamp").expect("a name");
    let client = (MECHANISM.client)(&ClientContext {
        credentials: &Credentials::password(device, token),
        binding: ClientBinding::Unsupported,
        nonce: Nonce::random().expect("randomness"),
        rules: Rules::default(),
        offered: Offered::default(),
    })?;
    let mut server = server(profile);
    let mut client = ClientExchange::with_profile(client, profile);
    let mut step = client.start()?;
    loop {
        step = match step {
            ClientStep::Send(message) => client.receive(hear(&mut server, message))?,
            ClientStep::Ask(query) => panic!("nothing is asked: {query:?}"),
            ClientStep::Done(authenticated) => return Ok(authenticated.mechanism),
        };
    }
}

fn profiles() -> impl Iterator<Item = Profile> {
    [InitialResponse::Carried, InitialResponse::NotCarried].into_iter().flat_map(
        |initial_response| {
            [SuccessData::Carried, SuccessData::AsChallenge].map(|success_data| Profile {
                initial_response,
                success_data,
                ..Profile::FULL
            })
        },
    )
}

#[test]
fn the_exchanges_alone() {
    for profile in profiles() {
        assert_eq!(exchange("1234", profile), Ok(NAME));
        let error = exchange("4321", profile).expect_err("wrong");
        assert!(error.is_authentication_failure(), "{error}");
    }
}

#[test]
fn it_keeps_what_all_mechanisms_keep() {
    let accounts = Accounts::new().with_password("lamp", "1234");
    let device = AuthenticationId::new("lamp").expect("a name");
    conformance::check(&MECHANISM, &Credentials::password(device, "1234"), &accounts);
    conformance::check_no_enumeration(&MECHANISM, &accounts, "lamp", "door");
}

/// A protocol in memory.
struct Memory {
    server: ServerExchange,
    profile: Profile,
}

impl Memory {
    fn reply(&mut self, message: ClientMessage) -> Result<Reply, SaslError> {
        let is_abort = message == ClientMessage::Abort;
        match hear(&mut self.server, message) {
            ServerMessage::Challenge(it) => Ok(Reply::Challenge(it)),
            ServerMessage::Success { additional_data } => Ok(Reply::Success(additional_data)),
            ServerMessage::Failure(_) if is_abort => Ok(Reply::Failure),
            ServerMessage::Failure(code) => {
                Err(AuthenticationFailure::new(code.to_string()).into())
            }
        }
    }
}

impl SaslInterface for Memory {
    fn profile(&self) -> Profile {
        self.profile
    }

    fn initiate(
        &mut self,
        mechanism: MechanismName,
        payload: Option<Response>,
    ) -> Result<Reply, SaslError> {
        self.reply(ClientMessage::Authenticate { mechanism, initial_response: payload })
    }

    fn respond(&mut self, payload: Response) -> Result<Reply, SaslError> {
        self.reply(ClientMessage::Response(payload))
    }

    fn abort(&mut self) -> Result<Reply, SaslError> {
        self.reply(ClientMessage::Abort)
    }
}

fn connection(security: ChannelSecurity) -> Connection<'static> {
    Connection {
        offered: Offered { mechanisms: &[NAME], ..Offered::default() },
        channel: Channel { security, ..Channel::default() },
        ..Connection::default()
    }
}

/// Both clients.
fn clients(token: &'static str) -> [Box<dyn SaslMechanism>; 2] {
    let me = ("lamp", token);
    [Box::new(FromMechanism::new(MECHANISM, me)), Box::new(StraightToken::new(me))]
}

#[test]
fn both_clients_through_the_driver() {
    let connection = connection(ChannelSecurity::Confidential);
    for profile in profiles() {
        for client in clients("1234") {
            let mut memory = Memory { server: server(profile), profile };
            let negotiated = blocking::negotiate(&mut memory, &connection, &[&*client]);
            assert_eq!(negotiated.expect("let in").report.mechanism, NAME);
        }
        for client in clients("4321") {
            let mut memory = Memory { server: server(profile), profile };
            let lost = blocking::negotiate(&mut memory, &connection, &[&*client]);
            assert!(lost.expect_err("wrong").error.is_authentication_failure());
        }
    }
}

#[test]
fn the_floor_holds_for_mechanisms_that_it_has_never_heard_of() {
    let profile = Profile::FULL;
    for client in clients("1234") {
        let mut memory = Memory { server: server(profile), profile };
        let open = connection(ChannelSecurity::Open);
        let lost = blocking::negotiate(&mut memory, &open, &[&*client]).expect_err("open");
        let why = Error::Policy(Reason::EncryptionRequired);
        assert_eq!(lost.error.exchange_error(), Some(&why));
    }
}

/// A server that lets everybody in, and greets nobody.
struct Careless(Option<Challenge>);

impl SaslInterface for Careless {
    fn initiate(&mut self, _: MechanismName, _: Option<Response>) -> Result<Reply, SaslError> {
        Ok(Reply::Success(self.0.clone()))
    }

    fn respond(&mut self, _: Response) -> Result<Reply, SaslError> {
        unreachable!("the exchange is over on the wire")
    }

    fn abort(&mut self) -> Result<Reply, SaslError> {
        unreachable!("the exchange is over on the wire")
    }
}

#[test]
fn a_success_without_the_greeting_is_none() {
    let connection = connection(ChannelSecurity::Confidential);
    for last_words in [None, Some(Challenge::new(*b"welcome, somebody"))] {
        for client in clients("1234") {
            let mut careless = Careless(last_words.clone());
            assert!(blocking::negotiate(&mut careless, &connection, &[&*client]).is_err());
        }
    }
}

#[test]
fn messages_that_are_none_are_refused() {
    for message in [&b"lamp"[..], b"\0token", b"\xff\0token", b""] {
        let mut server = server(Profile::FULL);
        let step = server.start(Some(Response::new(message))).expect("the first call");
        assert!(matches!(step, ServerStep::Done(Outcome::Failure(_))), "{message:?}");
    }
}
