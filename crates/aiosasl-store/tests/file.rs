//! A passwd-file as a store: changed by several, read again, and killed half-way.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use aiosasl_store::{
    Account, AccountState, Accounts, Backend as _, Conflict, Credential, Key, NameRule, PasswdFile,
    StoreErrorKind, Timestamp,
};

fn account(name: &str, password: &str) -> Account {
    let mut account = Account::new(name.try_into().unwrap());
    account.put(Credential::new(format!("{{PLAIN}}{password}").parse().unwrap()));
    account
}

async fn find(file: &PasswdFile, name: &str) -> Option<Account> {
    file.find(Key::Name(&name.try_into().unwrap())).await.unwrap()
}

async fn set_state(file: &PasswdFile, name: &str, state: AccountState) {
    let name = name.try_into().unwrap();
    let edit = |account: Option<Account>| Ok(account.map(|it| Account { state, ..it }));
    file.edit(&name, Box::new(edit)).await.unwrap();
}

fn make(path: &Path) -> PasswdFile {
    PasswdFile::open_or_make(path, NameRule::Saslprep).unwrap()
}

#[tokio::test]
async fn several_change_one_file_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    let work = |first: usize| {
        let file = make(&path);
        async move {
            for number in (first..40).step_by(2) {
                let new = account(&format!("user{number}"), "pencil");
                let name = new.name.clone();
                let edit = move |old: Option<Account>| {
                    assert_eq!(old, None);
                    Ok(Some(new.clone()))
                };
                file.edit(&name, Box::new(edit)).await.unwrap();
            }
        }
    };
    let (first, second) = tokio::join!(tokio::spawn(work(0)), tokio::spawn(work(1)));
    first.and(second).unwrap();
    assert_eq!(make(&path).page(None, 100).await.unwrap().len(), 40);
}

#[tokio::test]
async fn a_changed_file_is_read_again_and_a_broken_one_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    fs::write(&path, "alice:{PLAIN}one\n").unwrap();
    let file = PasswdFile::open(&path).unwrap();
    fs::write(&path, "alice:{PLAIN}one\nbob:{PLAIN}two\n").unwrap();
    tokio::time::sleep(Duration::from_millis(1050)).await;
    assert!(find(&file, "bob").await.is_some());

    fs::write(&path, "alice:{PLAIN}one\nbob:{PLAIN}two\ncarol:{SCRAM-SHA-256}hush\n").unwrap();
    let error = file.reload().unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Malformed);
    let text = error.to_string();
    assert!(text.contains("accounts: line 3: ") && !text.contains("hush"), "{text}");
    assert!(find(&file, "alice").await.is_some());
    // Nobody writes over what he can't read.
    let name = "alice".try_into().unwrap();
    let change = file.edit(&name, Box::new(|_| Ok(None))).await;
    assert_eq!(change.unwrap_err().kind, StoreErrorKind::Malformed);
    assert!(fs::read_to_string(&path).unwrap().contains("hush"));

    fs::write(&path, "bob:{PLAIN}two\n").unwrap();
    file.reload().unwrap();
    assert!(find(&file, "alice").await.is_none());
}

#[tokio::test]
async fn a_symbolic_link_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("accounts"), folder.path().join("link"));
    fs::write(&path, "alice:{PLAIN}one\n").unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    set_state(&make(&link), "alice", AccountState::Disabled).await;
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&path).unwrap(), "alice:{CRYPT}!{PLAIN}one\n");
}

#[tokio::test]
async fn settings_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    let made = PasswdFile::open_or_make(&path, NameRule::CaseMapped).unwrap();
    let first = made.settings().await.unwrap();
    let again = PasswdFile::open(&path).unwrap().settings().await.unwrap();
    assert_eq!(again.names, NameRule::CaseMapped);
    assert_eq!(first.secret.expose(), again.secret.expose());
    let other = PasswdFile::open_or_make(&path, NameRule::Raw);
    assert_eq!(other.unwrap_err().kind, StoreErrorKind::Invalid);
    assert_eq!(
        PasswdFile::open(folder.path().join("none")).unwrap_err().kind,
        StoreErrorKind::Missing
    );
}

#[tokio::test]
async fn uses_are_seen_at_once_and_written_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    let file = make(&path);
    file.import(vec![account("alice", "one")], Conflict::Fail).await.unwrap();
    let before = fs::read_to_string(&path).unwrap();
    let at = Timestamp::from_unix(1_800_000_000);
    file.used(&"alice".try_into().unwrap(), ("", "PASSWORD"), at).await.unwrap();
    let used = |account: Option<Account>| account.unwrap().credentials[0].last_used;
    assert_eq!(used(find(&file, "alice").await), Some(at));
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    drop(file);
    assert_eq!(used(find(&make(&path), "alice").await), Some(at));
}

/// What the process does that is killed.
async fn write_without_end(path: &Path) {
    let file = make(path);
    println!("ready");
    for round in 0_u32.. {
        let accounts = (0..500).map(|it| account(&format!("user{it}"), &round.to_string()));
        file.import(accounts.collect(), Conflict::Replace).await.unwrap();
    }
}

#[tokio::test]
async fn killed_half_way_it_is_the_old_one_or_the_new_one() {
    use std::io::{BufRead as _, BufReader};
    // The test starts itself as the process that is killed.
    if let Some(path) = env::var_os("AIOSASL_TEST_FILE") {
        return write_without_end(Path::new(&path)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    let mut rounds = Vec::new();
    for number in 0..50_u64 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["killed_half_way_it_is_the_old_one_or_the_new_one", "--exact", "--nocapture"])
            .env("AIOSASL_TEST_FILE", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        assert!(output.lines().any(|line| line.unwrap().contains("ready")));
        std::thread::sleep(Duration::from_micros(number * 731));
        child.kill().unwrap();
        child.wait().unwrap();
        let accounts = make(&path).page(None, 1000).await.unwrap();
        let texts: Vec<String> =
            accounts.iter().map(|it| it.credentials[0].kind.to_string()).collect();
        assert!(texts.is_empty() || texts.len() == 500, "{}", texts.len());
        assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "two rounds in one file");
        rounds.extend(texts.first().cloned());
    }
    assert!(rounds.len() > 5, "hardly anything was written: the test does not test");
}
