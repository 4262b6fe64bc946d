//! Introspection: what is asked, what is believed, and for how long.

use std::time::Duration;

use aiosasl::secret::Secret;
use aiosasl_store::{
    Backend as _, Checked, StoreErrorKind, Timestamp,
    oauth::{ClientCredentials, Expected, Introspection, Trust},
};
use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

use crate::issuer::Issuer;

const PATH: &str = "/introspect";

fn backend(issuer: &Issuer, expected: Expected) -> Introspection {
    let credentials = ClientCredentials::new("imap server", "se:cret");
    Introspection::new(&issuer.url(PATH), Trust::System, credentials, expected).expect("a URL")
}

async fn check(backend: &Introspection, token: &str) -> Checked {
    backend.check_token(&Secret::from(token)).await.expect("an answer")
}

fn accepted() -> Checked {
    Checked::Accepted("user".try_into().expect("a name"))
}

fn active(more: &[(&str, Value)]) -> String {
    let mut answer = json!({ "active": true, "username": "user" });
    for (name, value) in more {
        answer[*name] = value.clone();
    }
    answer.to_string()
}

#[tokio::test]
async fn the_issuer_is_asked_in_its_form_and_a_good_token_remembered() {
    let issuer = Issuer::open();
    issuer.answers(PATH, active(&[]));
    let backend = backend(&issuer, Expected::active());
    for _ in 0..3 {
        assert_eq!(check(&backend, "a+b/c==").await, accepted());
    }
    let asked = issuer.requests();
    assert_eq!(asked.len(), 1, "it is remembered");
    assert_eq!(asked[0].body, "token_type_hint=access_token&token=a%2Bb%2Fc%3D%3D");
    let basic = Base64::encode_string(b"imap%20server:se%3Acret");
    assert_eq!(asked[0].authorization, format!("Basic {basic}"));
    // Another token is another question.
    assert_eq!(check(&backend, "other").await, accepted());
    assert_eq!(issuer.requests().len(), 2);
}

#[tokio::test]
async fn a_bad_token_is_refused_and_asked_about_again() {
    let issuer = Issuer::open();
    let backend = backend(&issuer, Expected::active());
    let now = Timestamp::now().as_unix();
    for answer in [
        json!({ "active": false }).to_string(),
        json!({ "active": false, "username": "user" }).to_string(),
        json!({ "active": "true", "username": "user" }).to_string(),
        json!({ "active": 1, "username": "user" }).to_string(),
        json!({ "username": "user" }).to_string(),
        json!({ "active": true }).to_string(),
        active(&[("username", json!(""))]),
        active(&[("exp", json!(now - 100))]),
        active(&[("nbf", json!(now + 100))]),
    ] {
        issuer.answers(PATH, answer.as_str());
        assert_eq!(check(&backend, "token").await, Checked::Refused, "{answer}");
    }
    assert_eq!(issuer.requests().len(), 9);
    assert_eq!(check(&backend, &"x".repeat(20_000)).await, Checked::Refused);
    assert_eq!(check(&backend, "").await, Checked::Refused);
    assert_eq!(issuer.requests().len(), 9, "nobody is asked about those");
    issuer.answers(PATH, active(&[]));
    assert_eq!(check(&backend, "token").await, accepted());
}

#[tokio::test]
async fn what_is_expected_has_to_be_said() {
    let issuer = Issuer::open();
    let expected = Expected::of("https://issuer", "imap").with_scope("mail").named_by("sub");
    let backend = backend(&issuer, expected);
    let good = [
        ("iss", json!("https://issuer")),
        ("aud", json!("imap")),
        ("scope", json!("mail")),
        ("sub", json!("user")),
    ];
    issuer.answers(PATH, active(&good));
    assert_eq!(check(&backend, "good").await, accepted());
    for at in 0..good.len() {
        let mut lacking = good.clone();
        lacking[at].1 = json!("other");
        let others = at == 3;
        if others {
            lacking[at].1 = Value::Null;
        }
        issuer.answers(PATH, active(&lacking));
        assert_eq!(check(&backend, &format!("lacking-{at}")).await, Checked::Refused);
    }
}

#[tokio::test]
async fn nothing_is_remembered_beyond_its_end() {
    let issuer = Issuer::open();
    let now = Timestamp::now().as_unix();
    // It has ended by the issuer's clock, and is good by the leeway alone.
    issuer.answers(PATH, active(&[("exp", json!(now - 1))]));
    let backend = backend(&issuer, Expected::active());
    for _ in 0..2 {
        assert_eq!(check(&backend, "token").await, accepted());
    }
    assert_eq!(issuer.requests().len(), 2);
    // Nor at all, where that is wanted: a revoked token is refused at once.
    let backend = self::backend(&issuer, Expected::active()).remembering(Duration::ZERO);
    issuer.answers(PATH, active(&[("exp", json!(now + 300))]));
    assert_eq!(check(&backend, "token").await, accepted());
    issuer.answers(PATH, json!({ "active": false }).to_string());
    assert_eq!(check(&backend, "token").await, Checked::Refused);
}

#[tokio::test]
async fn an_issuer_that_says_nothing_sensible_decides_nothing() {
    let issuer = Issuer::open();
    let backend = backend(&issuer, Expected::active());
    let unavailable = async || {
        let error = backend.check_token(&Secret::from("token")).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable);
        assert!(!error.to_string().contains("se:cret"), "{error}");
    };
    unavailable().await;
    for nonsense in ["", "[]", "true", "<html>", &"x".repeat(600_000)] {
        issuer.answers(PATH, nonsense);
        unavailable().await;
    }
    issuer.answers(PATH, format!("redirect:{}", issuer.url("/good")));
    issuer.answers("/good", active(&[]));
    unavailable().await;
    assert!(issuer.requests().iter().all(|it| it.path == PATH), "it followed");
}

#[test]
fn credentials_come_from_a_file_and_stay_silent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client");
    std::fs::write(&path, "imap\nsesame\n").unwrap();
    let credentials = ClientCredentials::from_file(&path).unwrap();
    assert!(!format!("{credentials:?}").contains("sesame"));
    for bad in ["", "imap", "imap\n", "\nsesame\n", "imap\nsesame\nmore\n"] {
        std::fs::write(&path, bad).unwrap();
        let error = ClientCredentials::from_file(&path).unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Malformed, "{bad:?}");
    }
    assert!(ClientCredentials::from_file(folder.path().join("none")).is_err());
    let made = Introspection::new(
        "http://issuer.example.com/introspect",
        Trust::System,
        credentials,
        Expected::active(),
    );
    assert_eq!(made.err().map(|it| it.kind), Some(StoreErrorKind::Invalid));
}
