//! The client's half of IRC: SASL messages and the few commands around them to lines, and lines to what they mean.

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage},
};
use zeroize::Zeroizing;

use super::{
    Message, Numeric,
    chunks::{self, Chunks, Heard},
};
use crate::{Said, WireClass, WireError};

/// What a client says apart from an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// No more capabilities: registration may end.
    CapEnd,
    /// What can the server do?
    CapLs,
    /// This one, please.
    CapRequest(&'a str),
    /// I shall be called so.
    Nick(&'a str),
    /// I am still here.
    Pong(&'a [u8]),
    /// Good bye.
    Quit,
    /// Let us speak TLS.
    StartTls,
    /// And this is my user's name.
    User(&'a str),
}

impl Command<'_> {
    /// The command's line, with its ending.
    pub fn to_line(self) -> Zeroizing<Vec<u8>> {
        let (command, parameters): (&str, Vec<&[u8]>) = match self {
            Self::CapEnd => ("CAP", vec![b"END"]),
            Self::CapLs => ("CAP", vec![b"LS", b"302"]),
            Self::CapRequest(name) => ("CAP", vec![b"REQ", name.as_bytes()]),
            Self::Nick(name) => ("NICK", vec![name.as_bytes()]),
            Self::Pong(token) => ("PONG", vec![token]),
            Self::Quit => ("QUIT", vec![]),
            Self::StartTls => ("STARTTLS", vec![]),
            Self::User(name) => ("USER", vec![name.as_bytes(), b"0", b"*", name.as_bytes()]),
        };
        Message { source: None, command: command.as_bytes(), parameters }.to_line()
    }
}

/// The lines of a SASL message, each with its ending. A request carries no initial response
/// ([`PROFILE`](super::PROFILE)).
pub fn spell(message: &ClientMessage) -> Zeroizing<Vec<u8>> {
    match message {
        ClientMessage::Authenticate { mechanism, .. } => {
            Zeroizing::new(format!("AUTHENTICATE {mechanism}\r\n").into_bytes())
        }
        ClientMessage::Response(response) => chunks::spell(response.as_bytes()),
        ClientMessage::Abort => Zeroizing::new(b"AUTHENTICATE *\r\n".to_vec()),
    }
}

/// Hears a server's answer, which may take several messages. Each answer wants a new one.
#[derive(Debug)]
pub struct Listener {
    said: Said,
    chunks: Chunks,
    /// Whether the server has listed its mechanisms: ours is none of them.
    listed: bool,
}

impl Listener {
    /// A listener to the answer to what was said.
    pub fn new(said: Said) -> Self {
        Self { said, chunks: Chunks::default(), listed: false }
    }

    /// What a message says; `None` for one that concerns something else, or is not the last.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the server refuses (except to an abort, where that is a reply), hangs up, or says what
    /// it may not.
    pub fn hear(&mut self, message: &Message<'_>) -> Result<Option<driver::Reply>, WireError> {
        if message.is("AUTHENTICATE") {
            return self.challenge(message.text());
        }
        if message.is("ERROR") {
            return Err(WireError::told(WireClass::Connection, "ERROR", message.text()));
        }
        let Some(numeric) = message.numeric() else { return Ok(None) };
        match numeric {
            Numeric::SASL_SUCCESS => Ok(Some(driver::Reply::Success(None))),
            Numeric::SASL_MECHANISMS => {
                self.listed = true;
                Ok(None)
            }
            Numeric::NICK_LOCKED
            | Numeric::SASL_FAIL
            | Numeric::SASL_TOO_LONG
            | Numeric::SASL_ABORTED
            | Numeric::SASL_ALREADY => self.refused(numeric, message.text()).map(Some),
            // AUTHENTICATE itself is unknown: some servers say so, where it was not asked for.
            Numeric::UNKNOWN_COMMAND | Numeric::NOT_REGISTERED => {
                Err(WireError::told(WireClass::Mechanism, numeric.to_string(), message.text()))
            }
            _ => Ok(None),
        }
    }

    fn challenge(&mut self, chunk: &[u8]) -> Result<Option<driver::Reply>, WireError> {
        match self.chunks.push(chunk) {
            Ok(Heard::More) => Ok(None),
            Ok(Heard::Message(octets)) => {
                Ok(Some(driver::Reply::Challenge(Challenge::new(octets.expose()))))
            }
            Ok(Heard::Abort) => Err(WireError::protocol("expected a challenge, found an abort")),
            Err(error) => Err(WireError::protocol(format!("a challenge: {error}"))),
        }
    }

    /// Without a mechanism's list, 904 is about the credentials, unless the server has not seen any.
    fn refused(&self, numeric: Numeric, text: &[u8]) -> Result<driver::Reply, WireError> {
        let class = match (numeric, self.said) {
            (Numeric::SASL_ALREADY, _) => WireClass::Protocol,
            (_, Said::Abort) => return Ok(driver::Reply::Failure),
            (Numeric::SASL_FAIL, _) if self.listed => WireClass::Mechanism,
            (Numeric::SASL_FAIL, Said::Request) => WireClass::Mechanism,
            (Numeric::SASL_TOO_LONG, _) => WireClass::Protocol,
            (Numeric::SASL_ABORTED, _) => WireClass::Aborted,
            _ => WireClass::Credentials,
        };
        Err(WireError::told(class, numeric.to_string(), text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(lines: &[&str], said: Said) -> WireClass {
        let mut listener = Listener::new(said);
        for line in lines {
            match listener.hear(&Message::parse(line.as_bytes()).unwrap()) {
                Ok(None) => {}
                Ok(Some(reply)) => panic!("{reply:?}"),
                Err(error) => return error.class,
            }
        }
        panic!("no answer: {lines:?}")
    }

    #[test]
    fn commands_are_lines() {
        for (command, line) in [
            (Command::CapLs, "CAP LS 302"),
            (Command::CapRequest("sasl"), "CAP REQ sasl"),
            (Command::CapEnd, "CAP END"),
            (Command::Nick("me"), "NICK me"),
            (Command::User("me"), "USER me 0 * me"),
            (Command::Pong(b"a b"), "PONG :a b"),
            (Command::StartTls, "STARTTLS"),
            (Command::Quit, "QUIT"),
        ] {
            assert_eq!(command.to_line().as_slice(), format!("{line}\r\n").as_bytes());
        }
    }

    #[test]
    fn refusals_mean_what_they_can_mean() {
        let unknown = [
            ":s 908 n PLAIN :are available SASL mechanisms",
            ":s 904 n :SASL authentication failed",
        ];
        assert_eq!(class(&unknown, Said::Response), WireClass::Mechanism);
        for (line, said, expected) in [
            (":s 904 n :failed", Said::Request, WireClass::Mechanism),
            (":s 904 n :failed", Said::Response, WireClass::Credentials),
            (":s 902 n :locked", Said::Response, WireClass::Credentials),
            (":s 905 n :too long", Said::Response, WireClass::Protocol),
            (":s 906 n :aborted", Said::Response, WireClass::Aborted),
            (":s 907 n :already", Said::Request, WireClass::Protocol),
            (":s 907 n :already", Said::Abort, WireClass::Protocol),
            (":s 421 n AUTHENTICATE :unknown", Said::Request, WireClass::Mechanism),
            ("ERROR :closing link", Said::Response, WireClass::Connection),
            ("AUTHENTICATE A", Said::Request, WireClass::Protocol),
            ("AUTHENTICATE *", Said::Request, WireClass::Protocol),
        ] {
            assert_eq!(class(&[line], said), expected, "{line} after {said:?}");
        }
    }

    #[test]
    fn other_messages_are_no_answers() {
        let mut listener = Listener::new(Said::Response);
        for line in [
            ":s NOTICE * :hello",
            "PING x",
            ":s 900 n n!u@h a :in",
            ":s 901 n n!u@h :out",
            ":s 001 n :welcome",
        ] {
            let heard = listener.hear(&Message::parse(line.as_bytes()).unwrap());
            assert_eq!(heard, Ok(None), "{line}");
        }
        let success = Message::parse(b":s 903 n :ok").unwrap();
        assert_eq!(listener.hear(&success), Ok(Some(driver::Reply::Success(None))));
    }
}
