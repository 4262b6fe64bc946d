//! SMTP's client half: what it says, and what a server's replies mean (RFC 4954).

use aiosasl::{
    driver,
    encoding::{decode, encode},
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
};
use zeroize::Zeroizing;

use super::{EnhancedCode, Reply};
use crate::{Said, WireClass, WireError};

/// The most mechanisms taken from a reply: each is compared with all before it.
const MAX_OFFERS: usize = 512;

/// What a server says of itself in answer to EHLO (RFC 5321 section 4.1.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// The mechanisms, in the server's order, each once.
    pub mechanisms: Vec<MechanismName>,
    /// What was offered and is no mechanism name.
    pub unreadable: Vec<String>,
    /// Whether the connection can be upgraded to TLS (RFC 3207).
    pub start_tls: bool,
    /// The longest mail in octets, where there is a limit and the server says so (RFC 1870).
    pub size: Option<u64>,
    /// Whether replies have enhanced codes (RFC 2034).
    pub enhanced_status_codes: bool,
    /// Every keyword line, as it came.
    pub lines: Vec<String>,
}

impl Capabilities {
    /// Reads the reply to EHLO.
    ///
    /// # Errors
    ///
    /// [`WireError`] where the server refuses EHLO.
    pub fn read(reply: &Reply) -> Result<Self, WireError> {
        if reply.code != 250 {
            return Err(refused(reply));
        }
        let mut it = Self::default();
        for line in reply.lines.iter().skip(1) {
            it.keyword(line);
            it.lines.push(line.clone());
        }
        Ok(it)
    }

    fn keyword(&mut self, line: &str) {
        let mut words = line.split_ascii_whitespace();
        let keyword = words.next().unwrap_or_default().to_ascii_uppercase();
        match keyword.as_str() {
            "AUTH" => self.offer(words),
            "ENHANCEDSTATUSCODES" => self.enhanced_status_codes = true,
            "SIZE" => {
                let size = words.next().and_then(|size| size.parse().ok());
                self.size = size.filter(|size| *size > 0);
            }
            "STARTTLS" => self.start_tls = true,
            // `AUTH=LOGIN`, the form before RFC 2554; old servers write it beside the other.
            other => {
                if let Some(first) = other.strip_prefix("AUTH=") {
                    self.offer([first].into_iter().chain(words));
                }
            }
        }
    }

    fn offer<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        let room = MAX_OFFERS.saturating_sub(self.mechanisms.len() + self.unreadable.len());
        for name in names.filter(|name| !name.is_empty()).take(room) {
            match MechanismName::parse_any_case(name) {
                Ok(name) if self.mechanisms.contains(&name) => {}
                Ok(name) => self.mechanisms.push(name),
                Err(_) => self.unreadable.push(name.into()),
            }
        }
    }
}

/// The line that says this message, with its CRLF.
pub fn spell(message: &ClientMessage) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(match message {
        ClientMessage::Authenticate { mechanism, initial_response: None } => {
            format!("AUTH {mechanism}\r\n").into_bytes()
        }
        ClientMessage::Authenticate { mechanism, initial_response: Some(first) } => {
            let token = base64(first);
            let shown = if token.is_empty() { "=" } else { token.as_str() };
            // Joined at once: a text that grows would leave parts of a secret behind.
            ["AUTH ", mechanism.as_str(), " ", shown, "\r\n"].concat().into_bytes()
        }
        ClientMessage::Response(it) => [base64(it).as_bytes(), b"\r\n"].concat(),
        ClientMessage::Abort => b"*\r\n".to_vec(),
    })
}

fn base64(response: &Response) -> Zeroizing<String> {
    Zeroizing::new(encode(response.as_bytes()))
}

