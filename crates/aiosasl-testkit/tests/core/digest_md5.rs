//! DIGEST-MD5: layers, realms, character sets, and logins that are shorter than the first.

use aiosasl::{
    Authenticated, ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::ClientBinding,
    credentials::{Credentials, Key, Resumption},
    error::{Error, FailureCode, Reason},
    layer::{LayerError, LayerRules},
    mechanism::{ClientContext, PlusOffer, Rules, ServerContext, Service},
    mechanisms::digest_md5::MECHANISM,
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage, Success},
    nonce::Nonce,
    profile::{InitialResponse, Profile, SuccessData},
    query::{ClientQuery, Freshness, Query, SecretForm, Subject},
    secret::Secret,
};
use aiosasl_testkit::{Accounts, Meeting, OnTheWire, talk, talk_asking, talk_over};

use crate::support::{context, refusal, rules, user};

/// The strengths of integrity, of 40-bit RC4, DES, 56-bit RC4, triple DES, and RC4.
const STRENGTHS: [u16; 6] = [1, 40, 55, 56, 112, 128];

/// Nothing but a password: there is no time for verifiers.
fn accounts() -> Accounts {
    knowing("user", "pencil")
}

fn knowing(name: &str, password: &str) -> Accounts {
    Accounts::new().with_secret(name, SecretForm::Password, password.as_bytes())
}

fn layers(min_strength: u16, max_strength: u16, max_receive: u32) -> LayerRules {
    LayerRules { min_strength, max_strength, max_receive }
}

fn client_with(credentials: &Credentials, rules: Rules, profile: Profile) -> ClientExchange {
    let context = ClientContext { rules, ..context(credentials, ClientBinding::Unsupported, &[]) };
    let client = (MECHANISM.client)(&context).expect("good credentials");
    ClientExchange::with_profile(client, profile)
}

fn server_with(nonce: &str, rules: Rules, profile: Profile) -> ServerExchange {
    let nonce = Nonce::new(nonce).expect("printable");
    let context = ServerContext { nonce, bindings: &[], plus: PlusOffer::NotOffered, rules };
    ServerExchange::with_profile((MECHANISM.server)(&context), profile)
}

fn meet(client: LayerRules, server: LayerRules) -> Meeting {
    let client = client_with(&user(), Rules { layers: client, ..rules() }, Profile::FULL);
    let server = server_with("nonce", Rules { layers: server, ..rules() }, Profile::FULL);
    talk(client, server, &accounts())
}

fn both(met: Meeting) -> (Authenticated, Success) {
    let Some(Outcome::Success(success)) = met.server else { panic!("{:#?}", met.lines) };
    (met.client.expect("a login"), success)
}

#[test]
fn every_layer_carries_octets_both_ways_within_what_the_other_end_takes() {
    for strength in STRENGTHS {
        let met = meet(layers(strength, strength, 100), layers(0, 256, 4096));
        let (client, server) = both(met);
        let mut client = client.security_layer.expect("a layer");
        let mut server = server.security_layer.expect("a layer");
        assert_eq!((client.strength(), server.strength()), (strength, strength));
        assert_eq!((client.max_send(), client.max_receive()), (4096, 100));
        assert_eq!((server.max_send(), server.max_receive()), (100, 4096));
        for round in 0..40 {
            let (sender, receiver) = if round % 3 == 0 {
                (&mut client, &mut server)
            } else {
                (&mut server, &mut client)
            };
            let all = sender.max_piece();
            for len in [0, 1, round, all - 1, all] {
                let octets = vec![b'x'; len];
                let wrapped = sender.wrap(&octets).expect("it fits");
                assert!(wrapped.len() <= receiver.max_receive(), "{} octets", wrapped.len());
                assert!(strength == 1 || len < 5 || !wrapped.starts_with(b"xxxxx"));
                assert_eq!(receiver.unwrap(&wrapped), Ok(octets));
            }
            assert_eq!(sender.wrap(&vec![0; all + 1]), Err(LayerError::TooLarge));
            // One octet more would not fit.
            let blocks = matches!(strength, 55 | 112);
            assert!(all + 17 + if blocks { 8 } else { 0 } > sender.max_send());
        }
    }
}

