//! Keys instead of passwords: the forms that they come in, what is refused, and that nobody learns which accounts exist.

use aiosasl::{
    ClientStep, ServerStep,
    credentials::{Credentials, Key},
    error::{Error, Reason},
    mechanism::Mechanism,
    mechanisms::challenge::{ECDH_X25519_CHALLENGE, ECDSA_NIST256P_CHALLENGE, ecdsa, x25519},
    message::{Outcome, ServerMessage},
    profile::Profile,
    query::{Doom, Query, SecretForm, StoredSecret},
    secret::Secret,
};
use aiosasl_testkit::{Accounts, talk};

use crate::support::*;

const BOTH: [&Mechanism; 2] = [&ECDSA_NIST256P_CHALLENGE, &ECDH_X25519_CHALLENGE];

/// As `openssl ecparam -genkey` writes it.
const WITH_PARAMETERS: &str = "-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEICMt5i6s7AGn9jZVW3YLJGRDWRhYYQQCj0w5S7ifqIZBoAoGCCqGSM49
AwEHoUQDQgAEL//FiXE9B0ESDTRrAJBrx/gXvlD8R5Q0kWwgsi2Oz0pvA4VxHSNE
LnUqtzqGm35e1O2RWBdf8H6Njlfh1zh+3Q==
-----END EC PRIVATE KEY-----
";
/// The same key, as `openssl pkcs8 -topk8 -nocrypt` writes it.
const PKCS8: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIy3mLqzsAaf2NlVb
dgskZENZGFhhBAKPTDlLuJ+ohkGhRANCAAQv/8WJcT0HQRINNGsAkGvH+Be+UPxH
lDSRbCCyLY7PSm8DhXEdI0QudSq3Ooabfl7U7ZFYF1/wfo2OV+HXOH7d
-----END PRIVATE KEY-----
";
/// A key of another curve.
const SECP384R1: &str = "-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDCB8HGU2KnDs+TvQjEgUqqdJYQ+NHt8d6qrTVkV/RW1+H/7IpZnJsvO
tVqYUBZU7h2gBwYFK4EEACKhZANiAAQtvWH4RPqp3imdMMwkNE2yfJPq9DBjrnog
qaUj6LA9jP4kvTsxV4qGbCsj5EWSvkBwD+y5Os24VXR02uQ0nF7jOvlOmmMklZzl
pMhIpKZjZX+qauSl0T0qnylPWUsnV4U=
-----END EC PRIVATE KEY-----
";

fn form(mechanism: &Mechanism) -> SecretForm {
    let its = |name: &'static str| SecretForm::PublicKey { mechanism: name };
    match mechanism.name.as_str() {
        "ECDSA-NIST256P-CHALLENGE" => its("ECDSA-NIST256P-CHALLENGE"),
        _ => its("ECDH-X25519-CHALLENGE"),
    }
}

fn public_key(mechanism: &Mechanism, private: [u8; 32]) -> Vec<u8> {
    let private = Secret::new(private);
    match mechanism.name.as_str() {
        "ECDSA-NIST256P-CHALLENGE" => ecdsa::public_key(&private),
        _ => x25519::public_key(&private),
    }
    .expect("a private key")
}

fn with_key(private: impl Into<Vec<u8>>) -> Credentials {
    let mut credentials = user();
    credentials.key = Key::Private(Secret::new(private));
    credentials
}

#[test]
fn keys_as_openssl_writes_them() {
    let sec1 = WITH_PARAMETERS.split_at(WITH_PARAMETERS.find("-----BEGIN EC PRI").expect("it")).1;
    for pem in [WITH_PARAMETERS, sec1, PKCS8] {
        let key = ecdsa::private_key_from_pem(pem).expect("a key");
        // As openssl itself has it.
        let public = "Ay//xYlxPQdBEg00awCQa8f4F75Q/EeUNJFsILItjs9K";
        assert_eq!(ecdsa::public_key_text(&key).as_deref(), Ok(public));
    }
    let damaged = PKCS8.replace("MIGH", "MIGI");
    let encrypted = PKCS8.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    for pem in [SECP384R1, &*damaged, &*encrypted, "", "-----BEGIN PRIVATE KEY-----"] {
        assert_eq!(ecdsa::private_key_from_pem(pem), Err(Reason::BadPrivateKey), "{pem}");
    }
}

#[test]
fn x25519_keys_are_base64() {
    let key = x25519::private_key_from_text("dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=\n");
    // RFC 7748 section 6.1
    let public = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=";
    assert_eq!(key.and_then(|key| x25519::public_key_text(&key)).as_deref(), Ok(public));
    for text in ["", "AAAA", "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo", "?"] {
        assert_eq!(x25519::private_key_from_text(text), Err(Reason::BadPrivateKey), "{text}");
    }
}

#[test]
fn what_is_no_private_key_starts_nothing() {
    for (mechanism, key) in [(BOTH[0], vec![0; 32]), (BOTH[0], vec![1; 31]), (BOTH[1], vec![1; 33])]
    {
        let credentials = with_key(key);
        let context = context(&credentials, aiosasl::binding::ClientBinding::Unsupported, &[]);
        let error = (mechanism.client)(&context).err();
        assert_eq!(error, Some(Error::Credentials(Reason::BadPrivateKey)));
    }
}

/// Somebody in the middle whose key makes a secret that everybody knows.
#[test]
fn a_low_order_key_is_refused() {
    for low in [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        let mut client = client(&ECDH_X25519_CHALLENGE);
        assert!(client.start().is_ok());
        let step = hears(&mut client, [low, [1; 32], [2; 32]].concat());
        assert_eq!(gave_up(&mut client, step), Error::Peer(Reason::LowOrderKey));
    }
}

