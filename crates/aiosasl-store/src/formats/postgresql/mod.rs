//! PostgreSQL's roles.
//!
//! Read are statements (`CREATE ROLE`, `ALTER ROLE`, as `pg_dumpall --roles-only` writes them), rows of
//! `COPY (SELECT rolname, rolpassword, rolvaliduntil FROM pg_authid) TO STDOUT` and of `psql -At`, and PgBouncer's
//! `"name" "password"`. Written are statements.

mod sql;

use std::mem;

use aiosasl::{
    hash::Hash, mechanisms::scram::VerifierFormat, query::ScramVerifier, secret::Password,
};

use self::sql::{Token, Tokens};
use super::{
    lines::malformed,
    loss::Loss,
    reader::{Entry, Source},
    writer::Scribe,
};
use crate::{
    account::{Account, AccountState},
    credential::{Credential, CredentialKind},
    error::StoreError,
    timestamp::Timestamp,
};

/// The longest name of a role, in octets.
const MAX_NAME: usize = 63;
/// The longest statement, in octets and in lines.
const MAX_STATEMENT: (usize, usize) = (65_536, 1000);
/// The columns of rows that don't say which they are.
const COLUMNS: [&str; 3] = ["rolname", "rolpassword", "rolvaliduntil"];

/// What statements in dumps of roles begin with.
const STATEMENTS: [&str; 12] = [
    "alter", "begin", "comment", "commit", "copy", "create", "drop", "grant", "revoke", "security",
    "select", "set",
];

/// What is known from one account to the next.
#[derive(Debug, Default)]
pub(super) struct Roles {
    /// What was read of the next role.
    next: Option<Entry>,
    /// The columns of the rows that come.
    columns: Vec<String>,
}

/// What a statement, or a row, says of a role.
#[derive(Default)]
struct Change {
    name: String,
    state: Option<AccountState>,
    expires: Option<Timestamp>,
    credential: Option<Credential>,
    password: Option<Password>,
}

/// The next account: all that is said of a role without one of another role between.
pub(super) fn next(source: &mut Source<'_>) -> Result<Option<Entry>, StoreError> {
    let mut entry = source.roles.next.take();
    while let Some(change) = change(source)? {
        let mut new = source.entry(&change.name)?;
        match &mut entry {
            Some(entry) if entry.account.name == new.account.name => change.apply(entry)?,
            Some(_) => {
                change.apply(&mut new)?;
                source.roles.next = Some(new);
                return Ok(entry);
            }
            None => {
                change.apply(&mut new)?;
                entry = Some(new);
            }
        }
    }
    Ok(entry)
}

impl Change {
    fn apply(self, entry: &mut Entry) -> Result<(), StoreError> {
        if let Some(state) = self.state {
            entry.account.state = state;
        }
        entry.account.expires = self.expires.or(entry.account.expires);
        if self.password.is_some() {
            entry.password = self.password;
        }
        self.credential.map_or(Ok(()), |it| entry.put(it))
    }

    /// Takes what stands in `rolpassword`.
    fn password(&mut self, source: &mut Source<'_>, text: &str) -> Result<(), StoreError> {
        if text.starts_with("SCRAM-") {
            let verifier = ScramVerifier::parse(VerifierFormat::Postgresql, text, None);
            let verifier =
                verifier.map_err(|error| malformed("no SCRAM verifier").because(error))?;
            self.credential = Some(Credential::new(CredentialKind::Scram(verifier)));
        } else if is_md5(text) {
            source.losses.add(Loss::UnknownScheme);
        } else if !text.is_empty() {
            self.password = Some(Password::new(text));
        }
        Ok(())
    }

    /// Takes what stands in `rolvaliduntil`.
    fn valid_until(&mut self, text: &str) -> Result<(), StoreError> {
        self.expires = match text {
            "infinity" | "" => None,
            _ => Some(text.parse().map_err(|error| malformed("no moment").because(error))?),
        };
        Ok(())
    }
}

/// `md5` and 32 hexadecimal digits: a hash of password and name that nobody can verify SASL's mechanisms with.
fn is_md5(text: &str) -> bool {
    text.strip_prefix("md5")
        .is_some_and(|it| it.len() == 32 && it.bytes().all(|octet| octet.is_ascii_hexdigit()))
}

fn change(source: &mut Source<'_>) -> Result<Option<Change>, StoreError> {
    while let Some(line) = source.lines.next()? {
        let start = line.trim_start();
        if start.is_empty() || start.starts_with("--") {
            continue;
        }
        if start.starts_with('\\') {
            // A command of psql, or the end of rows.
            source.roles.columns.clear();
        } else if source.roles.columns.is_empty() && is_statement(start) {
            if let Some(change) = statement(source, line)? {
                return Ok(Some(change));
            }
        } else if !source.roles.columns.is_empty() || line.contains('\t') {
            return row(source, line.split('\t').map(unescaped).collect()).map(Some);
        } else if start.starts_with('"') {
            return pair(source, start).map(Some);
        } else if is_unaligned(start) {
            return row(source, line.split('|').map(|it| Some(it.to_owned())).collect()).map(Some);
        } else {
            return Err(malformed("expected a statement about roles, or a row of them"));
        }
    }
    Ok(None)
}

/// Whether it is one: the first word stands before a blank, and not before a tab or a bar.
fn is_statement(line: &str) -> bool {
    let first = line.split(' ').next().unwrap_or_default().trim_end_matches(';');
    STATEMENTS.iter().any(|it| it.eq_ignore_ascii_case(first))
}

/// Whether it is a row of `psql -At`: `name|SCRAM-SHA-256$...`.
fn is_unaligned(line: &str) -> bool {
    line.split('|').nth(1).is_some_and(|it| it.starts_with("SCRAM-") || it.is_empty() || is_md5(it))
}

