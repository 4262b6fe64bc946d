//! Counts in memory: for one process, and never more of them than it has room for.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aiosasl::driver::BoxFuture;

use crate::{
    counters::{Count, Counters},
    error::StoreError,
    timestamp::Timestamp,
};

/// Counts in memory. Where there is no room for another, the smaller half of them is forgotten: a flood of made-up
/// names does not wash out what was counted against a real one.
#[derive(Debug)]
pub struct MemoryCounters {
    room: usize,
    kept: Mutex<HashMap<[u8; 16], Kept>>,
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    which: Count,
    count: f64,
    since: Timestamp,
}

impl Kept {
    fn now(&self, now: Timestamp) -> f64 {
        self.which.faded(self.count, self.since, now)
    }
}

impl MemoryCounters {
    /// Room for that many counts, of around a hundred octets each; at least two.
    pub fn with_room(room: usize) -> Self {
        Self { room: room.max(2), kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<[u8; 16], Kept>> {
        // Each count is whole at any time.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add_one(&self, which: Count, amount: f64, at: Timestamp) -> f64 {
        let mut kept = self.kept();
        if kept.len() >= self.room && !kept.contains_key(&which.key) {
            forget_half(&mut kept, at);
        }
        let entry = kept.entry(which.key).or_insert(Kept { which, count: 0.0, since: at });
        let count = entry.now(at) + amount;
        *entry = Kept { which, count, since: at.max(entry.since) };
        count
    }
}

impl Default for MemoryCounters {
    /// Room for 65536 counts.
    fn default() -> Self {
        Self::with_room(1 << 16)
    }
}

fn forget_half(kept: &mut HashMap<[u8; 16], Kept>, now: Timestamp) {
    let mut by_count: Vec<_> = kept.iter().map(|(key, it)| (it.now(now), *key)).collect();
    let middle = by_count.len() / 2;
    by_count.select_nth_unstable_by(middle, |left, right| left.0.total_cmp(&right.0));
    for (_, key) in by_count.into_iter().take(middle) {
        kept.remove(&key);
    }
}

impl Counters for MemoryCounters {
    fn add<'a>(
        &'a self,
        counts: &'a [Count],
        amount: f64,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<f64>, StoreError>> {
        let added = counts.iter().map(|which| self.add_one(*which, amount, at)).collect();
        Box::pin(async { Ok(added) })
    }

    fn clear<'a>(&'a self, counts: &'a [Count]) -> BoxFuture<'a, Result<(), StoreError>> {
        let mut kept = self.kept();
        for which in counts {
            kept.remove(&which.key);
        }
        Box::pin(async { Ok(()) })
    }

    fn read<'a>(
        &'a self,
        counts: &'a [Count],
        at: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<f64>, StoreError>> {
        let kept = self.kept();
        let now = |which: &Count| kept.get(&which.key).map_or(0.0, |it| it.now(at));
        let counts = counts.iter().map(now).collect();
        Box::pin(async { Ok(counts) })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn count(key: u32) -> Count {
        let mut octets = [0; 16];
        octets[..4].copy_from_slice(&key.to_be_bytes());
        Count { key: octets, half_life: Duration::from_secs(60) }
    }

    #[tokio::test]
    async fn counts_add_up_fade_and_go() {
        let counters = MemoryCounters::default();
        let start = Timestamp::from_unix(1000);
        let both = [count(1), count(2)];
        assert_eq!(counters.add(&both, 1.0, start).await.unwrap(), [1.0, 1.0]);
        assert_eq!(counters.add(&both[..1], 1.0, start.plus(60)).await.unwrap(), [1.5]);
        assert_eq!(counters.read(&both, start.plus(60)).await.unwrap(), [1.5, 0.5]);
        counters.clear(&both[..1]).await.unwrap();
        assert_eq!(counters.read(&both, start.plus(60)).await.unwrap(), [0.0, 0.5]);
    }

    #[tokio::test]
    async fn a_flood_of_names_finds_bounded_room_and_washes_nothing_out() {
        let counters = MemoryCounters::with_room(64);
        let now = Timestamp::from_unix(1000);
        counters.add(&[count(0)], 9.0, now).await.unwrap();
        for key in 1..10_000 {
            counters.add(&[count(key)], 1.0, now).await.unwrap();
            assert!(counters.kept().len() <= 64);
        }
        assert_eq!(counters.read(&[count(0)], now).await.unwrap(), [9.0]);
    }
}
