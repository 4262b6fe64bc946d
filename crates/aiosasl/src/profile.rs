//! What an application protocol can carry, as data; how it spells it is not known here (RFC 4422 section 4).

/// What the exchanges must know about a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Whether the request that starts an exchange can carry an initial response.
    pub initial_response: InitialResponse,
    /// Where a server's last words go.
    pub success_data: SuccessData,
    /// What to do with a first challenge that should be empty and is not.
    pub first_challenge: FirstChallenge,
    /// The longest message taken or sent, in octets before any transfer encoding.
    pub max_message: usize,
    /// The most challenges or responses in one exchange.
    pub max_steps: u8,
}

impl Profile {
    /// Everything can be carried; messages up to 64 KiB, 16 steps.
    pub const FULL: Self = Self {
        initial_response: InitialResponse::Carried,
        success_data: SuccessData::Carried,
        first_challenge: FirstChallenge::MustBeEmpty,
        max_message: 65_536,
        max_steps: 16,
    };
}

impl Default for Profile {
    fn default() -> Self {
        Self::FULL
    }
}

/// Whether the request can carry an initial response (RFC 4422 section 4, item 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitialResponse {
    /// Never: the client waits for an empty challenge first.
    NotCarried,
    /// Always.
    Carried,
    /// As long as the mechanism's name and the base64 of the response are together not longer than this, in
    /// octets: the protocol limits the line. A longer one waits for an empty challenge.
    CarriedUpTo(usize),
}

/// Where the additional data of a success goes (RFC 4422 section 3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuccessData {
    /// In a last challenge, which the client answers with an empty response.
    AsChallenge,
    /// In the success itself.
    Carried,
}

/// What to do where a client that speaks first had to wait for an empty challenge, and the server filled it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstChallenge {
    /// Fail (RFC 4422 section 3.2).
    MustBeEmpty,
    /// Ignore what it says: servers write words there.
    Ignored,
}