/// What a reply inside an exchange says.
///
/// # Errors
///
/// A [`WireError`] where the server refuses (except to an abort, where that is a reply), or says what it may not.
/// Words instead of a *first* challenge are as good as nothing: some servers write them there.
pub fn hear(reply: &Reply, said: Said) -> Result<driver::Reply, WireError> {
    match (reply.code, said) {
        (235, _) => Ok(driver::Reply::Success(None)),
        (334, _) => challenge(reply, said).map(driver::Reply::Challenge),
        // 421 is no answer: the server hangs up.
        (400..=420 | 422..=599, Said::Abort) => Ok(driver::Reply::Failure),
        (400..=599, _) => Err(refused(reply)),
        _ => Err(WireError::protocol("expected 235, 334 or a refusal in answer to AUTH")),
    }
}

fn challenge(reply: &Reply, said: Said) -> Result<Challenge, WireError> {
    let [token] = reply.lines.as_slice() else {
        return Err(WireError::protocol("expected a challenge of one line"));
    };
    match (decode(token.as_bytes()), said) {
        (Ok(octets), _) => Ok(Challenge::new(octets)),
        (Err(_), Said::Request) => Ok(Challenge::empty()),
        (Err(error), _) => Err(WireError::protocol(format!("a challenge: {error}"))),
    }
}

/// What a refusal means: the enhanced code where it says more, the code else (RFC 4954 section 6).
pub fn failure_code(reply: &Reply) -> FailureCode {
    let enhanced = reply.enhanced.and_then(|enhanced| enhanced_meaning(reply.code, enhanced));
    enhanced.unwrap_or(match reply.code {
        432 => FailureCode::PasswordTransitionNeeded,
        400..=499 => FailureCode::Temporary,
        503 => FailureCode::WrongState,
        504 => FailureCode::MechanismUnknown,
        525 => FailureCode::AccountDisabled,
        // To anything but EHLO, NOOP, QUIT and STARTTLS: TLS first (RFC 3207 section 4).
        530 | 538 => FailureCode::EncryptionRequired,
        534 => FailureCode::MechanismTooWeak,
        535 => FailureCode::InvalidCredentials,
        _ => FailureCode::Malformed,
    })
}

/// What an enhanced code says beyond its code, where it does.
fn enhanced_meaning(code: u16, enhanced: EnhancedCode) -> Option<FailureCode> {
    match (code, enhanced) {
        (_, EnhancedCode(4, 7, 12)) => Some(FailureCode::PasswordTransitionNeeded),
        (501, EnhancedCode(5, 5, 2)) => Some(FailureCode::BadEncoding),
        (_, EnhancedCode(5, 5, 6)) => Some(FailureCode::TooLarge),
        (501, EnhancedCode(5, 7, 0)) => Some(FailureCode::InitialResponseNotAllowed),
        (_, EnhancedCode(5, 7, 8)) => Some(FailureCode::InvalidCredentials),
        (_, EnhancedCode(5, 7, 9)) => Some(FailureCode::MechanismTooWeak),
        (_, EnhancedCode(5, 7, 11)) => Some(FailureCode::EncryptionRequired),
        (_, EnhancedCode(5, 7, 13)) => Some(FailureCode::AccountDisabled),
        _ => None,
    }
}

