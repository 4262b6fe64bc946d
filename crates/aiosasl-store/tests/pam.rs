//! PAM, by the service that `AIOSASL_TEST_PAM` names; `cargo xtask test` makes one, where it may.
//!
//! There `user`, `closed` and `slow` have the password `pencil`; `closed` fails the account management, and
//! `slow` takes half a second. The service of the same name with `-broken` has a module that does not exist.

#![expect(
    clippy::unwrap_used,
    reason = "tests, which clippy does not see: the harness is not its own"
)]

use std::{
    env,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use aiosasl_store::{
    Backend as _, Checked, Key, NameRule, Pam, PamOptions, StoreError, StoreErrorKind,
};
use libtest_mimic::{Arguments, Completion, Trial};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let service = env::var("AIOSASL_TEST_PAM").ok();
    let trial = |name: &str, test: fn(String)| {
        let service = service.clone();
        Trial::ignorable_test(name, move || match service {
            Some(service) => {
                test(service);
                Ok(Completion::Completed)
            }
            None => Ok(Completion::ignored_with("AIOSASL_TEST_PAM names no service")),
        })
    };
    let trials = vec![
        trial("the_password_is_checked", |it| run(checks(it))),
        trial("what_pam_cannot_say_is_a_failure", |it| run(broken(it))),
        trial("nobody_else_waits_for_a_slow_module", |it| run(slow(it))),
        trial("no_more_threads_than_allowed", |it| run(crowd(it))),
        Trial::test("a_service_has_a_plain_name", || {
            for name in ["", "../login", "a/b", "a.b", "a\0b", "a b"] {
                assert!(Pam::new(PamOptions::new(name)).is_err(), "{name}");
            }
            Ok(())
        }),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// On one thread, so that whatever blocks is noticed.
fn run(test: impl Future<Output = ()>) {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

fn pam(service: &str, change: impl FnOnce(&mut PamOptions)) -> Pam {
    let mut options = PamOptions::new(service);
    change(&mut options);
    Pam::new(options).unwrap()
}

async fn check(pam: &Pam, name: &str, password: &str) -> Result<Checked, StoreError> {
    let name = NameRule::Raw.prepare(name).unwrap();
    pam.check_password(&name, &password.into()).await
}

async fn checks(service: String) {
    let pam = pam(&service, |_| ());
    let accepted = |name| Checked::Accepted(NameRule::Raw.prepare(name).unwrap());
    for (name, password, expected) in [
        ("user", "pencil", accepted("user")),
        ("user", "wrong", Checked::Refused),
        ("user", "", Checked::Refused),
        ("user", "pencil\n", Checked::Refused),
        ("nobody-here", "pencil", Checked::Refused),
        ("closed", "pencil", Checked::Refused),
        ("us\u{e9}r'; $(exit 0)", "pencil", Checked::Refused),
    ] {
        assert_eq!(check(&pam, name, password).await.unwrap(), expected, "{name} {password}");
    }
    let user = NameRule::Raw.prepare("user").unwrap();
    assert_eq!(pam.find(Key::Name(&user)).await.unwrap(), None);
}

async fn broken(service: String) {
    let pam = pam(&format!("{service}-broken"), |_| ());
    let error = check(&pam, "user", "pencil").await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    assert!(!error.to_string().contains("pencil"), "{error}");
}

async fn slow(service: String) {
    let pam = pam(&service, |it| it.time_limit = Duration::from_millis(200));
    let error = check(&pam, "slow", "pencil").await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    // Had the module kept this thread, its answer would have been there first.
    assert!(error.to_string().contains("within 0.2 seconds"), "{error}");
}

async fn crowd(service: String) {
    let pam = Arc::new(pam(&service, |it| it.threads = 1));
    let both = async |name| {
        let start = Instant::now();
        let (first, second) =
            tokio::join!(check(&pam, name, "pencil"), check(&pam, name, "pencil"));
        assert!(matches!((first, second), (Ok(Checked::Accepted(_)), Ok(Checked::Accepted(_)))));
        start.elapsed()
    };
    assert!(both("slow").await >= Duration::from_secs(1), "one after the other");
}
