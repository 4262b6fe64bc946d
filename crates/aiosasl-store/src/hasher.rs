//! Hashing away from the async threads: as much at once as there are cores, as much waiting as somebody allows.

use std::{sync::Arc, thread};

use aiosasl::{
    hash::Hash,
    query::ScramVerifier,
    secret::{self, Password, Secret},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task,
};

use crate::{
    derivation::Derivation,
    error::{StoreError, StoreErrorKind},
    password::{HashPolicy, PasswordHash, Salt},
};

/// The most rounds that are done for a SCRAM verifier: some seconds.
const MAX_ITERATIONS: u32 = 10_000_000;
/// What a hash may use of memory for each core that it keeps to itself, in KiB: what uses more keeps more cores.
const MEMORY_PER_CORE: u64 = 64 * 1024;

/// Makes and verifies hashes on threads that may be busy; its clones share cores and queue.
///
/// Each asker waits in turn, and one who stops waiting frees the place. What has begun is finished, and keeps its core
/// until then, even where nobody wants to know any more. It needs a runtime of tokio.
///
/// # Example: nobody learns from the time that it takes whether there is an account
///
/// ```
/// use aiosasl::secret::Password;
/// use aiosasl_store::{Hasher, HashPolicy};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), aiosasl_store::StoreError> {
/// let hasher = Hasher::new(HashPolicy::default())?;
/// let password = Password::new("pencil");
/// let hash = hasher.make(hasher.policy(), &password).await?;
/// assert!(hasher.verify(&hash, &password).await?);
/// hasher.verify_nobody(&password).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Hasher {
    policy: HashPolicy,
    nobody: PasswordHash,
    limits: Limits,
    cores: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// How much is done, and how much waits to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Hashes at once, 1 to 1024. Each uses as much memory as it says, and one that says more than 64 MiB counts as
    /// more.
    pub at_once: usize,
    /// Hashes that wait, 0 to 1,000,000; who comes then is told to come later.
    pub waiting: usize,
}

impl Default for Limits {
    /// As many at once as there are cores, and 256 waiting for each: some seconds.
    fn default() -> Self {
        let at_once = thread::available_parallelism().map_or(1, usize::from);
        Self { at_once, waiting: at_once * 256 }
    }
}

impl Hasher {
    /// A hasher with the default limits; hashes once, for [`verify_nobody`](Self::verify_nobody).
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unavailable`], where the operating system has no randomness.
    pub fn new(policy: HashPolicy) -> Result<Self, StoreError> {
        Self::with_limits(policy, Limits::default())
    }

    /// A hasher with these limits.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_limits(policy: HashPolicy, limits: Limits) -> Result<Self, StoreError> {
        let limits = Limits {
            at_once: limits.at_once.clamp(1, 1024),
            waiting: limits.waiting.min(1_000_000),
        };
        let nobody = PasswordHash::of_nobody(&policy)?;
        Ok(Self {
            policy,
            nobody,
            limits,
            cores: Arc::new(Semaphore::new(limits.at_once)),
            places: Arc::new(Semaphore::new(limits.at_once + limits.waiting)),
        })
    }

    /// How new hashes are made, and how expensive nobody's is.
    pub fn policy(&self) -> &HashPolicy {
        &self.policy
    }

    /// Whether this is the hash of the password, which is prepared already.
    ///
    /// For a hash that is weaker than the policy, the policy's work is done, too: cheap hashes don't tell by their
    /// speed that the account exists.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unavailable`], where too many wait, or the runtime ends.
    pub async fn verify(
        &self,
        hash: &PasswordHash,
        password: &Password,
    ) -> Result<bool, StoreError> {
        let (hash, password) = (hash.clone(), password.clone());
        let nobody = hash.is_weaker_than(&self.policy).then(|| self.nobody.clone());
        let memory = nobody.as_ref().map_or(0, |it| it.cost().memory()).max(hash.cost().memory());
        self.run(memory, move || {
            if let Some(nobody) = nobody {
                nobody.verifies(&password);
            }
            hash.verifies(&password)
        })
        .await
    }

    /// The same work for an account that does not exist, or has no password: with the result that is known.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub async fn verify_nobody(&self, password: &Password) -> Result<(), StoreError> {
        self.verify(&self.nobody, password).await.map(drop)
    }

    /// Whether this is the verifier of the password, which is prepared already.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify); [`StoreErrorKind::Malformed`], for a verifier that asks for more than 10,000,000
    /// iterations.
    pub async fn verify_scram(
        &self,
        verifier: &ScramVerifier,
        password: &Secret,
    ) -> Result<bool, StoreError> {
        bounded(verifier.iterations(), StoreErrorKind::Malformed)?;
        let own =
            self.scram(verifier.hash(), password.clone(), verifier.salt(), verifier.iterations());
        Ok(secret::equal(own.await?.stored_key(), verifier.stored_key()))
    }

    /// A hash of the password, which is prepared already.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify) and [`PasswordHash::make`].
    pub async fn make(
        &self,
        policy: &HashPolicy,
        password: &Password,
    ) -> Result<PasswordHash, StoreError> {
        let (policy, password, salt) = (*policy, password.clone(), Salt::random()?);
        self.run(policy.cost().memory(), move || PasswordHash::make(&policy, &password, salt))
            .await?
    }

    /// The SCRAM verifier of a password, which is prepared already, with a raw salt.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify); [`StoreErrorKind::Invalid`], for no iterations, or more than 10,000,000.
    pub async fn scram(
        &self,
        hash: Hash,
        password: Secret,
        salt: impl Into<Box<[u8]>>,
        iterations: u32,
    ) -> Result<ScramVerifier, StoreError> {
        bounded(iterations, StoreErrorKind::Invalid)?;
        let derivation = Derivation { hash, password, salt: salt.into(), iterations };
        self.run(0, move || derivation.verifier()).await
    }

    /// Waits for a core and does the work, which uses so much memory (in KiB).
    async fn run<T: Send + 'static>(
        &self,
        memory: u64,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let unavailable = |what: &str| StoreError::new(StoreErrorKind::Unavailable, what);
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| unavailable("too many passwords wait to be hashed"))?;
        let cores = self.cores(memory).await?;
        let work = move || {
            let done = work();
            // They go with the work, and not with those who wait for it.
            drop((place, cores));
            done
        };
        task::spawn_blocking(work)
            .await
            .map_err(|error| unavailable("hashing was interrupted").because(error))
    }

    async fn cores(&self, memory: u64) -> Result<OwnedSemaphorePermit, StoreError> {
        let most = u32::try_from(self.limits.at_once).unwrap_or(u32::MAX);
        let count = u32::try_from(memory.div_ceil(MEMORY_PER_CORE)).unwrap_or(u32::MAX);
        Arc::clone(&self.cores).acquire_many_owned(count.clamp(1, most)).await.map_err(|error| {
            StoreError::new(StoreErrorKind::Unavailable, "nothing is hashed any more")
                .because(error)
        })
    }
}

