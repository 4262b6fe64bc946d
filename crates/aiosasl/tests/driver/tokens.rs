//! Tokens: shown, refused with reasons, kept, and renewed once.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aiosasl::{
    credentials::Credentials,
    driver::{
        AccessToken, AuthenticationFailure, Choice, CredentialProvider as _, OauthBearer, Reply,
        SaslError, SaslMechanism, Tokens, Wanted, Xoauth2, negotiate,
    },
    error::Error,
    name::MechanismName,
};

use crate::support::{Script, block_on, challenge, confidential, success};

const OAUTHBEARER: MechanismName = MechanismName::new("OAUTHBEARER");
const XOAUTH2: MechanismName = MechanismName::new("XOAUTH2");
const TOLD: &str = r#"{"status":"invalid_token","scope":"mail"}"#;

fn refused() -> Result<Reply, SaslError> {
    Err(AuthenticationFailure::new("NO go away").into())
}

/// Tokens that are counted: `token1`, `token2`; good for a minute by a clock that stands where it is put.
struct Counted {
    clock: Arc<AtomicU64>,
    wanted: Arc<Mutex<Vec<Wanted>>>,
}

impl Counted {
    fn new() -> Self {
        Self { clock: Arc::default(), wanted: Arc::default() }
    }

    fn tokens(&self) -> impl aiosasl::driver::CredentialProvider + use<> {
        let (clock, wanted) = (Arc::clone(&self.clock), Arc::clone(&self.wanted));
        Tokens::new(
            move || Duration::from_secs(clock.load(Ordering::Relaxed)),
            move |want| {
                let mut wanted = wanted.lock().expect("no panic");
                wanted.push(want);
                let token = format!("token{}", wanted.len());
                async move { Ok(AccessToken::new(token, Duration::from_secs(60))) }
            },
        )
        .of_user("user".try_into().expect("a name"))
    }

    fn wanted(&self) -> Vec<Wanted> {
        self.wanted.lock().expect("no panic").clone()
    }
}

#[test]
fn what_the_server_says_of_the_token_reaches_the_caller() {
    for (name, mechanism, last_words) in [
        (
            OAUTHBEARER,
            Box::new(OauthBearer::new(Credentials::token("t"))) as Box<dyn SaslMechanism>,
            "respond '\u{1}'",
        ),
        (
            XOAUTH2,
            Box::new(Xoauth2::new(
                Credentials::token("t").of_user(Some("user".try_into().expect("a name"))),
            )),
            "respond ''",
        ),
    ] {
        let mut script = Script::new([challenge(TOLD), refused()]);
        let lost = block_on(negotiate(&mut script, &confidential(&[name]), &[&*mechanism]));
        let error = lost.expect_err("refused").error;
        assert!(error.is_authentication_failure());
        assert!(error.text().contains("NO go away"), "{}", error.text());
        let Some(Error::Refused(refusal)) = error.exchange_error() else { panic!("{error:?}") };
        let told = refusal.token.as_deref().expect("what the server said");
        assert_eq!((&*told.status, told.scope.as_deref()), ("invalid_token", Some("mail")));
        let said = script.said.last().expect("the last words");
        assert_eq!(said, last_words);
    }
}

#[test]
fn a_refused_token_is_renewed_once_and_no_more() {
    let counted = Counted::new();
    let bearer = OauthBearer::new(counted.tokens());
    let mut script = Script::new([challenge(TOLD), refused(), success(None)]);
    let done = block_on(negotiate(&mut script, &confidential(&[OAUTHBEARER]), &[&bearer]));
    let considered = done.expect("the second one is good").considered;
    assert_eq!(considered.len(), 1);
    assert_eq!(considered[0].verdict, Choice::Chosen);
    assert_eq!(counted.wanted(), [Wanted::Any, Wanted::Newer]);
    assert!(script.said.iter().any(|it| it.contains("token1")), "{:?}", script.said);
    assert!(script.said.last().is_some_and(|it| it.contains("token2")), "{:?}", script.said);

    // Refused twice, with and without words: that is the end, also for the weaker mechanism that is left.
    let counted = Counted::new();
    let tokens: Arc<dyn aiosasl::driver::CredentialProvider> = Arc::new(counted.tokens());
    let mechanisms: [&dyn SaslMechanism; 2] =
        [&OauthBearer::new(Arc::clone(&tokens)), &Xoauth2::new(tokens)];
    let mut script = Script::new([challenge(TOLD), refused(), refused()]);
    let lost =
        block_on(negotiate(&mut script, &confidential(&[XOAUTH2, OAUTHBEARER]), &mechanisms));
    assert!(lost.expect_err("refused").error.is_authentication_failure());
    assert_eq!(counted.wanted(), [Wanted::Any, Wanted::Newer]);
}

#[test]
fn a_plain_token_is_not_tried_twice() {
    let bearer = OauthBearer::new(Credentials::token("t"));
    let mut script = Script::new([challenge(TOLD), refused()]);
    let lost = block_on(negotiate(&mut script, &confidential(&[OAUTHBEARER]), &[&bearer]));
    assert!(lost.is_err());
    assert_eq!(script.said.len(), 2);
}

#[test]
fn a_token_is_kept_until_shortly_before_its_end() {
    let counted = Counted::new();
    let tokens = counted.tokens();
    for (now, asked) in [(0, 1), (29, 1), (30, 2), (59, 2), (60, 3)] {
        counted.clock.store(now, Ordering::Relaxed);
        assert!(block_on(tokens.credentials(OAUTHBEARER)).is_ok());
        assert_eq!(counted.wanted().len(), asked, "at {now} s");
    }
    assert!(counted.wanted().iter().all(|it| *it == Wanted::Any));
}

#[test]
fn no_token_leaves_on_an_open_channel() {
    let counted = Counted::new();
    let bearer = OauthBearer::new(counted.tokens());
    let mut script = Script::new([]);
    let mut connection = confidential(&[OAUTHBEARER]);
    connection.channel.security = aiosasl::policy::ChannelSecurity::Open;
    let lost = block_on(negotiate(&mut script, &connection, &[&bearer])).expect_err("refused");
    assert_eq!(lost.error.exchange_error().map(Error::reason), Some("encryption-required"));
    assert!(script.said.is_empty() && counted.wanted().is_empty());
}
