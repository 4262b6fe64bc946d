//! Key derivations per second: each way on one core, and in bulk on all: `cargo run --release --bin derive`.
//!
//! It counts the time that the thread had a core (where the system tells), so that a busy machine shows the same.

use std::{fs, hint::black_box, num::NonZeroU32, sync::LazyLock, time::Instant};

use aiosasl::{hash::Hash, query::DeriveKeys, secret::Secret};
use aiosasl_store::{Derivation, derive_verifiers};

/// Iterations of each derivation.
const ITERATIONS: u32 = 4096;
/// Seconds of one run; the best of five counts.
const RUN: f64 = 0.2;
const PASSWORD: &[u8] = b"pencil";
const SALT: &[u8] = b"0123456789abcdef";

fn main() {
    println!("derivations of {ITERATIONS} iterations per second and core");
    println!("{:<16}{:>10}{:>10}{:>10}{:>10}", "", "store", "library", "pbkdf2", "ring");
    for hash in Hash::ALL {
        let ways = [
            Some(rate(|| derivation(*hash).verifier())),
            Some(rate(|| {
                DeriveKeys::new(*hash, Secret::new(PASSWORD), SALT, ITERATIONS).salted_password()
            })),
            Some(rate(|| rust_crypto(*hash))),
            in_ring(*hash).map(|algorithm| rate(|| ring_derive(algorithm, hash.output_len()))),
        ];
        let ways = ways.map(|it| it.map_or_else(|| "-".to_owned(), |it| format!("{it:.0}")));
        let [store, library, pbkdf2, ring] = ways;
        println!("{:<16}{store:>10}{library:>10}{pbkdf2:>10}{ring:>10}", hash.scheme());
    }
    let count: u16 = 4000;
    let start = Instant::now();
    let made = derive_verifiers((0..count).map(|_| derivation(Hash::Sha256))).count();
    assert_eq!(made, usize::from(count));
    let rate = f64::from(count) / start.elapsed().as_secs_f64();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("SCRAM-SHA-256 in bulk, {cores} cores, by the clock: {rate:.0} per second");
}

fn derivation(hash: Hash) -> Derivation {
    Derivation { hash, password: Secret::new(PASSWORD), salt: SALT.into(), iterations: ITERATIONS }
}

fn rust_crypto(hash: Hash) -> Vec<u8> {
    let mut key = vec![0; hash.output_len()];
    let derive = match hash {
        Hash::Sha1 => pbkdf2::pbkdf2_hmac::<sha1::Sha1>,
        Hash::Sha224 => pbkdf2::pbkdf2_hmac::<sha2::Sha224>,
        Hash::Sha256 => pbkdf2::pbkdf2_hmac::<sha2::Sha256>,
        Hash::Sha384 => pbkdf2::pbkdf2_hmac::<sha2::Sha384>,
        Hash::Sha512 => pbkdf2::pbkdf2_hmac::<sha2::Sha512>,
        _ => pbkdf2::pbkdf2_hmac::<sha3::Sha3_512>,
    };
    derive(PASSWORD, SALT, ITERATIONS, &mut key);
    key
}

fn in_ring(hash: Hash) -> Option<ring::pbkdf2::Algorithm> {
    match hash {
        Hash::Sha1 => Some(ring::pbkdf2::PBKDF2_HMAC_SHA1),
        Hash::Sha256 => Some(ring::pbkdf2::PBKDF2_HMAC_SHA256),
        Hash::Sha384 => Some(ring::pbkdf2::PBKDF2_HMAC_SHA384),
        Hash::Sha512 => Some(ring::pbkdf2::PBKDF2_HMAC_SHA512),
        _ => None,
    }
}

fn ring_derive(algorithm: ring::pbkdf2::Algorithm, len: usize) -> Vec<u8> {
    let mut key = vec![0; len];
    let iterations = NonZeroU32::new(ITERATIONS).expect("more than none");
    ring::pbkdf2::derive(algorithm, iterations, SALT, PASSWORD, &mut key);
    key
}

/// How often per second, in the best of five runs.
fn rate<T>(mut work: impl FnMut() -> T) -> f64 {
    let run = |_| {
        let (start, mut times) = (seconds(), 0_u32);
        loop {
            for _ in 0..4 {
                black_box(work());
            }
            times += 4;
            let passed = seconds() - start;
            if passed > RUN {
                return f64::from(times) / passed;
            }
        }
    };
    (0..5).map(run).fold(0.0, f64::max)
}

/// The time that this thread had a core; by the clock where the system does not tell.
fn seconds() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let start = *START;
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    told.and_then(|it| it.split(' ').next()?.parse::<f64>().ok())
        .map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}
