//! Bodies of HTTP's messages: nobody reads them, but they stand between one head and the next.

use super::transport::Transport;
use crate::{
    WireError,
    http::{Framing, Head, parse_trailer},
};

/// How many octets of a body are read to get behind it.
const MAX_BODY: u64 = 1 << 20;
/// How many octets are read at once.
const PIECE: u64 = 4096;
/// The most lines behind a body in chunks.
const MAX_TRAILER: usize = 100;

/// What became of a body.
pub(super) enum Skipped {
    /// It is behind us, and this came with its end.
    Whole(Head),
    /// It has no end of its own, or one that is too far away: only the connection's end is one.
    Open,
}

/// Reads a body, and forgets it.
///
/// # Errors
///
/// A [`WireError`] where it is broken, or the connection is.
pub(super) async fn skip(
    transport: &mut Transport,
    framing: Framing,
) -> Result<Skipped, WireError> {
    match framing {
        Framing::UntilClose => Ok(Skipped::Open),
        Framing::Length(length) if length > MAX_BODY => Ok(Skipped::Open),
        Framing::Length(length) => {
            skip_octets(transport, length).await?;
            Ok(Skipped::Whole(Head::default()))
        }
        Framing::Chunked => skip_chunks(transport).await,
    }
}

async fn skip_chunks(transport: &mut Transport) -> Result<Skipped, WireError> {
    let mut all = 0;
    loop {
        let size = Framing::chunk(&transport.line().await?)?;
        // An empty chunk costs as much as its line.
        all += size.min(MAX_BODY) + 8;
        match size {
            0 => return Ok(Skipped::Whole(trailer(transport).await?)),
            _ if all > MAX_BODY => return Ok(Skipped::Open),
            size => skip_octets(transport, size).await?,
        }
        if !transport.line().await?.is_empty() {
            return Err(WireError::protocol("expected the end of a chunk"));
        }
    }
}

async fn trailer(transport: &mut Transport) -> Result<Head, WireError> {
    let mut lines = Vec::new();
    for _ in 0..=MAX_TRAILER {
        let line = transport.line().await?;
        lines.extend_from_slice(&line);
        lines.extend_from_slice(b"\r\n");
        if line.is_empty() {
            return parse_trailer(&lines);
        }
    }
    Err(WireError::protocol(format!("expected a trailer of at most {MAX_TRAILER} lines")))
}

async fn skip_octets(transport: &mut Transport, mut rest: u64) -> Result<(), WireError> {
    while rest > 0 {
        let piece = rest.min(PIECE);
        transport.octets(usize::try_from(piece).unwrap_or_default()).await?;
        rest -= piece;
    }
    Ok(())
}
