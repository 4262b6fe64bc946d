//! What stands in for what a demonstration can't have: a device that shows codes, an identity provider, Kerberos.

use aiosasl::{
    credentials::Credentials,
    driver::{BoxFuture, InSlices, QueryProvider, SaslError, Settled, Store},
    query::{Answer, ClientAnswer, ClientQuery, PasscodeVerdict, Query, Subject, TokenScheme},
};
use aiosasl_store::Visit;
use aiosasl_testkit::{Accounts, ToyGss};

use super::house::{PASSWORD, USER};

/// What the device shows, today as every day.
const PASSCODE: &str = "12345678";
/// Where the identity provider would be.
const PROVIDER: &str = "https://idp.example/demo";

/// The mechanism whose tokens are signed with.
pub(super) const SIGNING: &str = "OAUTH10A";
/// What somebody has signed with one (RFC 5849); the stand-in takes it as it is.
pub(super) const SIGNED: &str = r#"oauth_token="demo",oauth_signature="x""#;

/// The accounts of the demonstration's servers: the database, and the stand-ins for what no database has.
pub(super) struct Accountant {
    visit: Visit,
    stand_ins: Accounts,
}

impl Accountant {
    pub(super) fn new(visit: Visit) -> Self {
        let visitor = USER.try_into().ok();
        let stand_ins = Accounts::new()
            .with_plain_password(USER, PASSWORD)
            .with_token(USER, SIGNED)
            .with_passcode(USER, PASSCODE, PasscodeVerdict::Accepted)
            .with_provider(USER, PROVIDER, visitor);
        Self { visit, stand_ins }
    }
}

impl Store for Accountant {
    async fn answer(&self, query: Query) -> Answer {
        match query {
            Query::Gss(_) | Query::Redirect(_) | Query::Returned(_) | Query::VerifyPasscode(_) => {
                self.stand_ins.answer(query)
            }
            Query::VerifyToken(token) if token.scheme() == TokenScheme::Signed => {
                self.stand_ins.answer(Query::VerifyToken(token))
            }
            query => self.visit.answer(query).await,
        }
    }

    async fn settle(&self, end: Settled<'_>) {
        self.visit.settle(end).await;
    }
}

/// The person with the device and the browser, and a Kerberos that is none.
pub(super) struct Person;

impl QueryProvider for Person {
    fn answer<'a>(
        &'a self,
        query: ClientQuery,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<ClientAnswer, SaslError>> {
        Box::pin(async move {
            match query {
                ClientQuery::Gss(gss) => Ok(gss.initiate_with(&ToyGss::new()).into_client_answer()),
                ClientQuery::Question(question) => Ok(match question.subject() {
                    Subject::Passcode => question.answer(PASSCODE),
                    Subject::Visit { url } if **url == *PROVIDER => question.answer(""),
                    _ => question.decline(),
                }),
                query => InSlices::default().answer(query, credentials).await,
            }
        })
    }
}
