//! LDIF (RFC 2849): `authPassword` with SCRAM (RFC 5803), `userPassword` with `{SCHEME}data` or the password itself.

use aiosasl::{
    hash::Hash, mechanisms::scram::VerifierFormat, query::ScramVerifier, secret::Password,
};
use base64ct::{Base64, Encoding as _};
use zeroize::Zeroizing;

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
};

/// What a file begins with.
pub(super) const HEADER: &str = "version: 1\n";
/// The longest value that was folded, in octets.
const MAX_VALUE: usize = 1 << 20;

/// The next account: a record.
pub(super) fn next(source: &mut Source<'_>) -> Result<Option<Entry>, StoreError> {
    while let Some((attribute, value)) = attribute(source)? {
        match attribute.as_str() {
            "" | "version" => {}
            "dn" => return record(source, &value).map(Some),
            _ => return Err(malformed("expected dn: at the beginning of a record")),
        }
    }
    Ok(None)
}

fn record(source: &mut Source<'_>, dn: &str) -> Result<Entry, StoreError> {
    let line = source.lines.number();
    let mut name = None;
    let mut account = Entry { line, ..source.entry("unnamed")? };
    for _ in 0..MAX_LINES {
        let Some((attribute, value)) = attribute(source)? else { break };
        match attribute.as_str() {
            "" => break,
            "uid" if name.is_none() => name = Some(value.to_string()),
            "authpassword" => auth_password(source, &mut account, &value)?,
            "userpassword" => user_password(source, &mut account, &value)?,
            "changetype" if *value != "add" => {
                return Err(malformed("expected accounts, found a change of one"));
            }
            "changetype" | "cn" | "objectclass" | "uid" => {}
            _ => source.losses.add(Loss::Other),
        }
    }
    let name = name.or_else(|| name_in(dn)).ok_or_else(|| malformed("expected a uid"))?;
    account.account.name = source.prepare(&name)?;
    Ok(account)
}

fn auth_password(
    source: &mut Source<'_>,
    entry: &mut Entry,
    value: &str,
) -> Result<(), StoreError> {
    let scheme = value.split('$').next().unwrap_or_default().trim();
    if Hash::from_scheme(scheme).is_none() {
        source.losses.add(Loss::UnknownScheme);
        return Ok(());
    }
    let verifier = ScramVerifier::parse(VerifierFormat::Rfc5803, value, None);
    let verifier = verifier.map_err(|error| malformed("no SCRAM verifier").because(error))?;
    entry.put(Credential::new(CredentialKind::Scram(verifier)))
}

/// A second password of the same account is one that an application has.
fn user_password(
    source: &mut Source<'_>,
    entry: &mut Entry,
    value: &str,
) -> Result<(), StoreError> {
    if !value.starts_with('{') {
        if entry.password.replace(Password::new(value)).is_some() {
            source.losses.add(Loss::ApplicationPassword);
        }
        return Ok(());
    }
    let Some(kind) = source.credential(value)? else { return Ok(()) };
    let credential = Credential::new(kind);
    let slot = credential.slot();
    let alike = entry.account.credentials.iter().filter(|it| it.slot().1 == slot.1).count();
    let label = if alike == 0 { String::new() } else { format!("userPassword {}", alike + 1) };
    let credential = credential.labelled(&label);
    entry.put(credential)
}

/// An attribute in lower case and without options, and its value; both empty for an empty line.
fn attribute(source: &mut Source<'_>) -> Result<Option<(String, Zeroizing<String>)>, StoreError> {
    let Some(line) = logical_line(source)? else { return Ok(None) };
    if line.trim_end().is_empty() {
        return Ok(Some((String::new(), Zeroizing::default())));
    }
    let (attribute, value) =
        line.split_once(':').ok_or_else(|| malformed("expected attribute: value"))?;
    let attribute = attribute.split(';').next().unwrap_or_default().to_ascii_lowercase();
    if attribute.is_empty() {
        return Err(malformed("expected attribute: value"));
    }
    let value = match value.as_bytes() {
        [b':', ..] => {
            let text = value.get(1..).unwrap_or_default().trim();
            let octets = Base64::decode_vec(text).map(Zeroizing::new);
            let octets = octets.map_err(|_| malformed("expected base64 behind ::"))?;
            let text = std::str::from_utf8(&octets);
            text.map_err(|_| malformed("expected UTF-8 in base64"))?.to_owned()
        }
        [b'<', ..] => return Err(malformed("nobody fetches URLs here")),
        _ => value.trim_start_matches(' ').to_owned(),
    };
    Ok(Some((attribute, Zeroizing::new(value))))
}

