//! Laws of the codecs: what is written is read, and no octets do harm.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
};
use aiosasl_profiles::{
    Said,
    imap::{
        Reply,
        capability::Capabilities,
        client,
        server::{self, Authenticate, Command, Tagged},
    },
    line::{Ending, LineBuffer, LineError},
    printable,
};
use proptest::{collection::vec, prelude::*};

/// Octets that look like something more often than chance would have it.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "A1 ",
        "* ",
        "+ ",
        "+",
        "=",
        " ",
        "OK",
        "NO ",
        "BAD",
        "BYE ",
        "[",
        "] ",
        "CAPABILITY ",
        "AUTH=",
        "AUTHENTICATE ",
        "QUJD",
        "\r",
        "\n",
        "\r\n",
        "{3+}",
        "*",
        "PREAUTH",
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

fn without_ending(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r\n").unwrap()
}

proptest! {
    #[test]
    fn no_octets_do_harm_to_imap(line in octets(), said in said()) {
        let _ = client::hear(&line, "A1", said);
        let _ = server::parse_response(&line);
        let _ = server::announces_literal(&line);
        if let Some(tagged) = Tagged::parse(&line) {
            prop_assert!((1..=64).contains(&tagged.tag.len()));
        }
        let capabilities = Capabilities::parse(&line);
        prop_assert!(capabilities.words().len() <= 512);
        prop_assert!(capabilities.mechanisms().len() + capabilities.unreadable().len() <= 512);
    }

    #[test]
    fn only_a_tagged_ok_is_a_success(line in octets(), said in said()) {
        if let Ok(Some(driver::Reply::Success(_))) = client::hear(&line, "A1", said) {
            prop_assert!(line.get(..5).unwrap().eq_ignore_ascii_case(b"A1 OK"));
        }
    }

    #[test]
    fn a_reply_is_written_as_it_was_read(line in octets()) {
        if let Ok(reply) = Reply::parse(&line) {
            let written = reply.to_line();
            prop_assert_eq!(Reply::parse(without_ending(&written)), Ok(reply));
        }
    }

    #[test]
    fn a_request_arrives(mechanism in mechanism(), first in prop::option::of(vec(any::<u8>(), 0..200))) {
        let initial_response = first.map(Response::new);
        let message = ClientMessage::Authenticate { mechanism, initial_response: initial_response.clone() };
        let line = client::request("A7", &message);
        let read = Tagged::parse(without_ending(&line)).unwrap();
        prop_assert_eq!(read.tag, "A7");
        let request = Authenticate { mechanism, initial_response };
        prop_assert_eq!(read.command, Command::Authenticate(Ok(request)));
    }

    #[test]
    fn a_response_arrives(octets in vec(any::<u8>(), 0..200)) {
        let message = ClientMessage::Response(Response::new(octets));
        let line = client::request("A7", &message);
        prop_assert_eq!(server::parse_response(without_ending(&line)), Ok(message));
    }

    #[test]
    fn a_challenge_arrives(octets in vec(any::<u8>(), 0..200), said in said()) {
        let challenge = Challenge::new(octets);
        let line = server::challenge(&challenge);
        let heard = client::hear(without_ending(&line), "A7", said);
        prop_assert_eq!(heard, Ok(Some(driver::Reply::Challenge(challenge))));
    }

    #[test]
    fn lines_do_not_depend_on_how_octets_arrive(
        stream in octets(),
        cuts in vec(1_usize..9, 0..40),
        strict in any::<bool>(),
    ) {
        let ending = if strict { Ending::CrLf } else { Ending::CrLfOrLf };
        let mut whole = LineBuffer::new(40, ending);
        whole.push(&stream).unwrap();
        let expected = drain(&mut whole);
        let mut pieces = LineBuffer::new(40, ending);
        let mut got = Ok(Vec::new());
        let mut rest = stream.as_slice();
        let mut cuts = cuts.into_iter();
        while let (false, Ok(lines)) = (rest.is_empty(), &mut got) {
            let cut = cuts.next().unwrap_or(rest.len()).min(rest.len());
            let (piece, after) = rest.split_at(cut);
            rest = after;
            pieces.push(piece).unwrap();
            match drain(&mut pieces) {
                Ok(more) => lines.extend(more),
                Err(error) => got = Err(error),
            }
        }
        // Which of two errors is found first may depend on it; whether there is one does not.
        prop_assert_eq!(got.ok(), expected.ok());
    }

    #[test]
    fn a_buffer_has_its_bound(pieces in vec(vec(any::<u8>(), 0..3000), 0..40)) {
        let mut buffer = LineBuffer::new(100, Ending::CrLf);
        for piece in pieces {
            let _ = buffer.push(&piece);
            prop_assert!(buffer.len() <= 2 * 100 + 8192);
        }
    }

    #[test]
    fn what_is_printed_is_one_short_line(octets in vec(any::<u8>(), 0..3000)) {
        let text = printable(&octets);
        prop_assert!(!text.chars().any(char::is_control));
        prop_assert!(text.len() <= 512 * 10 + 3);
    }
}

fn drain(buffer: &mut LineBuffer) -> Result<Vec<Vec<u8>>, LineError> {
    let mut lines = Vec::new();
    while let Some(line) = buffer.next_line()? {
        lines.push(line.to_vec());
    }
    Ok(lines)
}
