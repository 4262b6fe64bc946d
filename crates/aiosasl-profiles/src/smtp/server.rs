//! SMTP's server half: commands, responses, and the replies to them (RFC 4954, 5321).

use aiosasl::{
    encoding::{decode, encode},
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
};
use zeroize::Zeroizing;

use super::{Dialect, EnhancedCode, MAX_COMMAND, Reply};

/// What a client commands outside of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Starts an exchange, or would, were it not for the reason why not.
    Auth(Result<Auth, FailureCode>),
    /// Opens the session, and wants to know what is offered; in LMTP, that is `LHLO`.
    Ehlo,
    /// Opens the session, the old way.
    Helo,
    /// Begins or goes on with a mail: what we have no use for, and nobody may before they have authenticated.
    Mail,
    /// Breaks the grammar; the reply says how.
    Malformed(Reply),
    /// Does nothing.
    Noop,
    /// Says good bye.
    Quit,
    /// Gives up a mail.
    Rset,
    /// Wants TLS (RFC 3207).
    StartTls,
}

/// What starts an exchange (RFC 4954 section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// Which mechanism.
    pub mechanism: MechanismName,
    /// Absent and empty (`=`) are two things.
    pub initial_response: Option<Response>,
}

impl Command {
    /// Reads a line of SMTP without its CRLF.
    ///
    /// Only `AUTH` may be longer than [`MAX_COMMAND`]: some clients send initial responses of any length.
    pub fn parse(line: &[u8]) -> Self {
        Self::parse_in(Dialect::Smtp, line)
    }

    /// Reads a line of either protocol, likewise: each has its own way to open a session, and knows no other.
    pub fn parse_in(dialect: Dialect, line: &[u8]) -> Self {
        let (verb, arguments) = match line.iter().position(|octet| *octet == b' ') {
            Some(space) => line.split_at(space),
            None => (line, [].as_slice()),
        };
        let verb = verb.to_ascii_uppercase();
        if verb != b"AUTH" && line.len() > MAX_COMMAND - "\r\n".len() {
            return Self::Malformed(failure(FailureCode::TooLarge));
        }
        match (verb.as_slice(), arguments.trim_ascii()) {
            (b"AUTH", []) => Self::Malformed(syntax("Expected a mechanism")),
            (b"AUTH", arguments) => Self::parse_auth(arguments),
            (b"EHLO" | b"HELO" | b"LHLO", arguments) => {
                Self::parse_hello(dialect, &verb, arguments)
            }
            (b"BDAT" | b"DATA" | b"ETRN" | b"EXPN" | b"MAIL" | b"RCPT" | b"VRFY", _) => Self::Mail,
            (b"NOOP", _) => Self::Noop,
            (b"QUIT", []) => Self::Quit,
            (b"RSET", []) => Self::Rset,
            (b"STARTTLS", []) => Self::StartTls,
            (b"QUIT" | b"RSET" | b"STARTTLS", _) => Self::Malformed(syntax("Expected no argument")),
            _ => Self::Malformed(unknown()),
        }
    }

    fn parse_hello(dialect: Dialect, verb: &[u8], arguments: &[u8]) -> Self {
        match (dialect, verb) {
            (Dialect::Smtp, b"EHLO" | b"HELO") | (Dialect::Lmtp, b"LHLO")
                if arguments.is_empty() =>
            {
                Self::Malformed(syntax("Expected a host name"))
            }
            (Dialect::Smtp, b"EHLO") | (Dialect::Lmtp, b"LHLO") => Self::Ehlo,
            (Dialect::Smtp, b"HELO") => Self::Helo,
            _ => Self::Malformed(unknown()),
        }
    }

    fn parse_auth(arguments: &[u8]) -> Self {
        let mut words = arguments.split(|octet| *octet == b' ');
        let (name, token) = (words.next().unwrap_or_default(), words.next());
        if words.next().is_some() {
            return Self::Malformed(syntax("Expected a mechanism and a response"));
        }
        Self::Auth(auth(name, token))
    }
}

fn auth(name: &[u8], token: Option<&[u8]>) -> Result<Auth, FailureCode> {
    let mechanism =
        MechanismName::parse_any_case(name).map_err(|_| FailureCode::MechanismUnknown)?;
    let initial_response = match token {
        None => None,
        Some(b"=") => Some(Response::empty()),
        Some(token) => Some(response(token)?),
    };
    Ok(Auth { mechanism, initial_response })
}

