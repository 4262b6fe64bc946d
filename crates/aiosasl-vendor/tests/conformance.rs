//! What every mechanism must keep, kept by those of this crate.

use std::sync::LazyLock;

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::ClientBinding,
    credentials::{Credentials, Endpoint, Key},
    error::Error,
    mechanism::{ClientContext, Mechanism, Offered, Rules},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    nonce::Nonce,
    profile::Profile,
    query::{Authorization, ClientQuery, Query, SecretForm},
};
use aiosasl_testkit::{Accounts, FaceToFace, conformance, talk};
use aiosasl_vendor::{
    ALL, amqplain,
    aws::{AwsCredentials, SECRET_ACCESS_KEY},
    aws_msk_iam,
    dbus_cookie_sha1::{self, STORED_COOKIE},
    mongodb_aws, mongodb_oidc, rabbit_cr_demo,
    reason::BAD_SESSION_TOKEN,
};
use proptest::prelude::*;

const COOKIE: &str = "0f1e2d3c4b5a";

/// An account `user` with every kind of credential: made once, since verifiers take their time.
static ACCOUNTS: LazyLock<Accounts> = LazyLock::new(|| {
    Accounts::new()
        .with_password("user", "pencil")
        .with_secret("user", SECRET_ACCESS_KEY, b"pencil")
        .with_secret("user", STORED_COOKIE, format!("context 12 {COOKIE}").as_bytes())
        .with_known(dbus_cookie_sha1::COOKIE, COOKIE)
        .with_known(mongodb_oidc::TOKEN, "pencil")
        .with_token("user", "pencil")
        .with_provider("user", "https://issuer.example abcd", None)
        .with_external("user".try_into().expect("a name"))
});

/// What a mechanism logs in with, of a user of this name.
fn credentials(mechanism: &Mechanism, name: &str, secret: &str) -> Credentials {
    let mut credentials = match mechanism.name.as_str() {
        "AWS_MSK_IAM" | "MONGODB-AWS" => {
            AwsCredentials::new(name, secret).in_region("us-east-1").into_credentials()
        }
        "MONGODB-OIDC" => Credentials::token(secret),
        "DBUS_COOKIE_SHA1" | "MONGODB-X509" => Credentials::none(),
        _ => Credentials::password(name.try_into().expect("a name"), secret),
    };
    credentials.authentication_id = Some(name.try_into().expect("a name"));
    credentials.endpoint = Some(Endpoint { host: "localhost".into(), port: None });
    credentials
}

#[test]
fn every_mechanism_keeps_what_all_keep() {
    for mechanism in by_themselves() {
        let credentials = credentials(mechanism, "user", "pencil");
        conformance::check(mechanism, &credentials, &ACCOUNTS);
    }
}

#[test]
fn oidc_keeps_it_without_a_token_too() {
    let mut credentials = credentials(&mongodb_oidc::MECHANISM, "user", "");
    credentials.key = Key::None;
    conformance::check(&mongodb_oidc::MECHANISM, &credentials, &ACCOUNTS);
}

#[test]
fn an_unknown_password_user_looks_like_a_wrong_password() {
    for mechanism in [amqplain::MECHANISM, rabbit_cr_demo::MECHANISM] {
        conformance::check_no_enumeration(&mechanism, &ACCOUNTS, "user", "resu");
    }
}

#[test]
fn an_unknown_key_looks_like_a_wrong_secret() {
    for mechanism in [aws_msk_iam::MECHANISM, mongodb_aws::MECHANISM, dbus_cookie_sha1::MECHANISM] {
        let accounts = ACCOUNTS.clone().with_known(dbus_cookie_sha1::COOKIE, "another");
        let pair = FaceToFace::new(&mechanism, &accounts);
        let [wrong, nobody] = ["user", "resu"].map(|name| {
            let credentials = credentials(&mechanism, name, "wrong");
            pair.meet_with(&credentials, Profile::FULL)
        });
        assert_eq!(wrong.lines.len(), nobody.lines.len(), "{}", mechanism.name);
        assert_eq!(wrong.lines.last(), nobody.lines.last(), "{}", mechanism.name);
        let error = wrong.client.expect_err("a wrong secret");
        assert!(error.is_authentication_failure(), "{error}");
        assert_eq!(Some(error), nobody.client.err());
    }
}

