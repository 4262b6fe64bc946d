//! The `gs2-header` (RFC 5801 section 4), with which several mechanisms begin: its grammar, and what both ends may say in it.

use alloc::{borrow::Cow, string::String, vec::Vec};

use crate::{
    binding::{ChannelBinding, ClientBinding},
    error::{Error, Failure, FailureCode, Reason},
    identity::{AuthorizationId, IdentityError},
    mechanism::{ClientContext, PlusOffer},
    name::MechanismName,
};

/// `gs2-header`: how the client sees its channel, and as whom it wants to act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'a> {
    /// As received, with its two commas and without `F,`: what a channel binding begins with (RFC 5801 section 5.1).
    pub raw: &'a str,
    /// `gs2-cb-flag`
    pub flag: Flag<'a>,
    /// `gs2-authzid`
    pub authorization_id: Option<AuthorizationId>,
}

/// `gs2-cb-flag`: what a client says of its channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag<'a> {
    /// `n`: it has no binding.
    Unsupported,
    /// `y`: it has one, and believes that the server has none.
    NotOffered,
    /// `p`: it uses the one of this type.
    Bound(&'a str),
}

impl<'a> Header<'a> {
    /// The header at the start of a text, and what follows it.
    ///
    /// # Example: a comma in a name
    ///
    /// ```
    /// use aiosasl::gs2::{Flag, Header};
    ///
    /// # fn main() -> Result<(), aiosasl::error::Reason> {
    /// let (header, rest) = Header::parse("n,a=x=2Cy,and more")?;
    /// assert_eq!((header.flag, header.raw, rest), (Flag::Unsupported, "n,a=x=2Cy,", "and more"));
    /// assert_eq!(header.authorization_id.as_ref().map(|it| it.as_str()), Some("x,y"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Reason::BadGs2Flag`], [`Reason::BadGs2Header`], [`Reason::EmptyAuthzid`], [`Reason::NulInAuthzid`] or
    /// [`Reason::BadAuthzidEscape`].
    pub fn parse(message: &'a str) -> Result<(Self, &'a str), Reason> {
        let (flag, rest) = match message.as_bytes() {
            [b'p', ..] => bound_flag(message)?,
            [b'n', b',', ..] => (Flag::Unsupported, message.get(2..).unwrap_or_default()),
            [b'y', b',', ..] => (Flag::NotOffered, message.get(2..).unwrap_or_default()),
            [b'n' | b'y', ..] => return Err(Reason::BadGs2Header),
            _ => return Err(Reason::BadGs2Flag),
        };
        let (authzid, rest) = rest.split_once(',').ok_or(Reason::BadGs2Header)?;
        let raw = message.strip_suffix(rest).unwrap_or_default();
        Ok((Self { raw, flag, authorization_id: authorization_id(authzid)? }, rest))
    }

    /// The header in front of octets that need not be text: a GSS-API token, say. What follows, and the header; whether
    /// `F,` stood before it (`gs2-nonstd-flag`: the token has no RFC 2743 header).
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), or [`Reason::InvalidUtf8`].
    pub fn before_octets(message: &'a [u8]) -> Result<Opened<'a>, Reason> {
        let (nonstandard, message) = match message.strip_prefix(b"F,") {
            Some(rest) => (true, rest),
            None => (false, message),
        };
        let Some((header, rest)) = split_after_second_comma(message) else {
            return Err(match message.first() {
                Some(b'n' | b'p' | b'y') => Reason::BadGs2Header,
                _ if nonstandard => Reason::BadGs2Header,
                _ => Reason::BadGs2Flag,
            });
        };
        let header = core::str::from_utf8(header).map_err(|_| Reason::InvalidUtf8)?;
        let (header, _) = Self::parse(header)?;
        Ok(Opened { header, nonstandard, rest })
    }

    /// The header in front of a channel binding's octets, where there is one.
    pub fn of_channel_binding(octets: &'a [u8]) -> Option<Self> {
        let (header, _) = split_after_second_comma(octets)?;
        Self::parse(core::str::from_utf8(header).ok()?).ok().map(|(header, _)| header)
    }
}

/// A message that begins with a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The header.
    pub header: Header<'a>,
    /// Whether `F,` stood before it.
    pub nonstandard: bool,
    /// What follows it.
    pub rest: &'a [u8],
}

