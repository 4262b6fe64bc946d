//! What is given to an account, as options: moments, whom it may act for, certificates, tokens, a new password.

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
};

use aiosasl::secret::{self, Password, Secret};
use aiosasl_store::{ActsAs, Credential, CredentialKind, Timestamp, TokenDigest};
use clap::Args;

use crate::{
    secrets::{self, PasswordSource},
    status::Failure,
};

/// The shortest token, in octets: what is shorter can be guessed.
const MIN_TOKEN: usize = 16;

/// Credentials that are made of no password, and rights.
#[derive(Debug, Args)]
pub(super) struct GivenOptions {
    /// Let it act as NAME, too, or as anybody: * (repeatable)
    #[arg(long, value_name = "NAME", value_parser = acts_as)]
    pub(super) may_act_as: Vec<ActsAs>,
    /// Let TLS certificates prove it that say NAME (repeatable)
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    certificate: Vec<String>,
    /// Let the token in FILE prove it (`-`: standard input; repeatable); one newline at its end is dropped
    #[arg(long, value_name = "FILE")]
    token_file: Vec<PathBuf>,
    /// Add what stands in FILE (`-`: standard input; repeatable), a line each: {OTP}..., {HT-SHA-256-EXPR}token,
    /// {ECDSA-NIST256P-CHALLENGE}key, {NTLM}..., {DIGEST-MD5}..., or any verifier or hash
    #[arg(long, value_name = "FILE")]
    credential_file: Vec<PathBuf>,
    /// When what is added ends: a moment (RFC 3339), a date, or never
    #[arg(long, value_name = "WHEN", value_parser = end)]
    pub(super) credential_expires: Option<End>,
}

/// When something ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct End(pub(super) Option<Timestamp>);

/// Reads a moment, a date (its first second, UTC), or `never`.
pub(super) fn end(text: &str) -> Result<End, String> {
    if text == "never" {
        return Ok(End(None));
    }
    let moment = text.parse().or_else(|_| format!("{text}T00:00:00Z").parse::<Timestamp>());
    moment.map(|it| End(Some(it))).map_err(|_| {
        "expected never, a date (2027-01-01) or a moment (2027-01-01T12:00:00Z)".to_owned()
    })
}

/// Reads whom an account may act as.
pub(super) fn acts_as(text: &str) -> Result<ActsAs, String> {
    text.parse().map_err(|error: aiosasl_store::StoreError| error.to_string())
}

impl GivenOptions {
    /// Certificates' names and tokens, as credentials under this label.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 where a token can't be read, or can be guessed.
    pub(super) fn credentials(&self, label: &str) -> Result<Vec<Credential>, Failure> {
        let mut kinds: Vec<CredentialKind> = self
            .certificate
            .iter()
            .map(|it| CredentialKind::Certificate(it.as_str().into()))
            .collect();
        for path in &self.token_file {
            let token = secrets::read(path)?;
            if token.expose().len() < MIN_TOKEN {
                let text = format!("a token of fewer than {MIN_TOKEN} octets can be guessed");
                return Err(Failure::usage(text));
            }
            kinds.push(CredentialKind::Token(TokenDigest::of(&Secret::new(token.expose()))));
        }
        for path in &self.credential_file {
            let text = secrets::read(path)?;
            for line in text.expose().lines().map(str::trim).filter(|line| !line.is_empty()) {
                let kind = line.parse().map_err(|error: aiosasl_store::StoreError| {
                    Failure::usage(format!("{}: {error}", path.display()))
                })?;
                kinds.push(kind);
            }
        }
        let end = self.credential_expires.and_then(|it| it.0);
        let make = |kind| Credential::new(kind).labelled(label).expiring(end);
        Ok(kinds.into_iter().map(make).collect())
    }

    /// Whether it proves itself by something of these.
    pub(super) fn has_credentials(&self) -> bool {
        !self.certificate.is_empty()
            || !self.token_file.is_empty()
            || !self.credential_file.is_empty()
    }
}

/// A password that is new: asked for twice at a terminal; `None` where there is no terminal, and none was given.
pub(super) fn new_password(source: &PasswordSource) -> Result<Option<Password>, Failure> {
    if let Some(password) = source.given()? {
        return Ok(Some(password));
    }
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    let first = source.given_or_asked("New password: ")?;
    let second = source.given_or_asked("Once more: ")?;
    match (first, second) {
        (Some(first), Some(second))
            if secret::equal(first.expose().as_bytes(), second.expose().as_bytes()) =>
        {
            Ok(Some(first))
        }
        _ => Err(Failure::usage("the two passwords are not the same")),
    }
}

/// What to say where there is none.
pub(super) fn no_password() -> Failure {
    Failure::usage("expected a password: --password-file FILE, or $AIOSASL_PASSWORD")
}
