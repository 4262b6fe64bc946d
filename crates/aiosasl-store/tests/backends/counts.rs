//! What every place for counts does.

use std::{sync::Arc, time::Duration};

use aiosasl_store::{Count, Counters, Database, Timestamp};

use crate::stage::{Behaviour, Boxed, Stage};

/// All of it.
pub(crate) const ALL: &[(&str, Behaviour)] = &[
    ("counts_add_up_and_fade", |it| Box::pin(fade(it))),
    ("counts_are_apart", |it| Box::pin(apart(it))),
    ("a_count_may_come_twice", |it| Box::pin(twice(it))),
    ("counting_at_once_loses_nothing", AT_ONCE),
    ("clocks_may_differ", |it| Box::pin(clocks(it))),
];

pub(crate) const AT_ONCE: Behaviour = |it| Box::pin(at_once(it));

const START: i64 = 1_800_000_000;

fn count(key: u8, half_life: u64) -> Count {
    Count { key: [key; 16], half_life: Duration::from_secs(half_life) }
}

fn counters(stage: &Stage) -> Arc<dyn Counters> {
    Arc::clone(stage.counters.as_ref().unwrap())
}

/// To a thousandth: databases may compute in their own way.
#[track_caller]
fn near(counts: &[f64], expected: &[f64]) {
    assert_eq!(counts.len(), expected.len());
    for (count, expected) in counts.iter().zip(expected) {
        assert!((count - expected).abs() < 0.001, "{counts:?} is not {expected}");
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(START + seconds)
}

async fn fade(stage: &Stage) {
    let counters = counters(stage);
    let one = [count(1, 60)];
    near(&counters.read(&one, at(0)).await.unwrap(), &[0.0]);
    near(&counters.add(&one, 4.0, at(0)).await.unwrap(), &[4.0]);
    near(&counters.add(&one, 1.0, at(0)).await.unwrap(), &[5.0]);
    near(&counters.read(&one, at(60)).await.unwrap(), &[2.5]);
    near(&counters.add(&one, 1.0, at(60)).await.unwrap(), &[3.5]);
    near(&counters.add(&one, 1.0, at(90)).await.unwrap(), &[1.0 + 3.5 / 2_f64.sqrt()]);
    near(&counters.add(&one, 0.5, at(1_000_000)).await.unwrap(), &[0.5]);
    near(&counters.read(&one, at(2_000_000_000)).await.unwrap(), &[0.0]);
}

async fn apart(stage: &Stage) {
    let counters = counters(stage);
    let [one, two, three] = [count(1, 60), count(2, 600), count(3, 60)];
    near(&counters.add(&[two, one], 1.0, at(0)).await.unwrap(), &[1.0, 1.0]);
    near(&counters.add(&[three, two], 1.0, at(0)).await.unwrap(), &[1.0, 2.0]);
    near(&counters.read(&[three, one, two], at(60)).await.unwrap(), &[0.5, 0.5, 1.866]);
    counters.clear(&[one, two]).await.unwrap();
    counters.clear(&[one]).await.unwrap();
    near(&counters.read(&[one, two, three], at(60)).await.unwrap(), &[0.0, 0.0, 0.5]);
    near(&counters.add(&[], 1.0, at(60)).await.unwrap(), &[]);
    near(&counters.read(&[], at(60)).await.unwrap(), &[]);
    counters.clear(&[]).await.unwrap();
}

async fn twice(stage: &Stage) {
    let counters = counters(stage);
    let [one, two] = [count(1, 60), count(2, 60)];
    let sums = counters.add(&[one, two, one], 1.0, at(0)).await.unwrap();
    near(&sums[1..], &[1.0, 2.0]);
    near(&counters.read(&[one, one], at(0)).await.unwrap(), &[2.0, 2.0]);
}

async fn at_once(stage: &Stage) {
    const WRITERS: u8 = 8;
    const EACH: u8 = 10;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let counters = counters(stage);
            // Each in another order.
            let mut counts = [count(1, 60), count(2, 60), count(3, 60)];
            counts.rotate_left(usize::from(writer % 3));
            tokio::spawn(async move {
                for _ in 0..EACH {
                    counters.add(&counts, 1.0, at(0)).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let sum = f64::from(WRITERS * EACH);
    let counts = counters(stage).read(&[count(1, 60), count(2, 60)], at(0)).await.unwrap();
    near(&counts, &[sum, sum]);
}

async fn clocks(stage: &Stage) {
    let counters = counters(stage);
    let one = [count(1, 60)];
    counters.add(&one, 4.0, at(60)).await.unwrap();
    // A count never grows where a clock went back, nor fades twice where two clocks take turns.
    near(&counters.read(&one, at(0)).await.unwrap(), &[4.0]);
    near(&counters.add(&one, 1.0, at(0)).await.unwrap(), &[5.0]);
    near(&counters.add(&one, 1.0, at(60)).await.unwrap(), &[6.0]);
    near(&counters.read(&one, at(120)).await.unwrap(), &[3.0]);
}

/// A database with room for ten counts; `count` says how many it has.
pub(crate) async fn swept<'a>(database: &Database, count: impl Fn() -> Boxed<'a, i64>) {
    let becomes = async |expected: i64| {
        for _ in 0..200 {
            if count().await == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("there are {} counts, not {expected}", count().await);
    };
    let own = |key, half_life| self::count(key, half_life);
    database.add(&[own(1, 60), own(2, 600), own(3, 60)], 1.0, at(0)).await.unwrap();
    becomes(3).await;
    // Ten half-lives later.
    database.add(&[own(4, 600)], 3.0, at(700)).await.unwrap();
    becomes(2).await;
    near(&database.read(&[own(1, 60), own(2, 600)], at(0)).await.unwrap(), &[0.0, 1.0]);

    // A flood of names, each seen once.
    let flood: Vec<_> = (10..30).map(|key| own(key, 600)).collect();
    database.add(&flood, 1.0, at(700)).await.unwrap();
    database.add(&[own(4, 600)], 1.0, at(800)).await.unwrap();
    becomes(1).await;
    assert!(database.read(&[own(4, 600)], at(800)).await.unwrap()[0] > 3.0);
}
