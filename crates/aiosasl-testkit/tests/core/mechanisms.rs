//! Every mechanism of the list against the conformance checks, and conversations to look at.

use aiosasl::{
    credentials::Key,
    hash::Hash,
    mechanism::Needs,
    mechanisms::{ALL, scram},
    profile::Profile,
    query::DeriveKeys,
    secret::Secret,
};
use aiosasl_testkit::{Accounts, conformance, talk};
use expect_test::expect;

use crate::support::*;

#[test]
fn every_mechanism_conforms() {
    let accounts = accounts();
    for mechanism in ALL {
        conformance::check(mechanism, &user_for(mechanism), &accounts);
    }
}

#[test]
fn nobody_learns_which_accounts_exist() {
    let accounts = accounts();
    for mechanism in
        ALL.iter().filter(|it| it.properties.needs == Needs::Password && !it.name.is_plus())
    {
        conformance::check_no_enumeration(mechanism, &accounts, "user", "none");
    }
}

#[test]
fn names_are_unique_and_best_comes_first() {
    let names: std::collections::BTreeSet<_> = ALL.iter().map(|mechanism| mechanism.name).collect();
    assert_eq!(names.len(), ALL.len());
    let plus = ALL.iter().rposition(|mechanism| mechanism.name.is_plus()).expect("there are some");
    let bare = ALL.iter().position(|mechanism| mechanism.name == "SCRAM-SHA-256").expect("there");
    let plain = ALL.iter().position(|mechanism| mechanism.name == "PLAIN").expect("there");
    let login = ALL.iter().position(|mechanism| mechanism.name == "LOGIN").expect("there");
    assert!(plus < bare && bare < plain && plain < login);
}

#[test]
fn a_conversation_in_scram() {
    let accounts = Accounts::new().with_verifier("user", verifier(Hash::Sha256));
    let met = talk(client(&scram::SCRAM_SHA_256), server(&scram::SCRAM_SHA_256), &accounts);
    expect![[r"
        C: SCRAM-SHA-256 n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL
        S: r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j345678,s=MDEyMzQ1Njc4OWFiY2RlZg==,i=4096
        C: c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j345678,p=
        S: (success) v="]]
    .assert_eq(&without_signatures(&met.lines));
    let done = met.client.expect("a login");
    assert!(done.server_verified);
    assert_eq!(done.iterations, Some(4096));
}

#[test]
fn a_login_without_the_password() {
    let stored = verifier(Hash::Sha256);
    let salt = stored.salt().to_vec().into_boxed_slice();
    let accounts = Accounts::new().with_verifier("user", stored);
    let job = DeriveKeys::new(Hash::Sha256, Secret::new(*b"pencil"), salt.clone(), 4096);
    let salted_password = job.salted_password();
    let key = |label: &[u8]| Hash::Sha256.hmac(salted_password.as_ref(), &[label]);
    let keys = [
        Key::ScramKeys {
            salt: salt.clone(),
            iterations: 4096,
            client_key: key(b"Client Key"),
            server_key: key(b"Server Key"),
        },
        Key::SaltedPassword { salt, iterations: 4096, salted_password: salted_password.clone() },
    ];
    for key in keys {
        let mut credentials = user();
        credentials.key = key;
        let client = client_in(&scram::SCRAM_SHA_256, &credentials, Profile::FULL);
        let met = talk(client, server(&scram::SCRAM_SHA_256), &accounts);
        assert!(met.client.expect("a login").server_verified);
    }
}

/// The lines without what follows `p=` and `v=`, which the vectors check.
fn without_signatures(lines: &[String]) -> String {
    let cut = |line: &String| match line.find("p=").or_else(|| line.find("v=")) {
        Some(at) => line[..at + 2].to_owned(),
        None => line.clone(),
    };
    lines.iter().map(cut).collect::<Vec<_>>().join("\n")
}

#[test]
fn halves_say_nothing_of_their_secrets() {
    for mechanism in ALL {
        let shown = format!("{:?} {:?}", client(mechanism), server(mechanism));
        assert!(!shown.contains("pencil"), "{shown}");
    }
    assert!(!format!("{:?} {:?}", user(), accounts()).contains("pencil"));
}
