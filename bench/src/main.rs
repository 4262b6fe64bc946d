//! Speed as ratios of two things measured in turn, in one run: `cargo run --release` in this folder.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use aiosasl::{
    hash::Hash,
    mechanisms::{plain, scram},
    prep::{Strings, saslprep},
    profile::Profile,
    query::DeriveKeys,
    secret::Secret,
};
use aiosasl_testkit::{Accounts, FaceToFace};

/// Pairs of runs; the median of their ratios counts.
const PAIRS: usize = 15;

fn main() {
    let salt = *b"0123456789abcdef";
    let ours =
        || DeriveKeys::new(Hash::Sha256, Secret::new(*b"pencil"), salt, 4096).salted_password();
    let crates = || {
        let mut key = [0; 32];
        pbkdf2::pbkdf2_hmac::<sha2::Sha256>(b"pencil", &salt, 4096, &mut key);
        key
    };
    assert_eq!(ours().as_ref(), crates());
    ratio("Hi, 4096 rounds of SHA-256: ours / the pbkdf2 crate", 20, ours, crates);

    let sliced = || {
        let mut job = DeriveKeys::new(Hash::Sha256, Secret::new(*b"pencil"), salt, 4096);
        while job.run(256) > 0 {}
        job.salted_password()
    };
    ratio("Hi in slices of 256 rounds / in one go", 20, sliced, ours);

    let accounts = Accounts::new().with_password("user", "pencil");
    let whole = FaceToFace::new(&scram::SCRAM_SHA_256, &accounts);
    ratio(
        "a SCRAM-SHA-256 login, both ends / its key derivation alone",
        20,
        || whole.meet("user", "pencil", Profile::FULL).client.is_ok(),
        ours,
    );
    let unknown = FaceToFace::new(&scram::SCRAM_SHA_256, &accounts);
    ratio(
        "SCRAM with an unknown account / with a wrong password",
        20,
        || unknown.meet("none", "wrong!", Profile::FULL).client.is_err(),
        || unknown.meet("user", "wrong!", Profile::FULL).client.is_err(),
    );
    let simple = FaceToFace::new(&plain::MECHANISM, &accounts);
    ratio(
        "PLAIN with an unknown account / with a wrong password",
        20,
        || simple.meet("none", "wrong!", Profile::FULL).client.is_err(),
        || simple.meet("user", "wrong!", Profile::FULL).client.is_err(),
    );
    ratio(
        "SASLprep: 32 ASCII characters / 32 others",
        20_000,
        || saslprep(black_box("the quick brown fox jumps over it"), Strings::Stored).is_ok(),
        || saslprep(black_box("größere Äpfel fällen ältere Bäume"), Strings::Stored).is_ok(),
    );
}

fn ratio<A, B>(
    what: &str,
    times: u32,
    mut first: impl FnMut() -> A,
    mut second: impl FnMut() -> B,
) {
    let time = |run: &mut dyn FnMut()| -> Duration {
        let start = Instant::now();
        for _ in 0..times {
            run();
        }
        start.elapsed()
    };
    let mut ratios: Vec<f64> = (0..PAIRS)
        .map(|_| {
            let left = time(&mut || drop(black_box(first())));
            let right = time(&mut || drop(black_box(second())));
            left.as_secs_f64() / right.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let (low, median, high) = (ratios[0], ratios[PAIRS / 2], ratios[PAIRS - 1]);
    println!("{what}: {median:.2} ({low:.2} to {high:.2})");
}
