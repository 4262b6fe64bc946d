//! Every file of `vectors/`, played: as client alone, as server alone, face to face; a file that nobody plays fails the run.

mod published;

use alloc::{boxed::Box, string::String, vec::Vec};
use std::{collections::BTreeSet, fs, path::PathBuf, println};

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    credentials::{Credentials, Endpoint},
    encoding::decode,
    identity::AuthenticationId,
    mechanism::{Mechanism, Rules, Side, UsernameRule},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    profile::Profile,
    query::{ClientQuery, Question, SecretForm, Subject},
};
use aiosasl_testkit::{Accounts, FaceToFace, talk};
use serde_json::Value;

use crate::{
    ALL,
    aws::{AwsCredentials, Timestamp},
    aws_msk_iam::{self, MskServer},
};

/// What a file may have: what it is, exchanges, and messages that are refused.
const SECTIONS: [&str; 9] = [
    "mechanism",
    "source",
    "valid",
    "server_only",
    "client_only",
    "published",
    "to_server",
    "to_client",
    "malformed_setup",
];

/// The mechanism with a clock that stands still.
const MSK_THEN: Mechanism = Mechanism {
    server: |context| {
        let clock = || Timestamp::parse("20201022T000500Z");
        Box::new(MskServer::new(context).with_clock(clock))
    },
    ..aws_msk_iam::MECHANISM
};

#[test]
fn every_vector_is_played() {
    let mut played = BTreeSet::new();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors");
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("UTF-8");
        let file: Value = serde_json::from_str(&text).expect("JSON");
        let name = text_of(&file["mechanism"]);
        let count = play(&file);
        println!("{name}: {count} vectors played");
        assert!(played.insert(String::from(name)), "two files for {name}");
    }
    let all: BTreeSet<_> = ALL.iter().map(|it| String::from(it.name.as_str())).collect();
    assert_eq!(played, all, "a mechanism without vectors, or vectors without one");
}

fn play(file: &Value) -> usize {
    for section in file.as_object().expect("an object").keys() {
        assert!(SECTIONS.contains(&&**section), "nobody plays {section}");
    }
    let name = text_of(&file["mechanism"]);
    let mut mechanisms = core::iter::once(&MSK_THEN).chain(ALL);
    let mechanism = mechanisms.find(|it| it.name == name).expect("a mechanism of ours");
    for vector in list(file, "valid") {
        let setup = Setup::new(mechanism, vector);
        assert_eq!(setup.client(vector), "success", "{}", vector["id"]);
        assert_eq!(setup.server(vector), "success", "{}", vector["id"]);
        let pair = setup.pair();
        let client = pair.client(&setup.credentials, Profile::FULL).expect("good credentials");
        let met = talk(client, pair.server(Profile::FULL), &setup.accounts);
        assert!(met.client.is_ok(), "{}: {met:?}", vector["id"]);
    }
    for vector in list(file, "server_only") {
        assert_eq!(Setup::new(mechanism, vector).server(vector), "success", "{}", vector["id"]);
    }
    for vector in list(file, "client_only") {
        assert_eq!(Setup::new(mechanism, vector).client(vector), "success", "{}", vector["id"]);
    }
    let setup = Setup::new(mechanism, &file["malformed_setup"]);
    assert!(!list(file, "to_server").is_empty() && !list(file, "to_client").is_empty());
    for vector in list(file, "to_server") {
        assert_eq!(setup.to_server(vector), text_of(&vector["expect"]), "{}", vector["id"]);
    }
    for vector in list(file, "to_client") {
        assert_eq!(setup.to_client(vector), text_of(&vector["expect"]), "{}", vector["id"]);
    }
    for vector in list(file, "published") {
        published::check(vector);
    }
    SECTIONS.iter().map(|section| list(file, section).len()).sum()
}

/// A mechanism, and what a vector says of both ends.
struct Setup<'a> {
    mechanism: &'a Mechanism,
    accounts: Accounts,
    credentials: Credentials,
    known: Option<&'a str>,
    /// Who the protocol has said that comes.
    announced: Option<&'a str>,
}