/// A line with those that continue it, which begin with a blank; comments are left out.
fn logical_line(source: &mut Source<'_>) -> Result<Option<Zeroizing<String>>, StoreError> {
    while let Some(line) = source.lines.next()? {
        let mut line = Zeroizing::new(line);
        while let Some(more) = source.lines.next()?.map(Zeroizing::new) {
            let Some(rest) = more.strip_prefix(' ').filter(|_| !line.is_empty()) else {
                source.lines.unread(more.to_string());
                break;
            };
            if line.len() + rest.len() > MAX_VALUE {
                return Err(malformed("expected at most 1 MiB in a value, found more"));
            }
            line.push_str(rest);
        }
        if !line.starts_with('#') {
            return Ok(Some(line));
        }
    }
    Ok(None)
}

/// The name in the first part of a distinguished name (RFC 4514).
fn name_in(dn: &str) -> Option<String> {
    let (attribute, value) = dn.split_once('=')?;
    if !["uid", "cn"].iter().any(|it| attribute.trim().eq_ignore_ascii_case(it)) {
        return None;
    }
    let mut name = Vec::new();
    let mut octets = value.bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b',' | b'+' => break,
            b'\\' => match (octets.next()?, octets.clone().next()) {
                (first, Some(second))
                    if first.is_ascii_hexdigit() && second.is_ascii_hexdigit() =>
                {
                    octets.next();
                    name.extend(base16ct::mixed::decode_vec([first, second]).ok()?);
                }
                (first, _) => name.push(first),
            },
            octet => name.push(octet),
        }
    }
    String::from_utf8(name).ok().map(|name| name.trim().to_owned()).filter(|it| !it.is_empty())
}

/// Writes an account's record.
pub(super) fn write(account: &Account, scribe: &mut Scribe, out: &mut Vec<u8>) {
    if !scribe.takes_without_state(account) {
        return;
    }
    let kept = scribe.losses.keep(account, CredentialKind::is_of_password);
    let (scram, passwords): (Vec<_>, Vec<_>) =
        kept.into_iter().partition(|it| matches!(it, CredentialKind::Scram(_)));
    let name = account.name.as_str();
    let base = if scribe.base.is_empty() { String::new() } else { format!(",{}", scribe.base) };
    out.push(b'\n');
    line("dn", &format!("uid={}{base}", in_dn(name)), out);
    line("objectClass", "account", out);
    if !scram.is_empty() {
        line("objectClass", "authPasswordObject", out);
    }
    if !passwords.is_empty() {
        line("objectClass", "simpleSecurityObject", out);
    }
    line("uid", name, out);
    for kind in scram {
        if let CredentialKind::Scram(verifier) = kind {
            line("authPassword", &verifier.to_text(VerifierFormat::Rfc5803), out);
        }
    }
    for kind in passwords {
        line("userPassword", &kind.to_string(), out);
    }
}

/// A value in a distinguished name (RFC 4514 section 2.4).
fn in_dn(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut escaped = String::with_capacity(value.len());
    for (at, character) in value.chars().enumerate() {
        let at_edge = character == ' ' && (at == 0 || at == last) || character == '#' && at == 0;
        if at_edge || matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A line; in base64 where the value is no SAFE-STRING (RFC 2849), or ends with a blank.
fn line(attribute: &str, value: &str, out: &mut Vec<u8>) {
    let is_safe = value.bytes().all(|it| it.is_ascii() && !matches!(it, b'\0' | b'\n' | b'\r'))
        && !value.starts_with([' ', ':', '<'])
        && !value.ends_with(' ');
    let text = if is_safe {
        format!("{attribute}: {value}\n")
    } else {
        format!("{attribute}:: {}\n", Base64::encode_string(value.as_bytes()))
    };
    out.extend_from_slice(text.as_bytes());
}
