//! Every back end for accounts, held to the same behaviour: one list of tests that each of them passes.
//!
//! PostgreSQL's run where `AIOSASL_TEST_POSTGRES` has the URL of a server's database, in schemas of their own.

#![expect(clippy::unwrap_used, reason = "tests")]

mod contract;
mod counts;
mod file;
mod kill;
mod log;
mod memory;
mod postgres;
mod samples;
mod sqlite;
mod stage;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [kill::CHILD, schema, generation] =
        &arguments.iter().map(|it| &**it).collect::<Vec<_>>()[..]
    {
        return kill::child(schema, generation);
    }
    log::listen();
    let mut trials = memory::trials();
    trials.extend(file::trials());
    trials.extend(sqlite::trials());
    trials.extend(postgres::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
