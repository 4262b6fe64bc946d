//! Every format: read, written, and what it leaves out.

use std::fs;

use aiosasl::{
    hash::Hash,
    query::{ScramVerifier, SecretForm},
    secret::Secret,
};
use proptest::prelude::*;

use super::*;
use crate::{
    account::{Account, AccountState, ActsAs},
    credential::{Credential, CredentialKind, TokenDigest},
    name::NameRule,
    shared::SharedSecret,
    timestamp::Timestamp,
};

const SHA256: &str = "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,\
    WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
const DOLLARS: &str = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$\
    WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
const KAFKA: &str = "salt=W22ZaJ0SNY7soEsUEjb6gQ==,\
    stored_key=WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,\
    server_key=wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=,iterations=4096";

fn account(name: &str, credentials: &[&str]) -> Account {
    let mut account = Account::new(name.try_into().unwrap());
    for text in credentials {
        account.put(Credential::new(text.parse().unwrap()));
    }
    account
}

fn read(format: Format, text: &str) -> (Vec<Entry>, Losses) {
    let mut reader = Reader::new(format, text.as_bytes(), NameRule::Raw);
    let entries = reader.by_ref().map(Result::unwrap).collect();
    (entries, reader.losses().clone())
}

fn accounts(format: Format, text: &str) -> Vec<Account> {
    read(format, text).0.into_iter().map(|it| it.account).collect()
}

fn fault(format: Format, text: &str) -> String {
    let mut reader = Reader::new(format, text.as_bytes(), NameRule::Raw);
    let error = reader.find_map(Result::err).unwrap();
    assert_eq!(error.kind, StoreErrorKind::Malformed, "{error}");
    assert!(reader.next().is_none(), "nothing comes behind a fault");
    error.to_string()
}

fn write(format: Format, accounts: &[Account]) -> (String, String) {
    let mut out = Vec::new();
    let mut writer = Writer::new(format, &mut out, NameRule::Raw, "ou=people,o=x").unwrap();
    for account in accounts {
        writer.write(account).unwrap();
    }
    let losses = writer.finish().unwrap();
    (String::from_utf8(out).unwrap(), told(&losses))
}

fn told(losses: &Losses) -> String {
    losses.iter().map(|(loss, count)| format!("{loss} {count}")).collect::<Vec<_>>().join(", ")
}

/// An account that has everything.
fn everything() -> Account {
    let scram = |hash| {
        let verifier = ScramVerifier::from_password(hash, Secret::new(*b"pencil"), *b"salt", 1);
        Credential::new(CredentialKind::Scram(verifier))
    };
    let moment = Timestamp::from_unix(1_800_000_000);
    let mut it = account("user", &["{SSHA}GzlSFFFbdnXxNoVBFXmCqxxIyrRzYWx0"]);
    for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha512] {
        it.put(scram(hash));
    }
    it.put(scram(Hash::Sha256).labelled("my phone"));
    it.put(Credential::new("{PLAIN}a: b%\u{e9}".parse().unwrap()).labelled("x").expiring(moment));
    it.put(Credential::new(CredentialKind::Token(TokenDigest::of(&Secret::new(*b"token")))));
    it.put(Credential::new("{CERTIFICATE}user@example.org".parse().unwrap()));
    it.credentials[2].last_used = Some(moment);
    it.expires = Some(Timestamp::from_unix(4_000_000_000));
    it.acts_as = vec![ActsAs::Anyone, "other one".parse().unwrap()];
    it
}

#[test]
fn ours_lose_nothing() {
    let mut disabled = account("urn:x\n", &[SHA256]);
    disabled.state = AccountState::Disabled;
    let all = [account("alice", &[]), everything(), disabled, account("#b \u{e9}", &["{PLAIN}x"])];
    for format in [Format::Json, Format::Passwd] {
        let (text, losses) = write(format, &all);
        assert_eq!(losses, "");
        assert_eq!(accounts(format, &text), all, "{text}");
    }
}

