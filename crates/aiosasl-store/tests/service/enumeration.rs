//! Nobody learns which accounts there are: not from what the server says, not from how it says it.

use aiosasl_store::{Account, AccountState, NameRule, Timestamp};

use crate::house::{House, Login, account};

const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"];

/// An account as it is, one disabled, one that has ended, and one whose credentials have.
async fn accounts() -> [Account; 4] {
    let mut disabled = account("disabled", "pencil").await;
    disabled.state = AccountState::Disabled;
    let mut ended = account("ended", "pencil").await;
    ended.expires = Some(Timestamp::now().plus(-1));
    let mut stale = account("stale", "pencil").await;
    for credential in &mut stale.credentials {
        credential.expires = Some(Timestamp::now().plus(-1));
    }
    [account("user", "pencil").await, disabled, ended, stale]
}

/// What a server says, with what is random for each account taken out: the salt.
fn without_salt(login: &Login) -> Vec<String> {
    let blank = |attribute: &str| match attribute.strip_prefix("s=") {
        Some(salt) => format!("s={}", "?".repeat(salt.len())),
        None => attribute.to_owned(),
    };
    let lines = login.server.iter();
    lines.map(|line| line.split(',').map(blank).collect::<Vec<_>>().join(",")).collect()
}

#[tokio::test]
async fn whatever_is_wrong_looks_like_a_wrong_password() {
    let house = House::plain(accounts().await).await;
    for mechanism in MECHANISMS {
        let wrong = house.log_in(mechanism, "user", "pen").await;
        for (name, password, reason) in [
            ("nobody", "pencil", "unknown-account"),
            ("disabled", "pencil", "account-disabled"),
            ("ended", "pencil", "credentials-expired"),
            ("stale", "pencil", "credentials-expired"),
        ] {
            let login = house.log_in(mechanism, name, password).await;
            assert_eq!(login.end, Err(reason), "{mechanism} {name}");
            assert_eq!(without_salt(&login), without_salt(&wrong), "{mechanism} {name}");
        }
        let right = house.log_in(mechanism, "user", "pencil").await;
        assert_eq!(right.end.as_deref(), Ok("user"), "{mechanism}");
    }
}

#[tokio::test]
async fn a_salt_stays_what_it_is_whoever_it_is_for() {
    let house = House::plain(accounts().await).await;
    let again = House::plain([]).await;
    for name in ["user", "disabled", "ended", "stale", "nobody"] {
        let [first, second] = [
            house.log_in("SCRAM-SHA-256", name, "a").await,
            house.log_in("SCRAM-SHA-256", name, "b").await,
        ];
        assert_eq!(first.server, second.server, "{name}");
    }
    let salt = |login: Login| login.server[0].clone();
    let unknown = salt(house.log_in("SCRAM-SHA-256", "nobody", "a").await);
    assert_eq!(
        unknown,
        salt(again.log_in("SCRAM-SHA-256", "nobody", "a").await),
        "on another node"
    );
    assert_ne!(unknown, salt(house.log_in("SCRAM-SHA-256", "somebody", "a").await));
}

#[tokio::test]
async fn a_name_spelled_otherwise_has_the_same_salt_known_or_not() {
    let house =
        House::with(NameRule::CaseMapped, [account("user", "pencil").await], |it, _| it).await;
    for names in [["user", "USER"], ["nobody", "NoBody"]] {
        let salt = async |name| {
            let login = house.log_in("SCRAM-SHA-256", name, "a").await;
            login.server[0].split(",s=").nth(1).expect("a salt").to_owned()
        };
        assert_eq!(salt(names[0]).await, salt(names[1]).await);
    }
}

#[tokio::test]
async fn an_account_without_a_verifier_for_the_hash_looks_like_any() {
    let mut sha1_only = account("old", "pencil").await;
    sha1_only.credentials.retain(|it| it.kind.scheme() == "SCRAM-SHA-1");
    let house = House::plain([sha1_only, account("user", "pencil").await]).await;
    let wrong = house.log_in("SCRAM-SHA-256", "user", "pen").await;
    let lacking = house.log_in("SCRAM-SHA-256", "old", "pencil").await;
    assert_eq!(lacking.end, Err("unknown-account"));
    assert_eq!(without_salt(&lacking), without_salt(&wrong));
    assert!(house.log_in("PLAIN", "old", "pencil").await.end.is_ok());
}
