//! The messages of SECURID (RFC 2808 section 3): fields, each with a NUL behind it.

use alloc::{boxed::Box, vec::Vec};

use crate::{
    error::Reason,
    identity::{AuthenticationId, AuthorizationId},
    secret::Secret,
};

/// The longest identity, in octets.
const MAX_IDENTITY: usize = 255;

/// How long passcodes and PINs are, in octets.
const CODE_LEN: core::ops::RangeInclusive<usize> = 4..=32;

/// What a client says.
pub(super) struct Said<'a> {
    pub(super) authorization_id: Option<AuthorizationId>,
    pub(super) name: &'a str,
    pub(super) passcode: Secret,
    pub(super) pin: Option<Secret>,
}

impl<'a> Said<'a> {
    pub(super) fn parse(message: &'a [u8]) -> Result<Self, Reason> {
        let body = message.strip_suffix(b"\0").ok_or(Reason::FieldCount)?;
        let mut fields = body.split(|octet| *octet == 0);
        let (Some(authzid), Some(authcid), Some(passcode), pin, None) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(Reason::FieldCount);
        };
        let text = |field| core::str::from_utf8(field).map_err(|_| Reason::InvalidUtf8);
        let (authzid, authcid, passcode) = (text(authzid)?, text(authcid)?, text(passcode)?);
        let pin = pin.map(text).transpose()?;
        if authzid.len() > MAX_IDENTITY || authcid.len() > MAX_IDENTITY {
            return Err(Reason::IdentityTooLong);
        }
        check_lengths(passcode, pin)?;
        if [authzid, authcid, passcode, pin.unwrap_or_default()].iter().any(|it| !is_printable(it))
        {
            return Err(Reason::NonPrintable);
        }
        if authcid.is_empty() {
            return Err(Reason::EmptyAuthcid);
        }
        let authorization_id =
            AuthorizationId::derived_if_empty(authzid).map_err(|_| Reason::NulInAuthzid)?;
        let (passcode, pin) = (Secret::from(passcode), pin.map(Secret::from));
        Ok(Self { authorization_id, name: authcid, passcode, pin })
    }
}

/// Spells what a client says.
pub(super) fn spell(
    authorization_id: Option<&AuthorizationId>,
    name: &AuthenticationId,
    passcode: &Secret,
    pin: Option<&Secret>,
) -> Result<Vec<u8>, Reason> {
    let authzid = authorization_id.map_or("", AuthorizationId::as_str);
    let fields = [authzid.as_bytes(), name.as_str().as_bytes(), passcode.expose()];
    let mut message = Vec::new();
    for field in fields.into_iter().chain(pin.map(Secret::expose)) {
        message.extend_from_slice(field);
        message.push(0);
    }
    Said::parse(&message)?;
    Ok(message)
}

/// What a server wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The device's next code.
    Passcode,
    /// A new PIN, perhaps this one.
    Pin(Option<Box<str>>),
}

impl Request {
    pub(super) fn parse(message: &[u8]) -> Result<Self, Reason> {
        if message == b"passcode\0" {
            return Ok(Self::Passcode);
        }
        let rest = message.strip_prefix(b"pin\0").ok_or(Reason::UnknownRequest)?;
        if rest.is_empty() {
            return Ok(Self::Pin(None));
        }
        let pin = rest.strip_suffix(b"\0").ok_or(Reason::UnknownRequest)?;
        let pin = core::str::from_utf8(pin).map_err(|_| Reason::BadSuggestedPin)?;
        if is_pin(pin) { Ok(Self::Pin(Some(pin.into()))) } else { Err(Reason::BadSuggestedPin) }
    }

    /// A proposal that no client would take is left out.
    pub(super) fn spell(&self) -> Vec<u8> {
        match self {
            Self::Passcode => b"passcode\0".to_vec(),
            Self::Pin(Some(pin)) if is_pin(pin) => [b"pin\0", pin.as_bytes(), b"\0"].concat(),
            Self::Pin(_) => b"pin\0".to_vec(),
        }
    }
}

fn is_pin(pin: &str) -> bool {
    CODE_LEN.contains(&pin.len()) && is_printable(pin)
}

fn check_lengths(passcode: &str, pin: Option<&str>) -> Result<(), Reason> {
    if !CODE_LEN.contains(&passcode.len()) {
        Err(Reason::PasscodeLength)
    } else if pin.is_some_and(|pin| !CODE_LEN.contains(&pin.len())) {
        Err(Reason::PinLength)
    } else {
        Ok(())
    }
}

fn is_printable(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
