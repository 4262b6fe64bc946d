//! Counts that fade: how many logins have failed of late, and who has come in before.

use std::time::Duration;

use aiosasl::driver::BoxFuture;

use crate::{error::StoreError, timestamp::Timestamp};

/// A place where counts are kept, for one process or for all that share a database.
///
/// A count fades by halves: what was added a half-life ago counts half. Keys are digests, so that nobody reads names
/// there, nor the passwords that people type where the name belongs.
pub trait Counters: Send + Sync {
    /// Adds to each count, and gives the new ones out, in the same order.
    fn add<'a>(
        &'a self,
        counts: &'a [Count],
        amount: f64,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<f64>, StoreError>>;

    /// Takes counts away, as if nothing had been counted.
    fn clear<'a>(&'a self, counts: &'a [Count]) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The counts as they are now, in the same order; what was never counted is 0.
    fn read<'a>(
        &'a self,
        counts: &'a [Count],
        at: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<f64>, StoreError>>;
}

/// Which count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Count {
    /// Whose: a keyed digest.
    pub key: [u8; 16],
    /// How long until half of it is forgotten; not zero. The same for all uses of a key.
    pub half_life: Duration,
}

impl Count {
    /// What is left of a count after this time; never more than there was, even if the clock went back.
    pub fn faded(&self, count: f64, since: Timestamp, now: Timestamp) -> f64 {
        let seconds = now.as_unix().saturating_sub(since.as_unix()).max(0);
        #[expect(clippy::cast_precision_loss, reason = "half a second in a million years")]
        let half_lives = seconds as f64 / self.half_life.as_secs_f64().max(1.0);
        count * (-half_lives).exp2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_fade_by_halves_and_never_grow() {
        let count = Count { key: [0; 16], half_life: Duration::from_secs(60) };
        let start = Timestamp::from_unix(1_000_000);
        let after = |seconds| count.faded(8.0, start, start.plus(seconds)).to_string();
        assert_eq!([0, 60, 120, -60].map(after), ["8", "4", "2", "8"]);
        assert!(count.faded(8.0, start, start.plus(i64::MAX)) < 0.001);
    }
}
