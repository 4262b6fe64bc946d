//! Where a message's body ends (RFC 9112 section 6), and the sizes of chunks.

use super::{RequestHead, ResponseHead};
use crate::WireError;

/// Where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// After chunks, and the trailer behind them.
    Chunked,
    /// After so many octets.
    Length(u64),
    /// Where the connection does.
    UntilClose,
}

impl Framing {
    /// The body of a response to a request other than HEAD and CONNECT.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the headers contradict each other.
    pub fn of_response(response: &ResponseHead) -> Result<Self, WireError> {
        let head = &response.head;
        match response.status {
            100..=199 | 204 | 304 => return Ok(Self::Length(0)),
            _ if head.has_word("transfer-encoding", "chunked") => return Ok(Self::Chunked),
            _ => {}
        }
        match head.one("content-length")? {
            Some(length) => Ok(Self::Length(number(length, 10)?)),
            None => Ok(Self::UntilClose),
        }
    }

    /// The body of a request.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the headers contradict each other: whoever lets that pass can be told one request in two
    /// ways.
    pub fn of_request(request: &RequestHead) -> Result<Self, WireError> {
        let head = &request.head;
        match (head.one("transfer-encoding")?, head.one("content-length")?) {
            (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => Ok(Self::Chunked),
            (None, Some(length)) => Ok(Self::Length(number(length, 10)?)),
            (None, None) => Ok(Self::Length(0)),
            _ => Err(WireError::protocol("expected one way to find the end of a body")),
        }
    }

    /// The size of the chunk that a line announces; 0 for the last.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is no such line.
    pub fn chunk(line: &[u8]) -> Result<u64, WireError> {
        let line = std::str::from_utf8(line).unwrap_or_default();
        let (size, _extension) = line.split_once(';').unwrap_or((line, ""));
        number(size.trim(), 16)
    }
}

fn number(text: &str, base: u32) -> Result<u64, WireError> {
    let is_number = !text.is_empty() && text.chars().all(|digit| digit.is_digit(base));
    let number = is_number.then(|| u64::from_str_radix(text, base).ok()).flatten();
    number.ok_or_else(|| WireError::protocol("expected a body's length"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_request(headers: &str) -> Result<Framing, WireError> {
        let head = format!("POST / HTTP/1.1\r\n{headers}\r\n");
        Framing::of_request(&RequestHead::parse(head.as_bytes()).unwrap())
    }

    #[test]
    fn a_request_has_one_end() {
        assert_eq!(of_request(""), Ok(Framing::Length(0)));
        assert_eq!(of_request("Content-Length: 7\r\n"), Ok(Framing::Length(7)));
        assert_eq!(of_request("Transfer-Encoding: chunked\r\n"), Ok(Framing::Chunked));
        for headers in [
            "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 7\r\nContent-Length: 8\r\n",
            "Content-Length: +7\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
        ] {
            assert!(of_request(headers).is_err(), "{headers}");
        }
    }

    #[test]
    fn a_response_may_end_with_the_connection() {
        let of = |head: &str| Framing::of_response(&ResponseHead::parse(head.as_bytes()).unwrap());
        assert_eq!(of("HTTP/1.1 200 OK\r\n\r\n"), Ok(Framing::UntilClose));
        assert_eq!(of("HTTP/1.1 204 OK\r\n\r\n"), Ok(Framing::Length(0)));
        assert_eq!(
            of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Ok(Framing::Chunked)
        );
    }

    #[test]
    fn a_chunk_says_its_size_in_hexadecimal() {
        assert_eq!(Framing::chunk(b"1aF;name=value"), Ok(0x1af));
        assert_eq!(Framing::chunk(b"0"), Ok(0));
        assert!(Framing::chunk(b"").is_err());
        assert!(Framing::chunk(b"-1").is_err());
    }
}
