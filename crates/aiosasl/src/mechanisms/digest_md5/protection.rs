//! What may protect the octets that follow: the `qop` and `cipher` of both messages (RFC 2831 section 2.1.1).

use alloc::{string::String, vec::Vec};

use crate::{error::Reason, layer::LayerRules};

/// One choice of `qop` and `cipher`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protection {
    None,
    Integrity,
    Sealed(CipherName),
}

/// A cipher of `auth-conf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CipherName {
    #[cfg(feature = "digest-md5-des")]
    Des,
    Rc4,
    Rc4With40,
    Rc4With56,
    #[cfg(feature = "digest-md5-des")]
    TripleDes,
}

/// What stands around an octet in a buffer: ten octets of the MAC, two of the type, four of the number.
pub(super) const OVERHEAD: usize = 16;

impl Protection {
    /// All that this build has, strongest first.
    pub(super) const ALL: &'static [Self] = &[
        Self::Sealed(CipherName::Rc4),
        #[cfg(feature = "digest-md5-des")]
        Self::Sealed(CipherName::TripleDes),
        Self::Sealed(CipherName::Rc4With56),
        #[cfg(feature = "digest-md5-des")]
        Self::Sealed(CipherName::Des),
        Self::Sealed(CipherName::Rc4With40),
        Self::Integrity,
        Self::None,
    ];

    /// Those that the rules allow, strongest first.
    pub(super) fn allowed(rules: LayerRules) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |it| rules.allow(it.strength()))
    }

    /// What a client's `qop` and `cipher` say; no `qop` is `auth`. What this build has not was not offered.
    pub(super) fn said(qop: Option<&[u8]>, cipher: Option<&[u8]>) -> Result<Self, Reason> {
        let qop = qop.unwrap_or(b"auth");
        if qop.eq_ignore_ascii_case(b"auth") {
            Ok(Self::None)
        } else if qop.eq_ignore_ascii_case(b"auth-int") {
            Ok(Self::Integrity)
        } else if qop.eq_ignore_ascii_case(b"auth-conf") {
            let cipher = CipherName::parse(cipher.ok_or(Reason::MissingCipher)?);
            cipher.map(Self::Sealed).ok_or(Reason::CipherNotOffered)
        } else {
            Err(Reason::QopNotOffered)
        }
    }

    /// All that a server's lists say, as far as this build knows them; no `qop` is `auth`.
    pub(super) fn listed(qops: Option<&[u8]>, ciphers: Option<&[u8]>) -> Result<Vec<Self>, Reason> {
        let (mut found, mut known) = (Vec::new(), false);
        for qop in words(qops.unwrap_or(b"auth")) {
            match Self::said(Some(qop), None) {
                Ok(it) => found.push(it),
                Err(Reason::MissingCipher) => {
                    let ciphers = words(ciphers.ok_or(Reason::MissingCipher)?);
                    found.extend(ciphers.filter_map(CipherName::parse).map(Self::Sealed));
                }
                Err(_) => continue,
            }
            known = true;
        }
        if known { Ok(found) } else { Err(Reason::NoCommonQop) }
    }

    /// The bits of the key, or 1 for integrity alone ([`SecurityLayer::strength`](crate::layer::SecurityLayer)).
    pub(super) fn strength(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Integrity => 1,
            Self::Sealed(cipher) => cipher.row().1,
        }
    }

    pub(super) fn qop(self) -> &'static str {
        match self {
            Self::None => "auth",
            Self::Integrity => "auth-int",
            Self::Sealed(_) => "auth-conf",
        }
    }

    pub(super) fn cipher(self) -> Option<CipherName> {
        match self {
            Self::None | Self::Integrity => None,
            Self::Sealed(cipher) => Some(cipher),
        }
    }

    /// The most octets that still fit a buffer of this size, once protected; `None` where not even one does.
    pub(super) fn max_piece(self, buffer: u32) -> Option<usize> {
        let buffer = usize::try_from(buffer).unwrap_or(usize::MAX);
        let room = match self.cipher() {
            Some(cipher) if cipher.has_blocks() => {
                // MAC and padding are sealed, type and number are not.
                let sealed = buffer.checked_sub(6)? / 8 * 8;
                sealed.checked_sub(11)?
            }
            _ => buffer.checked_sub(OVERHEAD)?,
        };
        (room > 0).then_some(room)
    }
}

impl CipherName {
    pub(super) fn as_str(self) -> &'static str {
        self.row().0
    }

    pub(super) fn has_blocks(self) -> bool {
        !matches!(self, Self::Rc4 | Self::Rc4With40 | Self::Rc4With56)
    }

    /// How many octets of the session key its key is made of.
    pub(super) fn key_len(self) -> usize {
        match self {
            Self::Rc4With40 => 5,
            Self::Rc4With56 => 7,
            Self::Rc4 => 16,
            #[cfg(feature = "digest-md5-des")]
            Self::Des | Self::TripleDes => 16,
        }
    }

    fn parse(name: &[u8]) -> Option<Self> {
        let mut all = Protection::ALL.iter().filter_map(|it| it.cipher());
        all.find(|it| name.eq_ignore_ascii_case(it.as_str().as_bytes()))
    }

    /// Name and strength. DES counts one bit less than it has, so that rules can tell it from RC4 with a key as long.
    fn row(self) -> (&'static str, u16) {
        match self {
            #[cfg(feature = "digest-md5-des")]
            Self::Des => ("des", 55),
            Self::Rc4 => ("rc4", 128),
            Self::Rc4With40 => ("rc4-40", 40),
            Self::Rc4With56 => ("rc4-56", 56),
            #[cfg(feature = "digest-md5-des")]
            Self::TripleDes => ("3des", 112),
        }
    }
}

/// The words of a list, without what surrounds them.
fn words(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|octet| *octet == b',').map(<[u8]>::trim_ascii).filter(|it| !it.is_empty())
}

/// Words as a list.
pub(super) fn list(words: impl Iterator<Item = &'static str>) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(word);
    }
    text
}
