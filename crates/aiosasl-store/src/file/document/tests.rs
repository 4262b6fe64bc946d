//! Whole files, read and changed.

use super::*;
use crate::{account::AccountState, credential::Credential};

const FILE: &str = "\
# People
#aiosasl names=case-mapped

alice:{PLAIN}one:1000:1000:Alice:/home/alice::userdb_quota=5G
#aiosasl account=alice acts-as=* used=1970-01-01T00:00:00Z
#aiosasl account=alice credential={PLAIN}two label=phone
# Bob is new
Bob:{UNHEARD-OF}three:1001:1001
#aiosasl account=carol credential={PLAIN}four
#aiosasl account=urn:x credential={CERTIFICATE}x
";

fn parse(text: &str) -> Document {
    Document::parse(text.into()).unwrap()
}

fn fault(text: &str) -> String {
    Document::parse(text.into()).unwrap_err().to_string()
}

fn changed(document: &Document, name: &str, change: impl FnOnce(&mut Account)) -> String {
    let mut account =
        document.account(name).unwrap().unwrap_or_else(|| Account::new(name.try_into().unwrap()));
    change(&mut account);
    let changes = Changes::from([(name.into(), Some(account.clone()))]);
    let text = document.changed(&changes).unwrap();
    assert_eq!(Document::parse(text.clone()).unwrap().account(name).unwrap(), Some(account));
    String::from_utf8(text).unwrap()
}

#[test]
fn accounts_are_read() {
    let document = parse(FILE);
    assert_eq!(document.names(), NameRule::CaseMapped);
    let accounts: Vec<Account> = document.after(None).map(Result::unwrap).collect();
    let names: Vec<&str> = accounts.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["alice", "bob", "urn:x"]);
    let [alice, bob, urn] = &accounts[..] else { panic!() };
    assert_eq!(alice.credentials.iter().map(|it| &*it.label).collect::<Vec<_>>(), ["", "phone"]);
    assert!(alice.credentials[0].last_used.is_some());
    assert_eq!(bob.credentials, []);
    assert_eq!(document.by_certificate("x"), Some(urn.name.as_str()));
    assert_eq!(document.after(Some("alice")).count(), 2);
    assert_eq!(document.account("carol").unwrap(), None);
}

#[test]
fn all_that_does_not_change_stays_to_the_letter() {
    let document = parse(FILE);
    // What is left of an account that somebody took out by hand goes.
    let kept = FILE.replace("#aiosasl account=carol credential={PLAIN}four\n", "");
    let text = changed(&document, "dave", |_| {});
    assert_eq!(text, format!("{kept}dave:{{CRYPT}}*\n"));
    let text = changed(&document, "alice", |it| it.acts_as.clear());
    assert_eq!(text, kept.replace(" acts-as=*", ""));
    let text = changed(&document, "bob", |it| it.state = AccountState::Disabled);
    assert_eq!(text, kept.replace("{UNHEARD-OF}three", "{CRYPT}!{UNHEARD-OF}three"));
    let text =
        changed(&document, "bob", |it| it.put(Credential::new("{PLAIN}new".parse().unwrap())));
    assert_eq!(text, kept.replace("{UNHEARD-OF}three", "{PLAIN}new"));
    let text = changed(&document, "alice", |it| it.forget_password(""));
    assert_eq!(
        text,
        kept.replace("{PLAIN}one", "{CRYPT}*").replace(" used=1970-01-01T00:00:00Z", "")
    );
    let gone = document.changed(&Changes::from([("alice".into(), None)])).unwrap();
    let gone = String::from_utf8(gone).unwrap();
    assert_eq!(gone.lines().count(), FILE.lines().count() - 4, "{gone}");
    assert!(!gone.contains("alice"), "{gone}");
}

#[test]
fn a_last_line_without_an_end_gets_one() {
    let document = parse("alice:*");
    assert_eq!(changed(&document, "bob", |_| {}), "alice:*\nbob:{CRYPT}*\n");
    assert_eq!(
        changed(&document, "alice", |it| it.state = AccountState::Disabled),
        "alice:{CRYPT}!{CRYPT}*\n"
    );
    assert_eq!(document.changed(&Changes::from([("alice".into(), None)])).unwrap(), b"");
    assert_eq!(changed(&parse(""), "bob", |_| {}), "bob:{CRYPT}*\n");
}

#[test]
fn faults_name_the_line() {
    for (text, line) in [
        ("a:*\nb:{SCRAM-SHA-256}x\n", "line 2: "),
        ("a:*\n\na:*\n", "line 3: "),
        ("a:*\n#aiosasl names=raw\n", "line 2: "),
        ("#aiosasl names=case-mapped\nUser:*\nuser:*\n", "line 3: "),
        ("a:{PLAIN}x\n#aiosasl account=a credential={PLAIN}y\n", "line 2: "),
        (
            "a:*\n#aiosasl account=a used=1970-01-01T00:00:00Z\n#aiosasl account=a acts-as=*\n",
            "line 3: ",
        ),
        (
            "a:*\n#aiosasl account=a credential={CERTIFICATE}y\n#aiosasl account=a credential={CERTIFICATE}y",
            "line 3: ",
        ),
        ("a:*\n\x07:*\n", "line 2: "),
    ] {
        let fault = fault(text);
        assert!(fault.starts_with(line), "{text:?}: {fault}");
    }
}
