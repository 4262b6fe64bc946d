//! Dovecot's passwd-files, with or without our lines between.

use super::{
    lines::{MAX_LINES, malformed},
    loss::Loss,
    reader::{Entry, Source},
    writer::Scribe,
};
use crate::{
    account::Account,
    credential::{Credential, CredentialKind},
    error::StoreError,
    file::{
        block::Block,
        line::{self, Line},
    },
};
use aiosasl::hash::Hash;

/// The next account: its line, and those of ours that follow it.
pub(super) fn next(source: &mut Source<'_>) -> Result<Option<Entry>, StoreError> {
    while let Some(text) = source.lines.next()? {
        let line = line::parse(text.as_bytes())?;
        let name = match &line {
            Line::Account(account) => {
                if account.has_more {
                    source.losses.add(Loss::Other);
                }
                source.prepare(account.name)?
            }
            Line::Credential { account, .. } | Line::Properties { account, .. }
                if !line::is_spellable(account) =>
            {
                source.prepare(account)?
            }
            Line::Credential { .. } | Line::Properties { .. } => {
                return Err(malformed("expected the account's own line above"));
            }
            Line::Names(_) | Line::Other => continue,
        };
        let first = source.lines.number();
        let mut block = Block::new(name);
        block.take(line)?;
        rest(source, &mut block)?;
        if block.has_foreign_password() {
            source.losses.add(Loss::UnknownScheme);
        }
        return Ok(Some(Entry { account: block.finish(), password: None, line: first }));
    }
    Ok(None)
}

fn rest(source: &mut Source<'_>, block: &mut Block) -> Result<(), StoreError> {
    for _ in 0..MAX_LINES {
        let Some(text) = source.lines.next()? else { return Ok(()) };
        let line = line::parse(text.as_bytes())?;
        match &line {
            Line::Credential { account, .. } | Line::Properties { account, .. }
                if source.prepare(account)? == *block.name() =>
            {
                block.take(line)?;
            }
            _ => {
                drop(line);
                source.lines.unread(text);
                return Ok(());
            }
        }
    }
    Err(malformed("an account has too many lines"))
}

/// Writes an account's one line.
pub(super) fn write(account: &Account, scribe: &mut Scribe, out: &mut Vec<u8>) {
    if !line::is_spellable(account.name.as_str()) {
        return scribe.losses.add(Loss::UnspellableName);
    }
    let state = scribe.state_now(account);
    // What Dovecot can read, best first; there is room for one.
    let best = account.credentials.iter().filter(|it| it.label.is_empty() && it.expires.is_none());
    let best = best.filter_map(|it| Some((rank(&it.kind)?, &it.kind))).min_by_key(|it| it.0);
    let best = best.map(|(_, kind)| kind);
    let kept = scribe.losses.keep(account, |kind| Some(kind) == best);
    let mut short = Account::new(account.name.clone());
    short.state = state;
    short.credentials = kept.into_iter().cloned().map(Credential::new).collect();
    line::write(&short, None, out);
}

fn rank(kind: &CredentialKind) -> Option<u8> {
    match kind {
        CredentialKind::Scram(verifier) if verifier.hash() == Hash::Sha256 => Some(0),
        CredentialKind::Scram(verifier) if verifier.hash() == Hash::Sha1 => Some(1),
        CredentialKind::Password(_) if line::is_field(&kind.to_string()) => Some(2),
        _ => None,
    }
}
