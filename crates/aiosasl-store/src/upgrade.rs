//! Upgrades on the way: a password that was shown and found right becomes what the account lacks.

use aiosasl::{query::ScramVerifier, secret::Password};

use crate::{
    account::Account,
    credential::{Credential, CredentialKind},
    error::StoreError,
    service::Service,
    timestamp::Timestamp,
};

/// How often a credential's last use is written down, at most: once in that many seconds.
const USED_EVERY: i64 = 60;

/// Writes what the account lacks, or has in a weaker form, in one transaction. A fault costs nobody the login.
pub(crate) async fn upgrade(
    service: &Service,
    account: &Account,
    proven: &Credential,
    password: &Password,
) {
    match try_upgrade(service, account, proven, password).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(account = %account.name, count, "credentials upgraded"),
        Err(error) => tracing::warn!(account = %account.name, %error, "no upgrade"),
    }
}

async fn try_upgrade(
    service: &Service,
    account: &Account,
    proven: &Credential,
    password: &Password,
) -> Result<usize, StoreError> {
    let Some(accounts) = &service.accounts else { return Ok(0) };
    let lacking = service.policy.lacking(account);
    if lacking.is_empty() {
        return Ok(0);
    }
    let made = lacking.credentials(&service.hasher, password, "").await?;
    let mut written = 0;
    let edit = |current: Option<Account>| {
        written = 0;
        let Some(mut current) = current else { return Ok(None) };
        // Where the password has changed meanwhile, this one is not the account's any more.
        if current.credentials.iter().any(|it| it.slot() == proven.slot() && it.kind == proven.kind)
        {
            for credential in &made {
                current.put(credential.clone().expiring(proven.expires));
                written += 1;
            }
        }
        Ok(Some(current))
    };
    accounts.edit(&account.name, Box::new(edit)).await?;
    Ok(written)
}

/// The verifier that a shown password is tried against where there is no hash of it.
pub(crate) fn any_verifier(account: &Account) -> Option<(&Credential, &ScramVerifier)> {
    let mut verifiers: Vec<_> = account
        .credentials
        .iter()
        .filter_map(|it| match &it.kind {
            CredentialKind::Scram(verifier) => Some((it, verifier)),
            _ => None,
        })
        .collect();
    // The account's own before those of applications; then as they stand.
    verifiers.sort_by_key(|(it, _)| !it.label.is_empty());
    verifiers.into_iter().next()
}

/// Whether its last use is so fresh that it need not be written again.
pub(crate) fn was_used_just_now(credential: &Credential, now: Timestamp) -> bool {
    credential.last_used.is_some_and(|last| now.as_unix() - last.as_unix() < USED_EVERY)
}
