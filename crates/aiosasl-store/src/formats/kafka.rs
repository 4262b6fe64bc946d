//! What `kafka-configs.sh --zookeeper ... --describe --entity-type users` prints:
//! `Configs for user-principal 'user' are SCRAM-SHA-256=salt=...,stored_key=...,server_key=...,iterations=4096,...`
//!
//! Kafka prepares no passwords (see the profile's notes), and a newer `--bootstrap-server` prints the iterations alone.

use aiosasl::{hash::Hash, mechanisms::scram::VerifierFormat, query::ScramVerifier};

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

/// Stands before the name, behind at most a word or two that say of what kind the entries are.
const BEFORE: &str = "onfigs for user-principal '";
/// Stands between the name and the entries.
const BETWEEN: &str = "' are";

/// The next account.
pub(super) fn next(source: &mut Source<'_>) -> Result<Option<Entry>, StoreError> {
    while let Some(line) = source.lines.next()? {
        if line.trim().is_empty() || line.starts_with("Error retrieving ") {
            continue;
        }
        let parts = line.split_once(BEFORE).and_then(|(_, rest)| rest.rsplit_once(BETWEEN));
        let (name, entries) =
            parts.ok_or_else(|| malformed("expected Configs for user-principal '...' are ..."))?;
        let is_quota = line.starts_with("Quota ") || name.contains("', client-id '");
        if is_quota {
            source.losses.add(Loss::Other);
            continue;
        }
        return account(source, name, entries.trim()).map(Some);
    }
    Ok(None)
}

fn account(source: &mut Source<'_>, name: &str, entries: &str) -> Result<Entry, StoreError> {
    let mut entry = source.entry(name)?;
    // Entries and their fields are apart by the same commas: a field belongs to the mechanism before it.
    let mut open: Option<(Option<Hash>, Vec<&str>)> = None;
    for field in entries.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        let (key, rest) = field.split_once('=').ok_or_else(|| malformed("expected key=value"))?;
        if key.starts_with("SCRAM-") {
            close(source, &mut entry, open.take())?;
            open = Some((Hash::from_scheme(key), vec![rest]));
        } else if matches!(key, "salt" | "stored_key" | "server_key" | "iterations") {
            let (_, fields) = open.as_mut().ok_or_else(|| malformed("expected a mechanism"))?;
            fields.push(field);
        } else {
            close(source, &mut entry, open.take())?;
            source.losses.add(Loss::Other);
        }
    }
    close(source, &mut entry, open)?;
    Ok(entry)
}

fn close(
    source: &mut Source<'_>,
    entry: &mut Entry,
    open: Option<(Option<Hash>, Vec<&str>)>,
) -> Result<(), StoreError> {
    let (hash, fields) = match open {
        None => return Ok(()),
        Some((None, _)) => {
            source.losses.add(Loss::UnknownScheme);
            return Ok(());
        }
        Some((Some(hash), fields)) => (hash, fields),
    };
    if matches!(fields.as_slice(), [only] if only.starts_with("iterations=")) {
        return Err(malformed("Kafka printed no keys: it does with --zookeeper alone"));
    }
    let verifier = ScramVerifier::parse(VerifierFormat::Kafka, &fields.join(","), Some(hash));
    let verifier = verifier.map_err(|error| malformed("no SCRAM verifier").because(error))?;
    entry.put(Credential::new(CredentialKind::Scram(verifier)))
}

/// Writes an account's line.
pub(super) fn write(account: &Account, scribe: &mut Scribe, out: &mut Vec<u8>) {
    let name = account.name.as_str();
    if name.contains(['\n', '\r']) || name.contains(BETWEEN) {
        return scribe.losses.add(Loss::UnspellableName);
    }
    if !scribe.takes_without_state(account) {
        return;
    }
    let scram = |kind: &CredentialKind| match kind {
        CredentialKind::Scram(it) if matches!(it.hash(), Hash::Sha256 | Hash::Sha512) => {
            Some(format!("{}={}", it.hash().scheme(), it.to_text(VerifierFormat::Kafka)))
        }
        _ => None,
    };
    let kept = scribe.losses.keep(account, |kind| scram(kind).is_some());
    let entries: Vec<String> = kept.into_iter().filter_map(scram).collect();
    let line = format!("Configs for user-principal '{name}' are {}\n", entries.join(","));
    out.extend_from_slice(line.as_bytes());
}
