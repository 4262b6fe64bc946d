//! Protocols that can't tell no initial response from an empty one, and how that is made up for.

use aiosasl::{
    message::{ClientMessage, Response},
    name::MechanismName,
};

/// Whose first word an exchange by a mechanism begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstWord {
    /// The client's: its first message is an initial response, be it empty.
    Client,
    /// The server's: an empty first message only asks for it.
    Server,
}

impl FirstWord {
    /// What the first message says, where none and an empty one are spelled the same.
    pub fn request(self, mechanism: MechanismName, first: Response) -> ClientMessage {
        let is_none = first.is_empty() && self == Self::Server;
        let initial_response = if is_none { None } else { Some(first) };
        ClientMessage::Authenticate { mechanism, initial_response }
    }
}