/// Reads a line inside an exchange, without its CRLF.
///
/// # Errors
///
/// [`FailureCode::BadEncoding`] where it is no base64: the exchange is over with it.
pub fn hear(line: &[u8]) -> Result<ClientMessage, FailureCode> {
    match line {
        b"*" => Ok(ClientMessage::Abort),
        token => response(token).map(ClientMessage::Response),
    }
}

fn response(token: &[u8]) -> Result<Response, FailureCode> {
    decode(token).map(Response::new).map_err(|_| FailureCode::BadEncoding)
}

/// The line of a challenge, CRLF included; where there is nothing to say, it still has its space.
pub fn challenge(challenge: &Challenge) -> Zeroizing<Vec<u8>> {
    let token = Zeroizing::new(encode(challenge.as_bytes()));
    Zeroizing::new([b"334 ", token.as_bytes(), b"\r\n"].concat())
}

/// The reply to an exchange that ended well.
pub fn success() -> Reply {
    Reply::new(235, EnhancedCode(2, 7, 0), "Authentication successful")
}

/// The reply to a failed exchange: what the client may know, and no more (RFC 4954 section 6).
pub fn failure(code: FailureCode) -> Reply {
    let (code, enhanced, text) = match code {
        FailureCode::Aborted => (501, EnhancedCode(5, 7, 0), "Authentication cancelled"),
        FailureCode::AccountDisabled => (525, EnhancedCode(5, 7, 13), "Account disabled"),
        FailureCode::CredentialsExpired => (535, EnhancedCode(5, 7, 8), "Credentials expired"),
        FailureCode::BadEncoding => (501, EnhancedCode(5, 5, 2), "Cannot decode base64"),
        FailureCode::EncryptionRequired => {
            (538, EnhancedCode(5, 7, 11), "Encryption required for this mechanism")
        }
        FailureCode::InitialResponseNotAllowed => {
            (501, EnhancedCode(5, 7, 0), "The mechanism takes no initial response")
        }
        FailureCode::MechanismTooWeak => (534, EnhancedCode(5, 7, 9), "Mechanism too weak"),
        FailureCode::MechanismUnknown => (504, EnhancedCode(5, 5, 4), "Mechanism not available"),
        FailureCode::PasswordTransitionNeeded => {
            (432, EnhancedCode(4, 7, 12), "A password transition is needed")
        }
        FailureCode::Temporary => (454, EnhancedCode(4, 7, 0), "Temporary authentication failure"),
        FailureCode::TooLarge => (500, EnhancedCode(5, 5, 6), "Line too long"),
        FailureCode::Malformed => (501, EnhancedCode(5, 5, 2), "Malformed message"),
        FailureCode::WrongState => (503, EnhancedCode(5, 5, 1), "Bad sequence of commands"),
        // Wrong credentials, an authorization refused, and whatever is not named yet.
        _ => (535, EnhancedCode(5, 7, 8), "Authentication failed"),
    };
    Reply::new(code, enhanced, text)
}

fn unknown() -> Reply {
    Reply::new(500, EnhancedCode(5, 5, 1), "Command not recognized")
}

fn syntax(text: &str) -> Reply {
    Reply::new(501, EnhancedCode(5, 5, 4), text)
}

