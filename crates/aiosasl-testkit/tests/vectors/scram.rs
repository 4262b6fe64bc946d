//! `scram.json`: whole exchanges, good ones and such as must fail, from both sides.

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::{BindingKind, ChannelBinding, ClientBinding},
    credentials::Credentials,
    error::Error,
    hash::Hash,
    identity::AuthorizationId,
    mechanism::{ClientContext, Mechanism, Offered, PlusOffer, Rules, ServerContext, UsernameRule},
    mechanisms::scram::digested_password,
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    name::MechanismName,
    nonce::Nonce,
    preparation::Preparation,
    query::{DeriveKeys, ScramVerifier},
    registry,
    secret::{Password, Secret},
};
use aiosasl_testkit::{Accounts, talk};
use serde_json::Value;

use crate::{
    ledger::{Vectors, hex, octets, text},
    reference::{Reference, said, split_proof},
};

/// Which of our halves says other things than a vector, and rightly: ours add no extensions, and the client prepares
/// the name. Such a half is played against [`Reference`].
const OUR_WORDS_DIFFER: &[(&str, Differs)] = &[
    ("gen-extensions", Differs::Both),
    ("gen-sha512-plus-ssdp", Differs::Server),
    ("gen-username-unprepared", Differs::Client),
    ("xep0474-0.5.0", Differs::Both),
    ("xep0515-0.1.0", Differs::Server),
];

enum Differs {
    Both,
    Client,
    Server,
}

pub(crate) fn mechanism(name: &str) -> &'static Mechanism {
    registry::find(MechanismName::parse(name).expect("a name")).expect("built in")
}

pub(crate) fn hash(name: &str) -> Hash {
    Hash::from_scheme(name.trim_end_matches("-PLUS")).expect("built in")
}

fn message(vector: &Value, at: usize) -> Vec<u8> {
    octets(&vector["messages"][at])
}

fn binding(vector: &Value) -> Option<ChannelBinding> {
    let kind = BindingKind::parse(vector["cb_type"].as_str()?).expect("a binding type");
    Some(ChannelBinding::new(kind, hex(&vector["cb_data_hex"])).expect("octets"))
}

fn rules(vector: &Value) -> Rules {
    let mut rules = Rules::default();
    if text(&vector["password_preparation"]) != "saslprep" {
        rules.preparation = Preparation::None;
    }
    if vector["allow_empty_username"] == true {
        rules.username = UsernameRule::FromProtocol("user".try_into().expect("a name"));
    }
    rules
}

fn password(vector: &Value) -> Password {
    if text(&vector["password_preparation"]) == "mongodb-md5" {
        let own = digested_password(
            text(&vector["username"]),
            "mongo",
            &text(&vector["password"]).into(),
        );
        assert_eq!(own.expose(), text(&vector["password_after_preparation"]));
        return own;
    }
    let raw = text(&vector["password_preparation"]) == "saslprep";
    text(&vector[if raw { "password" } else { "password_after_preparation" }]).into()
}

fn verifier(vector: &Value) -> ScramVerifier {
    let salt = aiosasl::encoding::decode(text(&vector["salt_b64"])).expect("base64");
    let iterations =
        u32::try_from(vector["iterations"].as_u64().expect("a number")).expect("small");
    let password = Secret::new(text(&vector["password_after_preparation"]));
    ScramVerifier::from_password(hash(text(&vector["mechanism"])), password, salt, iterations)
}

fn accounts(vector: &Value) -> Accounts {
    let name = match text(&vector["username_on_wire"]) {
        "" => "user",
        "Ⅸ" => "IX",
        name => name,
    };
    let authzid = vector["authzid"].as_str().unwrap_or_default();
    Accounts::new().with_verifier(name, verifier(vector)).with_acting(name, authzid)
}

