//! The server's half of IRC: a client's lines to commands, and what becomes of an exchange to lines.

use aiosasl::{error::FailureCode, message::Challenge, name::MechanismName, secret::Secret};
use zeroize::Zeroizing;

use super::{
    MAX_MESSAGE, Message, Numeric,
    chunks::{self, ChunkError, MAX_CHUNK},
};
use crate::line::Line;

/// The longest nickname, in octets.
pub const MAX_NICKNAME: usize = 30;
/// The longest word of somebody else's taken over into a line of ours, in octets.
const MAX_WORD: usize = 63;

/// What a client that is not registered may want.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// A mechanism's name, a chunk, or an abort: which one depends on what was said before.
    Authenticate(Secret),
    /// Something about capabilities.
    Cap(Cap),
    /// No message at all, an empty line for one: nobody answers.
    Ignored,
    /// A command that lacks parameters; this one.
    Incomplete(String),
    /// A nickname; `None` where it is none.
    Nick(Option<String>),
    /// A sign of life is wanted, with these words.
    Ping(Vec<u8>),
    /// A sign of life.
    Pong,
    /// To leave.
    Quit,
    /// TLS.
    StartTls,
    /// A line that is too long.
    TooLong,
    /// Something else: this.
    Unknown(String),
    /// A user's name.
    User(String),
}

/// What a client may want of capabilities (IRCv3 capability negotiation).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cap {
    /// There is nothing more to negotiate.
    End,
    /// Which are in force?
    List,
    /// Which are there? With values, or without: that takes version 302.
    Ls(CapVersion),
    /// These, or (with a `-`) no longer these.
    Request(Vec<String>),
    /// Something else: this.
    Unknown(String),
}

/// Which version of capability negotiation a client knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapVersion {
    /// The first: capabilities have no values.
    First,
    /// 302 or later.
    WithValues,
}

impl Command {
    /// Reads a line, its ending not included.
    pub fn parse(line: &[u8]) -> Self {
        let Ok(message) = Message::parse(line) else { return Self::Ignored };
        let command = message.command.to_ascii_uppercase();
        let first = message.parameters.first().copied();
        // Chunks have a limit of their own, and an answer of their own.
        let fits =
            command == b"AUTHENTICATE" || line.starts_with(b"@") || line.len() <= MAX_MESSAGE;
        match (command.as_slice(), first) {
            _ if !fits => Self::TooLong,
            (b"AUTHENTICATE", Some(it)) => Self::Authenticate(Secret::new(it)),
            (b"CAP", Some(_)) => Self::Cap(Cap::of(&message.parameters)),
            (b"NICK", it) => Self::Nick(it.and_then(nickname)),
            (b"PING", Some(it)) => Self::Ping(it.to_vec()),
            (b"PONG", _) => Self::Pong,
            (b"QUIT", _) => Self::Quit,
            (b"STARTTLS", _) => Self::StartTls,
            (b"USER", Some(it)) if message.parameters.len() >= 4 => Self::User(word(it)),
            (b"AUTHENTICATE" | b"CAP" | b"PING" | b"USER", _) => Self::Incomplete(word(&command)),
            _ => Self::Unknown(word(message.command)),
        }
    }
}

impl Cap {
    fn of(parameters: &[&[u8]]) -> Self {
        let Some((name, rest)) = parameters.split_first() else {
            return Self::Unknown(word(b""));
        };
        let words = |list: &[u8]| -> Vec<String> {
            let words = list.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
            words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
        };
        match (name.to_ascii_uppercase().as_slice(), rest) {
            (b"END", _) => Self::End,
            (b"LIST", _) => Self::List,
            (b"LS", rest) => Self::Ls(CapVersion::of(rest.first().copied().unwrap_or_default())),
            (b"REQ", [list, ..]) => Self::Request(words(list)),
            _ => Self::Unknown(word(name)),
        }
    }
}

impl CapVersion {
    fn of(text: &[u8]) -> Self {
        let version = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u32>().ok());
        if version.is_some_and(|version| version >= 302) { Self::WithValues } else { Self::First }
    }
}