/// A refusal as an error, with the server's own code and words.
pub fn refused(reply: &Reply) -> WireError {
    WireError::told(WireClass::from(failure_code(reply)), reply.code_text(), reply.text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::ReplyReader;

    fn reply(text: &str) -> Reply {
        let mut reader = ReplyReader::new();
        text.lines().find_map(|line| reader.line(line.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn keywords_are_read_in_any_case_and_form() {
        let it = Capabilities::read(&reply(
            "250-mx at your service\n250-size 1000\n250-AUTH LOGIN plain\n250-AUTH=LOGIN CRAM-MD5\n\
             250-auth bad,name\n250-StartTLS\n250-ENHANCEDSTATUSCODES\n250 8BITMIME",
        ))
        .unwrap();
        assert_eq!(it.mechanisms, ["LOGIN", "PLAIN", "CRAM-MD5"]);
        assert_eq!(it.unreadable, ["bad,name"]);
        assert!(it.start_tls && it.enhanced_status_codes);
        assert_eq!(it.size, Some(1000));
        assert_eq!(it.lines.len(), 7);
    }

    #[test]
    fn the_greeting_line_of_ehlo_is_no_keyword() {
        let it = Capabilities::read(&reply("250-STARTTLS\n250 SIZE 0")).unwrap();
        assert_eq!((it.start_tls, it.size), (false, None));
    }

    #[test]
    fn an_endless_offer_is_cut_off() {
        let names =
            |at: usize| (0..100).map(|it| format!("M{at}-{it}")).collect::<Vec<_>>().join(" ");
        let lines: Vec<_> = (0..100).map(|at| format!("250-AUTH {}\n", names(at))).collect();
        let lines = lines.concat();
        let it = Capabilities::read(&reply(&format!("250-mx\n{lines}250 OK"))).unwrap();
        assert_eq!(it.mechanisms.len(), MAX_OFFERS);
    }

    #[test]
    fn words_are_no_challenge_but_the_first() {
        let words = reply("334 NTLM supported");
        let empty = driver::Reply::Challenge(Challenge::empty());
        assert_eq!(hear(&words, Said::Request), Ok(empty));
        for said in [Said::Response, Said::Abort] {
            assert_eq!(hear(&words, said).unwrap_err().class, WireClass::Protocol);
        }
    }

    #[test]
    fn an_empty_challenge_may_lack_its_space() {
        for text in ["334 ", "334"] {
            let empty = driver::Reply::Challenge(Challenge::empty());
            assert_eq!(hear(&reply(text), Said::Response), Ok(empty));
        }
    }

    #[test]
    fn other_replies_are_no_answer() {
        for text in ["250 ok", "354 go", "220 hello", "334-AA==\n334 AA=="] {
            let error = hear(&reply(text), Said::Response).unwrap_err();
            assert_eq!(error.class, WireClass::Protocol, "{text}");
        }
    }

    #[test]
    fn a_refusal_is_an_answer_to_an_abort_alone() {
        let cancelled = reply("501 5.7.0 Authentication cancelled");
        assert_eq!(hear(&cancelled, Said::Abort), Ok(driver::Reply::Failure));
        let error = hear(&cancelled, Said::Response).unwrap_err();
        assert_eq!(error.code.as_deref(), Some("501 5.7.0"));
        assert!(hear(&reply("421 4.3.2 shutting down"), Said::Abort).is_err());
    }

    #[test]
    fn refusals_mean_what_the_table_says() {
        let table = [
            ("421 4.7.0 too many errors", FailureCode::Temporary),
            ("432 4.7.12 transition", FailureCode::PasswordTransitionNeeded),
            ("454 4.7.0 later", FailureCode::Temporary),
            ("500 5.5.6 line too long", FailureCode::TooLarge),
            ("500 what?", FailureCode::Malformed),
            ("501 5.5.2 base64", FailureCode::BadEncoding),
            ("501 5.7.0 no initial response", FailureCode::InitialResponseNotAllowed),
            ("501 syntax", FailureCode::Malformed),
            ("503 5.5.1 not now", FailureCode::WrongState),
            ("504 5.5.4 no such mechanism", FailureCode::MechanismUnknown),
            ("525 5.7.13 disabled", FailureCode::AccountDisabled),
            ("530 5.7.0 Must issue a STARTTLS command first", FailureCode::EncryptionRequired),
            ("534 5.7.9 too weak", FailureCode::MechanismTooWeak),
            ("535 no", FailureCode::InvalidCredentials),
            ("535 5.7.3 no", FailureCode::InvalidCredentials),
            ("538 5.7.11 encryption", FailureCode::EncryptionRequired),
            ("554 5.7.8 no", FailureCode::InvalidCredentials),
            ("554 no", FailureCode::Malformed),
        ];
        for (text, code) in table {
            assert_eq!(failure_code(&reply(text)), code, "{text}");
        }
    }
}
