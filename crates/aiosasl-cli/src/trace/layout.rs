//! A conversation as lines between two lifelines, for whatever draws them: no colours and no coordinates yet.

use std::time::Duration;

use aiosasl::mechanism::Side;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{Moment, What};
use crate::decode::{Decoded, FAULT, Field, WARNING};

/// How far text is from the client's lifeline, in columns.
const INDENT: usize = 3;
/// The widest column of names.
const MAX_NAME: usize = 26;

/// A line between the lifelines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing: room to breathe.
    Gap,
    /// A message goes from this side to the other.
    Arrow { at: Duration, from: Side, label: String },
    /// All that follows is under TLS.
    Band { at: Duration, text: String },
    /// Something that happened, with when.
    Event { at: Duration, spans: Vec<Span> },
    /// More about what stands above.
    Text(Vec<Span>),
    /// How it ended: below the lifelines.
    End { at: Duration, good: bool, lines: Vec<String> },
}

/// Text of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// A look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Dim,
    Good,
    Warning,
    Bad,
}

/// The lines of a conversation, for so many columns between the lifelines.
pub(super) fn lay_out(moments: &[Moment], columns: usize) -> Vec<Line> {
    let mut sheet = Sheet { columns: columns.max(30), lines: Vec::new() };
    for moment in moments {
        sheet.moment(moment);
    }
    sheet.lines
}

struct Sheet {
    columns: usize,
    lines: Vec<Line>,
}

impl Sheet {
    fn moment(&mut self, Moment { at, what }: &Moment) {
        let at = *at;
        match what {
            What::Connected { protocol, address } => {
                self.event(at, &format!("connected to {address}, {protocol}"), Tone::Plain);
            }
            What::Greeting(words) => {
                self.arrow(at, Side::Server, "greeting");
                self.words(words);
            }
            What::Offered(names) if names.is_empty() => {
                self.event(at, "no mechanisms are offered", Tone::Warning);
            }
            What::Offered(names) => {
                self.event(at, &format!("offered: {}", names.join(" ")), Tone::Plain);
            }
            What::StartTls => self.arrow(at, Side::Client, "STARTTLS"),
            What::Tls { version, cipher, verified } => self.tls(at, version, cipher, *verified),
            What::Bindings { there, missing } => self.bindings(there, missing),
            What::Said { side, label, words, decoded } => {
                self.arrow(at, *side, &arrow_label(label, decoded.as_ref()));
                if let Some(words) = words {
                    self.words(words);
                }
                self.fields(decoded.as_ref().map_or(&[][..], |it| &it.fields));
            }
            What::Broken(text) => {
                self.lines.push(Line::Gap);
                self.event(at, text, Tone::Bad);
            }
            What::Ended { good, text } => {
                self.lines.push(Line::Gap);
                let lines = wrapped(text, self.columns - INDENT);
                self.lines.push(Line::End { at, good: *good, lines });
            }
        }
    }

    fn tls(&mut self, at: Duration, version: &str, cipher: &str, verified: bool) {
        self.lines.push(Line::Gap);
        self.lines.push(Line::Band { at, text: format!("TLS {version} · {cipher}") });
        if verified {
            self.text("certificate verified", Tone::Good);
        } else {
            self.text("certificate not verified: anybody could be there", Tone::Bad);
        }
    }

    fn bindings(&mut self, there: &[String], missing: &[(String, String)]) {
        let field = |name: &str, value: String, note| Field { name: name.into(), value, note };
        let all = if there.is_empty() { "none".to_owned() } else { there.join(" ") };
        let mut fields = vec![field("channel bindings", all, None)];
        let lacking = missing.iter().map(|(kind, why)| field("", kind.clone(), Some(why.clone())));
        fields.extend(lacking.map(|it| Field { name: "not there".into(), ..it }));
        self.fields(&fields);
    }

