//! `digest_md5.json`: exchanges as client, as server and face to face, and the layers that come of them.

use std::collections::BTreeSet;

use aiosasl::{
    Authenticated, ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::ClientBinding,
    credentials::Credentials,
    error::FailureCode,
    identity::AuthorizationId,
    layer::{LayerError, LayerRules, SecurityLayer},
    mechanism::{ClientContext, Offered, PlusOffer, Rules, ServerContext, Service},
    mechanisms::digest_md5,
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage, Success},
    nonce::Nonce,
    query::SecretForm,
};
use aiosasl_testkit::{Accounts, talk};
use serde_json::Value;

use crate::ledger::{Vectors, hex, octets, text};

pub(crate) fn good_exchanges(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let [challenge, response, proof] = [0, 1, 2].map(|at| octets(&vector["messages"][at]));
        for accounts in [with_password(vector), with_stored_key(vector)] {
            let (success, said) = server_hears(vector, &response, &accounts).expect("a login");
            assert_eq!(said, proof, "{}", vector["id"]);
            let authorization_id = success.authorization_id.as_ref();
            let authorization_id = authorization_id.map(AuthorizationId::as_str);
            assert_eq!(authorization_id, vector["authzid"].as_str(), "{}", vector["id"]);
            play_layers(vector, &challenge, &response, &proof, success);
        }
        let accounts = with_password(vector);
        let met = talk(client(vector), server(vector), &accounts);
        assert!(met.client.is_ok(), "{}: {:?} {:?}", vector["id"], met.client, met.lines);
        vectors.played("valid", at);
    }
}

/// The client says what the vector says, believes its proof, and has the layer that the server has.
fn play_layers(vector: &Value, challenge: &[u8], response: &[u8], proof: &[u8], success: Success) {
    let (mut client, said) = client_hears(vector, challenge).expect("a response");
    let mut expected = directives(response);
    if challenge.windows(13).any(|it| it == b"charset=utf-8") {
        // Ours says so where the server does.
        expected.insert(b"charset=utf-8".to_vec());
    }
    assert_eq!(directives(&said), expected, "{}", vector["id"]);
    let done =
        client.receive(ServerMessage::Success { additional_data: Some(Challenge::new(proof)) });
    let Ok(ClientStep::Done(done)) = done else { panic!("{}: {done:?}", vector["id"]) };
    assert!(done.server_verified);
    let is_auth = vector["qop"] == "auth";
    let layers = (done.security_layer, success.security_layer);
    let (Some(mut client), Some(mut server)) = layers else {
        assert!(is_auth, "{}: no layer", vector["id"]);
        return;
    };
    assert!(!is_auth, "{}: a layer", vector["id"]);
    let Some(frames) = vector["layer"]["frames"].as_array() else { return };
    for frame in frames {
        let (plain, expected) = (decoded(&frame["plain_b64"]), hex(&frame["frame_hex"]));
        let (sender, receiver) = if frame["dir"] == "C" {
            (&mut client, &mut server)
        } else {
            (&mut server, &mut client)
        };
        let wrapped = sender.wrap(&plain).expect("it fits");
        let len = u32::try_from(wrapped.len()).expect("short").to_be_bytes();
        assert_eq!([&len[..], &wrapped].concat(), expected, "{}", vector["id"]);
        assert_eq!(unframed(&mut **receiver, &expected), Ok(plain), "{}", vector["id"]);
    }
}

pub(crate) fn malformed_messages(vectors: &mut Vectors) {
    let good = vectors.section("valid");
    let exchange = |vector: &Value| {
        good.iter().find(|it| it["id"] == vector["exchange"]).expect("an exchange").clone()
    };
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let end = match text(&vector["step"]) {
            "challenge" => {
                let any = good.iter().find(|it| it["id"] == "gen-auth-conf-rc4").expect("there");
                client_hears(any, &octets(&vector["input"])).expect_err("malformed").to_owned()
            }
            "response" => response_fails(vector),
            "rspauth" => proof_fails(&exchange(vector), &octets(&vector["input"])),
            _ => layer_fails(&exchange(vector), vector).as_str().to_owned(),
        };
        // The log may know better than the client.
        let expected = match text(&vector["id"]) {
            "re-unknown-user" => "unknown-account",
            _ => text(&vector["expect"]),
        };
        assert_eq!(end, expected, "{}", vector["id"]);
        vectors.played("malformed", at);
    }
}

fn response_fails(vector: &Value) -> String {
    let [user, realm, password] = [0, 1, 2].map(|at| text(&vector["users"][0][at]));
    let accounts = knowing(user, password);
    let service = Service::new(text(&vector["service"]), text(&vector["hosts"][0]));
    let server = server_of(service.in_realms([realm]), "bm9uY2U=");
    hears(server, &octets(&vector["input"]), &accounts).expect_err("malformed")
}

