//! Normalization by decomposition and composition (UAX #15), over the data of whichever version it
//! is handed.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use zeroize::Zeroizing;

use super::lookup;

/// One normalization form of one version of Unicode: NFKC by compatibility decompositions, NFC by
/// canonical ones. Hangul syllables are left out: they are arithmetic.
pub(super) struct Data {
    /// Sorted: code point, and in the low eight bits the length of its decomposition, in bytes.
    pub(super) decomposed: &'static [u32],
    /// Where in `text` the decomposition at the same index of `decomposed` starts.
    pub(super) offsets: &'static [u16],
    /// The full decompositions.
    pub(super) text: &'static str,
    /// Canonical combining classes other than 0.
    pub(super) classes: &'static [(u32, u32, u8)],
    /// Sorted: first, second, and the primary composite of both.
    pub(super) composites: &'static [(char, char, char)],
}

impl Data {
    /// Hands the normalized form of `input` to `emit`, character by character.
    pub(super) fn normalize(&self, input: impl Iterator<Item = char>, emit: &mut dyn FnMut(char)) {
        let mut sequence = Sequence { data: self, starter: None, marks: Marks::default() };
        input.for_each(|c| self.decompose(c, |part| sequence.push(part, emit)));
        sequence.finish(emit);
    }

    /// The canonical combining class: 0 for what starts a sequence.
    pub(super) fn class(&self, c: char) -> u8 {
        if c.is_ascii() { 0 } else { lookup::in_ranges(self.classes, c).unwrap_or(0) }
    }

    fn decompose(&self, c: char, each: impl FnMut(char)) {
        if let Some(text) = self.decomposition(c) {
            text.chars().for_each(each);
        } else {
            hangul::decompose(c).into_iter().flatten().for_each(each);
        }
    }

    fn decomposition(&self, c: char) -> Option<&'static str> {
        if c.is_ascii() {
            return None;
        }
        let found = self.decomposed.binary_search_by_key(&u32::from(c), |&key| key >> 8).ok()?;
        let [.., length] = self.decomposed.get(found)?.to_be_bytes();
        let start = usize::from(*self.offsets.get(found)?);
        self.text.get(start..start + usize::from(length))
    }

    fn compose(&self, first: char, second: char) -> Option<char> {
        if second.is_ascii() {
            return None;
        }
        let found = self.composites.binary_search_by_key(&(first, second), |&(a, b, _)| (a, b));
        match found {
            Ok(at) => self.composites.get(at).map(|&(_, _, composite)| composite),
            Err(_) => hangul::compose(first, second),
        }
    }
}

/// What `run` makes of `original`, or `None` where that is `original` itself.
///
/// It runs twice: first to compare and to measure, so that text which stays as it is costs no
/// allocation, and text which does not is written once, into a buffer that never grows and so never
/// leaves a copy behind.
pub(super) fn rewrite(
    original: &str,
    run: impl Fn(&mut dyn FnMut(char)),
) -> Option<Zeroizing<String>> {
    let mut unseen = original.chars();
    let (mut same, mut length) = (true, 0);
    run(&mut |c| {
        same &= unseen.next() == Some(c);
        length += c.len_utf8();
    });
    if same && unseen.next().is_none() {
        return None;
    }
    let mut text = Zeroizing::new(String::with_capacity(length));
    run(&mut |c| text.push(c));
    Some(text)
}

/// A starter and the marks that follow it, while their order and composition are still open.
struct Sequence<'a> {
    data: &'a Data,
    starter: Option<char>,
    marks: Marks,
}