#[test]
fn others_hold_what_they_can_and_the_rest_is_counted() {
    let all = [everything()];
    let common = "acts-as 2, application-password 2, certificate 1";
    for (format, kept, losses) in [
        (
            Format::Dovecot,
            vec!["SCRAM-SHA-256"],
            format!(
                "account-end 1, {common}, last-use 1, password-hash 1, scram-verifier 2, token 1"
            ),
        ),
        (
            Format::Gsasl,
            vec!["SCRAM-SHA-1", "SCRAM-SHA-256"],
            format!(
                "account-end 1, {common}, last-use 1, password-hash 1, scram-verifier 1, token 1"
            ),
        ),
        (
            Format::Kafka,
            vec!["SCRAM-SHA-256", "SCRAM-SHA-512"],
            format!(
                "account-end 1, {common}, last-use 1, password-hash 1, scram-verifier 1, token 1"
            ),
        ),
        (
            Format::Ldap,
            vec!["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "SSHA"],
            format!("account-end 1, {common}, last-use 1, token 1"),
        ),
        (
            Format::Postgresql,
            vec!["SCRAM-SHA-256"],
            format!("{common}, last-use 1, password-hash 1, scram-verifier 2, token 1"),
        ),
    ] {
        let (text, told) = write(format, &all);
        assert_eq!(told, losses, "{format}");
        let [back] = &accounts(format, &text)[..] else { panic!("{format}: {text}") };
        let schemes: Vec<&str> = back.credentials.iter().map(|it| it.kind.scheme()).collect();
        assert_eq!(schemes, kept, "{format}: {text}");
        let known = |it: &Credential| all[0].credentials.iter().any(|own| own.kind == it.kind);
        assert!(back.credentials.iter().all(known), "{format}");
        assert_eq!(back.expires.is_some(), format == Format::Postgresql);
    }
}

#[test]
fn nobody_who_is_kept_out_gets_in_elsewhere() {
    let mut disabled = account("a", &[SHA256]);
    disabled.state = AccountState::Disabled;
    let mut ended = account("b", &[SHA256]);
    ended.expires = Some(Timestamp::from_unix(0));
    for format in Format::ALL.into_iter().filter(|it| it.can_write()) {
        let (text, losses) = write(format, &[disabled.clone(), ended.clone()]);
        let back = accounts(format, &text);
        assert!(back.iter().all(|it| it.doom(Timestamp::now()).is_some()), "{format}: {text}");
        assert_eq!(losses.contains("disabled-account 2"), back.is_empty(), "{format}: {losses}");
    }
}

#[test]
fn names_come_back_or_are_counted() {
    let names = [
        "a b",
        " a",
        "#a",
        "a:b",
        "a:{b}",
        "'a' are ",
        "a\nb",
        "a\r\nb",
        "\u{e9},=+\\",
        "\"a\"",
        "pg_a",
        "A",
        "a\\n",
        &"x".repeat(64),
    ];
    for format in Format::ALL.into_iter().filter(|it| it.can_write()) {
        for name in names {
            let (text, losses) = write(format, &[account(name, &[SHA256])]);
            let back = accounts(format, &text);
            match losses.as_str() {
                "unspellable-name 1" => assert_eq!(back, []),
                losses => {
                    assert_eq!((back[0].name.as_str(), losses), (name, ""), "{format}: {text}");
                }
            }
        }
    }
}

#[test]
fn dovecots_files() {
    let text = format!(
        "# x\na:{SHA256}:1000:1000::/home/a\nb:{{UNHEARD-OF}}x::::::nologin\n\nc:{{SSHA}}GzlSFFFbdnXxNoVBFXmCqxxIyrRzYWx0\n"
    );
    let (entries, losses) = read(Format::Dovecot, &text);
    assert_eq!(entries.iter().map(|it| it.line).collect::<Vec<_>>(), [2, 3, 5]);
    assert_eq!(entries[0].account, account("a", &[SHA256]));
    assert_eq!(entries[1].account.state, AccountState::Disabled);
    assert_eq!(entries[2].account.credentials.len(), 1);
    assert_eq!(told(&losses), "other 1, unknown-scheme 1");
    assert!(fault(Format::Passwd, "a:*\n#aiosasl account=b acts-as=*\n").starts_with("line 2: "));
}

#[test]
fn what_gsasl_prints() {
    let text = format!("a:{SHA256}\n#x\n\nurn:b:{SHA256}\nurn:b:{{SCRAM-SHA-9}}x\n");
    let (entries, losses) = read(Format::Gsasl, &text);
    assert_eq!(
        entries.iter().map(|it| it.account.clone()).collect::<Vec<_>>(),
        [account("a", &[SHA256]), account("urn:b", &[SHA256])]
    );
    assert_eq!(told(&losses), "unknown-scheme 1");
    assert!(fault(Format::Gsasl, &format!("a:{SHA256}\na:{SHA256}\n")).starts_with("line 2: "));
}

#[test]
fn what_kafka_prints() {
    let text = format!(
        "Configs for user-principal 'a' are producer_byte_rate=1024,SCRAM-SHA-256={KAFKA},SCRAM-SHA-9={KAFKA}\n\
         Quota configs for user-principal 'a' are x=1.0\n\
         Configs for user-principal 'it's' are\n"
    );
    let (entries, losses) = read(Format::Kafka, &text);
    assert_eq!(
        entries.iter().map(|it| it.account.clone()).collect::<Vec<_>>(),
        [account("a", &[SHA256]), account("it's", &[])]
    );
    assert_eq!(told(&losses), "other 2, unknown-scheme 1");
    let new = "SCRAM credential configs for user-principal 'a' are SCRAM-SHA-256=iterations=8192";
    assert!(fault(Format::Kafka, new).contains("--zookeeper"));
}

#[test]
fn directories() {
    let text = format!(
        "version: 1\n\n# people\n# and\n  more\ndn: uid=a,ou=people,o=x\nobjectClass: account\nuid: a\nauthPassword: {}\n\
         userPassword:: e1NTSEF9R3psU0ZGRmJkblh4Tm9WQkZYbUNxeHhJeXJSellXeDA=\nuserPassword: {{SSHA}}AzlSFFFbdnXxNoVBFXmCqxxIyrRzYWx0\n\
         mail: a@x\n\n\ndn: cn=b\\2cc\\,\\C3\\A9 ,o=x\nuserPassword: pencil\n",
        DOLLARS.replace('$', " $\n  ")
    );
    let (entries, losses) = read(Format::Ldap, &text);
    let [a, b] = &entries[..] else { panic!() };
    assert_eq!(a.account.credentials[0].kind, SHA256.parse().unwrap());
    assert_eq!(
        a.account.credentials.iter().map(|it| &*it.label).collect::<Vec<_>>(),
        ["", "", "userPassword 2"]
    );
    assert_eq!((a.line, b.line), (6, 17));
    assert_eq!(b.account.name.as_str(), "b,c,\u{e9}");
    assert_eq!(b.password.as_ref().unwrap().expose(), "pencil");
    assert_eq!(told(&losses), "other 1");
    for (text, why) in [
        ("uid: a\n", "expected dn:"),
        ("dn: o=x\n", "expected a uid"),
        ("dn: uid=a\nuserPassword:: !\n", "line 2: expected base64"),
        ("dn: uid=a\nuserPassword:< file:///etc/passwd\n", "line 2: nobody fetches"),
        ("dn: uid=a\nchangetype: delete\n", "line 2: expected accounts"),
        ("dn: uid=a\nauthPassword: SCRAM-SHA-256$hush\n", "line 2: no SCRAM verifier"),
    ] {
        let fault = fault(Format::Ldap, text);
        assert!(fault.contains(why) && !fault.contains("hush"), "{fault}");
    }
}

#[test]
fn dumps_of_roles() {
    let text = format!(
        "--\n-- PostgreSQL database cluster dump\n--\n\n\\restrict x\nSET default_transaction_read_only = off;\n\n\
         CREATE ROLE postgres;\n\
         ALTER ROLE postgres WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS;\n\
         CREATE ROLE \"A \"\"b\"\"\nc;d\";\n\
         ALTER ROLE \"A \"\"b\"\"\nc;d\" WITH NOSUPERUSER LOGIN CONNECTION LIMIT 5 PASSWORD '{DOLLARS}' VALID UNTIL '2030-01-01 00:00:00+00';\n\
         CREATE USER Bob ENCRYPTED PASSWORD E'it''s \\'x\\\\';\n\
         ALTER ROLE bob SET search_path TO 'x';\n\
         CREATE ROLE old WITH LOGIN PASSWORD 'md50123456789abcdef0123456789abcdef';\n\
         GRANT postgres TO bob;\n"
    );
    let (entries, losses) = read(Format::Postgresql, &text);
    let [postgres, a, bob, old] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(postgres.account, account("postgres", &[]));
    let expires = Some("2030-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(a.account, Account { expires, ..account("A \"b\"\nc;d", &[SHA256]) });
    assert_eq!(bob.account, account("bob", &[]));
    assert_eq!(bob.password.as_ref().unwrap().expose(), "it's 'x\\");
    assert_eq!(old.account, account("old", &[]));
    assert_eq!(told(&losses), "other 7, unknown-scheme 1");
    let fault = fault(Format::Postgresql, "CREATE ROLE a PASSWORD 'hush\n\n");
    assert!(!fault.contains("hush"), "{fault}");
}

