//! The two messages in which GSSAPI's ends agree on a layer (RFC 4752 sections 3.1 and 3.2), without their wrapping.

use alloc::vec::Vec;

use crate::{error::Reason, identity::AuthorizationId};

/// The largest buffer that a message can name: 24 bits of octets.
pub(super) const MAX_SIZE: u32 = 0x00ff_ffff;

/// Layers, as the first octet of both messages has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layers(u8);

impl Layers {
    /// No layer among them.
    pub const EMPTY: Self = Self(0);
    /// Going without.
    pub const NONE: Self = Self(1);
    /// Integrity protection.
    pub const INTEGRITY: Self = Self(2);
    /// Confidentiality, and integrity with it.
    pub const CONFIDENTIALITY: Self = Self(4);

    /// These bits; those of no known layer are masked off.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits & 7)
    }

    /// As an octet.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Both sets.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both sets have.
    #[must_use]
    pub fn among(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether all of these layers are among them.
    pub fn contain(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of them protects anything.
    fn protect(self) -> bool {
        self.0 & !Self::NONE.0 != 0
    }
}

/// What is held of a buffer's size where there is no layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sizes {
    /// It has to be 0 (RFC 4752).
    Strict,
    /// It is ignored: peers from before RFC 4752 name one.
    Lenient,
}

/// What the server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// The layers that it has.
    pub layers: Layers,
    /// The largest buffer that it takes, in octets after wrapping; at most 24 bits of it are said.
    pub max_size: u32,
}

impl Offer {
    /// Reads an offer.
    ///
    /// # Errors
    ///
    /// [`Reason::Length`], [`Reason::NoKnownLayer`] or [`Reason::SizeWithoutLayer`].
    pub fn parse(message: &[u8], sizes: Sizes) -> Result<Self, Reason> {
        let [bits, size @ ..] = message else { return Err(Reason::Length) };
        let max_size = size_of(size.try_into().map_err(|_| Reason::Length)?);
        let layers = Layers::from_bits(*bits);
        if layers == Layers::EMPTY {
            return Err(Reason::NoKnownLayer);
        }
        check_absent(layers, max_size, sizes)?;
        Ok(Self { layers, max_size })
    }

    /// As octets.
    pub fn spell(self) -> Vec<u8> {
        head(self.layers, self.max_size).to_vec()
    }
}

/// What the client chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The one layer.
    pub layer: Layers,
    /// The largest buffer that it takes, in octets after wrapping; at most 24 bits of it are said.
    pub max_size: u32,
    /// As whom it wants to act.
    pub authorization_id: Option<AuthorizationId>,
}

impl Choice {
    /// Reads a choice among the layers that were offered.
    ///
    /// # Errors
    ///
    /// [`Reason::Length`], [`Reason::NotExactlyOneLayer`], [`Reason::LayerNotOffered`], [`Reason::SizeWithoutLayer`],
    /// [`Reason::ZeroSizeWithLayer`], [`Reason::InvalidUtf8`] or [`Reason::NulInAuthzid`].
    pub fn parse(message: &[u8], offered: Layers, sizes: Sizes) -> Result<Self, Reason> {
        let [bits, size_0, size_1, size_2, authzid @ ..] = message else {
            return Err(Reason::Length);
        };
        let (layer, max_size) = (Layers(*bits), size_of([*size_0, *size_1, *size_2]));
        if ![Layers::NONE, Layers::INTEGRITY, Layers::CONFIDENTIALITY].contains(&layer) {
            return Err(Reason::NotExactlyOneLayer);
        }
        if !offered.contain(layer) {
            return Err(Reason::LayerNotOffered);
        }
        check_absent(layer, max_size, sizes)?;
        if layer.protect() && max_size == 0 {
            return Err(Reason::ZeroSizeWithLayer);
        }
        let authzid = core::str::from_utf8(authzid).map_err(|_| Reason::InvalidUtf8)?;
        let authorization_id =
            AuthorizationId::derived_if_empty(authzid).map_err(|_| Reason::NulInAuthzid)?;
        Ok(Self { layer, max_size, authorization_id })
    }

    /// As octets.
    pub fn spell(&self) -> Vec<u8> {
        let mut octets = head(self.layer, self.max_size).to_vec();
        if let Some(authorization_id) = &self.authorization_id {
            octets.extend_from_slice(authorization_id.as_str().as_bytes());
        }
        octets
    }
}

fn check_absent(layers: Layers, max_size: u32, sizes: Sizes) -> Result<(), Reason> {
    if max_size != 0 && !layers.protect() && sizes == Sizes::Strict {
        return Err(Reason::SizeWithoutLayer);
    }
    Ok(())
}

fn size_of([high, middle, low]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, high, middle, low])
}

fn head(Layers(bits): Layers, max_size: u32) -> [u8; 4] {
    let [_, high, middle, low] = max_size.min(MAX_SIZE).to_be_bytes();
    [bits, high, middle, low]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_of_24_bits() {
        let offer = Offer { layers: Layers::INTEGRITY, max_size: u32::MAX };
        assert_eq!(offer.spell(), [2, 0xff, 0xff, 0xff]);
        let read = Offer::parse(&[2, 0, 1, 2], Sizes::Strict);
        assert_eq!(read.map(|it| it.max_size), Ok(258));
    }

    #[test]
    fn what_is_spelled_is_read() {
        let choice = Choice {
            layer: Layers::CONFIDENTIALITY,
            max_size: 4096,
            authorization_id: AuthorizationId::new("\u{e9}l\u{e8}ve").ok(),
        };
        let all = Layers::from_bits(0xff);
        assert_eq!(Choice::parse(&choice.spell(), all, Sizes::Strict), Ok(choice));
    }
}
