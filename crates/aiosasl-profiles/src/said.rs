//! What was said last, as far as it changes what an answer means.

use aiosasl::message::ClientMessage;

/// What was said last, and the server is to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// An abort.
    Abort,
    /// The request without an initial response.
    Request,
    /// The request with an initial response, or a response.
    Response,
}

impl From<&ClientMessage> for Said {
    fn from(message: &ClientMessage) -> Self {
        match message {
            ClientMessage::Abort => Self::Abort,
            ClientMessage::Authenticate { initial_response: None, .. } => Self::Request,
            ClientMessage::Authenticate { .. } | ClientMessage::Response(_) => Self::Response,
        }
    }
}