#[test]
fn a_layer_is_over_after_its_first_error() {
    for strength in STRENGTHS {
        let (client, server) = both(meet(layers(strength, strength, 100), LayerRules::ANY));
        let mut client = client.security_layer.expect("a layer");
        let mut server = server.security_layer.expect("a layer");
        let good = client.wrap(b"pencil").expect("it fits");
        for at in 0..good.len() {
            let (client, server) = both(meet(layers(strength, strength, 100), LayerRules::ANY));
            let mut damaged =
                client.security_layer.expect("a layer").wrap(b"pencil").expect("it fits");
            damaged[at] ^= 1;
            let mut server = server.security_layer.expect("a layer");
            assert!(server.unwrap(&damaged).is_err(), "{strength}: octet {at} may change");
            assert!(server.unwrap(&good).is_err());
        }
        assert_eq!(server.unwrap(&good), Ok(b"pencil".to_vec()));
        assert_eq!(server.unwrap(&good), Err(LayerError::BadSequenceNumber));
        // What we said does not come back to us.
        let ours = client.wrap(b"pencil").expect("it fits");
        assert!(client.unwrap(&ours).is_err());
        assert!(!format!("{client:?} {server:?}").contains("mac"));
    }
}

#[test]
fn the_strongest_that_both_allow() {
    let strength = |client, server| {
        let (client, server) = both(meet(client, server));
        let [client, server] =
            [client.security_layer, server.security_layer].map(|it| it.map(|it| it.strength()));
        assert_eq!(client, server);
        client
    };
    assert_eq!(strength(LayerRules::NONE, LayerRules::NONE), None);
    assert_eq!(strength(LayerRules::ANY, LayerRules::NONE), None);
    assert_eq!(strength(LayerRules::NONE, LayerRules::ANY), None);
    assert_eq!(strength(LayerRules::ANY, LayerRules::ANY), Some(128));
    assert_eq!(strength(LayerRules::ANY, layers(0, 112, 4096)), Some(112));
    assert_eq!(strength(layers(1, 50, 4096), LayerRules::ANY), Some(40));
    assert_eq!(strength(layers(1, 39, 4096), LayerRules::ANY), Some(1));
    // So small a buffer holds no block with a MAC.
    assert_eq!(strength(layers(0, 127, 4096), layers(0, 127, 20)), Some(56));
    let refused = |client, server| meet(client, server).client.expect_err("nothing in common");
    let error = Error::Policy(Reason::NoCommonQop);
    assert_eq!(refused(layers(1, 256, 4096), LayerRules::NONE), error);
    assert_eq!(refused(LayerRules::NONE, layers(56, 256, 4096)), error);
}

/// One login after another, each with what the last one left.
fn resumed(
    resumption: Option<Resumption>,
    nonce: &str,
    profile: Profile,
    accounts: &Accounts,
) -> (Vec<String>, Option<Resumption>) {
    let credentials = user().resuming(resumption);
    let client = client_with(&credentials, rules(), profile);
    let met = talk(client, server_with(nonce, rules(), profile), accounts);
    assert!(matches!(met.server, Some(Outcome::Success(_))), "{:#?}", met.lines);
    let done = met.client.expect("a login");
    assert!(done.server_verified);
    (met.lines, done.resumption)
}

