//! Accounts to an output, one at a time.

use std::io::{self, Write};

use zeroize::Zeroize as _;

use super::{Format, dovecot, gsasl, json, kafka, ldif, loss::Losses, postgresql};
use crate::{
    account::{Account, AccountState},
    file::line,
    name::NameRule,
    timestamp::Timestamp,
};

/// Accounts to an output, one at a time.
#[derive(Debug)]
pub struct Writer<W> {
    format: Format,
    output: W,
    buffer: Vec<u8>,
    scribe: Scribe,
}

/// What all formats write by.
#[derive(Debug)]
pub(super) struct Scribe {
    pub(super) losses: Losses,
    pub(super) now: Timestamp,
    /// Of LDAP: the distinguished name under which accounts stand.
    pub(super) base: Box<str>,
}

impl<W: Write> Writer<W> {
    /// Accounts of a store with this rule for names, in this format; `base` is the distinguished name under which
    /// accounts stand in LDAP, and may be empty.
    ///
    /// # Errors
    ///
    /// Those of the output, and [`io::ErrorKind::Unsupported`] where the format is only read.
    pub fn new(format: Format, mut output: W, names: NameRule, base: &str) -> io::Result<Self> {
        match format {
            Format::Passwords => return Err(io::ErrorKind::Unsupported.into()),
            Format::Passwd => output.write_all(line::names_line(names).as_bytes())?,
            Format::Ldap => output.write_all(ldif::HEADER.as_bytes())?,
            _ => {}
        }
        let scribe = Scribe { losses: Losses::default(), now: Timestamp::now(), base: base.into() };
        Ok(Self { format, output, buffer: Vec::new(), scribe })
    }

    /// Writes an account.
    ///
    /// # Errors
    ///
    /// Those of the output.
    pub fn write(&mut self, account: &Account) -> io::Result<()> {
        let Self { buffer: out, scribe, .. } = self;
        out.zeroize();
        match self.format {
            Format::Dovecot => dovecot::write(account, scribe, out),
            Format::Gsasl => gsasl::write(account, scribe, out),
            Format::Json => json::write(account, out)?,
            Format::Kafka => kafka::write(account, scribe, out),
            Format::Ldap => ldif::write(account, scribe, out),
            Format::Passwd => line::write(account, None, out),
            Format::Passwords => {}
            Format::Postgresql => postgresql::write(account, scribe, out),
        }
        self.output.write_all(out)
    }

    /// Hands everything on to the output.
    ///
    /// # Errors
    ///
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<Losses> {
        self.output.flush()?;
        Ok(self.scribe.losses)
    }

    /// What was left out of the accounts so far.
    pub fn losses(&self) -> &Losses {
        &self.scribe.losses
    }
}

impl Scribe {
    /// Whether an account goes into a format that can't say that it is disabled or has an end: one that nobody may use now
    /// does not, or it could be used there.
    pub(super) fn takes_without_state(&mut self, account: &Account) -> bool {
        if account.doom(self.now).is_some() {
            self.losses.add(super::Loss::DisabledAccount);
            return false;
        }
        if account.expires.is_some() {
            self.losses.add(super::Loss::AccountEnd);
        }
        true
    }

    /// The same for one that can say that it is disabled: how it is to be said there.
    pub(super) fn state_now(&mut self, account: &Account) -> AccountState {
        if account.doom(self.now).is_some() {
            return AccountState::Disabled;
        }
        if account.expires.is_some() {
            self.losses.add(super::Loss::AccountEnd);
        }
        AccountState::Enabled
    }
}
