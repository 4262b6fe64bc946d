//! Lines, read and written.

use aiosasl::{query::ScramVerifier, secret::Secret};

use super::*;

fn scram(hash: Hash) -> CredentialKind {
    let verifier =
        ScramVerifier::from_password(hash, Secret::new(*b"pencil"), *b"0123456789ab", 4096);
    CredentialKind::Scram(verifier)
}

fn account(name: &str) -> Account {
    Account::new(name.try_into().unwrap())
}

fn written(account: &Account, former: Option<(&[u8], bool)>) -> String {
    let mut out = Vec::new();
    let former = former.map(|(line, keeps_password)| Former { line, keeps_password });
    write(account, former, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn dovecots_lines() {
    let verifier = scram(Hash::Sha256);
    let known = |state| AccountLine {
        name: "user",
        password: PasswordField::Known(verifier.clone()),
        state,
        has_more: false,
    };
    let (enabled, disabled) = (AccountState::Enabled, AccountState::Disabled);
    for (tail, state) in [
        ("", enabled),
        (":1000:1000:Some One:/home/user:/bin/sh", enabled),
        (":1000:1000::/home/user::userdb_mail=maildir:~/mail", enabled),
        (":1000:1000::/home/user:::maildir:~/mail", enabled),
        ("::::::nologin", disabled),
        ("::::::userdb_mail=maildir:~/nologin nologin=away\r", disabled),
    ] {
        let line = format!("user:{verifier}{tail}");
        let Line::Account(mut it) = parse(line.as_bytes()).unwrap() else { panic!("{tail}") };
        assert_eq!(it.has_more, !["", "::::::nologin"].contains(&tail), "{tail}");
        it.has_more = false;
        assert_eq!(it, known(state), "{tail}");
    }
    for (field, expected) in [
        ("", PasswordField::None),
        ("*", PasswordField::None),
        ("{UNHEARD-OF}x", PasswordField::Foreign),
        ("TI3IHMPDFH7Fc[13]", PasswordField::Foreign),
        ("{PLAIN}pencil", PasswordField::Known("{PLAIN}pencil".parse().unwrap())),
    ] {
        let line = format!("user:{field}:::");
        let Line::Account(it) = parse(line.as_bytes()).unwrap() else { panic!("{line}") };
        assert_eq!(it.password, expected, "{line}");
    }
    for (field, password) in [
        ("!", PasswordField::None),
        ("!!", PasswordField::None),
        ("!*", PasswordField::None),
        ("{CRYPT}!{CRYPT}*", PasswordField::None),
        ("{CRYPT}!{UNHEARD-OF}x", PasswordField::Foreign),
        ("!{PLAIN}x", PasswordField::Known("{PLAIN}x".parse().unwrap())),
        ("{CRYPT}!{PLAIN}x", PasswordField::Known("{PLAIN}x".parse().unwrap())),
    ] {
        let line = format!("user:{field}");
        let Line::Account(it) = parse(line.as_bytes()).unwrap() else { panic!("{line}") };
        assert_eq!((it.state, it.password), (disabled, password), "{line}");
    }
    for other in ["", "# a comment", "#aiosasl", ":", "\r"] {
        assert_eq!(parse(other.as_bytes()).unwrap(), Line::Other, "{other:?}");
    }
}

#[test]
fn what_is_no_line_is_refused_without_its_words() {
    for line in [
        &b"\xff:{PLAIN}hush"[..],
        b"user:{SCRAM-SHA-256}4096,hush",
        b"#aiosasl hush",
        b"#aiosasl hush=hush",
        b"#aiosasl account=user hush=hush",
        b"#aiosasl account=user expires=hush",
        b"#aiosasl account=user credential={HUSH}hush",
        b"#aiosasl account=user credential={PLAIN}hush hush=1",
        b"#aiosasl account=%ff",
        b"#aiosasl names=hush",
    ] {
        let error = parse(line).unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Malformed);
        assert!(!error.to_string().to_lowercase().contains("hush"), "{error}");
    }
}

#[test]
fn what_dovecot_can_read_it_gets() {
    let mut it = account("user");
    assert_eq!(written(&it, None), "user:{CRYPT}*\n");
    it.put(Credential::new("{PLAIN}with: a colon".parse().unwrap()));
    assert_eq!(
        written(&it, None),
        "user:{CRYPT}*\n#aiosasl account=user credential={PLAIN}with:%20a%20colon\n"
    );
    it.put(Credential::new("{PLAIN}pencil".parse().unwrap()));
    it.state = AccountState::Disabled;
    assert_eq!(written(&it, None), "user:{CRYPT}!{PLAIN}pencil\n");
    it.put(Credential::new(scram(Hash::Sha256)));
    let [first, second, third] =
        written(&it, None).lines().map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    assert!(first.starts_with("user:{CRYPT}!{SCRAM-SHA-256}"), "{first}");
    assert_eq!(second, "#aiosasl account=user place=1");
    assert_eq!(third, "#aiosasl account=user credential={PLAIN}pencil");
}

#[test]
fn an_application_password_is_not_for_dovecot() {
    let mut it = account("user");
    it.put(Credential::new("{PLAIN}pencil".parse().unwrap()).labelled("my phone"));
    it.put(Credential::new("{PLAIN}paper".parse().unwrap()).expiring(Timestamp::from_unix(0)));
    assert_eq!(
        written(&it, None),
        "user:{CRYPT}*\n#aiosasl account=user credential={PLAIN}pencil label=my%20phone\n\
         #aiosasl account=user credential={PLAIN}paper expires=1970-01-01T00:00:00Z\n"
    );
}

#[test]
fn what_we_do_not_understand_stays() {
    let mut it = account("user");
    let line = b"User:{UNHEARD-OF}x:1000:1000:Some\xffOne:/home/user::userdb_mail=maildir:~/mail";
    let mut out = Vec::new();
    write(&it, Some(Former { line, keeps_password: true }), &mut out);
    assert_eq!(out, [&line[..], b"\n"].concat());
    let line = "user:{PLAIN}a:1000:1000::/home/user:::maildir:~/mail\r";
    it.state = AccountState::Disabled;
    assert_eq!(
        written(&it, Some((line.as_bytes(), false))),
        "user:{CRYPT}!{CRYPT}*:1000:1000::/home/user:::maildir:~/mail\r\n"
    );
    it.state = AccountState::Enabled;
    for (line, expected) in [
        (
            "user:*:::::/bin/sh:nologin=away proxy host=a:b",
            "user:{CRYPT}*:::::/bin/sh:proxy host=a:b\n",
        ),
        ("user:!:::::/bin/sh::maildir:~/mail", "user:{CRYPT}*:::::/bin/sh::maildir:~/mail\n"),
        // Here it is the shell.
        (
            "user:*:::::nologin=away proxy host=a:b",
            "user:{CRYPT}*:::::nologin=away proxy host=a:b\n",
        ),
    ] {
        assert_eq!(written(&it, Some((line.as_bytes(), false))), expected);
    }
}

#[test]
fn names_that_no_line_of_dovecots_can_hold() {
    for name in ["a:b", "#user", "two\nlines"] {
        let mut it = account(name);
        it.state = AccountState::Disabled;
        let text = written(&it, None);
        let Line::Properties { account, properties } = parse(text.trim_end().as_bytes()).unwrap()
        else {
            panic!("{text}")
        };
        assert_eq!((account.as_str(), properties.state), (name, AccountState::Disabled));
    }
}