/// A row's field; `None` for NULL.
fn unescaped(field: &str) -> Option<String> {
    if field == "\\N" {
        return None;
    }
    let mut text = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                other => text.extend(other),
            },
            other => text.push(other),
        }
    }
    Some(text)
}

fn row(source: &mut Source<'_>, fields: Vec<Option<String>>) -> Result<Change, StoreError> {
    let mut change = Change::default();
    let columns = source.roles.columns.clone();
    let columns: Vec<&str> = match columns.as_slice() {
        [] => COLUMNS.to_vec(),
        columns => columns.iter().map(String::as_str).collect(),
    };
    if fields.len() > columns.len() {
        return Err(malformed("expected a role's name, password and end"));
    }
    for (column, field) in columns.into_iter().zip(fields) {
        match (column, field) {
            ("rolname", Some(text)) => change.name = text,
            ("rolpassword", Some(text)) => change.password(source, &text)?,
            ("rolvaliduntil", Some(text)) => change.valid_until(&text)?,
            ("rolcanlogin", Some(text)) => change.state = Some(state(text == "t")),
            _ => {}
        }
    }
    Ok(change)
}

/// PgBouncer's line.
fn pair(source: &mut Source<'_>, line: &str) -> Result<Change, StoreError> {
    let tokens = sql::tokens(line)?;
    let [Token::Name(name), Token::Name(password), ..] = tokens.as_slice() else {
        return Err(malformed("expected \"name\" \"password\""));
    };
    let mut change = Change { name: name.clone(), ..Change::default() };
    change.password(source, password)?;
    Ok(change)
}

fn statement(source: &mut Source<'_>, first: String) -> Result<Option<Change>, StoreError> {
    let (mut text, mut lines) = (first, 1);
    while !sql::is_whole(&text) {
        lines += 1;
        let more = source.lines.next()?.ok_or_else(|| malformed("expected ; at the end"))?;
        if text.len() + more.len() > MAX_STATEMENT.0 || lines > MAX_STATEMENT.1 {
            return Err(malformed("expected at most 64 KiB in a statement, found more"));
        }
        text.push('\n');
        text.push_str(&more);
    }
    let mut tokens = Tokens::new(sql::tokens(&text)?);
    match (tokens.word().as_str(), tokens.peek_word().as_str()) {
        ("create", "role") => role(source, tokens, Some(AccountState::Disabled)),
        ("create", "user") => role(source, tokens, Some(AccountState::Enabled)),
        ("alter", "role" | "user") => role(source, tokens, None),
        ("copy", _) => {
            source.roles.columns = tokens.names_in_parentheses();
            Ok(None)
        }
        ("set" | "select" | "begin" | "commit" | "drop", _) => Ok(None),
        _ => {
            source.losses.add(Loss::Other);
            Ok(None)
        }
    }
}

fn role(
    source: &mut Source<'_>,
    mut tokens: Tokens,
    state_at_first: Option<AccountState>,
) -> Result<Option<Change>, StoreError> {
    tokens.word();
    let name = tokens.name().ok_or_else(|| malformed("expected a role's name"))?;
    let mut change = Change { name, state: state_at_first, ..Change::default() };
    if matches!(tokens.peek_word().as_str(), "set" | "reset" | "in" | "rename") {
        source.losses.add(Loss::Other);
        return Ok(None);
    }
    while let Some(token) = tokens.next() {
        let Token::Word(word) = token else { continue };
        match word.as_str() {
            "login" => change.state = Some(state(true)),
            "nologin" => change.state = Some(state(false)),
            "password" => match tokens.next() {
                Some(Token::Text(text)) => change.password(source, &text)?,
                Some(Token::Word(word)) if word == "null" => {}
                _ => return Err(malformed("expected a text after PASSWORD")),
            },
            "until" => match tokens.next() {
                Some(Token::Text(text)) => change.valid_until(&text)?,
                _ => return Err(malformed("expected a text after VALID UNTIL")),
            },
            "superuser" | "createdb" | "createrole" | "replication" | "bypassrls" => {
                source.losses.add(Loss::Other);
            }
            _ => {}
        }
    }
    Ok(Some(mem::take(&mut change)))
}

fn state(may_log_in: bool) -> AccountState {
    if may_log_in { AccountState::Enabled } else { AccountState::Disabled }
}

/// Writes an account's statement.
pub(super) fn write(account: &Account, scribe: &mut Scribe, out: &mut Vec<u8>) {
    let name = account.name.as_str();
    let reserved = name.starts_with("pg_") || matches!(name, "none" | "public");
    // Who reads lines may take a carriage return for a part of their end.
    if reserved || name.len() > MAX_NAME || name.contains('\r') {
        return scribe.losses.add(Loss::UnspellableName);
    }
    let scram = |kind: &CredentialKind| match kind {
        CredentialKind::Scram(it) if it.hash() == Hash::Sha256 => {
            Some(it.to_text(VerifierFormat::Postgresql))
        }
        _ => None,
    };
    let kept = scribe.losses.keep(account, |kind| scram(kind).is_some());
    let login = match account.state {
        AccountState::Disabled => "NOLOGIN",
        AccountState::Enabled => "LOGIN",
    };
    let mut statement = format!("CREATE ROLE {} WITH {login}", sql::quoted_name(name));
    if let Some(verifier) = kept.into_iter().find_map(scram) {
        statement.extend([" PASSWORD ", &sql::quoted_text(&verifier)]);
    }
    if let Some(end) = account.expires {
        statement.extend([" VALID UNTIL ", &sql::quoted_text(&end.to_string())]);
    }
    statement.push_str(";\n");
    out.extend_from_slice(statement.as_bytes());
}
