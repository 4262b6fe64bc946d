//! A process that changes a store is killed in the middle of it, again and again: what it had said to be done is
//! there, and what was going on has happened whole or not at all.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, ExitCode, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use aiosasl::identity::AuthorizationId;
use aiosasl_store::{
    Account, Accounts as _, ActsAs, Conflict, Credential, CredentialKind, Database,
    DatabaseOptions, Timestamp,
};

use crate::{
    contract::find,
    samples::{name, token},
};

/// The first argument of the process that is killed.
pub(crate) const CHILD: &str = "--write-until-killed";

/// Where it finds the store, with the password.
const URL: &str = "AIOSASL_TEST_STORE";

/// How often one is killed.
const TIMES: u64 = 50;

/// How many accounts each import has.
const IMPORTED: u64 = 600;

/// How long one may take to begin.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn options(schema: &str) -> DatabaseOptions {
    let mut options = DatabaseOptions::default();
    schema.clone_into(&mut options.schema);
    options
}

/// An account as it is after so many changes.
fn generation(text: &str, number: u64) -> Account {
    let mut account = Account::new(name(text));
    account.expires = Some(Timestamp::from_unix(i64::try_from(number).unwrap()));
    let identity = AuthorizationId::new(format!("identity{number}")).unwrap();
    account.acts_as.push(ActsAs::Identity(identity));
    for kind in [
        CredentialKind::Certificate(format!("certificate{number}").into()),
        token(&format!("{text} {number}")).1,
        format!("{{PLAIN}}{number}").parse().unwrap(),
    ] {
        account.put(Credential::new(kind));
    }
    account
}

fn number(account: &Account) -> u64 {
    account.expires.unwrap().as_unix().try_into().unwrap()
}

/// Changes, imports, changes, imports, ..., and says each time what is done.
pub(crate) fn child(schema: &str, first: &str) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = std::env::var(URL).unwrap();
        let database = Database::open_with(&url, &options(schema)).await.unwrap();
        let say = |text: String| {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{text}").unwrap();
            out.flush().unwrap();
        };
        for number in first.parse().unwrap().. {
            let edit = |_| Ok(Some(generation("changed", number)));
            database.edit(&name("changed"), Box::new(edit)).await.unwrap();
            say(format!("changed {number}"));
            let accounts = imported(number);
            database.import(accounts, Conflict::Replace).await.unwrap();
            say(format!("imported {number}"));
        }
    });
    ExitCode::FAILURE
}

fn imported(number: u64) -> Vec<Account> {
    (0..IMPORTED).map(|it| generation(&format!("imported{it:04}"), number)).collect()
}

/// Starts such a process and kills it after a while; gives out the numbers of the last change and the last import that
/// it said were done, if it came to one.
fn start_and_kill(url: &str, schema: &str, first: u64, wait: Duration) -> [Option<u64>; 2] {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([CHILD, schema, &first.to_string()])
        .env(URL, url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || out.lines().map_while(Result::ok).for_each(|it| drop(sender.send(it))));
    // It has begun once it has said something; then, at some time, it ends.
    let begun = lines.recv_timeout(PATIENCE).unwrap();
    thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut done = [None, None];
    let mut note = |line: String| {
        let (verb, number) = line.split_once(' ').unwrap();
        done[usize::from(verb == "imported")] = Some(number.parse().unwrap());
    };
    note(begun);
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => note(line),
            Err(RecvTimeoutError::Disconnected) => return done,
            Err(RecvTimeoutError::Timeout) => panic!("what was killed still speaks"),
        }
    }
}

/// Kills one after the other.
pub(crate) async fn kill(url: &str, schema: &str) {
    let database = Database::open_with(url, &options(schema)).await.unwrap();
    database.import(imported(0), Conflict::Fail).await.unwrap();
    let (mut first, mut last_import) = (1, 0);
    let mut halfway = 0;
    for time in 0..TIMES {
        // From right after its first word to after a few imports: in each part of both kinds of change.
        let wait = Duration::from_micros(time * time * 37 % 90_000);
        let (url, schema) = (url.to_owned(), schema.to_owned());
        let killed = move || start_and_kill(&url, &schema, first, wait);
        let [changed, done] = tokio::task::spawn_blocking(killed).await.unwrap();
        let changed = changed.unwrap();
        last_import = done.unwrap_or(last_import);

        let account = find(&database, "changed").await.unwrap();
        let now = number(&account);
        assert_eq!(account, generation("changed", now), "neither old nor new");
        assert!(now == changed || now == changed + 1, "{now} is there, {changed} was done");

        let page = database.page(Some(&name("changed")), usize::MAX).await.unwrap();
        let of = number(&page[0]);
        assert!(page == imported(of), "not whole, {of} was first");
        assert!(
            of == last_import || of == now || of == changed,
            "{of} is there, {last_import} was done"
        );
        assert!(of >= last_import, "{of} is there, {last_import} was done");
        halfway += u64::from(of < changed);
        last_import = of;
        first = now + 1;
    }
    // It was not always between two changes.
    assert!(halfway > TIMES / 10, "only {halfway} were killed within an import");
    database.close().await;
}
