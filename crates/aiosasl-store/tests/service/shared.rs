//! Mechanisms that no hash is enough for, over accounts that keep what they need.

use aiosasl::{
    ClientExchange, ClientStep,
    credentials::{Credentials, Key},
    driver::{Store as _, serve},
    error::Reason,
    mechanism::{Rules, Service},
    message::{ClientMessage, Outcome},
    name::MechanismName,
    profile::Profile,
    query::{Query, ReplaceSecret, SecretForm},
    registry,
    secret::Secret,
};
use aiosasl_store::{Account, Credential, NameRule, Upgrades};
use aiosasl_testkit::{Accounts, FaceToFace};

use crate::house::{House, Wire, account};

/// An account with what stands in these lines.
fn keeping(name: &str, lines: &[&str]) -> Account {
    let mut account = Account::new(NameRule::Saslprep.prepare(name).expect("set up"));
    for line in lines {
        account.put(Credential::new(line.parse().expect("set up")));
    }
    account
}

/// A house whose service may write.
async fn house(accounts: impl IntoIterator<Item = Account>) -> House {
    House::with(NameRule::Saslprep, accounts, |service, kept| {
        service.with_accounts(kept.clone(), Upgrades::Off)
    })
    .await
}

/// Under which name a login ends, or why not.
async fn log_in(
    house: &House,
    mechanism: &str,
    credentials: &Credentials,
) -> Result<String, &'static str> {
    let mechanism =
        registry::find(MechanismName::parse_relaxed(mechanism).expect("set up")).expect("built in");
    let nobody = Accounts::new();
    let service = Service::new("imap", "mail.example.org").in_realms(["example.org"]);
    let rules = Rules { service: Some(service), ..Rules::default() };
    let pair = FaceToFace::new(mechanism, &nobody).with_rules(rules);
    let mut client: ClientExchange =
        pair.client(credentials, Profile::FULL).expect("usable credentials");
    let first = match client.start().expect("a start") {
        ClientStep::Send(ClientMessage::Authenticate { initial_response, .. }) => initial_response,
        other => panic!("expected a start: {other:?}"),
    };
    let mut wire = Wire { client, server: Vec::new() };
    let visit = house.service.visit(None);
    let Ok(outcome) = serve(pair.server(Profile::FULL), first, &mut wire, &visit).await;
    match outcome {
        Outcome::Success(success) => {
            Ok(success.identity.authentication_id().map(ToString::to_string).unwrap_or_default())
        }
        Outcome::Failure(failure) => Err(failure.reason.as_str()),
    }
}

fn with(name: &str, key: Key) -> Credentials {
    let mut credentials = Credentials::none();
    credentials.authentication_id = Some(name.try_into().expect("set up"));
    credentials.key = key;
    credentials
}

fn password(name: &str, password: &str) -> Credentials {
    with(name, Key::Password(password.into()))
}

#[tokio::test]
async fn a_password_that_is_kept_is_enough_for_all_of_them() {
    let house = house([keeping("user", &["{PLAIN}pencil"])]).await;
    for mechanism in ["CRAM-MD5", "DIGEST-MD5", "NTLM", "PLAIN"] {
        let right = log_in(&house, mechanism, &password("user", "pencil")).await;
        assert_eq!(right, Ok("user".to_owned()), "{mechanism}");
        assert!(log_in(&house, mechanism, &password("user", "pen")).await.is_err(), "{mechanism}");
        let unknown = log_in(&house, mechanism, &password("nobody", "pencil")).await;
        assert_eq!(unknown, Err("unknown-account"), "{mechanism}");
    }
}

#[tokio::test]
async fn what_was_made_of_a_password_is_good_for_one() {
    let house = house([keeping(
        "chris",
        &[
            "{DIGEST-MD5}5945117b5ee2d06b30cf38ad322f5dd9 example.org",
            "{NTLM}878d8014606cda29677a44efa1353fc7",
        ],
    )])
    .await;
    for mechanism in ["DIGEST-MD5", "NTLM"] {
        let right = log_in(&house, mechanism, &password("chris", "secret")).await;
        assert_eq!(right, Ok("chris".to_owned()), "{mechanism}");
    }
    let other = log_in(&house, "CRAM-MD5", &password("chris", "secret")).await;
    assert_eq!(other, Err("unknown-account"));
}

#[tokio::test]
async fn a_hash_is_not_enough() {
    let house = house([account("user", "pencil").await]).await;
    for mechanism in ["CRAM-MD5", "DIGEST-MD5", "NTLM"] {
        let tried = log_in(&house, mechanism, &password("user", "pencil")).await;
        assert_eq!(tried, Err("unknown-account"), "{mechanism}");
    }
}

#[tokio::test]
async fn a_public_key_lets_its_holder_in() {
    let key = "{ECDSA-NIST256P-CHALLENGE}AkccPnWMSQQoW7p+UxGO0PUkresHV9Jb0vjnsNdt+nFM";
    let house = house([keeping("jilles", &[key])]).await;
    let private = [0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef].repeat(4);
    let holder = with("jilles", Key::Private(Secret::new(private)));
    let name = "ECDSA-NIST256P-CHALLENGE";
    assert_eq!(log_in(&house, name, &holder).await, Ok("jilles".to_owned()));
    let another = with("jilles", Key::Private(Secret::new([0x21; 32])));
    assert_eq!(log_in(&house, name, &another).await, Err("signature-mismatch"));
}

#[tokio::test]
async fn a_secret_that_is_good_for_once_is_replaced_once() {
    let old = "otp-md5 499 ke1234 bd5bf8c3e53ab8ba";
    let new = "otp-md5 498 ke1234 5bf075d9959d036f";
    let house = house([keeping("tim", &[&format!("{{OTP}}{old}")])]).await;
    let visit = house.service.visit(None);
    let replace = || {
        let name = "tim".try_into().expect("set up");
        ReplaceSecret::new(name, SecretForm::OneTime, Secret::new(old), Secret::new(new))
    };
    let first = visit.answer(Query::ReplaceSecret(replace())).await.replaced();
    assert_eq!(first.expect("nobody was faster").as_str(), "tim");
    assert_eq!(house.kept("tim").await.credentials[0].kind.to_string(), format!("{{OTP}}{new}"));
    let second = visit.answer(Query::ReplaceSecret(replace())).await.replaced();
    assert_eq!(second.expect_err("somebody was").reason, Reason::SecretReplaced);
}
