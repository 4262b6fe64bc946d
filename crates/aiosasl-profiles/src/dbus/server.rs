//! The server's half of D-Bus's authentication: what lines say in an exchange, and the lines that answer.

use aiosasl::{
    error::FailureCode,
    message::{Challenge, ClientMessage, ServerMessage},
    name::MechanismName,
};

use super::{ClientLine, ServerLine};

/// What a line says in an exchange, or to begin one.
///
/// # Errors
///
/// [`FailureCode::WrongState`] for lines that say nothing there.
pub fn hear(line: ClientLine) -> Result<ClientMessage, FailureCode> {
    match line {
        ClientLine::Auth(mechanism, initial_response) => {
            Ok(ClientMessage::Authenticate { mechanism, initial_response })
        }
        ClientLine::Data(response) => Ok(ClientMessage::Response(response)),
        ClientLine::Cancel | ClientLine::Error(_) => Ok(ClientMessage::Abort),
        ClientLine::Ask | ClientLine::Begin | ClientLine::NegotiateUnixFd => {
            Err(FailureCode::WrongState)
        }
    }
}

/// The line that says this, of a bus of this name with these mechanisms.
pub fn answer(message: ServerMessage, guid: &str, mechanisms: &[MechanismName]) -> ServerLine {
    match message {
        ServerMessage::Challenge(challenge) => ServerLine::Data(challenge),
        // There is no room for last words: the profile has them in a challenge.
        ServerMessage::Success { .. } => ServerLine::Ok(guid.to_owned()),
        ServerMessage::Failure(_) => {
            ServerLine::Rejected(mechanisms.iter().map(ToString::to_string).collect())
        }
    }
}

/// The challenge that asks for an initial response which was empty or not there.
pub fn empty() -> ServerLine {
    ServerLine::Data(Challenge::empty())
}

#[cfg(test)]
mod tests {
    use aiosasl::message::Response;

    use super::*;

    #[test]
    fn lines_are_messages() {
        let heard = |line: &[u8]| hear(ClientLine::parse(line).unwrap());
        let mechanism = "X-ID".parse().unwrap();
        let first =
            |initial_response| Ok(ClientMessage::Authenticate { mechanism, initial_response });
        assert_eq!(heard(b"AUTH X-ID 61"), first(Some(Response::new(*b"a"))));
        assert_eq!(heard(b"AUTH X-ID"), first(None));
        assert_eq!(heard(b"AUTH X-ID "), first(None));
        assert_eq!(heard(b"DATA"), Ok(ClientMessage::Response(Response::empty())));
        assert_eq!(heard(b"CANCEL"), Ok(ClientMessage::Abort));
        assert_eq!(heard(b"AUTH"), Err(FailureCode::WrongState));
        let refused = answer(ServerMessage::Failure(FailureCode::Temporary), "a", &[mechanism]);
        assert_eq!(refused.to_line().as_slice(), b"REJECTED X-ID\r\n");
        assert_eq!(empty().to_line().as_slice(), b"DATA\r\n");
    }
}
