//! Looking accounts up, each time with one question.

use aiosasl::identity::AuthenticationId;

use super::{
    fault::Fault,
    link::{Link, Transaction, Value},
    rows::{self, ALL_OF_FOUND},
};
use crate::{account::Account, backend::Key, error::StoreError};

const BY_NAME: &str = "SELECT name, state, expires FROM accounts WHERE name = $1";

const BY_LOOKUP: &str = "SELECT name, state, expires FROM accounts WHERE name = \
                         (SELECT account FROM credentials WHERE lookup = $1 ORDER BY account LIMIT 1)";

const FIRST: &str = "SELECT name, state, expires FROM accounts ORDER BY name LIMIT $1";

const NEXT: &str =
    "SELECT name, state, expires FROM accounts WHERE name > $2 ORDER BY name LIMIT $1";

/// The account with this key.
pub(super) async fn find(link: &Link, key: Key<'_>) -> Result<Option<Account>, StoreError> {
    let lookup = rows::lookup(key);
    let rows = match (key, &lookup) {
        (Key::Name(name), _) => {
            link.read(&whole(BY_NAME), &[Value::Text(Some(name.as_str()))]).await
        }
        (_, lookup) => link.read(&whole(BY_LOOKUP), &[Value::Octets(lookup.as_deref())]).await,
    };
    Ok(rows::accounts(&rows?)?.pop())
}

/// The account of this name, within a transaction.
pub(super) async fn one(
    transaction: &mut Transaction,
    name: &AuthenticationId,
) -> Result<Option<Account>, Fault> {
    let rows = transaction.run(&whole(BY_NAME), &[Value::Text(Some(name.as_str()))]).await?;
    Ok(rows::accounts(&rows)?.pop())
}

/// At most so many accounts, those after this name.
pub(super) async fn page(
    link: &Link,
    after: Option<&AuthenticationId>,
    limit: usize,
) -> Result<Vec<Account>, StoreError> {
    let limit = Value::Integer(Some(i64::try_from(limit).unwrap_or(i64::MAX)));
    let rows = match after {
        None => link.read(&whole(FIRST), &[limit]).await?,
        Some(name) => link.read(&whole(NEXT), &[limit, Value::Text(Some(name.as_str()))]).await?,
    };
    Ok(rows::accounts(&rows)?)
}

/// The query for all of the accounts that are found.
fn whole(found: &str) -> String {
    format!("WITH found AS ({found}) {ALL_OF_FOUND}")
}
