//! Connections to a directory: those that look up, and those that bind as somebody.

use std::{fs, future::Future, path::Path, sync::Arc, time::Duration};

use aiosasl::secret::Password;
use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult};
use ldap3::{
    DerefAliases, Ldap as Handle, LdapConnAsync, LdapConnSettings, LdapError, LdapResult,
    Scope as LdapScope, SearchEntry, SearchOptions,
};
use tokio::task;
use url::Url;
use zeroize::Zeroizing;

use super::{
    entry::Entry,
    options::{Login, Options, Scope, Security},
};
use crate::error::{StoreError, StoreErrorKind};

/// RFC 4511 section 4.1.9.
mod code {
    pub(super) const SUCCESS: u32 = 0;
    pub(super) const SIZE_LIMIT_EXCEEDED: u32 = 4;
    /// What a server says of a password that is wrong, and of entries that have none, or may not log in.
    pub(super) const REFUSALS: [u32; 7] = [
        19, // constraintViolation: too many failures, for some
        32, // noSuchObject
        34, // invalidDNSyntax
        48, // inappropriateAuthentication
        49, // invalidCredentials
        50, // insufficientAccessRights
        53, // unwillingToPerform
    ];
}

/// A directory, by its connections.
#[derive(Clone)]
pub(super) struct Directory {
    options: Arc<Options>,
    /// Logged in as the service.
    searching: Pool<Connector>,
    /// Logged in as whoever was last tried: never used for anything but the next bind.
    binding: Pool<Connector>,
}

/// What a search has found.
pub(super) enum Found {
    None,
    One(Entry),
    Several,
}

/// What the directory says of a name and a password.
pub(super) enum Verdict {
    Accepted,
    Refused,
}

/// Makes connections.
struct Connector {
    url: Url,
    options: Arc<Options>,
    login: Login,
}

/// A connection on loan: given back when all went well, and closed where not.
struct Loan(Option<Object<Connector>>);

impl Directory {
    pub(super) fn new(options: Options) -> Result<Self, StoreError> {
        let url = options.checked_url()?;
        let options = Arc::new(options);
        let pool = |login: Login| {
            let connector = Connector { url: url.clone(), options: Arc::clone(&options), login };
            let pool = Pool::builder(connector).max_size(options.connections.max(1)).build();
            let text = "can't hold connections to a directory";
            pool.map_err(|it| StoreError::new(StoreErrorKind::Invalid, text).because(it))
        };
        let searching = pool(options.login.clone())?;
        let binding = pool(Login::Anonymous)?;
        Ok(Self { options, searching, binding })
    }

    pub(super) fn time_limit(&self) -> Duration {
        self.options.time_limit
    }

    /// Looks for the one entry that a filter means.
    pub(super) async fn search(
        &self,
        filter: &str,
        attributes: &[String],
    ) -> Result<Found, StoreError> {
        ask(&self.searching, &Search { options: &self.options, filter, attributes }).await
    }

    /// Binds as an entry; the password is not empty.
    pub(super) async fn bind(&self, dn: &str, password: &Password) -> Result<Verdict, StoreError> {
        ask(&self.binding, &Bind { dn, password }).await
    }
}

/// Asks by a connection. One that was kept may turn out to be dead: then another is tried, once.
async fn ask<Q: Question>(pool: &Pool<Connector>, question: &Q) -> Result<Q::Answer, StoreError> {
    let mut last = None;
    for _ in 0..2 {
        let mut loan = Loan(Some(pool.get().await.map_err(no_connection)?));
        let Some(object) = &mut loan.0 else { continue };
        match question.put(object).await {
            Ok(answer) => {
                loan.give_back();
                return answer;
            }
            Err(error) => last = Some(error),
        }
    }
    let lost = StoreError::new(StoreErrorKind::Unavailable, "lost the connection to the directory");
    Err(last.into_iter().fold(lost, StoreError::because))
}

/// What can be put to a directory more than once.
trait Question: Sync {
    type Answer;

    /// The outer error is the connection's, the inner one the directory's.
    fn put(&self, handle: &mut Handle) -> impl Future<Output = Put<Self::Answer>> + Send;
}

type Put<T> = Result<Result<T, StoreError>, LdapError>;

struct Search<'a> {
    options: &'a Options,
    filter: &'a str,
    attributes: &'a [String],
}

struct Bind<'a> {
    dn: &'a str,
    password: &'a Password,
}

