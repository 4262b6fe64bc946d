//! `ht.json`: hashed tokens in both forms, as client, as server, face to face.

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::{BindingKind, ChannelBinding, ClientBinding},
    credentials::Credentials,
    error::{Error, FailureCode, Reason},
    mechanism::{ClientContext, Offered, PlusOffer, Rules, ServerContext},
    mechanisms::ht::{Form, HtClient, HtServer, Member, Pairs, Takes},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    name::MechanismName,
    nonce::Nonce,
    query::SecretForm,
};
use aiosasl_testkit::{Accounts, talk};
use serde_json::Value;

use crate::ledger::{Vectors, hex, octets, text};

/// The token of the malformed ones.
const TOKEN: &str = "WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm";

pub(crate) fn tokens_are_proven_by_both_ends(vectors: &mut Vectors) {
    let bindings = bindings(vectors);
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let [said, answer] = [0, 1].map(|at| octets(&vector["messages"][at]));
        let accounts = accounts(text(&vector["mechanism"]), text(&vector["authcid"]), vector);
        let only = takes(vector);
        for takes in [only, Takes::Either] {
            let mut server = server(vector, takes, &bindings);
            let end = starts(&mut server, &said, &accounts);
            let Outcome::Success(success) = end else { panic!("{}: {end:?}", vector["id"]) };
            assert_eq!(
                success.additional_data.map(|it| it.as_bytes().to_vec()),
                Some(answer.clone())
            );
            let kind = member(vector).binding_kind();
            assert_eq!(success.channel_binding, kind, "{}", vector["id"]);
            let identity = success.identity.authentication_id().map(ToString::to_string);
            assert_eq!(identity.as_deref(), vector["authcid"].as_str());
        }
        let mut alone = client(vector, &bindings);
        assert_eq!(first(&mut alone), said, "{}", vector["id"]);
        let additional_data = Some(Challenge::new(answer));
        let Ok(ClientStep::Done(done)) = alone.receive(ServerMessage::Success { additional_data })
        else {
            panic!("{}: the server is not believed", vector["id"])
        };
        assert!(done.server_verified);
        let met = talk(client(vector, &bindings), server(vector, only, &bindings), &accounts);
        assert!(met.client.is_ok(), "{}: {:?}", vector["id"], met.client);
        vectors.played("valid", at);
    }
}

pub(crate) fn malformed_messages_are_refused(vectors: &mut Vectors) {
    let bindings = bindings(vectors);
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let found = if text(&vector["role"]) == "client" {
            refused_by_client(vector, &bindings)
        } else {
            refused_by_server(vector, &bindings)
        };
        assert_eq!(found, text(&vector["expect"]), "{}", vector["id"]);
        vectors.played("malformed", at);
    }
}

/// The bindings that the channel has, a section of its own.
pub(crate) fn the_channel_has_these_bindings(vectors: &mut Vectors) {
    assert_eq!(bindings(vectors).len(), 3);
    vectors.played_whole("cb");
    assert!(vectors.all["drafts"]["legacy"].is_string());
    vectors.played_whole("drafts");
}

fn bindings(vectors: &Vectors) -> Vec<ChannelBinding> {
    let all = vectors.all["cb"].as_object().expect("an object");
    let binding = |(kind, data): (&String, &Value)| {
        ChannelBinding::new(BindingKind::parse(kind).expect("a type"), hex(data)).expect("octets")
    };
    all.iter().map(binding).collect()
}

fn member(vector: &Value) -> &'static Member {
    let name = MechanismName::parse(text(&vector["mechanism"])).expect("a name");
    Member::named(name).expect("built in")
}

fn accounts(mechanism: &str, name: &str, vector: &Value) -> Accounts {
    let member = Member::ALL.iter().find(|it| it.as_str() == mechanism).expect("built in");
    let token = vector["token"].as_str().unwrap_or(TOKEN);
    // An older token is still good beside the one of the vector.
    let form = || SecretForm::HashedToken { mechanism: member.as_str() };
    Accounts::new().with_secret(name, form(), b"an older one").with_secret(
        name,
        form(),
        token.as_bytes(),
    )
}

fn takes(vector: &Value) -> Takes {
    if text(&vector["draft"]) == "kv" { Takes::KeyValue } else { Takes::Deployed }
}

