//! `cram_md5.json`: a challenge and an answer, as client, as server, face to face.

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    credentials::Credentials,
    error::FailureCode,
    mechanism::{PlusOffer, Rules, ServerContext, Service},
    mechanisms::cram_md5,
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    nonce::Nonce,
    profile::Profile,
    query::SecretForm,
};
use aiosasl_testkit::{Accounts, FaceToFace, talk};
use serde_json::Value;

use crate::ledger::{Vectors, octets, text};

pub(crate) fn cram_md5_is_a_keyed_hash_of_the_challenge(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let [name, password] = ["username", "password"].map(|field| text(&vector[field]));
        let accounts = Accounts::new().with_secret(name, SecretForm::Password, password.as_bytes());
        let [challenge, answer] = [0, 1].map(|at| octets(&vector["messages"][at]));
        let end = play_server(&challenge, &answer, &accounts);
        assert_eq!(end, "success", "{}", vector["id"]);
        let client = || client(name, password);
        assert_eq!(play_client(client(), &challenge), Ok(answer), "{}", vector["id"]);
        let met = talk(client(), server(&challenge), &accounts);
        assert!(met.client.is_ok(), "{}: {:?}", vector["id"], met.client);
        vectors.played("valid", at);
    }
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let end = match text(&vector["role"]) {
            "client" => play_client(client("tim", "secret"), &octets(&vector["challenge_input"]))
                .expect_err("malformed")
                .to_owned(),
            _ => play_server(
                text(&vector["challenge"]).as_bytes(),
                &octets(&vector["input"]),
                &accounts(vector),
            ),
        };
        // The log may know better than the client.
        let expected = match text(&vector["id"]) {
            "cr-unknown-user" => "unknown-account",
            _ => text(&vector["expect"]),
        };
        assert_eq!(end, expected, "{}", vector["id"]);
        vectors.played("malformed", at);
    }
}

fn accounts(vector: &Value) -> Accounts {
    let secrets = vector["secrets"].as_object().expect("an object");
    secrets.iter().fold(Accounts::new(), |accounts, (name, password)| {
        accounts.with_secret(name, SecretForm::Password, text(password).as_bytes())
    })
}

fn client(name: &str, password: &str) -> ClientExchange {
    let nobody = Accounts::new();
    let pair = FaceToFace::new(&cram_md5::MECHANISM, &nobody);
    let credentials = Credentials::password(name.try_into().expect("a name"), password);
    pair.client(&credentials, Profile::FULL).expect("good credentials")
}

/// A server whose challenge is this one.
fn server(challenge: &[u8]) -> ServerExchange {
    let challenge = std::str::from_utf8(challenge).expect("ASCII");
    let within = challenge.strip_prefix('<').and_then(|it| it.strip_suffix('>'));
    let (unique, host) = within.and_then(|it| it.split_once('@')).expect("a message id");
    let rules = Rules { service: Some(Service::new("imap", host)), ..Rules::default() };
    let nonce = Nonce::new(unique).expect("printable");
    let context = ServerContext { nonce, bindings: &[], plus: PlusOffer::NotOffered, rules };
    ServerExchange::new((cram_md5::MECHANISM.server)(&context))
}

/// What becomes of the answer: `success`, or a failure's reason.
fn play_server(challenge: &[u8], answer: &[u8], accounts: &Accounts) -> String {
    let mut server = server(challenge);
    let Ok(ServerStep::Send(said)) = server.start(None) else { panic!("the server speaks first") };
    assert_eq!(said.as_bytes(), challenge);
    let answer = ClientMessage::Response(Response::new(answer));
    let mut step = server.receive(answer).expect("in turn");
    loop {
        step = match step {
            ServerStep::Ask(query) => server.answer(accounts.answer(query)).expect("in turn"),
            ServerStep::Done(Outcome::Success(_)) => return "success".to_owned(),
            ServerStep::Done(Outcome::Failure(failure)) => {
                let of_credentials =
                    matches!(failure.reason.as_str(), "digest-mismatch" | "unknown-account");
                let told = failure.code == FailureCode::InvalidCredentials;
                assert_eq!(told, of_credentials, "{failure}");
                return failure.reason.as_str().to_owned();
            }
            ServerStep::Send(more) => panic!("{more:?}"),
        };
    }
}

/// The answer to the challenge, or why there is none.
fn play_client(mut client: ClientExchange, challenge: &[u8]) -> Result<Vec<u8>, &'static str> {
    let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response: None, .. })) =
        client.start()
    else {
        panic!("the server speaks first")
    };
    match client.receive(ServerMessage::Challenge(Challenge::new(challenge))) {
        Ok(ClientStep::Send(ClientMessage::Response(answer))) => Ok(answer.as_bytes().to_vec()),
        Ok(ClientStep::Send(ClientMessage::Abort)) => {
            let end = client.receive(ServerMessage::Failure(FailureCode::Aborted));
            Err(end.expect_err("it has given up").reason())
        }
        other => panic!("{other:?}"),
    }
}
