//! Accounts that go from store to store and from program to program.

use std::{fmt::Write as _, fs, os::unix::fs::PermissionsExt as _, process::Command};

use crate::tool::{Room, postgres};

pub(crate) const ALL: [(&str, fn()); 3] = [
    ("sqlite_to_file_and_back", over_a_file),
    ("what_dovecot_has_comes_in", from_dovecot),
    ("what_is_left_out_is_told", left_out),
];

const SCRAM: &str = "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,\
    WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

/// Accounts that have everything, as JSON lines in the order in which they are exported.
fn everything() -> String {
    let mut lines = String::new();
    for number in 1000..3500 {
        let odd = number % 2 == 1;
        let state = if odd { "disabled" } else { "enabled" };
        let expires = if odd { "\"2031-02-03T04:05:06Z\"" } else { "null" };
        writeln!(
            lines,
            "{{\"name\":\"user:{number}\u{e9}\",\"state\":\"{state}\",\"expires\":{expires},\
             \"acts_as\":[\"*\",\"a b\"],\"credentials\":[\
             {{\"credential\":\"{SCRAM}\",\"label\":null,\"expires\":null,\"last_used\":\"2026-01-02T03:04:05Z\"}},\
             {{\"credential\":\"{{PLAIN}}a:b % {number}\",\"label\":null,\"expires\":null,\"last_used\":null}},\
             {{\"credential\":\"{{SSHA}}GzlSFFFbdnXxNoVBFXmCqxxIyrRzYWx0\",\"label\":\"my phone\",\"expires\":{expires},\"last_used\":null}},\
             {{\"credential\":\"{{TOKEN}}{number:064}\",\"label\":null,\"expires\":null,\"last_used\":null}},\
             {{\"credential\":\"{{CERTIFICATE}}c{number} x\",\"label\":\"x\",\"expires\":null,\"last_used\":null}}]}}"
        )
        .unwrap();
    }
    lines
}

fn sorted(lines: &str) -> Vec<serde_json::Value> {
    let mut objects: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for object in &mut objects {
        let credentials = object["credentials"].as_array_mut().unwrap();
        credentials.sort_by_key(ToString::to_string);
    }
    objects
}

fn travel(room: &Room, format: &str, from: &str, to: &str) {
    let text = room.done(&["export", "--format", format, "--accounts", from]);
    let told = room.fed(&["import", "-", "--format", format, "--accounts", to], &text);
    assert_eq!(told, "2500 added, 0 replaced, 0 skipped\n");
}

fn export(room: &Room, from: &str) -> Vec<serde_json::Value> {
    sorted(&room.done(&["export", "--format", "json", "--accounts", from]))
}

fn over_a_file() {
    let room = Room::new();
    let all = everything();
    room.write("all", &all);
    room.done(&["import", "all", "--format", "json", "--accounts", "sqlite:a"]);
    travel(&room, "json", "sqlite:a", "file:b");
    travel(&room, "passwd", "file:b", "sqlite:c");
    assert_eq!(export(&room, "sqlite:c"), sorted(&all));
    assert_eq!(export(&room, "file:b"), sorted(&all));
}

pub(crate) fn over_postgresql() {
    let url = postgres().unwrap();
    let name = format!("aiosasl_accounts_{}", std::process::id());
    let psql = |command: &str| {
        let done = Command::new("psql").args([&url, "-qc", command]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    psql(&format!("CREATE DATABASE {name}"));
    // The options may name files, so that they go first.
    let (place, options) = url.split_once('?').unwrap_or((&url, ""));
    let (server, _) = place.rsplit_once('/').unwrap();
    let database = format!("{server}/{name}?{options}");
    let room = Room::new();
    let all = everything();
    room.write("all", &all);
    room.done(&["import", "all", "--format", "json", "--accounts", "sqlite:a"]);
    travel(&room, "json", "sqlite:a", &database);
    travel(&room, "passwd", &database, "sqlite:b");
    assert_eq!(export(&room, &database), sorted(&all));
    assert_eq!(export(&room, "sqlite:b"), sorted(&all));
    psql(&format!("DROP DATABASE {name}"));
}

fn from_dovecot() {
    let room = Room::new();
    let users = format!(
        "# people\nalice:{SCRAM}:1000:1000::/home/alice\nbob:{{SSHA}}GzlSFFFbdnXxNoVBFXmCqxxIyrRzYWx0::::::nologin\n"
    );
    room.write("users", &users);
    let import = ["import", "users", "--format", "dovecot", "--accounts", "sqlite:a", "--json"];
    assert_eq!(
        room.done(&import),
        "{\"added\":2,\"dry_run\":false,\"left_out\":{\"other\":1},\"replaced\":0,\"skipped\":0}\n"
    );
    // The same file is a store: what is Dovecot's stays there.
    room.done(&["set", "alice", "--expires", "2031-01-01", "--accounts", "file:users"]);
    let changed = users.replace(
        "/home/alice\n",
        "/home/alice\n#aiosasl account=alice expires=2031-01-01T00:00:00Z\n",
    );
    assert_eq!(room.read("users"), changed);
}

fn left_out() {
    let room = Room::new();
    room.write("all", everything().lines().next().unwrap());
    room.done(&["import", "all", "--format", "json", "--accounts", "file:a"]);
    let export =
        ["export", "--format", "kafka", "--output", "users", "--json", "--accounts", "file:a"];
    assert_eq!(
        room.done(&export),
        "{\"accounts\":1,\"left_out\":{\"acts-as\":2,\"application-password\":1,\"certificate\":1,\
         \"last-use\":1,\"password-hash\":1,\"token\":1}}\n"
    );
    let mode = fs::metadata(room.path("users")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "verifiers are nobody else's");
    let output = room.run(&["export", "--format", "kafka", "--accounts", "file:a"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), room.read("users"));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("left out: token, 1 times"), "{told}");
    assert!(
        room.refused(&["export", "--format", "passwords", "--accounts", "file:a"], 2)
            .contains("only read")
    );
}
