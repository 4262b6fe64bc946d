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

const FIRST: &str = "SELECT name, state, expires FROM accounts ORDER BY name";

const NEXT: &str = "SELECT name, state, expires FROM accounts WHERE name > $1 ORDER BY name";

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
    let rows = match after {
        None => link.read(&whole(&limited(FIRST, limit)), &[]).await?,
        Some(name) => {
            let name = Value::Text(Some(name.as_str()));
            link.read(&whole(&limited(NEXT, limit)), &[name]).await?
        }
    };
    Ok(rows::accounts(&rows)?)
}

/// The limit stands in the text: who makes a plan shall know that it is small.
fn limited(question: &str, limit: usize) -> String {
    format!("{question} LIMIT {}", i64::try_from(limit).unwrap_or(i64::MAX))
}

/// The query for all of the accounts that are found.
fn whole(found: &str) -> String {
    format!("WITH found AS ({found}) {ALL_OF_FOUND}")
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::{
        account::Account,
        backend::{Accounts as _, Conflict},
        sql::Database,
    };

    #[tokio::test]
    async fn no_question_looks_at_all_accounts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let database = Database::open(&format!("sqlite:{}", path.display())).await.unwrap();
        let account = |it| Account::new(AuthenticationId::new(format!("user{it}")).unwrap());
        database.import((0..100).map(account).collect(), Conflict::Fail).await.unwrap();
        let (text, octets) = (Value::Text(Some("user7")), Value::Octets(Some(b"t")));
        let questions: [(&str, &[Value<'_>]); 4] = [
            (BY_NAME, &[text]),
            (BY_LOOKUP, &[octets]),
            (&limited(FIRST, 9), &[]),
            (&limited(NEXT, 9), &[text]),
        ];
        for (question, values) in questions {
            let explain = format!("EXPLAIN QUERY PLAN {}", whole(question));
            let rows = database.link.read(&explain, values).await.unwrap();
            let plan: Vec<_> = rows.iter().map(|it| it.text(3).unwrap().unwrap()).collect();
            assert!(plan.iter().any(|it| it.contains("SEARCH credentials")), "{plan:#?}");
            // The first page begins at the first account, and ends with its last.
            let scans = plan.iter().filter(|it| it.contains("SCAN") && !it.contains("found"));
            let scans: Vec<_> = scans.collect();
            let few = scans.is_empty() || (question.starts_with(FIRST) && scans.len() == 1);
            assert!(few, "{plan:#?}");
        }
    }
}
