//! `challenge.json`: keys instead of passwords, as client, as server, face to face.

use aiosasl::{
    ClientStep, ServerExchange, ServerStep,
    credentials::{Credentials, Key},
    encoding,
    identity::AuthorizationId,
    mechanism::Mechanism,
    mechanisms::challenge::{ECDH_X25519_CHALLENGE, ECDSA_NIST256P_CHALLENGE, ecdsa, x25519},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    profile::Profile,
    query::SecretForm,
    secret::Secret,
};
use aiosasl_testkit::{Accounts, FaceToFace, talk};
use serde_json::Value;

use crate::ledger::{Vectors, hex, octets, text};

const ECDSA: SecretForm = SecretForm::PublicKey { mechanism: "ECDSA-NIST256P-CHALLENGE" };
const X25519: SecretForm = SecretForm::PublicKey { mechanism: "ECDH-X25519-CHALLENGE" };

pub(crate) fn keys_answer_challenges(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        if text(&vector["mechanism"]) == "ECDSA-NIST256P-CHALLENGE" {
            let private = Secret::new(hex(&vector["private_key_hex"]));
            let public = text(&vector["public_key_compressed_b64"]);
            assert_eq!(ecdsa::public_key_text(&private).as_deref(), Ok(public));
            let public = encoding::decode(public).expect("base64");
            let [challenge, answer] = [1, 2].map(|at| octets(&vector["messages"][at]));
            assert_eq!(ecdsa::verify(&public, &challenge, &answer), Ok(()));
            // A signature is not the only one of its kind: ours has to be good, too.
            let said = play(&ECDSA_NIST256P_CHALLENGE, &ECDSA, vector, &private, &public);
            assert_eq!(ecdsa::verify(&public, &challenge, &said), Ok(()));
        } else {
            let private = Secret::new(hex(&vector["client_secret_hex"]));
            let public = hex(&vector["client_public_hex"]);
            assert_eq!(x25519::public_key(&private).as_ref(), Ok(&public));
            let said = play(&ECDH_X25519_CHALLENGE, &X25519, vector, &private, &public);
            assert_eq!(said, octets(&vector["messages"][2]));
        }
        vectors.played("valid", at);
    }
}

/// The client hears the vector's challenge, and then both our halves meet; the client's answer to the vector.
fn play(
    mechanism: &Mechanism,
    form: &SecretForm,
    vector: &Value,
    private: &Secret,
    public: &[u8],
) -> Vec<u8> {
    let (name, other) = (text(&vector["authcid"]), vector["authzid"].as_str());
    let mut credentials = Credentials::none()
        .of_user(Some(name.try_into().expect("a name")))
        .acting_as(other.map(|it| it.try_into().expect("an identity")));
    credentials.key = Key::Private(private.clone());
    let accounts = Accounts::new()
        .with_secret(name, form.clone(), public)
        .with_acting(name, other.unwrap_or_default());
    let pair = FaceToFace::new(mechanism, &accounts);
    let client = || pair.client(&credentials, Profile::FULL).expect("good credentials");

    let met = talk(client(), pair.server(Profile::FULL), &accounts);
    let Some(Outcome::Success(success)) = met.server else { panic!("{:?}", met.lines) };
    assert_eq!(success.identity.authentication_id().map(AsRef::as_ref), Some(name));
    assert_eq!(success.authorization_id.as_ref().map(AuthorizationId::as_str), other);

    let mut client = client();
    let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response, .. })) = client.start()
    else {
        panic!("no first message")
    };
    assert_eq!(initial_response, Some(Response::new(octets(&vector["messages"][0]))));
    let challenge = Challenge::new(octets(&vector["messages"][1]));
    match client.receive(ServerMessage::Challenge(challenge)) {
        Ok(ClientStep::Send(ClientMessage::Response(said))) => said.as_bytes().to_vec(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn malformed_messages_are_refused(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let expected = text(&vector["expect"]);
        if vector.get("accounts").is_some() {
            let mut server = server(&Accounts::new());
            let step = server.start(Some(Response::new(octets(&vector["accounts"]))));
            assert_eq!(refusal(step.expect("in turn")), expected, "{}", vector["id"]);
        } else {
            let challenge = hex(&vector["challenge_hex"]);
            let public = text(&vector["public_key_compressed_b64"]);
            let public = encoding::decode(public).expect("base64");
            let signature = hex(&vector["signature_hex"]);
            let reason = ecdsa::verify(&public, &challenge, &signature).expect_err("it is refused");
            assert_eq!(reason.as_str(), expected, "{}", vector["id"]);
            // The same in an exchange, whose challenge is another.
            let accounts = Accounts::new().with_secret("jilles", ECDSA, &public);
            let mut server = server(&accounts);
            let step = server.start(Some(Response::new("jilles"))).expect("in turn");
            let ServerStep::Ask(query) = step else { panic!("{step:?}") };
            let step = server.answer(accounts.answer(query)).expect("in turn");
            assert!(matches!(step, ServerStep::Send(_)), "{step:?}");
            let step = server.receive(ClientMessage::Response(Response::new(signature)));
            assert_eq!(refusal(step.expect("in turn")), expected, "{}", vector["id"]);
        }
        vectors.played("malformed", at);
    }
}

fn server(accounts: &Accounts) -> ServerExchange {
    FaceToFace::new(&ECDSA_NIST256P_CHALLENGE, accounts).server(Profile::FULL)
}

fn refusal(step: ServerStep) -> &'static str {
    match step {
        ServerStep::Done(Outcome::Failure(failure)) => failure.reason.as_str(),
        other => panic!("{other:?}"),
    }
}
