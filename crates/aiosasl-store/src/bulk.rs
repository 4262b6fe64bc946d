//! Work on very many items with all cores: one after the other in, in the same order out, and few of them in between.

use std::{
    collections::VecDeque,
    fmt, iter,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender, SyncSender},
    },
    thread,
};

use aiosasl::query::ScramVerifier;

use crate::derivation::Derivation;

/// Items under way for each thread: enough that none waits for the others.
const AHEAD: usize = 8;

/// The verifiers of all these, in their order, on all cores.
///
/// Both sides are iterators, of which a few items are in memory at a time: as many as there are cores, times eight.
///
/// # Example: verifiers of as many passwords as there may be
///
/// ```
/// use aiosasl::{hash::Hash, secret::Secret};
/// use aiosasl_store::{Derivation, derive_verifiers};
///
/// let derivations = (0_u32..100).map(|at| Derivation {
///     hash: Hash::Sha256,
///     password: Secret::new(format!("password {at}")),
///     salt: at.to_be_bytes().into(),
///     iterations: 1,
/// });
/// for (at, verifier) in (0_u32..).zip(derive_verifiers(derivations)) {
///     assert_eq!(verifier.salt(), at.to_be_bytes());
/// }
/// ```
pub fn derive_verifiers(
    derivations: impl IntoIterator<Item = Derivation>,
) -> impl Iterator<Item = ScramVerifier> {
    on_all_cores(derivations, Derivation::verifier)
}

/// What `work` makes of each item, in the items' order, on all cores.
///
/// Items are taken and results given out on the caller's thread, which waits in between: not for async threads. Where
/// `work` panics, so does the caller. What is under way when the iterator is dropped is finished for nobody, and no
/// more is begun.
pub fn on_all_cores<I, T, U>(
    items: I,
    work: impl Fn(T) -> U + Send + Sync + 'static,
) -> impl Iterator<Item = U>
where
    I: IntoIterator<Item = T>,
    T: Send + 'static,
    U: Send + 'static,
{
    let threads = thread::available_parallelism().map_or(1, usize::from);
    InOrder::new(items.into_iter().fuse(), threads, work)
}

struct InOrder<I: Iterator, U> {
    items: I,
    window: usize,
    jobs: Sender<(I::Item, SyncSender<U>)>,
    under_way: VecDeque<Receiver<U>>,
    stopped: Arc<AtomicBool>,
}

impl<I, T, U> InOrder<iter::Fuse<I>, U>
where
    I: Iterator<Item = T>,
    T: Send + 'static,
    U: Send + 'static,
{
    fn new(
        items: iter::Fuse<I>,
        threads: usize,
        work: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Self {
        let (jobs, queue) = mpsc::channel::<(T, SyncSender<U>)>();
        let (work, queue) = (Arc::new(work), Arc::new(Mutex::new(queue)));
        let stopped = Arc::new(AtomicBool::new(false));
        for _ in 0..threads {
            let (work, queue, stopped) =
                (Arc::clone(&work), Arc::clone(&queue), Arc::clone(&stopped));
            thread::spawn(move || {
                while let Some((item, done)) = next_job(&queue) {
                    if stopped.load(Ordering::Relaxed) {
                        break;
                    }
                    // Nobody may want it any more, which is fine.
                    done.send(work(item)).ok();
                }
            });
        }
        Self { items, window: threads * AHEAD, jobs, under_way: VecDeque::new(), stopped }
    }
}

fn next_job<T>(queue: &Mutex<Receiver<T>>) -> Option<T> {
    // Whoever panicked did so at work, without the lock.
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

impl<I: Iterator, U> Iterator for InOrder<iter::Fuse<I>, U> {
    type Item = U;

    fn next(&mut self) -> Option<U> {
        while self.under_way.len() < self.window {
            let Some(item) = self.items.next() else { break };
            let (done, result) = mpsc::sync_channel(1);
            // Where no thread is left to take it, its result says so.
            self.jobs.send((item, done)).ok();
            self.under_way.push_back(result);
        }
        let result = self.under_way.pop_front()?;
        Some(result.recv().unwrap_or_else(|_| panic!("the work on an item panicked")))
    }
}

impl<I: Iterator, U> Drop for InOrder<I, U> {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

impl<I: Iterator, U> fmt::Debug for InOrder<I, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InOrder").field("window", &self.window).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicUsize, time::Duration};

    use aiosasl::{hash::Hash, secret::Secret};

    use super::*;

    #[test]
    fn results_come_in_the_order_of_items() {
        let slow_and_fast = |at: u64| {
            thread::sleep(Duration::from_micros(at * 7919 % 500));
            at * 2
        };
        let results: Vec<u64> = InOrder::new((0..500).fuse(), 7, slow_and_fast).collect();
        assert_eq!(results, (0..500).map(|at| at * 2).collect::<Vec<_>>());
        assert_eq!(on_all_cores(Vec::<u8>::new(), |it| it).count(), 0);
    }

    #[test]
    fn few_items_are_under_way() {
        let taken = AtomicUsize::new(0);
        let items = (0..1000).inspect(|_| {
            taken.fetch_add(1, Ordering::Relaxed);
        });
        let threads = 2;
        for (at, _) in (1..).zip(InOrder::new(items.fuse(), threads, |it| it)) {
            assert!(taken.load(Ordering::Relaxed) < at + threads * AHEAD);
        }
    }

    #[test]
    fn nothing_is_begun_for_an_iterator_that_is_gone() {
        let begun = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&begun);
        let mut results = InOrder::new((0..1000).fuse(), 1, move |at: u32| {
            count.fetch_add(1, Ordering::Relaxed);
            if at > 0 {
                thread::sleep(Duration::from_millis(50));
            }
        });
        results.next();
        drop(results);
        thread::sleep(Duration::from_millis(120));
        assert!(begun.load(Ordering::Relaxed) <= 2);
    }

    #[test]
    #[should_panic(expected = "the work on an item panicked")]
    fn a_panic_at_work_is_the_callers() {
        InOrder::new((0..3).fuse(), 1, |at: u32| assert!(at < 1)).for_each(drop);
    }

    #[test]
    fn verifiers_are_those_that_are_made_one_by_one() {
        let derivations: Vec<Derivation> = Hash::ALL
            .iter()
            .map(|hash| Derivation {
                hash: *hash,
                password: Secret::new(*b"pencil"),
                salt: (*b"salt").into(),
                iterations: 10,
            })
            .collect();
        let bulk: Vec<ScramVerifier> = derive_verifiers(derivations.clone()).collect();
        let single = derivations
            .into_iter()
            .map(|it| ScramVerifier::from_password(it.hash, it.password, it.salt, it.iterations));
        assert_eq!(bulk, single.collect::<Vec<_>>());
    }
}
