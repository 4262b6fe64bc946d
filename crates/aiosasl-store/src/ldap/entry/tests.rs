//! Accounts made of entries.

use std::collections::HashMap;

use aiosasl::{hash::Hash, query::Doom, secret::Secret};

use super::super::options::Flag;
use super::{
    ExpiryForm::{Days, FileTime, GeneralizedTime},
    *,
};

fn entry(attributes: &[(&str, &[&str])]) -> Entry {
    let attrs = attributes.iter().map(|(name, values)| {
        ((*name).to_owned(), values.iter().map(|it| (*it).to_owned()).collect())
    });
    let dn = "uid=user,dc=test".to_owned();
    Entry::new(SearchEntry { dn, attrs: attrs.collect(), bin_attrs: HashMap::new() })
}

fn reader(change: impl FnOnce(&mut Options)) -> Reader {
    let mut options = Options::new("ldap://localhost", "dc=test");
    change(&mut options);
    Reader::new(&options).unwrap()
}

fn id(name: &str) -> AuthenticationId {
    AuthenticationId::new(name).unwrap()
}

fn account(reader: &Reader, attributes: &[(&str, &[&str])]) -> Account {
    reader.account(&entry(attributes), id("user"))
}

#[test]
fn a_name_is_compared_by_our_rule() {
    let entry = entry(&[("UID", &["User", "second"])]);
    for (rule, name, named) in [
        (NameRule::Saslprep, "User", true),
        (NameRule::Saslprep, "user", false),
        (NameRule::Saslprep, "second", true),
        (NameRule::Saslprep, "other", false),
        (NameRule::CaseMapped, "user", true),
    ] {
        let reader = reader(|it| it.names = rule);
        assert_eq!(reader.is_named(&entry, &id(name)), named, "{rule} {name}");
    }
    assert_eq!(reader(|_| ()).only_name(&entry), None);
}

#[test]
fn verifiers_and_hashes_become_credentials() {
    let verifier = |hash| {
        ScramVerifier::from_password(hash, Secret::new(*b"pencil"), *b"0123456789abcdef", 4096)
    };
    let [short, long] = [verifier(Hash::Sha256), verifier(Hash::Sha1)];
    let account = account(
        &reader(|it| it.attributes.cleartext = Cleartext::Accept),
        &[
            ("authPassword", &[&short.to_text(VerifierFormat::Rfc5803), "SHA1$salt$unknown"]),
            (
                "userPassword",
                &[
                    &long.to_text(VerifierFormat::Dovecot),
                    "{cleartext}one",
                    "two",
                    "{ssha}DpNn/RodO5mviMnoeLnsQESv+OZyMnNhbHQ=",
                    "{crypt}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
                    "{UNKNOWN}x",
                    "{TOKEN}0000000000000000000000000000000000000000000000000000000000000000",
                    "{CERTIFICATE}CN=admin",
                ],
            ),
        ],
    );
    assert_eq!(account.scram(Hash::Sha256).unwrap().1, &short);
    assert_eq!(account.scram(Hash::Sha1).unwrap().1, &long);
    let hashes: Vec<_> = account.password_hashes().collect();
    assert_eq!(hashes.len(), 4);
    assert_eq!(account.credentials.len(), 6);
    for (password, right) in [
        ("one", true),
        ("two", true),
        ("pencil", true),
        ("Hello world!", true),
        ("{cleartext}one", false),
    ] {
        let password = password.into();
        assert_eq!(hashes.iter().any(|(_, hash)| hash.verifies(&password)), right);
    }
}

#[test]
fn cleartext_is_no_credential_unless_asked_for() {
    for value in [
        "pencil",
        "{PLAIN}pencil",
        "{cleartext}pencil",
        "{Clear}pencil",
        "{PLAIN.b64}cGVuY2ls",
        "{plain.HEX}70656e63696c",
    ] {
        assert_eq!(account(&reader(|_| ()), &[("userPassword", &[value])]).credentials, []);
    }
}

#[test]
fn who_binds_reads_no_hashes() {
    let reader = reader(|it| it.passwords = Passwords::Bind);
    assert_eq!(reader.wanted(), ["uid"]);
}

#[test]
fn flags_and_ends_keep_an_account_out() {
    let now = Timestamp::from_unix(1_795_519_800);
    let flagged = |values: &[&str], value: &str| {
        let values = values.iter().map(|it| (*it).into()).collect();
        let flag = Flag { attribute: "nsAccountLock".into(), values };
        let reader = reader(|it| it.attributes.disabled = Some(flag));
        account(&reader, &[("nsaccountlock", &[value])]).doom(now)
    };
    assert_eq!(flagged(&["TRUE"], "true"), Some(Doom::Disabled));
    assert_eq!(flagged(&["TRUE"], "FALSE"), None);
    assert_eq!(flagged(&[], "000001010000Z"), Some(Doom::Disabled));

    let ended = |form, values: &[&str]| {
        let expiry = Expiry { attribute: "end".into(), form };
        let reader = reader(|it| it.attributes.expires = Some(expiry));
        account(&reader, &[("end", values)]).doom(now)
    };
    for (form, value, doom) in [
        (Days, "20781", Some(Doom::Expired)),
        (Days, "20782", None),
        (Days, "-1", None),
        (Days, "soon", Some(Doom::Disabled)),
        (FileTime, "0", None),
        (FileTime, "9223372036854775807", None),
        (FileTime, "134399934000000000", Some(Doom::Expired)),
        (FileTime, "134399934010000000", None),
        (GeneralizedTime, "20261124113000Z", Some(Doom::Expired)),
        (GeneralizedTime, "20261124113001Z", None),
        (GeneralizedTime, "20261124123000.5+0100", Some(Doom::Expired)),
        (GeneralizedTime, "2026112412Z", None),
        (GeneralizedTime, "202611241230+01", Some(Doom::Expired)),
        (GeneralizedTime, "99991231235959Z", None),
        (GeneralizedTime, "99999931235959Z", Some(Doom::Disabled)),
        (GeneralizedTime, "tomorrow", Some(Doom::Disabled)),
        (GeneralizedTime, "20261124", Some(Doom::Disabled)),
        (GeneralizedTime, "20261124113000", Some(Doom::Disabled)),
        (GeneralizedTime, "20269924113000Z", Some(Doom::Disabled)),
    ] {
        assert_eq!(ended(form, &[value]), doom, "{form:?} {value}");
    }
    assert_eq!(ended(Days, &[]), None);
    assert_eq!(ended(Days, &["99999", "1"]), Some(Doom::Expired), "the earliest");
}

#[test]
fn certificates_and_rules_come_from_their_attributes() {
    let reader = reader(|it| {
        it.attributes.certificates = Some("certificateName".into());
        it.attributes.acts_as = Some("actsAs".into());
    });
    let entry =
        entry(&[("uid", &["user"]), ("certificateName", &["CN=user"]), ("actsAs", &["team"])]);
    assert!(reader.has_certificate(&entry, "CN=user"));
    assert!(!reader.has_certificate(&entry, "CN=USER"));
    let name = reader.only_name(&entry).unwrap();
    let account = reader.account(&entry, name);
    assert_eq!(account.name, id("user"));
    assert_eq!(account.credentials[0].kind, CredentialKind::Certificate("CN=user".into()));
    assert!(account.may_act_as(&"team".try_into().unwrap()));
    assert!(!account.may_act_as(&"other".try_into().unwrap()));
}