/// The same as a challenge and with the success.
fn proof_fails(exchange: &Value, proof: &[u8]) -> String {
    let challenge = octets(&exchange["messages"][0]);
    let heard = || client_hears(exchange, &challenge).expect("a response").0;
    let challenged =
        gave_up(heard(), ServerMessage::Challenge(Challenge::new(proof))).expect_err("no proof");
    let success = ServerMessage::Success { additional_data: Some(Challenge::new(proof)) };
    assert_eq!(gave_up(heard(), success).err(), Some(challenged));
    challenged.to_owned()
}

fn layer_fails(exchange: &Value, vector: &Value) -> LayerError {
    let response = octets(&exchange["messages"][1]);
    let (success, _) =
        server_hears(exchange, &response, &with_password(exchange)).expect("a login");
    let mut layer = success.security_layer.expect("a layer");
    let frames = vector["frames_hex"].as_array().expect("a list");
    let mut ends = frames.iter().map(|it| unframed(&mut *layer, &hex(it)));
    let end = ends.find_map(Result::err).expect("malformed");
    drop(ends);
    // Nothing is heard after an error.
    assert!(
        end == LayerError::FrameLength
            || end == LayerError::TooLarge
            || layer.unwrap(&[0; 32]).is_err()
    );
    end
}

/// The digests that stand in the RFC are refused; the right ones are ours.
pub(crate) fn published_examples_that_do_not_verify(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("not_reproducible").iter().enumerate() {
        let uri = text(&vector["digest_uri"]);
        let (name, host) = uri.split_once('/').expect("a service and a host");
        let mut exchange = vector.clone();
        exchange["service"] = name.into();
        exchange["host"] = host.into();
        exchange["qop"] = "auth".into();
        let accounts = with_password(&exchange);
        let (_, challenge) = started(server(&exchange));
        let (mut client, said) = client_hears(&exchange, &challenge).expect("a response");
        let [correct, printed] =
            ["correct_response", "printed_response"].map(|field| text(&vector[field]));
        let said = String::from_utf8(said).expect("UTF-8");
        assert!(said.contains(correct), "{said}");
        let wrong = said.replace(correct, printed);
        let end = server_hears(&exchange, wrong.as_bytes(), &accounts).err();
        assert_eq!(end.as_deref(), Some("response-mismatch"));
        let (_, proof) = server_hears(&exchange, said.as_bytes(), &accounts).expect("a login");
        let expected = format!("rspauth={}", text(&vector["correct_rspauth"]));
        assert_eq!(proof, expected.as_bytes());
        let success = ServerMessage::Success { additional_data: Some(Challenge::new(proof)) };
        assert!(matches!(client.receive(success), Ok(ClientStep::Done(_))));
        vectors.played("not_reproducible", at);
    }
}

fn knowing(name: &str, password: &str) -> Accounts {
    Accounts::new().with_secret(name, SecretForm::Password, password.as_bytes())
}

fn with_password(vector: &Value) -> Accounts {
    let [name, password] = ["username", "password"].map(|field| text(&vector[field]));
    let accounts = knowing(name, password);
    vector["authzid"].as_str().into_iter().fold(accounts, |it, other| it.with_acting(name, other))
}

/// The same with what the vector says is the hash of name, realm and password, and without the password.
fn with_stored_key(vector: &Value) -> Accounts {
    let name = text(&vector["username"]);
    let form = SecretForm::DigestMd5 { realm: realm(vector).into() };
    let key = hex(&vector["intermediate"]["H_user_realm_pass"]);
    let accounts = Accounts::new().with_secret(name, form, &key);
    vector["authzid"].as_str().into_iter().fold(accounts, |it, other| it.with_acting(name, other))
}

fn realm(vector: &Value) -> &str {
    vector["realm"].as_str().unwrap_or_default()
}

fn service(vector: &Value) -> Service {
    let mut service = Service::new(text(&vector["service"]), text(&vector["host"]));
    let uri = text(&vector["digest_uri"]);
    service.shared_name = uri.splitn(3, '/').nth(2).map(Into::into);
    service
}

fn client(vector: &Value) -> ClientExchange {
    let [name, password] = ["username", "password"].map(|field| text(&vector[field]));
    let authorization_id = vector["authzid"].as_str().map(|it| it.try_into().expect("not empty"));
    let credentials = Credentials::password(name.try_into().expect("a name"), password)
        .acting_as(authorization_id);
    let strength = match (text(&vector["qop"]), vector["cipher"].as_str()) {
        ("auth", _) => 0,
        ("auth-int", _) => 1,
        (_, Some("rc4-40")) => 40,
        (_, Some("des")) => 55,
        (_, Some("rc4-56")) => 56,
        (_, Some("3des")) => 112,
        _ => 128,
    };
    let max_receive = if vector["id"] == "rfc4643-nntp" { 1024 } else { 65_536 };
    let layers = LayerRules { min_strength: strength, max_strength: strength, max_receive };
    let service = Some(service(vector).in_realms([realm(vector)]));
    let context = ClientContext {
        credentials: &credentials,
        binding: ClientBinding::Unsupported,
        nonce: Nonce::new(text(&vector["cnonce"])).expect("printable"),
        rules: Rules { layers, service, ..Rules::default() },
        offered: Offered::default(),
    };
    let client = (digest_md5::MECHANISM.client)(&context).expect("good credentials");
    ClientExchange::new(client)
}

