//! The layer over an established context: what `GSS_Wrap` makes of a buffer (RFC 4752 section 3.3).

use alloc::{boxed::Box, vec::Vec};

use super::message::{Layers, MAX_SIZE};
use crate::{
    error::Reason,
    layer::{LayerError, LayerRules, SecurityLayer},
    query::{GssContext, GssProperties, Protection},
};

/// What is assumed of a provider that does not know the strength of its confidentiality: the least that there ever was.
const UNKNOWN_STRENGTH: u16 = 56;

/// A context that wraps what follows.
pub(super) struct GssLayer {
    context: Box<dyn GssContext>,
    protection: Protection,
    strength: u16,
    max_piece: usize,
    max_send: usize,
    max_receive: usize,
}

/// The layers that the rules allow, among those that the context has.
pub(super) fn available(rules: LayerRules, properties: &GssProperties) -> Layers {
    let mut layers = Layers::EMPTY;
    if rules.allow(0) {
        layers = layers.with(Layers::NONE);
    }
    if properties.integrity && rules.allow(1) {
        layers = layers.with(Layers::INTEGRITY);
    }
    if properties.confidentiality && rules.allow(strength(properties)) {
        layers = layers.with(Layers::CONFIDENTIALITY);
    }
    layers
}

/// The strongest of them, if there is one.
pub(super) fn strongest(layers: Layers) -> Result<Layers, Reason> {
    [Layers::CONFIDENTIALITY, Layers::INTEGRITY, Layers::NONE]
        .into_iter()
        .find(|layer| layers.contain(*layer))
        .ok_or(Reason::NoCommonLayer)
}

/// The buffer that we take, as it can be said to the peer.
pub(super) fn max_receive(rules: LayerRules, layers: Layers) -> u32 {
    let protect = layers.contain(Layers::INTEGRITY) || layers.contain(Layers::CONFIDENTIALITY);
    if protect { rules.max_receive.clamp(1, MAX_SIZE) } else { 0 }
}

/// The layer that was chosen, over this context; `max_send` is what the peer takes.
pub(super) fn over(
    mut context: Box<dyn GssContext>,
    layer: Layers,
    properties: &GssProperties,
    max_send: u32,
    max_receive: u32,
) -> Result<Option<Box<dyn SecurityLayer>>, Reason> {
    let (protection, strength) = match layer {
        Layers::CONFIDENTIALITY => (Protection::Confidentiality, strength(properties)),
        Layers::INTEGRITY => (Protection::Integrity, 1),
        _ => return Ok(None),
    };
    let max_piece =
        context.wrap_size_limit(protection, max_send).map_err(|error| error.reason())?;
    if max_piece == 0 {
        return Err(Reason::BufferTooSmall);
    }
    let size = |octets: u32| usize::try_from(octets).unwrap_or(usize::MAX);
    Ok(Some(Box::new(GssLayer {
        context,
        protection,
        strength,
        max_piece: size(max_piece),
        max_send: size(max_send),
        max_receive: size(max_receive),
    })))
}

/// The layer that follows from what the context has, where nothing else is said of it.
#[cfg(feature = "gss-spnego")]
pub(super) fn implied(
    context: Box<dyn GssContext>,
    rules: LayerRules,
) -> Result<Option<Box<dyn SecurityLayer>>, Reason> {
    let properties = context.properties().ok_or(Reason::GssFailed)?;
    let layer = strongest(available(rules, &properties))?;
    // Nobody says what they take; what we take has to do for both.
    let size = max_receive(rules, layer);
    over(context, layer, &properties, size, size)
}

fn strength(properties: &GssProperties) -> u16 {
    if properties.strength > 1 { properties.strength } else { UNKNOWN_STRENGTH }
}

impl SecurityLayer for GssLayer {
    fn strength(&self) -> u16 {
        self.strength
    }

    fn max_piece(&self) -> usize {
        self.max_piece
    }

    fn max_send(&self) -> usize {
        self.max_send
    }

    fn max_receive(&self) -> usize {
        self.max_receive
    }

    fn wrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError> {
        if octets.len() > self.max_piece {
            return Err(LayerError::TooLarge);
        }
        let token = self.context.wrap(self.protection, octets)?;
        if token.len() > self.max_send { Err(LayerError::TooLarge) } else { Ok(token) }
    }

    fn unwrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError> {
        if octets.len() > self.max_receive {
            return Err(LayerError::TooLarge);
        }
        match self.context.unwrap(octets)? {
            // A peer that suddenly speaks in the clear is none, or has been talked into it.
            (_, Protection::Integrity) if self.protection == Protection::Confidentiality => {
                Err(LayerError::BadMessageType)
            }
            (octets, _) => Ok(octets),
        }
    }
}
