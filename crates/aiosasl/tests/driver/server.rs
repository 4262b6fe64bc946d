//! The server's loop, async and not.

use std::sync::Mutex;

use aiosasl::{
    ServerExchange,
    driver::{ServerInterface, Settled, Store, blocking, serve},
    error::FailureCode,
    identity::AuthenticationId,
    mechanism::{PlusOffer, Rules, ServerContext},
    message::{Challenge, ClientMessage, Outcome, Response},
    nonce::Nonce,
    query::{Answer, Authorization, Doom, Query, Verdict},
    registry,
};

use crate::support::{PLAIN, answer, block_on};

/// A client whose words are known before.
struct Says(Option<ClientMessage>);

#[derive(Debug)]
struct Gone;

impl ServerInterface for Says {
    type Error = Gone;

    async fn challenge(&mut self, challenge: Challenge) -> Result<ClientMessage, Gone> {
        assert!(challenge.is_empty(), "PLAIN's server waits for the client's first words");
        self.0.take().ok_or(Gone)
    }
}

impl blocking::ServerInterface for Says {
    type Error = Gone;

    fn challenge(&mut self, challenge: Challenge) -> Result<ClientMessage, Gone> {
        assert!(challenge.is_empty());
        self.0.take().ok_or(Gone)
    }
}

struct Accounts;

impl Store for Accounts {
    async fn answer(&self, query: Query) -> Answer {
        answer(query, 4096)
    }
}

fn exchange() -> ServerExchange {
    let plain = registry::find(PLAIN).expect("built in");
    ServerExchange::new((plain.server)(&ServerContext {
        nonce: Nonce::random().expect("randomness"),
        bindings: &[],
        plus: PlusOffer::NotOffered,
        rules: Rules::default(),
    }))
}

fn name(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Success(success) => Some(success.identity.authentication_id()?.as_str()),
        Outcome::Failure(_) => None,
    }
}

#[test]
fn both_loops_let_the_right_one_in() {
    let right = || Response::new(*b"\0user\0pencil");
    let says = || Says(Some(ClientMessage::Response(right())));

    let outcome = block_on(serve(exchange(), None, &mut says(), &Accounts)).expect("no fault");
    assert_eq!(name(&outcome), Some("user"));
    let outcome = blocking::serve(exchange(), None, &mut says(), &|it| answer(it, 4096));
    assert_eq!(name(&outcome.expect("no fault")), Some("user"));
    let at_once = block_on(serve(exchange(), Some(right()), &mut Says(None), &Accounts));
    assert_eq!(name(&at_once.expect("no fault")), Some("user"));
}

#[test]
fn both_loops_refuse_and_hear_aborts() {
    let code = |outcome| match outcome {
        Outcome::Failure(failure) => failure.code,
        Outcome::Success(success) => panic!("let in: {success:?}"),
    };
    for (message, expected) in [
        (ClientMessage::Response(Response::new(*b"\0user\0pen")), FailureCode::InvalidCredentials),
        (ClientMessage::Abort, FailureCode::Aborted),
    ] {
        let mut says = Says(Some(message.clone()));
        let outcome = block_on(serve(exchange(), None, &mut says, &Accounts)).expect("no fault");
        assert_eq!(code(outcome), expected);
        let mut says = Says(Some(message));
        let outcome = blocking::serve(exchange(), None, &mut says, &|it| answer(it, 4096));
        assert_eq!(code(outcome.expect("no fault")), expected);
    }
}

#[test]
fn a_lost_client_is_the_interfaces_error() {
    assert!(block_on(serve(exchange(), None, &mut Says(None), &Accounts)).is_err());
    assert!(blocking::serve(exchange(), None, &mut Says(None), &|it| answer(it, 4096)).is_err());
}

/// Everybody's password is right, everybody's account is called `user`, and this is what is heard of the ends.
struct Listening {
    verdict: Verdict,
    heard: Mutex<Vec<String>>,
}

impl Store for Listening {
    async fn answer(&self, query: Query) -> Answer {
        match query {
            Query::VerifyPassword(query) => {
                let account = AuthenticationId::new("user").expect("a name");
                query.for_account(account).answer(self.verdict)
            }
            Query::Authorize(query) => query.answer(Authorization::Granted),
            other => other.unavailable(),
        }
    }

    async fn settle(&self, end: Settled<'_>) {
        let mechanism = end.mechanism.map_or("none".to_owned(), |name| name.to_string());
        let result = match end.result {
            Ok(entrant) => entrant.identity.authentication_id().map(ToString::to_string),
            Err(failure) => Some(format!("{}, {}", failure.code.as_str(), failure.reason.as_str())),
        };
        let mut heard = self.heard.lock().expect("one thread");
        heard.push(format!("{mechanism}: {}", result.unwrap_or_default()));
    }
}

#[test]
fn the_store_hears_how_an_exchange_ends() {
    for (verdict, expected) in [
        (Verdict::Accepted, "PLAIN: user"),
        (Verdict::Refused, "PLAIN: invalid-credentials, password-wrong"),
        (Verdict::Doomed(Doom::Disabled), "PLAIN: invalid-credentials, account-disabled"),
        (Verdict::Doomed(Doom::Expired), "PLAIN: invalid-credentials, credentials-expired"),
        (Verdict::Doomed(Doom::TooManyFailures), "PLAIN: invalid-credentials, too-many-failures"),
    ] {
        let store = Listening { verdict, heard: Mutex::default() };
        let first = Some(Response::new(*b"\0User\0pencil"));
        let outcome = block_on(serve(exchange(), first, &mut Says(None), &store));
        let came_in = name(&outcome.expect("no fault")).map(str::to_owned);
        assert_eq!(came_in.is_some(), verdict == Verdict::Accepted);
        assert!(came_in.is_none_or(|name| name == "user"), "under the account's own name");
        assert_eq!(*store.heard.lock().expect("one thread"), [expected]);
    }
}
