//! JWTs: every algorithm, and the ways to cheat.

use std::time::Duration;

use aiosasl::secret::Secret;
use aiosasl_store::{
    Backend as _, Checked, StoreErrorKind, Timestamp,
    oauth::{Expected, Jwt, KeySource, Trust},
};
use serde_json::{Value, json};

use crate::issuer::{Issuer, Signer, part, url};

const ISSUER: &str = "https://issuer.example.com";
const KEYS: &str = "/keys";
const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

fn claims() -> Value {
    let now = Timestamp::now().as_unix();
    json!({ "iss": ISSUER, "aud": ["imap", "smtp"], "sub": "user", "scope": "mail", "exp": now + 300 })
}

fn with(claim: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[claim] = value;
    claims
}

fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn expected() -> Expected {
    Expected::of(ISSUER, "imap").with_scope("mail")
}

/// A back end that takes its keys from this issuer.
fn backend(issuer: &Issuer) -> Jwt {
    Jwt::new(KeySource::url(&issuer.url(KEYS), Trust::System).expect("a URL"), expected())
        .expect("whole")
}

/// An issuer with one key, and the back end.
fn house(signer: &Signer) -> (Issuer, Jwt) {
    let issuer = Issuer::open();
    issuer.answers(KEYS, set(&[signer.jwk("one")]));
    let backend = backend(&issuer);
    (issuer, backend)
}

async fn check(backend: &Jwt, token: impl AsRef<str>) -> Checked {
    backend.check_token(&Secret::from(token.as_ref())).await.expect("there are keys")
}

fn accepted() -> Checked {
    Checked::Accepted("user".try_into().expect("a name"))
}

#[tokio::test]
async fn every_algorithm_is_accepted_and_every_changed_token_refused() {
    for algorithm in ALGORITHMS {
        let signer = Signer::of(algorithm);
        let (_issuer, backend) = house(&signer);
        let header = json!({ "alg": algorithm, "kid": "one", "typ": "at+jwt" });
        let token = signer.token(&header, &claims());
        assert_eq!(check(&backend, &token).await, accepted(), "{algorithm}");
        let nameless = signer.token(&json!({ "alg": algorithm }), &claims());
        assert_eq!(check(&backend, &nameless).await, accepted(), "{algorithm}");

        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = signed.split_once('.').unwrap();
        let root = format!("{header}.{}.{signature}", part(&with("sub", json!("root"))));
        let stranger = Signer::of(algorithm);
        let truncated = format!("{signed}.{}", &signature[..signature.len() - 4]);
        let mut changed = vec![root, truncated, format!("{signed}.")];
        if !algorithm.starts_with(['R', 'P']) {
            let header = json!({ "alg": algorithm, "kid": "one" });
            changed.push(stranger.token(&header, &claims()));
        }
        for token in changed {
            assert_eq!(check(&backend, &token).await, Checked::Refused, "{algorithm}: {token}");
        }
    }
}

#[tokio::test]
async fn a_public_key_is_no_secret_and_nothing_is_signed_by_none() {
    let signer = Signer::of("RS256");
    let (_issuer, backend) = house(&signer);
    let signature = |header: &Value, key: &[u8]| {
        let signed = format!("{}.{}", part(header), part(&claims()));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
        format!("{signed}.{}", url(ring::hmac::sign(&key, signed.as_bytes()).as_ref()))
    };
    // The public key, which everybody has, as the secret of an HMAC: in each form that it may have.
    let jwk = signer.jwk("one");
    let modulus = jwk["n"].as_str().unwrap();
    for key in [jwk.to_string().as_bytes(), modulus.as_bytes(), b"", b"secret"] {
        for algorithm in ["HS256", "hs256", "RS256"] {
            let token = signature(&json!({ "alg": algorithm, "kid": "one" }), key);
            assert_eq!(check(&backend, token).await, Checked::Refused, "{algorithm}");
        }
    }
    for algorithm in
        [json!("none"), json!("None"), json!("NONE"), json!(""), json!(null), json!(["RS256"])]
    {
        let header = json!({ "alg": algorithm, "kid": "one" });
        for signature in ["", "AA"] {
            let token = format!("{}.{}.{signature}", part(&header), part(&claims()));
            assert_eq!(check(&backend, token).await, Checked::Refused, "{algorithm}");
        }
        let signed = signer.token(&header, &claims());
        assert_eq!(check(&backend, signed).await, Checked::Refused, "{algorithm}");
    }
}