/// The mechanism that a request names.
///
/// # Errors
///
/// [`FailureCode`]: why no exchange begins.
pub fn mechanism(parameter: &[u8]) -> Result<MechanismName, FailureCode> {
    if parameter.len() > MAX_CHUNK {
        return Err(FailureCode::TooLarge);
    }
    // Services have longer names than RFC 4422 allows.
    MechanismName::parse_relaxed(parameter.to_ascii_uppercase())
        .map_err(|_| FailureCode::MechanismUnknown)
}

/// What chunks that are no message do to the exchange.
pub fn refusal(error: ChunkError) -> FailureCode {
    match error {
        ChunkError::Base64(_) => FailureCode::BadEncoding,
        ChunkError::ChunkTooLong | ChunkError::TooLong => FailureCode::TooLarge,
        ChunkError::DataAfterEnd | ChunkError::Incomplete => FailureCode::Malformed,
    }
}

/// Who speaks, to whom: that stands in most of a server's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice<'a> {
    /// The server's name.
    pub server: &'a str,
    /// The client's nickname; `*` before it has one.
    pub nick: &'a str,
}

impl Voice<'_> {
    /// The line of a numeric reply, with its ending; cut off where it would be too long.
    pub fn numeric(&self, numeric: Numeric, words: &[&str], text: &str) -> Line {
        let numeric = numeric.to_string();
        let nick = word(self.nick.as_bytes());
        let words: Vec<String> = words.iter().map(|it| word(it.as_bytes())).collect();
        let mut parameters = vec![nick.as_bytes()];
        parameters.extend(words.iter().map(String::as_bytes));
        self.line(numeric.as_bytes(), parameters, text.as_bytes())
    }

    /// The line of an answer about capabilities, with its ending; of the list as many words as fit.
    pub fn cap(&self, command: &str, list: &[String]) -> Line {
        let nick = word(self.nick.as_bytes());
        let room = MAX_MESSAGE.saturating_sub(": CAP   :".len() + 2 * MAX_WORD + command.len());
        let list = fitting(list, " ", room);
        self.line(b"CAP", vec![nick.as_bytes(), command.as_bytes()], list.as_bytes())
    }

    /// The lines that say who has come in, and that all is well.
    pub fn success(&self, account: &str) -> Line {
        let account = word(account.as_bytes());
        let mask = format!("{}!*@*", word(self.nick.as_bytes()));
        let text = format!("You are now logged in as {account}");
        let logged_in = self.numeric(Numeric::LOGGED_IN, &[&mask, &account], &text);
        let success = self.numeric(Numeric::SASL_SUCCESS, &[], "SASL authentication successful");
        Zeroizing::new([logged_in.as_slice(), &success].concat())
    }

    /// The lines that refuse: what the client may know, and no more. The mechanisms are for one who asked for none of
    /// them.
    pub fn failure(&self, code: FailureCode, mechanisms: &[MechanismName]) -> Line {
        use FailureCode as F;
        let (numeric, text) = match code {
            F::Aborted => (Numeric::SASL_ABORTED, "SASL authentication aborted"),
            F::AccountDisabled => (Numeric::NICK_LOCKED, "The account is disabled"),
            F::CredentialsExpired => (Numeric::NICK_LOCKED, "The credentials have expired"),
            F::BadEncoding => (Numeric::SASL_FAIL, "Expected base64"),
            F::EncryptionRequired => (Numeric::SASL_FAIL, "Encryption required"),
            F::MechanismTooWeak => (Numeric::SASL_FAIL, "The mechanism is too weak"),
            F::Temporary => (Numeric::SASL_FAIL, "Temporary failure, try again later"),
            F::TooLarge => (Numeric::SASL_TOO_LONG, "SASL message too long"),
            F::WrongState => (Numeric::SASL_ALREADY, "You have already authenticated using SASL"),
            // Wrong credentials, an authorization refused, and whatever is not named yet.
            _ => (Numeric::SASL_FAIL, "SASL authentication failed"),
        };
        let refused = self.numeric(numeric, &[], text);
        if code != F::MechanismUnknown {
            return refused;
        }
        let known = self.mechanisms(mechanisms);
        Zeroizing::new([known.as_slice(), &refused].concat())
    }

    /// The line of a sign of life, with the words that were given for it.
    pub fn pong(&self, token: &[u8]) -> Line {
        self.line(b"PONG", vec![word(self.server.as_bytes()).as_bytes()], token)
    }

    fn mechanisms(&self, mechanisms: &[MechanismName]) -> Line {
        let names: Vec<String> = mechanisms.iter().map(ToString::to_string).collect();
        let list = mechanism_list(&names);
        let nick = word(self.nick.as_bytes());
        let numeric = Numeric::SASL_MECHANISMS.to_string();
        let parameters = vec![nick.as_bytes(), list.as_bytes()];
        self.line(numeric.as_bytes(), parameters, b"are available SASL mechanisms")
    }

    fn line(&self, command: &[u8], parameters: Vec<&[u8]>, text: &[u8]) -> Line {
        let server = word(self.server.as_bytes());
        line(Some(server.as_bytes()), command, parameters, text)
    }
}

