//! What `gsasl --mkpasswd` prints, with a name before it: `user:{SCRAM-SHA-256}4096,salt,StoredKey,ServerKey`, one line
//! for each hash.

use aiosasl::hash::Hash;

use super::{
    lines::malformed,
    loss::Loss,
    reader::{Entry, Source},
    writer::Scribe,
};
use crate::{
    account::Account,
    credential::{Credential, CredentialKind},
    error::StoreError,
};

/// The next account: all lines of its name that follow each other.
pub(super) fn next(source: &mut Source<'_>) -> Result<Option<Entry>, StoreError> {
    let mut entry: Option<Entry> = None;
    while let Some(text) = source.lines.next()? {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (name, credential) =
            text.split_once(":{").ok_or_else(|| malformed("expected name:{SCHEME}data"))?;
        let credential = format!("{{{credential}");
        match &mut entry {
            Some(entry) if source.prepare(name)? != entry.account.name => {
                source.lines.unread(text);
                break;
            }
            Some(_) => {}
            None => entry = Some(source.entry(name)?),
        }
        let kind = source.credential(&credential)?;
        if let (Some(entry), Some(kind)) = (&mut entry, kind) {
            entry.put(Credential::new(kind))?;
        }
    }
    Ok(entry)
}

/// Writes an account's lines.
pub(super) fn write(account: &Account, scribe: &mut Scribe, out: &mut Vec<u8>) {
    let name = account.name.as_str();
    if name.starts_with('#') || name.contains(['\n', '\r']) || name.contains(":{") {
        return scribe.losses.add(Loss::UnspellableName);
    }
    if !scribe.takes_without_state(account) {
        return;
    }
    let knows = |hash| matches!(hash, Hash::Sha1 | Hash::Sha256);
    let keeps =
        |kind: &CredentialKind| matches!(kind, CredentialKind::Scram(it) if knows(it.hash()));
    for kind in scribe.losses.keep(account, keeps) {
        out.extend_from_slice(format!("{name}:{kind}\n").as_bytes());
    }
}