#[tokio::test]
async fn the_key_says_what_it_is_for_and_not_the_token() {
    let (rsa, p256, p384, ed) =
        (Signer::of("RS256"), Signer::of("ES256"), Signer::of("ES384"), Signer::of("EdDSA"));
    let issuer = Issuer::open();
    let mut for_pss = rsa.jwk("for-pss");
    for_pss["alg"] = json!("PS256");
    let mut for_encryption = p256.jwk("for-encryption");
    for_encryption["use"] = json!("enc");
    let mut for_signing = p256.jwk("for-signing");
    for_signing["key_ops"] = json!(["sign"]);
    let secret = json!({ "kty": "oct", "kid": "secret", "k": url(b"secret"), "alg": "HS256" });
    let off_curve = json!({ "kty": "EC", "crv": "P-256", "kid": "off-curve", "x": url(&[1; 32]), "y": url(&[1; 32]) });
    let small =
        json!({ "kty": "RSA", "kid": "small", "n": url(&[0xff; 64]), "e": url(&[1, 0, 1]) });
    let keys = [
        for_pss,
        for_encryption,
        for_signing,
        secret,
        off_curve,
        small,
        p256.jwk("p256"),
        p384.jwk("p384"),
        ed.jwk("ed"),
        json!({ "kty": "future" }),
        json!(7),
    ];
    issuer.answers(KEYS, set(&keys));
    let backend = backend(&issuer);
    let cases = [
        (&rsa, "RS256", "for-pss", false),
        (&Signer::of("PS256"), "PS256", "for-pss", true),
        (&p256, "ES256", "for-encryption", false),
        (&p256, "ES256", "for-signing", false),
        (&p256, "ES256", "p256", true),
        (&p256, "ES384", "p256", false),
        (&p256, "EdDSA", "ed", false),
        (&p384, "ES384", "p384", true),
        (&p384, "ES256", "p384", false),
        (&ed, "EdDSA", "ed", true),
        (&ed, "EdDSA", "p256", false),
        (&rsa, "RS256", "small", false),
        (&p256, "ES256", "off-curve", false),
        (&p256, "ES256", "secret", false),
    ];
    for (signer, algorithm, key_id, good) in cases {
        let token = signer.token(&json!({ "alg": algorithm, "kid": key_id }), &claims());
        let expected = if good { accepted() } else { Checked::Refused };
        assert_eq!(check(&backend, token).await, expected, "{algorithm} by {key_id}");
    }
}

#[tokio::test]
async fn a_sender_can_bring_no_key_of_its_own() {
    let (signer, own) = (Signer::of("ES256"), Signer::of("ES256"));
    let (issuer, backend) = house(&signer);
    issuer.answers("/own", set(&[own.jwk("own")]));
    let path = "../../../../own";
    let headers = [
        json!({ "alg": "ES256", "kid": "one", "jwk": own.jwk("one") }),
        json!({ "alg": "ES256", "jwk": own.jwk("own") }),
        json!({ "alg": "ES256", "kid": "own", "jku": issuer.url("/own") }),
        json!({ "alg": "ES256", "kid": "one", "x5u": issuer.url("/own") }),
        json!({ "alg": "ES256", "kid": path }),
        json!({ "alg": "ES256", "kid": issuer.url("/own") }),
        json!({ "alg": "ES256", "kid": "' OR 1=1 --" }),
        json!({ "alg": "ES256", "kid": "" }),
        json!({ "alg": "ES256", "kid": ["one"] }),
        json!({ "alg": "ES256", "kid": null }),
    ];
    for header in headers {
        let token = own.token(&header, &claims());
        assert_eq!(check(&backend, token).await, Checked::Refused, "{header}");
    }
    let asked = issuer.requests();
    assert!(asked.iter().all(|it| it.path == KEYS), "{asked:?}");
    // The signer's own key is good, whatever else stands in the header.
    let token =
        signer.token(&json!({ "alg": "ES256", "kid": "one", "jwk": own.jwk("x") }), &claims());
    assert_eq!(check(&backend, token).await, accepted());
}

