//! Secrets that an account and its owner share: what mechanisms need that cannot work from a hash of the password.

use std::fmt;

use aiosasl::{encoding, query::SecretForm, secret::Secret};
use zeroize::Zeroizing;

/// A secret that an account and its owner share.
///
/// Whoever reads it can log in with it, but for a public key and for one-time passwords that are still to come.
///
/// As text it begins with a scheme in braces: `{OTP}otp-md5 499 ke1234 5bf075d9959d036f`, `{NTLM}` and 32 hexadecimal digits,
/// `{DIGEST-MD5}` and 32 hexadecimal digits, a space and the realm, `{HT-SHA-256-EXPR}` and the token,
/// `{ECDSA-NIST256P-CHALLENGE}` and the public key in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedSecret {
    form: SecretForm,
    secret: Secret,
}

/// The mechanisms whose tokens are kept as they are.
const HASHED_TOKENS: [&str; 12] = [
    "HT-SHA-256-NONE",
    "HT-SHA-256-UNIQ",
    "HT-SHA-256-ENDP",
    "HT-SHA-256-EXPR",
    "HT-SHA-512-NONE",
    "HT-SHA-512-UNIQ",
    "HT-SHA-512-ENDP",
    "HT-SHA-512-EXPR",
    "HT-SHA3-512-NONE",
    "HT-SHA3-512-UNIQ",
    "HT-SHA3-512-ENDP",
    "HT-SHA3-512-EXPR",
];
/// The mechanisms that work by a public key, and how long that is, in octets.
const PUBLIC_KEYS: [(&str, usize); 2] =
    [("ECDSA-NIST256P-CHALLENGE", 33), ("ECDH-X25519-CHALLENGE", 32)];

impl SharedSecret {
    /// A secret in this form; `None` for forms that are not kept here (a password is a
    /// [`PasswordHash`](crate::PasswordHash), of the scheme that hashes nothing), and for octets that are none of it.
    pub fn new(form: SecretForm, secret: Secret) -> Option<Self> {
        let text = || std::str::from_utf8(secret.expose()).is_ok_and(|it| !it.contains('\0'));
        let fits = match &form {
            SecretForm::DigestMd5 { .. } | SecretForm::NtHash => secret.len() == 16,
            SecretForm::HashedToken { mechanism } => {
                HASHED_TOKENS.contains(mechanism) && !secret.is_empty() && text()
            }
            SecretForm::OneTime => is_one_time(&secret),
            SecretForm::PublicKey { mechanism } => {
                PUBLIC_KEYS.contains(&(*mechanism, secret.len()))
            }
            _ => false,
        };
        fits.then_some(Self { form, secret })
    }

    /// Whether `{SCHEME}` stands before such a secret.
    pub(crate) fn is_scheme(scheme: &str) -> bool {
        let is_key = PUBLIC_KEYS.iter().any(|(it, _)| *it == scheme);
        is_key || HASHED_TOKENS.contains(&scheme) || ["DIGEST-MD5", "NTLM", "OTP"].contains(&scheme)
    }

    /// Reads `{SCHEME}data`.
    pub(crate) fn parse(scheme: &str, data: &str) -> Option<Self> {
        match scheme {
            "DIGEST-MD5" => {
                let (digits, realm) = data.split_once(' ').unwrap_or((data, ""));
                of_hex(SecretForm::DigestMd5 { realm: realm.into() }, digits)
            }
            "NTLM" => of_hex(SecretForm::NtHash, data),
            "OTP" => Self::new(SecretForm::OneTime, Secret::new(data)),
            _ => {
                if let Some((mechanism, _)) = PUBLIC_KEYS.iter().find(|(it, _)| *it == scheme) {
                    let key = encoding::decode(data).ok()?;
                    return Self::new(SecretForm::PublicKey { mechanism }, Secret::new(key));
                }
                let mechanism = HASHED_TOKENS.iter().find(|it| **it == scheme)?;
                Self::new(SecretForm::HashedToken { mechanism }, Secret::new(data))
            }
        }
    }

