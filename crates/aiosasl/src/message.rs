//! What may be said in an exchange: requests, challenges, responses, outcomes (RFC 4422 section 3).

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use crate::{
    binding::BindingKind,
    error::{Failure, FailureCode},
    identity::{AuthenticationId, AuthorizationId},
    layer::SecurityLayer,
    name::MechanismName,
    secret::Secret,
};

macro_rules! octets {
    ($(#[doc = $doc:literal] $name:ident)+) => {$(
        #[doc = $doc]
        ///
        /// Raw octets, before any transfer encoding; wiped on drop, and `Debug` shows the length alone.
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Secret);

        impl $name {
            /// A message of no octets, which is not the same as no message.
            pub fn empty() -> Self {
                Self(Secret::default())
            }

            /// A message of these octets.
            pub fn new(octets: impl Into<Vec<u8>>) -> Self {
                Self(Secret::new(octets))
            }

            /// Its octets.
            pub fn as_bytes(&self) -> &[u8] {
                self.0.expose()
            }

            /// Whether there are none.
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({} octets)"), self.0.len())
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                self.as_bytes()
            }
        }

        impl From<Vec<u8>> for $name {
            fn from(octets: Vec<u8>) -> Self {
                Self::new(octets)
            }
        }
    )+};
}

octets! {
    /// What a server says before the outcome.
    Challenge
    /// What a client says, initially or to a challenge.
    Response
}

/// A client's message, for the profile to spell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// Starts an exchange.
    Authenticate {
        /// Which mechanism.
        mechanism: MechanismName,
        /// Absent and empty are two things (RFC 4422 section 3.3).
        initial_response: Option<Response>,
    },
    /// Answers a challenge.
    Response(Response),
    /// Gives up; the server still answers, with a failure.
    Abort,
}

/// A server's message, for the profile to spell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerMessage {
    /// Wants a response.
    Challenge(Challenge),
    /// The outcome is good, says the server.
    Success {
        /// The mechanism's last words, where the protocol carries them here.
        additional_data: Option<Challenge>,
    },
    /// The outcome is bad; it never carries mechanism data (RFC 4422 section 3.6).
    Failure(FailureCode),
}

/// How an exchange ended, as the server that decided it sees it.
#[must_use = "the peer waits for the outcome, and only a success lets it in"]
#[derive(Debug)]
pub enum Outcome {
    /// The client is who it says it is, and may act as it asked.
    Success(Success),
    /// It may not come in.
    Failure(Failure),
}

impl Outcome {
    /// What the client is to hear; takes the additional data out of a success.
    pub fn message(&mut self) -> ServerMessage {
        match self {
            Self::Success(success) => {
                ServerMessage::Success { additional_data: success.additional_data.take() }
            }
            Self::Failure(failure) => ServerMessage::Failure(failure.code),
        }
    }
}

/// Who came in.
#[derive(Debug)]
#[non_exhaustive]
pub struct Success {
    /// By which mechanism.
    pub mechanism: MechanismName,
    /// Whose credentials they were.
    pub identity: Identity,
    /// As whom they act, where that is somebody else.
    pub authorization_id: Option<AuthorizationId>,
    /// The mechanism's last words, where they are not said yet.
    pub additional_data: Option<Challenge>,
    /// The type of the channel binding that was verified.
    pub channel_binding: Option<BindingKind>,
    /// What has to be put around all that follows.
    pub security_layer: Option<Box<dyn SecurityLayer>>,
}

impl Success {
    pub(crate) fn new(
        mechanism: MechanismName,
        proven: Proven,
        additional_data: Option<Challenge>,
    ) -> Self {
        Self {
            mechanism,
            identity: proven.identity,
            authorization_id: proven.authorization_id,
            additional_data,
            channel_binding: proven.channel_binding,
            security_layer: proven.security_layer,
        }
    }
}

/// Who a server's mechanism found the client to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Nobody in particular (RFC 4505); the trace is what the client chose to say, and proves nothing.
    Anonymous {
        /// An e-mail address or a token, if any.
        trace: Option<Box<str>>,
    },
    /// An identity whose credentials were verified.
    Known(AuthenticationId),
}

impl Identity {
    /// The identity whose credentials were verified, if any.
    pub fn authentication_id(&self) -> Option<&AuthenticationId> {
        match self {
            Self::Anonymous { .. } => None,
            Self::Known(identity) => Some(identity),
        }
    }
}

/// What a server's mechanism has found out. It does not decide: [`Query::Authorize`](crate::query::Query) does.
#[derive(Debug)]
#[non_exhaustive]
pub struct Proven {
    /// Whose credentials they are.
    pub identity: Identity,
    /// As whom the client wants to act, where it says so.
    pub authorization_id: Option<AuthorizationId>,
    /// The mechanism's last words to the client.
    pub additional_data: Option<Challenge>,
    /// The type of the channel binding that was verified.
    pub channel_binding: Option<BindingKind>,
    /// What has to be put around all that follows.
    pub security_layer: Option<Box<dyn SecurityLayer>>,
}

impl Proven {
    /// Verified credentials of this identity, and nothing else; set the other fields as needed.
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            authorization_id: None,
            additional_data: None,
            channel_binding: None,
            security_layer: None,
        }
    }
}

impl From<AuthenticationId> for Proven {
    fn from(identity: AuthenticationId) -> Self {
        Self::new(Identity::Known(identity))
    }
}
