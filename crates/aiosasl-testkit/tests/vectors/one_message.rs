//! `plain.json`, `anonymous.json`, `external.json`: mechanisms of one message, as client, as server, face to face.

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::ClientBinding,
    credentials::Credentials,
    identity::AuthorizationId,
    mechanism::{ClientContext, Mechanism, Offered, PlusOffer, Rules, ServerContext},
    mechanisms::{anonymous, external, plain},
    message::{ClientMessage, Identity, Outcome, Response},
    nonce::Nonce,
    query::Query,
};
use aiosasl_testkit::{Accounts, talk};
use serde_json::Value;

use crate::ledger::{Vectors, octets, text};

fn client(mechanism: &Mechanism, credentials: &Credentials) -> ClientExchange {
    let context = ClientContext {
        credentials,
        binding: ClientBinding::Unsupported,
        nonce: Nonce::new("unused").expect("printable"),
        rules: Rules::default(),
        offered: Offered::default(),
    };
    ClientExchange::new((mechanism.client)(&context).expect("the credentials are good"))
}

fn server(mechanism: &Mechanism) -> ServerExchange {
    let context = ServerContext {
        nonce: Nonce::new("unused").expect("printable"),
        bindings: &[],
        plus: PlusOffer::NotOffered,
        rules: Rules::default(),
    };
    ServerExchange::new((mechanism.server)(&context))
}

/// What the client says initially.
fn said(mechanism: &Mechanism, credentials: &Credentials) -> Vec<u8> {
    match client(mechanism, credentials).start() {
        Ok(ClientStep::Send(ClientMessage::Authenticate {
            initial_response: Some(first), ..
        })) => first.as_bytes().to_vec(),
        other => panic!("{other:?}"),
    }
}

/// How the server's exchange ends after this message.
fn heard(mechanism: &Mechanism, message: &[u8], accounts: &Accounts) -> Outcome {
    let mut server = server(mechanism);
    let mut step = server.start(Some(Response::new(message)));
    loop {
        step = match step.expect("in turn") {
            ServerStep::Ask(query) => server.answer(accounts.answer(query)),
            ServerStep::Done(outcome) => return outcome,
            ServerStep::Send(challenge) => panic!("{challenge:?}"),
        };
    }
}

fn play_malformed(
    vectors: &mut Vectors,
    mechanism: &Mechanism,
    accounts: impl Fn(&Value) -> Accounts,
) {
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        match heard(mechanism, &octets(&vector["input"]), &accounts(vector)) {
            Outcome::Failure(failure) => {
                assert_eq!(failure.reason.as_str(), text(&vector["expect"]), "{}", vector["id"]);
            }
            Outcome::Success(success) => panic!("{}: {success:?}", vector["id"]),
        }
        vectors.played("malformed", at);
    }
}

pub(crate) fn plain_is_one_message_of_three_fields(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let message = octets(&vector["messages"][0]);
        let [authzid, authcid, password] =
            ["authzid", "authcid", "password"].map(|field| text(&vector[field]));
        let (name, prepared) =
            (text(&vector["prepared_authcid"]), text(&vector["prepared_password"]));
        let accounts = Accounts::new().with_password(name, prepared).with_acting(name, authzid);
        let authorization_id = AuthorizationId::derived_if_empty(authzid).expect("no NUL");
        let credentials = Credentials::password(authcid.try_into().expect("a name"), password)
            .acting_as(authorization_id);

        // As the server: the message as it stands.
        match heard(&plain::MECHANISM, &message, &accounts) {
            Outcome::Success(success) => {
                let identity =
                    success.identity.authentication_id().map(|it| it.as_str().to_owned());
                assert_eq!(identity.as_deref(), Some(name), "{}", vector["id"]);
            }
            Outcome::Failure(failure) => panic!("{}: {failure}", vector["id"]),
        }
        // As the client: the message with its fields prepared.
        let expected = [authzid, name, prepared].join("\0").into_bytes();
        assert_eq!(said(&plain::MECHANISM, &credentials), expected, "{}", vector["id"]);
        if name == authcid && prepared == password {
            assert_eq!(expected, message, "{}", vector["id"]);
        }
        // Face to face.
        let met =
            talk(client(&plain::MECHANISM, &credentials), server(&plain::MECHANISM), &accounts);
        assert!(met.client.is_ok(), "{}: {:?}", vector["id"], met.client);
        vectors.played("valid", at);
    }
    play_malformed(vectors, &plain::MECHANISM, |_| Accounts::new());
}

pub(crate) fn anonymous_says_a_trace_or_nothing(vectors: &mut Vectors) {
    let accounts = Accounts::new().with_anonymous();
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let message = octets(&vector["messages"][0]);
        let trace = String::from_utf8(message.clone()).expect("UTF-8");
        let expected =
            Identity::Anonymous { trace: (!trace.is_empty()).then(|| trace.as_str().into()) };
        match heard(&anonymous::MECHANISM, &message, &accounts) {
            Outcome::Success(success) => assert_eq!(success.identity, expected, "{}", vector["id"]),
            Outcome::Failure(failure) => panic!("{}: {failure}", vector["id"]),
        }
        let mut credentials = Credentials::none();
        credentials.trace = Some(trace.into());
        assert_eq!(said(&anonymous::MECHANISM, &credentials), message, "{}", vector["id"]);
        let met = talk(
            client(&anonymous::MECHANISM, &credentials),
            server(&anonymous::MECHANISM),
            &accounts,
        );
        assert!(met.client.is_ok(), "{}", vector["id"]);
        vectors.played("valid", at);
    }
    play_malformed(vectors, &anonymous::MECHANISM, |_| Accounts::new().with_anonymous());
}

fn external_accounts(vector: &Value) -> Accounts {
    let Some(identity) = vector["external_identity"].as_str() else { return Accounts::new() };
    let mut accounts = Accounts::new().with_external(identity.try_into().expect("an identity"));
    for other in vector["may_act_as"].as_array().expect("a list") {
        accounts = accounts.with_acting(identity, text(other));
    }
    accounts
}

pub(crate) fn external_says_as_whom_to_act(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let message = octets(&vector["messages"][0]);
        let accounts = external_accounts(vector);
        match heard(&external::MECHANISM, &message, &accounts) {
            Outcome::Success(success) => {
                let own = success.identity.authentication_id().map(|it| it.as_str().to_owned());
                let acting = success.authorization_id.map(|it| it.as_str().to_owned()).or(own);
                assert_eq!(acting.as_deref(), Some(text(&vector["result"])), "{}", vector["id"]);
            }
            Outcome::Failure(failure) => panic!("{}: {failure}", vector["id"]),
        }
        let asked = String::from_utf8(message.clone()).expect("UTF-8");
        let credentials = Credentials::none()
            .acting_as(AuthorizationId::derived_if_empty(&asked).expect("no NUL"));
        assert_eq!(said(&external::MECHANISM, &credentials), message, "{}", vector["id"]);
        let met = talk(
            client(&external::MECHANISM, &credentials),
            server(&external::MECHANISM),
            &accounts,
        );
        assert!(met.client.is_ok(), "{}", vector["id"]);
        vectors.played("valid", at);
    }
    play_malformed(vectors, &external::MECHANISM, external_accounts);
}

#[test]
fn a_server_asks_before_it_lets_in() {
    let mut server = server(&external::MECHANISM);
    let step = server.start(Some(Response::empty())).expect("in turn");
    assert!(matches!(step, ServerStep::Ask(Query::External(_))), "{step:?}");
}
