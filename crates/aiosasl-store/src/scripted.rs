//! A back end for tests: it counts its questions, takes its time, and fails when told.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use aiosasl::{
    driver::BoxFuture,
    identity::AuthenticationId,
    secret::{Password, Secret},
};

use crate::{
    Account, Accounts as _, Backend, Checked, Conflict, Key, Memory, NameRule, StoreError,
    StoreErrorKind,
};

pub(crate) struct Scripted {
    accounts: Memory,
    passwords: Mutex<Vec<(String, String)>>,
    asked: AtomicUsize,
    failing: AtomicBool,
    delay: Duration,
}

pub(crate) fn id(name: &str) -> AuthenticationId {
    AuthenticationId::new(name).unwrap()
}

pub(crate) fn account(name: &str) -> Account {
    Account::new(id(name))
}

impl Scripted {
    pub(crate) fn new<const N: usize>(accounts: [Account; N]) -> Self {
        let memory = Memory::new(Secret::new([7; 32]), NameRule::default());
        let scripted = Self {
            accounts: memory,
            passwords: Mutex::default(),
            asked: AtomicUsize::new(0),
            failing: AtomicBool::new(false),
            delay: Duration::ZERO,
        };
        for account in accounts {
            scripted.put(account);
        }
        scripted
    }

    /// Takes this long for each answer.
    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Checks this name's password by itself.
    pub(crate) fn knowing(self, name: &str, password: &str) -> Self {
        self.set_password(name, password);
        self
    }

    pub(crate) fn set_password(&self, name: &str, password: &str) {
        let mut passwords = self.passwords.lock().unwrap_or_else(PoisonError::into_inner);
        passwords.retain(|(it, _)| it != name);
        passwords.push((name.to_owned(), password.to_owned()));
    }

    pub(crate) fn put(&self, account: Account) {
        // Memory is done with it at the first poll.
        let mut import = self.accounts.import(vec![account], Conflict::Replace);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(import.as_mut().poll(&mut context).is_ready());
    }

    pub(crate) fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn answer(&self) -> Result<(), StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.delay).await;
        if self.failing.load(Ordering::SeqCst) {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "told to fail"));
        }
        Ok(())
    }
}

impl Backend for Scripted {
    fn find<'a>(&'a self, key: Key<'a>) -> BoxFuture<'a, Result<Option<Account>, StoreError>> {
        Box::pin(async move {
            // What is read before the wait may be old after it, as with any server.
            let found = self.accounts.find(key).await?;
            self.answer().await?;
            Ok(found)
        })
    }

    fn check_password<'a>(
        &'a self,
        name: &'a AuthenticationId,
        password: &'a Password,
    ) -> BoxFuture<'a, Result<Checked, StoreError>> {
        Box::pin(async move {
            self.answer().await?;
            let passwords = self.passwords.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(match passwords.iter().find(|(it, _)| it == name.as_str()) {
                Some((_, right)) if right == password.expose() => Checked::Accepted(name.clone()),
                Some(_) => Checked::Refused,
                None => Checked::NotHere,
            })
        })
    }
}
