//! Entries, and the accounts that they are.

use aiosasl::{
    identity::AuthenticationId, mechanisms::scram::VerifierFormat, query::ScramVerifier,
};
use ldap3::SearchEntry;
use zeroize::Zeroizing;

use super::options::{Attributes, Cleartext, Expiry, ExpiryForm, Options, Passwords};
use crate::{
    account::{Account, AccountState, ActsAs},
    credential::{Credential, CredentialKind},
    error::{StoreError, StoreErrorKind},
    name::NameRule,
    password::Scheme,
    timestamp::Timestamp,
};

/// An entry of the directory, as far as it was asked for; wiped on drop.
pub(super) struct Entry {
    dn: String,
    attributes: Vec<(String, Vec<Zeroizing<String>>)>,
}

/// Makes accounts of entries.
pub(super) struct Reader {
    attributes: Attributes,
    names: NameRule,
    wanted: Vec<String>,
}

impl Entry {
    /// The entry; values that are no text are left out.
    pub(super) fn new(found: SearchEntry) -> Self {
        let SearchEntry { dn, attrs, bin_attrs } = found;
        let texts = attrs
            .into_iter()
            .map(|(name, values)| (name, values.into_iter().map(Zeroizing::new).collect()));
        let octets = bin_attrs.into_iter().map(|(name, values)| {
            let texts = values.into_iter().filter_map(|it| String::from_utf8(it).ok());
            (name, texts.map(Zeroizing::new).collect())
        });
        Self { dn, attributes: texts.chain(octets).collect() }
    }

    pub(super) fn dn(&self) -> &str {
        &self.dn
    }

    /// The values of an attribute, whose name may come in any case of letters and with options (`;lang-en`).
    fn values(&self, attribute: &str) -> impl Iterator<Item = &str> {
        let named = move |name: &str| {
            name.split(';').next().is_some_and(|it| it.eq_ignore_ascii_case(attribute))
        };
        let values = self.attributes.iter().filter(move |(name, _)| named(name));
        values.flat_map(|(_, values)| values.iter().map(|it| it.as_str()))
    }
}

impl Reader {
    pub(super) fn new(options: &Options) -> Result<Self, StoreError> {
        let mut attributes = options.attributes.clone();
        if options.passwords == Passwords::Bind {
            attributes.passwords.clear();
            attributes.verifiers.clear();
        }
        if attributes.names.is_empty() {
            let text = "expected an attribute for the names of accounts";
            return Err(StoreError::new(StoreErrorKind::Invalid, text));
        }
        let wanted = wanted(&attributes);
        Ok(Self { attributes, names: options.names, wanted })
    }

    /// The attributes that have to be asked for.
    pub(super) fn wanted(&self) -> &[String] {
        &self.wanted
    }

    /// Whether the entry has this name by our own rule, and not by the directory's alone.
    pub(super) fn is_named(&self, entry: &Entry, name: &AuthenticationId) -> bool {
        let named = self.names_of(entry).any(|it| it == *name);
        if !named {
            tracing::debug!("an entry answers to a name that is not spelled as its own");
        }
        named
    }

    pub(super) fn has_certificate(&self, entry: &Entry, certificate: &str) -> bool {
        let attribute = self.attributes.certificates.as_deref();
        attribute.is_some_and(|it| entry.values(it).any(|value| value == certificate))
    }

    /// The entry's name, where it has no other.
    pub(super) fn only_name(&self, entry: &Entry) -> Option<AuthenticationId> {
        let mut names = self.names_of(entry);
        let first = names.next();
        if first.is_none() || names.any(|it| Some(&it) != first.as_ref()) {
            tracing::warn!("expected one name in an entry that was found by a certificate");
            return None;
        }
        first
    }

    /// The account that an entry is.
    pub(super) fn account(&self, entry: &Entry, name: AuthenticationId) -> Account {
        let mut account = Account::new(name);
        match self.expires(entry) {
            Ok(expires) => account.expires = expires,
            Err(attribute) => {
                tracing::warn!(attribute, "can't read when an account ends: it has ended");
                account.state = AccountState::Disabled;
            }
        }
        if self.is_disabled(entry) {
            account.state = AccountState::Disabled;
        }
        account.acts_as = self.acts_as(entry);
        for kind in self.certificates(entry).chain(self.verifiers(entry)) {
            account.put(Credential::new(kind));
        }
        for kind in self.passwords(entry) {
            // A person may have many passwords, and a slot holds one.
            let credential = Credential::new(kind);
            let taken = |label: &str| {
                let new = credential.clone().labelled(label);
                account.credentials.iter().any(|it| it.slot() == new.slot())
            };
            let numbers = (1_u32..).map(|it| if it == 1 { String::new() } else { it.to_string() });
            let label = numbers.into_iter().find(|it| !taken(it)).unwrap_or_default();
            account.put(credential.labelled(&label));
        }
        account
    }

    fn names_of(&self, entry: &Entry) -> impl Iterator<Item = AuthenticationId> {
        let values = self.attributes.names.iter().flat_map(|it| entry.values(it));
        values.filter_map(|it| self.names.prepare(it).ok())
    }

    fn is_disabled(&self, entry: &Entry) -> bool {
        self.attributes.disabled.as_ref().is_some_and(|flag| {
            entry.values(&flag.attribute).any(|value| {
                flag.values.is_empty()
                    || flag.values.iter().any(|it| it.eq_ignore_ascii_case(value))
            })
        })
    }

