//! Counts that fade, in a table that stays small.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use super::{
    fault::{Fault, Patience},
    link::{Link, Row, Value, Worth, tuples},
};
use crate::{
    counters::Count,
    error::{StoreError, StoreErrorKind},
    timestamp::Timestamp,
};

/// Who keeps the table small.
#[derive(Debug)]
pub(super) struct Sweeper {
    /// How many counts there may be.
    pub(super) room: u32,
    /// When this process has last swept.
    pub(super) last: AtomicI64,
}

/// After so many half-lives a count is forgotten: a thousandth of it is left.
const HALF_LIVES: i64 = 10;

/// How often the table is swept, in seconds.
const SWEEP: u64 = 60;

/// What a count is after an addition.
struct Sum {
    amount: f64,
    since: Timestamp,
}

/// Adds to each count, and gives the new ones out.
pub(super) async fn add(
    link: &Arc<Link>,
    sweeper: &Sweeper,
    counts: &[Count],
    amount: f64,
    at: Timestamp,
) -> Result<Vec<f64>, StoreError> {
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let mut patience = Patience::of(link.patience);
    let sums = loop {
        let sums = if link.is_postgres() {
            add_there(link, counts, amount, at).await
        } else {
            add_here(link, counts, amount, at).await
        };
        match sums {
            Ok(sums) => break sums,
            Err(fault) => patience.after(fault).await?,
        }
    };
    if sweeper.is_due(at) {
        // Nobody waits for it.
        tokio::spawn(sweep(Arc::clone(link), sweeper.room, at));
    }
    Ok(counts.iter().map(|it| now(&sums, it, at)).collect())
}

/// Each key once, in the same order for all, so that no two wait for each other; and what is added to it.
fn once(counts: &[Count], amount: f64) -> BTreeMap<[u8; 16], (Count, f64)> {
    let mut all = BTreeMap::new();
    for count in counts {
        all.entry(count.key).or_insert((*count, 0.0)).1 += amount;
    }
    all
}

/// PostgreSQL computes, in one statement.
async fn add_there(
    link: &Link,
    counts: &[Count],
    amount: f64,
    at: Timestamp,
) -> Result<BTreeMap<[u8; 16], Sum>, Fault> {
    let all = once(counts, amount);
    let mut values = Vec::new();
    for (count, amount) in all.values() {
        values.extend(row(count, *amount, at));
    }
    // How long a count lives tells its half-life. After 64 of them nothing is left, and PostgreSQL refuses to compute
    // how little.
    let add = format!(
        "INSERT INTO counters (counter, amount, since, ends) VALUES {} ON CONFLICT (counter) DO UPDATE SET \
         amount = excluded.amount + counters.amount * power(CAST(2 AS DOUBLE PRECISION), greatest(-64, \
         CAST(least(counters.since - excluded.since, 0) * {HALF_LIVES} AS DOUBLE PRECISION) \
         / CAST(excluded.ends - excluded.since AS DOUBLE PRECISION))), \
         since = greatest(counters.since, excluded.since), ends = greatest(counters.ends, excluded.ends) \
         RETURNING counter, amount, since",
        tuples(all.len(), 4, true),
    );
    sums(&link.hint(&add, &values).await?)
}

/// SQLite has no powers: we compute, while nobody else may write.
async fn add_here(
    link: &Link,
    counts: &[Count],
    amount: f64,
    at: Timestamp,
) -> Result<BTreeMap<[u8; 16], Sum>, Fault> {
    const ADD: &str = "INSERT INTO counters (counter, amount, since, ends) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (counter) DO UPDATE \
                       SET amount = excluded.amount, since = excluded.since, ends = excluded.ends";
    let mut transaction = link.begin(Worth::Losable).await?;
    let (select, keys) = select(counts, false);
    let mut sums = sums(&transaction.run(&select, &keys).await?)?;
    for (key, (count, amount)) in once(counts, amount) {
        let sum = sums.entry(key).or_insert(Sum { amount: 0.0, since: at });
        sum.amount = amount + count.faded(sum.amount, sum.since, at);
        sum.since = sum.since.max(at);
        transaction.run(ADD, &row(&count, sum.amount, sum.since)).await?;
    }
    transaction.commit().await?;
    Ok(sums)
}

