//! A passwd-file in memory: its text to the letter, and where in it each account stands.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use aiosasl::identity::AuthenticationId;

use super::{
    block::Block,
    line::{self, AccountLine, Former, Line},
};
use crate::{
    account::Account,
    credential::{CredentialKind, TokenDigest},
    error::{StoreError, StoreErrorKind},
    name::NameRule,
};

/// A passwd-file's text, and where in it each account stands. Accounts are read again whenever somebody asks for one: a
/// million of them take little more room than the file.
#[derive(Debug, Default)]
pub(super) struct Document {
    text: Vec<u8>,
    names: NameRule,
    entries: BTreeMap<Box<str>, Entry>,
    /// Our lines about accounts that are gone: somebody took Dovecot's line out by hand.
    orphans: Vec<Span>,
    certificates: HashMap<Box<str>, Box<str>>,
    tokens: HashMap<TokenDigest, Box<str>>,
}

/// What accounts are to become; `None` is for none.
pub(super) type Changes = BTreeMap<Box<str>, Option<Account>>;

#[derive(Debug, Default)]
struct Entry {
    /// Dovecot's line.
    line: Option<Span>,
    /// Ours.
    ours: Vec<Span>,
}

/// A line's place in the text, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
}

impl Document {
    /// Reads a whole file.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Malformed`]; the text names the line.
    pub(super) fn parse(text: Vec<u8>) -> Result<Self, StoreError> {
        let mut document = Self::default();
        let mut start = 0;
        for (at, line) in text.split(|octet| *octet == b'\n').enumerate() {
            let span = Span { start, end: start + line.len() };
            document.take(span, line).map_err(|error| in_line(at + 1, error))?;
            start = span.end + 1;
        }
        document.text = text;
        document.drop_orphans();
        document.check()?;
        Ok(document)
    }

    /// All of it.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// How names are spelled.
    pub(super) fn names(&self) -> NameRule {
        self.names
    }

    /// The account of this name.
    pub(super) fn account(&self, name: &str) -> Result<Option<Account>, StoreError> {
        self.entries.get_key_value(name).map(|(name, entry)| self.read(name, entry)).transpose()
    }

    /// Whether there is an account of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Whose certificate this is.
    pub(super) fn by_certificate(&self, name: &str) -> Option<&str> {
        self.certificates.get(name).map(|it| &**it)
    }

    /// Whose token this is.
    pub(super) fn by_token(&self, digest: &TokenDigest) -> Option<&str> {
        self.tokens.get(digest).map(|it| &**it)
    }

