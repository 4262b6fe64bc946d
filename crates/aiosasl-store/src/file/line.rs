//! The lines of a passwd-file: Dovecot's, and beside them our own, which are comments for Dovecot.
//!
//! Dovecot reads `user:password:uid:gid:gecos:home:shell:extra_fields`, one line for each user, without any escapes, and
//! hands extra fields that it does not know on to its login processes. So what an account has beyond that stands in lines
//! that Dovecot passes over:
//!
//! ```text
//! #aiosasl names=saslprep
//! user:{SCRAM-SHA-256}4096,salt,StoredKey,ServerKey:1000:1000::/home/user
//! #aiosasl account=user expires=2027-01-01T00:00:00Z acts-as=other used=2026-11-24T11:30:00Z
//! #aiosasl account=user credential={ARGON2ID}$argon2id$... label=phone expires=... used=...
//! ```
//!
//! Values are percent-encoded; an account whose name no line of Dovecot can hold stands in our lines alone.

use std::{borrow::Cow, str::FromStr};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use aiosasl::hash::Hash;

use crate::{
    account::{Account, AccountState, ActsAs},
    credential::{Credential, CredentialKind},
    error::{StoreError, StoreErrorKind},
    name::NameRule,
    password::Scheme,
    timestamp::Timestamp,
};

/// What our lines begin with.
const OURS: &str = "#aiosasl ";
/// What a field without a password holds: no password has this hash, whatever Dovecot's default scheme is.
const NO_PASSWORD: &str = "{CRYPT}*";
/// Stands before the password of an account that is disabled. Dovecot's `nologin` would not do: its own servers obey it,
/// and Postfix, which asks Dovecot for passwords, does not.
const LOCK: &str = "{CRYPT}!";
/// Where the extra fields stand.
const EXTRA: usize = 7;
/// What is escaped in our lines.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// A line, as far as it concerns us.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// An account's line.
    Account(AccountLine<'a>),
    /// A further credential.
    Credential { account: String, credential: Credential },
    /// How names are spelled.
    Names(NameRule),
    /// A comment, or nothing.
    Other,
    /// What holds for an account.
    Properties { account: String, properties: Properties },
}

/// What we read of Dovecot's line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AccountLine<'a> {
    pub(crate) name: &'a str,
    pub(crate) password: PasswordField,
    pub(crate) state: AccountState,
    /// Whether there is more than that.
    pub(crate) has_more: bool,
}

/// What stands in the field of the password.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PasswordField {
    /// Something that Dovecot may understand, and we don't.
    Foreign,
    Known(CredentialKind),
    None,
}

/// What an account has beyond Dovecot's line, apart from credentials.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Properties {
    pub(crate) state: AccountState,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) acts_as: Vec<ActsAs>,
    /// When the credential of Dovecot's line was last used.
    pub(crate) used: Option<Timestamp>,
    /// Which of the account's credentials stands in Dovecot's line, from 0.
    pub(crate) place: usize,
}

/// Reads a line, without its end.
///
/// # Errors
///
/// [`StoreErrorKind::Malformed`]; the text repeats nothing of the line.
pub(crate) fn parse(line: &[u8]) -> Result<Line<'_>, StoreError> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if let Some(rest) = line.strip_prefix(OURS.as_bytes()) {
        return ours(text(rest)?);
    }
    match line.first() {
        None | Some(b'#' | b':') => Ok(Line::Other),
        Some(_) => dovecots(line).map(Line::Account),
    }
}

/// Whether a line of Dovecot's can hold this name.
pub(crate) fn is_spellable(name: &str) -> bool {
    !name.starts_with('#') && is_field(name)
}

/// Whether a field of Dovecot's line can hold this.
pub(crate) fn is_field(text: &str) -> bool {
    !text.contains([':', '\n', '\r', '\0'])
}

fn malformed(what: impl Into<Box<str>>) -> StoreError {
    StoreError::new(StoreErrorKind::Malformed, what)
}

fn text(octets: &[u8]) -> Result<&str, StoreError> {
    std::str::from_utf8(octets).map_err(|_| malformed("expected UTF-8"))
}

fn dovecots(line: &[u8]) -> Result<AccountLine<'_>, StoreError> {
    let fields: Vec<&[u8]> = line.split(|octet| *octet == b':').collect();
    let name = text(fields.first().copied().unwrap_or_default())?;
    if name.contains('\0') {
        return Err(malformed("a name has no NUL"));
    }
    let (lock, password) = unlocked(fields.get(1).copied().unwrap_or_default());
    let password = password_field(password)?;
    let extra = extra_fields(&fields);
    let state = if lock.is_some() || extra.iter().any(|it| is_nologin(it)) {
        AccountState::Disabled
    } else {
        AccountState::Enabled
    };
    let has_more = extra.iter().any(|it| !is_nologin(it))
        || fields.iter().skip(2).take(EXTRA - 2).any(|it| !it.is_empty());
    Ok(AccountLine { name, password, state, has_more })
}

