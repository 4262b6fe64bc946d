//! Characters that may stand in some company only (RFC 5892 appendix A).

use super::lookup;
use super::tables_precis::{self, Joining};

/// A text, and what the rules ask of the whole of it: found out once, so that a text made of such
/// characters takes no more than a look at each.
pub(super) struct Context<'a> {
    text: &'a str,
    mapped: fn(char) -> char,
    japanese: bool,
    arabic_indic_digits: bool,
    extended_arabic_indic_digits: bool,
}

impl<'a> Context<'a> {
    /// The context that `text` is once each of its characters is `mapped`.
    pub(super) fn of(text: &'a str, mapped: fn(char) -> char) -> Self {
        let any = |test: fn(char) -> bool| text.chars().map(mapped).any(test);
        Self {
            text,
            mapped,
            japanese: any(|c| lookup::contains(tables_precis::JAPANESE, c)),
            arabic_indic_digits: any(|c| matches!(c, '\u{660}'..='\u{669}')),
            extended_arabic_indic_digits: any(|c| matches!(c, '\u{6F0}'..='\u{6F9}')),
        }
    }

    /// Whether the character at the byte `at` may stand there.
    pub(super) fn allows(&self, at: usize) -> bool {
        let Some((before, from)) = self.text.split_at_checked(at) else { return false };
        let mut before = before.chars().rev().map(self.mapped);
        let mut after = from.chars().map(self.mapped);
        match after.next() {
            // A.1 and A.2: the joiners.
            Some('\u{200C}') => follows_virama(before.clone()) || joins(before, after),
            Some('\u{200D}') => follows_virama(before),
            // A.3: the middle dot of Catalan.
            Some('\u{B7}') => before.next() == Some('l') && after.next() == Some('l'),
            // A.4 to A.6: the Greek keraia, the Hebrew geresh and gershayim.
            Some('\u{375}') => after.next().is_some_and(|c| is_in(tables_precis::GREEK, c)),
            Some('\u{5F3}' | '\u{5F4}') => {
                before.next().is_some_and(|c| is_in(tables_precis::HEBREW, c))
            }
            // A.7: the middle dot of Katakana.
            Some('\u{30FB}') => self.japanese,
            // A.8 and A.9: one kind of Arabic digit at a time.
            Some('\u{660}'..='\u{669}') => !self.extended_arabic_indic_digits,
            Some('\u{6F0}'..='\u{6F9}') => !self.arabic_indic_digits,
            _ => false,
        }
    }
}

fn is_in(script: &[(u32, u32)], c: char) -> bool {
    lookup::contains(script, c)
}

fn follows_virama(mut before: impl Iterator<Item = char>) -> bool {
    const VIRAMA: u8 = 9;
    before.next().is_some_and(|c| tables_precis::UNICODE.class(c) == VIRAMA)
}

/// Whether the nearest characters that are not transparent would join, were nothing between them. A
/// joiner is not transparent itself: no character is looked at for more than the joiners next to
/// it.
fn joins(before: impl Iterator<Item = char>, after: impl Iterator<Item = char>) -> bool {
    let leads = matches!(nearest(before), Some(Joining::Dual | Joining::Left));
    leads && matches!(nearest(after), Some(Joining::Dual | Joining::Right))
}

fn nearest(characters: impl Iterator<Item = char>) -> Option<Joining> {
    let mut joining = characters.map(|c| lookup::in_ranges(tables_precis::JOINING, c));
    joining.find(|&it| it != Some(Joining::Transparent)).flatten()
}
