//! A conversation as a picture that stands alone: no script, no font, nothing to load.

use std::{fmt::Write as _, time::Duration};

use aiosasl::mechanism::Side;
use unicode_width::UnicodeWidthStr as _;

use super::{
    Moment,
    layout::{Line, Span, Tone, lay_out},
};

/// How many columns of text there are between the lifelines.
const COLUMNS: usize = 84;
/// How wide a column is, in pixels, in the fonts that are asked for.
const COLUMN: usize = 8;
/// How high a line is, in pixels.
const LINE: usize = 20;
/// The client's lifeline, from the left in pixels.
const CLIENT: usize = 96;
/// The server's lifeline.
const SERVER: usize = CLIENT + COLUMNS * COLUMN;
const WIDTH: usize = SERVER + 40;

const STYLE: &str = "\
text{font:13px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#24292f}\
.dim{fill:#6e7781}.good{fill:#1a7f37}.warning{fill:#9a6700}.bad{fill:#cf222e}\
.client{fill:#0969da;font-weight:600}.server{fill:#8250df;font-weight:600}.end{font-weight:600}\
line{stroke:#d0d7de;stroke-width:1.5}line.client{stroke:#0969da}line.server{stroke:#8250df}";

/// The whole as an SVG document.
pub(crate) fn draw(server: &str, moments: &[Moment]) -> String {
    let lines = lay_out(moments, COLUMNS);
    let top = 3 * LINE;
    let mut body = String::new();
    let mut y = top;
    let mut foot = top;
    for line in &lines {
        if !matches!(line, Line::End { .. }) {
            foot = y;
        }
        draw_line(&mut body, line, y);
        y += match line {
            Line::End { lines, .. } => LINE * lines.len(),
            _ => LINE,
        };
    }
    let height = y + LINE;
    let server = escaped(server);
    let head = 2 * LINE - 12;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\">\n<title>A SASL exchange with {server}</title>\n<style>{STYLE}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#ffffff\"/>\n\
         <text class=\"client\" x=\"{CLIENT}\" y=\"{head}\" text-anchor=\"middle\">client</text>\n\
         <text class=\"server\" x=\"{}\" y=\"{head}\" text-anchor=\"end\">{server}</text>\n\
         <line x1=\"{CLIENT}\" y1=\"{LINE_TOP}\" x2=\"{CLIENT}\" y2=\"{foot}\"/>\n\
         <line x1=\"{SERVER}\" y1=\"{LINE_TOP}\" x2=\"{SERVER}\" y2=\"{foot}\"/>\n{body}</svg>\n",
        SERVER + 24
    )
}

/// Where the lifelines begin.
const LINE_TOP: usize = 2 * LINE;

fn draw_line(out: &mut String, line: &Line, y: usize) {
    match line {
        Line::Gap => {}
        Line::Text(spans) => text(out, spans, y),
        Line::Event { at, spans } => {
            time(out, *at, y);
            text(out, spans, y);
        }
        Line::Arrow { at, from, label } => {
            time(out, *at, y);
            arrow(out, *from, label, y);
        }
        Line::Band { at, text } => {
            time(out, *at, y);
            band(out, text, y);
        }
        Line::End { at, good, lines } => {
            time(out, *at, y);
            end(out, *good, lines, y);
        }
    }
}

fn band(out: &mut String, text: &str, y: usize) {
    let (left, top, width) = (CLIENT + 1, y - LINE + 5, COLUMNS * COLUMN - 2);
    push(
        out,
        format_args!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{LINE}\" fill=\"#dafbe1\"/>\n\
                     <text class=\"good\" x=\"{}\" y=\"{y}\">{}</text>\n",
            CLIENT + 3 * COLUMN,
            escaped(text)
        ),
    );
}

fn end(out: &mut String, good: bool, lines: &[String], y: usize) {
    let (class, mark) = if good { ("good", '✔') } else { ("bad", '✘') };
    let mut mark = Some(mark);
    for (line, y) in lines.iter().zip((y..).step_by(LINE)) {
        let mark = mark.take().unwrap_or(' ');
        let x = CLIENT + 2 * COLUMN;
        push(
            out,
            format_args!(
                "<text class=\"end {class}\" x=\"{}\" y=\"{y}\" text-anchor=\"middle\">{mark}</text>\n\
                         <text class=\"end {class}\" x=\"{x}\" y=\"{y}\">{}</text>\n",
                CLIENT,
                escaped(line)
            ),
        );
    }
}

/// A line with its head, and the label above it.
fn arrow(out: &mut String, from: Side, label: &str, y: usize) {
    let (class, start, end, head, at, anchor) = match from {
        Side::Client => ("client", CLIENT, SERVER - 8, SERVER - 1, CLIENT + 2 * COLUMN, "start"),
        Side::Server => ("server", SERVER, CLIENT + 8, CLIENT + 1, SERVER - 2 * COLUMN, "end"),
    };
    let (line, above) = (y + 3, y - 3);
    let (upper, lower) = (line - 4, line + 4);
    push(
        out,
        format_args!(
            "<text class=\"{class}\" x=\"{at}\" y=\"{above}\" text-anchor=\"{anchor}\">{}</text>\n\
             <line class=\"{class}\" x1=\"{start}\" y1=\"{line}\" x2=\"{end}\" y2=\"{line}\"/>\n\
             <path class=\"{class}\" d=\"M{end} {upper}L{head} {line}L{end} {lower}Z\"/>\n",
            escaped(label)
        ),
    );
}

fn time(out: &mut String, at: Duration, y: usize) {
    let (x, at) = (CLIENT - 12, at.as_secs_f64() * 1000.0);
    push(
        out,
        format_args!(
            "<text class=\"dim\" x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{at:.1} ms</text>\n"
        ),
    );
}

/// Every span says where it begins: programs differ in what they make of several spaces.
fn text(out: &mut String, spans: &[Span], y: usize) {
    push(out, format_args!("<text y=\"{y}\">"));
    let mut column = 0;
    for Span { text, tone } in spans {
        let class = match tone {
            Tone::Plain => "",
            Tone::Dim => "dim",
            Tone::Good => "good",
            Tone::Warning => "warning",
            Tone::Bad => "bad",
        };
        let said = text.trim_start();
        let x = CLIENT + (column + text.width() - said.width()) * COLUMN;
        column += text.width();
        if !said.is_empty() {
            let said = escaped(said.trim_end());
            push(out, format_args!("<tspan class=\"{class}\" x=\"{x}\">{said}</tspan>"));
        }
    }
    out.push_str("</text>\n");
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(text);
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no other control characters (XML 1.0 section 2.2).
            it if it.is_control() => out.push('\u{fffd}'),
            it => out.push(it),
        }
    }
    out
}
