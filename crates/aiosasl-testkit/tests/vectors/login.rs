//! `login.json`: two prompts and two answers, as client, as server, face to face.

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    credentials::Credentials,
    error::{Misuse, Reason},
    mechanisms::login,
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    profile::Profile,
};
use aiosasl_testkit::{Accounts, FaceToFace, talk};
use serde_json::Value;

use crate::ledger::{Vectors, octets, text};

pub(crate) fn login_is_two_answers(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let [name, password] = ["username", "password"].map(|field| text(&vector[field]));
        let accounts = Accounts::new().with_password(name, password);
        let pair = FaceToFace::new(&login::MECHANISM, &accounts);
        let end = play_server(pair.server(Profile::FULL), vector, &accounts);
        assert_eq!(end, "success", "{}", vector["id"]);
        let credentials = Credentials::password(name.try_into().expect("a name"), password);
        let client = || pair.client(&credentials, Profile::FULL).expect("good credentials");
        play_client(client(), vector);
        let met = talk(client(), pair.server(Profile::FULL), &accounts);
        assert!(met.client.is_ok(), "{}: {:?}", vector["id"], met.client);
        vectors.played("valid", at);
    }
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let accounts = Accounts::new().with_password("u", "p");
        let server = FaceToFace::new(&login::MECHANISM, &accounts).server(Profile::FULL);
        let end = play_server(server, vector, &accounts);
        assert_eq!(end, text(&vector["expect"]), "{}", vector["id"]);
        vectors.played("malformed", at);
    }
}

/// What becomes of the client's messages: `success`, a failure's reason, `incomplete` where the server waits for more, or
/// `unexpected-response` where there is one too many.
fn play_server(mut server: ServerExchange, vector: &Value, accounts: &Accounts) -> String {
    let steps = vector["client_steps_b64"].as_array().expect("a list");
    let mut steps = steps.iter().map(|step| step.as_str().map(decoded));
    let mut prompts = prompts(vector).into_iter();
    let first = steps.next().expect("a first step").map(Response::new);
    let mut step = server.start(first).expect("in turn");
    loop {
        step = match step {
            ServerStep::Ask(query) => server.answer(accounts.answer(query)).expect("in turn"),
            ServerStep::Send(challenge) => {
                if let Some(prompt) = prompts.next() {
                    // The draft's prompts are ours but for a space and a NUL.
                    assert_eq!(letters(challenge.as_bytes()), letters(&prompt));
                }
                let Some(response) = steps.next() else { return "incomplete".to_owned() };
                let response = Response::new(response.expect("only the first may be none"));
                server.receive(ClientMessage::Response(response)).expect("in turn")
            }
            ServerStep::Done(Outcome::Failure(failure)) => {
                return failure.reason.as_str().to_owned();
            }
            ServerStep::Done(Outcome::Success(_)) => {
                let Some(response) = steps.next() else { return "success".to_owned() };
                let response = Response::new(response.expect("only the first may be none"));
                let late = server.receive(ClientMessage::Response(response)).err();
                assert_eq!(late, Some(Misuse::AfterEnd));
                return "unexpected-response".to_owned();
            }
        };
    }
}

/// The client hears the prompts, and says its answers whatever it is asked, but no third one.
fn play_client(mut client: ClientExchange, vector: &Value) {
    let mut answers = vec![text(&vector["username"]), text(&vector["password"])].into_iter();
    let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response: None, .. })) =
        client.start()
    else {
        panic!("{}: an initial response", vector["id"])
    };
    let mut prompts = prompts(vector);
    if prompts.len() == 1 {
        // Ours never says the name unasked.
        prompts.insert(0, b"Username:".to_vec());
    }
    for prompt in prompts {
        let step = client.receive(ServerMessage::Challenge(Challenge::new(prompt)));
        let Ok(ClientStep::Send(ClientMessage::Response(answer))) = step else {
            panic!("{}: {step:?}", vector["id"])
        };
        assert_eq!(Some(answer.as_bytes()), answers.next().map(str::as_bytes), "{}", vector["id"]);
    }
    let third = client.receive(ServerMessage::Challenge(Challenge::empty()));
    assert!(matches!(third, Ok(ClientStep::Send(ClientMessage::Abort))), "{third:?}");
    let end = client.receive(ServerMessage::Success { additional_data: None }).err();
    assert_eq!(end.map(|it| it.reason()), Some(Reason::UnexpectedChallenge.as_str()));
}

fn prompts(vector: &Value) -> Vec<Vec<u8>> {
    let messages = vector["messages"].as_array().map_or(&[][..], Vec::as_slice);
    messages.iter().filter(|it| it["dir"] == "S").map(octets).collect()
}

fn letters(prompt: &[u8]) -> String {
    let letters = prompt.iter().filter(|it| it.is_ascii_alphabetic());
    letters.map(|it| char::from(it.to_ascii_lowercase())).collect()
}

fn decoded(text: &str) -> Vec<u8> {
    aiosasl::encoding::decode(text).expect("base64")
}
