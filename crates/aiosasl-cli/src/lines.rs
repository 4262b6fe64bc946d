//! Lines of standard input, never longer than allowed, each with its number.

use std::io::{self, BufRead, Read as _, StdinLock};

use crate::status::{Failure, Status};

/// Standard input, line by line.
pub(crate) struct Lines<R = StdinLock<'static>> {
    input: R,
    limit: usize,
    number: usize,
}

impl Lines {
    /// Lines of at most `limit` octets.
    pub(crate) fn of_stdin(limit: usize) -> Self {
        Self::new(io::stdin().lock(), limit)
    }
}

impl<R: BufRead> Lines<R> {
    fn new(input: R, limit: usize) -> Self {
        Self { input, limit, number: 0 }
    }

    /// The next line without its end (LF or CR LF); `None` at the end of the input.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 3 where it is too long, of status 2 where it can't be read.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let mut line = Vec::new();
        // Two octets more than the limit: they may be the line's end.
        let most = self.limit as u64 + 2;
        let read = self.input.by_ref().take(most).read_until(b'\n', &mut line);
        let read =
            read.map_err(|error| Failure::usage(format!("can't read standard input: {error}")))?;
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
        if line.len() > self.limit {
            let limit = self.limit;
            return Err(self.fault(format!("expected at most {limit} octets, found more")));
        }
        Ok(Some(line))
    }

    /// The number of the line that was read last, from 1.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// A failure that names the line.
    pub(crate) fn fault(&self, what: impl std::fmt::Display) -> Failure {
        Failure::new(Status::Failed, format!("line {}: {what}", self.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_and_are_bounded() {
        let mut lines = Lines::new(&b"abc\r\nabcd\n\nabcde"[..], 4);
        assert_eq!(lines.next().unwrap().as_deref(), Some(&b"abc"[..]));
        assert_eq!(lines.next().unwrap().as_deref(), Some(&b"abcd"[..]));
        assert_eq!(lines.next().unwrap().as_deref(), Some(&b""[..]));
        let failure = lines.next().unwrap_err();
        assert_eq!((failure.status, lines.number()), (Status::Failed, 4));
        assert!(failure.text.starts_with("line 4: "), "{failure}");
    }
}
