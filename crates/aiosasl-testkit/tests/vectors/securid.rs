//! `securid.json`: codes and PINs, as client, as server, face to face.

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    credentials::Credentials,
    identity::AuthorizationId,
    mechanisms::securid,
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    profile::Profile,
    query::{ClientQuery, PasscodeVerdict, Subject},
};
use aiosasl_testkit::{Accounts, FaceToFace, talk_asking};

use crate::ledger::{Vectors, hex, text};

pub(crate) fn codes_come_with_names(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let fields: Vec<_> =
            vector["fields"].as_array().expect("a list").iter().map(text).collect();
        let (authzid, name, passcode, pin) = match fields[..] {
            [authzid, name, passcode] => (authzid, name, passcode, None),
            [authzid, name, passcode, pin] => (authzid, name, passcode, Some(pin)),
            _ => panic!("{vector}"),
        };
        let verdict = match pin {
            Some(_) => PasscodeVerdict::NewPin { suggested: None },
            None => PasscodeVerdict::Accepted,
        };
        let accounts =
            Accounts::new().with_passcode(name, passcode, verdict).with_acting(name, authzid);
        let pair = FaceToFace::new(&securid::MECHANISM, &accounts);
        let mut server = pair.server(Profile::FULL);
        let step = server.start(Some(Response::new(hex(&vector["hex"])))).expect("in turn");
        let end = answered(&mut server, step, &accounts);
        assert!(matches!(end, ServerStep::Done(Outcome::Success(_))), "{}: {end:?}", vector["id"]);

        let credentials = Credentials::password(name.try_into().expect("a name"), passcode)
            .acting_as(AuthorizationId::derived_if_empty(authzid).expect("no NUL"));
        let client = || pair.client(&credentials, Profile::FULL).expect("good credentials");
        let (mut alone, first) = started(client());
        let last = match pin {
            None => first,
            Some(pin) => {
                let step = alone.receive(ServerMessage::Challenge(Challenge::new(*b"pin\0")));
                let Ok(ClientStep::Ask(query)) = step else { panic!("{step:?}") };
                said(&alone.answer(person(query, pin)))
            }
        };
        assert_eq!(last, hex(&vector["hex"]), "{}", vector["id"]);
        let met = talk_asking(client(), pair.server(Profile::FULL), &accounts, |query| {
            person(query, pin.unwrap_or_default())
        });
        assert!(met.client.is_ok(), "{}: {:?}", vector["id"], met.lines);
        vectors.played("valid", at);
    }
}

pub(crate) fn servers_ask_for_more(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("requests").iter().enumerate() {
        let suggested = vector["pin"].as_str().map(Box::<str>::from);
        let (verdict, subject) = match text(&vector["kind"]) {
            "passcode" => (PasscodeVerdict::NextPasscode, Subject::NextPasscode),
            _ => (
                PasscodeVerdict::NewPin { suggested: suggested.clone() },
                Subject::NewPin { suggested },
            ),
        };
        let accounts = Accounts::new().with_passcode("magnus", "12345678", verdict);
        let pair = FaceToFace::new(&securid::MECHANISM, &accounts);
        let credentials = Credentials::password("magnus".try_into().expect("a name"), "12345678");
        let client = pair.client(&credentials, Profile::FULL).expect("good credentials");
        let (mut client, first) = started(client);
        let mut server = pair.server(Profile::FULL);
        let step = server.start(Some(Response::new(first))).expect("in turn");
        let ServerStep::Send(challenge) = answered(&mut server, step, &accounts) else {
            panic!("{vector}")
        };
        assert_eq!(challenge.as_bytes(), hex(&vector["hex"]), "{vector}");
        let step = client.receive(ServerMessage::Challenge(challenge));
        let Ok(ClientStep::Ask(ClientQuery::Question(question))) = step else { panic!("{step:?}") };
        assert_eq!(*question.subject(), subject);
        vectors.played("requests", at);
    }
}

pub(crate) fn malformed_messages_are_refused(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let accounts = Accounts::new();
        let pair = FaceToFace::new(&securid::MECHANISM, &accounts);
        let message = hex(&vector["hex"]);
        let found = if text(&vector["role"]) == "client" {
            refused_by_client(&pair, &message)
        } else {
            let mut server = pair.server(Profile::FULL);
            match server.start(Some(Response::new(message))).expect("in turn") {
                ServerStep::Done(Outcome::Failure(failure)) => failure.reason.as_str().to_owned(),
                step => panic!("{}: {step:?}", vector["id"]),
            }
        };
        assert_eq!(found, text(&vector["expect"]), "{}", vector["id"]);
        vectors.played("malformed", at);
    }
}

fn refused_by_client(pair: &FaceToFace<'_>, message: &[u8]) -> String {
    let credentials = Credentials::password("magnus".try_into().expect("a name"), "12345678");
    let client = pair.client(&credentials, Profile::FULL).expect("good credentials");
    let (mut client, _) = started(client);
    let step = client.receive(ServerMessage::Challenge(Challenge::new(message)));
    assert!(matches!(step, Ok(ClientStep::Send(ClientMessage::Abort))), "{step:?}");
    let end = client.receive(ServerMessage::Success { additional_data: None });
    end.expect_err("it has given up").reason().to_owned()
}

fn started(mut client: ClientExchange) -> (ClientExchange, Vec<u8>) {
    let step = client.start();
    let first = match step {
        Ok(ClientStep::Send(ClientMessage::Authenticate {
            initial_response: Some(it), ..
        })) => it.as_bytes().to_vec(),
        other => panic!("{other:?}"),
    };
    (client, first)
}

fn said(step: &Result<ClientStep, aiosasl::error::Error>) -> Vec<u8> {
    match step {
        Ok(ClientStep::Send(ClientMessage::Response(response))) => response.as_bytes().to_vec(),
        other => panic!("{other:?}"),
    }
}

fn person(query: ClientQuery, pin: &str) -> aiosasl::query::ClientAnswer {
    let ClientQuery::Question(question) = query else { panic!("{query:?}") };
    question.answer(pin)
}

fn answered(server: &mut ServerExchange, mut step: ServerStep, accounts: &Accounts) -> ServerStep {
    while let ServerStep::Ask(query) = step {
        step = server.answer(accounts.answer(query)).expect("in turn");
    }
    step
}