impl<'a> Setup<'a> {
    fn new(mechanism: &'a Mechanism, vector: &'a Value) -> Self {
        let mut accounts = Accounts::new();
        let user = vector["user"].as_str();
        let mut credentials = credentials(vector);
        credentials.authentication_id =
            user.map(|user| AuthenticationId::new(user).expect("a name"));
        if let (Some(user), Some(password)) = (user, vector["password"].as_str()) {
            accounts = accounts.with_password(user, password).with_plain_password(user, password);
            credentials = Credentials::password(user.try_into().expect("a name"), password);
        }
        if let (Some(user), [form, secret]) = (user, &texts(&vector["stored"])[..]) {
            let form = ["aws-secret-access-key", "dbus-cookie"].into_iter().find(|it| it == form);
            let form = SecretForm::Foreign(form.expect("a form"));
            accounts = accounts.with_secret(user, form, secret.as_bytes());
        }
        if let Some(cookie) = vector["known"]["dbus-cookie"].as_str() {
            accounts = accounts.with_known("dbus-cookie", cookie);
        }
        if let Some(token) = vector["known"]["mongodb-oidc-token"].as_str() {
            accounts = accounts.with_known("mongodb-oidc-token", token);
        }
        if let Some(token) = vector["good_token"].as_str() {
            accounts = accounts.with_token("user", token);
        }
        if let [principal, provider] = texts(&vector["provider"])[..] {
            accounts = accounts.with_provider(principal, provider, None);
        }
        if let Some(name) = vector["external"].as_str() {
            accounts = accounts.with_external(name.try_into().expect("a name"));
        }
        let mut known = vector["known"].as_object().into_iter().flat_map(|it| it.values());
        let known = known.next().and_then(Value::as_str);
        let announced = user.filter(|_| vector["announced"] == true);
        Self { mechanism, accounts, credentials, known, announced }
    }

    fn pair(&self) -> FaceToFace<'_> {
        let pair = FaceToFace::new(self.mechanism, &self.accounts);
        match self.announced {
            None => pair,
            Some(name) => pair.with_rules(Rules {
                username: UsernameRule::FromProtocol(name.try_into().expect("a name")),
                ..Rules::default()
            }),
        }
    }

    fn exchanges(&self) -> (ClientExchange, ServerExchange) {
        let pair = self.pair();
        let client = pair.client(&self.credentials, Profile::FULL).expect("good credentials");
        (client, pair.server(Profile::FULL))
    }

    /// The client alone says what the vector says; the server's messages come from there.
    fn client(&self, vector: &Value) -> String {
        let (mut client, _) = self.exchanges();
        let mut step = client.start();
        for message in vector["messages"].as_array().expect("a list") {
            let octets = octets(message);
            if message["dir"] == "C" {
                let said = match &step {
                    Ok(ClientStep::Send(ClientMessage::Authenticate {
                        initial_response, ..
                    })) => initial_response.as_ref().map(Response::as_bytes),
                    Ok(ClientStep::Send(ClientMessage::Response(it))) => Some(it.as_bytes()),
                    other => panic!("{}: {other:?}", vector["id"]),
                };
                assert_eq!(said.map(shown), Some(shown(&octets)), "{}", vector["id"]);
                continue;
            }
            let challenge = Challenge::new(octets);
            let is_success = message["success"] == true;
            step = client.receive(if is_success {
                ServerMessage::Success { additional_data: Some(challenge) }
            } else {
                ServerMessage::Challenge(challenge)
            });
            step = self.answered(&mut client, step);
        }
        if let Ok(ClientStep::Send(_)) = step {
            step = client.receive(ServerMessage::Success { additional_data: None });
        }
        match step {
            Ok(ClientStep::Done(_)) => "success".into(),
            other => panic!("{}: {other:?}", vector["id"]),
        }
    }

    fn answered(
        &self,
        client: &mut ClientExchange,
        step: Result<ClientStep, aiosasl::error::Error>,
    ) -> Result<ClientStep, aiosasl::error::Error> {
        let Ok(ClientStep::Ask(ClientQuery::Question(question))) = step else { return step };
        assert!(matches!(question.subject(), Subject::Foreign { .. }), "{question:?}");
        client.answer(Question::answer(question, self.known.expect("somebody who knows")))
    }

    /// The server alone says what the vector says; the client's messages come from there.
    fn server(&self, vector: &Value) -> String {
        let messages = vector["messages"].as_array().expect("a list");
        let from = |side| move |it: &&Value| it["dir"] == side;
        let client: Vec<_> = messages.iter().filter(from("C")).map(octets).collect();
        let server: Vec<_> = messages.iter().filter(from("S")).map(octets).collect();
        let (said, end) = self.hear(client);
        let [said, server] = [said, server].map(|it| it.iter().map(|it| shown(it)).collect());
        assert_eq::<Vec<String>>(&said, &server, &vector["id"]);
        end
    }

    fn to_server(&self, vector: &Value) -> String {
        let messages = vector["messages"].as_array().expect("a list");
        self.hear(messages.iter().map(octets).collect()).1
    }

    /// What a server says to these messages, and how it ends.
    fn hear(&self, messages: Vec<Vec<u8>>) -> (Vec<Vec<u8>>, String) {
        let (_, mut server) = self.exchanges();
        let mut messages = messages.into_iter().map(Response::new);
        let mut said = Vec::new();
        let speaks_first = self.mechanism.properties.first == Side::Client;
        let first = if speaks_first { messages.next() } else { None };
        let mut step = server.start(first).expect("in turn");
        loop {
            step = match step {
                ServerStep::Ask(query) => {
                    server.answer(self.accounts.answer(query)).expect("in turn")
                }
                ServerStep::Send(challenge) => {
                    said.push(challenge.as_bytes().to_vec());
                    let Some(message) = messages.next() else { return (said, "more".into()) };
                    server.receive(ClientMessage::Response(message)).expect("in turn")
                }
                ServerStep::Done(Outcome::Failure(failure)) => {
                    return (said, failure.reason.as_str().into());
                }
                ServerStep::Done(Outcome::Success(success)) => {
                    said.extend(success.additional_data.map(|it| it.as_bytes().to_vec()));
                    return (said, "success".into());
                }
            };
        }
    }

    /// Why a client gives up after these messages.
    fn to_client(&self, vector: &Value) -> String {
        let (mut client, _) = self.exchanges();
        let mut step = client.start();
        for message in vector["messages"].as_array().expect("a list") {
            assert!(matches!(step, Ok(ClientStep::Send(_))), "{}: {step:?}", vector["id"]);
            step = client.receive(ServerMessage::Challenge(Challenge::new(octets(message))));
            step = self.answered(&mut client, step);
        }
        let Ok(ClientStep::Send(ClientMessage::Abort)) = step else {
            panic!("{}: {step:?}", vector["id"])
        };
        let end = client.receive(ServerMessage::Success { additional_data: None });
        end.expect_err("it has given up").reason().into()
    }
}

