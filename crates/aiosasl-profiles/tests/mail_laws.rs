//! Laws of the codecs of POP3 and ManageSieve: what is written is read, and no octets do harm.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
    secret::Secret,
};
use aiosasl_profiles::{
    Said, imap,
    pop3::{self, AuthCodes},
    sieve::{self, Code, Condition, Scanned, Sender, Status, Token},
};
use proptest::{collection::vec, prelude::*};

/// Octets that look like something more often than chance would have it.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "+OK",
        "-ERR ",
        "+ ",
        "[AUTH] ",
        ".",
        "AUTH ",
        "PLAIN ",
        "USER ",
        "PASS ",
        "SASL ",
        "=",
        " ",
        "\"",
        "\\",
        "(",
        ")",
        "{3+}\r\n",
        "{3}\r\n",
        "{0+}",
        "OK ",
        "NO ",
        "BYE ",
        "QUJD",
        "\r\n",
        "*",
        "AUTHENTICATE ",
        "A1 LOGIN ",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    let piece = prop_oneof![3 => word, 1 => vec(any::<u8>(), 0..8)];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn said() -> impl Strategy<Value = Said> {
    prop::sample::select(vec![Said::Abort, Said::Request, Said::Response])
}

fn mechanism() -> impl Strategy<Value = MechanismName> {
    "[A-Z0-9_-]{1,20}".prop_map(|name| name.parse().unwrap())
}

fn sender() -> impl Strategy<Value = Sender> {
    prop::sample::select(vec![Sender::AnyClient, Sender::Client, Sender::Server])
}

fn condition() -> impl Strategy<Value = Condition> {
    let status = prop::sample::select(vec![Status::Bye, Status::No, Status::Ok]);
    let argument = prop::option::of(vec(any::<u8>(), 0..2000).prop_map(Secret::new));
    let code = ("[A-Z][A-Z/-]{0,9}", argument).prop_map(|(name, argument)| Code { name, argument });
    (status, prop::option::of(code), prop::option::of(".{0,20}"))
        .prop_map(|(status, code, text)| Condition { status, code, text })
}

fn without_ending(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r\n").unwrap()
}

