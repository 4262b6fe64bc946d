//! Reads a frame from its start to its end; what is missing is an error, never a panic.

use crate::WireError;

/// The octets of a frame that are not read yet.
#[derive(Clone, Copy)]
pub struct Cursor<'a>(&'a [u8]);

macro_rules! numbers {
    ($(#[doc = $doc:literal] $name:ident: $number:ty = $from:ident)+) => {$(
        #[doc = $doc]
        ///
        /// # Errors
        ///
        /// A [`WireError`] where the frame ends first.
        pub fn $name(&mut self) -> Result<$number, WireError> {
            self.array().map(<$number>::$from)
        }
    )+};
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of these octets.
    pub fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    numbers! {
        /// An octet.
        u8: u8 = from_be_bytes
        /// Two octets, unsigned, the greatest first.
        u16: u16 = from_be_bytes
        /// Four octets, unsigned, the greatest first.
        u32: u32 = from_be_bytes
        /// Eight octets, unsigned, the greatest first.
        u64: u64 = from_be_bytes
        /// Two octets, signed, the greatest first.
        i16: i16 = from_be_bytes
        /// Four octets, signed, the greatest first.
        i32: i32 = from_be_bytes
        /// Eight octets, signed, the greatest first.
        i64: i64 = from_be_bytes
        /// Four octets, unsigned, the least first.
        u32_le: u32 = from_le_bytes
        /// Four octets, signed, the least first.
        i32_le: i32 = from_le_bytes
        /// Eight octets, signed, the least first.
        i64_le: i64 = from_le_bytes
    }

    /// As many octets as the array has.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the frame ends first.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (head, rest) = self.0.split_first_chunk().ok_or_else(ended)?;
        self.0 = rest;
        Ok(*head)
    }

    /// The next octets, this many.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the frame ends first.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let (head, rest) = self.0.split_at_checked(count).ok_or_else(ended)?;
        self.0 = rest;
        Ok(head)
    }

    /// Octets behind their number, which has one octet.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the frame ends first.
    pub fn counted_u8(&mut self) -> Result<&'a [u8], WireError> {
        let count = self.u8()?;
        self.take(count.into())
    }

    /// Octets behind their number, which has two octets.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the frame ends first.
    pub fn counted_u16(&mut self) -> Result<&'a [u8], WireError> {
        let count = self.u16()?;
        self.take(count.into())
    }

    /// Octets behind their number, which has four octets.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the frame ends first.
    pub fn counted_u32(&mut self) -> Result<&'a [u8], WireError> {
        let count = self.u32()?;
        self.take(usize::try_from(count).map_err(|_| ended())?)
    }

    /// Octets behind their number, which has four octets and is negative where there are none.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the frame ends first.
    pub fn counted_i32(&mut self) -> Result<Option<&'a [u8]>, WireError> {
        let count = self.i32()?;
        usize::try_from(count).ok().map(|count| self.take(count)).transpose()
    }

    /// Octets behind their number, which has two octets and is negative where there are none.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the frame ends first.
    pub fn counted_i16(&mut self) -> Result<Option<&'a [u8]>, WireError> {
        let count = self.i16()?;
        usize::try_from(count).ok().map(|count| self.take(count)).transpose()
    }

    /// The octets before the next NUL, which is read, too.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the frame ends first.
    pub fn until_nul(&mut self) -> Result<&'a [u8], WireError> {
        let at = self.0.iter().position(|octet| *octet == 0).ok_or_else(ended)?;
        let text = self.take(at)?;
        self.take(1)?;
        Ok(text)
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// All that is left, and stays.
    pub fn peek(&self) -> &'a [u8] {
        self.0
    }

    /// Says that nothing more is expected.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where something is left.
    pub fn end(self) -> Result<(), WireError> {
        match self.0 {
            [] => Ok(()),
            rest => Err(WireError::protocol(format!(
                "expected the end of a message, found {} more octets",
                rest.len()
            ))),
        }
    }
}

fn ended() -> WireError {
    WireError::protocol("expected more, found the end of a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_an_error_and_moves_nothing() {
        let mut cursor = Cursor::new(&[0, 2, b'a', b'b', 0, 0xff, 0xff]);
        assert_eq!(cursor.counted_u16().unwrap(), b"ab");
        assert_eq!(cursor.until_nul().unwrap(), b"");
        assert!(cursor.u32().is_err());
        assert_eq!(cursor.counted_i16().unwrap(), None);
        assert!(cursor.end().is_ok());
        assert!(Cursor::new(&[0xff; 6]).counted_u32().is_err());
        assert!(Cursor::new(b"a").until_nul().is_err());
        assert!(Cursor::new(b"a").end().is_err());
    }
}
