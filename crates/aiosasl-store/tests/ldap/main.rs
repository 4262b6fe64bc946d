//! The LDAP back end against a real directory, whose address is in `AIOSASL_TEST_LDAP`; `cargo xtask test` starts one.

#![expect(
    clippy::unwrap_used,
    reason = "tests, which clippy does not see: the harness is not its own"
)]

mod bad_servers;
mod directory;
mod site;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Runtime;

use self::site::Site;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let site = if arguments.list { None } else { Site::get() };
    let mut trials: Vec<Trial> = directory::ALL
        .iter()
        .map(|(name, test)| {
            Trial::ignorable_test(*name, move || match site {
                Some(site) => run(|| test(site)),
                None => Ok(Completion::ignored_with("AIOSASL_TEST_LDAP names no directory")),
            })
        })
        .collect();
    trials.extend(
        bad_servers::ALL
            .iter()
            .map(|(name, test)| Trial::test(*name, move || run(test).map(|_| ()))),
    );
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Runs a test on a runtime of its own.
fn run(test: impl FnOnce() -> site::Test) -> Result<Completion, Failed> {
    let runtime = Runtime::new()?;
    runtime.block_on(test());
    Ok(Completion::Completed)
}
