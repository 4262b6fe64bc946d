//! Who may come in, and as whom.

use aiosasl::{
    ServerExchange,
    driver::serve,
    driver::{ServerInterface, Store as _},
    identity::AuthenticationId,
    message::{Challenge, ClientMessage, Outcome},
    query::{Answer, External, Query, VerifyToken},
    secret::Secret,
};
use aiosasl_store::{
    Account, AccountState, ActsAs, Anonymous, Credential, CredentialKind, NameRule, Timestamp,
    TokenDigest, Visit,
};

use crate::house::{House, account, log_in};

#[tokio::test]
async fn an_account_acts_as_itself_and_as_whom_it_may() {
    let mut user = account("user", "pencil").await;
    user.acts_as = vec!["other".parse().unwrap()];
    let mut front = account("front", "pencil").await;
    front.acts_as = vec![ActsAs::Anyone];
    let house = House::plain([user, front]).await;
    for (name, other, granted) in [
        ("user", None, true),
        ("user", Some("user"), true),
        ("user", Some("other"), true),
        ("user", Some("root"), false),
        ("front", Some("root"), true),
    ] {
        for mechanism in ["PLAIN", "SCRAM-SHA-256"] {
            let login = log_in(&house.service.visit(None), mechanism, name, "pencil", other).await;
            let expected = if granted { Ok(name.to_owned()) } else { Err("not-authorized") };
            assert_eq!(login.end, expected, "{mechanism}: {name} as {other:?}");
        }
    }
}

#[tokio::test]
async fn a_name_comes_in_under_the_accounts_spelling() {
    let accounts = [account("user", "pencil").await];
    let house = House::with(NameRule::CaseMapped, accounts, |service, _| service).await;
    for mechanism in ["PLAIN", "SCRAM-SHA-256"] {
        let visit = house.service.visit(None);
        let login = log_in(&visit, mechanism, "USER", "pencil", Some("User")).await;
        assert_eq!(login.end.as_deref(), Ok("user"), "{mechanism}");
    }
}

#[tokio::test]
async fn an_application_password_opens_the_same_account() {
    let mut user = account("user", "pencil").await;
    let phone = aiosasl_store::PasswordHash::parse("{PLAIN}eraser").unwrap();
    user.put(Credential::new(CredentialKind::Password(phone)).labelled("phone"));
    let own = aiosasl_store::PasswordHash::parse("{PLAIN}pencil").unwrap();
    user.put(Credential::new(CredentialKind::Password(own)));
    let house = House::plain([user]).await;
    for (password, right) in [("pencil", true), ("eraser", true), ("paper", false)] {
        assert_eq!(house.log_in("PLAIN", "user", password).await.end.is_ok(), right, "{password}");
    }
}

async fn external(visit: &Visit, vouched: Option<&str>) -> Option<String> {
    let vouched = vouched.map(|name| AuthenticationId::new(name).expect("a name"));
    let query = Query::External(External::new().with_vouched(vouched));
    let answer: Answer = visit.answer(query).await;
    answer.external().ok().map(|name| name.to_string())
}

#[tokio::test]
async fn certificates_open_the_accounts_that_name_them() {
    let certificate = |name: &str| Credential::new(CredentialKind::Certificate(name.into()));
    let mut named = Account::new("named".try_into().unwrap());
    named.put(certificate("someone@example.org"));
    let mut disabled = Account::new("disabled".try_into().unwrap());
    disabled.state = AccountState::Disabled;
    let house = House::plain([named, disabled, account("user", "pencil").await]).await;
    let visit = house.service.visit(None);
    for (vouched, expected) in [
        (Some("someone@example.org"), Some("named")),
        (Some("named"), None), // it is opened by the certificates that it names, and no others
        (Some("user"), Some("user")),
        (Some("disabled"), None),
        (Some("nobody"), None),
        (None, None),
    ] {
        assert_eq!(external(&visit, vouched).await.as_deref(), expected, "{vouched:?}");
    }
}

/// A client that has said all that it has to say.
struct Silent;

impl ServerInterface for Silent {
    type Error = ();

    async fn challenge(&mut self, _: Challenge) -> Result<ClientMessage, ()> {
        Err(())
    }
}

#[tokio::test]
async fn the_anonymous_come_in_where_they_are_welcome() {
    for (anonymous, welcome) in [(Anonymous::Refused, false), (Anonymous::Welcome, true)] {
        let furnish = |service: aiosasl_store::Service, _: &_| service.with_anonymous(anonymous);
        let house = House::with(NameRule::Saslprep, [], furnish).await;
        let server =
            ServerExchange::new(Box::new(aiosasl::mechanisms::anonymous::AnonymousServer::new()));
        let first = Some(b"someone".to_vec().into());
        let outcome = serve(server, first, &mut Silent, &house.service.visit(None)).await;
        assert_eq!(matches!(outcome, Ok(Outcome::Success(_))), welcome, "{anonymous:?}");
    }
}

async fn token(visit: &Visit, token: &str) -> Result<String, &'static str> {
    let query = Query::VerifyToken(VerifyToken::new(Secret::new(token)));
    let verdict = visit.answer(query).await.token().expect("an answer");
    verdict.map(|name| name.to_string()).map_err(|refused| refused.failure.reason.as_str())
}

#[tokio::test]
async fn tokens_open_the_accounts_that_they_were_given_for() {
    let given =
        |token: &str| Credential::new(CredentialKind::Token(TokenDigest::of(&Secret::new(token))));
    let mut user = account("user", "pencil").await;
    user.put(given("fresh"));
    user.put(given("stale").expiring(Timestamp::now().plus(-1)));
    let mut disabled = Account::new("disabled".try_into().unwrap());
    disabled.state = AccountState::Disabled;
    disabled.put(given("disabled's"));
    let house = House::plain([user, disabled]).await;
    let visit = house.service.visit(None);
    for (text, expected) in [
        ("fresh", Ok("user".to_owned())),
        ("stale", Err("credentials-expired")),
        ("disabled's", Err("account-disabled")),
        ("nobody's", Err("token-refused")),
    ] {
        assert_eq!(token(&visit, text).await, expected, "{text}");
    }
}
