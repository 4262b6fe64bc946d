//! URLs of servers: `scheme://[user@]host[:port]`, and never a password.

use aiosasl_profiles::net::{Protocol, Target};
use percent_encoding::percent_decode_str;

/// A server to log in to, as a URL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    /// Where it is.
    pub(crate) target: Target,
    /// Whether the scheme asks for TLS from the start (`imaps`).
    pub(crate) implicit_tls: bool,
}

/// Parses a URL; the error is for people, and repeats nothing that could be a password.
///
/// # Errors
///
/// What was expected, and what came.
pub(crate) fn parse(url: &str) -> Result<Url, String> {
    match parse_any(url, "expected scheme://[user@]host[:port]")? {
        url if url.target.port == 0 => Err("expected a port from 1 to 65535, found 0".to_owned()),
        url => Ok(url),
    }
}

/// Parses a URL to listen on, likewise: without a user, and port 0 is for any that is free.
///
/// # Errors
///
/// What was expected, and what came.
pub(crate) fn parse_listening(url: &str) -> Result<Url, String> {
    match parse_any(url, "expected scheme://host[:port]")? {
        url if url.target.user.is_some() => {
            Err("expected no user in a URL to listen on".to_owned())
        }
        url => Ok(url),
    }
}

fn parse_any(url: &str, shape: &str) -> Result<Url, String> {
    let (scheme, rest) = url.split_once("://").ok_or(shape)?;
    let (protocol, implicit_tls) = Protocol::from_scheme(scheme)
        .ok_or_else(|| format!("unknown scheme {scheme:?}, expected one of {}", schemes()))?;
    if rest.starts_with('/') {
        let name = protocol.name();
        return Err(format!("there is no {name} over a Unix socket: {shape}"));
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#']) {
        return Err(format!("{shape}, and nothing after it"));
    }
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (Some(self::user(user)?), place),
        None => (None, authority),
    };
    let (host, port) = host_and_port(place)?;
    let port = port.unwrap_or(if implicit_tls {
        protocol.implicit_tls_port()
    } else {
        protocol.default_port()
    });
    Ok(Url { target: Target { protocol, host, port, user }, implicit_tls })
}

fn user(text: &str) -> Result<String, String> {
    if text.contains(':') {
        return Err("expected no password in the URL: others can read it there; use \
                    --password-file (a ':' in a user's name is written %3A)"
            .into());
    }
    match decoded("the user's name", text)? {
        user if user.is_empty() => Err("expected a user's name before '@'".into()),
        user => Ok(user),
    }
}

fn host_and_port(place: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or("expected ']' after an IPv6 address")?;
        let port = match rest {
            "" => None,
            _ => Some(rest.strip_prefix(':').ok_or("expected ':' and a port after ']'")?),
        };
        (host.to_owned(), port)
    } else {
        match place.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err("expected an IPv6 address in brackets: [::1]".into());
            }
            Some((host, port)) => (decoded("the host", host)?, Some(port)),
            None => (decoded("the host", place)?, None),
        }
    };
    if host.is_empty() {
        return Err("expected a host".into());
    }
    let port = match port {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| format!("expected a port from 1 to 65535, found {}", digits(text)))?,
        ),
    };
    Ok((host, port))
}

/// What may be repeated of a port: `user:password` without `@` looks like a host and a port.
fn digits(text: &str) -> &str {
    if text.bytes().all(|octet| octet.is_ascii_digit()) { text } else { "something else" }
}

fn decoded(what: &str, text: &str) -> Result<String, String> {
    let text = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| format!("expected UTF-8 in {what}, percent-encoded"))?;
    if text.contains(char::is_control) {
        return Err(format!("expected no control characters in {what}"));
    }
    Ok(text.into_owned())
}

fn schemes() -> String {
    let each = Protocol::ALL.iter().flat_map(|it| [Some(it.name()), it.implicit_tls_name()]);
    each.flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(url: &str) -> String {
        parse(url).unwrap_err()
    }

    #[test]
    fn a_url_names_protocol_user_host_and_port() {
        let url = parse("imap://Juliet%40example.org@mail.example.org:1143/").unwrap();
        let target = Target {
            protocol: Protocol::Imap,
            host: "mail.example.org".into(),
            port: 1143,
            user: Some("Juliet@example.org".into()),
        };
        assert_eq!(url, Url { target, implicit_tls: false });
        let url = parse("xmpps://j%C3%BCliet@[2001:db8::1]").unwrap();
        assert_eq!((url.target.host.as_str(), url.target.port), ("2001:db8::1", 5223));
        assert_eq!((url.target.user.as_deref(), url.implicit_tls), (Some("jüliet"), true));
        assert_eq!(parse("sieve://host").unwrap().target.port, 4190);
        let url = parse("IMAPS://localhost").unwrap();
        assert_eq!((url.target.port, url.implicit_tls), (993, true));
        assert_eq!(parse("xmpp://romeo@example.org@host").unwrap().target.host, "host");
    }

    #[test]
    fn faults_are_told() {
        assert_eq!(fault("mail.example.org"), "expected scheme://[user@]host[:port]");
        let unknown = fault("gopher://x");
        assert!(unknown.contains("\"gopher\"") && unknown.contains("imap, imaps"), "{unknown}");
        assert!(fault("imap://host/INBOX").contains("nothing after it"));
        assert!(fault("imap:///run/imap").contains("Unix socket"));
        assert!(fault("imap://@host").contains("a user's name"));
        assert!(fault("imap://user@").contains("a host"));
        assert!(fault("imap://::1").contains("brackets"));
        assert!(fault("imap://[::1").contains("']'"));
        assert!(fault("imap://[::1]x").contains("':'"));
        assert!(fault("imap://host:65536").contains("65536"));
        assert!(fault("imap://host:0").contains("1 to 65535"));
        assert!(fault("imap://%ff@host").contains("UTF-8"));
        assert!(fault("imap://a%0d%0ab@host").contains("control"));
    }

    #[test]
    fn a_url_to_listen_on_has_any_port_and_no_user() {
        let url = parse_listening("imaps://[::1]:0").unwrap();
        assert_eq!((url.target.host.as_str(), url.target.port), ("::1", 0));
        assert_eq!(parse_listening("imap://0.0.0.0").unwrap().target.port, 143);
        assert!(parse_listening("imap://user@host").unwrap_err().contains("no user"));
        let fault = parse_listening("imap://user:pencil@host").unwrap_err();
        assert!(fault.contains("no password") && !fault.contains("pencil"), "{fault}");
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_repeated() {
        let fault = fault("imap://user:pencil@host");
        assert!(fault.contains("no password") && !fault.contains("pencil"), "{fault}");
        let fault = self::fault("imap://user:pencil");
        assert!(fault.contains("a port") && !fault.contains("pencil"), "{fault}");
    }
}