proptest! {
    #[test]
    fn no_octets_do_harm(line in octets(), said in said(), by in sender()) {
        let _ = pop3::client::hear(&line, said, AuthCodes::Listed);
        let _ = pop3::server::Command::parse(&line);
        let _ = pop3::server::parse_response(&line);
        let mut list = pop3::capability::Capabilities::default();
        list.push(&line);
        prop_assert!(list.mechanisms().len() + list.unreadable().len() <= 512);
        let _ = imap::server::Tagged::parse(&line);
        if let Ok(Scanned::Wants(count)) = sieve::scan(&line, by) {
            prop_assert!(count <= sieve::MAX_STRING);
            prop_assert_eq!(line.last(), Some(&b'}'));
        }
        let _ = sieve::server::Command::parse(&line);
        let _ = sieve::server::parse_response(&line);
        if let Ok(reply) = sieve::Reply::parse(&line) {
            let _ = sieve::client::hear(&reply, said);
            let again = sieve::Reply::parse(without_ending(&reply.to_message()));
            prop_assert_eq!(again, Ok(reply));
        }
    }

    #[test]
    fn only_ok_is_a_success(line in octets(), said in said()) {
        if let Ok(driver::Reply::Success(_)) = pop3::client::hear(&line, said, AuthCodes::Listed) {
            prop_assert!(line.starts_with(b"+OK"));
        }
        if let Ok(reply) = sieve::Reply::parse(&line) {
            if let Ok(driver::Reply::Success(_)) = sieve::client::hear(&reply, said) {
                prop_assert!(line.trim_ascii_start().get(..2).unwrap().eq_ignore_ascii_case(b"OK"));
            }
        }
    }

    #[test]
    fn a_pop3_reply_is_written_as_it_was_read(line in octets()) {
        if let Ok(reply) = pop3::Reply::parse(&line) {
            let written = reply.to_line();
            prop_assert_eq!(pop3::Reply::parse(without_ending(&written)), Ok(reply));
        }
    }

    #[test]
    fn a_sieve_condition_arrives(condition in condition()) {
        let message = condition.to_message();
        let read = sieve::Reply::parse(without_ending(&message));
        prop_assert_eq!(read, Ok(sieve::Reply::Condition(condition)));
    }

    #[test]
    fn a_sieve_string_arrives(octets in vec(any::<u8>(), 0..1500), by in sender()) {
        let expected = vec![Token::String(Secret::new(&*octets))];
        prop_assert_eq!(sieve::scan(&sieve::string(&octets, by), by), Ok(Scanned::Whole(expected.clone())));
        let literal = sieve::literal(&octets, by);
        prop_assert_eq!(sieve::scan(&literal, by), Ok(Scanned::Whole(expected)));
        // As it comes: a line first, which says how much more there is.
        let line = literal.split(|octet| *octet == b'\r').next().unwrap();
        prop_assert_eq!(sieve::scan(line, by), Ok(Scanned::Wants(octets.len())));
    }

    #[test]
    fn a_request_arrives(mechanism in mechanism(), first in prop::option::of(vec(any::<u8>(), 0..1200))) {
        let initial_response = first.map(Response::new);
        let message = ClientMessage::Authenticate { mechanism, initial_response: initial_response.clone() };
        let line = pop3::client::request(&message);
        let request = pop3::server::Auth { mechanism, initial_response: initial_response.clone() };
        prop_assert_eq!(pop3::server::Command::parse(without_ending(&line)), pop3::server::Command::Auth(Ok(request)));
        let line = sieve::client::request(&message);
        let request = sieve::server::Authenticate { mechanism, initial_response };
        prop_assert_eq!(
            sieve::server::Command::parse(without_ending(&line)),
            sieve::server::Command::Authenticate(Ok(request))
        );
    }

    #[test]
    fn a_response_arrives(octets in vec(any::<u8>(), 0..1200)) {
        let message = ClientMessage::Response(Response::new(octets));
        let line = pop3::client::request(&message);
        prop_assert_eq!(pop3::server::parse_response(without_ending(&line)), Ok(message.clone()));
        let line = sieve::client::request(&message);
        prop_assert_eq!(sieve::server::parse_response(without_ending(&line)), Ok(message));
    }

    #[test]
    fn a_challenge_and_last_words_arrive(octets in vec(any::<u8>(), 0..1200), said in said()) {
        let challenge = Challenge::new(octets);
        let line = pop3::server::challenge(&challenge);
        let heard = pop3::client::hear(without_ending(&line), said, AuthCodes::Unlisted);
        prop_assert_eq!(heard, Ok(driver::Reply::Challenge(challenge.clone())));
        let message = sieve::server::challenge(&challenge);
        let reply = sieve::Reply::parse(without_ending(&message)).unwrap();
        prop_assert_eq!(sieve::client::hear(&reply, said), Ok(driver::Reply::Challenge(challenge.clone())));
        let message = sieve::server::success(Some(&challenge)).to_message();
        let reply = sieve::Reply::parse(without_ending(&message)).unwrap();
        prop_assert_eq!(sieve::client::hear(&reply, said), Ok(driver::Reply::Success(Some(challenge))));
    }

    #[test]
    fn pop3_capabilities_arrive(lines in vec("[!-~]{1,8}( [!-~]{1,8}){0,3}", 0..20)) {
        let ours: pop3::capability::Capabilities = lines.into_iter().collect();
        let mut read = pop3::capability::Capabilities::default();
        for line in ours.to_lines().split(|octet| *octet == b'\n') {
            match pop3::listed(line.strip_suffix(b"\r").unwrap()) {
                Some(line) => read.push(line),
                None => break,
            }
        }
        prop_assert_eq!(read, ours);
    }

    #[test]
    fn a_quoted_imap_login_arrives(name in "[ -~]{0,20}", password in "[^\0\r\n]{0,20}") {
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let line = format!("A1 login {} {}", quoted(&name), quoted(&password));
        let login = imap::server::Login {
            name: name.into_bytes(),
            password: Secret::new(password.into_bytes()),
        };
        let tagged = imap::server::Tagged::parse(line.as_bytes()).unwrap();
        prop_assert_eq!(tagged.command, imap::server::Command::Login(Ok(login)));
    }
}
