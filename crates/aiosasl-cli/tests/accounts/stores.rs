//! One account after the other: what is added is there, and what is wrong is said.

use crate::tool::Room;

pub(crate) const ALL: [(&str, fn()); 5] = [
    ("an_account_from_first_to_last", from_first_to_last),
    ("the_default_store_is_made_where_data_belongs", default_store),
    ("passwords_are_not_shown_and_bad_ones_refused", passwords),
    ("many_passwords_at_once", many_passwords),
    ("a_broken_import_changes_nothing", broken_import),
];

const FAST: [&str; 6] = ["--hash", "SCRAM-SHA-256", "--iterations", "4096", "--scheme", "none"];

fn from_first_to_last() {
    for store in ["sqlite:a.sqlite", "file:a"] {
        let room = Room::new();
        let on = |arguments: &[&str]| {
            let mut all = arguments.to_vec();
            all.extend(["--accounts", store]);
            all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()
        };
        let done = |arguments: &[&str]| {
            room.done(&on(arguments).iter().map(String::as_str).collect::<Vec<_>>())
        };
        let refused = |arguments: &[&str], status| {
            room.refused(&on(arguments).iter().map(String::as_str).collect::<Vec<_>>(), status)
        };
        room.write("password", "pencil\n");
        room.write("token", "0123456789abcdef0123456789abcdef\n");
        let with = |arguments: &[&'static str]| [arguments, &FAST[..]].concat();

        assert!(refused(&["list"], 2).contains("there is no"));
        done(&with(&["add", "alice", "--password-file", "password", "--names", "case-mapped"]));
        assert!(
            refused(&with(&["add", "Alice", "--password-file", "password"]), 2)
                .contains("there is an account \"alice\"")
        );
        assert!(
            refused(&with(&["add", "b", "--password-file", "password", "--names", "raw"]), 2)
                .contains("case-mapped")
        );
        done(&["add", "gate", "--certificate", "gate.example", "--may-act-as", "*", "--disabled"]);
        done(&with(&["set-password", "alice", "--label", "phone", "--password-file", "password"]));
        done(&[
            "set",
            "alice",
            "--token-file",
            "token",
            "--expires",
            "2027-01-01",
            "--may-act-as",
            "bob",
        ]);
        done(&["set", "gate", "--enable"]);
        assert_eq!(
            done(&["list"]),
            "alice  enabled   SCRAM-SHA-256, SCRAM-SHA-256 (phone), TOKEN\n\
             gate   enabled   CERTIFICATE\n"
        );
        assert_eq!(
            done(&["show", "ALICE"]),
            "name        alice\n\
             state       enabled\n\
             expires     2027-01-01T00:00:00Z\n\
             may act as  bob\n\
             credential  SCRAM-SHA-256, 4096 iterations\n\
             credential  SCRAM-SHA-256 (phone), 4096 iterations\n\
             credential  TOKEN\n"
        );
        let old = done(&["export", "--format", "postgresql"]);
        done(&with(&["set-password", "alice", "--password-file", "password"]));
        assert_ne!(old, done(&["export", "--format", "postgresql"]));
        done(&[
            "set",
            "alice",
            "--disable",
            "--forget-label",
            "phone",
            "--forget-tokens",
            "--expires",
            "never",
            "--may-not-act-as",
            "bob",
        ]);
        assert_eq!(
            done(&["show", "alice", "--json"]),
            "{\"acts_as\":[],\"credentials\":[{\"certificate\":null,\"expires\":null,\
             \"iterations\":4096,\"label\":null,\"last_used\":null,\"scheme\":\"SCRAM-SHA-256\"}],\
             \"expires\":null,\"name\":\"alice\",\"state\":\"disabled\"}\n"
        );
        done(&["remove", "alice"]);
        assert!(refused(&["remove", "alice"], 2).contains("there is no account \"alice\""));
        assert!(refused(&["show", "alice"], 2).contains("there is no account"));
        assert!(
            refused(&with(&["set-password", "alice", "--password-file", "password"]), 2)
                .contains("there is no account")
        );
    }
}

fn default_store() {
    let room = Room::new();
    room.write("password", "pencil");
    let mut arguments = vec!["add", "alice", "--password-file", "password"];
    arguments.extend(FAST);
    room.done(&arguments);
    assert!(room.path("aiosasl/accounts.sqlite").exists());
    assert_eq!(room.done(&["list"]), "alice  enabled   SCRAM-SHA-256\n");
}

fn passwords() {
    let room = Room::new();
    let add = |password: &str| {
        room.write("password", password);
        let mut arguments = vec!["add", "a", "--password-file", "password", "--accounts", "file:a"];
        arguments.extend(FAST);
        room.refused(&arguments, 2)
    };
    assert!(add("hush\u{7}").contains("a character is prohibited"));
    assert!(!add("hush\u{7}").contains("hush"));
    assert!(add("\n").contains("the password is empty"));
    assert!(!room.path("a").exists(), "no store is made for nothing");
    let errors = room.refused(&["add", "a", "--accounts", "file:a"], 2);
    assert!(errors.contains("expected a password"), "{errors}");
    room.write("token", "short\n");
    let errors = room.refused(&["add", "a", "--token-file", "token", "--accounts", "file:a"], 2);
    assert!(errors.contains("can be guessed") && !errors.contains("short"), "{errors}");
    let errors = room.refused(&["list", "--accounts", "mysql://a:hush@b/c"], 2);
    assert!(!errors.contains("hush"), "{errors}");
}

fn many_passwords() {
    let room = Room::new();
    let lines = |count: usize| -> String {
        let line = |number| format!("user{number:03}:password {number}\n");
        (0..count).map(line).collect::<Vec<_>>().concat()
    };
    room.write("people", &lines(450));
    let mut arguments =
        vec!["import", "people", "--format", "passwords", "--accounts", "sqlite:a", "--json"];
    arguments.extend(FAST);
    assert_eq!(
        room.done(&arguments),
        "{\"added\":450,\"dry_run\":false,\"left_out\":{},\"replaced\":0,\"skipped\":0}\n"
    );
    let list = room.done(&["list", "--accounts", "sqlite:a"]);
    assert_eq!(list.lines().count(), 450);
    assert!(list.lines().all(|line| line.ends_with("  enabled   SCRAM-SHA-256")), "{list}");
    arguments.extend(["--on-conflict", "skip"]);
    room.write("people", &lines(452));
    assert!(room.done(&arguments).starts_with("{\"added\":2,"));
}

fn broken_import() {
    for store in ["sqlite:a", "file:a"] {
        let room = Room::new();
        let good = "{\"name\":\"alice\",\"credentials\":[{\"credential\":\"{PLAIN}x\"}]}\n";
        room.write("all", &format!("{good}{{\"name\":\"hush\",\"hush\":1}}\n"));
        let import = ["import", "all", "--format", "json", "--accounts", store];
        let errors = room.refused(&import, 3);
        assert!(errors.contains("line 2: ") && !errors.contains("hush"), "{errors}");
        assert!(!room.path("a").exists(), "no store is made for a broken file");
        room.write("all", good);
        let dry = room.done(&[&import[..], &["--dry-run"]].concat());
        assert_eq!(dry, "1 accounts could be read\n");
        assert!(!room.path("a").exists(), "nothing is made to try");
        assert_eq!(room.done(&import), "1 added, 0 replaced, 0 skipped\n");
        room.write("all", &format!("{}{good}", good.replace("alice", "bob")));
        let errors = room.refused(&import, 2);
        assert!(errors.contains("there is an account \"alice\""), "{errors}");
        assert_eq!(room.done(&["list", "--accounts", store]), "alice  enabled   PLAIN\n");
        let replaced = room.done(&[&import[..], &["--on-conflict", "replace"]].concat());
        assert_eq!(replaced, "1 added, 1 replaced, 0 skipped\n");
    }
}
