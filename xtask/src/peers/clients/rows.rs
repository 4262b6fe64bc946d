//! The table of other people's clients (`xtask/clients`): read, multiplied out, compared with what both ends say.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::peers::rows::Tls;

/// Rows that differ only in what their lists name: each combination is one login.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    /// Why these rows are there; for readers of the file.
    #[serde(rename = "why")]
    _why: String,
    client: Vec<String>,
    /// The store behind the server: `sqlite`, `postgres`; or `fewer`, which offers neither -PLUS nor OAUTHBEARER.
    server: Vec<String>,
    protocol: Vec<String>,
    tls: Vec<Tls>,
    /// As the client is told; `any` leaves it to the client, `command` is the protocol's own login command.
    mechanism: Vec<String>,
    account: Vec<Account>,
    /// The mechanism that the server must have seen, where it is not the client's word.
    seen: Option<String>,
    /// The channel binding that a success must have verified.
    binding: Option<String>,
    /// What the server decided on a failure, where that is not about the credentials.
    code: Option<String>,
    /// Why the right password is refused, where this client can't but fail: the server's reason.
    refused: Option<String>,
    /// Why these rows cannot be played.
    skip: Option<String>,
}

/// Who logs in.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Account {
    Token,
    Unknown,
    User,
    Wrong,
}

impl Account {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Unknown => "unknown",
            Self::User => "user",
            Self::Wrong => "wrong",
        }
    }
}

/// One login.
pub(super) struct Row {
    pub(super) client: String,
    pub(super) server: String,
    pub(super) protocol: String,
    pub(super) tls: Tls,
    pub(super) mechanism: String,
    pub(super) account: Account,
    pub(super) skip: Option<String>,
    seen: Option<String>,
    binding: Option<String>,
    code: Option<String>,
    refused: Option<String>,
}

impl Row {
    pub(super) fn name(&self) -> String {
        let Self { client, server, protocol, tls, mechanism, account, .. } = self;
        format!("{client} {server} {protocol} {} {mechanism} {}", tls.name(), account.name())
    }

    /// Whether somebody comes in.
    pub(super) fn comes_in(&self) -> bool {
        matches!(self.account, Account::User | Account::Token) && self.refused.is_none()
    }

    /// All that differs between what was expected and what came; empty where the row is met. `client` is whether the client
    /// thinks that it came in, where it says so.
    pub(super) fn differences(&self, client: Option<bool>, server: Option<&Value>) -> Vec<String> {
        let Some(server) = server else {
            return vec!["the server has decided nothing".to_owned()];
        };
        let comes_in = self.comes_in();
        let mut expected = vec![
            ("outcome", if comes_in { "authenticated" } else { "refused" }),
            ("protocol", &*self.protocol),
        ];
        let seen = self.seen.as_deref().unwrap_or(&self.mechanism);
        if !["any", "command"].contains(&seen) {
            expected.push(("mechanism", seen));
        }
        if comes_in {
            expected.push(("authentication_id", super::USER));
            expected.extend(self.binding.as_deref().map(|binding| ("channel_binding", binding)));
        } else {
            expected.push(("code", self.code.as_deref().unwrap_or("invalid-credentials")));
        }
        expected.extend(self.refused.as_deref().map(|reason| ("reason", reason)));
        let mut found: Vec<String> = expected
            .into_iter()
            .filter(|(field, value)| server[*field] != *value)
            .map(|(field, value)| format!("expected {field} {value}, got {}", server[field]))
            .collect();
        if let Some(content) = client.filter(|content| *content != comes_in) {
            found.push(format!("the client thinks that it came in: {content}"));
        }
        found
    }
}

/// What came, in a few words.
pub(super) fn summary(client: Option<bool>, server: Option<&Value>) -> String {
    let word = |field: &str| server.and_then(|it| it[field].as_str()).unwrap_or("-").to_owned();
    let reason = match &*word("outcome") {
        "authenticated" => word("channel_binding"),
        _ => word("reason"),
    };
    let client = match client {
        None => "?",
        Some(true) => "in",
        Some(false) => "out",
    };
    format!("{client}; {} {} {reason}", word("outcome"), word("mechanism"))
}

/// Reads the table.
pub(super) fn parse(text: &str) -> Result<Vec<Row>> {
    let groups: Vec<Group> = serde_json::from_str(text).context("a table of clients")?;
    Ok(groups.iter().flat_map(rows).collect())
}

fn rows(group: &Group) -> Vec<Row> {
    let mut rows = Vec::new();
    for client in &group.client {
        for server in &group.server {
            for protocol in &group.protocol {
                for tls in &group.tls {
                    for mechanism in &group.mechanism {
                        for account in &group.account {
                            rows.push(Row {
                                client: client.clone(),
                                server: server.clone(),
                                protocol: protocol.clone(),
                                tls: *tls,
                                mechanism: mechanism.clone(),
                                account: *account,
                                skip: group.skip.clone(),
                                seen: group.seen.clone(),
                                binding: group.binding.clone(),
                                code: group.code.clone(),
                                refused: group.refused.clone(),
                            });
                        }
                    }
                }
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(account: &str) -> Row {
        let text = format!(
            r#"[{{"why": "a test", "client": ["gsasl"], "server": ["sqlite"], "protocol": ["imap"],
                "tls": ["off"], "mechanism": ["PLAIN"], "account": ["{account}"]}}]"#
        );
        parse(&text).unwrap().remove(0)
    }

    #[test]
    fn both_ends_have_to_agree() {
        let came_in = json!({"outcome": "authenticated", "protocol": "imap", "mechanism": "PLAIN",
            "authentication_id": "user", "channel_binding": null});
        assert!(row("user").differences(Some(true), Some(&came_in)).is_empty());
        assert_eq!(row("user").differences(Some(false), Some(&came_in)).len(), 1);
        assert_eq!(row("user").differences(Some(true), None).len(), 1);
        let refused = json!({"outcome": "refused", "protocol": "imap", "mechanism": "PLAIN",
            "code": "invalid-credentials"});
        assert!(row("wrong").differences(Some(false), Some(&refused)).is_empty());
        assert_eq!(row("wrong").differences(Some(true), Some(&came_in)).len(), 3);
    }

    #[test]
    fn the_table_is_read_and_names_clients_that_there_are() {
        let text = include_str!("../../../clients/mail-and-chat.json");
        let rows = parse(text).unwrap();
        assert!(rows.iter().all(|row| super::super::programs::find(&row.client).is_some()));
    }
}