/// The line before the server hangs up, with its ending.
pub fn error(text: &str) -> Line {
    line(None, b"ERROR", Vec::new(), format!("Closing link: {text}").as_bytes())
}

/// A line whose text is cut off where it would be too long.
fn line<'a>(
    source: Option<&'a [u8]>,
    command: &'a [u8],
    mut parameters: Vec<&'a [u8]>,
    text: &'a [u8],
) -> Line {
    parameters.push(b":");
    let room = MAX_MESSAGE + 2;
    let mut message = Message { source, command, parameters };
    let room = room.saturating_sub(message.to_line().len() - 1);
    message.parameters.pop();
    message.parameters.push(text.get(..room).unwrap_or(text));
    message.to_line()
}

/// The lines of a challenge, each with its ending.
pub fn challenge(challenge: &Challenge) -> Line {
    chunks::spell(challenge.as_bytes())
}

/// The capability `sasl` with its value, as many mechanisms as fit into a line.
pub fn sasl(mechanisms: &[MechanismName], version: CapVersion) -> String {
    match version {
        CapVersion::First => "sasl".to_owned(),
        CapVersion::WithValues => {
            let names: Vec<String> = mechanisms.iter().map(ToString::to_string).collect();
            format!("sasl={}", mechanism_list(&names))
        }
    }
}

fn mechanism_list(names: &[String]) -> String {
    fitting(names, ",", MAX_MESSAGE - 3 * MAX_WORD)
}

/// As many of the words as fit, joined.
fn fitting(words: &[String], separator: &str, room: usize) -> String {
    let mut list = String::new();
    for word in words {
        if list.len() + separator.len() + word.len() > room {
            break;
        }
        if !list.is_empty() {
            list.push_str(separator);
        }
        list.push_str(word);
    }
    list
}

/// A nickname (RFC 1459 section 2.3.1).
fn nickname(octets: &[u8]) -> Option<String> {
    let special = |octet: u8| b"-[]\\`_^{|}".contains(&octet);
    let starts =
        octets.first().is_some_and(|it| it.is_ascii_alphabetic() || special(*it) && *it != b'-');
    let fits = starts
        && octets.len() <= MAX_NICKNAME
        && octets.iter().all(|it| it.is_ascii_alphanumeric() || special(*it));
    fits.then(|| String::from_utf8_lossy(octets).into_owned())
}

