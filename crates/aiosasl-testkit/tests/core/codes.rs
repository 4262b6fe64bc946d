//! Codes that are good for once: one-time passwords, and what devices show.

use aiosasl::{
    ClientStep, ServerStep,
    credentials::Credentials,
    error::{Error, Reason},
    mechanisms::{
        otp::{self, Algorithm, OneTimeState},
        securid,
    },
    message::Outcome,
    profile::{InitialResponse, Profile},
    query::{ClientQuery, PasscodeVerdict, SecretForm, Subject},
};
use aiosasl_testkit::{Accounts, talk, talk_asking};

use crate::support::*;

fn with_sequence(sequence: u32) -> Accounts {
    let state = OneTimeState::new(Algorithm::Md5, sequence, "ke1234", "pencil").expect("a state");
    Accounts::new().with_secret("user", SecretForm::OneTime, state.to_text().as_bytes())
}

fn kept(accounts: &Accounts) -> String {
    let kept = accounts.replaced("user", &SecretForm::OneTime).expect("it was replaced");
    String::from_utf8(kept.expose().to_vec()).expect("ASCII")
}

/// Two who have read the same password: the second one finds another in its place.
#[test]
fn a_password_that_two_say_at_once_lets_one_in() {
    let accounts = with_sequence(499);
    let mut servers = [(); 2].map(|()| server(&otp::MECHANISM));
    for server in &mut servers {
        challenge(starts(server, "\0user", &accounts));
    }
    let password = otp::OneTimePassword::compute(Algorithm::Md5, "ke1234", "pencil", 499);
    let ends = servers.map(|mut it| says(&mut it, format!("hex:{}", password.to_hex()), &accounts));
    let [first, second] = ends;
    assert!(matches!(first, ServerStep::Done(Outcome::Success(_))), "{first:?}");
    assert_eq!(refusal(second), "secret-replaced");
}

#[test]
fn a_sequence_that_runs_low_is_renewed() {
    let accounts = with_sequence(10);
    let login = || talk(client(&otp::MECHANISM), server(&otp::MECHANISM), &accounts);
    assert!(login().client.is_ok());
    assert!(kept(&accounts).starts_with("otp-md5 9 ke1234 "));
    assert!(login().client.is_ok());
    let renewed = kept(&accounts);
    assert!(renewed.starts_with("otp-md5 498 "), "{renewed}");
    assert!(!renewed.contains("ke1234"));
    assert!(login().client.is_ok());
    assert!(kept(&accounts).starts_with("otp-md5 497 "));
}

/// The password was said: it is used up, whatever comes with it.
#[test]
fn a_new_sequence_that_is_of_no_use_costs_the_password() {
    let accounts = with_sequence(499);
    let mut server = server(&otp::MECHANISM);
    challenge(starts(&mut server, "\0user", &accounts));
    let password = otp::OneTimePassword::compute(Algorithm::Md5, "ke1234", "pencil", 499).to_hex();
    let said = format!("init-hex:{password}:md5 0 new1:0000000000000000");
    assert_eq!(refusal(says(&mut server, said, &accounts)), "bad-new-params");
    assert_eq!(kept(&accounts), format!("otp-md5 498 ke1234 {password}"));
}

#[test]
fn too_many_rounds_are_refused_before_any_hashing() {
    for sequence in ["10000", "4294967295", "99999999999999999999"] {
        let mut client = client(&otp::MECHANISM);
        assert!(client.start().is_ok());
        let step = hears(&mut client, format!("otp-md5 {sequence} ke1234 ext"));
        assert_eq!(gave_up(&mut client, step), Error::Policy(Reason::SequenceTooHigh));
    }
}

/// Whoever does not exist is asked for something, too, and the same each time.
#[test]
fn nobody_is_asked_like_somebody() {
    let accounts = with_sequence(499);
    let asked = || {
        let mut server = server(&otp::MECHANISM);
        let said = challenge(starts(&mut server, "\0none", &accounts));
        assert_eq!(
            refusal(says(&mut server, "hex:0000000000000000", &accounts)),
            "unknown-account"
        );
        String::from_utf8(said).expect("ASCII")
    };
    let words = asked();
    assert!(words.starts_with("otp-md5 ") && words.ends_with(" ext"), "{words}");
    assert_eq!(words, asked());
}

