//! `otp.json`, `otp_dictionary.json`: one-time passwords, their words, and exchanges, as client, as server, face to face.

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::ClientBinding,
    credentials::Credentials,
    error::Reason,
    mechanism::{ClientContext, Offered, Rules},
    mechanisms::otp::{
        self, Algorithm, OneTimePassword, OneTimeState, OtpClient, Renewal, Spelling,
    },
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    nonce::Nonce,
    profile::Profile,
    query::{ClientQuery, SecretForm},
};
use aiosasl_testkit::{Accounts, FaceToFace, talk};
use md4::{Digest as _, Md4};
use serde_json::Value;

use crate::ledger::{Vectors, octets, text};

pub(crate) fn passwords_have_two_spellings(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let count = u32::try_from(vector["count"].as_u64().expect("a number")).expect("small");
        let (seed, passphrase) = (text(&vector["seed"]), text(&vector["passphrase"]));
        let password = match Algorithm::parse(text(&vector["algorithm"])) {
            Some(algorithm) => OneTimePassword::compute(algorithm, seed, passphrase, count),
            None => with_md4(seed, passphrase, count),
        };
        assert_eq!(password.to_hex(), text(&vector["hex"]), "{}", vector["id"]);
        assert_eq!(password.to_words(), text(&vector["words"]), "{}", vector["id"]);
        let read = OneTimePassword::from_words(text(&vector["words"]));
        assert_eq!(read.as_ref(), Ok(&password));
        assert_eq!(OneTimePassword::from_hex(text(&vector["hex"])), Ok(password));
        vectors.played("valid", at);
    }
}

/// What nobody speaks any more (RFC 2444 section 2): the words are the same.
fn with_md4(seed: &str, passphrase: &str, count: u32) -> OneTimePassword {
    let fold = |octets: &[u8]| -> [u8; 8] {
        let sum = Md4::digest(octets);
        std::array::from_fn(|at| sum[at] ^ sum[at + 8])
    };
    let first = fold(format!("{}{passphrase}", seed.to_lowercase()).as_bytes());
    OneTimePassword::new((0..count).fold(first, |last, _| fold(&last)))
}

/// The first eleven bits are the first word.
pub(crate) fn every_word_has_its_value(vectors: &mut Vectors) {
    for (at, word) in vectors.section("words").iter().enumerate() {
        let password =
            OneTimePassword::new((u64::try_from(at).expect("small") << 53).to_be_bytes());
        assert_eq!(password.to_words().split(' ').next(), word.as_str());
        vectors.played("words", at);
    }
}

pub(crate) fn exchanges(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("exchanges").iter().enumerate() {
        let passphrase = text(&vector["passphrase"]);
        let [names, challenge, said] = [0, 1, 2].map(|at| octets(&vector["messages"][at]));
        let challenge = String::from_utf8(challenge).expect("ASCII");
        let said = String::from_utf8(said).expect("ASCII");
        let accounts = accounts(&challenge, passphrase);

        let mut server = server(&accounts);
        assert_eq!(asks(&mut server, &names, &accounts), challenge.replace(",foo", ""));
        let end = says(&mut server, said.as_bytes(), &accounts);
        assert!(matches!(end, Outcome::Success(_)), "{}: {end:?}", vector["id"]);
        let kept = kept(&accounts);
        if said.starts_with("init-") {
            assert_eq!(kept, "otp-md5 498 ke1235 3712dcb4aa5316c1");
        } else {
            let asked: u32 = challenge.split(' ').nth(1).expect("a number").parse().expect("one");
            assert_eq!(kept.split(' ').nth(1), Some(&*(asked - 1).to_string()));
        }
        // The same again is a password that was used.
        let mut again = self::server(&accounts);
        asks(&mut again, &names, &accounts);
        let end = says(&mut again, said.as_bytes(), &accounts);
        assert!(matches!(end, Outcome::Failure(it) if it.reason == Reason::OtpMismatch));

        play_clients(vector, &challenge, &said);
        vectors.played("exchanges", at);
    }
}

/// One that computes, and one that asks.
fn play_clients(vector: &Value, challenge: &str, said: &str) {
    let passphrase = text(&vector["passphrase"]);
    let words = said.starts_with("word");
    let spelling = if words { Spelling::Words } else { Spelling::Hex };
    let renewal = if said.starts_with("init-") { Renewal::NOW } else { Renewal::default() };
    let computing = || client(Some(passphrase), spelling, renewal);
    let answer = hears(&mut computing(), challenge);
    match said.rsplit_once(" ke1235:") {
        // The new seed is ours.
        Some((same, _)) => assert!(answer.starts_with(same), "{answer}"),
        None => assert_eq!(plain(&answer), plain(said), "{}", vector["id"]),
    }
    let accounts = accounts(challenge, passphrase);
    let met = talk(computing(), server(&accounts), &accounts);
    assert!(met.client.is_ok(), "{}: {:?}", vector["id"], met.lines);

    let mut asking = client(None, spelling, renewal);
    assert!(asking.start().is_ok());
    let step = asking.receive(ServerMessage::Challenge(Challenge::new(challenge)));
    let Ok(ClientStep::Ask(ClientQuery::Question(question))) = step else { panic!("{step:?}") };
    let password = said.split(':').nth(1).expect("a password");
    let step = asking.answer(question.answer(password));
    let Ok(ClientStep::Send(ClientMessage::Response(answer))) = step else { panic!("{step:?}") };
    let kind = if words { "word" } else { "hex" };
    let answer = String::from_utf8_lossy(answer.as_bytes()).into_owned();
    assert_eq!(plain(&answer), plain(&format!("{kind}:{password}")));
}