fn credentials(vector: &Value) -> Credentials {
    if let Some(token) = vector["token"].as_str() {
        return Credentials::token(token);
    }
    let aws = &vector["aws"];
    if aws.is_null() {
        return Credentials::none();
    }
    let [id, secret, time] =
        ["access_key_id", "secret_access_key", "time"].map(|field| text_of(&aws[field]));
    let mut key = AwsCredentials::new(id, secret).at(Timestamp::parse(time).expect("a time"));
    if let Some(region) = aws["region"].as_str() {
        key = key.in_region(region);
    }
    if let Some(user_agent) = aws["user_agent"].as_str() {
        key = key.with_user_agent(user_agent);
    }
    if let Some(token) = aws["session_token"].as_str() {
        key = key.with_session_token(token);
    }
    let host = vector["host"].as_str();
    key.into_credentials().for_endpoint(host.map(|host| Endpoint { host: host.into(), port: None }))
}

#[track_caller]
fn assert_eq<T: PartialEq + core::fmt::Debug>(left: &T, right: &T, id: &Value) {
    assert_eq!(left, right, "{id}");
}

fn list<'a>(file: &'a Value, section: &str) -> &'a [Value] {
    file[section].as_array().map_or(&[], Vec::as_slice)
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(text_of).collect()
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("expected a string, found {value}"))
}

/// The octets of `{"text": ...}`, or of `{"b64": ...}`.
fn octets(value: &Value) -> Vec<u8> {
    match value["text"].as_str() {
        Some(text) => text.into(),
        None => decode(text_of(&value["b64"])).expect("base64"),
    }
}

fn shown(octets: &[u8]) -> String {
    alloc::format!("{}", octets.escape_ascii())
}
