//! What the other people's programs have in common.

use anyhow::Result;

/// What a program says in its turn. Messages are base64, empty for an empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Message(String),
    /// A client that has nothing to say before the server does.
    Nothing,
    /// It is content.
    In,
    /// It has ended otherwise.
    Out,
}

/// Either half of another program.
pub(super) trait Theirs {
    /// A client's first words.
    fn first(&mut self) -> Result<Said>;

    /// A server that hears a client's first words, if any.
    fn begin(&mut self, first: Option<&str>) -> Result<Said>;

    /// The next message.
    fn step(&mut self, message: &str) -> Result<Said>;

    /// A client hears that it is in.
    fn succeed(&mut self) -> Result<()>;

    /// A line each inside the layer: takes ours, gives theirs.
    fn inside(&mut self, ours: &str) -> Result<Option<String>>;

    /// Ends it: whether it was content to the end.
    fn end(&mut self) -> Result<bool>;

    /// Whom a server has let in, where it says so.
    fn name(&self) -> Option<String>;

    fn log(&self) -> String;
}
