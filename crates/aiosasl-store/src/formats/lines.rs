//! Lines of an input: numbered, and never longer than allowed.

use std::io::{BufRead, Read as _};

use crate::error::{StoreError, StoreErrorKind};

/// The longest line, in octets.
const MAX_LINE: usize = 1 << 20;
/// The most lines that one account has.
pub(super) const MAX_LINES: usize = 10_000;

/// An input, line by line.
pub(super) struct Lines<'a> {
    input: Box<dyn BufRead + Send + 'a>,
    number: usize,
    /// A line that was read too early.
    next: Option<String>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(input: impl BufRead + Send + 'a) -> Self {
        Self { input: Box::new(input), number: 0, next: None }
    }

    /// The next line, without its end (LF or CR LF); `None` at the end of the input.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Malformed`] where it is too long or no UTF-8, [`StoreErrorKind::Unavailable`] where it can't be
    /// read.
    pub(super) fn next(&mut self) -> Result<Option<String>, StoreError> {
        if let Some(line) = self.next.take() {
            self.number += 1;
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        // Two octets more than the limit: they may be the line's end.
        let read = self.input.by_ref().take(MAX_LINE as u64 + 2).read_until(b'\n', &mut line);
        let read = read.map_err(|error| {
            StoreError::new(StoreErrorKind::Unavailable, "can't read the input").because(error)
        })?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if line.ends_with(b"\n") {
            line.pop();
            if line.ends_with(b"\r") {
                line.pop();
            }
        }
        if line.len() > MAX_LINE {
            return Err(malformed("expected at most 1 MiB in a line, found more"));
        }
        String::from_utf8(line).map(Some).map_err(|_| malformed("expected UTF-8"))
    }

    /// Gives the line that was read last back.
    pub(super) fn unread(&mut self, line: String) {
        self.number -= 1;
        self.next = Some(line);
    }

    /// The number of the line that was read last, from 1.
    pub(super) fn number(&self) -> usize {
        self.number
    }
}

/// It is not what it should be.
pub(super) fn malformed(what: impl Into<Box<str>>) -> StoreError {
    StoreError::new(StoreErrorKind::Malformed, what)
}