fn client(vector: &Value) -> ClientExchange {
    let name = Some(text(&vector["username"])).filter(|name| !name.is_empty()).unwrap_or("user");
    let authzid = vector["authzid"].as_str().unwrap_or_default();
    let credentials = Credentials::password(name.try_into().expect("a name"), password(vector))
        .acting_as(AuthorizationId::derived_if_empty(authzid).expect("no NUL"));
    let context = ClientContext {
        credentials: &credentials,
        binding: match text(&vector["gs2_flag"]) {
            "y" => ClientBinding::NotOffered,
            _ => binding(vector).map_or(ClientBinding::Unsupported, ClientBinding::Bound),
        },
        nonce: Nonce::new(text(&vector["client_nonce"])).expect("printable"),
        rules: rules(vector),
        offered: Offered::default(),
    };
    let client = (mechanism(text(&vector["mechanism"])).client)(&context);
    ClientExchange::new(client.expect("the credentials are good"))
}

fn server(vector: &Value, bindings: &[ChannelBinding]) -> ServerExchange {
    let context = ServerContext {
        nonce: Nonce::new(text(&vector["server_nonce"])).expect("printable"),
        bindings,
        plus: if vector["plus_advertised_by_server"] == true {
            PlusOffer::Offered
        } else {
            PlusOffer::NotOffered
        },
        rules: rules(vector),
    };
    ServerExchange::new((mechanism(text(&vector["mechanism"])).server)(&context))
}

/// The client's next step, with its own questions answered.
fn answered(
    client: &mut ClientExchange,
    step: Result<ClientStep, Error>,
) -> Result<ClientStep, Error> {
    match step {
        Ok(ClientStep::Ask(query)) => {
            client.answer(query.answer_by_itself().expect("a derivation"))
        }
        other => other,
    }
}

/// The server's next step, with its questions answered.
fn asked(server: &mut ServerExchange, mut step: ServerStep, accounts: &Accounts) -> ServerStep {
    while let ServerStep::Ask(query) = step {
        step = server.answer(accounts.answer(query)).expect("in turn");
    }
    step
}

fn play_as_client(vector: &Value) {
    let mut client = client(vector);
    match client.start() {
        Ok(ClientStep::Send(ClientMessage::Authenticate {
            initial_response: Some(first), ..
        })) => {
            assert_eq!(first.as_bytes(), message(vector, 0), "{}", vector["id"]);
        }
        other => panic!("{}: {other:?}", vector["id"]),
    }
    let step = client.receive(ServerMessage::Challenge(Challenge::new(message(vector, 1))));
    match answered(&mut client, step) {
        Ok(ClientStep::Send(ClientMessage::Response(last))) => {
            assert_eq!(last.as_bytes(), message(vector, 2), "{}", vector["id"]);
        }
        other => panic!("{}: {other:?}", vector["id"]),
    }
    let last_words = Some(Challenge::new(message(vector, 3)));
    match client.receive(ServerMessage::Success { additional_data: last_words }) {
        Ok(ClientStep::Done(done)) => {
            assert!(done.server_verified);
            assert_eq!(
                done.channel_binding.as_ref().map(BindingKind::as_str),
                vector["cb_type"].as_str()
            );
            assert_eq!(done.iterations.map(u64::from), vector["iterations"].as_u64());
        }
        other => panic!("{}: {other:?}", vector["id"]),
    }
}

fn play_as_server(vector: &Value) {
    let bindings: Vec<_> = binding(vector).into_iter().collect();
    let (mut server, accounts) = (server(vector, &bindings), accounts(vector));
    let step = server.start(Some(Response::new(message(vector, 0)))).expect("in turn");
    match asked(&mut server, step, &accounts) {
        ServerStep::Send(challenge) => {
            assert_eq!(challenge.as_bytes(), message(vector, 1), "{}", vector["id"]);
        }
        other => panic!("{}: {other:?}", vector["id"]),
    }
    let step = server
        .receive(ClientMessage::Response(Response::new(message(vector, 2))))
        .expect("in turn");
    match asked(&mut server, step, &accounts) {
        ServerStep::Done(Outcome::Success(success)) => {
            let last_words = success.additional_data.expect("a signature");
            assert_eq!(last_words.as_bytes(), message(vector, 3), "{}", vector["id"]);
            assert_eq!(
                success.channel_binding.as_ref().map(BindingKind::as_str),
                vector["cb_type"].as_str()
            );
            let acting = success.authorization_id.as_ref().map(AuthorizationId::as_str);
            assert_eq!(acting, vector["authzid"].as_str(), "{}", vector["id"]);
        }
        other => panic!("{}: {other:?}", vector["id"]),
    }
}