#[test]
fn rows_of_roles() {
    let expires = Some("2030-01-01T00:00:00Z".parse().unwrap());
    let a = Account { expires, ..account("a\tb", &[SHA256]) };
    let mut group = account("group", &[]);
    group.state = AccountState::Disabled;
    for (text, expected) in [
        (
            format!("a\\tb\t{DOLLARS}\t2030-01-01 00:00:00+00\nc\t\\N\t\\N\n"),
            vec![a, account("c", &[])],
        ),
        (
            format!(
                "COPY pg_catalog.pg_authid (oid, rolname, rolcanlogin, rolpassword) FROM stdin;\n10\ta\tt\t{DOLLARS}\n11\tgroup\tf\t\\N\n\\.\n"
            ),
            vec![account("a", &[SHA256]), group],
        ),
        (format!("a|{DOLLARS}\nc|\n"), vec![account("a", &[SHA256]), account("c", &[])]),
        (
            format!("\"a\" \"{DOLLARS}\"\n\"it\"\"s\" \"\"\n"),
            vec![account("a", &[SHA256]), account("it\"s", &[])],
        ),
    ] {
        assert_eq!(accounts(Format::Postgresql, &text), expected, "{text}");
    }
}

#[test]
fn names_with_passwords() {
    let text = "a:pen:cil\n\n{\"name\":\"b\",\"password\":\"paper\",\"acts_as\":[\"*\"]}\n";
    let (entries, _) = read(Format::Passwords, text);
    let passwords: Vec<_> =
        entries.iter().map(|it| it.password.as_ref().unwrap().expose()).collect();
    assert_eq!(passwords, ["pen:cil", "paper"]);
    assert_eq!(entries[1].account.acts_as, [ActsAs::Anyone]);
    for text in [
        "hush",
        "a:",
        "{\"name\":\"a\"}",
        "{\"name\":\"a\",\"password\":\"hush\",\"hush\":1}",
        "{\"name\":\"a\",\"password\":[\"hush\"]}",
    ] {
        let fault = fault(Format::Passwords, text);
        assert!(fault.starts_with("line 1: ") && !fault.contains("hush"), "{fault}");
    }
}