/// A cookie that is none, and no cookie at all, look the same: both are asked for by a context and a number.
#[test]
fn nobody_sees_that_there_is_no_cookie() {
    let shape = |accounts: &Accounts, name| {
        let pair = FaceToFace::new(&dbus_cookie_sha1::MECHANISM, accounts);
        let credentials = credentials(&dbus_cookie_sha1::MECHANISM, name, "");
        let client = pair.client(&credentials, Profile::FULL).expect("good credentials");
        let lines = talk(client, pair.server(Profile::FULL), accounts).lines;
        let question = lines.get(1).expect("a question").clone();
        let words: Vec<_> = question.split(' ').map(str::to_owned).collect();
        assert_eq!(words.len(), 4, "{question}");
        assert!(words[2].bytes().all(|octet| octet.is_ascii_digit()), "{question}");
        question
    };
    let known = Accounts::new().with_known(dbus_cookie_sha1::COOKIE, COOKIE);
    assert_eq!(shape(&known, "nobody"), shape(&known, "nobody"), "the question changes");
    assert_ne!(shape(&known, "nobody"), shape(&known, "no-one"), "all have one cookie");
    let broken = known.with_secret("user", STORED_COOKIE, b"no cookie's line/");
    shape(&broken, "user");
}

/// A token with a line end would be signed as more headers than one.
#[test]
fn session_tokens_have_no_control_characters() {
    for token in ["era\nser", "era\rser", "era\tser", "era\u{85}ser"] {
        for mechanism in [&mongodb_aws::MECHANISM, &aws_msk_iam::MECHANISM] {
            let key = AwsCredentials::new("user", "pencil").in_region("us-east-1");
            let mut credentials = key.with_session_token(token).into_credentials();
            credentials.endpoint = Some(Endpoint { host: "localhost".into(), port: None });
            let nonce = Nonce::new("fyko+d2lbbFgONRv9qkxdawLfyko+d2lbbFgONRv").expect("printable");
            let context = ClientContext {
                credentials: &credentials,
                binding: ClientBinding::Unsupported,
                nonce,
                rules: Rules::default(),
                offered: Offered::default(),
            };
            let error = (mechanism.client)(&context).err();
            assert_eq!(error, Some(Error::Credentials(BAD_SESSION_TOKEN)), "{token:?}");
        }
    }
}

#[test]
fn secrets_are_not_shown() {
    let key = AwsCredentials::new("AKIDEXAMPLE", "pencil").with_session_token("eraser");
    let shown = format!("{key:?} {:?}", key.clone().into_credentials());
    assert!(!shown.contains("pencil") && !shown.contains("eraser"), "{shown}");
}

#[test]
fn every_mechanism_asks_for_what_it_cannot_do_without() {
    for mechanism in ALL.iter().filter(|it| it.name != "MONGODB-X509" && it.name != "MONGODB-OIDC")
    {
        let accounts = Accounts::new();
        let pair = FaceToFace::new(mechanism, &accounts);
        let error = pair.client(&Credentials::none(), Profile::FULL).expect_err("no credentials");
        assert_eq!(error.reason(), "no-credentials", "{}", mechanism.name);
    }
}

#[test]
fn the_forms_of_secrets_keep_their_names() {
    assert_eq!(SECRET_ACCESS_KEY, SecretForm::Foreign("aws-secret-access-key"));
    assert_eq!(STORED_COOKIE, SecretForm::Foreign("dbus-cookie"));
}

/// A client hears anything; where it asks, it is told something.
fn client_hears(mut client: ClientExchange, messages: &[Vec<u8>]) {
    let _ = client.start().expect("the first call");
    for message in messages {
        let mut step = client.receive(ServerMessage::Challenge(Challenge::new(&**message)));
        if let Ok(ClientStep::Ask(ClientQuery::Question(question))) = step {
            step = client.answer(question.answer("0f"));
        }
        if step.is_err() {
            return;
        }
    }
}

/// A server whose store knows nobody hears anything; nobody comes in.
fn server_hears(mut server: ServerExchange, messages: &[Vec<u8>]) {
    let nobody = Accounts::new();
    let mut messages = messages.iter().map(|it| Response::new(&**it));
    let mut step = server.start(messages.next()).expect("the first call");
    loop {
        step = match step {
            ServerStep::Ask(Query::Authorize(query)) => {
                panic!("nobody has accepted {:?}", query.identity())
            }
            ServerStep::Ask(query) => server.answer(nobody.answer(query)).expect("in turn"),
            ServerStep::Send(_) => match messages.next() {
                Some(it) => server.receive(ClientMessage::Response(it)).expect("in turn"),
                None => return,
            },
            ServerStep::Done(Outcome::Failure(_)) => return,
            ServerStep::Done(Outcome::Success(_)) => panic!("somebody came in"),
        };
    }
}