impl Flag<'_> {
    /// The channel binding that an exchange is tied to, where what the client says of its channel goes with what the
    /// server has said and has (RFC 5801 section 5; RFC 5802 section 6).
    ///
    /// # Errors
    ///
    /// The [`Failure`] that a server has to end with.
    pub fn agreed(
        self,
        name: MechanismName,
        plus: PlusOffer,
        bindings: &[ChannelBinding],
    ) -> Result<Option<&ChannelBinding>, Failure> {
        match (self, name.is_plus()) {
            (Self::Bound(_), false) => Err(Failure::malformed(Reason::PFlagWithoutPlus)),
            (Self::Bound(kind), true) => {
                let binding = bindings.iter().find(|binding| binding.kind().as_str() == kind);
                binding.map(Some).ok_or(Failure::credentials(Reason::UnsupportedChannelBindingType))
            }
            (_, true) => Err(Failure::malformed(Reason::PlusWithoutPFlag)),
            (Self::NotOffered, false) if plus != PlusOffer::NotOffered => {
                Err(Failure::credentials(Reason::ServerDoesSupportChannelBinding))
            }
            (_, false) if plus == PlusOffer::Required => {
                Err(Failure::new(FailureCode::MechanismTooWeak, Reason::ChannelBindingRequired))
            }
            (_, false) => Ok(None),
        }
    }
}

/// Whether a client may say of its channel what it wants to: a binding under a -PLUS name and nowhere else, and no `y`
/// to a server that offers -PLUS.
///
/// # Errors
///
/// [`Error::Policy`].
pub fn check_binding(name: MechanismName, context: &ClientContext<'_>) -> Result<(), Error> {
    let offers_plus = context.offered.mechanisms.iter().any(MechanismName::is_plus);
    let is_bound = matches!(context.binding, ClientBinding::Bound(_));
    match (is_bound, name.is_plus()) {
        (true, false) => Err(Error::Policy(Reason::PFlagWithoutPlus)),
        (false, true) => Err(Error::Policy(Reason::PlusWithoutPFlag)),
        _ if offers_plus && context.binding == ClientBinding::NotOffered => {
            Err(Error::Policy(Reason::PlusOffered))
        }
        _ => Ok(()),
    }
}

/// Appends the header of a client that says this of its channel, and wants to act as somebody.
pub fn write(octets: &mut Vec<u8>, binding: &ClientBinding, authorization_id: Option<&str>) {
    match binding {
        ClientBinding::Unsupported => octets.push(b'n'),
        ClientBinding::NotOffered => octets.push(b'y'),
        ClientBinding::Bound(binding) => {
            octets.extend_from_slice(b"p=");
            octets.extend_from_slice(binding.kind().as_str().as_bytes());
        }
    }
    octets.push(b',');
    if let Some(authorization_id) = authorization_id {
        octets.extend_from_slice(b"a=");
        octets.extend_from_slice(encode_name(authorization_id).as_bytes());
    }
    octets.push(b',');
}

/// `saslname` of a name that is prepared already: `=2C` is a comma, and `=3D` an equals sign.
pub fn encode_name(name: &str) -> Cow<'_, str> {
    if name.contains([',', '=']) {
        Cow::Owned(name.replace('=', "=3D").replace(',', "=2C"))
    } else {
        Cow::Borrowed(name)
    }
}

/// The name that a `saslname` stands for; `None` where another `=` is in it.
pub fn decode_name(name: &str) -> Option<Cow<'_, str>> {
    let mut pieces = name.split('=');
    let first = pieces.next().unwrap_or_default();
    if first.len() == name.len() {
        return Some(Cow::Borrowed(name));
    }
    let mut decoded = String::from(first);
    for piece in pieces {
        let (character, rest) = match (piece.strip_prefix("2C"), piece.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            _ => return None,
        };
        decoded.push(character);
        decoded.push_str(rest);
    }
    Some(Cow::Owned(decoded))
}

fn bound_flag(message: &str) -> Result<(Flag<'_>, &str), Reason> {
    let named = message.strip_prefix("p=").and_then(|rest| rest.split_once(','));
    let (name, rest) = named.ok_or(Reason::BadGs2Header)?;
    let fits = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'.' || octet == b'-';
    if name.is_empty() || !name.bytes().all(fits) {
        return Err(Reason::BadGs2Header);
    }
    Ok((Flag::Bound(name), rest))
}