/// What keeps a password from being one, ours or the exclamation marks of shadow(5); and the password.
fn unlocked(field: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let marks = match field.strip_prefix(LOCK.as_bytes()) {
        Some(_) => LOCK.len(),
        None => field.iter().take_while(|it| **it == b'!').count(),
    };
    match field.split_at_checked(marks) {
        Some((lock, password)) if marks > 0 => (Some(lock), password),
        _ => (None, field),
    }
}

fn password_field(field: &[u8]) -> Result<PasswordField, StoreError> {
    if matches!(field, b"" | b"*" | b"x") || field == NO_PASSWORD.as_bytes() {
        return Ok(PasswordField::None);
    }
    let Ok(field) = std::str::from_utf8(field) else { return Ok(PasswordField::Foreign) };
    let known = password(field)?;
    Ok(known.map_or(PasswordField::Foreign, PasswordField::Known))
}

/// What a password's hash or verifier is, `None` where its scheme is not known here. Without a scheme it is Dovecot's
/// default one.
///
/// # Errors
///
/// [`StoreErrorKind::Malformed`] where the scheme is known, and the rest is none of its.
pub(crate) fn password(text: &str) -> Result<Option<CredentialKind>, StoreError> {
    let Some((scheme, _)) = text.strip_prefix('{').and_then(|it| it.split_once('}')) else {
        return Ok(format!("{{CRYPT}}{text}").parse().ok());
    };
    match text.parse::<CredentialKind>() {
        Ok(kind) if kind.is_of_password() => Ok(Some(kind)),
        Err(error) if is_ours(scheme) => Err(malformed("no password hash").because(error)),
        _ => Ok(None),
    }
}

fn is_ours(scheme: &str) -> bool {
    let schemes = Scheme::ALL.iter().map(|it| it.as_str());
    Hash::from_scheme(scheme).is_some()
        || schemes.into_iter().any(|it| it.eq_ignore_ascii_case(scheme))
}

/// The extra fields: all behind the seventh colon, colons included, apart by blanks; in an old form of the line that place
/// is empty, and where the mail is comes behind it.
fn extra_fields<'a>(fields: &[&'a [u8]]) -> Vec<Cow<'a, [u8]>> {
    let rest = fields.get(EXTRA..).unwrap_or_default();
    match rest {
        [] | [b""] => Vec::new(),
        [b"", mail @ ..] => {
            vec![Cow::Owned([b"userdb_mail=", mail.join(&b':').as_slice()].concat())]
        }
        [only] => {
            only.split(|it| *it == b' ').filter(|it| !it.is_empty()).map(Cow::Borrowed).collect()
        }
        _ => {
            let joined = rest.join(&b':');
            let words = joined.split(|it| *it == b' ').filter(|it| !it.is_empty());
            words.map(|it| Cow::Owned(it.to_vec())).collect()
        }
    }
}

fn is_nologin(field: &[u8]) -> bool {
    field == b"nologin" || field.starts_with(b"nologin=")
}

fn ours(line: &str) -> Result<Line<'static>, StoreError> {
    let mut fields = line.split(' ').filter(|it| !it.is_empty()).map(key_and_value);
    match fields.next().ok_or_else(|| malformed("expected a field after #aiosasl"))?? {
        ("account", account) => {
            let fields: Vec<_> = fields.collect::<Result<_, _>>()?;
            match fields.as_slice() {
                [("credential", credential), rest @ ..] => {
                    credential_line(account, credential, rest)
                }
                _ => properties_line(account, &fields),
            }
        }
        ("names", rule) if fields.next().is_none() => Ok(Line::Names(value(&rule)?)),
        _ => Err(malformed("expected account= or names= after #aiosasl")),
    }
}

fn key_and_value(field: &str) -> Result<(&str, String), StoreError> {
    let (key, value) = field.split_once('=').ok_or_else(|| malformed("expected key=value"))?;
    let value = percent_decode_str(value).decode_utf8().map_err(|_| malformed("expected UTF-8"))?;
    Ok((key, value.into_owned()))
}

fn value<T: FromStr>(text: &str) -> Result<T, StoreError>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error: T::Err| malformed("a value is wrong").because(error))
}

fn credential_line(
    account: String,
    credential: &str,
    fields: &[(&str, String)],
) -> Result<Line<'static>, StoreError> {
    let mut credential = Credential::new(value(credential)?);
    for (key, text) in fields {
        match *key {
            "label" => credential.label = text.as_str().into(),
            "expires" => credential.expires = Some(value(text)?),
            "used" => credential.last_used = Some(value(text)?),
            _ => return Err(malformed("expected label=, expires= or used=")),
        }
    }
    Ok(Line::Credential { account, credential })
}

fn properties_line(
    account: String,
    fields: &[(&str, String)],
) -> Result<Line<'static>, StoreError> {
    let mut properties = Properties::default();
    for (key, text) in fields {
        match *key {
            "acts-as" => properties.acts_as.push(value(text)?),
            "expires" => properties.expires = Some(value(text)?),
            "place" => properties.place = value(text)?,
            "state" => properties.state = value(text)?,
            "used" => properties.used = Some(value(text)?),
            _ => return Err(malformed("expected acts-as=, expires=, place=, state= or used=")),
        }
    }
    Ok(Line::Properties { account, properties })
}

