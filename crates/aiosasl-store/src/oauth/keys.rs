//! An issuer's keys, kept: read again when they are old, and for an unknown name, but not at everybody's beck and call.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    fetch::{self, Client, Trust, Url},
    jwk::{self, Jwk},
};
use crate::error::{StoreError, StoreErrorKind};

/// How long keys are taken for new.
const MAX_AGE: Duration = Duration::from_secs(3600);
/// How long old keys are used where no new ones are to be had: a revoked key must go at some time.
const MAX_STALE: Duration = Duration::from_secs(24 * 3600);
/// How often the keys are read at most, whatever tokens say.
const PAUSE: Duration = Duration::from_secs(60);

/// Where an issuer's keys are: a JWK set (RFC 7517 section 5) of at most 512 KiB and 64 keys.
#[derive(Debug)]
pub struct KeySource {
    place: Place,
    pause: Duration,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Url(Url, Client),
}

impl KeySource {
    /// A file; it is read again when a token names a key that is not in it, and every hour.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::File(path.into()), pause: PAUSE }
    }

    /// A URL, `https` (or `http` on this machine); the same. Redirections are not followed.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`] where it is another URL, or the certificates to trust can't be read.
    pub fn url(url: &str, trust: Trust) -> Result<Self, StoreError> {
        Ok(Self { place: Place::Url(Url::parse(url)?, Client::new(trust)?), pause: PAUSE })
    }

    /// The same, read again after that time at the earliest instead of after a minute.
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    async fn read(&self) -> Result<Vec<Jwk>, StoreError> {
        let octets = match &self.place {
            Place::File(path) => fetch::read_file(path.clone()).await?,
            Place::Url(url, client) => client.get(url).await?,
        };
        jwk::parse_set(&octets).ok_or_else(|| {
            StoreError::new(StoreErrorKind::Malformed, "expected a JWK set of at most 64 keys")
        })
    }
}

/// The keys, as they are known.
#[derive(Debug)]
pub(super) struct Keys {
    source: KeySource,
    known: Mutex<Known>,
    /// Held by whoever reads them.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Default)]
struct Known {
    keys: Arc<[Jwk]>,
    read: Option<Instant>,
    tried: Option<Instant>,
}

impl Keys {
    pub(super) fn new(source: KeySource) -> Self {
        Self { source, known: Mutex::default(), reading: tokio::sync::Mutex::default() }
    }

    /// The keys, with the one of this name where it can be had.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unavailable`] where there are none, and none to be had.
    pub(super) async fn with(&self, key_id: Option<&str>) -> Result<Arc<[Jwk]>, StoreError> {
        let known = self.known().clone();
        if known.is_good(key_id) {
            return Ok(known.keys);
        }
        // Who can do with the old keys does not wait for somebody else who reads.
        let _reading = match self.reading.try_lock() {
            Ok(reading) => reading,
            Err(_) if known.is_usable() && known.has(key_id) => return Ok(known.keys),
            Err(_) => self.reading.lock().await,
        };
        let known = self.known().clone();
        let is_due = known.tried.is_none_or(|tried| tried.elapsed() >= self.source.pause);
        if known.is_good(key_id) || !is_due {
            return known.or_nothing(None);
        }
        self.known().tried = Some(Instant::now());
        match self.source.read().await {
            Ok(keys) => {
                let mut known = self.known();
                known.keys = keys.into();
                known.read = Some(Instant::now());
                Ok(Arc::clone(&known.keys))
            }
            Err(error) => {
                tracing::warn!(%error, "an issuer's keys can't be read");
                known.or_nothing(Some(error))
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing that can panic is done while it is held.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_good(&self, key_id: Option<&str>) -> bool {
        self.read.is_some_and(|read| read.elapsed() < MAX_AGE) && self.has(key_id)
    }

    fn is_usable(&self) -> bool {
        self.read.is_some_and(|read| read.elapsed() < MAX_STALE)
    }

    fn has(&self, key_id: Option<&str>) -> bool {
        self.keys.iter().any(|key| key.is_named(key_id))
    }

    fn or_nothing(self, why: Option<StoreError>) -> Result<Arc<[Jwk]>, StoreError> {
        if self.is_usable() {
            return Ok(self.keys);
        }
        let text = "there are no keys of the issuer";
        let error = StoreError::new(StoreErrorKind::Unavailable, text);
        Err(match why {
            Some(why) => error.because(why),
            None => error,
        })
    }
}
