//! Times as AWS writes them, to the second.

use alloc::string::{String, ToString as _};
use core::fmt;

/// Seconds since 1970, of which AWS writes `20191107T002607Z`; until the end of the year 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

const DAY: u64 = 86_400;
/// Days from the first of March of the year 0 to the first of January 1970.
const BEFORE_1970: u64 = 719_468;
/// Days of 400 years.
const ERA: u64 = 146_097;

impl Timestamp {
    /// 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self(253_402_300_799);

    /// That many seconds after the beginning of 1970 (UTC); what is too late becomes [`MAX`](Self::MAX).
    pub const fn from_unix(seconds: u64) -> Self {
        if seconds > Self::MAX.0 { Self::MAX } else { Self(seconds) }
    }

    /// The system's clock.
    #[cfg(feature = "std")]
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self::from_unix(since.map_or(0, |it| it.as_secs()))
    }

    /// `20191107T002607Z`; `None` for any other text, and for what is no day or time.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let [year, month, day] = [number(date, 0, 4)?, number(date, 4, 6)?, number(date, 6, 8)?];
        let [hour, minute, second] =
            [number(time, 0, 2)?, number(time, 2, 4)?, number(time, 4, 6)?];
        if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let found = Self(days(year, month, day) * DAY + hour * 3600 + minute * 60 + second);
        // The thirtieth of February is another day, and the text may be longer.
        (found.to_string() == text).then_some(found)
    }

    /// `20191107`.
    pub fn date(self) -> String {
        let mut text = self.to_string();
        text.truncate(8);
        text
    }

    /// Seconds since the beginning of 1970 (UTC).
    pub const fn as_unix(self) -> u64 {
        self.0
    }

    /// The system's clock, where there is one.
    #[cfg(feature = "std")]
    #[expect(clippy::unnecessary_wraps, reason = "not every system has a clock")]
    pub(crate) fn system() -> Option<Self> {
        Some(Self::now())
    }

    /// The system's clock, where there is one.
    #[cfg(not(feature = "std"))]
    pub(crate) fn system() -> Option<Self> {
        None
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0 / DAY);
        let second = self.0 % DAY;
        let [hour, minute, second] = [second / 3600, second / 60 % 60, second % 60];
        write!(f, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
    }
}

/// The digits from one place to another.
fn number(text: &str, from: usize, to: usize) -> Option<u64> {
    let digits = text.get(from..to)?;
    if !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// Days since 1970. Years begin in March here, so that the day that not all have is the last.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_era = year % 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let all = year / 400 * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    all.saturating_sub(BEFORE_1970)
}

/// Year, month and day of that many days since 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let all = days + BEFORE_1970;
    let of_era = all % ERA;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + all / ERA * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back() {
        for (text, unix) in [
            ("19700101T000000Z", 0),
            ("20000229T235959Z", 951_868_799),
            ("20130524T000000Z", 1_369_353_600),
            ("20150830T123600Z", 1_440_938_160),
            ("99991231T235959Z", Timestamp::MAX.as_unix()),
        ] {
            assert_eq!(Timestamp::parse(text), Some(Timestamp::from_unix(unix)));
            assert_eq!(Timestamp::from_unix(unix).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "20150830",
            "20150830T123600",
            "2015-08-30T12:36:00Z",
            "20150230T000000Z",
            "20151301T000000Z",
            "20150830T240000Z",
            "20150830T1236000Z",
            "19691231T235959Z",
            "2015083\u{660}T123600Z",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
