//! `aiosasl demo`: all goes as expected, and the JSON says so.

use std::process::Command;

use serde_json::Value;

#[test]
fn all_goes_as_expected() {
    let command = Command::new(env!("CARGO_BIN_EXE_aiosasl")).args(["demo", "--json"]).output();
    let output = command.expect("the command");
    let told: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert!(output.status.success(), "{told:#}");
    assert_eq!(told["as_expected"], true);
    let logins = told["logins"].as_array().expect("a list");
    let bound = |name: &str| logins.iter().filter(|it| it["channel_binding"] == name).count();
    assert!(bound("tls-exporter") > 0 && bound("tls-server-end-point") > 0);
    for protocol in ["imap", "irc", "ldap", "lmtp", "nntp", "pop3", "sieve", "submission", "xmpp"] {
        let results = |tls: &str| -> Vec<&Value> {
            logins
                .iter()
                .filter(|it| it["protocol"] == protocol && it["tls"] == tls)
                .map(|it| &it["result"])
                .collect()
        };
        // Some have no port where TLS comes first.
        let secure = if ["lmtp", "sieve"].contains(&protocol) { "starttls" } else { "implicit" };
        for tls in ["clear", "starttls", secure] {
            assert!(results(tls).contains(&&"success".into()), "{protocol} {tls}");
        }
        assert!(results("clear").contains(&&"policy".into()), "PLAIN stays at home");
        assert!(results(secure).contains(&&"tls".into()), "strangers are left alone");
    }
}
