//! Optional extensions of SCRAM's first message: what the client writes, the store reads, and both ends sign.

use aiosasl::{
    ClientStep, ServerStep,
    binding::ClientBinding,
    credentials::Credentials,
    error::{Error, Reason},
    hash::Hash,
    mechanisms::scram::{self, SCRAM_SHA_256},
    message::{ClientMessage, Outcome},
    profile::Profile,
    query::Query,
};
use aiosasl_testkit::{Accounts, talk};

use crate::support::*;

/// As Kafka's clients log in with a delegation token.
fn token() -> Credentials {
    user().with_scram_extension("tokenauth", "true")
}

/// What the store hears of this first message.
fn heard(first: &str) -> Vec<(String, String)> {
    let mut server = server(&SCRAM_SHA_256);
    let step = server.start(Some(aiosasl::message::Response::new(first))).expect("in turn");
    let ServerStep::Ask(Query::ScramKeys(query)) = step else { panic!("{first}: {step:?}") };
    query.extensions().map(|(name, value)| (name.into(), value.into())).collect()
}

#[test]
fn a_delegation_token_logs_in() {
    for mechanism in [&SCRAM_SHA_256, &scram::SCRAM_SHA_512] {
        let hash = if mechanism.name == "SCRAM-SHA-256" { Hash::Sha256 } else { Hash::Sha512 };
        let accounts = Accounts::new().with_verifier("user", verifier(hash));
        let client = client_in(mechanism, &token(), Profile::FULL);
        let met = talk(client, server(mechanism), &accounts);
        let first = format!("C: {} n,,n=user,r={CLIENT_NONCE},tokenauth=true", mechanism.name);
        assert_eq!(met.lines.first(), Some(&first));
        assert!(matches!(met.server, Some(Outcome::Success(_))), "{:?}", met.lines);
        assert!(met.client.is_ok_and(|done| done.server_verified));
    }
}

#[test]
fn the_store_hears_of_them() {
    assert_eq!(heard("n,,n=user,r=abc"), []);
    let pair = |name: &str, value: &str| (name.into(), value.into());
    assert_eq!(heard("n,,n=user,r=abc,tokenauth=true"), [pair("tokenauth", "true")]);
    assert_eq!(heard("y,,n=user,r=abc,x=a=b,Y=1"), [pair("x", "a=b"), pair("Y", "1")]);
}

/// Both ends sign them: one that somebody on the way took out or put in is not believed.
#[test]
fn they_are_signed() {
    let accounts = Accounts::new().with_verifier("user", verifier(Hash::Sha256));
    for (credentials, said) in [(token(), ""), (user(), ",tokenauth=true")] {
        let mut client = client_in(&SCRAM_SHA_256, &credentials, Profile::FULL);
        assert!(client.start().is_ok());
        let mut server = server(&SCRAM_SHA_256);
        let first = format!("n,,n=user,r={CLIENT_NONCE}{said}");
        let first = challenge(starts(&mut server, first, &accounts));
        let step = hears(&mut client, first);
        let Ok(ClientStep::Send(ClientMessage::Response(last))) = step else { panic!("{step:?}") };
        assert_eq!(refusal(says(&mut server, last.as_bytes(), &accounts)), "invalid-proof");
    }
}

#[test]
fn malformed_ones_are_refused() {
    for (extension, reason) in [
        ("m=tokenauth", "extensions-not-supported"),
        ("tokenauth=true,m=1", "extensions-not-supported"),
        ("tokenauth", "bad-attribute"),
        ("tokenauth=", "bad-attribute"),
        ("token auth=true", "bad-attribute"),
        ("=true", "bad-attribute"),
        ("tokenauth=true,", "bad-attribute"),
        ("tokenauth=true,tokenauth=false", "duplicate-attribute"),
        ("aa=1,ab=1,ac=1,ad=1,ae=1,af=1,ag=1,ah=1,ai=1", "bad-attribute"),
        ("tokenauth=tr\0ue", "invalid-encoding"),
    ] {
        let mut server = server(&SCRAM_SHA_256);
        let step = starts(&mut server, format!("n,,n=user,r=abc,{extension}"), &accounts());
        assert_eq!(refusal(step), reason, "{extension}");
    }
}

#[test]
fn what_cannot_be_sent_starts_nothing() {
    let error = |credentials: &Credentials| {
        (SCRAM_SHA_256.client)(&context(credentials, ClientBinding::Unsupported, &[])).err()
    };
    for (name, value) in [("tokenauth", "true,n=root"), ("", "1"), ("x", ""), ("m", "1")] {
        let credentials = user().with_scram_extension(name, value);
        let expected = Some(Error::Credentials(Reason::BadAttribute));
        assert_eq!(error(&credentials), expected, "{name}={value}");
    }
    let twice = token().with_scram_extension("tokenauth", "true");
    assert_eq!(error(&twice), Some(Error::Credentials(Reason::DuplicateAttribute)));
}
