//! The ciphers of `auth-conf` (RFC 2831 section 2.4), each in one direction; they go on from buffer to buffer.

#[cfg(feature = "digest-md5-des")]
use cbc::cipher::{Block, BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use rc4::{KeyInit as _, Rc4, StreamCipher as _};

use super::{keys::Key, protection::CipherName};
use crate::layer::LayerError;

/// Seals what is sent.
pub(super) enum Sealer {
    #[cfg(feature = "digest-md5-des")]
    Des(cbc::Encryptor<des::Des>),
    Rc4(Rc4),
    #[cfg(feature = "digest-md5-des")]
    TripleDes(cbc::Encryptor<des::TdesEde2>),
}

/// Opens what is received.
pub(super) enum Opener {
    #[cfg(feature = "digest-md5-des")]
    Des(cbc::Decryptor<des::Des>),
    Rc4(Rc4),
    #[cfg(feature = "digest-md5-des")]
    TripleDes(cbc::Decryptor<des::TdesEde2>),
}

impl Sealer {
    pub(super) fn new(cipher: CipherName, key: &Key) -> Self {
        match cipher {
            #[cfg(feature = "digest-md5-des")]
            CipherName::Des => {
                let (des, _, iv) = parts(key);
                Self::Des(cbc::Encryptor::new(&(*des).into(), &iv.into()))
            }
            #[cfg(feature = "digest-md5-des")]
            CipherName::TripleDes => {
                let (first, second, iv) = parts(key);
                Self::TripleDes(cbc::Encryptor::new(&joined(&first, &second), &iv.into()))
            }
            CipherName::Rc4 | CipherName::Rc4With40 | CipherName::Rc4With56 => Self::Rc4(rc4(key)),
        }
    }

    /// Seals octets in their place; whole blocks, where the cipher has blocks.
    pub(super) fn seal(&mut self, octets: &mut [u8]) -> Result<(), LayerError> {
        match self {
            #[cfg(feature = "digest-md5-des")]
            Self::Des(it) => each_block(octets, |block| it.encrypt_block(block)),
            Self::Rc4(it) => it.try_apply_keystream(octets).map_err(|_| LayerError::Damaged),
            #[cfg(feature = "digest-md5-des")]
            Self::TripleDes(it) => each_block(octets, |block| it.encrypt_block(block)),
        }
    }
}

impl Opener {
    pub(super) fn new(cipher: CipherName, key: &Key) -> Self {
        match cipher {
            #[cfg(feature = "digest-md5-des")]
            CipherName::Des => {
                let (des, _, iv) = parts(key);
                Self::Des(cbc::Decryptor::new(&(*des).into(), &iv.into()))
            }
            #[cfg(feature = "digest-md5-des")]
            CipherName::TripleDes => {
                let (first, second, iv) = parts(key);
                Self::TripleDes(cbc::Decryptor::new(&joined(&first, &second), &iv.into()))
            }
            CipherName::Rc4 | CipherName::Rc4With40 | CipherName::Rc4With56 => Self::Rc4(rc4(key)),
        }
    }

    /// Opens octets in their place; whole blocks, where the cipher has blocks.
    pub(super) fn open(&mut self, octets: &mut [u8]) -> Result<(), LayerError> {
        match self {
            #[cfg(feature = "digest-md5-des")]
            Self::Des(it) => each_block(octets, |block| it.decrypt_block(block)),
            Self::Rc4(it) => it.try_apply_keystream(octets).map_err(|_| LayerError::Damaged),
            #[cfg(feature = "digest-md5-des")]
            Self::TripleDes(it) => each_block(octets, |block| it.decrypt_block(block)),
        }
    }
}

fn rc4(key: &Key) -> Rc4 {
    Rc4::new_from_slice(&**key).unwrap_or_else(|_| unreachable!("RC4 takes keys of 16 octets"))
}

#[cfg(feature = "digest-md5-des")]
fn each_block(
    octets: &mut [u8],
    mut work: impl FnMut(&mut Block<des::Des>),
) -> Result<(), LayerError> {
    if octets.len() % 8 != 0 {
        return Err(LayerError::BadPadding);
    }
    for block in octets.chunks_mut(8) {
        work(block.try_into().map_err(|_| LayerError::BadPadding)?);
    }
    Ok(())
}

/// Two DES keys of eight octets, of seven octets each, and the initialization vector.
#[cfg(feature = "digest-md5-des")]
fn parts(key: &Key) -> (DesKey, DesKey, [u8; 8]) {
    let mut octets = key.iter().copied();
    let first = des_key(octets.by_ref().take(7));
    let second = des_key(octets.take(7));
    let [_, _, _, _, _, _, _, _, iv @ ..] = **key;
    (first, second, iv)
}

#[cfg(feature = "digest-md5-des")]
type DesKey = zeroize::Zeroizing<[u8; 8]>;

/// Seven bits to an octet; the eighth, the parity, is of no meaning to the cipher.
#[cfg(feature = "digest-md5-des")]
fn des_key(octets: impl Iterator<Item = u8>) -> DesKey {
    let bits = octets.fold(0_u64, |bits, octet| bits << 8 | u64::from(octet));
    let mut key = DesKey::default();
    for (octet, shift) in key.iter_mut().zip([49, 42, 35, 28, 21, 14, 7, 0]) {
        let [.., last] = (bits >> shift << 1).to_be_bytes();
        *octet = last;
    }
    key
}

#[cfg(feature = "digest-md5-des")]
fn joined(first: &DesKey, second: &DesKey) -> cbc::cipher::Key<des::TdesEde2> {
    let mut key = cbc::cipher::Key::<des::TdesEde2>::default();
    for (to, from) in key.iter_mut().zip(first.iter().chain(second.iter())) {
        *to = *from;
    }
    key
}
