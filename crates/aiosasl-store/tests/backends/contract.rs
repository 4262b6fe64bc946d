//! What every back end does, from an empty store whose rule for names is `raw`.

use std::sync::Arc;

use aiosasl::{hash::Hash, secret::Secret};
use aiosasl_store::{
    Account, AccountState, Accounts, Conflict, Credential, CredentialKind, Imported, Key, NameRule,
    StoreError, StoreErrorKind, Timestamp, TokenDigest,
};

use crate::{
    log,
    samples::{ORDERED, full, name, plain, token, verifier},
    stage::{Behaviour, Stage},
};

/// All of it.
pub(crate) const ALL: &[(&str, Behaviour)] = &[
    ("an_account_comes_back_as_it_went_in", |it| Box::pin(comes_back(it))),
    ("any_character_is_kept", |it| Box::pin(any_character(it))),
    ("accounts_are_found_by_token_and_certificate", |it| Box::pin(found_by(it))),
    ("what_was_taken_away_is_not_found", |it| Box::pin(taken_away(it))),
    ("an_edit_sees_what_is_there_and_leaves_what_it_says", |it| Box::pin(edits(it))),
    ("an_edit_that_fails_changes_nothing", |it| Box::pin(failed_edit(it))),
    ("edits_at_once_lose_nothing", EDITS_AT_ONCE),
    ("pages_are_in_the_order_of_octets", |it| Box::pin(pages(it))),
    ("an_import_meets_names_that_are_taken", |it| Box::pin(conflicts(it))),
    ("an_import_that_fails_takes_nothing_in", |it| Box::pin(failed_import(it))),
    ("a_name_may_come_twice_in_an_import", |it| Box::pin(twice(it))),
    ("many_accounts_are_imported_and_paged_through", |it| Box::pin(many(it))),
    ("use_is_noted_where_it_was", |it| Box::pin(used(it))),
    ("settings_stay", |it| Box::pin(settings(it))),
    ("no_secret_is_logged", |it| Box::pin(unlogged(it))),
];

pub(crate) const EDITS_AT_ONCE: Behaviour = |it| Box::pin(edits_at_once(it));

/// Puts an account into the place of what was there.
pub(crate) async fn put(accounts: &dyn Accounts, account: &Account) {
    accounts.edit(&account.name, Box::new(|_| Ok(Some(account.clone())))).await.unwrap();
}

pub(crate) async fn find(accounts: &dyn Accounts, text: &str) -> Option<Account> {
    accounts.find(Key::Name(&name(text))).await.unwrap()
}

async fn comes_back(stage: &Stage) {
    let accounts = &*stage.accounts;
    assert_eq!(find(accounts, "user").await, None);
    for account in [Account::new(name("none")), plain("user"), full("m\u{fc}ller")] {
        put(accounts, &account).await;
        let found = find(accounts, account.name.as_str()).await;
        assert_eq!(found.as_ref(), Some(&account));
    }
    assert_eq!(find(accounts, "User").await, None);
    assert_eq!(find(accounts, "use").await, None);
}

async fn any_character(stage: &Stage) {
    let texts = [
        "",
        " ",
        "\0",
        "a\0b",
        "\n",
        "\r\n\t",
        "'\"\\%_",
        "{}:,;",
        "\u{7f}\u{80}",
        "\u{feff}\u{202e}",
        "\u{d7ff}\u{e000}\u{fffd}\u{ffff}",
        "\u{10ffff}",
    ];
    let mut account = Account::new(name("user"));
    for text in texts {
        account.put(Credential::new(verifier(Hash::Sha256, "pencil")).labelled(text));
        if !text.is_empty() {
            account.put(Credential::new(CredentialKind::Certificate(text.into())));
        }
    }
    put(&*stage.accounts, &account).await;
    assert_eq!(find(&*stage.accounts, "user").await.as_ref(), Some(&account));
    for text in texts.into_iter().filter(|it| !it.is_empty()) {
        let found = stage.accounts.find(Key::Certificate(text)).await.unwrap();
        assert_eq!(found.as_ref(), Some(&account), "{text:?}");
    }
    for text in texts {
        let at = Timestamp::from_unix(1_800_000_000);
        stage.accounts.used(&account.name, (text, "SCRAM-SHA-256"), at).await.unwrap();
    }
    let found = find(&*stage.accounts, "user").await.unwrap();
    let noted = found.credentials.iter().filter(|it| it.last_used.is_some()).count();
    assert_eq!(noted, texts.len());
}