#[tokio::test]
async fn claims_and_headers_have_to_fit() {
    let signer = Signer::of("ES256");
    let (_issuer, backend) = house(&signer);
    let header = json!({ "alg": "ES256", "kid": "one" });
    let now = Timestamp::now().as_unix();
    for (claim, value) in [
        ("aud", json!("other")),
        ("exp", json!(now - 61)),
        ("exp", json!(null)),
        ("exp", json!("soon")),
        ("nbf", json!(now + 90)),
        ("scope", json!("openid")),
        ("sub", json!("")),
    ] {
        let token = signer.token(&header, &with(claim, value.clone()));
        assert_eq!(check(&backend, token).await, Checked::Refused, "{claim}: {value}");
    }
    let skewed = signer.token(&header, &with("exp", json!(now - 30)));
    assert_eq!(check(&backend, skewed).await, accepted());
    for (member, value) in [
        ("crit", json!(["exp"])),
        ("typ", json!("logout+jwt")),
        ("typ", json!("dpop+jwt")),
        ("typ", json!(1)),
    ] {
        let mut header = header.clone();
        header[member] = value;
        let token = signer.token(&header, &claims());
        assert_eq!(check(&backend, token).await, Checked::Refused, "{header}");
    }
    // What is another issuer's, or no JWT, is for others to judge.
    let foreign = signer.token(&header, &with("iss", json!("https://other.example.com")));
    for token in [foreign.as_str(), "", "opaque", "a.b", "a.b.c", "a.b.c.d", "..", "\u{e9}.x.y"] {
        assert_eq!(check(&backend, token).await, Checked::NotHere, "{token}");
    }
    let huge = signer.token(&header, &with("more", json!("x".repeat(20_000))));
    assert_eq!(check(&backend, huge).await, Checked::Refused);
}

#[tokio::test]
async fn keys_are_fetched_once_and_for_an_unknown_name_once_a_minute() {
    let signer = Signer::of("ES256");
    let (issuer, backend) = house(&signer);
    for _ in 0..3 {
        let token = signer.token(&json!({ "alg": "ES256", "kid": "one" }), &claims());
        assert_eq!(check(&backend, token).await, accepted());
    }
    assert_eq!(issuer.requests().len(), 1);
    for number in 0..20 {
        let header = json!({ "alg": "ES256", "kid": format!("unknown-{number}") });
        let token = signer.token(&header, &claims());
        assert_eq!(check(&backend, token).await, Checked::Refused);
    }
    assert_eq!(issuer.requests().len(), 1, "the minute is not over");
}

#[tokio::test]
async fn a_new_key_is_found_and_an_old_one_outlives_the_issuers_absence() {
    let (old, new) = (Signer::of("ES256"), Signer::of("ES256"));
    let issuer = Issuer::open();
    issuer.answers(KEYS, set(&[old.jwk("old")]));
    let keys = KeySource::url(&issuer.url(KEYS), Trust::System).unwrap();
    let backend = Jwt::new(keys.with_pause(Duration::ZERO), expected()).unwrap();
    let of_old = old.token(&json!({ "alg": "ES256", "kid": "old" }), &claims());
    let of_new = new.token(&json!({ "alg": "ES256", "kid": "new" }), &claims());
    assert_eq!(check(&backend, &of_old).await, accepted());
    assert_eq!(check(&backend, &of_new).await, Checked::Refused);
    // The issuer says nonsense: what was known stays.
    for nonsense in
        ["", "{}", "[]", "{\"keys\":{}}", &set(&vec![old.jwk("old"); 65]), &"x".repeat(600_000)]
    {
        issuer.answers(KEYS, nonsense);
        assert_eq!(check(&backend, &of_new).await, Checked::Refused);
        assert_eq!(check(&backend, &of_old).await, accepted());
    }
    issuer.answers(KEYS, set(&[new.jwk("new")]));
    assert_eq!(check(&backend, &of_new).await, accepted());
    assert_eq!(check(&backend, &of_old).await, Checked::Refused, "the issuer has dropped it");
}

#[tokio::test]
async fn without_keys_nobody_can_tell() {
    let signer = Signer::of("ES256");
    let issuer = Issuer::open();
    let token = Secret::from(signer.token(&json!({ "alg": "ES256", "kid": "one" }), &claims()));
    let error = backend(&issuer).check_token(&token).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    // A redirection is not followed.
    issuer.answers("/elsewhere", set(&[signer.jwk("one")]));
    issuer.answers(KEYS, format!("redirect:{}", issuer.url("/elsewhere")));
    let error = backend(&issuer).check_token(&token).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    assert!(issuer.requests().iter().all(|it| it.path == KEYS));
    // Nor can a file be read that is not there; one that is there can.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let of_file = || Jwt::new(KeySource::file(&path), expected()).unwrap();
    let error = of_file().check_token(&token).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    std::fs::write(&path, set(&[signer.jwk("one")])).unwrap();
    assert_eq!(of_file().check_token(&token).await.unwrap(), accepted());
}

#[test]
fn a_back_end_that_would_let_other_servers_tokens_in_is_not_made() {
    let made = Jwt::new(KeySource::file("keys.json"), Expected::active());
    assert_eq!(made.err().map(|it| it.kind), Some(StoreErrorKind::Invalid));
}
