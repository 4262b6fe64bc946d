//! A protocol's own login among the messages of exchanges: which of them are a name and a password.

use aiosasl::{
    driver::Reply,
    message::{Challenge, ClientMessage},
    own_login,
};

/// Whether the next message is a name and a password, since the request had no room for them.
#[derive(Debug, Default)]
pub(super) struct OwnLogin {
    awaited: bool,
}

/// What a message is.
pub(super) enum Heard<'a> {
    /// Something of a mechanism: it is spelled as such.
    Mechanisms,
    /// A name and a password: they are spelled as the protocol's own login.
    Password(&'a [u8], &'a [u8]),
    /// Nothing that the server is to hear of: this is the answer.
    Answered(Reply),
}

impl OwnLogin {
    /// Hears a message.
    pub(super) fn hear<'a>(&mut self, message: &'a ClientMessage) -> Heard<'a> {
        let octets = match (message, std::mem::take(&mut self.awaited)) {
            (ClientMessage::Authenticate { mechanism, .. }, _)
                if *mechanism != own_login::PASSWORD.name =>
            {
                return Heard::Mechanisms;
            }
            (ClientMessage::Authenticate { initial_response: None, .. }, _) => {
                self.awaited = true;
                return Heard::Answered(Reply::Challenge(Challenge::empty()));
            }
            (ClientMessage::Authenticate { initial_response: Some(first), .. }, _) => first,
            (ClientMessage::Response(response), true) => response,
            (ClientMessage::Abort, true) => return Heard::Answered(Reply::Failure),
            (_, false) => return Heard::Mechanisms,
        };
        // A message without a NUL is no name and no password: two empty ones can't be said, either.
        let (name, password) = own_login::split(octets.as_bytes()).unwrap_or_default();
        Heard::Password(name, password)
    }
}

#[cfg(test)]
mod tests {
    use aiosasl::message::Response;

    use super::*;

    fn request(name: &str, first: Option<&str>) -> ClientMessage {
        ClientMessage::Authenticate {
            mechanism: name.parse().unwrap(),
            initial_response: first.map(|it| Response::new(it.as_bytes())),
        }
    }

    #[test]
    fn a_name_and_a_password_come_with_the_request_or_after_it() {
        let mut own = OwnLogin::default();
        let at_once = request("PASSWORD", Some("user\0pencil"));
        assert!(matches!(own.hear(&at_once), Heard::Password(b"user", b"pencil")));
        let bare = request("PASSWORD", None);
        let first = own.hear(&bare);
        assert!(matches!(first, Heard::Answered(Reply::Challenge(it)) if it.as_bytes().is_empty()));
        let response = ClientMessage::Response(Response::new(*b"user\0pencil"));
        assert!(matches!(own.hear(&response), Heard::Password(b"user", b"pencil")));
        assert!(matches!(own.hear(&response), Heard::Mechanisms));
        let _ = own.hear(&request("PASSWORD", None));
        assert!(matches!(own.hear(&ClientMessage::Abort), Heard::Answered(Reply::Failure)));
    }

    #[test]
    fn mechanisms_are_left_alone() {
        let mut own = OwnLogin::default();
        let _ = own.hear(&request("PASSWORD", None));
        assert!(matches!(own.hear(&request("SCRAM-SHA-1", Some("x"))), Heard::Mechanisms));
        assert!(matches!(own.hear(&ClientMessage::Abort), Heard::Mechanisms));
    }
}