    /// The earliest of the moments; or the attribute that is none.
    fn expires(&self, entry: &Entry) -> Result<Option<Timestamp>, &str> {
        let Some(Expiry { attribute, form }) = &self.attributes.expires else { return Ok(None) };
        let moments: Option<Vec<_>> =
            entry.values(attribute).map(|value| moment(*form, value)).collect();
        Ok(moments.ok_or(&**attribute)?.into_iter().flatten().min())
    }

    fn acts_as(&self, entry: &Entry) -> Vec<ActsAs> {
        let values = self.attributes.acts_as.iter().flat_map(|it| entry.values(it));
        values.filter_map(|it| it.parse().ok()).collect()
    }

    fn certificates(&self, entry: &Entry) -> impl Iterator<Item = CredentialKind> {
        let values = self.attributes.certificates.iter().flat_map(|it| entry.values(it));
        values.filter(|it| !it.is_empty()).map(|it| CredentialKind::Certificate(it.into()))
    }

    fn verifiers(&self, entry: &Entry) -> impl Iterator<Item = CredentialKind> {
        let values = self.attributes.verifiers.iter().flat_map(|it| entry.values(it));
        values.filter_map(|it| {
            let verifier = ScramVerifier::parse(VerifierFormat::Rfc5803, it, None);
            let unread =
                |error: &_| tracing::debug!(%error, "a verifier of the directory is left out");
            verifier.inspect_err(unread).ok().map(CredentialKind::Scram)
        })
    }

    fn passwords(&self, entry: &Entry) -> impl Iterator<Item = CredentialKind> {
        let values = self.attributes.passwords.iter().flat_map(|it| entry.values(it));
        values.filter_map(|it| password(it, self.attributes.cleartext))
    }
}

fn wanted(attributes: &Attributes) -> Vec<String> {
    let Attributes {
        names, passwords, verifiers, disabled, expires, certificates, acts_as, ..
    } = attributes;
    let lists = names.iter().chain(passwords).chain(verifiers);
    let flags = disabled.iter().map(|it| &it.attribute);
    let ends = expires.iter().map(|it| &it.attribute);
    let all = lists.chain(flags).chain(ends).chain(certificates).chain(acts_as);
    all.map(ToString::to_string).collect()
}

/// A value of `userPassword`: the scheme in braces, in any case of letters; without one it is the password itself.
fn password(value: &str, cleartext: Cleartext) -> Option<CredentialKind> {
    let (scheme, data) = match value.strip_prefix('{').and_then(|it| it.split_once('}')) {
        Some((scheme, data)) => (scheme.to_ascii_uppercase(), data),
        None => ("PLAIN".to_owned(), value),
    };
    let text = Zeroizing::new(format!("{{{scheme}}}{data}"));
    match (text.parse::<CredentialKind>(), cleartext) {
        (Ok(CredentialKind::Password(hash)), Cleartext::Ignore)
            if hash.scheme() == Scheme::Plain =>
        {
            None
        }
        (Ok(kind), _) => Some(kind).filter(CredentialKind::is_of_password),
        (Err(error), _) => {
            tracing::debug!(scheme, %error, "a password hash of the directory is left out");
            None
        }
    }
}

/// The moment, `Some(None)` for never, and nothing where it is none.
#[expect(clippy::option_option, reason = "never and unreadable are not the same")]
fn moment(form: ExpiryForm, value: &str) -> Option<Option<Timestamp>> {
    let number = || value.trim().parse::<i64>().ok();
    match form {
        ExpiryForm::Days => number().map(|days| match days {
            ..0 => None,
            days => Some(Timestamp::from_unix(days.saturating_mul(86_400))),
        }),
        ExpiryForm::FileTime => number().map(|ticks| match ticks {
            0 | i64::MAX => None,
            ticks => Some(Timestamp::from_unix(ticks / 10_000_000 - 11_644_473_600)),
        }),
        ExpiryForm::GeneralizedTime => generalized(value).map(Some),
    }
}

/// `YYYYMMDDHH[MM[SS]][.fraction](Z|+HH[MM]|-HH[MM])`; the fraction is dropped. The year 9999, by which directories mean
/// never, ends later than our moments do: what lies in it is the last of them.
fn generalized(value: &str) -> Option<Timestamp> {
    let end = value.find(|it: char| !it.is_ascii_digit())?;
    let (digits, zone) = value.split_at(end);
    let zone = match zone.strip_prefix(['.', ',']) {
        Some(fraction) => fraction.trim_start_matches(|it: char| it.is_ascii_digit()),
        None => zone,
    };
    let zone = match (zone, zone.len()) {
        ("Z", _) => "Z".to_owned(),
        (_, 3) if zone.starts_with(['+', '-']) => format!("{zone}:00"),
        (_, 5) if zone.starts_with(['+', '-']) => {
            let (hours, minutes) = zone.split_at_checked(3)?;
            format!("{hours}:{minutes}")
        }
        _ => return None,
    };
    if ![10, 12, 14].contains(&digits.len()) {
        return None;
    }
    let digits = format!("{digits:0<14}");
    if let Some(rest) = digits.strip_prefix("9999") {
        let year_before = format!("9998{rest}Z");
        return generalized(&year_before).map(|_| Timestamp::from_unix(i64::MAX));
    }
    let part = |from, to| digits.get(from..to).unwrap_or_default();
    let (date, time) =
        ([part(0, 4), part(4, 6), part(6, 8)], [part(8, 10), part(10, 12), part(12, 14)]);
    format!("{}T{}{zone}", date.join("-"), time.join(":")).parse().ok()
}

#[cfg(test)]
mod tests;
