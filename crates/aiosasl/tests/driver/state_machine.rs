//! The order of calls, the unfolding of successes, and what is held back.

use std::{
    future::{Future, pending, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use aiosasl::{
    driver::{
        Connection, Reply, SaslError, SaslFailure, SaslInterface, SaslState, SaslStateMachine,
        SaslStep,
    },
    error::{Error, FailureCode, Misuse, Reason},
    message::{Challenge, Response},
    name::MechanismName,
    profile::{FirstChallenge, InitialResponse, Profile},
};

use crate::support::{Script, TOY, Told, block_on, challenge, response, success, told, yield_once};

fn run<T>(
    script: &mut Script,
    mechanism: impl AsyncFnOnce(&mut SaslStateMachine) -> Result<T, SaslError>,
) -> Result<T, SaslError> {
    block_on(SaslStateMachine::run(script, &Connection::default(), mechanism))
}

fn misuse<T: std::fmt::Debug>(result: Result<T, SaslError>) -> Misuse {
    match result.expect_err("out of turn").exchange_error() {
        Some(Error::Misuse(misuse)) => *misuse,
        other => panic!("expected a misuse, got {other:?}"),
    }
}

fn peer<T: std::fmt::Debug>(result: Result<T, SaslError>) -> Reason {
    match result.expect_err("the peer is at fault").exchange_error() {
        Some(Error::Peer(reason)) => *reason,
        other => panic!("expected a fault of the peer, got {other:?}"),
    }
}

#[test]
fn challenges_and_responses_follow_one_another() {
    let mut script = Script::new([challenge("who?"), challenge("really?"), success(None)]);
    run(&mut script, async |sm| {
        assert_eq!(sm.state(), SaslState::Initial);
        let who = sm.initiate(TOY, None).await?.challenge()?;
        assert_eq!((who.as_bytes(), sm.state()), (&b"who?"[..], SaslState::Challenge));
        let really = sm.response(response("me")).await?.challenge()?;
        assert_eq!(really.as_bytes(), b"really?");
        sm.response(response("yes")).await?.success()?;
        assert_eq!(sm.state(), SaslState::Success);
        Ok(())
    })
    .expect("the server is content");
    assert_eq!(script.said, ["initiate X-TOY", "respond 'me'", "respond 'yes'"]);
}

#[test]
fn nothing_is_answered_or_aborted_before_the_start() {
    let mut script = Script::new([success(None)]);
    run(&mut script, async |sm| {
        assert_eq!(misuse(sm.response(Response::empty()).await), Misuse::NotStarted);
        assert_eq!(misuse(sm.abort().await), Misuse::NotStarted);
        // A call out of turn changes nothing.
        sm.initiate(TOY, Some(Response::empty())).await?.success()
    })
    .expect("the start still works");
    assert_eq!(script.said, ["initiate X-TOY ''"]);
}

#[test]
fn an_exchange_is_started_once() {
    let mut script = Script::new([challenge("who?"), success(None)]);
    run(&mut script, async |sm| {
        let _ = sm.initiate(TOY, None).await?;
        assert_eq!(misuse(sm.initiate(TOY, None).await), Misuse::StartedTwice);
        sm.response(response("me")).await?.success()
    })
    .expect("the exchange goes on");
    assert_eq!(script.said, ["initiate X-TOY", "respond 'me'"]);
}

#[test]
fn nothing_is_said_after_the_end() {
    let mut script = Script::new([success(None)]);
    run(&mut script, async |sm| {
        sm.initiate(TOY, None).await?.success()?;
        assert_eq!(misuse(sm.initiate(TOY, None).await), Misuse::AfterEnd);
        assert_eq!(misuse(sm.response(Response::empty()).await), Misuse::AfterEnd);
        assert_eq!(misuse(sm.abort().await), Misuse::AfterEnd);
        Ok(())
    })
    .expect("a success stays one");
    assert_eq!(script.said, ["initiate X-TOY"]);
}

#[test]
fn a_failure_kills_and_carries_the_protocols_own_error() {
    let mut script = Script::new([challenge("who?"), Err(told(FailureCode::Temporary))]);
    let error = run(&mut script, async |sm| {
        let _ = sm.initiate(TOY, None).await?;
        let error = sm.response(response("me")).await.expect_err("refused");
        assert_eq!(sm.state(), SaslState::Failure);
        assert_eq!(misuse(sm.response(response("me")).await), Misuse::AfterEnd);
        assert_eq!(misuse(sm.abort().await), Misuse::AfterEnd);
        Err::<(), _>(error)
    })
    .expect_err("refused");
    assert!(!error.is_authentication_failure());
    let opaque = error.opaque_error().and_then(|it| it.downcast_ref::<Told>());
    assert_eq!(opaque.map(|it| it.0), Some(FailureCode::Temporary));
    assert_eq!(script.said, ["initiate X-TOY", "respond 'me'"]);
}

#[test]
fn success_with_data_is_a_challenge_and_a_success() {
    let mut script = Script::new([success(Some("last words"))]);
    run(&mut script, async |sm| {
        let last = sm.initiate(TOY, None).await?.challenge()?;
        assert_eq!(last.as_bytes(), b"last words");
        assert_eq!(sm.state(), SaslState::SuccessSimulateChallenge);
        assert_eq!(misuse(sm.abort().await), Misuse::AfterEnd);
        sm.response(Response::empty()).await?.success()
    })
    .expect("unfolded");
    assert_eq!(script.said, ["initiate X-TOY"], "the empty response stays here");
}

#[test]
fn a_server_that_ends_before_the_mechanism_is_refused() {
    let mut script = Script::new([success(Some("looks like a challenge"))]);
    let result = run(&mut script, async |sm| {
        let _ = sm.initiate(TOY, None).await?.challenge()?;
        let result = sm.response(response("more to say")).await;
        assert_eq!(sm.state(), SaslState::Failure);
        result?.success()
    });
    assert_eq!(peer(result), Reason::ServerNotVerified);

    let mut script = Script::new([success(None)]);
    let result = run(&mut script, async |sm| sm.initiate(TOY, None).await?.challenge());
    assert_eq!(peer(result), Reason::ServerNotVerified);
}

#[test]
fn last_words_that_nobody_heard_are_no_success() {
    let mut script = Script::new([success(Some("proof"))]);
    let result = run(&mut script, async |sm| sm.initiate(TOY, None).await.map(drop));
    assert!(result.expect_err("unheard").text().contains("before the server said its outcome"));
    assert_eq!(script.said, ["initiate X-TOY"]);
}

fn held_back(
    initial_response: InitialResponse,
    first_challenge: FirstChallenge,
    replies: impl IntoIterator<Item = Result<Reply, SaslError>>,
) -> (Result<(), SaslError>, Vec<String>) {
    let mut script = Script::new(replies);
    script.profile = Profile { initial_response, first_challenge, ..Profile::FULL };
    let result =
        run(&mut script, async |sm| sm.initiate(TOY, Some(response("hello"))).await?.success());
    (result, script.said)
}

#[test]
fn an_initial_response_waits_where_it_cant_be_carried() {
    let replies = || [challenge(""), success(None)];
    let later = ["initiate X-TOY", "respond 'hello'"];
    let must = FirstChallenge::MustBeEmpty;

    let (result, said) = held_back(InitialResponse::NotCarried, must, replies());
    result.expect("held back");
    assert_eq!(said, later);

    // X-TOY and eight characters of base64.
    let (result, said) = held_back(InitialResponse::CarriedUpTo(12), must, replies());
    result.expect("one octet too long for the line");
    assert_eq!(said, later);

    let (result, said) = held_back(InitialResponse::CarriedUpTo(13), must, [success(None)]);
    result.expect("carried");
    assert_eq!(said, ["initiate X-TOY 'hello'"]);
}

#[test]
fn a_challenge_that_should_be_empty_is_not_ignored_by_itself() {
    let filled = |end| [challenge("Password:"), end];
    let not_carried = InitialResponse::NotCarried;

    let (result, said) =
        held_back(not_carried, FirstChallenge::MustBeEmpty, filled(Ok(Reply::Failure)));
    assert_eq!(peer(result), Reason::NotEmpty);
    assert_eq!(said, ["initiate X-TOY", "abort"]);

    let (result, said) = held_back(not_carried, FirstChallenge::Ignored, filled(success(None)));
    result.expect("this protocol's servers write words there");
    assert_eq!(said, ["initiate X-TOY", "respond 'hello'"]);
}

#[test]
fn a_success_before_the_first_word_is_refused() {
    let must = FirstChallenge::MustBeEmpty;
    let (result, _) = held_back(InitialResponse::NotCarried, must, [success(None)]);
    assert_eq!(peer(result), Reason::ServerNotVerified);
}

#[test]
fn only_an_abort_may_return_a_failure() {
    let mut script = Script::new([Ok(Reply::Failure)]);
    let result = run(&mut script, async |sm| sm.initiate(TOY, None).await?.success());
    assert!(result.expect_err("a bug").text().starts_with("the interface returned a failure"));

    let mut script = Script::new([challenge("who?"), Ok(Reply::Failure)]);
    let result: Result<(), _> = run(&mut script, async |sm| {
        let _ = sm.initiate(TOY, None).await?;
        sm.abort().await?;
        assert_eq!(sm.state(), SaslState::Failure);
        Err(SaslFailure::new("gave up").into())
    });
    assert_eq!(result.expect_err("gave up").text(), "gave up");
    assert_eq!(script.said, ["initiate X-TOY", "abort"]);
}

#[test]
fn an_abort_that_the_server_answers_with_success_is_an_error() {
    let mut script = Script::new([challenge("who?"), success(None)]);
    let result = run(&mut script, async |sm| {
        let _ = sm.initiate(TOY, None).await?;
        sm.abort().await
    });
    assert!(result.expect_err("not let in").text().contains("an abort"));
}

#[test]
fn messages_and_steps_are_limited() {
    let limits = |max_message, max_steps| Profile { max_message, max_steps, ..Profile::FULL };

    let mut script = Script::new([challenge("12345"), Ok(Reply::Failure)]);
    script.profile = limits(4, 16);
    let result = run(&mut script, async |sm| sm.initiate(TOY, None).await.map(drop));
    assert_eq!(peer(result), Reason::MessageTooLong);
    assert_eq!(script.said, ["initiate X-TOY", "abort"]);

    let replies = [challenge("1"), challenge("2"), challenge("3"), Ok(Reply::Failure)];
    let mut script = Script::new(replies);
    script.profile = limits(100, 2);
    let result: Result<(), _> = run(&mut script, async |sm| {
        let _ = sm.initiate(TOY, None).await?;
        loop {
            let _ = sm.response(Response::empty()).await?;
        }
    });
    assert_eq!(peer(result), Reason::TooManySteps);
    assert_eq!(script.said.last().map(String::as_str), Some("abort"));

    let mut script = Script::new([challenge("?"), Ok(Reply::Failure)]);
    script.profile = limits(4, 16);
    let result = run(&mut script, async |sm| {
        let _ = sm.initiate(TOY, None).await?;
        sm.response(response("12345")).await
    });
    let error = result.expect_err("too long to send");
    assert_eq!(error.exchange_error(), Some(&Error::Policy(Reason::MessageTooLong)));
    assert_eq!(script.said, ["initiate X-TOY", "abort"]);
}

#[test]
fn a_mechanism_that_fails_leaves_no_server_waiting() {
    let mut script = Script::new([challenge("nonsense"), Ok(Reply::Failure)]);
    let result: Result<(), _> = run(&mut script, async |sm| {
        let _ = sm.initiate(TOY, None).await?;
        Err(SaslFailure::new("can't read this").into())
    });
    assert_eq!(result.expect_err("nonsense").text(), "can't read this");
    assert_eq!(script.said, ["initiate X-TOY", "abort"]);
}

#[test]
fn a_mechanism_that_returns_too_early_is_no_success() {
    let mut script = Script::new([challenge("?"), Ok(Reply::Failure)]);
    let result = run(&mut script, async |sm| sm.initiate(TOY, None).await.map(drop));
    assert!(result.expect_err("no outcome").text().contains("before the server said its outcome"));
    assert_eq!(script.said, ["initiate X-TOY", "abort"]);

    let mut script = Script::new([]);
    assert!(run(&mut script, async |_| Ok(())).is_err(), "nothing was said at all");
}

/// Never answers.
struct Silent {
    initiated: bool,
}

impl SaslInterface for Silent {
    async fn initiate(
        &mut self,
        _: MechanismName,
        _: Option<Response>,
    ) -> Result<Reply, SaslError> {
        self.initiated = true;
        pending().await
    }

    async fn respond(&mut self, _: Response) -> Result<Reply, SaslError> {
        pending().await
    }

    async fn abort(&mut self) -> Result<Reply, SaslError> {
        pending().await
    }
}

async fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

#[test]
fn a_call_dropped_half_way_leaves_the_state_machine_dead() {
    let mut silent = Silent { initiated: false };
    let connection = Connection::default();
    let machine = SaslStateMachine::run(&mut silent, &connection, async |sm| {
        assert!(poll_once(sm.initiate(TOY, None)).await.is_none());
        assert_eq!(sm.state(), SaslState::Failure);
        // The driver has its turn, and must find nothing to say.
        yield_once().await;
        assert_eq!(misuse(sm.initiate(TOY, None).await), Misuse::AfterEnd);
        assert_eq!(misuse(sm.response(Response::empty()).await), Misuse::AfterEnd);
        assert_eq!(misuse(sm.abort().await), Misuse::AfterEnd);
        Ok(())
    });
    assert!(block_on(machine).is_err(), "no success");
    assert!(!silent.initiated, "what was taken back before it was said is not said");
}

#[test]
fn a_login_dropped_half_way_leaves_the_interface_to_its_owner() {
    let mut silent = Silent { initiated: false };
    let connection = Connection::default();
    let login = SaslStateMachine::run(&mut silent, &connection, async |sm| {
        sm.initiate(TOY, None).await?.success()
    });
    assert!(block_on(poll_once(login)).is_none());
    assert!(silent.initiated);
    // The protocol is in doubt, the types are not: the interface can be used, and closed, by its owner.
    assert!(block_on(poll_once(silent.abort())).is_none());
}

#[test]
fn a_mechanism_may_give_up_by_its_own_clock() {
    let mut silent = Silent { initiated: false };
    let result: Result<(), _> =
        block_on(SaslStateMachine::run(&mut silent, &Connection::default(), async |sm| {
            let mut call = pin!(sm.initiate(TOY, None));
            let mut patience = 3;
            poll_fn(|context| {
                assert!(call.as_mut().poll(context).is_pending());
                context.waker().wake_by_ref();
                patience -= 1;
                if patience == 0 { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            Err(SaslFailure::new("lost patience").into())
        }));
    assert_eq!(result.expect_err("silence").text(), "lost patience");
    assert!(silent.initiated);
}

/// Polls what is inside only when its own waker was woken, as executors within executors do.
struct Strict<F>(Pin<Box<F>>, Arc<Flag>);

struct Flag(AtomicBool, std::sync::Mutex<Option<Waker>>);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
        if let Some(outer) = self.1.lock().expect("not poisoned").take() {
            outer.wake();
        }
    }
}

impl<F: Future> Future for Strict<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        *self.1.1.lock().expect("not poisoned") = Some(context.waker().clone());
        if !self.1.0.swap(false, Ordering::SeqCst) {
            return Poll::Pending;
        }
        let waker = Waker::from(Arc::clone(&self.1));
        self.0.as_mut().poll(&mut Context::from_waker(&waker))
    }
}

#[test]
fn calls_wake_whoever_waits_for_them() {
    let mut script = Script::new([challenge("who?"), success(None)]);
    run(&mut script, async |sm| {
        let flag = Arc::new(Flag(AtomicBool::new(true), std::sync::Mutex::default()));
        let talk = async {
            let who: Challenge = sm.initiate(TOY, None).await?.challenge()?;
            sm.response(Response::new(who.as_bytes())).await
        };
        let end: Result<SaslStep, SaslError> = Strict(Box::pin(talk), flag).await;
        end?.success()
    })
    .expect("woken");
    assert_eq!(script.said, ["initiate X-TOY", "respond 'who?'"]);
}
