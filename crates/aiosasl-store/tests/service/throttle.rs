//! Who guesses waits; nobody else does.

use std::{sync::Arc, time::Duration};

use aiosasl_store::{MemoryCounters, NameRule, ThrottlePolicy};
use tokio::time::Instant;

use crate::house::{House, account};

async fn house() -> House {
    let accounts = [account("user", "pencil").await, account("neighbour", "pencil").await];
    House::with(NameRule::Saslprep, accounts, |service, _| {
        service.with_throttle(ThrottlePolicy::default(), Arc::new(MemoryCounters::default()))
    })
    .await
}

/// How long it takes, by a clock that runs as fast as nothing happens.
async fn lasting<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    (future.await, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn guesses_wait_longer_and_longer_and_neighbours_do_not() {
    let house = house().await;
    let mut waits = Vec::new();
    for _ in 0..9 {
        let (login, wait) = lasting(house.log_in_from("192.0.2.1", "user", "pen")).await;
        assert_eq!(login.end, Err("invalid-proof"));
        waits.push(wait.as_millis() / 50 * 50);
    }
    assert_eq!(waits, [0, 0, 0, 0, 0, 250, 500, 1000, 2000]);
    for (from, name) in [("192.0.2.1", "neighbour"), ("192.0.2.2", "user"), ("192.0.2.1", "user")] {
        let (login, wait) = lasting(house.log_in_from(from, name, "pencil")).await;
        assert!(login.end.is_ok(), "{name} from {from}: {login:?}");
        assert!(wait < Duration::from_millis(50), "{name} from {from}: {wait:?}");
    }
    let (login, wait) = lasting(house.log_in_from("192.0.2.1", "user", "pen")).await;
    assert!(login.end.is_err() && wait < Duration::from_millis(50), "a success starts anew");
}

#[tokio::test(start_paused = true)]
async fn past_the_limit_the_right_password_looks_wrong_and_only_there() {
    let house = house().await;
    let wrong = house.log_in_from("192.0.2.1", "user", "pen").await;
    let mut last = None;
    for _ in 1..25 {
        last = Some(house.log_in_from("192.0.2.1", "user", "pen").await);
    }
    assert_eq!(last.as_ref(), Some(&wrong), "the same to the last octet");
    let right = house.log_in_from("192.0.2.1", "user", "pencil").await;
    assert_eq!(right.end, Err("too-many-failures"));
    assert_eq!(right.server, wrong.server);
    assert!(house.log_in_from("192.0.2.2", "user", "pencil").await.end.is_ok());
}

#[tokio::test(start_paused = true)]
async fn names_that_nobody_has_are_counted_as_well() {
    let house = house().await;
    let mut waits = Vec::new();
    for _ in 0..7 {
        let (_, wait) = lasting(house.log_in_from("192.0.2.1", "nobody", "pen")).await;
        waits.push(wait.as_millis() / 50 * 50);
    }
    assert_eq!(waits, [0, 0, 0, 0, 0, 250, 500]);
}