    /// All accounts behind this name, in the order of their names.
    pub(super) fn after(
        &self,
        after: Option<&str>,
    ) -> impl Iterator<Item = Result<Account, StoreError>> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        let entries = self.entries.range::<str, _>((from, Unbounded));
        entries.map(|(name, entry)| self.read(name, entry))
    }

    /// The text with these changes; all else stays to the letter.
    pub(super) fn changed(&self, changes: &Changes) -> Result<Vec<u8>, StoreError> {
        let mut places: Vec<(Span, Option<Vec<u8>>)> =
            self.orphans.iter().map(|span| (*span, None)).collect();
        let mut new = Vec::new();
        for (name, account) in changes {
            match self.entries.get(name) {
                Some(entry) => self.replace(name, entry, account.as_ref(), &mut places)?,
                None => account.iter().for_each(|account| line::write(account, None, &mut new)),
            }
        }
        places.sort_by_key(|(span, _)| span.start);
        let mut text = Vec::with_capacity(self.text.len() + new.len());
        let mut at = 0;
        for (span, lines) in places {
            text.extend_from_slice(self.text.get(at..span.start).unwrap_or_default());
            text.extend(lines.into_iter().flatten());
            at = span.end + 1;
        }
        text.extend_from_slice(self.text.get(at..).unwrap_or_default());
        if !text.is_empty() && !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        text.append(&mut new);
        Ok(text)
    }

    fn take(&mut self, span: Span, octets: &[u8]) -> Result<(), StoreError> {
        match line::parse(octets)? {
            Line::Account(AccountLine { name, .. }) => {
                let entry = self.entry(&self.names.prepare(name)?);
                if entry.line.replace(span).is_some() {
                    return Err(malformed("there is a line of this account above"));
                }
            }
            Line::Credential { account, credential } => {
                let name = self.names.prepare(&account)?;
                match credential.kind {
                    CredentialKind::Certificate(it) => point(&mut self.certificates, it, &name),
                    CredentialKind::Token(it) => point(&mut self.tokens, it, &name),
                    CredentialKind::Password(_)
                    | CredentialKind::Scram(_)
                    | CredentialKind::Shared(_) => {}
                }
                self.entry(&name).ours.push(span);
            }
            Line::Names(rule) if self.entries.is_empty() => self.names = rule,
            Line::Names(_) => return Err(malformed("expected this above all accounts")),
            Line::Other => {}
            Line::Properties { account, .. } => {
                self.entry(&self.names.prepare(&account)?).ours.push(span);
            }
        }
        Ok(())
    }

    fn entry(&mut self, name: &AuthenticationId) -> &mut Entry {
        self.entries.entry(name.as_str().into()).or_default()
    }

    fn drop_orphans(&mut self) {
        let Self { entries, orphans, .. } = self;
        entries.retain(|name, entry| {
            let is_there = entry.line.is_some() || !line::is_spellable(name);
            if !is_there {
                orphans.append(&mut entry.ours);
            }
            is_there
        });
        self.certificates.retain(|_, name| self.entries.contains_key(name));
        self.tokens.retain(|_, name| self.entries.contains_key(name));
    }

    /// Each line was read already; what lines say together was not.
    fn check(&self) -> Result<(), StoreError> {
        for (name, entry) in self.entries.iter().filter(|(_, entry)| !entry.ours.is_empty()) {
            self.read(name, entry)?;
        }
        Ok(())
    }

    fn read(&self, name: &str, entry: &Entry) -> Result<Account, StoreError> {
        self.assemble(name, entry).map(Block::finish)
    }

    fn assemble(&self, name: &str, entry: &Entry) -> Result<Block, StoreError> {
        let identity = name.try_into().map_err(|error| malformed("no name").because(error))?;
        let mut block = Block::new(identity);
        for span in entry.line.iter().chain(&entry.ours) {
            let taken = line::parse(self.line(*span)).and_then(|line| block.take(line));
            taken.map_err(|error| in_line(self.number(*span), error))?;
        }
        Ok(block)
    }

    fn replace(
        &self,
        name: &str,
        entry: &Entry,
        account: Option<&Account>,
        places: &mut Vec<(Span, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        let mut lines = Vec::new();
        if let Some(account) = account {
            let foreign = self.assemble(name, entry)?.has_foreign_password();
            let keeps_password = foreign && same_passwords(&self.read(name, entry)?, account);
            let former = entry.line.map(|span| Former { line: self.line(span), keeps_password });
            line::write(account, former, &mut lines);
        }
        let mut lines = Some(lines);
        for span in entry.line.iter().chain(&entry.ours) {
            places.push((*span, lines.take()));
        }
        Ok(())
    }

    fn line(&self, span: Span) -> &[u8] {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// A line's number, from 1.
    fn number(&self, span: Span) -> usize {
        let above = self.text.get(..span.start).unwrap_or_default();
        above.split(|octet| *octet == b'\n').count()
    }
}

/// Whether the account's own password is what it was.
fn same_passwords(old: &Account, new: &Account) -> bool {
    let own = |account: &Account| -> Vec<CredentialKind> {
        let own = account.credentials.iter().filter(|it| it.label.is_empty());
        own.filter(|it| it.kind.is_of_password()).map(|it| it.kind.clone()).collect()
    };
    own(old) == own(new)
}

/// Where two accounts say the same, the one whose name comes first has it.
fn point<K: Hash + Eq>(index: &mut HashMap<K, Box<str>>, key: K, name: &AuthenticationId) {
    let name = name.as_str();
    let known = index.entry(key).or_insert_with(|| name.into());
    if name < &**known {
        *known = name.into();
    }
}

fn malformed(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Malformed, what)
}

fn in_line(number: usize, error: StoreError) -> StoreError {
    StoreError::new(StoreErrorKind::Malformed, format!("line {number}")).because(error)
}

#[cfg(test)]
mod tests;