#[test]
fn only_a_whole_challenge_is_answered_and_only_once() {
    for mechanism in BOTH {
        let right = if mechanism.name == "ECDH-X25519-CHALLENGE" { 96 } else { 32 };
        for len in [0, 31, 33, 64, 95, 97] {
            let mut client = client(mechanism);
            assert!(client.start().is_ok());
            let step = hears(&mut client, vec![9; len]);
            assert_eq!(gave_up(&mut client, step), Error::Peer(Reason::ChallengeLength));
        }
        let mut client = client(mechanism);
        assert!(client.start().is_ok());
        assert!(matches!(hears(&mut client, vec![9; right]), Ok(ClientStep::Send(_))));
        let step = hears(&mut client, vec![9; right]);
        assert_eq!(gave_up(&mut client, step), Error::Peer(Reason::UnexpectedChallenge));
        // Nobody is let in unasked.
        let mut early = crate::support::client(mechanism);
        assert!(early.start().is_ok());
        let end = early.receive(ServerMessage::Success { additional_data: None });
        assert_eq!(end.err(), Some(Error::Peer(Reason::ServerNotVerified)));
    }
}

/// No account, a key that is none, a disabled account and a wrong key: the client hears and the server does the same.
#[test]
fn nobody_learns_which_accounts_have_keys() {
    for mechanism in BOTH {
        let key = public_key(mechanism, [0x34; 32]);
        let know = |key: &[u8]| Accounts::new().with_secret("user", form(mechanism), key);
        let shapes = [know(&key), know(b"no key"), know(&[]), Accounts::new()].map(|accounts| {
            let met = talk(client(mechanism), server(mechanism), &accounts);
            let Some(Outcome::Failure(failure)) = met.server else { panic!("{:?}", met.lines) };
            assert_eq!(met.client.err().map(|it| it.reason()), Some("invalid-credentials"));
            (failure.code, met.lines.len())
        });
        assert!(shapes.iter().all(|shape| *shape == shapes[0] && shape.1 == 4), "{shapes:?}");
    }
}

/// What the log hears is the truth.
#[test]
fn the_log_hears_why() {
    for mechanism in BOTH {
        let reason =
            |accounts: &Accounts| match talk(client(mechanism), server(mechanism), accounts).server
            {
                Some(Outcome::Failure(failure)) => failure.reason,
                other => panic!("{other:?}"),
            };
        assert_eq!(reason(&Accounts::new()), Reason::UnknownAccount);
        let broken = Accounts::new().with_secret("user", form(mechanism), b"no key");
        assert_eq!(reason(&broken), Reason::BadPublicKey);
        let other = public_key(mechanism, [0x34; 32]);
        let other = Accounts::new().with_secret("user", form(mechanism), &other);
        let mismatch = if mechanism.name == "ECDH-X25519-CHALLENGE" {
            Reason::InvalidProof
        } else {
            Reason::SignatureMismatch
        };
        assert_eq!(reason(&other), mismatch);
    }
}

/// A disabled account with the right key looks like a wrong one.
#[test]
fn the_right_key_does_not_help_the_doomed() {
    for mechanism in BOTH {
        let (mut client, mut server) = (client(mechanism), server(mechanism));
        let key = StoredSecret::Form(Secret::new(public_key(mechanism, PRIVATE_KEY)));
        assert!(client.start().is_ok());
        let step = server.start(Some(aiosasl::message::Response::new("user"))).expect("in turn");
        let ServerStep::Ask(Query::SharedSecret(query)) = step else { panic!("{step:?}") };
        let step = server.answer(query.doomed([key], Doom::Disabled)).expect("in turn");
        let Ok(ClientStep::Send(aiosasl::message::ClientMessage::Response(answer))) =
            hears(&mut client, challenge(step))
        else {
            panic!("no answer")
        };
        let step = says(&mut server, answer.as_bytes(), &Accounts::new());
        assert_eq!(refusal(step), "account-disabled");
    }
}

#[test]
fn any_of_an_accounts_signing_keys_will_do() {
    let mechanism = &ECDSA_NIST256P_CHALLENGE;
    let [first, second] = [[0x34; 32], [0x56; 32]].map(|it| public_key(mechanism, it));
    let accounts = Accounts::new()
        .with_secret("user", form(mechanism), &first)
        .with_secret("user", form(mechanism), b"no key")
        .with_secret("user", form(mechanism), &second);
    for (key, fits) in [([0x34; 32], true), ([0x56; 32], true), ([0x78; 32], false)] {
        let client = client_in(mechanism, &with_key(key), Profile::FULL);
        assert_eq!(talk(client, server(mechanism), &accounts).client.is_ok(), fits);
    }
}

/// Each exchange has a challenge of its own, since each has a nonce of its own; and it tells nothing of the nonce.
#[test]
fn challenges_come_from_the_nonce() {
    for mechanism in BOTH {
        let posed = |nonce: &str| {
            let context = aiosasl::mechanism::ServerContext {
                nonce: aiosasl::nonce::Nonce::new(nonce).expect("printable"),
                bindings: &[],
                plus: aiosasl::mechanism::PlusOffer::NotOffered,
                rules: aiosasl::mechanism::Rules::default(),
            };
            let mut server = aiosasl::ServerExchange::new((mechanism.server)(&context));
            challenge(starts(&mut server, "user", &accounts()))
        };
        assert_eq!(posed("one"), posed("one"));
        let [one, two] = ["one", "two"].map(posed);
        // No octets of one stand where they stand in the other, in any of the parts.
        assert!(one.chunks(32).zip(two.chunks(32)).all(|(one, two)| one != two));
    }
}