impl Question for Search<'_> {
    type Answer = Found;

    async fn put(&self, handle: &mut Handle) -> Put<Found> {
        let scope = match self.options.scope {
            Scope::Base => LdapScope::Base,
            Scope::Children => LdapScope::OneLevel,
            Scope::Subtree => LdapScope::Subtree,
        };
        let seconds = i32::try_from(self.options.time_limit.as_secs()).unwrap_or(i32::MAX);
        let limits = SearchOptions::new().sizelimit(2).timelimit(seconds.max(1));
        let mut found = handle
            .with_search_options(limits.deref(DerefAliases::Never))
            .streaming_search(&self.options.base, scope, self.filter, self.attributes)
            .await?;
        let mut entries = Vec::new();
        while let Some(item) = found.next().await? {
            if item.is_ref() {
                tracing::debug!("a referral of the directory is not followed");
            } else if !item.is_intermediate() {
                entries.push(Entry::new(SearchEntry::construct(item)));
            }
            if entries.len() > 2 {
                // More than was asked for: such a connection is not used again.
                return Err(LdapError::EndOfStream);
            }
        }
        let result = found.finish().await;
        let one = entries.pop();
        Ok(match (result.rc, one, entries.is_empty()) {
            (code::SUCCESS, None, _) => Ok(Found::None),
            (code::SUCCESS, Some(entry), true) => Ok(Found::One(entry)),
            (code::SUCCESS | code::SIZE_LIMIT_EXCEEDED, Some(_), false) => Ok(Found::Several),
            _ => Err(unexpected(&result)),
        })
    }
}

impl Question for Bind<'_> {
    type Answer = Verdict;

    async fn put(&self, handle: &mut Handle) -> Put<Verdict> {
        let result = handle.simple_bind(self.dn, self.password.expose()).await?;
        Ok(match result.rc {
            code::SUCCESS => Ok(Verdict::Accepted),
            refusal if code::REFUSALS.contains(&refusal) => {
                tracing::debug!(code = refusal, "the directory refuses a bind");
                Ok(Verdict::Refused)
            }
            _ => Err(unexpected(&result)),
        })
    }
}

impl Loan {
    fn give_back(mut self) {
        self.0 = None;
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        // What is under way on it is nobody's any more: closed, not kept.
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

impl Manager for Connector {
    type Type = Handle;
    type Error = StoreError;

    async fn create(&self) -> Result<Handle, StoreError> {
        let down = |text| StoreError::new(StoreErrorKind::Unavailable, text);
        let settings = match &self.options.security {
            Security::Clear | Security::Local => LdapConnSettings::new(),
            Security::StartTls(config) => {
                LdapConnSettings::new().set_starttls(true).set_config(Arc::clone(config))
            }
            Security::Tls(config) => LdapConnSettings::new().set_config(Arc::clone(config)),
        };
        let (connection, mut handle) = LdapConnAsync::from_url_with_settings(settings, &self.url)
            .await
            .map_err(|error| down("can't reach the directory").because(error))?;
        task::spawn(async move {
            if let Err(error) = connection.drive().await {
                tracing::debug!(%error, "a connection to the directory ended");
            }
        });
        if let Login::Service { dn, password_file } = &self.login {
            let password = read_password(password_file).await?;
            let refused = "the directory does not let the service in";
            let bound = handle.simple_bind(dn, &password).await.and_then(LdapResult::success);
            bound.map_err(|error| down(refused).because(error))?;
        }
        Ok(handle)
    }

    async fn recycle(&self, handle: &mut Handle, _: &Metrics) -> RecycleResult<StoreError> {
        if handle.is_closed() { Err(RecycleError::message("closed")) } else { Ok(()) }
    }
}

/// A service's password, without the newline at its end. One that is empty would bind as nobody (RFC 4513 section
/// 5.1.2).
async fn read_password(file: &Path) -> Result<Zeroizing<String>, StoreError> {
    let unread = |text| StoreError::new(StoreErrorKind::Unavailable, text);
    let path = file.to_owned();
    let octets = task::spawn_blocking(move || fs::read_to_string(path)).await;
    let text = octets.map_err(|error| unread("can't read a password file").because(error))?;
    let text = text.map_err(|error| {
        unread("can't read the file with the service's password for the directory").because(error)
    })?;
    let text = Zeroizing::new(text);
    let line = text.strip_suffix('\n').map_or(&**text, |it| it.strip_suffix('\r').unwrap_or(it));
    if line.is_empty() {
        return Err(unread("the file with the service's password for the directory is empty"));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

fn no_connection(error: PoolError<StoreError>) -> StoreError {
    match error {
        PoolError::Backend(error) => error,
        error => {
            let text = "no connection to the directory";
            StoreError::new(StoreErrorKind::Unavailable, text).because(error)
        }
    }
}

fn unexpected(result: &LdapResult) -> StoreError {
    let text = match result.rc {
        10 => "the directory refers to another, which is not followed",
        32 => "the base entry of the directory is not there, or not shown to us",
        _ => "the directory can't say",
    };
    StoreError::new(StoreErrorKind::Unavailable, text).because(result.clone())
}
