//! `saml20.json` and `openid20.json`: the proof happens elsewhere; as client, as server, face to face.

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    credentials::Credentials,
    error::{Error, FailureCode},
    identity::AuthorizationId,
    mechanism::Mechanism,
    mechanisms::visit::{OPENID20, SAML20, parse_attributes, spell_attributes},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    profile::{Profile, SuccessData},
    query::{ClientQuery, Subject},
};
use aiosasl_testkit::{Accounts, FaceToFace, answer, talk};
use serde_json::Value;

use crate::ledger::{Vectors, octets, text};

/// Who comes back from every provider.
const VISITOR: &str = "user@example.org";

pub(crate) fn saml20(vectors: &mut Vectors) {
    play_all(&SAML20, vectors);
}

pub(crate) fn openid20(vectors: &mut Vectors) {
    play_all(&OPENID20, vectors);
}

fn play_all(mechanism: &Mechanism, vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let site = Site::of(vector);
        play_server(mechanism, vector, &site);
        play_client(mechanism, vector, &site);
        meet(mechanism, vector, &site);
        vectors.played("valid", at);
    }
    let good = vectors.section("valid").remove(0);
    for (at, vector) in vectors.section("tolerated").iter().enumerate() {
        assert_eq!(vector["role"], "server");
        let end = server_hears(mechanism, &good, vector);
        assert!(end.is_none(), "{}: {end:?}", vector["id"]);
        vectors.played("tolerated", at);
    }
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let end = match text(&vector["role"]) {
            "server" => server_hears(mechanism, &good, vector),
            _ => Some(client_hears(mechanism, &good, vector)),
        };
        assert_eq!(end, vector["expect"].as_str(), "{}", vector["id"]);
        vectors.played("malformed", at);
    }
}

/// What a vector needs at both ends.
struct Site {
    accounts: Accounts,
    credentials: Credentials,
    comes_in: bool,
}

impl Site {
    fn of(vector: &Value) -> Self {
        let [provider, url] = [&vector["provider"], &vector["messages"][1]["text"]].map(text);
        let other = vector["authzid"].as_str();
        let comes_in = vector["outcome"] != "failure";
        let visitor = comes_in.then(|| VISITOR.try_into().expect("a name"));
        let accounts = Accounts::new()
            .with_provider(provider, url, visitor)
            .with_attributes(&attributes(vector).unwrap_or_default())
            .with_acting(VISITOR, other.unwrap_or_default());
        let credentials = Credentials::none()
            .of_user(Some(provider.try_into().expect("a name")))
            .acting_as(other.map(|it| it.try_into().expect("an identity")));
        Self { accounts, credentials, comes_in }
    }
}

/// What is told of the visitor, spelled by us.
fn attributes(vector: &Value) -> Option<String> {
    let pairs = vector["attributes"].as_array()?;
    let pairs = pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1])));
    Some(spell_attributes(pairs).into())
}

/// The client's messages as they stand; the server's own are those of the vector.
fn play_server(mechanism: &Mechanism, vector: &Value, site: &Site) {
    let mut server = FaceToFace::new(mechanism, &site.accounts).server(Profile::FULL);
    let mut messages = vector["messages"].as_array().expect("a list").iter();
    let first = Response::new(octets(messages.next().expect("a first message")));
    let mut step = server.start(Some(first)).expect("in turn");
    loop {
        step = match step {
            ServerStep::Ask(query) => server.answer(site.accounts.answer(query)).expect("in turn"),
            ServerStep::Send(said) => {
                assert_eq!(said.as_bytes(), octets(messages.next().expect("nothing more")));
                let next = Response::new(octets(messages.next().expect("an answer")));
                server.receive(ClientMessage::Response(next)).expect("in turn")
            }
            ServerStep::Done(Outcome::Success(success)) => {
                assert!(site.comes_in, "{}", vector["id"]);
                let identity = success.identity.authentication_id().map(ToString::to_string);
                assert_eq!(identity.as_deref(), Some(VISITOR));
                let other = success.authorization_id.as_ref().map(AuthorizationId::as_str);
                assert_eq!(other, vector["authzid"].as_str());
                let told = success.additional_data.map(|it| it.as_bytes().to_vec());
                assert_eq!(told, messages.next().map(octets));
                break;
            }
            ServerStep::Done(Outcome::Failure(failure)) => {
                assert!(!site.comes_in, "{}: {failure}", vector["id"]);
                assert_eq!(failure.reason.as_str(), "provider-refused");
                break;
            }
        };
    }
    assert!(messages.next().is_none(), "{}: something is left", vector["id"]);
}