fn authorization_id(attribute: &str) -> Result<Option<AuthorizationId>, Reason> {
    if attribute.is_empty() {
        return Ok(None);
    }
    let saslname = attribute.strip_prefix("a=").ok_or(Reason::BadGs2Header)?;
    let decoded = decode_name(saslname).ok_or(Reason::BadAuthzidEscape)?;
    AuthorizationId::new(decoded).map(Some).map_err(|error| match error {
        IdentityError::Nul => Reason::NulInAuthzid,
        IdentityError::Empty => Reason::EmptyAuthzid,
    })
}

fn split_after_second_comma(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (at, _) = octets.iter().enumerate().filter(|(_, octet)| **octet == b',').nth(1)?;
    octets.split_at_checked(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binding::BindingKind;

    fn reason(message: &[u8]) -> Reason {
        Header::before_octets(message).expect_err("no header")
    }

    #[test]
    fn headers_before_octets() {
        let opened = Header::before_octets(b"F,p=tls-unique,a=some=3Duser,\xff,tok").expect("good");
        assert!(opened.nonstandard);
        assert_eq!(opened.rest, b"\xff,tok");
        assert_eq!(opened.header.raw, "p=tls-unique,a=some=3Duser,");
        assert_eq!(opened.header.flag, Flag::Bound("tls-unique"));
        let authzid = opened.header.authorization_id.as_ref().map(AuthorizationId::as_str);
        assert_eq!(authzid, Some("some=user"));
    }

    #[test]
    fn what_is_no_header() {
        for (message, expected) in [
            (&b""[..], Reason::BadGs2Flag),
            (b"`\x10\x06\t", Reason::BadGs2Flag),
            (b"q,,tok", Reason::BadGs2Flag),
            (b"n", Reason::BadGs2Header),
            (b"n,a=x", Reason::BadGs2Header),
            (b"F,tok", Reason::BadGs2Header),
            (b"p=,,tok", Reason::BadGs2Header),
            (b"n,b=x,tok", Reason::BadGs2Header),
            (b"n,a=,tok", Reason::EmptyAuthzid),
            (b"n,a=\0,tok", Reason::NulInAuthzid),
            (b"n,a=x=2d,tok", Reason::BadAuthzidEscape),
            (b"n,a=\xff,tok", Reason::InvalidUtf8),
        ] {
            assert_eq!(reason(message), expected, "{}", message.escape_ascii());
        }
    }

    #[test]
    fn what_a_server_may_hear_of_a_channel() {
        let [bare, plus] = [MechanismName::new("GS2-KRB5"), MechanismName::new("GS2-KRB5-PLUS")];
        let bindings = [ChannelBinding::new(BindingKind::TlsExporter, [7; 32]).expect("octets")];
        let heard = |flag: Flag<'_>, name, offer| {
            flag.agreed(name, offer, &bindings).map(|it| it.is_some()).map_err(|it| it.reason)
        };
        let exporter = Flag::Bound("tls-exporter");
        assert_eq!(heard(exporter, plus, PlusOffer::Offered), Ok(true));
        assert_eq!(heard(exporter, bare, PlusOffer::Offered), Err(Reason::PFlagWithoutPlus));
        let unique = heard(Flag::Bound("tls-unique"), plus, PlusOffer::Offered);
        assert_eq!(unique, Err(Reason::UnsupportedChannelBindingType));
        let none = heard(Flag::Unsupported, plus, PlusOffer::Offered);
        assert_eq!(none, Err(Reason::PlusWithoutPFlag));
        let hidden = heard(Flag::NotOffered, bare, PlusOffer::Offered);
        assert_eq!(hidden, Err(Reason::ServerDoesSupportChannelBinding));
        let weak = heard(Flag::Unsupported, bare, PlusOffer::Required);
        assert_eq!(weak, Err(Reason::ChannelBindingRequired));
        assert_eq!(heard(Flag::Unsupported, bare, PlusOffer::Offered), Ok(false));
        assert_eq!(heard(Flag::NotOffered, bare, PlusOffer::NotOffered), Ok(false));
    }

    #[test]
    fn what_is_written_is_read() {
        for name in ["user", "a,b", "=2C", ",=,"] {
            let identity = AuthorizationId::new(name).expect("an identity");
            let mut octets = Vec::new();
            write(&mut octets, &ClientBinding::NotOffered, Some(name));
            let opened = Header::before_octets(&octets).expect("our own");
            assert_eq!((opened.header.flag, opened.rest), (Flag::NotOffered, &[][..]));
            assert_eq!(opened.header.authorization_id, Some(identity));
        }
    }
}