/// Somebody's words as one short word that shifts no others.
fn word(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    let kept = text.trim_start_matches(':').chars().filter(|it| !it.is_control() && *it != ' ');
    let mut word = String::new();
    for character in kept {
        if word.len() + character.len_utf8() > MAX_WORD {
            break;
        }
        word.push(character);
    }
    if word.is_empty() { "*".to_owned() } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOICE: Voice<'_> = Voice { server: "irc.test", nick: "n" };

    fn text(line: &Line) -> String {
        String::from_utf8(line.to_vec()).unwrap()
    }

    #[test]
    fn commands_are_read_in_any_case() {
        for (line, command) in [
            ("", Command::Ignored),
            ("authenticate PLAIN", Command::Authenticate(Secret::new(*b"PLAIN"))),
            ("AUTHENTICATE", Command::Incomplete("AUTHENTICATE".into())),
            ("CAP LS 302", Command::Cap(Cap::Ls(CapVersion::WithValues))),
            ("cap ls", Command::Cap(Cap::Ls(CapVersion::First))),
            (
                "CAP REQ :sasl  -tls ",
                Command::Cap(Cap::Request(vec!["sasl".into(), "-tls".into()])),
            ),
            ("CAP LIST", Command::Cap(Cap::List)),
            ("CAP END", Command::Cap(Cap::End)),
            ("CAP FOO", Command::Cap(Cap::Unknown("FOO".into()))),
            ("CAP", Command::Incomplete("CAP".into())),
            ("NICK me", Command::Nick(Some("me".into()))),
            ("NICK 1me", Command::Nick(None)),
            ("NICK", Command::Nick(None)),
            ("USER me 0 * :My Self", Command::User("me".into())),
            ("USER me", Command::Incomplete("USER".into())),
            ("PING :a b", Command::Ping(b"a b".to_vec())),
            ("PONG x", Command::Pong),
            ("quit :bye", Command::Quit),
            ("STARTTLS", Command::StartTls),
            ("@a=b JOIN #x", Command::Unknown("JOIN".into())),
        ] {
            assert_eq!(Command::parse(line.as_bytes()), command, "{line}");
        }
        let long = format!("JOIN {}", "x".repeat(510));
        assert_eq!(Command::parse(long.as_bytes()), Command::TooLong);
    }

    #[test]
    fn refusals_have_their_numerics() {
        for (code, numeric) in [
            (FailureCode::Aborted, "906"),
            (FailureCode::AccountDisabled, "902"),
            (FailureCode::AuthorizationDenied, "904"),
            (FailureCode::BadEncoding, "904"),
            (FailureCode::CredentialsExpired, "902"),
            (FailureCode::EncryptionRequired, "904"),
            (FailureCode::InvalidCredentials, "904"),
            (FailureCode::Malformed, "904"),
            (FailureCode::Temporary, "904"),
            (FailureCode::TooLarge, "905"),
            (FailureCode::WrongState, "907"),
        ] {
            let line = text(&VOICE.failure(code, &[]));
            assert!(line.starts_with(&format!(":irc.test {numeric} n :")), "{line}");
        }
        let wrong = VOICE.failure(FailureCode::InvalidCredentials, &[]);
        assert_eq!(wrong, VOICE.failure(FailureCode::AuthorizationDenied, &[]));
    }

    #[test]
    fn no_line_is_too_long_and_none_is_another_line() {
        let long = "x".repeat(1000);
        let names: Vec<MechanismName> =
            (0..60).map(|at| format!("A-LONG-NAME-{at:04}").parse().unwrap()).collect();
        let evil = Voice { server: "a b\r\nQUIT", nick: ":\r\nQUIT :x" };
        for voice in [VOICE, Voice { server: &long, nick: &long }, evil] {
            for lines in [
                voice.numeric(Numeric::WELCOME, &[&long, "", ": a"], &long),
                voice.success(&long),
                voice.success("\r\nQUIT :x"),
                voice.failure(FailureCode::MechanismUnknown, &names),
                voice.cap("LS", &[sasl(&names, CapVersion::WithValues), "tls".to_owned()]),
                voice.pong(b"a\r\nb"),
                voice.pong(long.as_bytes()),
            ] {
                let lines = text(&lines);
                for line in lines.strip_suffix("\r\n").unwrap().split("\r\n") {
                    assert!(line.len() <= MAX_MESSAGE, "{line}");
                    let message = Message::parse(line.as_bytes()).unwrap();
                    assert!(message.source.is_some() && !message.is("QUIT"), "{line}");
                }
            }
        }
        let offer =
            text(&VOICE.cap("LS", &[sasl(&names, CapVersion::WithValues), "tls".to_owned()]));
        assert!(offer.contains("sasl=A-LONG-NAME-0000,") && offer.ends_with(" tls\r\n"), "{offer}");
    }
}