    fn arrow(&mut self, at: Duration, from: Side, label: &str) {
        self.lines.push(Line::Gap);
        let label = wrapped(label, self.columns - 8).swap_remove(0);
        self.lines.push(Line::Arrow { at, from, label });
    }

    fn event(&mut self, at: Duration, text: &str, tone: Tone) {
        for (index, text) in wrapped(text, self.columns - INDENT - 1).into_iter().enumerate() {
            let spans = indented(vec![Span { text, tone }]);
            self.lines.push(match index {
                0 => Line::Event { at, spans },
                _ => Line::Text(spans),
            });
        }
    }

    fn words(&mut self, words: &str) {
        self.text(&format!("“{words}”"), Tone::Dim);
    }

    fn text(&mut self, text: &str, tone: Tone) {
        for text in wrapped(text, self.columns - INDENT - 1) {
            self.lines.push(Line::Text(indented(vec![Span { text, tone }])));
        }
    }

    fn fields(&mut self, fields: &[Field]) {
        let longest = fields.iter().map(|field| field.name.width()).max().unwrap_or_default();
        let names = longest.min(MAX_NAME).min(self.columns / 2 - INDENT);
        let room = self.columns - INDENT - names - 3;
        for field in fields {
            let tone = match &*field.name {
                FAULT => Tone::Bad,
                WARNING => Tone::Warning,
                _ => Tone::Plain,
            };
            let mut name = padded(&clipped(&field.name, names), names + 2);
            for spans in value(field, tone, room) {
                let mut line = vec![Span { text: name, tone: Tone::Dim }];
                line.extend(spans);
                self.lines.push(Line::Text(indented(line)));
                name = " ".repeat(names + 2);
            }
        }
    }
}

fn arrow_label(label: &str, decoded: Option<&Decoded>) -> String {
    match decoded {
        None => label.to_owned(),
        Some(decoded) if decoded.title.starts_with("empty") => decoded.title.clone(),
        Some(decoded) => {
            // The mechanism's name stands at the exchange's first arrow, and is not said again.
            let title = match decoded.title.split_once(' ') {
                Some((name, rest)) if !name.contains(|it: char| it.is_ascii_lowercase()) => rest,
                _ => &decoded.title,
            };
            format!("{label} · {title}")
        }
    }
}

/// A field's value and its note: on one line where they fit, else one below the other.
fn value(field: &Field, tone: Tone, room: usize) -> Vec<Vec<Span>> {
    let span = |text: String, tone| Span { text, tone };
    let mut lines: Vec<Vec<Span>> =
        wrapped(&field.value, room).into_iter().map(|text| vec![span(text, tone)]).collect();
    let Some(note) = &field.note else { return lines };
    let used = lines.last().and_then(|line| line.first()).map_or(0, |it| it.text.width());
    match lines.last_mut() {
        Some(last) if used + 3 + note.width() <= room => {
            last.push(span(format!("  {note}"), Tone::Dim));
        }
        _ => lines.extend(wrapped(note, room).into_iter().map(|text| vec![span(text, Tone::Dim)])),
    }
    lines
}

fn indented(mut spans: Vec<Span>) -> Vec<Span> {
    spans.insert(0, Span { text: " ".repeat(INDENT), tone: Tone::Plain });
    spans
}

/// Text in lines of at most so many columns: broken at spaces, and where there are none, anywhere. At least one line.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        let fits_alone = word.trim_end().width() <= columns;
        if fits_alone && used + word.trim_end().width() > columns {
            lines.push(String::new());
            used = 0;
        }
        for character in word.chars() {
            let width = character.width().unwrap_or_default();
            if used + width > columns {
                if character == ' ' {
                    continue;
                }
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push(character);
            }
            used += width;
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

fn clipped(text: &str, columns: usize) -> String {
    wrapped(text, columns.max(1)).swap_remove(0)
}

/// Text, filled with spaces up to so many columns.
pub(super) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}
