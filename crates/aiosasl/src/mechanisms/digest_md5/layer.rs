//! The security layers of DIGEST-MD5 (RFC 2831 sections 2.3 and 2.4).
//!
//! ```text
//!   auth-int:   octets, MAC, type, number
//!   auth-conf:  sealed(octets, padding, MAC), type, number
//! ```

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::{
    cipher::{Opener, Sealer},
    keys::{Key, cipher_key, mac_key},
    protection::{CipherName, OVERHEAD, Protection},
};
use crate::{
    layer::{LayerError, SecurityLayer},
    md5::hmac_md5,
    mechanism::Side,
    secret,
};

/// The type of every message.
const TYPE: [u8; 2] = [0, 1];

const MAC_LEN: usize = 10;

/// Both directions. A direction is gone after its first error.
pub(super) struct DigestLayer {
    protection: Protection,
    max_piece: usize,
    max_send: u32,
    max_receive: u32,
    sending: Option<Sending>,
    receiving: Option<Receiving>,
}

struct Sending {
    mac_key: Key,
    number: u32,
    sealer: Option<Sealer>,
}

struct Receiving {
    mac_key: Key,
    number: u32,
    opener: Option<Opener>,
}

/// How large buffers may be, in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) send: u32,
    pub(super) receive: u32,
}

impl DigestLayer {
    /// The layer of this side; `None` where there is none, or the peer takes not even an octet.
    pub(super) fn new(
        protection: Protection,
        session_key: &Key,
        side: Side,
        sizes: Sizes,
    ) -> Option<Self> {
        let (ours, theirs) = match side {
            Side::Client => (Side::Client, Side::Server),
            Side::Server => (Side::Server, Side::Client),
        };
        if protection == Protection::None {
            return None;
        }
        let key = |cipher, sender| cipher_key(session_key, cipher, sender);
        Some(Self {
            protection,
            max_piece: protection.max_piece(sizes.send)?,
            max_send: sizes.send,
            max_receive: sizes.receive,
            sending: Some(Sending {
                mac_key: mac_key(session_key, ours),
                number: 0,
                sealer: protection.cipher().map(|it| Sealer::new(it, &key(it, ours))),
            }),
            receiving: Some(Receiving {
                mac_key: mac_key(session_key, theirs),
                number: 0,
                opener: protection.cipher().map(|it| Opener::new(it, &key(it, theirs))),
            }),
        })
    }

    /// How many octets of padding go with this many others.
    fn padding(&self, len: usize) -> u8 {
        let has_blocks = self.protection.cipher().is_some_and(CipherName::has_blocks);
        let rest = [8, 7, 6, 5, 4, 3, 2, 1].into_iter().nth((len + MAC_LEN) % 8);
        rest.filter(|_| has_blocks).unwrap_or(0)
    }
}

impl SecurityLayer for DigestLayer {
    fn strength(&self) -> u16 {
        self.protection.strength()
    }

    fn max_piece(&self) -> usize {
        self.max_piece
    }

    fn max_send(&self) -> usize {
        usize::try_from(self.max_send).unwrap_or(usize::MAX)
    }

    fn max_receive(&self) -> usize {
        usize::try_from(self.max_receive).unwrap_or(usize::MAX)
    }

    fn wrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError> {
        if octets.len() > self.max_piece {
            return Err(LayerError::TooLarge);
        }
        let padding = self.padding(octets.len());
        let mut sending = self.sending.take().ok_or(LayerError::Damaged)?;
        let mut buffer = Vec::with_capacity(octets.len() + OVERHEAD + usize::from(padding));
        buffer.extend_from_slice(octets);
        buffer.extend((0..padding).map(|_| padding));
        buffer.extend_from_slice(&mac(&sending.mac_key, sending.number, octets));
        if let Some(sealer) = &mut sending.sealer {
            sealer.seal(&mut buffer)?;
        }
        buffer.extend_from_slice(&TYPE);
        buffer.extend_from_slice(&sending.number.to_be_bytes());
        // A number never comes twice: after the last one there is no more.
        if let Some(number) = sending.number.checked_add(1) {
            self.sending = Some(Sending { number, ..sending });
        }
        Ok(buffer)
    }

    fn unwrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError> {
        let mut receiving = self.receiving.take().ok_or(LayerError::Damaged)?;
        if octets.len() > self.max_receive() {
            return Err(LayerError::TooLarge);
        }
        let (rest, number) = octets.split_last_chunk().ok_or(LayerError::ShortFrame)?;
        let (body, kind) = rest.split_last_chunk().ok_or(LayerError::ShortFrame)?;
        if body.len() < MAC_LEN {
            return Err(LayerError::ShortFrame);
        }
        if *kind != TYPE {
            return Err(LayerError::BadMessageType);
        }
        if u32::from_be_bytes(*number) != receiving.number {
            return Err(LayerError::BadSequenceNumber);
        }
        let mut opened = Zeroizing::new(body.to_vec());
        if let Some(opener) = &mut receiving.opener {
            opener.open(&mut opened)?;
        }
        let (padded, said) = opened.split_last_chunk::<MAC_LEN>().ok_or(LayerError::ShortFrame)?;
        let message = self.without_padding(padded);
        // The MAC first, and one error for both: the padding tells nobody anything.
        let ours = mac(&receiving.mac_key, receiving.number, message.unwrap_or(padded));
        let fits = secret::equal(&ours, said);
        let message = message.filter(|_| fits).ok_or(LayerError::BadMac)?.to_vec();
        if let Some(number) = receiving.number.checked_add(1) {
            self.receiving = Some(Receiving { number, ..receiving });
        }
        Ok(message)
    }
}

impl DigestLayer {
    fn without_padding<'a>(&self, padded: &'a [u8]) -> Option<&'a [u8]> {
        if !self.protection.cipher().is_some_and(CipherName::has_blocks) {
            return Some(padded);
        }
        let count = padded.last().filter(|it| (1..=8).contains(*it))?;
        let (message, padding) = padded.split_at(padded.len().checked_sub((*count).into())?);
        padding.iter().all(|octet| octet == count).then_some(message)
    }
}

fn mac(key: &Key, number: u32, message: &[u8]) -> [u8; MAC_LEN] {
    let whole = hmac_md5(&**key, &[&number.to_be_bytes(), message]);
    let mut mac = [0; MAC_LEN];
    for (to, from) in mac.iter_mut().zip(whole) {
        *to = from;
    }
    mac
}
