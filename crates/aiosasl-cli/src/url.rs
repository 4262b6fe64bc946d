//! URLs of servers: `scheme://[user@]host[:port]`, and never a password.

use std::net::IpAddr;

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
        url if url.target.port == 0 && url.target.socket.is_none() => {
            Err("expected a port from 1 to 65535, found 0".to_owned())
        }
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
        url if url.target.socket.is_some() => {
            Err("nobody listens on a Unix socket here: expected a host".to_owned())
        }
        url => Ok(url),
    }
}

fn parse_any(url: &str, shape: &str) -> Result<Url, String> {
    let (scheme, rest) = url.split_once("://").ok_or(shape)?;
    let (protocol, implicit_tls) = Protocol::from_scheme(scheme)
        .ok_or_else(|| format!("unknown scheme {scheme:?}, expected one of {}", schemes()))?;
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, Some(path)),
        None => (rest, None),
    };
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (Some(self::user(user)?), place),
        None => (None, authority),
    };
    let target = if let Some(socket) = socket(protocol, place, path)? {
        Target { user, ..Target::at_socket(protocol, socket) }
    } else {
        let path = resource(protocol, path, shape)?;
        let (host, port) = host_and_port(place)?;
        let is_domain = port.is_none() && is_domain(&host);
        let port = port.unwrap_or(if implicit_tls {
            protocol.implicit_tls_port()
        } else {
            protocol.default_port()
        });
        Target { is_domain, path, user, ..Target::new(protocol, host, port) }
    };
    Ok(Url { target, implicit_tls })
}

/// The Unix socket that a URL without a host means: the one that it names, or the protocol's customary one.
fn socket(protocol: Protocol, place: &str, path: Option<&str>) -> Result<Option<String>, String> {
    match (place, path.filter(|it| !it.is_empty())) {
        ("", Some(path)) => Ok(Some(format!("/{}", decoded("the path", path)?))),
        ("", None) => Ok(protocol.default_socket().map(str::to_owned)),
        // As others write it: ldapi://%2Frun%2Fldapi.
        (place, None) if place.get(..3).is_some_and(|it| it.eq_ignore_ascii_case("%2f")) => {
            decoded("the path", place).map(Some)
        }
        _ => Ok(None),
    }
}

/// What a URL says more than where the server is, where its protocol has such a thing.
fn resource(protocol: Protocol, path: Option<&str>, shape: &str) -> Result<Option<String>, String> {
    match path.filter(|it| !it.is_empty()) {
        Some(path) if protocol.has_path() && !path.contains('#') => Ok(Some(path.to_owned())),
        Some(_) => Err(format!("{shape}, and nothing after it")),
        None => Ok(None),
    }
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
    if host.is_empty() || host.contains(['/', '?', '#']) {
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

/// Whether others may have the services of this name: it is neither an address nor this machine's.
fn is_domain(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host.contains('.') && host.parse::<IpAddr>().is_err() && !host.ends_with(".localhost")
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

/// What can be written, with all schemes.
pub(crate) fn help() -> String {
    format!(
        "scheme://[user@]host[:port][/path], or scheme:///path/to/socket, percent-encoded\n\n\
         Without a port a host is a domain, whose servers of XMPP and of mail its SRV records name.\n\
         The path is a database (postgres, mongodb), a resource (http), a repository (svn), a virtual host (amqp).\n\
         Schemes: {}",
        schemes()
    )
}

fn schemes() -> String {
    Protocol::ALL.iter().flat_map(|it| it.schemes()).collect::<Vec<_>>().join(", ")
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
        let target = Target::new(Protocol::Imap, "mail.example.org", 1143);
        let target = target.with_user("Juliet@example.org");
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
        assert!(fault("imap://").contains("a host"));
        assert!(fault("imap://host?x").contains("a host"));
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
    fn a_url_without_a_host_is_a_unix_socket() {
        let at = |url: &str| parse(url).unwrap().target;
        assert_eq!(at("imap:///run/imap"), Target::at_socket(Protocol::Imap, "/run/imap"));
        let target = Target::at_socket(Protocol::Ldap, "/run/slapd/ldapi").with_user("user");
        assert_eq!(at("ldapi://user@/run/slapd/ldapi"), target);
        assert_eq!(at("ldapi://%2Frun%2Fldapi/").socket, Some("/run/ldapi".into()));
        assert_eq!(at("ldapi://").socket, Some("/var/run/slapd/ldapi".into()));
        assert!(parse_listening("imap:///run/imap").unwrap_err().contains("Unix socket"));
    }

    #[test]
    fn a_name_without_a_port_is_a_domain() {
        let is_domain = |url: &str| parse(url).unwrap().target.is_domain;
        assert!(is_domain("imap://user@example.org") && is_domain("xmpps://example.org/"));
        for url in ["imap://example.org:143", "imap://127.0.0.1", "imap://[2001:db8::1]"] {
            assert!(!is_domain(url), "{url}");
        }
        for url in ["imap://localhost", "imap://mail", "imap://mail.localhost.", "imap:///run/imap"]
        {
            assert!(!is_domain(url), "{url}");
        }
    }

    #[test]
    fn some_urls_say_more_than_where() {
        let target = parse("postgresql://user@db.example.org/sales").unwrap().target;
        assert_eq!((target.protocol, target.path.as_deref()), (Protocol::Postgres, Some("sales")));
        assert_eq!(parse("https://host/a/b?c").unwrap().target.path.as_deref(), Some("a/b?c"));
        assert_eq!(parse("https://host/").unwrap().target.path, None);
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