/// Whether the server lets in who says these two messages.
pub(crate) fn says_final(vector: &Value, first: &str, last: &[u8]) -> bool {
    let bindings: Vec<_> = binding(vector).into_iter().collect();
    let (mut server, accounts) = (server(vector, &bindings), accounts(vector));
    let step = server.start(Some(Response::new(first))).expect("in turn");
    assert!(matches!(asked(&mut server, step, &accounts), ServerStep::Send(_)));
    let step = server.receive(ClientMessage::Response(Response::new(last))).expect("in turn");
    match asked(&mut server, step, &accounts) {
        ServerStep::Done(Outcome::Success(_)) => true,
        ServerStep::Done(Outcome::Failure(failure)) => {
            assert_eq!(failure.reason.as_str(), "invalid-proof");
            false
        }
        other => panic!("{other:?}"),
    }
}

/// What the client says to a server's first message, and whether it believes the last one.
pub(crate) fn hears_final(vector: &Value, first: &str, last: &str) -> (Vec<u8>, bool) {
    let mut client = client(vector);
    assert!(client.start().is_ok());
    let step = client.receive(ServerMessage::Challenge(Challenge::new(first)));
    let said = match answered(&mut client, step) {
        Ok(ClientStep::Send(ClientMessage::Response(said))) => said.as_bytes().to_vec(),
        other => panic!("{other:?}"),
    };
    let last = Some(Challenge::new(last));
    match client.receive(ServerMessage::Success { additional_data: last }) {
        Ok(ClientStep::Done(_)) => (said, true),
        Err(error) => {
            assert_eq!(error.reason(), "server-signature-mismatch");
            (said, false)
        }
        other => panic!("{other:?}"),
    }
}

/// A client that says more than ours, or less: the reference says it, with a proof over what our server has heard.
fn play_as_server_of_another(vector: &Value) {
    let bindings: Vec<_> = binding(vector).into_iter().collect();
    let (mut server, accounts) = (server(vector, &bindings), accounts(vector));
    let step = server.start(Some(Response::new(message(vector, 0)))).expect("in turn");
    let ServerStep::Send(challenge) = asked(&mut server, step, &accounts) else {
        panic!("{}", vector["id"])
    };
    let server_first = std::str::from_utf8(challenge.as_bytes()).expect("text");
    assert!(said(vector, 1).starts_with(server_first), "{}: {server_first}", vector["id"]);
    let (without_proof, _) = split_proof(said(vector, 2));
    let hash = hash(text(&vector["mechanism"]));
    let other = Reference::new(hash, vector, said(vector, 0), server_first, without_proof);
    let last = Response::new([without_proof, &other.proof()].concat());
    let step = server.receive(ClientMessage::Response(last)).expect("in turn");
    match asked(&mut server, step, &accounts) {
        ServerStep::Done(Outcome::Success(success)) => {
            let last_words = success.additional_data.expect("a signature");
            assert_eq!(last_words.as_bytes(), other.verifier().as_bytes(), "{}", vector["id"]);
        }
        step => panic!("{}: {step:?}", vector["id"]),
    }
}

/// A server that says more than ours: the reference says it, with a signature over what our client has said.
fn play_as_client_of_another(vector: &Value) {
    let mut client = client(vector);
    let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response: Some(first), .. })) =
        client.start()
    else {
        panic!("{}", vector["id"])
    };
    let step = client.receive(ServerMessage::Challenge(Challenge::new(message(vector, 1))));
    let Ok(ClientStep::Send(ClientMessage::Response(last))) = answered(&mut client, step) else {
        panic!("{}", vector["id"])
    };
    let first = std::str::from_utf8(first.as_bytes()).expect("text");
    let (without_proof, proof) = split_proof(std::str::from_utf8(last.as_bytes()).expect("text"));
    let hash = hash(text(&vector["mechanism"]));
    let other = Reference::new(hash, vector, first, said(vector, 1), without_proof);
    assert_eq!(proof, other.proof(), "{}", vector["id"]);
    let extensions = said(vector, 3).find(',').map_or("", |comma| &said(vector, 3)[comma..]);
    let last_words = Challenge::new([&*other.verifier(), extensions].concat());
    match client.receive(ServerMessage::Success { additional_data: Some(last_words) }) {
        Ok(ClientStep::Done(done)) => assert!(done.server_verified, "{}", vector["id"]),
        step => panic!("{}: {step:?}", vector["id"]),
    }
}

