//! The client's half of D-Bus's authentication: messages to lines, and lines to what they mean.

use aiosasl::{
    driver::Reply,
    message::{ClientMessage, Response},
};

use super::{ClientLine, ServerLine};
use crate::{Said, WireClass, WireError};

/// The line of a message. An empty initial response looks like none: a bus asks for it then by an empty challenge, to be
/// answered with an empty response ([`asks_for_nothing`]).
pub fn request(message: &ClientMessage) -> ClientLine {
    match message {
        ClientMessage::Authenticate { mechanism, initial_response } => {
            let first = initial_response.clone().filter(|it| !it.is_empty());
            ClientLine::Auth(*mechanism, first)
        }
        ClientMessage::Response(response) => ClientLine::Data(response.clone()),
        ClientMessage::Abort => ClientLine::Cancel,
    }
}

/// Whether this answer to this message only asks for the empty initial response.
pub fn asks_for_nothing(message: &ClientMessage, line: &ServerLine) -> bool {
    let is_empty = match message {
        ClientMessage::Authenticate { initial_response, .. } => {
            initial_response.as_ref().is_some_and(Response::is_empty)
        }
        _ => false,
    };
    is_empty && matches!(line, ServerLine::Data(challenge) if challenge.is_empty())
}

/// What a line says in an exchange.
///
/// # Errors
///
/// A [`WireError`] where the server refuses (except to an abort, where that is a reply), or says what it may not. A refusal
/// is of class [`Mechanism`](WireClass::Mechanism) where the mechanism is not among those that it names.
pub fn hear(line: ServerLine, message: &ClientMessage) -> Result<Reply, WireError> {
    match (line, Said::from(message)) {
        (ServerLine::Rejected(_), Said::Abort) => Ok(Reply::Failure),
        (ServerLine::Data(challenge), _) => Ok(Reply::Challenge(challenge)),
        (ServerLine::Ok(_), _) => Ok(Reply::Success(None)),
        (ServerLine::Rejected(names), _) => {
            let is_unknown = match message {
                ClientMessage::Authenticate { mechanism, .. } => {
                    names.iter().all(|name| name != mechanism.as_str())
                }
                _ => false,
            };
            let class = if is_unknown { WireClass::Mechanism } else { WireClass::Credentials };
            Err(WireError::told(class, "REJECTED", names.join(" ")))
        }
        (ServerLine::Error(text), _) => Err(WireError::told(WireClass::Protocol, "ERROR", text)),
        (ServerLine::AgreeUnixFd, _) => {
            Err(WireError::protocol("expected DATA, OK or REJECTED, found AGREE_UNIX_FD"))
        }
    }
}

#[cfg(test)]
mod tests {
    use aiosasl::message::{Challenge, Response};

    use super::*;

    fn authenticate(first: Option<&[u8]>) -> ClientMessage {
        let initial_response = first.map(Response::new);
        ClientMessage::Authenticate { mechanism: "X-ID".parse().unwrap(), initial_response }
    }

    fn spelt(message: &ClientMessage) -> String {
        String::from_utf8(request(message).to_line().to_vec()).unwrap()
    }

    #[test]
    fn messages_are_hexadecimal() {
        assert_eq!(spelt(&authenticate(Some(b"1000"))), "AUTH X-ID 31303030\r\n");
        assert_eq!(spelt(&authenticate(Some(b""))), "AUTH X-ID\r\n");
        assert_eq!(spelt(&authenticate(None)), "AUTH X-ID\r\n");
        assert_eq!(spelt(&ClientMessage::Response(Response::new(*b"a\0"))), "DATA 6100\r\n");
        assert_eq!(spelt(&ClientMessage::Response(Response::empty())), "DATA\r\n");
        assert_eq!(spelt(&ClientMessage::Abort), "CANCEL\r\n");
    }

    #[test]
    fn an_empty_response_is_asked_for() {
        let nothing = ServerLine::parse(b"DATA").unwrap();
        assert!(asks_for_nothing(&authenticate(Some(b"")), &nothing));
        assert!(!asks_for_nothing(&authenticate(None), &nothing));
        assert!(!asks_for_nothing(&authenticate(Some(b"a")), &nothing));
        let something = ServerLine::parse(b"DATA 61").unwrap();
        assert!(!asks_for_nothing(&authenticate(Some(b"")), &something));
    }

    #[test]
    fn answers_are_told_apart() {
        let first = authenticate(Some(b"a"));
        let heard = |line: &str, message: &ClientMessage| {
            hear(ServerLine::parse(line.as_bytes()).unwrap(), message)
        };
        let challenge = heard("DATA 6162", &first);
        assert_eq!(challenge, Ok(Reply::Challenge(Challenge::new(*b"ab"))));
        assert_eq!(heard("OK 0123abcd", &first), Ok(Reply::Success(None)));
        let class = |line: &str| heard(line, &first).unwrap_err().class;
        assert_eq!(class("REJECTED X-OTHER"), WireClass::Mechanism);
        assert_eq!(class("REJECTED X-OTHER X-ID"), WireClass::Credentials);
        assert_eq!(class("ERROR what?"), WireClass::Protocol);
        assert_eq!(heard("REJECTED X-ID", &ClientMessage::Abort), Ok(Reply::Failure));
    }

    #[test]
    fn what_is_no_line_is_refused_and_no_secret_told() {
        for line in [&b"DATA 6"[..], b"DATA 6g", b"data", b"", b"\xff", b"NOTICE 61"] {
            assert!(ServerLine::parse(line).is_err(), "{line:?}");
        }
        let error = ClientLine::parse(b"Auth PLAIN 70656e63696c").unwrap_err();
        assert!(!error.text.contains("70656e"), "{error}");
    }
}
