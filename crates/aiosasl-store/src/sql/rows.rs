//! Accounts to rows, and back.

use aiosasl::{
    hash::Hash,
    identity::{AuthenticationId, AuthorizationId},
};
use zeroize::Zeroizing;

use super::{
    fault::Fault,
    link::{Row, Transaction, Value},
};
use crate::{
    account::{Account, ActsAs},
    backend::Key,
    credential::{Credential, CredentialKind},
    error::StoreError,
    timestamp::Timestamp,
};

/// What follows a query named `found`, of names, states and ends: all of these accounts, in the order of their names,
/// in one answer. `CROSS JOIN` tells SQLite to begin with the accounts that are found, not with all credentials.
pub(super) const ALL_OF_FOUND: &str = "\
    SELECT CAST(0 AS BIGINT) AS part, name, CAST(0 AS BIGINT) AS place, state AS text, \
        CAST(NULL AS BYTEA) AS label, CAST(NULL AS BYTEA) AS kind, expires, CAST(NULL AS BIGINT) AS last_used \
        FROM found \
    UNION ALL SELECT 1, credentials.account, credentials.place, CAST(NULL AS TEXT), \
        credentials.label, credentials.kind, credentials.expires, credentials.last_used \
        FROM found CROSS JOIN credentials WHERE credentials.account = found.name \
    UNION ALL SELECT 2, acting.account, acting.place, acting.identity, \
        CAST(NULL AS BYTEA), CAST(NULL AS BYTEA), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) \
        FROM found CROSS JOIN acting WHERE acting.account = found.name \
    ORDER BY name, part, place";

/// The accounts in the rows of such an answer.
pub(super) fn accounts(rows: &[Row]) -> Result<Vec<Account>, Fault> {
    let mut accounts: Vec<Account> = Vec::new();
    for row in rows {
        match (row.integer(0)?, accounts.last_mut()) {
            (Some(0), _) => accounts.push(account(row)?),
            (Some(1), Some(last)) => {
                let credential = credential(row).map_err(|fault| of(&last.name, fault))?;
                last.credentials.push(credential);
            }
            (Some(2), Some(last)) => {
                let acts_as = acts_as(row).map_err(|fault| of(&last.name, fault))?;
                last.acts_as.push(acts_as);
            }
            _ => return Err(Fault::malformed("rows that fit no account").into()),
        }
    }
    Ok(accounts)
}

fn account(row: &Row) -> Result<Account, Fault> {
    let name = AuthenticationId::new(row.text(1)?.unwrap_or_default())
        .map_err(|error| Fault::malformed("an account without a name").because(error))?;
    let state = row.text(3)?.unwrap_or_default().parse().map_err(|error: StoreError| {
        let text = format!("no state of the account {:?}", name.as_str());
        Fault::malformed(text).because(error)
    })?;
    Ok(Account { state, expires: moment(row, 6)?, ..Account::new(name) })
}

fn credential(row: &Row) -> Result<Credential, Fault> {
    let text = |column| -> Result<Zeroizing<String>, Fault> {
        let octets = row.octets(column)?.unwrap_or_default();
        let text = std::str::from_utf8(&octets).map_err(Fault::no_text)?;
        Ok(Zeroizing::new(text.to_owned()))
    };
    let kind: CredentialKind = text(5)?.parse()?;
    Ok(Credential {
        label: text(4)?.as_str().into(),
        kind,
        expires: moment(row, 6)?,
        last_used: moment(row, 7)?,
    })
}

fn acts_as(row: &Row) -> Result<ActsAs, Fault> {
    let Some(identity) = row.text(3)? else { return Ok(ActsAs::Anyone) };
    let identity = AuthorizationId::new(identity)
        .map_err(|error| Fault::malformed("no identity to act as").because(error))?;
    Ok(ActsAs::Identity(identity))
}

fn moment(row: &Row, column: usize) -> Result<Option<Timestamp>, Fault> {
    Ok(row.integer(column)?.map(Timestamp::from_unix))
}