#[test]
fn a_client_that_was_here_before_saves_a_message() {
    let accounts = accounts();
    let (lines, first) = resumed(None, "first", Profile::FULL, &accounts);
    assert_eq!(lines.len(), 4, "{lines:#?}");
    let (lines, second) = resumed(first.clone(), "second", Profile::FULL, &accounts);
    let [said, heard] = &*lines else { panic!("{lines:#?}") };
    assert!(said.starts_with("C: DIGEST-MD5 charset=utf-8,username="), "{said}");
    assert!(said.contains("nc=00000002") && said.contains("first"), "{said}");
    assert!(heard.starts_with("S: (success) rspauth="), "{heard}");
    let (lines, _) = resumed(second, "third", Profile::FULL, &accounts);
    assert!(lines[0].contains("nc=00000003"), "{lines:#?}");
    // What was used is not good any more: the server knows, and asks anew.
    let (lines, anew) = resumed(first, "fourth", Profile::FULL, &accounts);
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert!(lines[1].contains("fourth") && lines[1].ends_with("stale=true"), "{lines:#?}");
    assert!(lines[2].contains("nc=00000001"), "{lines:#?}");
    // A store that remembers nothing; then one that does, in a protocol without initial responses.
    let (lines, _) = resumed(anew.clone(), "fifth", Profile::FULL, &self::accounts());
    assert_eq!(lines.len(), 4, "{lines:#?}");
    for success_data in [SuccessData::Carried, SuccessData::AsChallenge] {
        let profile = Profile {
            initial_response: InitialResponse::NotCarried,
            success_data,
            ..Profile::FULL
        };
        let (lines, _) = resumed(anew.clone(), "sixth", profile, &accounts);
        assert_eq!(lines[0], "C: DIGEST-MD5");
        assert!(lines[2].contains("sixth"), "{lines:#?}");
    }
}

#[test]
fn what_was_left_is_for_the_same_login_alone() {
    let accounts = accounts();
    let (_, left) = resumed(None, "first", Profile::FULL, &accounts);
    let starts = |credentials: Credentials, rules| {
        let mut client = client_with(&credentials.resuming(left.clone()), rules, Profile::FULL);
        let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response, .. })) =
            client.start()
        else {
            panic!("a client starts with a request")
        };
        initial_response.is_some()
    };
    assert!(starts(user(), rules()));
    let other = Credentials::password("other".try_into().expect("a name"), "pencil");
    assert!(!starts(other, rules()));
    assert!(!starts(user().acting_as("other".try_into().ok()), rules()));
    let elsewhere = Service::new("imap", "mail.example.net");
    assert!(!starts(user(), Rules { service: Some(elsewhere), ..rules() }));
    assert!(!starts(user(), Rules { layers: LayerRules::ANY, ..rules() }));
    // A login with a layer leaves nothing: its keys would come again.
    let (client, _) = both(meet(LayerRules::ANY, LayerRules::ANY));
    assert!(client.resumption.is_none());
}

#[test]
fn a_wrong_password_is_wrong_in_a_shorter_login_and_costs_no_count() {
    let accounts = accounts();
    let (_, left) = resumed(None, "first", Profile::FULL, &accounts);
    let mut wrong = user().resuming(left.clone());
    wrong.key = Key::Password("pen".into());
    let client = client_with(&wrong, rules(), Profile::FULL);
    let met = talk(client, server_with("second", rules(), Profile::FULL), &accounts);
    let Some(Outcome::Failure(failure)) = met.server else { panic!("{:#?}", met.lines) };
    assert_eq!(failure.reason, Reason::ResponseMismatch);
    assert_eq!(failure.code, FailureCode::InvalidCredentials);
    assert_eq!(resumed(left, "third", Profile::FULL, &accounts).0.len(), 2);
}

/// A response with an old nonce, for a layer: its keys would be those of the earlier exchange.
#[test]
fn a_shorter_login_has_no_layer() {
    let rules = Rules { layers: LayerRules::ANY, ..rules() };
    let mut server = server_with("fresh", rules, Profile::FULL);
    let first = "username=\"user\",realm=\"mail.example.org\",nonce=\"old\",nc=00000002,cnonce=\"c\",\
        digest-uri=\"imap/mail.example.org\",response=00000000000000000000000000000000,qop=auth-int";
    let Ok(ServerStep::Send(challenge)) = server.start(Some(Response::new(first))) else {
        panic!("a challenge")
    };
    assert!(challenge.as_bytes().ends_with(b"stale=true"));
    // Once is enough.
    let again = server.receive(ClientMessage::Response(Response::new(first))).expect("in turn");
    assert_eq!(refusal(again), "nonce-mismatch");
}