fn bounded(iterations: u32, kind: StoreErrorKind) -> Result<(), StoreError> {
    if (1..=MAX_ITERATIONS).contains(&iterations) {
        Ok(())
    } else {
        let text = format!("expected 1 to {MAX_ITERATIONS} iterations, found {iterations}");
        Err(StoreError::new(kind, text))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        sync::{
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        task::{Context, Waker},
    };

    use super::*;

    fn hasher(at_once: usize, waiting: usize) -> Hasher {
        let policy = "ARGON2ID:m=64,t=1,p=1".parse().unwrap();
        Hasher::with_limits(policy, Limits { at_once, waiting }).unwrap()
    }

    fn poll_once<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
        future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[tokio::test]
    async fn what_is_made_is_verified() {
        let hasher = hasher(2, 2);
        let [right, wrong] = ["pencil", "pencim"].map(Password::new);
        let hash = hasher.make(hasher.policy(), &right).await.unwrap();
        assert!(hasher.verify(&hash, &right).await.unwrap());
        assert!(!hasher.verify(&hash, &wrong).await.unwrap());
        let weak = PasswordHash::parse("{PLAIN}pencil").unwrap();
        assert!(hasher.verify(&weak, &right).await.unwrap());
        assert!(!hasher.verify(&weak, &wrong).await.unwrap());
        hasher.verify_nobody(&right).await.unwrap();
    }

    #[tokio::test]
    async fn verifiers_are_made_and_verified() {
        let hasher = hasher(1, 0);
        let [right, wrong] = [*b"pencil", *b"pencim"].map(Secret::new);
        let made = hasher.scram(Hash::Sha256, right.clone(), *b"salt", 4096).await.unwrap();
        let own = ScramVerifier::from_password(Hash::Sha256, right.clone(), *b"salt", 4096);
        assert_eq!(made, own);
        assert!(hasher.verify_scram(&made, &right).await.unwrap());
        assert!(!hasher.verify_scram(&made, &wrong).await.unwrap());
        for iterations in [0, u32::MAX] {
            let refused = hasher.scram(Hash::Sha256, right.clone(), *b"salt", iterations).await;
            assert_eq!(refused.unwrap_err().kind, StoreErrorKind::Invalid);
        }
    }

    #[tokio::test]
    async fn who_comes_when_the_queue_is_full_is_told_so_at_once() {
        let hasher = hasher(1, 1);
        let (go, wait) = mpsc::channel::<()>();
        let mut running = pin!(hasher.run(0, move || wait.recv().is_ok()));
        let mut waiting = Box::pin(hasher.run(0, || ()));
        assert!(!poll_once(running.as_mut()) && !poll_once(waiting.as_mut()));
        let error = hasher.run(0, || ()).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable);
        drop(waiting);
        let mut another = pin!(hasher.run(0, || ()));
        assert!(!poll_once(another.as_mut()));
        go.send(()).unwrap();
        assert!(running.await.unwrap());
        another.await.unwrap();
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_keeps_its_core_until_it_is_done() {
        let hasher = hasher(1, 1);
        let (go, wait) = mpsc::channel::<()>();
        let mut gone = Box::pin(hasher.run(0, move || wait.recv().is_ok()));
        assert!(!poll_once(gone.as_mut()));
        drop(gone);
        let mut next = pin!(hasher.run(0, || "done"));
        assert!(!poll_once(next.as_mut()));
        assert_eq!(hasher.cores.available_permits(), 0);
        go.send(()).unwrap();
        assert_eq!(next.await.unwrap(), "done");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_is_done_at_once_than_there_are_cores() {
        let hasher = hasher(2, 100);
        let [now, most] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..40)
            .map(|at| {
                let (hasher, now, most) = (hasher.clone(), Arc::clone(&now), Arc::clone(&most));
                // Each fourth uses so much memory that it has to be alone.
                let (memory, weight) = if at % 4 == 0 { (1 << 20, 2) } else { (64, 1) };
                tokio::spawn(async move {
                    let work = move || {
                        let count = now.fetch_add(weight, Ordering::SeqCst) + weight;
                        most.fetch_max(count, Ordering::SeqCst);
                        thread::sleep(std::time::Duration::from_millis(2));
                        now.fetch_sub(weight, Ordering::SeqCst);
                    };
                    hasher.run(memory, work).await
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_hasher_is_silent() {
        let text = format!("{:?}", hasher(1, 1));
        assert!(text.contains("ARGON2ID") || text.contains("Argon2id"), "{text}");
        assert!(!text.contains('$'), "{text}");
    }
}
