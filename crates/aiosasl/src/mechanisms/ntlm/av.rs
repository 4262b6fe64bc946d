//! What a server says of itself, and a client of its channel: pairs of a number and a value (MS-NLMP section 2.2.2.1).

use alloc::vec::Vec;

use super::message::take;
use crate::error::Reason;

/// The most octets of pairs that are taken; Windows has some hundreds.
const MAX_PAIRS: usize = 16_384;

/// `MsvAvFlags`: the message has a MIC.
pub(super) const HAS_MIC: u32 = 2;

/// What a pair is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AvId(pub(super) u16);

impl AvId {
    const EOL: Self = Self(0);
    pub(super) const NB_COMPUTER_NAME: Self = Self(1);
    pub(super) const NB_DOMAIN_NAME: Self = Self(2);
    pub(super) const DNS_COMPUTER_NAME: Self = Self(3);
    pub(super) const DNS_DOMAIN_NAME: Self = Self(4);
    pub(super) const FLAGS: Self = Self(6);
    pub(super) const TIMESTAMP: Self = Self(7);
    pub(super) const TARGET_NAME: Self = Self(9);
    pub(super) const CHANNEL_BINDINGS: Self = Self(10);
}

/// Pairs in their order.
#[derive(Debug, Default)]
pub(super) struct Pairs<'a>(Vec<(AvId, &'a [u8])>);

impl<'a> Pairs<'a> {
    /// Reads up to the end mark; no octets at all are no pairs.
    pub(super) fn parse(mut octets: &'a [u8]) -> Result<Self, Reason> {
        let mut pairs = Vec::new();
        if octets.len() > MAX_PAIRS {
            return Err(Reason::MessageTooLong);
        }
        while !octets.is_empty() {
            let id = take(&mut octets).map(u16::from_le_bytes).map(AvId);
            let len = take(&mut octets).map(u16::from_le_bytes);
            let (Some(id), Some(len)) = (id, len) else { return Err(Reason::BadAvPair) };
            if id == AvId::EOL {
                return Ok(Self(pairs));
            }
            let split = octets.split_at_checked(usize::from(len));
            let (value, rest) = split.ok_or(Reason::BadAvPair)?;
            pairs.push((id, value));
            octets = rest;
        }
        // Without the end mark only nothing is whole.
        if pairs.is_empty() { Ok(Self(pairs)) } else { Err(Reason::BadAvPair) }
    }

    /// The value of the first pair about this.
    pub(super) fn get(&self, id: AvId) -> Option<&'a [u8]> {
        self.0.iter().find(|(it, _)| *it == id).map(|(_, value)| *value)
    }

    /// `MsvAvFlags`, where there are some.
    pub(super) fn flags(&self) -> u32 {
        let octets = self.get(AvId::FLAGS).and_then(|value| value.try_into().ok());
        octets.map_or(0, u32::from_le_bytes)
    }

    /// Sets a value, in the place of the one that there is or at the end.
    pub(super) fn set(&mut self, id: AvId, value: &'a [u8]) {
        match self.0.iter_mut().find(|(it, _)| *it == id) {
            Some((_, old)) => *old = value,
            None => self.0.push((id, value)),
        }
    }

    /// The pairs, and the end mark. Values that are too long to be written are left out.
    pub(super) fn to_octets(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for (id, value) in &self.0 {
            let Ok(len) = u16::try_from(value.len()) else { continue };
            octets.extend_from_slice(&id.0.to_le_bytes());
            octets.extend_from_slice(&len.to_le_bytes());
            octets.extend_from_slice(value);
        }
        octets.extend_from_slice(&[0; 4]);
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_end_with_their_mark() {
        for damaged in [&b"\x01"[..], b"\x01\0\x02\0a", b"\x01\0\x01\0a", b"\x01\0\x01\0a\0\0"] {
            assert_eq!(Pairs::parse(damaged).err(), Some(Reason::BadAvPair), "{damaged:?}");
        }
        assert!(Pairs::parse(b"").is_ok_and(|pairs| pairs.0.is_empty()));
        let pairs = Pairs::parse(b"\x01\0\x01\0a\x06\0\x04\0\x02\0\0\0\0\0\0\0rest").expect("good");
        assert_eq!((pairs.get(AvId::NB_COMPUTER_NAME), pairs.flags()), (Some(&b"a"[..]), HAS_MIC));
    }

    #[test]
    fn a_value_is_set_once() {
        let mut pairs = Pairs::parse(b"\x06\0\x04\0\x01\0\0\0\0\0\0\0").expect("good");
        pairs.set(AvId::FLAGS, &[3, 0, 0, 0]);
        pairs.set(AvId::TARGET_NAME, b"ab");
        assert_eq!(pairs.to_octets(), b"\x06\0\x04\0\x03\0\0\0\x09\0\x02\0ab\0\0\0\0");
    }
}
