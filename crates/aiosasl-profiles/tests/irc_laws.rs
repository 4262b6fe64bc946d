//! Laws of IRC's codec: what is written is read, and no octets do harm.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
};
use aiosasl_profiles::{
    Said,
    irc::{
        MAX_MESSAGE, Message,
        capability::{CapReply, Capabilities, MAX_WORDS, Mechanisms},
        chunks::{self, Chunks, Heard, MAX_BASE64},
        client::{Listener, spell},
        server::{self, Command, Voice},
    },
};
use proptest::{collection::vec, prelude::*};

/// Octets that look like something more often than chance would have it.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "@a=b ",
        ":s ",
        ":",
        " ",
        "  ",
        "AUTHENTICATE ",
        "CAP ",
        "LS ",
        "* ",
        "sasl=PLAIN,",
        "REQ ",
        "ACK ",
        "903 ",
        "904 ",
        "908 ",
        "PING ",
        "+",
        "*",
        "QUJD",
        "NICK ",
        "USER ",
        "\0",
        "\r",
        "a:b",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    let piece = prop_oneof![4 => word, 1 => vec(any::<u8>(), 0..8)];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn said() -> impl Strategy<Value = Said> {
    prop::sample::select(vec![Said::Abort, Said::Request, Said::Response])
}

fn lines(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    octets
        .strip_suffix(b"\r\n")
        .unwrap()
        .split(|octet| *octet == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// What a server hears of the lines of a message.
fn heard(octets: &[u8]) -> Vec<u8> {
    let mut chunks = Chunks::default();
    let mut message = None;
    for line in lines(octets) {
        assert!(line.len() <= MAX_MESSAGE && message.is_none());
        let Command::Authenticate(chunk) = Command::parse(line) else { panic!("{line:?}") };
        match chunks.push(chunk.expose()).unwrap() {
            Heard::Message(octets) => message = Some(octets.expose().to_vec()),
            Heard::More => {}
            Heard::Abort => panic!("nobody aborts"),
        }
    }
    message.unwrap()
}

proptest! {
    #[test]
    fn no_octets_do_harm(line in octets(), said in said()) {
        let _ = Command::parse(&line);
        let _ = server::mechanism(&line);
        let _ = Chunks::default().push(&line);
        let mut capabilities = Capabilities::default();
        capabilities.extend(&line);
        prop_assert!(capabilities.words().len() <= MAX_WORDS);
        prop_assert!(Mechanisms::parse(&line).names.len() <= MAX_WORDS);
        if let Ok(message) = Message::parse(&line) {
            let _ = CapReply::of(&message);
            let _ = Listener::new(said).hear(&message);
        }
    }

    #[test]
    fn only_903_is_a_success(line in octets(), said in said()) {
        let Ok(message) = Message::parse(&line) else { return Ok(()) };
        if let Ok(Some(driver::Reply::Success(_))) = Listener::new(said).hear(&message) {
            prop_assert_eq!(message.command, b"903");
        }
    }

    #[test]
    fn a_message_is_written_as_it_was_read(line in octets()) {
        let Ok(message) = Message::parse(&line) else { return Ok(()) };
        let written = message.to_line();
        prop_assert!(written.len() <= line.len() + 2);
        prop_assert_eq!(Message::parse(written.strip_suffix(b"\r\n").unwrap()), Ok(message.clone()));
    }

    #[test]
    fn whatever_is_said_is_one_message(
        source in vec(any::<u8>(), 0..9),
        parameters in vec(vec(any::<u8>(), 0..9), 0..20),
    ) {
        let parameters: Vec<&[u8]> = parameters.iter().map(Vec::as_slice).collect();
        let message = Message { source: Some(&source), command: b"X", parameters };
        let line = message.to_line();
        let read = Message::parse(line.strip_suffix(b"\r\n").unwrap()).unwrap();
        prop_assert_eq!(read.command, b"X");
        prop_assert_eq!(read.parameters.len(), message.parameters.len().min(15));
    }

    #[test]
    fn a_response_arrives(octets in vec(any::<u8>(), 0..2000)) {
        let message = ClientMessage::Response(Response::new(octets.clone()));
        prop_assert_eq!(heard(&spell(&message)), octets);
    }

    #[test]
    fn a_challenge_arrives(octets in vec(any::<u8>(), 0..2000), said in said()) {
        let challenge = Challenge::new(octets);
        let mut listener = Listener::new(said);
        let mut heard = None;
        for line in lines(&server::challenge(&challenge)) {
            prop_assert!(heard.is_none());
            heard = listener.hear(&Message::parse(line).unwrap()).unwrap();
        }
        prop_assert_eq!(heard, Some(driver::Reply::Challenge(challenge)));
    }

    #[test]
    fn a_request_arrives(name in "[A-Z0-9_-]{1,20}") {
        let mechanism: MechanismName = name.parse().unwrap();
        let line = spell(&ClientMessage::Authenticate { mechanism, initial_response: None });
        let Command::Authenticate(read) = Command::parse(lines(&line).next().unwrap()) else { panic!() };
        prop_assert_eq!(server::mechanism(read.expose()), Ok(mechanism));
    }

    #[test]
    fn an_offer_arrives(names in vec("[A-Z0-9_-]{1,20}", 1..8), nick in "[a-z]{1,9}") {
        let names: Vec<MechanismName> = names.iter().map(|name| name.parse().unwrap()).collect();
        let offer = server::sasl(&names, server::CapVersion::WithValues);
        let line = Voice { server: "irc.test", nick: &nick }.cap("LS", &[offer, "tls".to_owned()]);
        let message = Message::parse(lines(&line).next().unwrap()).unwrap();
        let Some(CapReply::Ls { list, .. }) = CapReply::of(&message) else { panic!("{message:?}") };
        let mut capabilities = Capabilities::default();
        capabilities.extend(list);
        prop_assert!(capabilities.has("tls"));
        let mut expected = names.clone();
        let mut seen = std::collections::HashSet::new();
        expected.retain(|name| seen.insert(name.to_string()));
        prop_assert_eq!(capabilities.mechanisms().names, expected);
    }
}

#[test]
fn the_longest_message_arrives_and_no_longer_one() {
    let longest = vec![7; MAX_BASE64 / 4 * 3];
    assert_eq!(longest.len(), usize::try_from(aiosasl_profiles::irc::PROFILE.max_message).unwrap());
    assert_eq!(heard(&chunks::spell(&longest)), longest);
    let mut reader = Chunks::default();
    let longer = chunks::spell(&vec![7; 49_153]);
    let refused = lines(&longer).find_map(|line| {
        let Command::Authenticate(chunk) = Command::parse(line) else { panic!() };
        reader.push(chunk.expose()).err()
    });
    assert_eq!(refused, Some(chunks::ChunkError::TooLong));
}
