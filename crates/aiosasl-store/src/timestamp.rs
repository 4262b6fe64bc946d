//! Moments, to the second, as accounts keep them.

use std::{fmt, str::FromStr, time::SystemTime};

/// A moment: seconds since 1970-01-01T00:00:00Z, as text in RFC 3339's form (`2026-11-24T11:30:00Z`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// That many seconds after 1970-01-01T00:00:00Z. What lies outside the years -9999 to 9999 becomes their edge.
    pub fn from_unix(seconds: i64) -> Self {
        let edges = [jiff::Timestamp::MIN, jiff::Timestamp::MAX].map(jiff::Timestamp::as_second);
        Self(seconds.clamp(edges[0], edges[1]))
    }

    /// This moment, by the system's clock.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn as_unix(self) -> i64 {
        self.0
    }

    /// That many seconds later; earlier where negative.
    pub fn plus(self, seconds: i64) -> Self {
        Self::from_unix(self.0.saturating_add(seconds))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(moment) => moment.fmt(f),
            Err(_) => write!(f, "@{}", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads RFC 3339's form with any offset; fractions of a second are dropped.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| TimestampError)?;
        Ok(Self(moment.as_second()))
    }
}

/// Text is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampError;

impl fmt::Display for TimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a moment as RFC 3339 writes it: 2026-11-24T11:30:00Z")
    }
}

impl std::error::Error for TimestampError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let moment: Timestamp = "2026-11-24T13:30:00.75+02:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-11-24T11:30:00Z");
        assert_eq!(moment.as_unix(), 1_795_519_800);
        assert_eq!("tomorrow".parse::<Timestamp>(), Err(TimestampError));
    }

    #[test]
    fn no_moment_is_out_of_bounds() {
        for edge in [i64::MIN, i64::MAX] {
            let text = Timestamp::from_unix(edge).to_string();
            assert_eq!(text.parse::<Timestamp>(), Ok(Timestamp::from_unix(edge)));
        }
        assert!(Timestamp::now() > Timestamp::from_unix(0));
    }
}
