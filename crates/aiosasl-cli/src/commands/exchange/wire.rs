//! One base64 line for each message: `=` for an empty one, an empty line for none at all, `*` to give up.

use std::io::{self, Write as _};

use aiosasl::encoding;

use crate::{
    lines::Lines,
    status::{Failure, Status},
};

/// The longest line: 64 KiB of message, or of a protected buffer with its length, in base64.
const MAX_LINE: usize = encoding::encoded_len(65_536 + 4);

/// Standard input and output.
pub(super) struct Wire {
    lines: Lines,
}

/// What the peer says.
pub(super) enum Heard {
    /// Octets, maybe none.
    Message(Vec<u8>),
    /// An empty line: there is no message.
    Nothing,
    /// The peer gives up.
    Abort,
    /// The peer is gone.
    End,
}

impl Wire {
    pub(super) fn new() -> Self {
        Self { lines: Lines::of_stdin(MAX_LINE) }
    }

    /// The next line.
    pub(super) fn hear(&mut self) -> Result<Heard, Failure> {
        match self.lines.next()?.as_deref() {
            None => Ok(Heard::End),
            Some(b"") => Ok(Heard::Nothing),
            Some(b"=") => Ok(Heard::Message(Vec::new())),
            Some(b"*") => Ok(Heard::Abort),
            Some(line) => match encoding::decode(line) {
                Ok(octets) => Ok(Heard::Message(octets)),
                Err(error) => Err(self.lines.fault(error)),
            },
        }
    }

    /// Says this, or that there is nothing to say.
    pub(super) fn say(message: Option<&[u8]>) -> Result<(), Failure> {
        match message {
            None => line(""),
            Some([]) => line("="),
            Some(octets) => line(&encoding::encode(octets)),
        }
    }

    /// Gives up.
    pub(super) fn abort() -> Result<(), Failure> {
        line("*")
    }
}

fn line(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}")
        .and_then(|()| output.flush())
        .map_err(|error| Failure::new(Status::Failed, format!("can't write: {error}")))
}