async fn found_by(stage: &Stage) {
    let accounts = &*stage.accounts;
    for text in ["user", "other"] {
        put(accounts, &full(text)).await;
    }
    let (digest, _) = token("phone of user");
    assert_eq!(accounts.find(Key::Token(&digest)).await.unwrap(), Some(full("user")));
    let certificate = "CN=other,O=\u{1f5a4}";
    let found = accounts.find(Key::Certificate(certificate)).await.unwrap();
    assert_eq!(found, Some(full("other")));
    for nobody in ["", "CN=other", "cn=other,O=\u{1f5a4}"] {
        assert_eq!(accounts.find(Key::Certificate(nobody)).await.unwrap(), None, "{nobody}");
    }
    let unknown = TokenDigest::of(&Secret::new(*b"phone of nobody"));
    assert_eq!(accounts.find(Key::Token(&unknown)).await.unwrap(), None);

    // Where two have the same, the first by name counts, on every node and after every restart.
    let (digest, shared) = token("shared");
    for text in ["zoe", "bob", "eve"] {
        let mut account = Account::new(name(text));
        account.put(Credential::new(shared.clone()));
        put(accounts, &account).await;
    }
    let found = accounts.find(Key::Token(&digest)).await.unwrap().unwrap();
    assert_eq!(found.name, name("bob"));
}

async fn taken_away(stage: &Stage) {
    let accounts = &*stage.accounts;
    let (digest, kind) = token("phone of user");
    put(accounts, &full("user")).await;
    let forget: fn(Option<Account>) -> Result<Option<Account>, StoreError> = |account| {
        let mut account = account.unwrap();
        account.credentials.retain(|it| it.kind.is_of_password());
        account.acts_as.clear();
        Ok(Some(account))
    };
    accounts.edit(&name("user"), Box::new(forget)).await.unwrap();
    assert_eq!(accounts.find(Key::Token(&digest)).await.unwrap(), None);
    let left = find(accounts, "user").await.unwrap();
    assert_eq!((left.credentials.len(), left.acts_as.len()), (4, 0));

    put(accounts, &full("user")).await;
    accounts.edit(&name("user"), Box::new(|_| Ok(None))).await.unwrap();
    assert_eq!(find(accounts, "user").await, None);
    assert_eq!(accounts.find(Key::Token(&digest)).await.unwrap(), None);

    // And nothing of it comes back with a new account of the same name.
    put(accounts, &Account::new(name("user"))).await;
    assert_eq!(find(accounts, "user").await, Some(Account::new(name("user"))));
    let mut other = Account::new(name("other"));
    other.put(Credential::new(kind));
    put(accounts, &other).await;
    assert_eq!(accounts.find(Key::Token(&digest)).await.unwrap(), Some(other));
}

async fn edits(stage: &Stage) {
    let accounts = &*stage.accounts;
    let user = name("user");
    let mut seen = Vec::new();
    for after in [None, Some(plain("user")), Some(full("user")), Some(full("user")), None] {
        let seen = &mut seen;
        let next = after.clone();
        let edit = move |before| {
            seen.push(before);
            Ok(next.clone())
        };
        accounts.edit(&user, Box::new(edit)).await.unwrap();
        assert_eq!(find(accounts, "user").await, after);
    }
    let expected = [None, None, Some(plain("user")), Some(full("user")), Some(full("user"))];
    assert_eq!(seen, expected);

    // Each part of an account changes alone, too.
    put(accounts, &full("user")).await;
    let mut account = full("user");
    account.expires = None;
    put(accounts, &account).await;
    assert_eq!(find(accounts, "user").await.as_ref(), Some(&account));
    account.state = AccountState::Enabled;
    put(accounts, &account).await;
    account.acts_as.remove(1);
    put(accounts, &account).await;
    account.credentials.swap(0, 3);
    put(accounts, &account).await;
    assert_eq!(find(accounts, "user").await, Some(account));
}

