//! What a format can't hold, and how much of it was left out.

use std::{collections::BTreeMap, fmt};

use crate::{
    account::Account,
    credential::{Credential, CredentialKind},
};

/// What was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Loss {
    /// An end of an account that is not over yet.
    AccountEnd,
    /// A right to act as somebody else.
    ActsAs,
    /// A credential of an application.
    ApplicationPassword,
    /// A name that a certificate says.
    Certificate,
    /// A credential that has an end.
    CredentialWithEnd,
    /// A whole account: it is disabled or has ended, and the format can't say so.
    DisabledAccount,
    /// When a credential was last used.
    LastUse,
    /// Something that is not for us: a home, a quota, a membership.
    Other,
    /// A password's hash.
    PasswordHash,
    /// A SCRAM verifier.
    ScramVerifier,
    /// A secret that the account and its owner share.
    SharedSecret,
    /// A token's digest.
    Token,
    /// A credential of a scheme that is not known here.
    UnknownScheme,
    /// A whole account: its name can't be written.
    UnspellableName,
}

/// How much of what was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses(BTreeMap<Loss, u64>);

impl Loss {
    /// The kind as a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountEnd => "account-end",
            Self::ActsAs => "acts-as",
            Self::ApplicationPassword => "application-password",
            Self::Certificate => "certificate",
            Self::CredentialWithEnd => "credential-with-end",
            Self::DisabledAccount => "disabled-account",
            Self::LastUse => "last-use",
            Self::Other => "other",
            Self::PasswordHash => "password-hash",
            Self::ScramVerifier => "scram-verifier",
            Self::SharedSecret => "shared-secret",
            Self::Token => "token",
            Self::UnknownScheme => "unknown-scheme",
            Self::UnspellableName => "unspellable-name",
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Losses {
    /// Each kind of which there is something, and how much.
    pub fn iter(&self) -> impl Iterator<Item = (Loss, u64)> {
        self.0.iter().map(|(loss, count)| (*loss, *count))
    }

    /// Whether nothing was left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, loss: Loss) {
        *self.0.entry(loss).or_default() += 1;
    }

    /// The account's own credentials that a format keeps: what this predicate says, and nothing of applications, and
    /// nothing that has an end, which would become endless. All others are counted.
    pub(super) fn keep<'a>(
        &mut self,
        account: &'a Account,
        keeps: impl Fn(&CredentialKind) -> bool,
    ) -> Vec<&'a CredentialKind> {
        account.acts_as.iter().for_each(|_| self.add(Loss::ActsAs));
        let mut kept = Vec::new();
        for credential in &account.credentials {
            if keeps(&credential.kind)
                && credential.label.is_empty()
                && credential.expires.is_none()
            {
                kept.push(&credential.kind);
                if credential.last_used.is_some() {
                    self.add(Loss::LastUse);
                }
            } else {
                self.add(Loss::of(credential));
            }
        }
        kept
    }
}

impl Loss {
    fn of(credential: &Credential) -> Self {
        match &credential.kind {
            CredentialKind::Certificate(_) => Self::Certificate,
            CredentialKind::Token(_) => Self::Token,
            _ if !credential.label.is_empty() => Self::ApplicationPassword,
            _ if credential.expires.is_some() => Self::CredentialWithEnd,
            CredentialKind::Password(_) => Self::PasswordHash,
            CredentialKind::Scram(_) => Self::ScramVerifier,
            CredentialKind::Shared(_) => Self::SharedSecret,
        }
    }
}
