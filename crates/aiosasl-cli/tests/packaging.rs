//! What packagers ask for: completions that the shell itself takes, and pages that name every subcommand.

use std::{
    fs,
    process::{Command, Output},
};

fn aiosasl(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aiosasl")).args(arguments).output().expect("the command")
}

/// The subcommands, as the help lists them.
fn subcommands() -> Vec<String> {
    let help = String::from_utf8(aiosasl(&["--help"]).stdout).expect("UTF-8");
    let list = help.split("Commands:\n").nth(1).expect("a list of commands");
    let named = list.lines().take_while(|line| !line.is_empty());
    named
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .filter(|name| name != "help")
        .collect()
}

#[test]
fn each_shell_completes_every_subcommand() {
    let subcommands = subcommands();
    assert!(subcommands.iter().any(|name| name == "login"), "{subcommands:?}");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = aiosasl(&["completions", shell]);
        let script = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success() && output.stderr.is_empty(), "{shell}");
        for name in &subcommands {
            assert!(script.contains(name.as_str()), "{shell} does not know {name}");
        }
    }
}

#[test]
fn a_folder_gets_a_page_for_each_subcommand() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("man1");
    let output = aiosasl(&["man", "--dir", path.to_str().expect("UTF-8")]);
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    let page = |name: &str| fs::read_to_string(path.join(name)).expect(name);
    assert!(page("aiosasl.1").contains(".TH aiosasl 1"));
    for name in subcommands() {
        assert!(page(&format!("aiosasl-{name}.1")).contains(".SH SYNOPSIS"), "{name}");
    }
}

#[test]
fn without_a_folder_the_main_page_is_printed() {
    let output = aiosasl(&["man"]);
    let page = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success() && page.contains(".TH aiosasl 1"), "{page}");
    for name in subcommands() {
        assert!(page.contains(&format!("aiosasl\\-{name}(1)")), "{name}");
    }
}

#[test]
fn what_can_not_be_written_is_wrong_usage() {
    let output = aiosasl(&["man", "--dir", "/dev/null/man1"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(told.starts_with("aiosasl: can't write pages into /dev/null/man1: "), "{told}");
    assert_eq!(aiosasl(&["completions", "cmd"]).status.code(), Some(2));
}