/// The intermediate values: what is ours to compute from the password, the rest from the messages as they stand.
fn check_intermediates(vector: &Value) {
    let (hash, verifier) = (hash(text(&vector["mechanism"])), verifier(vector));
    let password = Secret::new(text(&vector["password_after_preparation"]));
    let job = DeriveKeys::new(hash, password, verifier.salt(), verifier.iterations());
    let (without_proof, proof) = split_proof(said(vector, 2));
    let both = Reference::new(hash, vector, said(vector, 0), said(vector, 1), without_proof);
    assert_eq!(proof, both.proof(), "{}", vector["id"]);
    assert_eq!(said(vector, 3).split(',').next(), Some(&*both.verifier()), "{}", vector["id"]);
    for (name, value) in [
        ("SaltedPassword", job.salted_password().to_vec()),
        ("StoredKey", verifier.stored_key().to_vec()),
        ("ServerKey", verifier.server_key().to_vec()),
        ("ClientSignature", both.client_signature()),
        ("ClientProof", both.client_proof()),
        ("ServerSignature", both.server_signature()),
    ] {
        assert_eq!(value, hex(&vector["intermediate"][name]), "{}: {name}", vector["id"]);
    }
    let auth_message = text(&vector["intermediate"]["AuthMessage"]);
    assert_eq!(both.auth_message(), auth_message.as_bytes(), "{}", vector["id"]);
}

pub(crate) fn good_exchanges(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let id = text(&vector["id"]);
        let ours = OUR_WORDS_DIFFER.iter().find(|(other, _)| *other == id);
        match ours {
            Some((_, Differs::Client | Differs::Both)) => play_as_client_of_another(vector),
            _ => play_as_client(vector),
        }
        match ours {
            Some((_, Differs::Server | Differs::Both)) => play_as_server_of_another(vector),
            _ => play_as_server(vector),
        }
        check_intermediates(vector);
        let bindings: Vec<_> = binding(vector).into_iter().collect();
        let met = talk(client(vector), server(vector, &bindings), &accounts(vector));
        assert!(met.client.is_ok(), "{id}: {:?}\n{:#?}", met.client, met.lines);
        vectors.played("valid", at);
    }
}

/// The server's reason to refuse this first message.
fn refuses_first(vector: &Value) -> String {
    let config = &vector["config"];
    let kinds = config["cb_types"].as_array().expect("a list");
    let bind = |kind: &Value| {
        ChannelBinding::new(BindingKind::parse(text(kind)).expect("a type"), *b"data")
            .expect("octets")
    };
    let bindings: Vec<_> = kinds.iter().map(bind).collect();
    let context = ServerContext {
        nonce: Nonce::new("server").expect("printable"),
        bindings: &bindings,
        plus: match (&config["require_cb"], &config["plus_advertised"]) {
            (Value::Bool(true), _) => PlusOffer::Required,
            (_, Value::Bool(true)) => PlusOffer::Offered,
            _ => PlusOffer::NotOffered,
        },
        rules: Rules::default(),
    };
    let mut server = ServerExchange::new((mechanism(text(&config["mech"])).server)(&context));
    match server.start(Some(Response::new(octets(&vector["input"])))) {
        Ok(ServerStep::Done(Outcome::Failure(failure))) => failure.reason.as_str().into(),
        other => panic!("{}: {other:?}", vector["id"]),
    }
}