#[test]
fn long_lines_are_refused() {
    let long = "x".repeat((1 << 20) + 1);
    for format in Format::ALL {
        assert!(fault(format, &long).contains("1 MiB"), "{format}");
    }
}

#[test]
fn stored_forms_of_the_vectors() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/scram_storage.json");
    let vectors: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let spelled = |entry: &serde_json::Value| -> Vec<(Format, String)> {
        let text = entry["text"].as_str().unwrap();
        match entry["format"].as_str().unwrap() {
            "dovecot" => vec![
                (Format::Dovecot, format!("user:{text}\n")),
                (Format::Gsasl, format!("user:{text}\n")),
            ],
            "kafka" => {
                let mechanism = entry["mechanism"].as_str().unwrap_or("SCRAM-SHA-256");
                vec![(
                    Format::Kafka,
                    format!("Configs for user-principal 'user' are {mechanism}={text}\n"),
                )]
            }
            "postgresql" => vec![(Format::Postgresql, format!("user\t{text}\n"))],
            "rfc5803" => vec![(Format::Ldap, format!("dn: uid=user\nauthPassword: {text}\n"))],
            other => panic!("{other}"),
        }
    };
    let mut played = 0;
    for entry in vectors["valid"].as_array().unwrap() {
        for (format, text) in spelled(entry) {
            let (entries, losses) = read(format, &text);
            let scheme = entry["mechanism"].as_str().unwrap();
            match &entries[0].account.credentials[..] {
                [Credential { kind: CredentialKind::Scram(verifier), .. }] => {
                    let password = Secret::new(entry["password"].as_str().unwrap());
                    assert_eq!(verifier.hash().scheme(), scheme);
                    assert!(verifier.verifies(password), "{text}");
                }
                // A hash that is not built in is no fault of the file.
                [] => {
                    assert_eq!(Hash::from_scheme(scheme), None, "{text}");
                    assert_eq!(told(&losses), "unknown-scheme 1", "{text}");
                }
                other => panic!("{other:?}"),
            }
            played += 1;
        }
    }
    for entry in vectors["malformed"].as_array().unwrap() {
        for (format, text) in spelled(entry) {
            let mut reader = Reader::new(format, text.as_bytes(), NameRule::Raw);
            match reader.next().unwrap() {
                Err(error) => assert_eq!(error.kind, StoreErrorKind::Malformed),
                // A scheme that is not known is no fault of the file.
                Ok(entry) => {
                    assert_eq!(entry.account.credentials, [], "{text}");
                    assert_eq!(told(reader.losses()), "unknown-scheme 1", "{text}");
                }
            }
            played += 1;
        }
    }
    assert!(played > 20, "{played}");
}