/// What a login says, in order: what the laws begin with.
fn said(mechanism: &Mechanism) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    use aiosasl_testkit::{OnTheWire, talk_over};

    let accounts = &*ACCOUNTS;
    let pair = FaceToFace::new(mechanism, accounts);
    let mut credentials = credentials(mechanism, "user", "pencil");
    if mechanism.name == "MONGODB-OIDC" {
        credentials.key = Key::None;
    }
    let client = pair.client(&credentials, Profile::FULL).expect("good credentials");
    let (mut by_client, mut by_server) = (Vec::new(), Vec::new());
    talk_over(client, pair.server(Profile::FULL), accounts, |message| match message {
        OnTheWire::ToServer(ClientMessage::Authenticate { initial_response, .. }) => {
            by_client.extend(initial_response.as_ref().map(|it| it.as_bytes().to_vec()));
        }
        OnTheWire::ToServer(ClientMessage::Response(it)) => by_client.push(it.as_bytes().to_vec()),
        OnTheWire::ToClient(ServerMessage::Challenge(it)) => by_server.push(it.as_bytes().to_vec()),
        _ => {}
    });
    (by_client, by_server)
}

/// Those that need no word of a protocol: PG-MD5 wants to hear the name from it, and is played in its own tests.
fn by_themselves() -> impl Iterator<Item = &'static Mechanism> {
    ALL.iter().filter(|it| it.name != "PG-MD5")
}

/// Where a message is changed, and how.
type Change = (usize, usize, u8);

fn changed(messages: &[Vec<u8>], (which, place, octet): Change) -> Vec<Vec<u8>> {
    let mut messages = messages.to_vec();
    let count = messages.len().max(1);
    if let Some(message) = messages.get_mut(which % count) {
        let len = message.len().max(1);
        match message.get_mut(place % len) {
            Some(at) if octet % 4 != 0 => *at = octet,
            _ => message.truncate(place % len),
        }
    }
    messages
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_octets_are_heard(
        which in 0..ALL.len(),
        messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 1..4),
    ) {
        let mechanism = &ALL[which];
        let accounts = &*ACCOUNTS;
        let pair = FaceToFace::new(mechanism, accounts);
        let credentials = credentials(mechanism, "user", "pencil");
        server_hears(pair.server(Profile::FULL), &messages);
        client_hears(pair.client(&credentials, Profile::FULL).expect("good"), &messages);
    }

    #[test]
    fn what_is_almost_right_is_heard(which in 0..ALL.len(), change in any::<Change>()) {
        let mechanism = &ALL[which];
        let accounts = &*ACCOUNTS;
        let pair = FaceToFace::new(mechanism, accounts);
        let mut credentials = credentials(mechanism, "user", "pencil");
        if mechanism.name == "MONGODB-OIDC" {
            credentials.key = Key::None;
        }
        let (by_client, by_server) = said(mechanism);
        server_hears(pair.server(Profile::FULL), &changed(&by_client, change));
        let client = pair.client(&credentials, Profile::FULL).expect("good");
        client_hears(client, &changed(&by_server, change));
    }
}

/// `Authorize` is the one door of these mechanisms, too.
#[test]
fn who_is_proven_may_still_be_refused() {
    for mechanism in by_themselves() {
        let accounts = &*ACCOUNTS;
        let pair = FaceToFace::new(mechanism, accounts);
        let mut server = pair.server(Profile::FULL);
        let (by_client, _) = said(mechanism);
        let mut messages = by_client.into_iter().map(Response::new);
        let mut step = server.start(messages.next()).expect("in turn");
        let failure = loop {
            step = match step {
                ServerStep::Ask(Query::Authorize(query)) => {
                    server.answer(query.answer(Authorization::Denied)).expect("in turn")
                }
                ServerStep::Ask(query) => server.answer(accounts.answer(query)).expect("in turn"),
                ServerStep::Send(_) => {
                    let message = messages.next().expect("a message");
                    server.receive(ClientMessage::Response(message)).expect("in turn")
                }
                ServerStep::Done(Outcome::Failure(failure)) => break failure,
                ServerStep::Done(Outcome::Success(_)) => panic!("{} comes in", mechanism.name),
            };
        };
        assert_eq!(failure.reason.as_str(), "not-authorized", "{}", mechanism.name);
    }
}
