//! What a login that shows the password leaves behind.

use aiosasl_store::{Credential, CredentialKind, NameRule, PasswordHash, Timestamp, Upgrades};

use crate::house::{House, account};

/// An account with a password and nothing but a form of it that nobody would choose.
async fn house(upgrades: Upgrades) -> House {
    let mut old = account("user", "pencil").await;
    let hash = PasswordHash::parse("{PLAIN}pencil").expect("a hash");
    old.credentials = vec![Credential::new(CredentialKind::Password(hash))];
    House::with(NameRule::Saslprep, [old], |service, accounts| {
        service.with_accounts(accounts.clone(), upgrades)
    })
    .await
}

async fn slots(house: &House) -> Vec<String> {
    let account = house.kept("user").await;
    account.credentials.iter().map(|it| it.kind.scheme().to_owned()).collect()
}

#[tokio::test]
async fn a_login_in_the_plain_makes_what_is_lacking() {
    let house = house(Upgrades::On).await;
    assert!(house.log_in("SCRAM-SHA-256", "user", "pencil").await.end.is_err());
    assert!(house.log_in("PLAIN", "user", "pen").await.end.is_err());
    assert_eq!(slots(&house).await, ["PLAIN"]);
    assert!(house.log_in("PLAIN", "user", "pencil").await.end.is_ok());
    assert_eq!(slots(&house).await, ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"]);
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"] {
        assert!(house.log_in(mechanism, "user", "pencil").await.end.is_ok(), "{mechanism}");
        assert!(house.log_in(mechanism, "user", "pen").await.end.is_err(), "{mechanism}");
    }
}

#[tokio::test]
async fn nothing_is_written_where_nobody_asks_for_it() {
    let house = house(Upgrades::Off).await;
    assert!(house.log_in("PLAIN", "user", "pencil").await.end.is_ok());
    assert_eq!(slots(&house).await, ["PLAIN"]);
}

#[tokio::test]
async fn fewer_iterations_than_the_policy_asks_for_are_raised() {
    let mut weak = account("user", "pencil").await;
    let name = weak.name.clone();
    for credential in &mut weak.credentials {
        if let CredentialKind::Scram(verifier) = &mut credential.kind {
            *verifier = aiosasl::query::ScramVerifier::from_password(
                verifier.hash(),
                aiosasl::secret::Secret::new(*b"pencil"),
                *b"salt",
                1000,
            );
        }
    }
    let house = House::with(NameRule::Saslprep, [weak], |service, accounts| {
        service.with_accounts(accounts.clone(), Upgrades::On)
    })
    .await;
    assert!(house.log_in("PLAIN", name.as_str(), "pencil").await.end.is_ok());
    for credential in house.kept("user").await.credentials {
        let CredentialKind::Scram(verifier) = credential.kind else { continue };
        assert_eq!((verifier.iterations(), verifier.salt().len()), (4096, 16));
    }
    assert!(house.log_in("SCRAM-SHA-256", "user", "pencil").await.end.is_ok());
}

#[tokio::test]
async fn the_credential_that_let_somebody_in_says_when() {
    let house = House::with(NameRule::Saslprep, [account("user", "pencil").await], |it, kept| {
        it.with_accounts(kept.clone(), Upgrades::Off)
    })
    .await;
    let before = Timestamp::now();
    assert!(house.log_in("SCRAM-SHA-256", "user", "pen").await.end.is_err());
    assert!(house.kept("user").await.credentials.iter().all(|it| it.last_used.is_none()));
    assert!(house.log_in("SCRAM-SHA-256", "user", "pencil").await.end.is_ok());
    for credential in house.kept("user").await.credentials {
        let used = credential.last_used.is_some_and(|at| at >= before);
        assert_eq!(used, credential.kind.scheme() == "SCRAM-SHA-256");
    }
}
