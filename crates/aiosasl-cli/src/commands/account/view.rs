//! What may be shown of an account: all but what somebody could guess passwords with.

use std::fmt;

use aiosasl_store::{Account, Credential, CredentialKind, Timestamp};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

/// What may be shown of an account.
#[derive(Debug, Serialize)]
pub(super) struct View {
    pub(super) name: String,
    pub(super) state: &'static str,
    pub(super) expires: Option<String>,
    pub(super) acts_as: Vec<String>,
    pub(super) credentials: Vec<CredentialView>,
}

/// What may be shown of a credential.
#[derive(Debug, Serialize)]
pub(super) struct CredentialView {
    scheme: &'static str,
    label: Option<String>,
    /// Of SCRAM.
    iterations: Option<u32>,
    /// Of a certificate: the name that it must say.
    certificate: Option<String>,
    expires: Option<String>,
    last_used: Option<String>,
}

impl View {
    pub(super) fn of(account: &Account) -> Self {
        Self {
            name: account.name.to_string(),
            state: account.state.as_str(),
            expires: account.expires.map(text),
            acts_as: account.acts_as.iter().map(ToString::to_string).collect(),
            credentials: account.credentials.iter().map(CredentialView::of).collect(),
        }
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::json!(self)
    }
}

impl CredentialView {
    fn of(credential: &Credential) -> Self {
        let (iterations, certificate) = match &credential.kind {
            CredentialKind::Scram(verifier) => (Some(verifier.iterations()), None),
            CredentialKind::Certificate(name) => (None, Some(name.to_string())),
            _ => (None, None),
        };
        Self {
            scheme: credential.kind.scheme(),
            label: Some(&*credential.label).filter(|it| !it.is_empty()).map(str::to_owned),
            iterations,
            certificate,
            expires: credential.expires.map(text),
            last_used: credential.last_used.map(text),
        }
    }

    /// In a word or two.
    pub(super) fn short(&self) -> String {
        match &self.label {
            Some(label) => format!("{} ({label})", self.scheme),
            None => self.scheme.to_owned(),
        }
    }
}

impl fmt::Display for CredentialView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())?;
        if let Some(name) = &self.certificate {
            write!(f, ", {name}")?;
        }
        if let Some(iterations) = self.iterations {
            write!(f, ", {iterations} iterations")?;
        }
        if let Some(end) = &self.expires {
            write!(f, ", expires {end}")?;
        }
        if let Some(at) = &self.last_used {
            write!(f, ", last used {at}")?;
        }
        Ok(())
    }
}

/// The columns that a text takes on a terminal.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

fn text(moment: Timestamp) -> String {
    moment.to_string()
}
