//! Passwords that the system's PAM checks: it knows no accounts, and no mechanism but PLAIN and LOGIN works with it.
//!
//! A name and a password go through `authenticate` and `account management` of a service (`/etc/pam.d/NAME`); no session
//! is opened. PAM modules may block for long, so that each check has a thread of its own, of which there are few.
//!
//! The service should let failures through at once (`nodelay` for `pam_unix`): the [`Service`](crate::Service) makes
//! failures slow by itself, and a thread that sleeps checks nobody else's password.

use std::{
    ffi::{OsStr, OsString},
    sync::Arc,
    time::Duration,
};

use aiosasl::{driver::BoxFuture, identity::AuthenticationId, secret::Password};
use nonstick::{
    AuthnFlags, ConversationAdapter, ErrorCode, PamShared as _, Transaction as _,
    TransactionBuilder, items::Items as _,
};
use tokio::{sync::Semaphore, task, time};

use crate::{
    account::Account,
    backend::{Backend, Checked, Key},
    error::{StoreError, StoreErrorKind},
};

/// The longest password, in octets: `PAM_MAX_RESP_SIZE`, with its NUL.
const LONGEST: usize = 511;

/// Which service of PAM is asked, and how.
#[derive(Debug, Clone)]
pub struct PamOptions {
    /// The service's name: letters, digits, `-`, `_`. Where there is no such file, PAM takes the service `other`.
    pub service: Box<str>,
    /// How many checks there are at once, each on a thread.
    pub threads: usize,
    /// How long a check may take, with the wait for a thread. A module that goes on for longer keeps its thread.
    pub time_limit: Duration,
}

/// The system's PAM.
pub struct Pam {
    options: PamOptions,
    turns: Arc<Semaphore>,
}

impl PamOptions {
    /// Eight threads, ten seconds.
    pub fn new(service: &str) -> Self {
        Self { service: service.into(), threads: 8, time_limit: Duration::from_secs(10) }
    }
}

impl Pam {
    /// PAM, which is not asked for anything yet.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`], where the service's name is none.
    pub fn new(options: PamOptions) -> Result<Self, StoreError> {
        let plain = |it: char| it.is_ascii_alphanumeric() || ['-', '_'].contains(&it);
        if options.service.is_empty() || !options.service.chars().all(plain) {
            let text = "expected the name of a PAM service: letters, digits, - and _";
            return Err(StoreError::new(StoreErrorKind::Invalid, text));
        }
        let turns = Arc::new(Semaphore::new(options.threads.max(1)));
        Ok(Self { options, turns })
    }

    async fn check(
        &self,
        name: &AuthenticationId,
        password: &Password,
    ) -> Result<Checked, StoreError> {
        // There are services that let people in who have none, and modules that read to a NUL, or not to the end.
        let octets = password.expose().as_bytes();
        if octets.is_empty() || octets.len() > LONGEST || octets.contains(&0) {
            return Ok(Checked::Refused);
        }
        let late = |_| {
            let seconds = self.options.time_limit.as_secs_f64();
            unavailable(&format!("PAM did not answer within {seconds} seconds"))
        };
        time::timeout(self.options.time_limit, self.take_turn(name, password))
            .await
            .map_err(late)?
    }

    async fn take_turn(
        &self,
        name: &AuthenticationId,
        password: &Password,
    ) -> Result<Checked, StoreError> {
        let lost = |what: &str| unavailable(&format!("PAM was not asked: {what}"));
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| lost("no thread"))?;
        let (service, name) = (self.options.service.clone(), name.clone());
        let password = password.clone();
        let work = task::spawn_blocking(move || {
            let said = ask(&service, &name, password);
            drop(turn);
            said
        });
        work.await.map_err(|error| lost("the thread is gone").because(error))?
    }
}

/// Asks PAM, and waits.
fn ask(service: &str, name: &AuthenticationId, password: Password) -> Result<Checked, StoreError> {
    match authenticate(service, name, password) {
        Ok(user) => {
            // A module may have found out that this is somebody by another name.
            let user = user.map(OsString::into_string).transpose();
            let user = user.map_err(|_| unavailable("PAM calls the account by no text"))?;
            let accepted = user.map_or_else(|| Ok(name.clone()), AuthenticationId::new);
            let nobody = |error| unavailable("PAM calls the account by no name").because(error);
            accepted.map(Checked::Accepted).map_err(nobody)
        }
        Err(ErrorCode::UserUnknown) => Ok(Checked::NotHere),
        Err(error) if REFUSALS.contains(&error) => {
            tracing::debug!(?error, "PAM refuses");
            Ok(Checked::Refused)
        }
        Err(error) => Err(unavailable("PAM can't say").because(format!("{error:?}"))),
    }
}

/// What PAM says of passwords that are wrong, and of accounts that may not be used now.
const REFUSALS: [ErrorCode; 9] = [
    ErrorCode::AccountExpired,
    ErrorCode::AuthTokExpired,
    ErrorCode::AuthenticationError,
    ErrorCode::CredentialsError,
    ErrorCode::CredentialsExpired,
    ErrorCode::CredentialsInsufficient,
    ErrorCode::MaxTries,
    ErrorCode::NewAuthTokRequired,
    ErrorCode::PermissionDenied,
];

/// The user's name as PAM has it in the end.
fn authenticate(
    service: &str,
    name: &AuthenticationId,
    password: Password,
) -> Result<Option<OsString>, ErrorCode> {
    let flags = AuthnFlags::SILENT | AuthnFlags::DISALLOW_NULL_AUTHTOK;
    let builder = TransactionBuilder::new_with_service(service).username(name.as_str());
    let mut transaction = builder.build(Answers(password).into_conversation())?;
    transaction.authenticate(flags)?;
    transaction.account_management(flags)?;
    transaction.items().user()
}

fn unavailable(text: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, text)
}

/// Answers what modules ask: with the password where nobody may see it, and with nothing else.
struct Answers(Password);

impl ConversationAdapter for Answers {
    fn prompt(&self, _: impl AsRef<OsStr>) -> Result<OsString, ErrorCode> {
        Err(ErrorCode::ConversationError)
    }

    fn masked_prompt(&self, _: impl AsRef<OsStr>) -> Result<OsString, ErrorCode> {
        Ok(self.0.expose().into())
    }

    fn error_msg(&self, _: impl AsRef<OsStr>) {}

    fn info_msg(&self, _: impl AsRef<OsStr>) {}
}

impl Backend for Pam {
    /// Nobody: PAM gives no accounts out.
    fn find<'a>(&'a self, _: Key<'a>) -> BoxFuture<'a, Result<Option<Account>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    fn check_password<'a>(
        &'a self,
        name: &'a AuthenticationId,
        password: &'a Password,
    ) -> BoxFuture<'a, Result<Checked, StoreError>> {
        Box::pin(self.check(name, password))
    }
}
