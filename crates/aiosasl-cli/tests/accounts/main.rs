//! `aiosasl account`, as somebody uses it: from store to store, and killed half-way.
//!
//! PostgreSQL takes part where `AIOSASL_TEST_POSTGRES` has the URL of a server's database, in a database of its own.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod kill;
mod stores;
mod tool;
mod travel;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mut trials = vec![];
    for (name, test) in stores::ALL.into_iter().chain(travel::ALL).chain(kill::ALL) {
        trials.push(Trial::test(name, move || {
            test();
            Ok(())
        }));
    }
    let postgres = Trial::test("sqlite_to_postgresql_and_back", || {
        travel::over_postgresql();
        Ok(())
    });
    trials.push(match tool::postgres() {
        Some(_) => postgres,
        None => postgres
            .with_kind("needs AIOSASL_TEST_POSTGRES: a server's URL")
            .with_ignored_flag(true),
    });
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