    /// Its form.
    pub fn form(&self) -> &SecretForm {
        &self.form
    }

    /// The secret, in its form.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The scheme that stands in braces before its text.
    pub fn scheme(&self) -> &'static str {
        match &self.form {
            SecretForm::DigestMd5 { .. } => "DIGEST-MD5",
            SecretForm::NtHash => "NTLM",
            SecretForm::HashedToken { mechanism } | SecretForm::PublicKey { mechanism } => {
                mechanism
            }
            _ => "OTP",
        }
    }

    /// Whether it was made of the account's password, and goes when that changes.
    pub fn is_of_password(&self) -> bool {
        matches!(self.form, SecretForm::DigestMd5 { .. } | SecretForm::NtHash)
    }

    fn data(&self) -> Zeroizing<String> {
        let octets = self.secret.expose();
        Zeroizing::new(match &self.form {
            SecretForm::DigestMd5 { realm } => format!("{} {realm}", encoding::hex(octets)),
            SecretForm::NtHash => encoding::hex(octets),
            SecretForm::PublicKey { .. } => encoding::encode(octets),
            _ => String::from_utf8_lossy(octets).into_owned(),
        })
    }
}

impl fmt::Display for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}{}", self.scheme(), *self.data())
    }
}

fn of_hex(form: SecretForm, digits: &str) -> Option<SharedSecret> {
    let octets = encoding::unhex(digits.as_bytes())?;
    SharedSecret::new(form, Secret::new(octets))
}

/// Four words: algorithm, number, seed, and sixteen hexadecimal digits (RFC 2289).
fn is_one_time(secret: &Secret) -> bool {
    let Ok(text) = std::str::from_utf8(secret.expose()) else { return false };
    let words: Vec<_> = text.split(' ').collect();
    let [algorithm, sequence, seed, last] = words.as_slice() else { return false };
    ["otp-md5", "otp-sha1"].contains(algorithm)
        && sequence.parse::<u32>().is_ok()
        && (1..=16).contains(&seed.len())
        && seed.bytes().all(|octet| octet.is_ascii_alphanumeric())
        && last.len() == 16
        && encoding::unhex(last.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use crate::credential::CredentialKind;

    #[test]
    fn text_and_back() {
        for text in [
            "{OTP}otp-md5 499 ke1234 5bf075d9959d036f",
            "{NTLM}a4f49c406510bdcab6824ee7c30fd852",
            "{DIGEST-MD5}eb5a750053e4d2c34aa84bbc9b0b6ee7 elwood.innosoft.com",
            "{DIGEST-MD5}eb5a750053e4d2c34aa84bbc9b0b6ee7 ",
            "{HT-SHA-256-EXPR}WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm",
            "{ECDSA-NIST256P-CHALLENGE}AkccPnWMSQQoW7p+UxGO0PUkresHV9Jb0vjnsNdt+nFM",
        ] {
            let kind: CredentialKind = text.parse().unwrap();
            assert!(matches!(kind, CredentialKind::Shared(_)), "{text}");
            assert_eq!(kind.to_string(), text);
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "{OTP}otp-md4 499 ke1234 5bf075d9959d036f",
            "{OTP}otp-md5 many ke1234 5bf075d9959d036f",
            "{OTP}otp-md5 499 ke1234",
            "{NTLM}a4f4",
            "{DIGEST-MD5}elwood",
            "{HT-SHA-256-EXPR}",
            "{HT-MD5-NONE}token",
            "{ECDSA-NIST256P-CHALLENGE}AkccPnWMSQQ=",
        ] {
            assert!(text.parse::<CredentialKind>().is_err(), "{text}");
        }
    }

    #[test]
    fn secrets_are_silent() {
        let kind: CredentialKind = "{HT-SHA-256-NONE}token-of-somebody".parse().unwrap();
        assert!(!format!("{kind:?}").contains("somebody"));
    }
}