/// The server's reason to refuse this last message of a good exchange.
fn refuses_final(vector: &Value, good: &Value) -> String {
    let own = vector["server_cb_data_hex"].is_string().then(|| {
        let kind = BindingKind::parse(text(&good["cb_type"])).expect("a type");
        ChannelBinding::new(kind, hex(&vector["server_cb_data_hex"])).expect("octets")
    });
    let bindings: Vec<_> = own.or_else(|| binding(good)).into_iter().collect();
    let (mut server, accounts) = (server(good, &bindings), accounts(good));
    let step = server.start(Some(Response::new(message(good, 0)))).expect("in turn");
    let ServerStep::Send(_) = asked(&mut server, step, &accounts) else {
        panic!("{}", vector["id"])
    };
    let last = ClientMessage::Response(Response::new(octets(&vector["input"])));
    match server.receive(last).expect("in turn") {
        ServerStep::Done(Outcome::Failure(failure)) => failure.reason.as_str().into(),
        other => panic!("{}: {other:?}", vector["id"]),
    }
}

/// Why the client gave up; the abort that comes before is heard on the way.
pub(crate) fn gave_up(client: &mut ClientExchange, step: Result<ClientStep, Error>) -> String {
    let error = match step {
        Err(error) => error,
        Ok(ClientStep::Send(ClientMessage::Abort)) => {
            let failure = ServerMessage::Failure(aiosasl::error::FailureCode::Aborted);
            client.receive(failure).expect_err("an abort")
        }
        other => panic!("{other:?}"),
    };
    match &error {
        Error::Refused(refusal) => {
            format!("server-error:{}", refusal.text.as_deref().unwrap_or_default())
        }
        other => other.reason().into(),
    }
}

/// The client's reason to refuse this first message of a server; it has not computed anything.
fn refuses_server_first(vector: &Value) -> String {
    let bound =
        |field: &str| u32::try_from(vector[field].as_u64().expect("a number")).expect("small");
    let context = ClientContext {
        credentials: &Credentials::password("user".try_into().expect("a name"), "pencil"),
        binding: ClientBinding::Unsupported,
        nonce: Nonce::new(text(&vector["client_nonce"])).expect("printable"),
        rules: Rules {
            iterations: bound("min_iterations")..=bound("max_iterations"),
            ..Rules::default()
        },
        offered: Offered::default(),
    };
    let client = (mechanism("SCRAM-SHA-256").client)(&context).expect("the credentials are good");
    let mut client = ClientExchange::new(client);
    assert!(client.start().is_ok());
    let step = client.receive(ServerMessage::Challenge(Challenge::new(octets(&vector["input"]))));
    gave_up(&mut client, step)
}

/// The client's reason to refuse these last words of a server, as a challenge and with a success.
fn refuses_server_final(vector: &Value, good: &Value) -> String {
    let words = || Challenge::new(octets(&vector["input"]));
    let ways = [
        ServerMessage::Challenge(words()),
        ServerMessage::Success { additional_data: Some(words()) },
    ];
    let reasons = ways.map(|way| {
        let mut client = client(good);
        assert!(client.start().is_ok());
        let step = client.receive(ServerMessage::Challenge(Challenge::new(message(good, 1))));
        assert!(answered(&mut client, step).is_ok());
        let step = client.receive(way);
        gave_up(&mut client, step)
    });
    assert_eq!(reasons[0], reasons[1], "{}", vector["id"]);
    reasons[0].clone()
}

pub(crate) fn malformed_messages(vectors: &mut Vectors) {
    let all_good = vectors.section("valid");
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let good = all_good.iter().find(|good| good["id"] == vector["exchange"]);
        let reason = match (text(&vector["step"]), good) {
            ("client-first", None) => refuses_first(vector),
            ("client-final", Some(good)) => refuses_final(vector, good),
            ("server-first", None) => refuses_server_first(vector),
            ("server-final", Some(good)) => refuses_server_final(vector, good),
            other => panic!("{other:?}"),
        };
        assert_eq!(reason, text(&vector["expect"]), "{}", vector["id"]);
        vectors.played("malformed", at);
    }
}
