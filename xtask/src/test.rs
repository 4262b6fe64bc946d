//! `cargo xtask test`: every check, one after the other, and one line at the end that counts them.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::peers::Stores;
use crate::run::{self, Output};
use crate::tally::Tally;
use crate::{peers, tidy};

/// The crates that the library may bring along where no mechanism needs cryptography.
const BARE: [&str; 3] = ["aiosasl", "subtle", "zeroize"];

/// Runs all steps, goes on after failures, and counts.
pub(crate) fn run(quick: bool) -> Result<Tally> {
    let mut steps = Steps::default();
    steps.cargo("fmt", &["fmt", "--all", "--check"])?;
    clippy(&mut steps)?;
    steps.step("tidy", tidy_step)?;
    let features = linkable_features(&mut steps)?;
    let stores = steps.stores(quick)?;
    steps.tests(
        "tests and examples",
        run::cargo()
            .args(["test", "--workspace", "--no-fail-fast"])
            .args(features)
            .envs(stores.iter().flat_map(|it| it.environment.clone())),
    )?;
    drop(stores);
    no_std(&mut steps)?;
    steps.step("dependencies of the bare library", bare_dependencies)?;
    steps.command(
        "rustdoc",
        run::cargo()
            .args(["doc", "--workspace", "--no-deps", "--all-features"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    deny(&mut steps)?;
    if quick {
        steps.tally.skip("peers", "left out by --quick");
    } else {
        steps.peers("peers", peers::run)?;
        steps.peers("clients", peers::run_clients)?;
        steps.peers("stdio", peers::run_stdio)?;
        steps.peers("examples", |_| peers::run_examples())?;
    }
    Ok(steps.tally)
}

fn clippy(steps: &mut Steps) -> Result<()> {
    const STRICT: [&str; 3] = ["--", "-D", "warnings"];
    steps.cargo(
        "clippy: everything",
        &[&["clippy", "--workspace", "--all-features", "--all-targets"][..], &STRICT].concat(),
    )?;
    let alone = ["clippy", "--package", "aiosasl", "--no-default-features"];
    steps.cargo("clippy: no features", &[&alone[..], &STRICT].concat())?;
    for feature in features()? {
        steps.cargo(
            &format!("clippy: {feature} alone"),
            &[&alone[..], &["--features", &feature], &STRICT].concat(),
        )?;
    }
    Ok(())
}

/// The library's features, each of which must do alone.
fn features() -> Result<Vec<String>> {
    let all = workspace_features()?;
    Ok(all.into_iter().filter(|(package, _)| package == "aiosasl").map(|(_, it)| it).collect())
}

/// Package and feature, of the whole workspace.
fn workspace_features() -> Result<Vec<(String, String)>> {
    let mut command = run::cargo();
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let said = run::output(&mut command, run::SHORT)?;
    let metadata: Value = serde_json::from_str(&said.stdout).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata: no packages")?;
    let mut found = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("cargo metadata: no name")?;
        let features = package["features"].as_object().context("cargo metadata: no features")?;
        let others = features.keys().filter(|it| *it != "default");
        found.extend(others.map(|feature| (name.to_owned(), feature.clone())));
    }
    Ok(found)
}

/// All features; without PAM's where there is no library to link to.
fn linkable_features(steps: &mut Steps) -> Result<Vec<String>> {
    if peers::pam::is_linkable() {
        return Ok(vec!["--all-features".to_owned()]);
    }
    steps.tally.skip("pam", "there is no libpam to link to: apt-get install libpam0g-dev");
    let named = workspace_features()?.into_iter().filter(|(_, feature)| feature != "pam");
    let named: Vec<_> = named.map(|(package, feature)| format!("{package}/{feature}")).collect();
    Ok(vec!["--features".to_owned(), named.join(",")])
}

/// The library without std: it builds, and a program without std links it, which would fail if it
/// brought std along; that this is noticed is tried as well.
fn no_std(steps: &mut Steps) -> Result<()> {
    steps.cargo(
        "no_std: the library builds",
        &["build", "--package", "aiosasl", "--no-default-features"],
    )?;
    let proof = run::root().join("xtask/no-std-proof");
    // The versions that everything else is tested with.
    fs::copy(run::root().join("Cargo.lock"), proof.join("Cargo.lock"))?;
    let build = |features: &[&str]| {
        let mut command = run::cargo();
        command.current_dir(&proof).arg("build").args(features);
        command.arg("--target-dir").arg(run::target().join("no-std-proof"));
        command
    };
    steps.command("no_std: a program without std links it", &mut build(&[]))?;
    steps.step("no_std: the proof notices std", || {
        let said = run::output(&mut build(&["--features", "leak"]), run::BUILD)?;
        if said.success() || !said.text().contains("panic_impl") {
            bail!("std came along, and nothing was noticed:\n{}", said.text());
        }
        Ok(())
    })
}

fn tidy_step() -> Result<()> {
    let report = tidy::check()?;
    if !report.violations.is_empty() {
        report.print();
        bail!("cargo xtask tidy");
    }
    Ok(())
}

fn bare_dependencies() -> Result<()> {
    let mut command = run::cargo();
    command.args(["tree", "--package", "aiosasl", "--no-default-features"]);
    command.args([
        "--features",
        "plain,external,anonymous",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]);
    let said = run::output(&mut command, run::SHORT)?;
    if !said.success() {
        bail!("{}", said.text());
    }
    let crates: BTreeSet<&str> =
        said.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let more: Vec<&str> = crates.into_iter().filter(|it| !BARE.contains(it)).collect();
    if !more.is_empty() {
        bail!("it needs more than {}: {}", BARE.join(", "), more.join(", "));
    }
    Ok(())
}

/// Licences, sources and double crates; not the advisories, which change while nothing changes here.
fn deny(steps: &mut Steps) -> Result<()> {
    let mut version = run::cargo();
    if !run::output(version.args(["deny", "--version"]), run::SHORT)?.success() {
        steps.tally.skip("deny", "cargo-deny is not installed: cargo install cargo-deny");
        return Ok(());
    }
    steps.cargo("deny", &["deny", "--all-features", "check", "bans", "licenses", "sources"])
}

/// The steps so far.
#[derive(Default)]
struct Steps {
    tally: Tally,
}

impl Steps {
    /// One step that is done by cargo, and counts as one.
    fn cargo(&mut self, name: &str, arguments: &[&str]) -> Result<()> {
        self.command(name, run::cargo().args(arguments))
    }

    fn command(&mut self, name: &str, command: &mut Command) -> Result<()> {
        self.step(name, || {
            let said = run::output(command, run::BUILD)?;
            if said.success() { Ok(()) } else { bail!("{command:?}\n{}", said.text()) }
        })
    }

    /// One step that counts as one.
    fn step(&mut self, name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        let started = Instant::now();
        let result = work();
        run::check_interrupt()?;
        line(result.is_ok(), started.elapsed(), name);
        match result {
            Ok(()) => self.tally.passed += 1,
            Err(error) => {
                println!("{error:#}");
                self.tally.fail(name);
            }
        }
        Ok(())
    }

    /// A run of `cargo test`, which counts its tests.
    fn tests(&mut self, name: &str, command: &mut Command) -> Result<()> {
        let said = run::output(command, run::BUILD)?;
        run::check_interrupt()?;
        let tally = count(name, &said);
        line(tally.failed.is_empty(), said.elapsed, &format!("{name}: {tally}"));
        if !tally.failed.is_empty() {
            println!("{}", said.text());
        }
        self.tally.add(tally);
        Ok(())
    }

    /// Starts the servers that keep accounts for the tests.
    fn stores(&mut self, quick: bool) -> Result<Option<Stores>> {
        if quick {
            return Ok(None);
        }
        let mut stores = None;
        self.step("servers that keep accounts", || {
            stores = Some(peers::start_stores()?);
            Ok(())
        })?;
        Ok(stores)
    }

    /// `name` is for the report; `play` starts the other end, and plays a table of logins.
    fn peers(&mut self, name: &str, play: fn(&peers::Options) -> Result<Tally>) -> Result<()> {
        let started = Instant::now();
        let tally = match play(&peers::Options::default()) {
            Ok(tally) => tally,
            Err(error) => {
                println!("{error:#}");
                let mut tally = Tally::default();
                tally.fail(name);
                tally
            }
        };
        run::check_interrupt()?;
        line(tally.failed.is_empty(), started.elapsed(), &format!("{name}: {tally}"));
        self.tally.add(tally);
        Ok(())
    }
}

fn line(passed: bool, elapsed: Duration, name: &str) {
    let mark = if passed { "ok" } else { "FAILED" };
    println!("{mark:<6} {:>6.1} s  {name}", elapsed.as_secs_f64());
}

/// What `cargo test` says of its tests.
fn count(name: &str, said: &Output) -> Tally {
    let mut tally = count_lines(&said.stdout);
    if !said.success() && tally.failed.is_empty() {
        tally.fail(&format!("{name}: does not build, or ended early"));
    }
    tally
}

fn count_lines(stdout: &str) -> Tally {
    let mut tally = Tally::default();
    for text in stdout.lines() {
        if let Some(counts) = text.strip_prefix("test result: ") {
            let passed = counts.split([' ', '.', ';']).filter(|it| !it.is_empty());
            let words: Vec<&str> = passed.collect();
            let before =
                |word| words.iter().position(|it| *it == word).and_then(|it| it.checked_sub(1));
            let count = before("passed").and_then(|it| words.get(it)?.parse::<usize>().ok());
            tally.passed += count.unwrap_or(0);
        } else if let Some((test, result)) =
            text.strip_prefix("test ").and_then(|it| it.rsplit_once(" ... "))
        {
            if result == "FAILED" {
                tally.fail(test.trim_end());
            } else if let Some(reason) = result.strip_prefix("ignored") {
                // cargo's own harness says `ignored, reason`, others `ignored (reason)`.
                let reason = reason.trim_matches([',', ' ', '(', ')']);
                tally.skip(test.trim_end(), if reason.is_empty() { "ignored" } else { reason });
            }
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_of_cargo_test_are_counted() {
        let tally = count_lines(
            "running 3 tests\ntest a::b ... ok\ntest a::c ... FAILED\n\
             test a::d ... ignored, takes an hour\n\
             test b    ... ignored (needs a server)\n\
             test result: FAILED. 12 passed; 1 failed; 2 ignored; 0 measured\n\
             test src/lib.rs - x (line 3) ... ok\n\
             test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured\n",
        );
        assert_eq!(tally.to_string(), "17 passed, 1 failed, 2 skipped");
        assert_eq!(
            tally.details(),
            "failed   a::c\nskipped  a::d: takes an hour\nskipped  b: needs a server\n"
        );
    }

    #[test]
    fn the_library_has_features_to_be_tried_alone() {
        let features = features().unwrap();
        assert!(
            features.iter().any(|it| it == "plain") && !features.iter().any(|it| it == "default")
        );
        let store = |feature: &str| ("aiosasl-store".to_owned(), feature.to_owned());
        let all = workspace_features().unwrap();
        assert!(all.contains(&store("pam")) && all.contains(&store("ldap")));
    }
}
