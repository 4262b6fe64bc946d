//! The command is killed in the middle of its work, again and again: the store is whole, with the old or the new value.

use std::{fmt::Write as _, process::Stdio, thread, time::Instant};

use aiosasl::{mechanisms::scram::VerifierFormat, query::ScramVerifier, secret::Secret};

use crate::tool::Room;

pub(crate) const ALL: [(&str, fn()); 4] = [
    ("killed_in_an_import_into_sqlite", || import("sqlite:a")),
    ("killed_in_an_import_into_a_file", || import("file:a")),
    ("killed_in_set_password_in_sqlite", || set_password("sqlite:a")),
    ("killed_in_set_password_in_a_file", || set_password("file:a")),
];

/// How often one is killed.
const TIMES: u32 = 50;

/// Accounts that all have the same certificate's name but for their number.
fn accounts(round: &str) -> String {
    let mut lines = String::new();
    for number in 0..400 {
        writeln!(
            lines,
            "{{\"name\":\"user{number:03}\",\"credentials\":[{{\"credential\":\"{{CERTIFICATE}}{round}.{number}\"}}]}}"
        )
        .unwrap();
    }
    lines
}

/// Runs the command again and again, killed ever later, up to the time that it needs.
fn kill_each(room: &Room, arguments: impl Fn(u32) -> Vec<String>, check: impl Fn(u32) -> bool) {
    let run = |number: u32| {
        let arguments = arguments(number);
        let mut command = room.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let started = Instant::now();
    assert!(run(0).status().unwrap().success());
    let whole = started.elapsed();
    assert!(check(0), "it was done");
    let mut undone = 0;
    for number in 1..=TIMES {
        let mut child = run(number).spawn().unwrap();
        thread::sleep(whole * number / TIMES);
        child.kill().unwrap();
        let is_done = child.wait().unwrap().success();
        let is_new = check(number);
        assert!(is_new || !is_done, "what was done is there");
        undone += u32::from(!is_new);
    }
    assert!(undone > 0, "it was never killed before it was done: the test does not test");
    assert!(run(TIMES + 1).status().unwrap().success(), "the store can be used again");
    assert!(check(TIMES + 1));
}

fn import(store: &str) {
    let room = Room::new();
    let command = |number: u32| {
        room.write("all", &accounts(&format!("round {number}")));
        let arguments =
            ["import", "all", "--format", "json", "--on-conflict", "replace", "--accounts", store];
        arguments.map(str::to_owned).to_vec()
    };
    let check = |number: u32| {
        let text = room.done(&["export", "--format", "json", "--accounts", store]);
        let rounds: Vec<&str> = text
            .lines()
            .map(|line| line.split("round ").nth(1).unwrap().split('.').next().unwrap())
            .collect();
        assert_eq!(rounds.len(), 400);
        assert!(rounds.windows(2).all(|pair| pair[0] == pair[1]), "half of an import: {rounds:?}");
        rounds[0] == number.to_string()
    };
    kill_each(&room, command, check);
}

fn set_password(store: &str) {
    let room = Room::new();
    room.write("password", "password 0");
    let derivation = ["--hash", "SCRAM-SHA-256", "--iterations", "4096", "--scheme", "none"];
    let mut add = vec!["add", "alice", "--password-file", "password", "--accounts", store];
    add.extend(derivation);
    room.done(&add);
    let command = |number: u32| {
        room.write("password", &format!("password {number}"));
        let mut arguments =
            vec!["set-password", "alice", "--password-file", "password", "--accounts", store];
        arguments.extend(derivation);
        arguments.iter().map(|it| (*it).to_owned()).collect()
    };
    let last = std::cell::Cell::new(0);
    let check = |number: u32| {
        let text = room.done(&["export", "--format", "gsasl", "--accounts", store]);
        let verifier = text.trim_end().strip_prefix("alice:").unwrap();
        let verifier = ScramVerifier::parse(VerifierFormat::Dovecot, verifier, None).unwrap();
        let is = |number: u32| verifier.verifies(Secret::new(format!("password {number}")));
        let is_new = is(number);
        assert!(is_new || is(last.get()), "neither the old password nor the new one");
        if is_new {
            last.set(number);
        }
        is_new
    };
    kill_each(&room, command, check);
}