async fn failed_edit(stage: &Stage) {
    let accounts = &*stage.accounts;
    put(accounts, &full("user")).await;
    let refuse = |_| Err(StoreError::new(StoreErrorKind::Missing, "no"));
    for text in ["user", "nobody"] {
        let error = accounts.edit(&name(text), Box::new(refuse)).await.unwrap_err();
        assert_eq!((error.kind, error.to_string()), (StoreErrorKind::Missing, "no".to_owned()));
    }
    assert_eq!(find(accounts, "user").await, Some(full("user")));
    assert_eq!(find(accounts, "nobody").await, None);
}

async fn edits_at_once(stage: &Stage) {
    const WRITERS: usize = 6;
    const EACH: usize = 8;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let accounts = Arc::clone(&stage.accounts);
            tokio::spawn(async move {
                for number in 0..EACH {
                    let label = format!("{writer} {number}");
                    let edit = move |before: Option<Account>| {
                        let mut account = before.unwrap_or_else(|| Account::new(name("user")));
                        let kind = CredentialKind::Certificate("CN".into());
                        account.put(Credential::new(kind).labelled(&label));
                        Ok(Some(account))
                    };
                    accounts.edit(&name("user"), Box::new(edit)).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let found = find(&*stage.accounts, "user").await.unwrap();
    assert_eq!(found.credentials.len(), WRITERS * EACH);
}

async fn pages(stage: &Stage) {
    let accounts = &*stage.accounts;
    assert_eq!(accounts.page(None, 10).await.unwrap(), []);
    let mut shuffled = ORDERED;
    shuffled.reverse();
    shuffled.swap(1, 5);
    let import = shuffled.map(full).into();
    accounts.import(import, Conflict::Fail).await.unwrap();
    let all = accounts.page(None, 100).await.unwrap();
    assert_eq!(all, ORDERED.map(full));
    for limit in 1..4 {
        let mut paged: Vec<Account> = Vec::new();
        loop {
            let after = paged.last().map(|it| it.name.clone());
            let page = accounts.page(after.as_ref(), limit).await.unwrap();
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, all, "{limit}");
    }
    assert_eq!(accounts.page(None, 0).await.unwrap(), []);
    // Whoever it was after may be gone.
    let between = accounts.page(Some(&name("a a")), 1).await.unwrap();
    assert_eq!(between, [full("a b")]);
}

async fn conflicts(stage: &Stage) {
    let accounts = &*stage.accounts;
    accounts.import(vec![full("a"), full("b")], Conflict::Fail).await.unwrap();
    let skipped = accounts.import(vec![plain("b"), plain("c")], Conflict::Skip).await.unwrap();
    assert_eq!(skipped, Imported { added: 1, replaced: 0, skipped: 1 });
    assert_eq!(accounts.page(None, 9).await.unwrap(), [full("a"), full("b"), plain("c")]);
    let replaced = accounts.import(vec![plain("b"), plain("d")], Conflict::Replace).await.unwrap();
    assert_eq!(replaced, Imported { added: 1, replaced: 1, skipped: 0 });
    let all = accounts.page(None, 9).await.unwrap();
    assert_eq!(all, [full("a"), plain("b"), plain("c"), plain("d")]);
    let (digest, _) = token("phone of b");
    assert_eq!(accounts.find(Key::Token(&digest)).await.unwrap(), None);
    let nothing = accounts.import(Vec::new(), Conflict::Fail).await.unwrap();
    assert_eq!(nothing, Imported::default());
}

async fn failed_import(stage: &Stage) {
    let accounts = &*stage.accounts;
    put(accounts, &full("z")).await;
    let import: Vec<_> =
        (0..700).map(|it| plain(&format!("user{it}"))).chain([plain("z")]).collect();
    let error = accounts.import(import, Conflict::Fail).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Exists);
    assert!(error.to_string().contains("\"z\""), "{error}");
    assert_eq!(accounts.page(None, 9).await.unwrap(), [full("z")]);
}

async fn twice(stage: &Stage) {
    let accounts = &*stage.accounts;
    let both = || vec![plain("user"), full("user")];
    let error = accounts.import(both(), Conflict::Fail).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Exists);
    assert_eq!(find(accounts, "user").await, None);
    let imported = accounts.import(both(), Conflict::Skip).await.unwrap();
    assert_eq!(imported, Imported { added: 1, replaced: 0, skipped: 1 });
    assert_eq!(find(accounts, "user").await, Some(plain("user")));
    let imported = accounts.import(both(), Conflict::Replace).await.unwrap();
    assert_eq!(imported, Imported { added: 0, replaced: 2, skipped: 0 });
    assert_eq!(find(accounts, "user").await, Some(full("user")));
}

async fn many(stage: &Stage) {
    const COUNT: usize = 1201;
    let accounts = &*stage.accounts;
    let import: Vec<_> = (0..COUNT).map(|it| plain(&format!("user{it:05}"))).collect();
    let imported = accounts.import(import.clone(), Conflict::Fail).await.unwrap();
    assert_eq!(imported.added, COUNT as u64);
    let mut paged = Vec::new();
    while paged.len() < COUNT {
        let after = paged.last().map(|it: &Account| it.name.clone());
        paged.extend(accounts.page(after.as_ref(), 500).await.unwrap());
    }
    assert!(paged == import);
    let again = accounts.import(import, Conflict::Replace).await.unwrap();
    assert_eq!(again.replaced, COUNT as u64);
    let one = accounts.page(Some(&name("user01199")), 9).await.unwrap();
    assert_eq!(one, [plain("user01200")]);
}

async fn used(stage: &Stage) {
    let accounts = &*stage.accounts;
    let at = Timestamp::from_unix(1_800_000_000);
    let mut account = full("user");
    put(accounts, &account).await;
    put(accounts, &full("other")).await;
    for (label, word) in [("", "SCRAM-SHA-512"), ("mail \u{301}\u{1f4e7} ,:{}", "SCRAM-SHA-256")] {
        accounts.used(&account.name, (label, word), at).await.unwrap();
    }
    for credential in &mut account.credentials {
        let of_mail = credential.label.starts_with("mail");
        if of_mail || credential.slot().1 == "SCRAM-SHA-512" {
            credential.last_used = Some(at);
        }
    }
    assert_eq!(find(accounts, "user").await.as_ref(), Some(&account));
    assert_eq!(find(accounts, "other").await, Some(full("other")));
    // Who is gone, or never had that, is no fault of who comes in.
    accounts.used(&account.name, ("tablet", "PASSWORD"), at).await.unwrap();
    accounts.used(&name("nobody"), ("", "PASSWORD"), at).await.unwrap();
    assert_eq!(find(accounts, "user").await.as_ref(), Some(&account));
    assert_eq!(find(accounts, "nobody").await, None);
}

async fn settings(stage: &Stage) {
    let [first, second] =
        [stage.accounts.settings().await.unwrap(), stage.accounts.settings().await.unwrap()];
    assert_eq!(first.secret.len(), 32);
    assert_eq!(first.secret, second.secret);
    assert_eq!(first.names, NameRule::Raw);
}

async fn unlogged(stage: &Stage) {
    let accounts = &*stage.accounts;
    let secret = "Tr0ub4dor-and-3";
    let mut account = full("user");
    account.put(Credential::new(format!("{{PLAIN}}{secret}").parse().unwrap()));
    put(accounts, &account).await;
    accounts.import(vec![account.clone()], Conflict::Replace).await.unwrap();
    accounts.import(vec![account.clone()], Conflict::Fail).await.unwrap_err();
    accounts.used(&account.name, ("", "PASSWORD"), Timestamp::from_unix(0)).await.unwrap();
    find(accounts, "user").await.unwrap();
    accounts.page(None, 9).await.unwrap();
    tracing::trace!("somebody listens, to {:?}", stage.accounts.settings().await.unwrap().names);
    assert!(log::has("somebody listens, to Raw"));
    // Neither it, nor the statements that carry such things.
    for word in [secret, "INSERT INTO accounts", "INSERT INTO credentials", "WITH found"] {
        assert!(!log::has(word), "{word}");
    }
}
