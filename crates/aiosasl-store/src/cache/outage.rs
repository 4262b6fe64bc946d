//! Whether the back end is down, so that not everyone has to wait to find out.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::error::{StoreError, StoreErrorKind};

/// How long after a failure nobody asks who has an old answer.
const PAUSE: Duration = Duration::from_secs(2);

/// When the back end was last seen down.
#[derive(Default)]
pub(super) struct Outage(Mutex<Option<Instant>>);

impl Outage {
    pub(super) fn note(&self, error: &StoreError, now: Instant) {
        if error.kind == StoreErrorKind::Unavailable {
            self.set(Some(now));
        }
    }

    pub(super) fn is_over(&self) {
        self.set(None);
    }

    pub(super) fn is_recent(&self, now: Instant) -> bool {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| now.duration_since(last) < PAUSE)
    }

    fn set(&self, last: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}