#[test]
fn a_nonce_of_this_exchange_that_was_used() {
    let mut client = client_with(&user(), rules(), Profile::FULL);
    let mut server = server_with("nonce", rules(), Profile::FULL);
    assert!(client.start().is_ok());
    let Ok(ServerStep::Send(challenge)) = server.start(None) else { panic!("a challenge") };
    let said = client.receive(ServerMessage::Challenge(challenge));
    let Ok(ClientStep::Send(message)) = said else { panic!("{said:?}") };
    let Ok(ServerStep::Ask(query)) = server.receive(message) else { panic!("a question") };
    let Ok(ServerStep::Ask(Query::NonceUse(query))) = server.answer(accounts().answer(query))
    else {
        panic!("the nonce is asked for in every login")
    };
    assert_eq!((query.nonce(), query.count()), ("nonce", 1));
    let step = server.answer(query.answer(Freshness::Stale)).expect("in turn");
    assert_eq!(refusal(step), "nonce-reused");
}

#[test]
fn one_of_many_realms() {
    let realms = |realms: &[&str]| {
        let service = Service::new("imap", "mail.example.org").in_realms(realms.iter().copied());
        Rules { service: Some(service), ..rules() }
    };
    let meet = |client: Rules, server: Rules, answer: Option<&str>| {
        let client = client_with(&user(), client, Profile::FULL);
        let server = server_with("nonce", server, Profile::FULL);
        let mut asked = None;
        let met = talk_asking(client, server, &accounts(), |query| {
            let ClientQuery::Question(question) = query else { panic!("{query:?}") };
            let Subject::Realm { offered } = question.subject() else { panic!("{question:?}") };
            asked = Some(offered.join(" "));
            match answer {
                Some(answer) => question.answer(answer),
                None => question.decline(),
            }
        });
        let realm = met.lines.get(2).and_then(|it| it.split("realm=\\\"").nth(1));
        let realm = realm.and_then(|it| it.split('\\').next()).map(str::to_owned);
        (met.client.map(|_| realm), asked)
    };
    let said = |realm: &str| Ok(Some(realm.to_owned()));
    // The host stands for a realm that nobody has named; the only one is taken.
    assert_eq!(meet(realms(&[]), realms(&[]), None), (said("mail.example.org"), None));
    assert_eq!(meet(realms(&["x"]), realms(&["a"]), None), (said("a"), None));
    assert_eq!(meet(realms(&["x", "b"]), realms(&["a", "b"]), None), (said("b"), None));
    assert_eq!(meet(realms(&[]), realms(&[""]), None), (Ok(None), None));
    let asked = || Some("a b".to_owned());
    assert_eq!(meet(realms(&[]), realms(&["a", "b"]), Some("b")), (said("b"), asked()));
    let error = Error::Credentials(Reason::RealmNotOffered);
    assert_eq!(meet(realms(&[]), realms(&["a", "b"]), Some("c")), (Err(error), asked()));
    let error = Error::Credentials(Reason::NoCredentials);
    assert_eq!(meet(realms(&[]), realms(&["a", "b"]), None), (Err(error), asked()));
}

#[test]
fn many_realms_fit_into_a_challenge() {
    let many = (0..500).map(|it| format!("realm-{it}.example.org"));
    let service = Service::new("imap", "mail.example.org").in_realms(many);
    let rules = Rules { service: Some(service.clone()), ..rules() };
    let server = server_with("nonce", rules.clone(), Profile::FULL);
    let client = client_with(&user(), Rules { layers: LayerRules::ANY, ..rules }, Profile::FULL);
    let met = talk(client, server, &accounts());
    assert!(met.client.is_ok(), "{:?}", met.client);
    assert!(met.lines[1].contains("realm-50.") && met.lines[1].len() < 3000, "{:#?}", met.lines);
}

