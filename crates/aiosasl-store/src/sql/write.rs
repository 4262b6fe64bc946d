//! Changes of accounts: each in one transaction, tried again where another was faster.

use std::collections::{BTreeMap, HashSet};

use aiosasl::identity::AuthenticationId;

use super::{
    fault::{Fault, Patience},
    link::{Link, Transaction, Value, Worth},
    read, rows,
};
use crate::{
    account::Account,
    backend::{Conflict, Edit, Imported},
    error::{StoreError, StoreErrorKind},
    timestamp::Timestamp,
};

/// How many accounts are taken in at a time.
const CHUNK: usize = 500;

/// Changes one account.
pub(super) async fn edit(
    link: &Link,
    name: &AuthenticationId,
    mut edit: Edit<'_>,
) -> Result<(), StoreError> {
    let mut patience = Patience::of(link.patience);
    while let Err(fault) = try_edit(link, name, &mut edit).await {
        patience.after(fault).await?;
    }
    Ok(())
}

async fn try_edit(link: &Link, name: &AuthenticationId, edit: &mut Edit<'_>) -> Result<(), Fault> {
    let mut transaction = link.begin(Worth::Kept).await?;
    if link.is_postgres() {
        // First the lock, and then a look: what was there before the lock may be old.
        let lock = "SELECT name FROM accounts WHERE name = $1 FOR UPDATE";
        transaction.run(lock, &[Value::Text(Some(name.as_str()))]).await?;
    }
    let before = read::one(&mut transaction, name).await?;
    let after = edit(before.clone())?;
    if after.as_ref().is_some_and(|it| it.name != *name) {
        let text = "a change of an account keeps its name";
        return Err(StoreError::new(StoreErrorKind::Invalid, text).into());
    }
    if before != after {
        write(&mut transaction, name, before.as_ref(), after.as_ref()).await?;
        transaction.commit().await?;
    }
    Ok(())
}

async fn write(
    transaction: &mut Transaction,
    name: &AuthenticationId,
    before: Option<&Account>,
    after: Option<&Account>,
) -> Result<(), Fault> {
    let named = [Value::Text(Some(name.as_str()))];
    let Some(after) = after else {
        transaction.run("DELETE FROM accounts WHERE name = $1", &named).await?;
        return Ok(());
    };
    let Some(before) = before else { return rows::insert(transaction, &[after]).await };
    if (before.state, before.expires) != (after.state, after.expires) {
        let update = "UPDATE accounts SET state = $2, expires = $3 WHERE name = $1";
        transaction.run(update, &rows::account_values(after)).await?;
    }
    if before.credentials != after.credentials {
        transaction.run("DELETE FROM credentials WHERE account = $1", &named).await?;
        rows::insert_credentials(transaction, &[after]).await?;
    }
    if before.acts_as != after.acts_as {
        transaction.run("DELETE FROM acting WHERE account = $1", &named).await?;
        rows::insert_acting(transaction, &[after]).await?;
    }
    Ok(())
}

/// Takes many accounts in.
pub(super) async fn import(
    link: &Link,
    accounts: &[Account],
    conflict: Conflict,
) -> Result<Imported, StoreError> {
    let mut patience = Patience::of(link.patience);
    loop {
        match try_import(link, accounts, conflict).await {
            Ok(imported) => return Ok(imported),
            Err(fault) => patience.after(fault).await?,
        }
    }
}

async fn try_import(
    link: &Link,
    accounts: &[Account],
    conflict: Conflict,
) -> Result<Imported, Fault> {
    let mut imported = Imported::default();
    let mut transaction = link.begin(Worth::Kept).await?;
    for chunk in accounts.chunks(CHUNK) {
        take_in(&mut transaction, chunk, conflict, &mut imported).await?;
    }
    transaction.commit().await?;
    Ok(imported)
}

async fn take_in(
    transaction: &mut Transaction,
    accounts: &[Account],
    conflict: Conflict,
    imported: &mut Imported,
) -> Result<(), Fault> {
    let taken = taken(transaction, accounts).await?;
    // In the order of names, so that two imports don't wait for each other.
    let mut kept = BTreeMap::new();
    for account in accounts {
        let name = account.name.as_str();
        match (taken.contains(name) || kept.contains_key(name), conflict) {
            (true, Conflict::Fail) => {
                let text = format!("there is an account {name:?}");
                return Err(StoreError::new(StoreErrorKind::Exists, text).into());
            }
            (true, Conflict::Skip) => {
                imported.skipped += 1;
                continue;
            }
            (true, Conflict::Replace) => imported.replaced += 1,
            (false, _) => imported.added += 1,
        }
        kept.insert(name, account);
    }
    let stale: Vec<_> = kept.keys().copied().filter(|it| taken.contains(*it)).collect();
    by_names(transaction, "DELETE FROM accounts WHERE name IN", &stale).await?;
    rows::insert(transaction, &kept.into_values().collect::<Vec<_>>()).await
}

/// Which of these accounts' names are taken.
async fn taken(
    transaction: &mut Transaction,
    accounts: &[Account],
) -> Result<HashSet<String>, Fault> {
    let names: Vec<_> = accounts.iter().map(|it| it.name.as_str()).collect();
    let rows = by_names(transaction, "SELECT name FROM accounts WHERE name IN", &names).await?;
    rows.iter().map(|row| Ok(row.text(0)?.unwrap_or_default())).collect()
}

async fn by_names(
    transaction: &mut Transaction,
    sql: &str,
    names: &[&str],
) -> Result<Vec<super::link::Row>, Fault> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let placeholders = transaction.tuples(1, names.len());
    let values: Vec<_> = names.iter().map(|it| Value::Text(Some(it))).collect();
    transaction.run(&format!("{sql} {placeholders}"), &values).await
}

/// Writes down that somebody came in by this credential.
pub(super) async fn used(
    link: &Link,
    name: &AuthenticationId,
    (label, word): (&str, &str),
    at: Timestamp,
) -> Result<(), StoreError> {
    const USED: &str = "UPDATE credentials SET last_used = $4 \
                        WHERE account = $1 AND label = $2 AND word = $3";
    let values = [
        Value::Text(Some(name.as_str())),
        Value::Octets(Some(label.as_bytes())),
        Value::Octets(Some(word.as_bytes())),
        Value::Integer(Some(at.as_unix())),
    ];
    link.hint(USED, &values).await?;
    Ok(())
}
