//! The heads of HTTP/1.1's messages (RFC 9112), read by `httparse`.

use aiosasl::secret::Secret;
use httparse::{EMPTY_HEADER, Status};
use zeroize::Zeroizing;

use super::{AuthField, auth_info};
use crate::{WireError, frame::too_long};

/// The longest head taken, in octets.
pub const MAX_HEAD: usize = 65_536;

/// The most headers of one message.
const MAX_HEADERS: usize = 100;

/// The headers of a message: names in lower case, values as they came. They may hold a password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head(Vec<(String, Secret)>);

/// A request's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// `GET`.
    pub method: String,
    /// What is asked for.
    pub target: String,
    /// The digit behind `HTTP/1.`.
    pub minor_version: u8,
    /// The headers.
    pub head: Head,
}

/// A response's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    /// 401.
    pub status: u16,
    /// The words behind it.
    pub reason: String,
    /// The digit behind `HTTP/1.`.
    pub minor_version: u8,
    /// The headers.
    pub head: Head,
}

/// The length of a head: up to the empty line, which is part of it; empty lines before it count as well.
///
/// # Errors
///
/// A [`WireError`] where that would be more than [`MAX_HEAD`].
pub fn measure(octets: &[u8]) -> Result<Option<usize>, WireError> {
    let start = octets.iter().position(|octet| !b"\r\n".contains(octet)).unwrap_or(octets.len());
    let rest = octets.get(start..).unwrap_or_default();
    let strict = rest.windows(4).position(|it| it == b"\r\n\r\n").map(|at| start + at + 4);
    let bare = rest.windows(2).position(|it| it == b"\n\n").map(|at| start + at + 2);
    let end = match (strict, bare) {
        (Some(strict), Some(bare)) => Some(strict.min(bare)),
        (strict, bare) => strict.or(bare),
    };
    if end.unwrap_or(octets.len()) > MAX_HEAD { Err(too_long(MAX_HEAD)) } else { Ok(end) }
}

impl RequestHead {
    /// Reads a request's head.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none of HTTP/1.
    pub fn parse(octets: &[u8]) -> Result<Self, WireError> {
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(octets) {
            Ok(Status::Complete(_)) => Ok(Self {
                method: request.method.unwrap_or_default().to_owned(),
                target: request.path.unwrap_or_default().to_owned(),
                minor_version: request.version.unwrap_or_default(),
                head: Head::new(request.headers),
            }),
            Ok(Status::Partial) => Err(no_head("its end")),
            Err(error) => Err(no_head(&error.to_string())),
        }
    }
}

impl ResponseHead {
    /// Reads a response's head.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none of HTTP/1.
    pub fn parse(octets: &[u8]) -> Result<Self, WireError> {
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        match response.parse(octets) {
            Ok(Status::Complete(_)) => Ok(Self {
                status: response.code.unwrap_or_default(),
                reason: response.reason.unwrap_or_default().to_owned(),
                minor_version: response.version.unwrap_or_default(),
                head: Head::new(response.headers),
            }),
            Ok(Status::Partial) => Err(no_head("its end")),
            Err(error) => Err(no_head(&error.to_string())),
        }
    }

    /// What the server asks for, in its order; what can't be read is as good as not there.
    pub fn challenges(&self) -> Vec<AuthField> {
        let values = self.head.all("www-authenticate");
        values.filter_map(|it| AuthField::parse_list(it).ok()).flatten().collect()
    }
}

/// Reads the lines behind a body in chunks (RFC 9112 section 7.1.2), as the headers that they are.
///
/// # Errors
///
/// A [`WireError`] where they are none.
pub fn parse_trailer(octets: &[u8]) -> Result<Head, WireError> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    match httparse::parse_headers(octets, &mut headers) {
        Ok(Status::Complete((_, headers))) => Ok(Head::new(headers)),
        Ok(Status::Partial) => Err(no_head("its end")),
        Err(error) => Err(no_head(&error.to_string())),
    }
}

impl Head {
    fn new(headers: &[httparse::Header<'_>]) -> Self {
        let header = |it: &httparse::Header<'_>| (it.name.to_ascii_lowercase(), it.value.into());
        Self(headers.iter().map(header).collect())
    }

    /// The values of all headers of this name (in lower case) that are text.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.0.iter().filter(move |(own, _)| own == name);
        values.filter_map(|(_, value)| std::str::from_utf8(value.expose()).ok())
    }

    /// The only value of this name.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where there are several.
    pub fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, WireError> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(WireError::protocol(format!("expected the header {name} once"))),
        }
    }

    /// Whether a header that is a list of words has this one.
    pub fn has_word(&self, name: &str, word: &str) -> bool {
        self.all(name).flat_map(|it| it.split(',')).any(|it| it.trim().eq_ignore_ascii_case(word))
    }

    /// The parameters of `Authentication-Info`, where there are any.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where they can't be read.
    pub fn authentication_info(&self) -> Result<Option<AuthField>, WireError> {
        self.one("authentication-info")?.map(auth_info).transpose()
    }

    /// Whether the connection goes on behind this message (RFC 9112 section 9.3).
    pub fn keeps_alive(&self, minor_version: u8) -> bool {
        !self.has_word("connection", "close")
            && (minor_version > 0 || self.has_word("connection", "keep-alive"))
    }

    /// Adds what came as a trailer.
    pub fn extend(&mut self, trailer: Self) {
        self.0.extend(trailer.0);
    }
}

/// A header that holds a secret is wiped where it was made.
pub(super) fn header(out: &mut Zeroizing<Vec<u8>>, name: &str, field: &AuthField) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    field.write(out);
    out.extend_from_slice(b"\r\n");
}

fn no_head(what: &str) -> WireError {
    WireError::protocol(format!("expected a head of HTTP/1: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_with_an_empty_line() {
        let whole = b"\r\nHTTP/1.1 401 No\r\nA: b\r\n\r\nbody";
        assert_eq!(measure(whole).unwrap(), Some(whole.len() - 4));
        assert_eq!(measure(b"HTTP/1.1 200 OK\nA: b\n\nbody").unwrap(), Some(22));
        assert_eq!(measure(b"HTTP/1.1 200 OK\r\n").unwrap(), None);
        assert_eq!(measure(b"\r\n\r\n").unwrap(), None);
        assert!(measure(&vec![b'a'; MAX_HEAD + 1]).is_err());
    }

    #[test]
    fn headers_have_no_case_and_some_come_once() {
        let head = b"HTTP/1.1 401 Who?\r\nWWW-Authenticate: A\r\nwww-authenticate: B, C\r\nConnection: Close\r\n\r\n";
        let head = ResponseHead::parse(head).unwrap();
        assert_eq!((head.status, head.reason.as_str()), (401, "Who?"));
        assert_eq!(head.challenges().len(), 3);
        assert!(!head.head.keeps_alive(1));
        assert!(head.head.one("www-authenticate").is_err());
        assert!(ResponseHead::parse(b"+OK POP3 ready\r\n\r\n").is_err());
        assert!(RequestHead::parse(b"EHLO example.org\r\n\r\n").is_err());
        assert!(!RequestHead::parse(b"GET / HTTP/1.0\r\n\r\n").unwrap().head.keeps_alive(0));
    }

    #[test]
    fn a_trailer_is_headers() {
        let trailer = parse_trailer(b"Authentication-Info: sid=a, data=dj0=\r\n\r\n").unwrap();
        let info = trailer.authentication_info().unwrap().unwrap();
        assert_eq!(info.parameter("data").unwrap().as_str(), "dj0=");
    }
}