fn server(vector: &Value) -> ServerExchange {
    let realms = ["a.example", realm(vector)];
    let realms = if vector["id"] == "gen-multi-realm-lws" { &realms[..] } else { &realms[1..] };
    server_of(service(vector).in_realms(realms.iter().copied()), text(&vector["nonce"]))
}

fn server_of(service: Service, nonce: &str) -> ServerExchange {
    let layers = LayerRules { max_receive: 65_535, ..LayerRules::ANY };
    let context = ServerContext {
        nonce: Nonce::new(nonce).expect("printable"),
        bindings: &[],
        plus: PlusOffer::NotOffered,
        rules: Rules { layers, service: Some(service), ..Rules::default() },
    };
    ServerExchange::new((digest_md5::MECHANISM.server)(&context))
}

/// A client that has heard the challenge, and its response; or why there is none.
fn client_hears(
    vector: &Value,
    challenge: &[u8],
) -> Result<(ClientExchange, Vec<u8>), &'static str> {
    let mut client = client(vector);
    let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response: None, .. })) =
        client.start()
    else {
        panic!("the server speaks first")
    };
    match client.receive(ServerMessage::Challenge(Challenge::new(challenge))) {
        Ok(ClientStep::Send(ClientMessage::Response(response))) => {
            Ok((client, response.as_bytes().to_vec()))
        }
        Ok(ClientStep::Send(ClientMessage::Abort)) => Err(abort_reason(&mut client)),
        other => panic!("{other:?}"),
    }
}

/// Why the client does not believe the server.
fn gave_up(
    mut client: ClientExchange,
    message: ServerMessage,
) -> Result<Authenticated, &'static str> {
    match client.receive(message) {
        Ok(ClientStep::Done(done)) => Ok(done),
        Ok(ClientStep::Send(ClientMessage::Abort)) => Err(abort_reason(&mut client)),
        Err(error) => Err(error.reason()),
        Ok(other) => panic!("{other:?}"),
    }
}

fn abort_reason(client: &mut ClientExchange) -> &'static str {
    let end = client.receive(ServerMessage::Failure(FailureCode::Aborted));
    end.expect_err("it has given up").reason()
}

fn started(mut server: ServerExchange) -> (ServerExchange, Vec<u8>) {
    let Ok(ServerStep::Send(challenge)) = server.start(None) else {
        panic!("the server speaks first")
    };
    (server, challenge.as_bytes().to_vec())
}

/// What becomes of a response to the vector's challenge: a success and the last words, or a failure's reason.
fn server_hears(
    vector: &Value,
    response: &[u8],
    accounts: &Accounts,
) -> Result<(Success, Vec<u8>), String> {
    hears(server(vector), response, accounts)
}

fn hears(
    server: ServerExchange,
    response: &[u8],
    accounts: &Accounts,
) -> Result<(Success, Vec<u8>), String> {
    let (mut server, _) = started(server);
    let response = ClientMessage::Response(Response::new(response));
    let mut step = server.receive(response).expect("in turn");
    loop {
        step = match step {
            ServerStep::Ask(query) => server.answer(accounts.answer(query)).expect("in turn"),
            ServerStep::Done(Outcome::Success(mut success)) => {
                let data = success.additional_data.take().expect("last words");
                return Ok((success, data.as_bytes().to_vec()));
            }
            ServerStep::Done(Outcome::Failure(failure)) => {
                let reason = failure.reason.as_str();
                let of_credentials = matches!(reason, "response-mismatch" | "unknown-account");
                let told = failure.code == FailureCode::InvalidCredentials;
                assert_eq!(told, of_credentials, "{failure}");
                return Err(reason.to_owned());
            }
            ServerStep::Send(more) => panic!("{more:?}"),
        };
    }
}

/// What a stream does before a layer unwraps: a length of four octets, checked before anything else.
fn unframed(layer: &mut dyn SecurityLayer, frame: &[u8]) -> Result<Vec<u8>, LayerError> {
    let (len, rest) = frame.split_first_chunk().ok_or(LayerError::ShortFrame)?;
    let len = usize::try_from(u32::from_be_bytes(*len)).expect("32 bits");
    if len > layer.max_receive() {
        return Err(LayerError::TooLarge);
    }
    if len != rest.len() {
        return Err(LayerError::FrameLength);
    }
    layer.unwrap(rest)
}

/// A message's directives, in whatever order; no value in the vectors' responses has a comma.
fn directives(message: &[u8]) -> BTreeSet<Vec<u8>> {
    message.split(|octet| *octet == b',').map(<[u8]>::to_vec).collect()
}

fn decoded(value: &Value) -> Vec<u8> {
    aiosasl::encoding::decode(text(value)).expect("base64")
}
