//! Our own JSON lines, one object for each account: they lose nothing.

use std::{fmt::Display, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use zeroize::Zeroizing;

use super::{
    lines::malformed,
    reader::{Entry, Source},
};
use crate::{
    account::{Account, AccountState},
    credential::Credential,
    error::StoreError,
    timestamp::Timestamp,
};
use aiosasl::secret::Password;

/// An account as an object.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountObject {
    name: String,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    expires: Option<String>,
    #[serde(default)]
    acts_as: Vec<String>,
    #[serde(default)]
    credentials: Vec<CredentialObject>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<Zeroizing<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialObject {
    credential: Zeroizing<String>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    expires: Option<String>,
    #[serde(default)]
    last_used: Option<String>,
}

/// The next account.
pub(super) fn next(source: &mut Source<'_>) -> Result<Option<Entry>, StoreError> {
    while let Some(line) = source.lines.next()? {
        let line = Zeroizing::new(line);
        if !line.trim().is_empty() {
            return read(source, &line).map(Some);
        }
    }
    Ok(None)
}

/// Reads one account.
pub(super) fn read(source: &Source<'_>, line: &str) -> Result<Entry, StoreError> {
    let object: AccountObject = serde_json::from_str(line).map_err(|error| fault(&error))?;
    let mut entry = source.entry(&object.name)?;
    if let Some(state) = object.state {
        entry.account.state = value::<AccountState>(&state)?;
    }
    entry.account.expires = moment(object.expires.as_deref())?;
    entry.account.acts_as = object.acts_as.iter().map(|it| value(it)).collect::<Result<_, _>>()?;
    for it in object.credentials {
        let mut credential = Credential::new(value(&it.credential)?);
        credential.label = it.label.unwrap_or_default().into();
        credential.expires = moment(it.expires.as_deref())?;
        credential.last_used = moment(it.last_used.as_deref())?;
        entry.put(credential)?;
    }
    entry.password = object.password.map(|it| Password::new(it.as_str()));
    Ok(entry)
}

/// What is wrong, without the words of what was read, which may be secrets.
fn fault(error: &serde_json::Error) -> StoreError {
    let what = match error.classify() {
        Category::Data => "a field is missing, is not known, or has a value that is not for it",
        Category::Eof => "it ends too early",
        Category::Io | Category::Syntax => "it is no JSON",
    };
    malformed(format!("expected an account as a JSON object, column {}: {what}", error.column()))
}

fn value<T: FromStr>(text: &str) -> Result<T, StoreError>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error: T::Err| malformed("a value is wrong").because(error))
}

fn moment(text: Option<&str>) -> Result<Option<Timestamp>, StoreError> {
    text.map(value).transpose()
}

/// Writes an account's line.
pub(super) fn write(account: &Account, out: &mut Vec<u8>) -> std::io::Result<()> {
    let object = AccountObject {
        name: account.name.to_string(),
        state: Some(account.state.as_str().to_owned()),
        expires: text(account.expires),
        acts_as: account.acts_as.iter().map(ToString::to_string).collect(),
        credentials: account.credentials.iter().map(credential).collect(),
        password: None,
    };
    serde_json::to_writer(&mut *out, &object)?;
    out.push(b'\n');
    Ok(())
}

fn credential(it: &Credential) -> CredentialObject {
    CredentialObject {
        credential: Zeroizing::new(it.kind.to_string()),
        label: Some(it.label.to_string()).filter(|it| !it.is_empty()),
        expires: text(it.expires),
        last_used: text(it.last_used),
    }
}

fn text(value: Option<impl Display>) -> Option<String> {
    value.map(|it| it.to_string())
}
