//! `oauth.json`: OAUTHBEARER, XOAUTH2, OAUTH10A's grammar, and what a server says of a token that it refuses.

use aiosasl::{
    ClientStep, ServerStep,
    credentials::{Credentials, Endpoint},
    error::Error,
    identity::AuthorizationId,
    mechanism::Mechanism,
    mechanisms::oauth::{OAUTH10A, OAUTHBEARER, XOAUTH2, parse_oauth10a, parse_refusal},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    profile::Profile,
    token::TokenRefusal,
};
use aiosasl_testkit::{Accounts, FaceToFace, talk};
use serde_json::Value;

use crate::ledger::{Vectors, octets, text};

/// Whose token it is where the message does not say.
const OWNER: &str = "owner@example.com";

pub(crate) fn bearers_show_a_token(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let message = octets(&vector["messages"][0]);
        if vector["mechanism"] == "OAUTH10A" {
            let read = parse_oauth10a(&message).expect("a message");
            let authzid = read.authorization_id.as_ref().map(AuthorizationId::as_str);
            assert_eq!(authzid, vector["authzid"].as_str());
            assert_eq!((&*read.endpoint.host, read.endpoint.port), ("example.com", Some(143)));
            assert!(read.parameters.expose().starts_with(b"realm=\"Example\","));
            let credentials = Credentials::token(read.parameters)
                .for_endpoint(read.endpoint)
                .acting_as(read.authorization_id);
            play(&OAUTH10A, vector, &message, &credentials);
        } else {
            play(&OAUTHBEARER, vector, &message, &credentials(vector));
        }
        vectors.played("valid", at);
    }
}

pub(crate) fn xoauth2_shows_a_token(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("xoauth2").iter().enumerate() {
        let message = octets(&vector["messages"][0]);
        let user = text(&vector["user"]).try_into().expect("a name");
        let credentials = Credentials::token(text(&vector["token"])).of_user(Some(user));
        play(&XOAUTH2, vector, &message, &credentials);
        vectors.played("xoauth2", at);
    }
}

/// What a client would have to be given to say it.
fn credentials(vector: &Value) -> Credentials {
    let kv = &vector["kv"];
    let token = text(&kv["auth"]).split_once(' ').map_or("", |(_, token)| token);
    let endpoint = kv["host"].as_str().map(|host| Endpoint {
        host: host.into(),
        port: kv["port"].as_str().map(|port| port.parse().expect("a number")),
    });
    let authzid = vector["authzid"].as_str().map(|it| it.try_into().expect("an identity"));
    Credentials::token(token).for_endpoint(endpoint).acting_as(authzid)
}

fn play(mechanism: &Mechanism, vector: &Value, message: &[u8], credentials: &Credentials) {
    let token = match &credentials.key {
        aiosasl::credentials::Key::Token(token) => token.expose().to_vec(),
        other => panic!("{other:?}"),
    };
    let token = String::from_utf8(token).expect("ASCII");
    let claimed = vector["authzid"].as_str().or(vector["user"].as_str());
    let owner = claimed.unwrap_or(OWNER);
    let accounts = Accounts::new().with_token(owner, &token).telling(told());
    let pair = FaceToFace::new(mechanism, &accounts);

    // As the server: the message as it stands.
    let mut server = pair.server(Profile::FULL);
    let mut step = server.start(Some(Response::new(message))).expect("in turn");
    while let ServerStep::Ask(query) = step {
        step = server.answer(accounts.answer(query)).expect("in turn");
    }
    match step {
        ServerStep::Done(Outcome::Success(success)) => {
            assert!(!token.is_empty(), "{}: a probe comes in", vector["id"]);
            let identity = success.identity.authentication_id().map(ToString::to_string);
            assert_eq!(identity.as_deref(), Some(owner), "{}", vector["id"]);
            let authzid = success.authorization_id.as_ref().map(AuthorizationId::as_str);
            assert_eq!(authzid, claimed, "{}", vector["id"]);
        }
        ServerStep::Send(challenge) => {
            assert!(token.is_empty(), "{}: refused", vector["id"]);
            assert_eq!(parse_refusal(challenge.as_bytes()), Ok(told()));
        }
        other => panic!("{}: {other:?}", vector["id"]),
    }

    // As the client: what it says is the message, where that has no freedom that ours does not take.
    let client = || pair.client(credentials, Profile::FULL).expect("good credentials");
    let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response: Some(said), .. })) =
        client().start()
    else {
        panic!("{}: no initial response", vector["id"])
    };
    let freedoms = ["scheme-case", "unknown-key-ignored", "y-flag", "kafka-extension"];
    if !freedoms.contains(&text(&vector["id"])) {
        assert_eq!(said.as_bytes(), message, "{}", vector["id"]);
    }
    // Face to face.
    let met = talk(client(), pair.server(Profile::FULL), &accounts);
    match met.client {
        Ok(_) => assert!(!token.is_empty()),
        Err(Error::Refused(refusal)) => {
            assert!(token.is_empty(), "{}", vector["id"]);
            assert_eq!(refusal.token.as_deref(), Some(&told()));
        }
        Err(error) => panic!("{}: {error}", vector["id"]),
    }
}