/// Takes counts away.
pub(super) async fn clear(link: &Link, counts: &[Count]) -> Result<(), StoreError> {
    if counts.is_empty() {
        return Ok(());
    }
    let tuple = tuples(1, counts.len(), link.is_postgres());
    let delete = format!("DELETE FROM counters WHERE counter IN {tuple}");
    let mut patience = Patience::of(link.patience);
    while let Err(fault) = link.hint(&delete, &keys(counts)).await {
        patience.after(fault).await?;
    }
    Ok(())
}

/// The counts as they are now.
pub(super) async fn read(
    link: &Link,
    counts: &[Count],
    at: Timestamp,
) -> Result<Vec<f64>, StoreError> {
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let (select, keys) = select(counts, link.is_postgres());
    let sums = sums(&link.read(&select, &keys).await?)?;
    Ok(counts.iter().map(|it| now(&sums, it, at)).collect())
}

fn select(counts: &[Count], numbered: bool) -> (String, Vec<Value<'_>>) {
    let tuple = tuples(1, counts.len(), numbered);
    let select = format!("SELECT counter, amount, since FROM counters WHERE counter IN {tuple}");
    (select, keys(counts))
}

fn keys(counts: &[Count]) -> Vec<Value<'_>> {
    counts.iter().map(|it| Value::Octets(Some(&it.key))).collect()
}

fn now(sums: &BTreeMap<[u8; 16], Sum>, count: &Count, at: Timestamp) -> f64 {
    sums.get(&count.key).map_or(0.0, |sum| count.faded(sum.amount, sum.since, at))
}

fn row(count: &Count, amount: f64, since: Timestamp) -> [Value<'_>; 4] {
    let half_life = i64::try_from(count.half_life.as_secs()).unwrap_or(i64::MAX).max(1);
    let ends = since.as_unix().saturating_add(half_life.saturating_mul(HALF_LIVES));
    [
        Value::Octets(Some(&count.key)),
        Value::Real(amount),
        Value::Integer(Some(since.as_unix())),
        Value::Integer(Some(ends)),
    ]
}

fn sums(rows: &[Row]) -> Result<BTreeMap<[u8; 16], Sum>, Fault> {
    let malformed = || StoreError::new(StoreErrorKind::Malformed, "a count that nobody can read");
    let sum = |row: &Row| {
        let key = row.octets(0)?.and_then(|it| it.as_slice().try_into().ok());
        let since = row.integer(2)?.map(Timestamp::from_unix);
        let sum = Sum { amount: row.real(1)?, since: since.ok_or_else(malformed)? };
        Ok((key.ok_or_else(malformed)?, sum))
    };
    rows.iter().map(sum).collect()
}

impl Sweeper {
    fn is_due(&self, at: Timestamp) -> bool {
        let (last, now) = (self.last.load(Ordering::Relaxed), at.as_unix());
        let order = Ordering::Relaxed;
        now.abs_diff(last) >= SWEEP && self.last.compare_exchange(last, now, order, order).is_ok()
    }
}

async fn sweep(link: Arc<Link>, room: u32, at: Timestamp) {
    if let Err(error) = try_sweep(&link, room, at).await {
        tracing::warn!(%error, "faded counts could not be deleted");
    }
}

/// Forgets what has faded; and where there are too many, the smaller ones: a flood of made-up names does not wash out
/// what was counted against a real one.
async fn try_sweep(link: &Link, room: u32, at: Timestamp) -> Result<(), StoreError> {
    const FADED: &str = "DELETE FROM counters WHERE ends <= $1";
    const BEYOND: &str = "SELECT ends FROM counters ORDER BY ends LIMIT 1 OFFSET $1";
    // A little more than the mean, so that of equal ones none is left.
    const SMALL: &str =
        "DELETE FROM counters WHERE amount <= (SELECT avg(amount) * 1.001 FROM counters)";
    link.hint(FADED, &[Value::Integer(Some(at.as_unix()))]).await?;
    let room = Value::Integer(Some(i64::from(room)));
    if !link.read(BEYOND, &[room]).await?.is_empty() {
        link.hint(SMALL, &[]).await?;
    }
    Ok(())
}
