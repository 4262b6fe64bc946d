//! SMTP's replies: a code, an enhanced code, lines of text (RFC 5321 section 4.2, RFC 2034).

use core::fmt;

use super::{MAX_REPLY, MAX_REPLY_LINES};
use crate::WireError;

/// A server's reply, of one line or of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits, the first of them 2 to 5.
    pub code: u16,
    /// Where the server has enhanced codes (RFC 2034).
    pub enhanced: Option<EnhancedCode>,
    /// The text of each line, without either code.
    pub lines: Vec<String>,
}

impl Reply {
    /// A reply of one line.
    pub fn new(code: u16, enhanced: impl Into<Option<EnhancedCode>>, text: &str) -> Self {
        Self { code, enhanced: enhanced.into(), lines: vec![text.into()] }
    }

    /// The bytes of the reply, each line with its CRLF.
    pub fn encode(&self) -> Vec<u8> {
        let last = self.lines.len().saturating_sub(1);
        let line = |(at, text): (usize, &String)| {
            let more = if at < last { '-' } else { ' ' };
            match self.enhanced {
                Some(enhanced) => format!("{}{more}{enhanced} {text}\r\n", self.code),
                None => format!("{}{more}{text}\r\n", self.code),
            }
        };
        self.lines.iter().enumerate().map(line).collect::<String>().into_bytes()
    }

    /// The text of all lines, as one.
    pub fn text(&self) -> String {
        self.lines.join(" ")
    }

    /// What an error calls it: `535 5.7.8`.
    pub fn code_text(&self) -> String {
        match self.enhanced {
            Some(enhanced) => format!("{} {enhanced}", self.code),
            None => self.code.to_string(),
        }
    }
}

/// A code of class, subject and detail (RFC 3463 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnhancedCode(pub u8, pub u16, pub u16);

impl EnhancedCode {
    /// The code that a text begins with, and the text after it.
    pub fn strip(text: &str) -> Option<(Self, &str)> {
        let (code, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut parts = code.splitn(3, '.');
        let class = match parts.next()? {
            "2" => 2,
            "4" => 4,
            "5" => 5,
            _ => return None,
        };
        let subject = number(parts.next()?)?;
        let detail = number(parts.next()?)?;
        Some((Self(class, subject, detail), rest))
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// One to three digits (RFC 3463 section 2).
fn number(digits: &str) -> Option<u16> {
    let fits = matches!(digits.len(), 1..=3) && digits.bytes().all(|it| it.is_ascii_digit());
    if fits { digits.parse().ok() } else { None }
}

/// Puts the lines of replies together.
#[derive(Debug, Default)]
pub struct ReplyReader {
    begun: Option<Reply>,
    octets: usize,
}

impl ReplyReader {
    /// A reader at the beginning of a reply.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a line without its CRLF; gives the reply where it was the last one.
    ///
    /// # Errors
    ///
    /// [`WireError`] where the line is no reply's, its code differs from that of the lines before it, or the reply
    /// has too many lines or octets.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<Reply>, WireError> {
        let line = Line::parse(line)?;
        let (octets, count) = match &self.begun {
            Some(begun) if begun.code != line.code => {
                return Err(fault("expected the same code in every line of a reply"));
            }
            Some(begun) => (self.octets.saturating_add(line.text.len()), begun.lines.len()),
            None => (line.text.len(), 0),
        };
        if octets > MAX_REPLY || count >= MAX_REPLY_LINES {
            return Err(fault("the reply is too long"));
        }
        self.octets = octets;
        let reply = self.begun.get_or_insert_with(|| Reply {
            code: line.code,
            enhanced: line.enhanced,
            lines: Vec::new(),
        });
        reply.lines.push(line.text);
        Ok(if line.last { self.begun.take() } else { None })
    }
}

struct Line {
    code: u16,
    last: bool,
    enhanced: Option<EnhancedCode>,
    text: String,
}

impl Line {
    fn parse(line: &[u8]) -> Result<Self, WireError> {
        const EXPECTED: &str = "expected a reply: three digits and text";
        let Some((digits @ [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9'], rest)) =
            line.split_at_checked(3)
        else {
            return Err(fault(EXPECTED));
        };
        let code = digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
        let (last, text) = match rest {
            [] => (true, rest),
            [b' ', text @ ..] => (true, text),
            [b'-', text @ ..] => (false, text),
            _ => return Err(fault(EXPECTED)),
        };
        let text = String::from_utf8_lossy(text).into_owned();
        // A challenge may look like anything; no other reply of this class has an enhanced code.
        Ok(match EnhancedCode::strip(&text) {
            Some((enhanced, rest)) if u16::from(enhanced.0) == code / 100 => {
                Self { code, last, enhanced: Some(enhanced), text: rest.into() }
            }
            _ => Self { code, last, enhanced: None, text },
        })
    }
}

fn fault(text: &'static str) -> WireError {
    WireError::protocol(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Option<Reply>, WireError> {
        let mut reader = ReplyReader::new();
        let mut read = Ok(None);
        for line in lines {
            read = reader.line(line.as_bytes());
        }
        read
    }

    #[test]
    fn lines_become_one_reply_and_go_back() {
        let reply = read(&["250-mx.example", "250-AUTH PLAIN", "250 SIZE 1000"]).unwrap().unwrap();
        assert_eq!(reply.lines, ["mx.example", "AUTH PLAIN", "SIZE 1000"]);
        assert_eq!(reply.encode(), b"250-mx.example\r\n250-AUTH PLAIN\r\n250 SIZE 1000\r\n");
    }

    #[test]
    fn an_enhanced_code_is_taken_off_the_text() {
        let reply = read(&["535 5.7.8 no"]).unwrap().unwrap();
        assert_eq!((reply.enhanced, reply.text()), (Some(EnhancedCode(5, 7, 8)), "no".to_owned()));
        assert_eq!(reply.encode(), b"535 5.7.8 no\r\n");
        assert_eq!(reply.code_text(), "535 5.7.8");
    }

    #[test]
    fn text_that_only_looks_like_an_enhanced_code_stays() {
        for line in ["535 4.7.8 no", "535 5.7 no", "535 5.7.8000 no", "535 5.x.1 no", "250 1.2.3"] {
            let reply = read(&[line]).unwrap().unwrap();
            assert_eq!((reply.enhanced, reply.text()), (None, line[4..].to_owned()));
        }
    }

    #[test]
    fn a_code_alone_is_a_reply() {
        let reply = read(&["334"]).unwrap().unwrap();
        assert_eq!((reply.code, reply.text()), (334, String::new()));
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        let bad: [&[&str]; 8] = [
            &[""],
            &["25"],
            &["150 early"],
            &["650 late"],
            &["2x0 letters"],
            &["250_joined"],
            &["2500 four digits"],
            &["250-one", "251 other"],
        ];
        for lines in bad {
            assert!(read(lines).is_err(), "{lines:?}");
        }
    }

    #[test]
    fn a_reply_without_end_is_refused() {
        let mut reader = ReplyReader::new();
        let refused = (0..=MAX_REPLY_LINES).find(|_| reader.line(b"250-x").is_err());
        assert_eq!(refused, Some(MAX_REPLY_LINES));
        let mut reader = ReplyReader::new();
        let line = [b"250-".as_slice(), &vec![b'x'; MAX_REPLY / 2]].concat();
        assert!(reader.line(&line).is_ok() && reader.line(&line).is_ok());
        assert!(reader.line(&line).is_err());
    }
}
