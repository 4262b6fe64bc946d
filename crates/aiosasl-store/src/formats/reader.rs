//! Accounts from an input, one at a time.

use std::io::BufRead;

use aiosasl::{identity::AuthenticationId, secret::Password};

use super::{
    Format, dovecot, gsasl, json, kafka, ldif,
    lines::{Lines, MAX_LINES, malformed},
    loss::{Loss, Losses},
    passwords, postgresql,
};
use crate::{
    account::Account,
    credential::{Credential, CredentialKind},
    error::{StoreError, StoreErrorKind},
    file::line,
    name::NameRule,
};

/// Accounts from an input, one at a time: whatever the input's length, no more than one account is in memory.
pub struct Reader<'a> {
    format: Format,
    source: Source<'a>,
    has_failed: bool,
}

/// An account, as it came.
#[derive(Debug)]
pub struct Entry {
    /// The account; its name is prepared by the store's rule.
    pub account: Account,
    /// The password from which credentials are to be made, as it was written.
    pub password: Option<Password>,
    /// The number of its first line, from 1.
    pub line: usize,
}

/// What all formats read from.
pub(super) struct Source<'a> {
    pub(super) lines: Lines<'a>,
    pub(super) losses: Losses,
    pub(super) roles: postgresql::Roles,
    names: NameRule,
}

impl<'a> Reader<'a> {
    /// Accounts in this format; their names are prepared by this rule.
    pub fn new(format: Format, input: impl BufRead + Send + 'a, names: NameRule) -> Self {
        let source = Source {
            lines: Lines::new(input),
            losses: Losses::default(),
            roles: postgresql::Roles::default(),
            names,
        };
        Self { format, source, has_failed: false }
    }

    /// What was left out of the accounts so far.
    pub fn losses(&self) -> &Losses {
        &self.source.losses
    }
}

impl Iterator for Reader<'_> {
    /// An account, or [`StoreErrorKind::Malformed`] with the line's number and without its secrets, or
    /// [`StoreErrorKind::Unavailable`] where the input can't be read. Nothing comes behind an error.
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let source = &mut self.source;
        let next = match self.format {
            Format::Dovecot | Format::Passwd => dovecot::next(source),
            Format::Gsasl => gsasl::next(source),
            Format::Json => json::next(source),
            Format::Kafka => kafka::next(source),
            Format::Ldap => ldif::next(source),
            Format::Passwords => passwords::next(source),
            Format::Postgresql => postgresql::next(source),
        };
        let next = next.map_err(|error| match error.kind {
            StoreErrorKind::Unavailable => error,
            _ => malformed(format!("line {}", self.source.lines.number())).because(error),
        });
        self.has_failed = next.is_err();
        next.transpose()
    }
}

impl Source<'_> {
    /// An account's name.
    pub(super) fn prepare(&self, name: &str) -> Result<AuthenticationId, StoreError> {
        self.names.prepare(name)
    }

    /// An account without credentials, of the line that was read last.
    pub(super) fn entry(&self, name: &str) -> Result<Entry, StoreError> {
        Ok(self.entry_of(Account::new(self.prepare(name)?)))
    }

    /// An account, of the line that was read last.
    pub(super) fn entry_of(&self, account: Account) -> Entry {
        Entry { account, password: None, line: self.lines.number() }
    }

    /// A credential's text: what is known, or a loss where the scheme is not; an error where it is known, and the rest is
    /// none of its.
    pub(super) fn credential(&mut self, text: &str) -> Result<Option<CredentialKind>, StoreError> {
        let known = line::password(text)?;
        if known.is_none() {
            self.losses.add(Loss::UnknownScheme);
        }
        Ok(known)
    }
}

impl Entry {
    /// Takes a credential in.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Malformed`] where there is one of its kind, and where there are too many.
    pub(super) fn put(&mut self, credential: Credential) -> Result<(), StoreError> {
        let known = &mut self.account.credentials;
        if known.len() >= MAX_LINES {
            return Err(malformed("an account has too many credentials"));
        }
        if known.iter().any(|it| it.slot() == credential.slot()) {
            return Err(malformed("an account has two credentials of one kind"));
        }
        known.push(credential);
        Ok(())
    }
}
