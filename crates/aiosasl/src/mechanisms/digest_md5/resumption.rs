//! What a client keeps for a subsequent authentication (RFC 2831 section 2.2); nothing of it is secret.

use alloc::boxed::Box;

use super::charset::Charset;
use crate::{
    identity::{AuthenticationId, AuthorizationId},
    layer::LayerRules,
};

/// A login that ended well, without a layer: the keys of a layer would come again, and with them what was sealed.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    pub(super) name: AuthenticationId,
    pub(super) authorization_id: Option<AuthorizationId>,
    pub(super) digest_uri: Box<str>,
    pub(super) layers: LayerRules,
    pub(super) charset: Charset,
    pub(super) realm: Option<Box<str>>,
    pub(super) nonce: Box<[u8]>,
    pub(super) cnonce: Box<str>,
    /// How often the nonce was used.
    pub(super) count: u32,
}