/// The first code where it is not known before, the next one, and a PIN.
#[test]
fn a_device_is_asked_for_all_that_the_server_wants() {
    let accounts = Accounts::new()
        .with_passcode("user", "11111111", PasscodeVerdict::NextPasscode)
        .with_passcode(
            "user",
            "22222222",
            PasscodeVerdict::NewPin { suggested: Some("4567".into()) },
        );
    let credentials = Credentials::none().of_user(Some("user".try_into().expect("a name")));
    let mut asked = Vec::new();
    let client = client_in(&securid::MECHANISM, &credentials, Profile::FULL);
    let met = talk_asking(client, server(&securid::MECHANISM), &accounts, |query| {
        let ClientQuery::Question(question) = query else { panic!("{query:?}") };
        asked.push(question.subject().clone());
        let text = match question.subject() {
            Subject::Passcode => "11111111",
            Subject::NextPasscode => "22222222",
            Subject::NewPin { suggested } => {
                assert_eq!(suggested.as_deref(), Some("4567"));
                "4567"
            }
            other => panic!("{other:?}"),
        };
        question.answer(text)
    });
    assert!(met.client.is_ok(), "{:?}", met.lines);
    let pin = Subject::NewPin { suggested: Some("4567".into()) };
    assert_eq!(asked, [Subject::Passcode, Subject::NextPasscode, pin]);
}

#[test]
fn a_device_that_shows_another_code() {
    let accounts = Accounts::new().with_passcode("user", "12345678", PasscodeVerdict::Accepted);
    let credentials = Credentials::password("user".try_into().expect("a name"), "87654321");
    let not_carried = Profile { initial_response: InitialResponse::NotCarried, ..Profile::FULL };
    for profile in [Profile::FULL, not_carried] {
        let client = client_in(&securid::MECHANISM, &credentials, profile);
        let met = talk(client, server(&securid::MECHANISM), &accounts);
        assert!(met.client.is_err_and(|error| error.is_authentication_failure()));
        let Some(Outcome::Failure(failure)) = met.server else { panic!("{:?}", met.lines) };
        assert_eq!(failure.reason, Reason::PasscodeWrong);
    }
}

#[test]
fn nobody_changes_names_on_the_way() {
    let accounts = Accounts::new().with_passcode("user", "12345678", PasscodeVerdict::NextPasscode);
    let mut server = server(&securid::MECHANISM);
    challenge(starts(&mut server, "\0user\x0012345678\0", &accounts));
    let step = says(&mut server, "\0other\x0012345678\0", &accounts);
    assert_eq!(refusal(step), "identity-changed");
}

#[test]
fn codes_of_the_wrong_length_are_never_sent() {
    let credentials = Credentials::password("user".try_into().expect("a name"), "123");
    let made = (securid::MECHANISM.client)(&context(
        &credentials,
        aiosasl::binding::ClientBinding::Unsupported,
        &[],
    ));
    assert_eq!(made.err(), Some(Error::Credentials(Reason::PasscodeLength)));
    let query = |step: Result<ClientStep, Error>| match step {
        Ok(ClientStep::Ask(ClientQuery::Question(question))) => question,
        other => panic!("{other:?}"),
    };
    let nobody = Credentials::none().of_user(Some("user".try_into().expect("a name")));
    let mut client = client_in(&otp::MECHANISM, &nobody, Profile::FULL);
    assert!(client.start().is_ok());
    let question = query(hears_question(&mut client, "otp-md5 499 ke1234 ext"));
    let step = client.answer(question.answer("not six words"));
    assert_eq!(gave_up(&mut client, step), Error::Credentials(Reason::WordCount));
}

fn hears_question(client: &mut aiosasl::ClientExchange, words: &str) -> Result<ClientStep, Error> {
    let words = aiosasl::message::Challenge::new(words);
    client.receive(aiosasl::message::ServerMessage::Challenge(words))
}
