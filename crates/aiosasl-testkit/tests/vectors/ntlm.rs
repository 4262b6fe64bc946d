//! `ntlm.json`: NTLMv2's keys, an exchange of theirs, and damaged messages.

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::ClientBinding,
    credentials::Credentials,
    mechanism::{ClientContext, Offered, PlusOffer, Rules, ServerContext},
    mechanisms::ntlm::{
        NtlmClient, NtlmServer,
        keys::{ResponseKey, nt_hash},
    },
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    nonce::Nonce,
    query::{Query, SecretForm},
};
use aiosasl_testkit::Accounts;
use serde_json::Value;

use crate::ledger::{Vectors, hex, octets, text};

/// The one set of published values, around which the exchange is made.
fn published(vectors: &Vectors) -> Value {
    vectors.section("valid").remove(0)
}

fn eight(vector: &Value) -> [u8; 8] {
    hex(vector).try_into().expect("eight octets")
}

pub(crate) fn keys_and_proofs(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let [user, domain, password] = ["user", "domain", "password"].map(|it| text(&vector[it]));
        let [server, client, time] = ["server_challenge_hex", "client_challenge_hex", "time_hex"]
            .map(|it| eight(&vector[it]));
        let hash = nt_hash(password);
        assert_eq!(hash.expose(), hex(&vector["NTOWFv1"]));
        let key = ResponseKey::new(&hash, user, domain);
        assert_eq!(key.expose(), hex(&vector["NTOWFv2"]));
        assert_eq!(key.lm_response(server, client), hex(&vector["LMv2Response"]));
        let pairs = hex(&vector["av_pairs_hex"]);
        let parts: [&[u8]; 6] = [b"\x01\x01\0\0\0\0\0\0", &time, &client, &[0; 4], &pairs, &[0; 4]];
        let proof = key.nt_proof(server, &parts.concat());
        assert_eq!(proof.as_slice(), hex(&vector["NTProofStr"]));
        assert_eq!(key.session_base_key(&proof).expose(), hex(&vector["SessionBaseKey"]));
        vectors.played("valid", at);
    }
}

/// As client, whose last message says what the vector's says; as server, with the vector's own messages.
pub(crate) fn an_exchange(vectors: &mut Vectors) {
    let known = published(vectors);
    for (at, vector) in vectors.section("exchange").iter().enumerate() {
        let messages = [0, 1, 2].map(|at| octets(&vector["messages"][at]));
        assert_eq!(messages[1], hex(&vector["messages"][1]["hex"]));

        let mut client = client(&known);
        assert!(client.start().is_ok());
        let challenge = ServerMessage::Challenge(Challenge::new(messages[1].clone()));
        let Ok(ClientStep::Send(ClientMessage::Response(said))) = client.receive(challenge) else {
            panic!("no answer")
        };
        // Both responses and both names; ours says no workstation.
        for field in [12, 20, 28, 36] {
            assert_eq!(field_at(said.as_bytes(), field), field_at(&messages[2], field), "{field}");
        }

        let name = text(&known["user"]);
        let domain = text(&known["domain"]);
        let accounts = Accounts::new().with_secret(
            &format!("{name}@{domain}"),
            SecretForm::NtHash,
            nt_hash(text(&known["password"])).expose(),
        );
        for last in [messages[2].as_slice(), said.as_bytes()] {
            let mut server = server(&known);
            let first = Response::new(messages[0].clone());
            let step = server.start(Some(first)).expect("in turn");
            let ServerStep::Send(challenge) = step else { panic!("{step:?}") };
            assert_eq!(challenge.as_bytes()[24..32], eight(&known["server_challenge_hex"]));
            let step = server.receive(ClientMessage::Response(Response::new(last)));
            let Ok(ServerStep::Ask(query @ Query::SharedSecret(_))) = step else {
                panic!("{step:?}")
            };
            let step = server.answer(accounts.answer(query)).expect("in turn");
            let ServerStep::Ask(query) = step else { panic!("{step:?}") };
            let step = server.answer(accounts.answer(query)).expect("in turn");
            let ServerStep::Done(Outcome::Success(success)) = step else { panic!("{step:?}") };
            let identity = success.identity.authentication_id().map(ToString::to_string);
            assert_eq!(identity, Some(format!("{name}@{domain}")));
        }
        vectors.played("exchange", at);
    }
}

/// Each is said in every place of an exchange where it could stand, to both sides.
pub(crate) fn damaged_messages_are_refused(vectors: &mut Vectors) {
    let known = published(vectors);
    let exchange = vectors.section("exchange").remove(0);
    let first = octets(&exchange["messages"][0]);
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let (id, expected) = (text(&vector["id"]), text(&vector["expect"]));
        let message = hex(&vector["hex"]);
        let for_client = |message: &[u8]| {
            let mut client = client(&known);
            assert!(client.start().is_ok());
            let step = client.receive(ServerMessage::Challenge(Challenge::new(message)));
            assert!(matches!(step, Ok(ClientStep::Send(ClientMessage::Abort))), "{id}: {step:?}");
            let end = client.receive(ServerMessage::Success { additional_data: None });
            end.expect_err("it has given up").reason()
        };
        let for_server = |messages: &[&[u8]]| {
            let mut server = server(&known);
            let mut step = server.start(Some(Response::new(messages[0]))).expect("in turn");
            for message in &messages[1..] {
                assert!(matches!(step, ServerStep::Send(_)), "{id}: {step:?}");
                let response = ClientMessage::Response(Response::new(*message));
                step = server.receive(response).expect("in turn");
            }
            match step {
                ServerStep::Done(Outcome::Failure(failure)) => failure.reason.as_str(),
                other => panic!("{id}: {other:?}"),
            }
        };
        // The number in a name is the kind of the message; the others are none at all.
        let found = match id.chars().last() {
            Some('1') => vec![for_server(&[&message])],
            Some('2') => vec![for_client(&message)],
            Some('3') => vec![for_server(&[&first, &message])],
            _ => {
                vec![for_client(&message), for_server(&[&message]), for_server(&[&first, &message])]
            }
        };
        assert!(found.iter().all(|it| *it == expected), "{id}: {found:?}");
        vectors.played("malformed", at);
    }
}

fn client(known: &Value) -> ClientExchange {
    let name = format!("{}\\{}", text(&known["domain"]), text(&known["user"]));
    let name = name.try_into().expect("a name");
    let credentials = Credentials::password(name, text(&known["password"]));
    let context = ClientContext {
        credentials: &credentials,
        binding: ClientBinding::Unsupported,
        nonce: Nonce::new("client").expect("printable"),
        rules: Rules::default(),
        offered: Offered::default(),
    };
    let challenge = eight(&known["client_challenge_hex"]);
    let client = NtlmClient::with_challenge(&context, challenge).expect("good credentials");
    ClientExchange::new(Box::new(client))
}

fn server(known: &Value) -> ServerExchange {
    let context = ServerContext {
        nonce: Nonce::new("server").expect("printable"),
        bindings: &[],
        plus: PlusOffer::NotOffered,
        rules: Rules::default(),
    };
    let challenge = eight(&known["server_challenge_hex"]);
    ServerExchange::new(Box::new(NtlmServer::new(&context).with_challenge(challenge)))
}

/// A field of the last message, by where its length stands.
fn field_at(message: &[u8], at: usize) -> &[u8] {
    let len = usize::from(u16::from_le_bytes(message[at..at + 2].try_into().expect("two")));
    let start = u32::from_le_bytes(message[at + 4..at + 8].try_into().expect("four"));
    let start = usize::try_from(start).expect("small");
    &message[start..start + len]
}