#[test]
fn nobody_has_said_which_service() {
    let none = || Rules { service: None, ..rules() };
    let credentials = user();
    let context =
        ClientContext { rules: none(), ..context(&credentials, ClientBinding::Unsupported, &[]) };
    let error = (MECHANISM.client)(&context).err();
    assert_eq!(error, Some(Error::Credentials(Reason::NoService)));
    let client = client_with(&user(), rules(), Profile::FULL);
    let met = talk(client, server_with("nonce", none(), Profile::FULL), &accounts());
    let Some(Outcome::Failure(failure)) = met.server else { panic!("{:#?}", met.lines) };
    assert_eq!((failure.code, failure.reason), (FailureCode::Temporary, Reason::NoService));
}

/// Takes `charset=utf-8` out of what one side says.
fn without_charset(name: &str, password: &str, from: Side) -> Result<bool, Error> {
    let accounts = knowing(name, password);
    let credentials = Credentials::password(name.try_into().expect("a name"), password);
    let client = client_with(&credentials, rules(), Profile::FULL);
    let cut = |octets: &[u8]| {
        let words: Vec<_> = octets.split(|it| *it == b',').collect();
        let words: Vec<_> = words.into_iter().filter(|it| *it != b"charset=utf-8").collect();
        words.join(&b","[..])
    };
    let server = server_with("nonce", rules(), Profile::FULL);
    let met = talk_over(client, server, &accounts, |message| match (message, from) {
        (OnTheWire::ToServer(ClientMessage::Response(it)), Side::Client) => {
            *it = Response::new(cut(it.as_bytes()));
        }
        (OnTheWire::ToClient(ServerMessage::Challenge(it)), Side::Server) => {
            *it = Challenge::new(cut(it.as_bytes()));
        }
        _ => {}
    });
    met.client.map(|done| done.server_verified)
}

#[derive(Clone, Copy)]
enum Side {
    Client,
    Server,
}

#[test]
fn clients_that_do_not_say_that_they_speak_utf_8() {
    assert_eq!(without_charset("j\u{fc}rgen", "p\u{e4}ss", Side::Client), Ok(true));
    assert_eq!(without_charset("\u{43f}", "\u{43f}", Side::Client), Ok(true));
}

#[test]
fn servers_that_take_latin_1_alone() {
    assert_eq!(without_charset("j\u{fc}rgen", "p\u{e4}ss", Side::Server), Ok(true));
    let error = Err(Error::Credentials(Reason::NotLatin1));
    assert_eq!(without_charset("\u{43f}", "p\u{e4}ss", Side::Server), error);
    assert_eq!(without_charset("j\u{fc}rgen", "\u{43f}", Side::Server), error);
}

/// The hash of name, realm and password in the place of the password.
#[test]
fn a_login_with_a_stored_key_at_both_ends() {
    let pieces = [b"user:mail.example.org:".to_vec(), b"pencil".to_vec()].concat();
    let key = aiosasl::md5::md5(&[&pieces]);
    let form = SecretForm::DigestMd5 { realm: "mail.example.org".into() };
    let accounts = Accounts::new().with_secret("user", form, &key);
    let mut credentials = user();
    credentials.key = Key::Stored(Secret::new(key));
    let client = client_with(&credentials, rules(), Profile::FULL);
    assert!(!format!("{client:?}").contains("key"));
    let met = talk(client, server_with("nonce", rules(), Profile::FULL), &accounts);
    assert!(met.client.is_ok(), "{:#?}", met.lines);
    credentials.key = Key::Stored(Secret::new([0; 16]));
    let client = client_with(&credentials, rules(), Profile::FULL);
    let met = talk(client, server_with("nonce", rules(), Profile::FULL), &accounts);
    assert!(met.client.is_err_and(|it| it.is_authentication_failure()));
}