impl Sequence<'_> {
    fn push(&mut self, c: char, emit: &mut dyn FnMut(char)) {
        match self.data.class(c) {
            0 => self.start(c, emit),
            class => self.marks.push(class, c),
        }
    }

    fn start(&mut self, c: char, emit: &mut dyn FnMut(char)) {
        self.settle();
        let adjacent = self.starter.filter(|_| self.marks.0.is_empty());
        if let Some(composite) = adjacent.and_then(|starter| self.data.compose(starter, c)) {
            self.starter = Some(composite);
        } else {
            self.emit(emit);
            self.starter = Some(c);
        }
    }

    fn finish(&mut self, emit: &mut dyn FnMut(char)) {
        self.settle();
        self.emit(emit);
    }

    /// Puts the marks in canonical order, and composes with the starter each that is not blocked:
    /// that has a higher class than the mark left before it.
    fn settle(&mut self) {
        let Self { data, starter, marks: Marks(marks) } = self;
        marks.sort_unstable();
        let mut left = 0;
        marks.retain(|&(class, _, c)| {
            let reachable = starter.filter(|_| class != left);
            let composite = reachable.and_then(|first| data.compose(first, c));
            match composite {
                Some(_) => *starter = composite,
                None => left = class,
            }
            composite.is_none()
        });
    }

    fn emit(&mut self, emit: &mut dyn FnMut(char)) {
        self.starter.take().into_iter().for_each(&mut *emit);
        self.marks.0.drain(..).for_each(|(_, _, c)| emit(c));
    }
}

/// Combining class, arrival and character of each mark: sorting these is sorting by class, stably
/// and in place.
#[derive(Default)]
struct Marks(Zeroizing<Vec<(u8, usize, char)>>);

impl Marks {
    fn push(&mut self, class: u8, c: char) {
        let arrival = self.0.len();
        if arrival == self.0.capacity() {
            // Not left to `Vec::push`, which would free the old buffer without wiping it.
            let grown = Zeroizing::new(Vec::with_capacity(4 + 2 * arrival));
            let full = mem::replace(&mut self.0, grown);
            self.0.extend_from_slice(&full);
        }
        self.0.push((class, arrival, c));
    }
}

/// Hangul syllables (The Unicode Standard, section 3.12).
mod hangul {
    const LEADING: u32 = 0x1100;
    const LEADING_COUNT: u32 = 19;
    const VOWEL: u32 = 0x1161;
    const VOWEL_COUNT: u32 = 21;
    /// One before the first trailing consonant: a syllable without one counts as 0.
    const TRAILING: u32 = 0x11A7;
    const TRAILING_COUNT: u32 = 28;
    const SYLLABLE: u32 = 0xAC00;
    const SYLLABLE_COUNT: u32 = LEADING_COUNT * VOWEL_COUNT * TRAILING_COUNT;

    /// The jamo of a syllable; any other character is its own only part.
    pub(super) fn decompose(c: char) -> [Option<char>; 3] {
        let Some(index) = index(c, SYLLABLE, SYLLABLE_COUNT) else {
            return [Some(c), None, None];
        };
        let trailing = index % TRAILING_COUNT;
        [
            char::from_u32(LEADING + index / TRAILING_COUNT / VOWEL_COUNT),
            char::from_u32(VOWEL + index / TRAILING_COUNT % VOWEL_COUNT),
            char::from_u32(TRAILING + trailing).filter(|_| trailing != 0),
        ]
    }

    /// The syllable of a leading consonant and a vowel, or of an open syllable and a trailing
    /// consonant.
    pub(super) fn compose(first: char, second: char) -> Option<char> {
        if let Some(leading) = index(first, LEADING, LEADING_COUNT) {
            let vowel = index(second, VOWEL, VOWEL_COUNT)?;
            return char::from_u32(SYLLABLE + (leading * VOWEL_COUNT + vowel) * TRAILING_COUNT);
        }
        let open = index(first, SYLLABLE, SYLLABLE_COUNT).filter(|i| i % TRAILING_COUNT == 0)?;
        let trailing = index(second, TRAILING, TRAILING_COUNT).filter(|&i| i != 0)?;
        char::from_u32(SYLLABLE + open + trailing)
    }

    fn index(c: char, base: u32, count: u32) -> Option<u32> {
        u32::from(c).checked_sub(base).filter(|&index| index < count)
    }
}
