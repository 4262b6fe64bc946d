//! What both halves of SMTP make of any octets.

use aiosasl::{
    message::{ClientMessage, Response},
    name::MechanismName,
};
use aiosasl_profiles::{
    Said, WireClass,
    smtp::{
        MAX_COMMAND, PROFILE, ReplyReader,
        client::{Capabilities, failure_code, hear, spell},
        server::{self, Auth, Command},
    },
};
use proptest::prelude::*;

fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[2-5][0-9][0-9][ -](5\\.[0-9]{1,3}\\.[0-9]{1,3} )?[ -~]{0,30}"
            .prop_map(String::into_bytes),
        "(AUTH|EHLO|QUIT|MAIL|auth) ?[A-Za-z-]{0,25} ?[A-Za-z0-9+/=*]{0,16}"
            .prop_map(String::into_bytes),
        any::<Vec<u8>>(),
    ]
}

proptest! {
    #[test]
    fn any_line_is_a_reply_or_an_error(lines in proptest::collection::vec(line(), 1..6)) {
        let mut reader = ReplyReader::new();
        for line in lines {
            match reader.line(&line) {
                Ok(Some(reply)) => {
                    let mut again = ReplyReader::new();
                    let mut copy = None;
                    for line in reply.encode().split(|octet| *octet == b'\n').filter(|it| !it.is_empty()) {
                        let line = line.strip_suffix(b"\r");
                        prop_assert!(line.is_some());
                        copy = again.line(line.unwrap_or_default()).ok().flatten();
                    }
                    if !reply.text().contains(['\r', '\n']) {
                        prop_assert_eq!(copy.as_ref(), Some(&reply));
                    }
                    let _ = (Capabilities::read(&reply), failure_code(&reply));
                    for said in [Said::Abort, Said::Request, Said::Response] {
                        let _ = hear(&reply, said);
                    }
                }
                Ok(None) => {}
                Err(error) => prop_assert_eq!(error.class, WireClass::Protocol),
            }
        }
    }

    #[test]
    fn any_line_is_a_command_and_a_response_or_not(line in line()) {
        let _ = Command::parse(&line);
        let _ = server::hear(&line);
    }

    #[test]
    fn what_the_client_says_the_server_hears(octets in any::<Vec<u8>>()) {
        let message = ClientMessage::Response(Response::new(octets.clone()));
        let line = spell(&message);
        prop_assert_eq!(server::hear(line.strip_suffix(b"\r\n").unwrap_or_default()), Ok(message));
        let mechanism = MechanismName::new("X-TEST");
        let initial_response = Some(Response::new(octets));
        let auth = Auth { mechanism, initial_response: initial_response.clone() };
        let line = spell(&ClientMessage::Authenticate { mechanism, initial_response });
        prop_assert_eq!(Command::parse(line.strip_suffix(b"\r\n").unwrap_or_default()), Command::Auth(Ok(auth)));
    }
}

#[test]
fn an_initial_response_goes_along_as_long_as_the_command_is_of_ordinary_length() {
    let mechanism = MechanismName::new("PLAIN");
    // The longest that the profile lets go along: a name of 5 and base64 of at most 499, in fours.
    let longest = 496 / 4 * 3;
    let aiosasl::profile::InitialResponse::CarriedUpTo(limit) = PROFILE.initial_response else {
        panic!()
    };
    let line = |octets: usize| {
        let initial_response = Some(Response::new(vec![b'x'; octets]));
        spell(&ClientMessage::Authenticate { mechanism, initial_response }).len()
    };
    let counted = |octets| line(octets) - "AUTH  \r\n".len();
    assert!(counted(longest) <= limit.into() && line(longest) <= MAX_COMMAND);
    assert!(counted(longest + 1) > limit.into());
    assert_eq!(usize::from(limit) + "AUTH  \r\n".len(), MAX_COMMAND);
}
