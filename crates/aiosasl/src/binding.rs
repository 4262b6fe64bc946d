//! Channel bindings (RFC 5056, 5929, 9266) as values; the channel itself stays outside.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use crate::secret::Secret;

/// What is known of the channel that carries the exchange, named by its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelBinding {
    kind: BindingKind,
    data: Secret,
}

impl ChannelBinding {
    /// A binding of this type with these raw octets.
    ///
    /// # Errors
    ///
    /// [`BindingError::Empty`]: a stack that has no value gives an empty one, and all such channels would be
    /// equal.
    pub fn new(kind: BindingKind, data: impl Into<Vec<u8>>) -> Result<Self, BindingError> {
        let data = Secret::new(data);
        if data.is_empty() { Err(BindingError::Empty) } else { Ok(Self { kind, data }) }
    }

    /// `tls-server-end-point` of a server whose certificate this is, as sent (DER).
    ///
    /// # Errors
    ///
    /// [`BindingError::Undefined`] for signatures of which RFC 5929 section 4.1 does not say which hash
    /// to take (Ed25519, Ed448, post-quantum ones, RSASSA-PSS with two hashes): the type does not exist on
    /// such a connection. [`BindingError::Certificate`] where the octets are no certificate.
    #[cfg(feature = "end-point")]
    pub fn tls_server_end_point(certificate: &[u8]) -> Result<Self, BindingError> {
        Self::new(BindingKind::TlsServerEndPoint, end_point::hash(certificate)?)
    }

    /// Its type.
    pub fn kind(&self) -> &BindingKind {
        &self.kind
    }

    /// Its octets.
    pub fn data(&self) -> &[u8] {
        self.data.expose()
    }
}

/// What a client says of its channel (the gs2 flag, RFC 5801 section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientBinding {
    /// It has no binding, or wants none: flag `n`.
    Unsupported,
    /// It has one, and the server offers no -PLUS: flag `y`.
    NotOffered,
    /// It uses this one: flag `p`.
    Bound(ChannelBinding),
}

/// The type of a channel binding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BindingKind {
    /// `tls-exporter` (RFC 9266): 32 octets, TLS 1.3.
    TlsExporter,
    /// `tls-unique` (RFC 5929 section 3): TLS 1.2 and older alone.
    TlsUnique,
    /// `tls-server-end-point` (RFC 5929 section 4): a hash of the server's certificate.
    TlsServerEndPoint,
    /// Any other name.
    Other(BindingName),
}

impl BindingKind {
    /// The known types, strongest first.
    pub const ALL: [Self; 3] = [Self::TlsExporter, Self::TlsUnique, Self::TlsServerEndPoint];

    /// The type with this registered name, compared to the letter.
    ///
    /// # Errors
    ///
    /// [`BindingError::Name`] where it breaks the grammar: letters, digits, `.` and `-`.
    pub fn parse(name: &str) -> Result<Self, BindingError> {
        match Self::ALL.into_iter().find(|kind| kind.as_str() == name) {
            Some(kind) => Ok(kind),
            None => BindingName::parse(name).map(Self::Other),
        }
    }

    /// The registered name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::TlsExporter => "tls-exporter",
            Self::TlsUnique => "tls-unique",
            Self::TlsServerEndPoint => "tls-server-end-point",
            Self::Other(name) => &name.0,
        }
    }
}

impl fmt::Display for BindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is none of the known types': 1 to 64 letters, digits, `.` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BindingName(Box<str>);

impl BindingName {
    fn parse(name: &str) -> Result<Self, BindingError> {
        let fits = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'.' || octet == b'-';
        if (1..=64).contains(&name.len()) && name.bytes().all(fits) {
            Ok(Self(name.into()))
        } else {
            Err(BindingError::Name)
        }
    }
}

/// Why there is no such channel binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindingError {
    /// The octets are no X.509 certificate.
    Certificate,
    /// The binding has no octets.
    Empty,
    /// The name breaks the grammar (RFC 5802 section 7).
    Name,
    /// RFC 5929 does not define the type for this certificate's signature.
    Undefined,
}

impl BindingError {
    /// The reason as a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "bad-certificate",
            Self::Empty => "empty",
            Self::Name => "bad-name",
            Self::Undefined => "undefined",
        }
    }
}

impl fmt::Display for BindingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "expected an X.509 certificate in DER",
            Self::Empty => "expected octets in a channel binding",
            Self::Name => "expected letters, digits, '.' or '-' in the name of a channel binding type",
            Self::Undefined => {
                "tls-server-end-point is undefined for this certificate's signature (RFC 5929 section 4.1)"
            }
        })
    }
}