pub(crate) fn malformed_messages_are_refused(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let found = if text(&vector["role"]) == "client" {
            gives_up(text(&vector["challenge_input"]))
        } else {
            let challenge = text(&vector["challenge"]);
            let accounts = accounts(challenge, text(&vector["passphrase"]));
            let mut server = server(&accounts);
            asks(&mut server, b"\0tim", &accounts);
            match says(&mut server, &octets(&vector["input"]), &accounts) {
                Outcome::Failure(failure) => failure.reason.as_str().to_owned(),
                Outcome::Success(_) => panic!("{} comes in", vector["id"]),
            }
        };
        assert_eq!(found, text(&vector["expect"]), "{}", vector["id"]);
        vectors.played("malformed", at);
    }
}

pub(crate) fn published_examples_that_do_not_verify(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("not_reproducible").iter().enumerate() {
        let [challenge, passphrase] = ["challenge", "passphrase"].map(|it| text(&vector[it]));
        let mut client = client(Some(passphrase), Spelling::Hex, Renewal::NEVER);
        let answer = hears(&mut client, challenge);
        assert_eq!(answer, format!("hex:{}", text(&vector["correct"])));
        let accounts = accounts(challenge, passphrase);
        let mut server = server(&accounts);
        asks(&mut server, b"\0tim", &accounts);
        let printed = format!("hex:{}", text(&vector["printed"]));
        assert!(matches!(says(&mut server, printed.as_bytes(), &accounts), Outcome::Failure(_)));
        vectors.played("not_reproducible", at);
    }
}

fn accounts(challenge: &str, passphrase: &str) -> Accounts {
    let words: Vec<_> = challenge.split(' ').collect();
    let [algorithm, sequence, seed, ..] = words[..] else { panic!("{challenge}") };
    let algorithm = Algorithm::parse(algorithm.trim_start_matches("otp-")).expect("spoken");
    let sequence = sequence.parse().expect("a number");
    let state = OneTimeState::new(algorithm, sequence, seed, passphrase).expect("a state");
    Accounts::new().with_secret("tim", SecretForm::OneTime, state.to_text().as_bytes())
}

fn kept(accounts: &Accounts) -> String {
    let kept = accounts.replaced("tim", &SecretForm::OneTime).expect("it was replaced");
    String::from_utf8(kept.expose().to_vec()).expect("ASCII")
}

fn server(accounts: &Accounts) -> ServerExchange {
    FaceToFace::new(&otp::MECHANISM, accounts).server(Profile::FULL)
}

fn client(passphrase: Option<&str>, spelling: Spelling, renewal: Renewal) -> ClientExchange {
    let name = "tim".try_into().expect("a name");
    let credentials = match passphrase {
        Some(passphrase) => Credentials::password(name, passphrase),
        None => Credentials::none().of_user(Some(name)),
    };
    let context = ClientContext {
        credentials: &credentials,
        binding: ClientBinding::Unsupported,
        nonce: Nonce::new("abc").expect("printable"),
        rules: Rules::default(),
        offered: Offered::default(),
    };
    let client = OtpClient::new(&context).expect("good credentials");
    ClientExchange::new(Box::new(client.renewing(renewal).spelling(spelling)))
}

/// What the server asks after it has heard the names.
fn asks(server: &mut ServerExchange, names: &[u8], accounts: &Accounts) -> String {
    let mut step = server.start(Some(Response::new(names))).expect("in turn");
    while let ServerStep::Ask(query) = step {
        step = server.answer(accounts.answer(query)).expect("in turn");
    }
    let ServerStep::Send(challenge) = step else { panic!("{step:?}") };
    String::from_utf8(challenge.as_bytes().to_vec()).expect("ASCII")
}

fn says(server: &mut ServerExchange, said: &[u8], accounts: &Accounts) -> Outcome {
    let mut step = server.receive(ClientMessage::Response(Response::new(said))).expect("in turn");
    while let ServerStep::Ask(query) = step {
        step = server.answer(accounts.answer(query)).expect("in turn");
    }
    let ServerStep::Done(outcome) = step else { panic!("{step:?}") };
    outcome
}

fn hears(client: &mut ClientExchange, challenge: &str) -> String {
    assert!(client.start().is_ok());
    let step = client.receive(ServerMessage::Challenge(Challenge::new(challenge)));
    let Ok(ClientStep::Send(ClientMessage::Response(answer))) = step else { panic!("{step:?}") };
    String::from_utf8(answer.as_bytes().to_vec()).expect("ASCII")
}

fn gives_up(challenge: &str) -> String {
    let mut client = client(Some("This is a test."), Spelling::Hex, Renewal::NEVER);
    assert!(client.start().is_ok());
    let step = client.receive(ServerMessage::Challenge(Challenge::new(challenge)));
    assert!(matches!(step, Ok(ClientStep::Send(ClientMessage::Abort))), "{step:?}");
    let end = client.receive(ServerMessage::Success { additional_data: None });
    end.expect_err("it has given up").reason().to_owned()
}

/// Without the freedoms that a response has.
fn plain(said: &str) -> String {
    said.to_lowercase().split_whitespace().collect()
}
