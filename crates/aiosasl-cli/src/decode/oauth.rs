//! The messages of OAUTHBEARER (RFC 7628) and XOAUTH2; a token is never shown.

use aiosasl::mechanisms::oauth;

use super::{AUTHORIZATION, DERIVED, Decoded, HIDDEN};

/// `client-resp`, or the octet that answers an error.
pub(super) fn bearer(octets: &[u8]) -> Decoded {
    match octets {
        [1] => Decoded::new("OAUTHBEARER answer to the error"),
        [] => Decoded::empty_response(),
        _ => pairs(Decoded::new("OAUTHBEARER message"), octets, |message, header| {
            let identity = header.split(',').nth(1).unwrap_or_default();
            message
                .with("gs2 header", header)
                .with(AUTHORIZATION, identity.strip_prefix("a=").unwrap_or(DERIVED))
        }),
    }
}

/// The message, or the nothing that answers an error.
pub(super) fn xoauth2(octets: &[u8]) -> Decoded {
    match octets {
        [] => Decoded::new("XOAUTH2 answer to the error"),
        _ => pairs(Decoded::new("XOAUTH2 message"), octets, |message, first| {
            match first.strip_prefix("user=") {
                Some(user) => message.with("user", user),
                None => message.fault("expected user= at the beginning"),
            }
        }),
    }
}

/// What a server says of a token that it refuses.
pub(super) fn error(name: &str, octets: &[u8]) -> Decoded {
    let message = Decoded::new(format!("{name} error"));
    match oauth::parse_refusal(octets) {
        Err(reason) => message.fault(reason.to_string()),
        Ok(told) => {
            let mut message = message.with("status", &*told.status);
            if let Some(scope) = &told.scope {
                message.add("scope", scope);
            }
            if let Some(url) = &told.openid_configuration {
                message.add("openid-configuration", url);
            }
            message
        }
    }
}

/// What stands before the first 0x01, and the pairs after it; of `auth` the scheme alone.
fn pairs(message: Decoded, octets: &[u8], first: impl Fn(Decoded, &str) -> Decoded) -> Decoded {
    let Ok(text) = std::str::from_utf8(octets) else {
        return message.fault("expected UTF-8");
    };
    let mut parts = text.trim_end_matches('\u{1}').split('\u{1}');
    let before = parts.next().unwrap_or_default();
    // Without a 0x01 the token may be anywhere.
    if before.len() == text.len() {
        return message.fault("expected 0x01 after the header");
    }
    let mut message = first(message, before);
    for part in parts {
        match part.split_once('=') {
            Some(("auth", value)) => {
                let scheme = value.split_once(' ').map_or("", |(scheme, _)| scheme);
                message.add("auth", format!("{scheme} {HIDDEN}").trim_start());
            }
            Some((key @ ("host" | "port"), value)) => message.add(key, value),
            Some((key, _)) => message.add(key, HIDDEN),
            None => message.add_fault("expected a key, '=', and a value"),
        }
    }
    if !text.ends_with("\u{1}\u{1}") {
        message.add_fault("expected 0x01 twice at the end");
    }
    message
}