fn shared(form: SecretForm, secret: &[u8]) -> CredentialKind {
    CredentialKind::Shared(SharedSecret::new(form, Secret::new(secret)).unwrap())
}

fn any_account() -> impl Strategy<Value = Account> {
    let moment = || proptest::option::of((0..4_000_000_000_i64).prop_map(Timestamp::from_unix));
    let kind = prop_oneof![
        any::<[u8; 12]>().prop_map(|salt| {
            CredentialKind::Scram(ScramVerifier::from_password(
                Hash::Sha256,
                Secret::new(*b"x"),
                salt,
                1,
            ))
        }),
        "[^\0]{1,12}".prop_map(|it| CredentialKind::Certificate(it.into())),
        "[^\0]{1,12}".prop_map(|it| format!("{{PLAIN}}{it}").parse().unwrap()),
        any::<[u8; 8]>().prop_map(|it| CredentialKind::Token(TokenDigest::of(&Secret::new(it)))),
        any::<[u8; 16]>().prop_map(|it| shared(SecretForm::NtHash, &it)),
        (any::<[u8; 16]>(), "[^\0]{0,12}")
            .prop_map(|(it, realm)| { shared(SecretForm::DigestMd5 { realm: realm.into() }, &it) }),
        "[^\0]{1,12}".prop_map(|it| {
            shared(SecretForm::HashedToken { mechanism: "HT-SHA-256-EXPR" }, it.as_bytes())
        }),
    ];
    let credential =
        (kind, "[^\0]{0,4}", moment(), moment()).prop_map(|(kind, label, expires, used)| {
            let mut credential = Credential::new(kind).labelled(&label).expiring(expires);
            credential.last_used = used;
            credential
        });
    let credentials = proptest::collection::vec(credential, 0..6);
    let acts_as = proptest::collection::vec("[^\0]{1,6}", 0..3);
    ("[^\0]{1,12}", credentials, acts_as, moment(), any::<bool>()).prop_map(
        |(name, credentials, acts_as, expires, disabled)| {
            let mut account = account(&name, &[]);
            for credential in credentials {
                account.put(credential);
            }
            account.acts_as = acts_as.iter().map(|it| it.parse().unwrap()).collect();
            account.expires = expires;
            if disabled {
                account.state = AccountState::Disabled;
            }
            account
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_an_account_is_ours_bring_it_back(account in any_account()) {
        for format in [Format::Json, Format::Passwd] {
            let (text, losses) = write(format, std::slice::from_ref(&account));
            prop_assert_eq!(losses, "");
            prop_assert_eq!(&accounts(format, &text), std::slice::from_ref(&account), "{}", text);
        }
    }

    #[test]
    fn whatever_an_account_is_others_can_be_read_again(account in any_account()) {
        for format in Format::ALL.into_iter().filter(|it| it.can_write()) {
            let (text, _) = write(format, std::slice::from_ref(&account));
            let back = accounts(format, &text);
            prop_assert!(back.iter().all(|it| it.name == account.name), "{}: {}", format, text);
        }
    }

    #[test]
    fn whatever_is_read_nobody_panics(text in "(?s).{0,200}") {
        for format in Format::ALL {
            Reader::new(format, text.as_bytes(), NameRule::Saslprep).for_each(drop);
        }
    }
}
