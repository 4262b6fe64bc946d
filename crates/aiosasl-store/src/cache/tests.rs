//! What is remembered, for how long, and how often the back end is asked.

use super::*;
use crate::scripted::{Scripted, account, id};
use crate::{Credential, CredentialKind, StoreErrorKind, TokenDigest};

const SECOND: Duration = Duration::from_secs(1);

fn remembering(backend: &Arc<Scripted>, options: CacheOptions) -> Arc<Cache> {
    let backend: Arc<dyn Backend> = backend.clone();
    Arc::new(Cache::new(backend, options).unwrap())
}

fn with_passwords() -> CacheOptions {
    let passwords = PasswordCache { lifetime: 60 * SECOND, iterations: 10 };
    CacheOptions { passwords: Some(passwords), ..CacheOptions::default() }
}

async fn find(cache: &Cache, name: &str) -> Result<Option<Account>, StoreError> {
    cache.find(Key::Name(&id(name))).await
}

async fn check(cache: &Cache, name: &str, password: &str) -> Result<Checked, StoreError> {
    cache.check_password(&id(name), &password.into()).await
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_believed_for_its_lifetime() {
    let backend = Arc::new(Scripted::new([account("user")]));
    let cache = remembering(&backend, CacheOptions::default());
    for (after, name, asked) in [
        (0, "user", 1),
        (59, "user", 1),
        (1, "user", 2),
        (0, "nobody", 3),
        (9, "nobody", 3),
        (1, "nobody", 4),
    ] {
        tokio::time::advance(after * SECOND).await;
        assert_eq!(find(&cache, name).await.unwrap().is_some(), name == "user");
        assert_eq!(backend.asked(), asked, "{name} after {after} seconds");
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_who_ask_at_once_are_one_question() {
    let backend = Arc::new(Scripted::new([account("user")]).after(SECOND));
    let cache = remembering(&backend, CacheOptions::default());
    let ask = |cache: Arc<Cache>| tokio::spawn(async move { find(&cache, "user").await });
    let all: Vec<_> = (0..50).map(|_| ask(cache.clone())).collect();
    for one in all {
        assert!(one.await.unwrap().unwrap().is_some());
    }
    assert_eq!(backend.asked(), 1);

    cache.clear();
    backend.fail(true);
    let start = Instant::now();
    let all: Vec<_> = (0..50).map(|_| ask(cache.clone())).collect();
    for one in all {
        assert_eq!(one.await.unwrap().unwrap_err().kind, StoreErrorKind::Unavailable);
    }
    assert_eq!((backend.asked(), start.elapsed()), (2, SECOND), "a failure is shared, too");

    backend.fail(false);
    assert!(find(&cache, "user").await.unwrap().is_some(), "a failure is not remembered");
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_while_asking_leaves_no_one_waiting() {
    let backend = Arc::new(Scripted::new([account("user")]).after(SECOND));
    let cache = remembering(&backend, CacheOptions::default());
    let first = tokio::time::timeout(SECOND / 2, find(&cache, "user")).await;
    assert!(first.is_err());
    assert!(find(&cache, "user").await.unwrap().is_some());
    assert_eq!(backend.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_is_asked_for_again_however_it_was_found() {
    let token = TokenDigest::of(&Secret::new(*b"token"));
    let mut user = account("user");
    user.put(Credential::new(CredentialKind::Certificate("CN=user".into())));
    user.put(Credential::new(CredentialKind::Token(token)));
    let backend = Arc::new(Scripted::new([user, account("other")]));
    let cache = remembering(&backend, CacheOptions::default());
    let [name, other] = [id("user"), id("other")];
    let keys = [
        Key::Name(&name),
        Key::Certificate("CN=user"),
        Key::Token(&token),
        Key::Certificate("CN=new"),
        Key::Name(&other),
    ];
    for key in keys.iter().chain(&keys) {
        cache.find(*key).await.unwrap();
    }
    assert_eq!(backend.asked(), 5);
    cache.forget(&name);
    for key in keys {
        cache.find(key).await.unwrap();
    }
    assert_eq!(backend.asked(), 9, "all but the other account");
    cache.clear();
    cache.find(keys[4]).await.unwrap();
    assert_eq!(backend.asked(), 10);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_under_way_when_its_account_changed_is_not_kept() {
    let backend = Arc::new(Scripted::new([account("user")]).after(SECOND));
    let cache = remembering(&backend, CacheOptions::default());
    let asking = tokio::spawn({
        let cache = cache.clone();
        async move { find(&cache, "user").await }
    });
    tokio::time::sleep(SECOND / 2).await;
    let mut changed = account("user");
    changed.state = crate::AccountState::Disabled;
    backend.put(changed.clone());
    cache.forget(&id("user"));
    assert_eq!(asking.await.unwrap().unwrap(), Some(account("user")));
    assert_eq!(find(&cache, "user").await.unwrap(), Some(changed));
}

#[tokio::test(start_paused = true)]
async fn old_answers_are_given_only_when_asked_for_only_while_down_and_only_so_old() {
    for stale in [None, Some(600 * SECOND)] {
        let backend = Arc::new(Scripted::new([account("user")]));
        let cache = remembering(&backend, CacheOptions { stale, ..CacheOptions::default() });
        find(&cache, "user").await.unwrap();
        find(&cache, "nobody").await.unwrap();
        backend.fail(true);
        tokio::time::advance(599 * SECOND).await;
        assert_eq!(find(&cache, "user").await.is_ok(), stale.is_some());
        assert!(find(&cache, "nobody").await.is_err(), "there may be such an account by now");
        assert!(find(&cache, "new").await.is_err());
        tokio::time::advance(SECOND).await;
        assert!(find(&cache, "user").await.is_err(), "too old");
        backend.fail(false);
        assert!(find(&cache, "user").await.unwrap().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_back_end_is_down_old_answers_do_not_wait_for_it() {
    let backend = Arc::new(Scripted::new([account("a"), account("b")]).after(SECOND));
    let stale = Some(600 * SECOND);
    let cache = remembering(&backend, CacheOptions { stale, ..CacheOptions::default() });
    for name in ["a", "b"] {
        find(&cache, name).await.unwrap();
    }
    tokio::time::advance(60 * SECOND).await;
    backend.fail(true);
    for (name, waited) in [("a", SECOND), ("b", Duration::ZERO), ("a", Duration::ZERO)] {
        let start = Instant::now();
        assert!(find(&cache, name).await.unwrap().is_some());
        assert_eq!(start.elapsed(), waited, "{name}");
    }
    tokio::time::advance(2 * SECOND).await;
    backend.fail(false);
    find(&cache, "a").await.unwrap();
    assert_eq!(backend.asked(), 4, "asked again after a pause");
}

#[tokio::test(start_paused = true)]
async fn no_more_is_kept_than_there_is_room_for() {
    let backend = Arc::new(Scripted::new([]));
    let options = CacheOptions { entries: 100, ..with_passwords() };
    let cache = remembering(&backend, options);
    for number in 0..1000 {
        let name = format!("user{number}");
        find(&cache, &name).await.unwrap();
        backend.set_password(&name, "pencil");
        check(&cache, &name, "pencil").await.unwrap();
    }
    assert!((1..=100).contains(&cache.slots.len()), "{}", cache.slots.len());
    let passwords = cache.passwords.as_ref().unwrap();
    assert!((1..=100).contains(&passwords.len()), "{}", passwords.len());
}

#[tokio::test(start_paused = true)]
async fn passwords_are_remembered_only_when_asked() {
    for (options, asked) in [(CacheOptions::default(), 2), (with_passwords(), 1)] {
        let backend = Arc::new(Scripted::new([]).knowing("user", "pencil"));
        let cache = remembering(&backend, options);
        for _ in 0..2 {
            let checked = check(&cache, "user", "pencil").await.unwrap();
            assert_eq!(checked, Checked::Accepted(id("user")));
        }
        assert_eq!(backend.asked(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_accepted_password_is_remembered_and_only_for_its_lifetime() {
    let backend = Arc::new(Scripted::new([]).knowing("user", "pencil"));
    let cache = remembering(&backend, with_passwords());
    check(&cache, "user", "pencil").await.unwrap();
    for _ in 0..2 {
        assert_eq!(check(&cache, "user", "pencils").await.unwrap(), Checked::Refused);
        assert_eq!(check(&cache, "nobody", "pencil").await.unwrap(), Checked::NotHere);
    }
    assert_eq!(backend.asked(), 5);
    backend.set_password("user", "brush");
    assert!(matches!(check(&cache, "user", "pencil").await.unwrap(), Checked::Accepted(_)));
    tokio::time::advance(60 * SECOND).await;
    assert_eq!(check(&cache, "user", "pencil").await.unwrap(), Checked::Refused);
    assert!(matches!(check(&cache, "user", "brush").await.unwrap(), Checked::Accepted(_)));
    backend.set_password("user", "pencil");
    cache.forget(&id("user"));
    assert_eq!(check(&cache, "user", "brush").await.unwrap(), Checked::Refused);
}

#[tokio::test(start_paused = true)]
async fn an_old_password_will_do_while_the_back_end_is_down_where_that_is_asked_for() {
    for stale in [None, Some(600 * SECOND)] {
        let backend = Arc::new(Scripted::new([]).knowing("user", "pencil"));
        let cache = remembering(&backend, CacheOptions { stale, ..with_passwords() });
        check(&cache, "user", "pencil").await.unwrap();
        backend.fail(true);
        tokio::time::advance(599 * SECOND).await;
        assert_eq!(check(&cache, "user", "pencil").await.is_ok(), stale.is_some());
        assert!(check(&cache, "user", "wrong").await.is_err());
        tokio::time::advance(SECOND).await;
        assert!(check(&cache, "user", "pencil").await.is_err(), "too old");
    }
}