impl core::error::Error for BindingError {}

/// Which hash a certificate's signature asks for (RFC 5929 section 4.1).
#[cfg(feature = "end-point")]
mod end_point {
    use alloc::vec::Vec;

    use sha2::Digest as _;

    use super::BindingError;

    const SEQUENCE: u8 = 0x30;
    const OID: u8 = 0x06;

    pub(super) fn hash(certificate: &[u8]) -> Result<Vec<u8>, BindingError> {
        let signature = signature_algorithm(certificate).ok_or(BindingError::Certificate)?;
        match signature_hash(signature).ok_or(BindingError::Undefined)? {
            Md::Sha224 => Ok(sha2::Sha224::digest(certificate).to_vec()),
            Md::Sha256 => Ok(sha2::Sha256::digest(certificate).to_vec()),
            Md::Sha384 => Ok(sha2::Sha384::digest(certificate).to_vec()),
            Md::Sha512 => Ok(sha2::Sha512::digest(certificate).to_vec()),
        }
    }

    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Md {
        Sha224,
        Sha256,
        Sha384,
        Sha512,
    }

    /// The content of `signatureAlgorithm`, the second field of a `Certificate` (RFC 5280 section 4.1).
    fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
        let (certificate, []) = field(certificate, SEQUENCE)? else { return None };
        let (_to_be_signed, rest) = field(certificate, SEQUENCE)?;
        let (algorithm, _signature) = field(rest, SEQUENCE)?;
        Some(algorithm)
    }

    fn signature_hash(algorithm: &[u8]) -> Option<Md> {
        let (oid, parameters) = field(algorithm, OID)?;
        match oid {
            // 1.2.840.113549.1.1.n, PKCS #1: md2, md5, sha1 with RSA count as SHA-256.
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, n] => match n {
                2 | 4 | 5 | 11 => Some(Md::Sha256),
                10 => pss_hash(parameters),
                12 => Some(Md::Sha384),
                13 => Some(Md::Sha512),
                14 => Some(Md::Sha224),
                _ => None,
            },
            // 1.2.840.10045.4.1, ecdsa-with-SHA1, and 1.2.840.10040.4.3, dsa-with-sha1.
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1] | [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3] => {
                Some(Md::Sha256)
            }
            // 1.2.840.10045.4.3.n, ecdsa-with-SHA2.
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, n] => match n {
                1 => Some(Md::Sha224),
                2 => Some(Md::Sha256),
                3 => Some(Md::Sha384),
                4 => Some(Md::Sha512),
                _ => None,
            },
            _ => None,
        }
    }

    /// RSASSA-PSS-params (RFC 4055 section 3.1): the hash, where the mask function uses the same.
    fn pss_hash(parameters: &[u8]) -> Option<Md> {
        const SHA1: &[u8] = &[0x2b, 0x0e, 3, 2, 26];
        let (mut rest, []) = field(parameters, SEQUENCE)? else { return None };
        let (mut hash, mut mask) = (SHA1, SHA1);
        if let Some((explicit, after)) = field(rest, 0xa0) {
            hash = field(field(explicit, SEQUENCE)?.0, OID)?.0;
            rest = after;
        }
        if let Some((explicit, _)) = field(rest, 0xa1) {
            let (_mgf1, parameters) = field(field(explicit, SEQUENCE)?.0, OID)?;
            mask = field(field(parameters, SEQUENCE)?.0, OID)?.0;
        }
        match hash {
            _ if hash != mask => None,
            SHA1 => Some(Md::Sha256),
            // 2.16.840.1.101.3.4.2.n
            [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, n] => match n {
                1 => Some(Md::Sha256),
                2 => Some(Md::Sha384),
                3 => Some(Md::Sha512),
                4 => Some(Md::Sha224),
                _ => None,
            },
            _ => None,
        }
    }

    /// The content of a DER field with this tag, and what follows it (X.690 section 8.1).
    fn field(octets: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
        let (first, rest) = octets.split_first()?;
        let (len, rest) = rest.split_first()?;
        let (len, rest) = match len {
            0..=0x7f => (usize::from(*len), rest),
            0x81..=0x84 => {
                let (len, rest) = rest.split_at_checked(usize::from(len & 0x7f))?;
                (len.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)), rest)
            }
            _ => return None,
        };
        (*first == tag).then(|| rest.split_at_checked(len))?
    }
}