/// The line that says how names are spelled, with its end.
pub(crate) fn names_line(rule: NameRule) -> String {
    format!("{OURS}names={rule}\n")
}

/// What is known of the line that an account has had until now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Former<'a> {
    /// The line, without its end.
    pub(crate) line: &'a [u8],
    /// Whether a password that only Dovecot understands is still the account's.
    pub(crate) keeps_password: bool,
}

/// Writes an account's lines, each with its end; what we don't understand in its former line stays.
pub(crate) fn write(account: &Account, former: Option<Former<'_>>, out: &mut Vec<u8>) {
    let name = account.name.as_str();
    let spellable = is_spellable(name);
    let keeps = former.is_some_and(|it| it.keeps_password);
    let place = if spellable && !keeps { place_for_dovecot(account) } else { None };
    let shown = place.and_then(|place| account.credentials.get(place));
    if spellable {
        dovecot_line(account, shown, former, out);
    }
    let mut properties = format!("{OURS}account={}", escaped(name));
    let empty = properties.len();
    if !spellable && account.state != AccountState::Enabled {
        field(&mut properties, "state", account.state.as_str());
    }
    optional(&mut properties, "expires", account.expires);
    for other in &account.acts_as {
        field(&mut properties, "acts-as", &other.to_string());
    }
    optional(&mut properties, "used", shown.and_then(|it| it.last_used));
    if let Some(place) = place.filter(|it| *it != 0) {
        field(&mut properties, "place", &place.to_string());
    }
    if properties.len() > empty || !spellable {
        line(&properties, out);
    }
    let others = account.credentials.iter().enumerate().filter(|(at, _)| Some(*at) != place);
    for (_, credential) in others {
        line(&credential_text(name, credential), out);
    }
}

/// Which credential Dovecot gets to see: a SCRAM verifier of a hash that it knows, else a password's hash; the account's
/// own, without an end.
fn place_for_dovecot(account: &Account) -> Option<usize> {
    let rank = |credential: &Credential| match &credential.kind {
        _ if !credential.label.is_empty() || credential.expires.is_some() => None,
        CredentialKind::Scram(verifier) if verifier.hash() == Hash::Sha256 => Some(0),
        CredentialKind::Scram(verifier) if verifier.hash() == Hash::Sha1 => Some(1),
        kind @ CredentialKind::Password(_) if is_field(&kind.to_string()) => Some(2),
        _ => None,
    };
    let ranked = account.credentials.iter().enumerate();
    ranked.filter_map(|(at, it)| Some((rank(it)?, at))).min().map(|(_, at)| at)
}

fn dovecot_line(
    account: &Account,
    shown: Option<&Credential>,
    former: Option<Former<'_>>,
    out: &mut Vec<u8>,
) {
    let name = account.name.as_str();
    let line = former.map_or(name.as_bytes(), |it| it.line);
    let (line, end) = match line.strip_suffix(b"\r") {
        Some(line) => (line, &b"\r\n"[..]),
        None => (line, &b"\n"[..]),
    };
    let mut fields: Vec<&[u8]> = line.split(|octet| *octet == b':').collect();
    let mut extra = extra_fields(&fields);
    let has_nologin = extra.iter().any(|it| is_nologin(it));
    let (lock, old) = unlocked(fields.get(1).copied().unwrap_or_default());
    let shown = shown.map_or_else(|| NO_PASSWORD.to_owned(), |it| it.kind.to_string());
    let password = if former.is_some_and(|it| it.keeps_password) { old } else { shown.as_bytes() };
    // An account that nologin disables alone stays so.
    let lock = match account.state {
        AccountState::Disabled if has_nologin => lock.unwrap_or_default(),
        AccountState::Disabled => LOCK.as_bytes(),
        AccountState::Enabled => b"",
    };
    let password = [lock, password].concat();
    fields.resize(fields.len().max(2), b"");
    fields.splice(1..2, [&*password]);
    let changed;
    if has_nologin && account.state == AccountState::Enabled {
        extra.retain(|it| !is_nologin(it));
        changed = extra.join(&b' ');
        fields.resize(EXTRA, b"");
        fields.push(&changed);
    }
    out.extend_from_slice(&fields.join(&b':'));
    out.extend_from_slice(end);
}

fn credential_text(name: &str, credential: &Credential) -> String {
    let mut text = format!("{OURS}account={}", escaped(name));
    field(&mut text, "credential", &credential.kind.to_string());
    if !credential.label.is_empty() {
        field(&mut text, "label", &credential.label);
    }
    optional(&mut text, "expires", credential.expires);
    optional(&mut text, "used", credential.last_used);
    text
}

fn escaped(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, ESCAPED).into()
}

fn field(line: &mut String, key: &str, value: &str) {
    line.extend([" ", key, "=", &escaped(value)]);
}

fn optional(line: &mut String, key: &str, value: Option<Timestamp>) {
    if let Some(value) = value {
        field(line, key, &value.to_string());
    }
}

fn line(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
    out.push(b'\n');
}

#[cfg(test)]
mod tests;