/// The server's messages as they stand; what the client says is the vector's.
fn play_client(mechanism: &Mechanism, vector: &Value, site: &Site) {
    let pair = FaceToFace::new(mechanism, &site.accounts);
    let mut client = pair.client(&site.credentials, Profile::FULL).expect("good credentials");
    let [first, url, back] = [0, 1, 2].map(|at| octets(&vector["messages"][at]));
    let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response, .. })) = client.start()
    else {
        panic!("no first message")
    };
    assert_eq!(initial_response, Some(Response::new(first)), "{}", vector["id"]);
    let step = client.receive(ServerMessage::Challenge(Challenge::new(url.clone())));
    let Ok(ClientStep::Ask(ClientQuery::Question(question))) = step else { panic!("{step:?}") };
    let Subject::Visit { url: asked } = question.subject() else { panic!("{question:?}") };
    assert_eq!(asked.as_bytes(), url);
    let step = client.answer(question.answer(""));
    let Ok(ClientStep::Send(ClientMessage::Response(said))) = step else { panic!("{step:?}") };
    assert_eq!(said.as_bytes(), back);
    let last = vector["messages"].get(3).map(|it| Challenge::new(octets(it)));
    if site.comes_in {
        let end = client.receive(ServerMessage::Success { additional_data: last });
        let Ok(ClientStep::Done(done)) = end else { panic!("{end:?}") };
        check_attributes(vector, done.attributes.as_deref());
        return;
    }
    let step = client.receive(ServerMessage::Challenge(last.expect("the error")));
    let Ok(ClientStep::Send(ClientMessage::Response(said))) = step else { panic!("{step:?}") };
    assert_eq!(said.as_bytes(), octets(&vector["messages"][4]));
    let end = client.receive(ServerMessage::Failure(FailureCode::InvalidCredentials));
    check_refusal(&end.expect_err("a refusal"));
}

/// Both, also where the last words have to go as a challenge.
fn meet(mechanism: &Mechanism, vector: &Value, site: &Site) {
    let profile = Profile { success_data: SuccessData::AsChallenge, ..Profile::FULL };
    for profile in [Profile::FULL, profile] {
        let pair = FaceToFace::new(mechanism, &site.accounts);
        let client = pair.client(&site.credentials, profile).expect("good credentials");
        match talk(client, pair.server(profile), &site.accounts).client {
            Ok(done) => check_attributes(vector, done.attributes.as_deref()),
            Err(error) => {
                assert!(!site.comes_in, "{}: {error}", vector["id"]);
                check_refusal(&error);
            }
        }
    }
}

fn check_attributes(vector: &Value, told: Option<&str>) {
    assert_eq!(told.map(str::to_owned), attributes(vector));
    let pairs = parse_attributes(told.unwrap_or_default()).expect("attributes");
    let pairs: Vec<[&str; 2]> = pairs.iter().map(|(name, value)| [&**name, &**value]).collect();
    let none = Value::Array(Vec::new());
    let expected = vector.get("attributes").unwrap_or(&none);
    assert_eq!(&serde_json::to_value(pairs).expect("strings"), expected);
}

fn check_refusal(error: &Error) {
    assert!(error.is_authentication_failure());
    let Error::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!(refusal.text.as_deref(), Some("fail"));
}

/// A good exchange, in which the client says something else at one place: why it fails.
fn server_hears(mechanism: &Mechanism, good: &Value, vector: &Value) -> Option<&'static str> {
    let site = Site::of(good);
    let mut server: ServerExchange =
        FaceToFace::new(mechanism, &site.accounts).server(Profile::FULL);
    let at = |place| {
        let said = if vector["at"] == place { &vector["input"] } else { &good["messages"][place] };
        Response::new(octets(said))
    };
    let mut step = server.start(Some(at(0))).expect("in turn");
    let mut place = 0;
    loop {
        step = match step {
            ServerStep::Ask(query) => server.answer(site.accounts.answer(query)).expect("in turn"),
            ServerStep::Send(_) => {
                place += 2;
                server.receive(ClientMessage::Response(at(place))).expect("in turn")
            }
            ServerStep::Done(Outcome::Success(_)) => return None,
            ServerStep::Done(Outcome::Failure(failure)) => return Some(failure.reason.as_str()),
        };
    }
}

/// A good exchange, in which the server says something else at one place: why the client gives up.
fn client_hears(mechanism: &Mechanism, good: &Value, vector: &Value) -> &'static str {
    let site = Site::of(good);
    let pair = FaceToFace::new(mechanism, &site.accounts);
    let mut client: ClientExchange =
        pair.client(&site.credentials, Profile::FULL).expect("good credentials");
    assert!(client.start().is_ok());
    let bad = Challenge::new(octets(&vector["input"]));
    let after_the_visit = vector["at"] == 3;
    if after_the_visit {
        let url = Challenge::new(octets(&good["messages"][1]));
        let step = client.receive(ServerMessage::Challenge(url));
        let Ok(ClientStep::Ask(query)) = step else { panic!("{step:?}") };
        assert!(client.answer(answer(query)).is_ok());
        // In the success itself: the end is here.
        let mut other = pair.client(&site.credentials, Profile::FULL).expect("good credentials");
        assert!(other.start().is_ok());
        let url = Challenge::new(octets(&good["messages"][1]));
        let Ok(ClientStep::Ask(query)) = other.receive(ServerMessage::Challenge(url)) else {
            panic!("no question")
        };
        assert!(other.answer(answer(query)).is_ok());
        let end = other.receive(ServerMessage::Success { additional_data: Some(bad.clone()) });
        assert_eq!(end.err().map(|it| it.reason()), vector["expect"].as_str());
    }
    let step = client.receive(ServerMessage::Challenge(bad));
    assert!(matches!(step, Ok(ClientStep::Send(ClientMessage::Abort))), "{step:?}");
    let end = client.receive(ServerMessage::Success { additional_data: None });
    end.expect_err("it has given up").reason()
}