/// The reply to EHLO: who we are, and what we offer now (RFC 5321 section 4.1.1.1).
pub fn capabilities(host: &str, mechanisms: &[MechanismName], start_tls: bool) -> Reply {
    let mut lines = vec![host.to_owned(), "ENHANCEDSTATUSCODES".to_owned()];
    if start_tls {
        lines.push("STARTTLS".to_owned());
    }
    if !mechanisms.is_empty() {
        let names: Vec<&str> = mechanisms.iter().map(MechanismName::as_str).collect();
        lines.push(format!("AUTH {}", names.join(" ")));
    }
    Reply { code: 250, enhanced: None, lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &str) -> String {
        let reply = match Command::parse(line.as_bytes()) {
            Command::Malformed(reply) => reply,
            Command::Auth(Err(code)) => failure(code),
            other => panic!("{line}: {other:?}"),
        };
        reply.code_text()
    }

    #[test]
    fn malformed_commands_are_told_why() {
        for (line, expected) in [
            ("", "500 5.5.1"),
            ("FOO", "500 5.5.1"),
            ("EHLO", "501 5.5.4"),
            ("EHLO  ", "501 5.5.4"),
            ("AUTH", "501 5.5.4"),
            ("AUTH ", "501 5.5.4"),
            ("AUTH bad,name", "504 5.5.4"),
            ("AUTH A-NAME-OF-MORE-THAN-20-OCTETS", "504 5.5.4"),
            ("AUTH SCRAM-SHA-256 A===", "501 5.5.2"),
            ("AUTH SCRAM-SHA-256 AA== AA==", "501 5.5.4"),
            ("AUTH SCRAM-SHA-256 *", "501 5.5.2"),
            ("QUIT now", "501 5.5.4"),
            (&format!("NOOP {}", "x".repeat(506)), "500 5.5.6"),
        ] {
            assert_eq!(refusal(line), expected, "{line}");
        }
    }

    #[test]
    fn commands_are_read_in_any_case() {
        for (line, command) in [
            ("ehlo [127.0.0.1]", Command::Ehlo),
            ("HELO me", Command::Helo),
            ("noop", Command::Noop),
            ("NOOP whatever", Command::Noop),
            ("Quit ", Command::Quit),
            ("RSET", Command::Rset),
            ("StartTLS", Command::StartTls),
            ("MAIL FROM:<a@b>", Command::Mail),
        ] {
            assert_eq!(Command::parse(line.as_bytes()), command, "{line}");
        }
    }

    #[test]
    fn each_dialect_has_its_own_greeting_and_no_other() {
        let lmtp = |line: &str| Command::parse_in(Dialect::Lmtp, line.as_bytes());
        assert_eq!(lmtp("lhlo me"), Command::Ehlo);
        for line in ["EHLO me", "HELO me", "EHLO"] {
            let Command::Malformed(reply) = lmtp(line) else { panic!("{line}") };
            assert_eq!(reply.code_text(), "500 5.5.1", "{line}");
        }
        let Command::Malformed(reply) = lmtp("LHLO") else { panic!("LHLO without a name") };
        assert_eq!(reply.code_text(), "501 5.5.4");
        assert_eq!(refusal("LHLO me"), "500 5.5.1");
        assert_eq!(lmtp("NOOP"), Command::parse(b"NOOP"));
    }

    #[test]
    fn an_initial_response_may_be_absent_empty_and_long() {
        let auth = |text: &str| match Command::parse(text.as_bytes()) {
            Command::Auth(Ok(it)) => it,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(auth("auth plain").initial_response, None);
        assert_eq!(auth("AUTH PLAIN =").initial_response, Some(Response::empty()));
        let long = format!("AUTH PLAIN {}", "AAAA".repeat(3000));
        assert_eq!(auth(&long).initial_response.unwrap().as_bytes().len(), 9000);
    }

    #[test]
    fn lines_of_an_exchange_are_aborts_or_strict_base64() {
        assert_eq!(hear(b"*"), Ok(ClientMessage::Abort));
        assert_eq!(hear(b""), Ok(ClientMessage::Response(Response::empty())));
        for line in ["=", "AB==", " AA==", "AA==\r", "**", "A"] {
            assert_eq!(hear(line.as_bytes()), Err(FailureCode::BadEncoding), "{line:?}");
        }
    }

    #[test]
    fn credentials_and_authorization_look_the_same() {
        let wrong = failure(FailureCode::InvalidCredentials);
        assert_eq!(wrong, failure(FailureCode::AuthorizationDenied));
    }

    #[test]
    fn every_refusal_comes_back_as_what_it_was() {
        for code in [
            FailureCode::AccountDisabled,
            FailureCode::BadEncoding,
            FailureCode::EncryptionRequired,
            FailureCode::InitialResponseNotAllowed,
            FailureCode::InvalidCredentials,
            FailureCode::MechanismTooWeak,
            FailureCode::MechanismUnknown,
            FailureCode::PasswordTransitionNeeded,
            FailureCode::Temporary,
            FailureCode::TooLarge,
            FailureCode::WrongState,
        ] {
            assert_eq!(super::super::client::failure_code(&failure(code)), code);
        }
    }
}