fn told() -> TokenRefusal {
    TokenRefusal::default().with_scope("example_scope")
}

pub(crate) fn malformed_messages_are_refused(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let message = octets(&vector["input"]);
        let mechanism = match text(&vector["mechanism"]) {
            "OAUTHBEARER" => &OAUTHBEARER,
            "XOAUTH2" => &XOAUTH2,
            "OAUTH10A" => &OAUTH10A,
            other => panic!("{other}"),
        };
        let accounts = Accounts::new();
        let mut server = FaceToFace::new(mechanism, &accounts).server(Profile::FULL);
        match server.start(Some(Response::new(message))) {
            Ok(ServerStep::Done(Outcome::Failure(failure))) => {
                assert_eq!(failure.reason.as_str(), text(&vector["expect"]), "{}", vector["id"]);
            }
            other => panic!("{}: {other:?}", vector["id"]),
        }
        vectors.played("malformed", at);
    }
}

/// A client that has shown its token hears this.
fn client_hears(mechanism: &Mechanism, challenge: &[u8]) -> (ClientMessage, Error) {
    let accounts = Accounts::new();
    let credentials = Credentials::token("token").of_user(Some(OWNER.try_into().expect("a name")));
    let pair = FaceToFace::new(mechanism, &accounts);
    let mut client = pair.client(&credentials, Profile::FULL).expect("good credentials");
    assert!(client.start().is_ok());
    let step = client.receive(ServerMessage::Challenge(Challenge::new(challenge)));
    let Ok(ClientStep::Send(said)) = step else { panic!("{step:?}") };
    // Whatever the server says then, the answer is no.
    let end = client.receive(ServerMessage::Success { additional_data: None });
    (said, end.expect_err("a refusal"))
}

pub(crate) fn errors_are_handed_to_the_caller(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("errors").iter().enumerate() {
        let json: Value = serde_json::from_str(text(&vector["json"])).expect("JSON");
        let challenge = octets(vector);
        assert_eq!(challenge, text(&vector["json"]).as_bytes());
        for (mechanism, last_words) in [(&OAUTHBEARER, &b"\x01"[..]), (&XOAUTH2, b"")] {
            let (said, error) = client_hears(mechanism, &challenge);
            assert_eq!(said, ClientMessage::Response(Response::new(last_words)));
            let Error::Refused(refusal) = error else { panic!("{error:?}") };
            assert!(refusal.code.concerns_credentials());
            let told = refusal.token.expect("what the server says of the token");
            let members =
                [Some(&*told.status), told.scope.as_deref(), told.openid_configuration.as_deref()];
            let expected =
                ["status", "scope", "openid-configuration"].map(|name| json[name].as_str());
            assert_eq!(members, expected, "{}", vector["id"]);
        }
        vectors.played("errors", at);
    }
    for (at, vector) in vectors.section("malformed_errors").iter().enumerate() {
        let challenge = octets(&vector["input"]);
        for mechanism in [&OAUTHBEARER, &XOAUTH2] {
            let (said, error) = client_hears(mechanism, &challenge);
            assert_eq!(said, ClientMessage::Abort);
            assert_eq!(error.reason(), text(&vector["expect"]), "{}", vector["id"]);
        }
        vectors.played("malformed_errors", at);
    }
}