fn pairs(vector: &Value, field: &str) -> Pairs {
    Pairs::parse(vector[field].as_str().unwrap_or_default().as_bytes()).expect("pairs")
}

fn client(vector: &Value, bindings: &[ChannelBinding]) -> ClientExchange {
    let member = member(vector);
    let name = vector["authcid"].as_str().unwrap_or("user").try_into().expect("a name");
    let token = vector["token"].as_str().unwrap_or(TOKEN);
    let kind = member.binding_kind();
    let binding = bindings.iter().find(|it| Some(it.kind()) == kind.as_ref());
    let form = match takes(vector) {
        Takes::KeyValue => Form::KeyValue(pairs(vector, "initiator_kv")),
        _ => Form::Deployed,
    };
    let context = ClientContext {
        credentials: &Credentials::token(token).of_user(Some(name)),
        binding: binding.cloned().map_or(ClientBinding::Unsupported, ClientBinding::Bound),
        nonce: Nonce::new("abc").expect("printable"),
        rules: Rules::default(),
        offered: Offered::default(),
    };
    let client = HtClient::new(member, &form, &context).expect("good credentials");
    ClientExchange::new(Box::new(client))
}

fn server(vector: &Value, takes: Takes, bindings: &[ChannelBinding]) -> ServerExchange {
    let context = ServerContext {
        nonce: Nonce::new("def").expect("printable"),
        bindings,
        plus: PlusOffer::NotOffered,
        rules: Rules::default(),
    };
    let server = HtServer::new(member(vector), takes, &context);
    ServerExchange::new(Box::new(server.with_pairs(pairs(vector, "responder_kv"))))
}

fn first(client: &mut ClientExchange) -> Vec<u8> {
    match client.start() {
        Ok(ClientStep::Send(ClientMessage::Authenticate {
            initial_response: Some(said), ..
        })) => said.as_bytes().to_vec(),
        other => panic!("{other:?}"),
    }
}

fn starts(server: &mut ServerExchange, said: &[u8], accounts: &Accounts) -> Outcome {
    let mut step = server.start(Some(Response::new(said))).expect("in turn");
    loop {
        step = match step {
            ServerStep::Ask(query) => server.answer(accounts.answer(query)).expect("in turn"),
            ServerStep::Done(outcome) => return outcome,
            ServerStep::Send(challenge) => panic!("{challenge:?}"),
        };
    }
}

fn refused_by_server(vector: &Value, bindings: &[ChannelBinding]) -> String {
    let name = MechanismName::parse(text(&vector["mechanism"])).expect("a name");
    if let Err(reason) = Member::named(name) {
        return reason.as_str().to_owned();
    }
    let accounts = accounts(text(&vector["token_mech"]), "user", vector);
    let mut server = server(vector, takes(vector), bindings);
    let Outcome::Failure(failure) = starts(&mut server, &octets(&vector["input"]), &accounts)
    else {
        panic!("{} comes in", vector["id"])
    };
    if failure.reason == Reason::UnknownAccount {
        // Our log tells it apart; the client hears the same.
        assert_eq!(text(&vector["id"]), "ht-unknown-user");
        assert_eq!(failure.code, FailureCode::InvalidCredentials);
        return Reason::InvalidToken.as_str().to_owned();
    }
    failure.reason.as_str().to_owned()
}

/// The same as a challenge and with a success; no success follows.
fn refused_by_client(vector: &Value, bindings: &[ChannelBinding]) -> String {
    let heard = || Challenge::new(octets(&vector["input"]));
    let mut told = client(vector, bindings);
    first(&mut told);
    let end = told.receive(ServerMessage::Success { additional_data: Some(heard()) });
    let error = end.expect_err("nobody is believed");
    let mut asked = client(vector, bindings);
    first(&mut asked);
    let step = asked.receive(ServerMessage::Challenge(heard()));
    assert!(matches!(step, Ok(ClientStep::Send(ClientMessage::Abort))), "{step:?}");
    let end = asked.receive(ServerMessage::Success { additional_data: None });
    assert_eq!(end.err(), Some(error.clone()));
    match &error {
        Error::Refused(refusal) => {
            format!("server-failure:{}", refusal.text.as_deref().unwrap_or_default())
        }
        other => other.reason().to_owned(),
    }
}