/// The fault, with the account that it is about.
fn of(name: &AuthenticationId, fault: Fault) -> Fault {
    match fault {
        Fault::Told(error) => {
            let text = format!("what nobody can read of the account {:?}", name.as_str());
            Fault::malformed(text).because(error).into()
        }
        fault => fault,
    }
}

/// What a credential is found by: an octet for its kind, and a digest.
pub(super) fn lookup(key: Key<'_>) -> Option<Vec<u8>> {
    match key {
        Key::Certificate(name) => {
            Some([b"c", Hash::Sha256.digest(name.as_bytes()).as_ref()].concat())
        }
        Key::Name(_) => None,
        Key::Token(digest) => Some([b"t", &digest.as_bytes()[..]].concat()),
    }
}

/// Puts accounts in; none of them is there.
pub(super) async fn insert(
    transaction: &mut Transaction,
    accounts: &[&Account],
) -> Result<(), Fault> {
    let values: Vec<_> = accounts.iter().flat_map(|it| account_values(it)).collect();
    transaction.insert("accounts (name, state, expires)", 3, &values).await?;
    insert_credentials(transaction, accounts).await?;
    insert_acting(transaction, accounts).await
}

pub(super) fn account_values(account: &Account) -> [Value<'_>; 3] {
    [
        Value::Text(Some(account.name.as_str())),
        Value::Text(Some(account.state.as_str())),
        Value::Integer(account.expires.map(Timestamp::as_unix)),
    ]
}

/// The texts of a credential, made to be put in.
struct Texts<'a> {
    account: &'a Account,
    credential: &'a Credential,
    place: i64,
    word: Zeroizing<String>,
    kind: Zeroizing<String>,
    lookup: Option<Vec<u8>>,
}

pub(super) async fn insert_credentials(
    transaction: &mut Transaction,
    accounts: &[&Account],
) -> Result<(), Fault> {
    const INTO: &str =
        "credentials (account, place, label, word, kind, expires, last_used, lookup)";
    let texts: Vec<_> = accounts
        .iter()
        .flat_map(|account| {
            (0..).zip(&account.credentials).map(|(place, credential)| Texts {
                account,
                credential,
                place,
                word: Zeroizing::new(credential.slot().1),
                kind: Zeroizing::new(credential.kind.to_string()),
                lookup: match &credential.kind {
                    CredentialKind::Certificate(name) => lookup(Key::Certificate(name)),
                    CredentialKind::Token(digest) => lookup(Key::Token(digest)),
                    CredentialKind::Password(_)
                    | CredentialKind::Scram(_)
                    | CredentialKind::Shared(_) => None,
                },
            })
        })
        .collect();
    let values: Vec<_> = texts.iter().flat_map(credential_values).collect();
    transaction.insert(INTO, 8, &values).await
}

fn credential_values<'a>(texts: &'a Texts<'_>) -> [Value<'a>; 8] {
    let Texts { account, credential, place, word, kind, lookup } = texts;
    [
        Value::Text(Some(account.name.as_str())),
        Value::Integer(Some(*place)),
        Value::Octets(Some(credential.label.as_bytes())),
        Value::Octets(Some(word.as_bytes())),
        Value::Octets(Some(kind.as_bytes())),
        Value::Integer(credential.expires.map(Timestamp::as_unix)),
        Value::Integer(credential.last_used.map(Timestamp::as_unix)),
        Value::Octets(lookup.as_deref()),
    ]
}

pub(super) async fn insert_acting(
    transaction: &mut Transaction,
    accounts: &[&Account],
) -> Result<(), Fault> {
    let values: Vec<_> = accounts
        .iter()
        .flat_map(|account| {
            (0..).zip(&account.acts_as).map(|(place, acts_as)| {
                let identity = match acts_as {
                    ActsAs::Anyone => None,
                    ActsAs::Identity(identity) => Some(identity.as_str()),
                };
                [
                    Value::Text(Some(account.name.as_str())),
                    Value::Integer(Some(place)),
                    Value::Text(identity),
                ]
            })
        })
        .flatten()
        .collect();
    transaction.insert("acting (account, place, identity)", 3, &values).await
}
