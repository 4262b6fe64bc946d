//! A conversation drawn for a terminal.

use std::{fmt::Write as _, time::Duration};

use aiosasl::mechanism::Side;
use anstyle::{AnsiColor, Style};
use terminal_size::{Width, terminal_size_of};
use unicode_width::UnicodeWidthStr as _;

use super::{
    Moment,
    layout::{Line, Span, Tone, lay_out, padded},
};

/// What stands left of the client's lifeline: the time.
const GUTTER: usize = 12;
/// How wide the whole is where nobody knows how wide it may be.
const USUAL: usize = 96;

/// How many columns there are for a drawing on standard error.
pub(crate) fn columns() -> usize {
    let width = terminal_size_of(std::io::stderr()).map(|(Width(width), _)| usize::from(width));
    width.unwrap_or(USUAL).clamp(60, 110)
}

/// The whole, with its colours, in so many columns.
pub(crate) fn draw(server: &str, moments: &[Moment], columns: usize) -> String {
    let room = columns.saturating_sub(GUTTER + 2).max(40);
    let mut drawing = Drawing { out: String::new(), room };
    drawing.heads(server);
    for line in lay_out(moments, room) {
        drawing.line(&line);
    }
    drawing.out
}

struct Drawing {
    out: String,
    room: usize,
}

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const CLIENT: Style = colour(AnsiColor::Cyan);
const SERVER: Style = colour(AnsiColor::Magenta);
const GOOD: Style = colour(AnsiColor::Green);

const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(anstyle::Color::Ansi(colour)))
}

impl Drawing {
    fn heads(&mut self, server: &str) {
        let indent = GUTTER - "client".len() / 2;
        let server_at = GUTTER + 1 + self.room;
        let start = (server_at + 1).saturating_sub(server.width()).max(indent + 8);
        let between = " ".repeat(start - indent - "client".len());
        let indent = " ".repeat(indent);
        self.push(format_args!(
            "{indent}{CLIENT}client{CLIENT:#}{between}{SERVER}{server}{SERVER:#}\n"
        ));
    }

    fn line(&mut self, line: &Line) {
        let room = self.room;
        match line {
            Line::Gap => self.between(None, &" ".repeat(room)),
            Line::Text(spans) => self.between(None, &self.spans(spans)),
            Line::Event { at, spans } => self.between(Some(*at), &self.spans(spans)),
            Line::Arrow { at, from, label } => self.arrow(*at, *from, label),
            Line::Band { at, text } => {
                let rest = "═".repeat(room.saturating_sub(text.width() + 4));
                self.between(
                    Some(*at),
                    &format!("{GOOD}══ {BOLD}{text}{BOLD:#}{GOOD} {rest}{GOOD:#}"),
                );
            }
            Line::End { at, good, lines } => self.end(*at, *good, lines),
        }
    }

    fn arrow(&mut self, at: Duration, from: Side, label: &str) {
        let rest = "─".repeat(self.room.saturating_sub(label.width() + 5));
        let time = time(at);
        let drawn = match from {
            Side::Client => {
                format!("{CLIENT}├── {BOLD}{label}{BOLD:#}{CLIENT} {rest}►{CLIENT:#}{DIM}│{DIM:#}")
            }
            Side::Server => {
                format!("{DIM}│{DIM:#}{SERVER}◄{rest} {BOLD}{label}{BOLD:#}{SERVER} ──┤{SERVER:#}")
            }
        };
        self.push(format_args!("{DIM}{time}{DIM:#} {drawn}\n"));
    }

    fn end(&mut self, at: Duration, good: bool, lines: &[String]) {
        let (mark, style) = if good { ("✔", GOOD) } else { ("✘", colour(AnsiColor::Red)) };
        let style = style.bold();
        let mut start = format!("{DIM}{}{DIM:#} {style}{mark}", time(at));
        for line in lines {
            self.push(format_args!("{start}{style} {line}{style:#}\n"));
            start = " ".repeat(GUTTER + 1);
        }
    }

    fn between(&mut self, at: Option<Duration>, inner: &str) {
        let time = at.map_or(" ".repeat(GUTTER - 1), time);
        self.push(format_args!("{DIM}{time}{DIM:#} {DIM}│{DIM:#}{inner}{DIM}│{DIM:#}\n"));
    }

    fn spans(&self, spans: &[Span]) -> String {
        let mut out = String::new();
        let mut used = 0;
        for Span { text, tone } in spans {
            let style = look(*tone);
            used += text.width();
            let _ = write!(out, "{style}{text}{style:#}");
        }
        out + &padded("", self.room.saturating_sub(used))
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.out.write_fmt(text);
    }
}

fn look(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Dim => DIM,
        Tone::Good => GOOD,
        Tone::Warning => colour(AnsiColor::Yellow),
        Tone::Bad => colour(AnsiColor::Red),
    }
}

fn time(at: Duration) -> String {
    let width = GUTTER - 4;
    format!("{:>width$.1} ms", at.as_secs_f64() * 1000.0)
}
