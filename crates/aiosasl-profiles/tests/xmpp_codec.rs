//! What an XMPP client makes of a server's octets: good ones, bad ones, any ones.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use aiosasl::{binding::BindingKind, error::FailureCode, message::Challenge};
use aiosasl_profiles::{
    WireClass, WireError,
    xmpp::{
        MAX_DEPTH, MAX_ELEMENT, MAX_ELEMENTS, StartTls, StreamEvent, StreamReader, WhiteSpace,
        open, sasl::Answer,
    },
};
use proptest::prelude::*;

const OPENING: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' from='example.org' id='x1' \
                       xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";

fn opened() -> StreamReader {
    let mut reader = StreamReader::new();
    reader.push(OPENING.as_bytes()).unwrap();
    assert!(matches!(reader.next_event(), Ok(Some(StreamEvent::Opened(_)))));
    reader
}

/// The events of a stream that has been opened, octet by octet.
fn read(xml: &str) -> Result<Vec<StreamEvent>, WireError> {
    let mut reader = opened();
    let mut events = Vec::new();
    for octet in xml.as_bytes() {
        reader.push(&[*octet])?;
        while let Some(event) = reader.next_event()? {
            events.push(event);
        }
    }
    Ok(events)
}

fn event(xml: &str) -> StreamEvent {
    let [event] = <[_; 1]>::try_from(read(xml).unwrap()).unwrap();
    event
}

fn refused(xml: &str) -> String {
    let error = read(xml).unwrap_err();
    assert_eq!(error.class, WireClass::Protocol);
    error.text
}

#[test]
fn an_opening_names_the_server() {
    let mut reader = StreamReader::new();
    reader.push(OPENING.as_bytes()).unwrap();
    let Ok(Some(StreamEvent::Opened(header))) = reader.next_event() else { panic!() };
    assert_eq!((header.from.as_deref(), header.id.as_deref()), (Some("example.org"), Some("x1")));
}

#[test]
fn our_own_opening_is_xml_whatever_the_names_are() {
    let ours = open("<&'\">.example", Some("a'b@example"));
    let mut reader = StreamReader::new();
    reader.push(ours.as_bytes()).unwrap();
    assert!(matches!(reader.next_event(), Ok(Some(StreamEvent::Opened(_)))));
    assert!(ours.contains("to='&lt;&amp;&apos;&quot;&gt;.example'"));
}

#[test]
fn an_opening_without_version_one_or_of_something_else_is_refused() {
    for xml in [
        OPENING.replace(" version='1.0'>", ">"),
        OPENING.replace(" version='1.0'>", " version='0.9'>"),
        OPENING.replace("etherx", "other"),
        "<html>".into(),
    ] {
        let mut reader = StreamReader::new();
        reader.push(xml.as_bytes()).unwrap();
        assert_eq!(reader.next_event().unwrap_err().class, WireClass::Protocol, "{xml}");
    }
}

#[test]
fn features_are_read() {
    let StreamEvent::Features(it) = event(
        "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>\
         <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1-PLUS</mechanism>\
         <mechanism> PLAIN </mechanism><mechanism>PLAIN</mechanism><mechanism>plain</mechanism></mechanisms>\
         <sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/>\
         <channel-binding type='a b'/><channel-binding type='tls-new'/></sasl-channel-binding>\
         <register xmlns='http://jabber.org/features/iq-register'/></stream:features>",
    ) else {
        panic!()
    };
    assert_eq!(it.mechanisms, ["SCRAM-SHA-1-PLUS", "PLAIN"]);
    assert_eq!(it.unreadable, ["plain"]);
    assert_eq!(it.start_tls, StartTls::Required);
    let bindings = [BindingKind::TlsExporter, BindingKind::parse("tls-new").unwrap()];
    assert_eq!(it.bindings.as_deref(), Some(bindings.as_slice()));
    assert_eq!(it.all.last().unwrap(), "register http://jabber.org/features/iq-register");
}

#[test]
fn silence_about_bindings_and_an_empty_list_are_two_things() {
    let bindings = |xml| match event(xml) {
        StreamEvent::Features(it) => it.bindings,
        other => panic!("{other:?}"),
    };
    assert_eq!(bindings("<stream:features/>"), None);
    let empty =
        "<stream:features><sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'/></stream:features>";
    assert_eq!(bindings(empty), Some(vec![]));
}

#[test]
fn an_empty_element_and_an_equals_sign_are_an_empty_challenge() {
    for text in
        [format!("<challenge xmlns='{SASL}'/>"), format!("<challenge xmlns='{SASL}'>=</challenge>")]
    {
        assert_eq!(event(&text), StreamEvent::Answer(Answer::Challenge(Challenge::empty())));
    }
    let success = |text: &str| event(&format!("<success xmlns='{SASL}'>{text}</success>"));
    assert_eq!(success(""), StreamEvent::Answer(Answer::Success(None)));
    assert_eq!(success("="), StreamEvent::Answer(Answer::Success(Some(Challenge::empty()))));
    assert_eq!(success("<![CDATA[dj0=]]>"), success("dj0="));
    assert_eq!(success("&#x64;j0&#61;"), success("dj0="));
}

#[test]
fn what_is_no_base64_is_refused() {
    for text in ["AB==", "AA A", "A", " AA==", "AA==\n", "<x/>"] {
        refused(&format!("<challenge xmlns='{SASL}'>{text}</challenge>"));
        refused(&format!("<success xmlns='{SASL}'>{text}</success>"));
    }
}

#[test]
fn failures_mean_what_the_table_says() {
    for (condition, code) in [
        ("aborted", FailureCode::Aborted),
        ("account-disabled", FailureCode::AccountDisabled),
        ("credentials-expired", FailureCode::CredentialsExpired),
        ("encryption-required", FailureCode::EncryptionRequired),
        ("incorrect-encoding", FailureCode::BadEncoding),
        ("invalid-authzid", FailureCode::AuthorizationDenied),
        ("invalid-mechanism", FailureCode::MechanismUnknown),
        ("malformed-request", FailureCode::Malformed),
        ("mechanism-too-weak", FailureCode::MechanismTooWeak),
        ("not-authorized", FailureCode::InvalidCredentials),
        ("temporary-auth-failure", FailureCode::Temporary),
        ("something-new", FailureCode::InvalidCredentials),
    ] {
        let xml = format!(
            "<failure xmlns='{SASL}'><{condition}/><text xml:lang='en'>no &amp; no</text></failure>"
        );
        let StreamEvent::Answer(Answer::Failure(it)) = event(&xml) else { panic!() };
        assert_eq!((it.code(), it.error().code.as_deref()), (code, Some(condition)));
        assert_eq!(it.error().text, "no & no");
    }
    let StreamEvent::Answer(Answer::Failure(it)) = event(&format!("<failure xmlns='{SASL}'/>"))
    else {
        panic!()
    };
    assert_eq!(it.code(), FailureCode::InvalidCredentials);
}

#[test]
fn stream_errors_keep_their_condition() {
    for (condition, class) in [
        ("host-unknown", WireClass::Connection),
        ("policy-violation", WireClass::Policy),
        ("system-shutdown", WireClass::Temporary),
        ("not-well-formed", WireClass::Protocol),
    ] {
        let xml = format!(
            "<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
             <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>bye\u{202e}</text></stream:error>"
        );
        let StreamEvent::Error(it) = event(&xml) else { panic!() };
        let error = it.error();
        assert_eq!((error.class, error.code.as_deref()), (class, Some(condition)));
        assert_eq!(error.text, "bye\\u{202e}");
    }
}

#[test]
fn the_rest_of_the_octets_is_left_alone() {
    let mut reader = opened();
    reader.push(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>injected").unwrap();
    assert_eq!(reader.next_event(), Ok(Some(StreamEvent::TlsProceed)));
    assert_eq!(reader.pending(), b"injected");
}

#[test]
fn names_count_in_their_namespace_alone() {
    let other = event("<success xmlns='urn:example'/>");
    assert_eq!(
        other,
        StreamEvent::Other { namespace: "urn:example".into(), name: "success".into() }
    );
    assert!(matches!(event("<challenge/>"), StreamEvent::Other { .. }));
    let prefixed = event(&format!("<s:success xmlns:s='{SASL}'/>"));
    assert_eq!(prefixed, StreamEvent::Answer(Answer::Success(None)));
}

#[test]
fn white_space_is_refused_in_an_exchange_alone() {
    let xml = format!(" \n<success xmlns='{SASL}'/>");
    assert!(matches!(event(&xml), StreamEvent::Answer(_)));
    let mut reader = opened();
    reader.set_white_space(WhiteSpace::Refused);
    reader.push(xml.as_bytes()).unwrap();
    assert_eq!(reader.next_event().unwrap_err().class, WireClass::Protocol);
}

#[test]
fn white_space_may_come_forever() {
    let mut reader = opened();
    for _ in 0..64 {
        reader.push(&[b' '; 8192]).unwrap();
        assert_eq!(reader.next_event(), Ok(None));
    }
    reader.push(b"<stream:features/>").unwrap();
    assert!(matches!(reader.next_event(), Ok(Some(StreamEvent::Features(_)))));
}

#[test]
fn what_xmpp_forbids_is_refused() {
    for xml in [
        "<!DOCTYPE a>",
        "<?pi x?>",
        "<!-- comment -->",
        "<a>&lol;</a>",
        "<a><!-- comment --></a>",
        "<a></b>",
        "<a b='1' b='2'/>",
        "<a b=1/>",
        "<p:a/>",
        "<a>&#0;</a>",
        "text<a/>",
    ] {
        refused(xml);
    }
    let mut reader = StreamReader::new();
    reader.push(b"<!DOCTYPE s [<!ENTITY a 'aaaaaaaa'>]><s>&a;</s>").unwrap();
    assert!(reader.next_event().is_err());
    let mut reader = opened();
    reader.push(b"<a>\xff</a>").unwrap();
    assert!(reader.next_event().is_err());
}

#[test]
fn everything_has_an_end() {
    refused(&"<a>".repeat(MAX_DEPTH));
    refused(&format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS)));
    let long = |len: usize| {
        let mut reader = opened();
        let xml = format!("<challenge xmlns='{SASL}'>{}</challenge>", "A".repeat(len));
        xml.as_bytes().chunks(4096).try_for_each(|chunk| {
            reader.push(chunk)?;
            reader.next_event().map(drop)
        })
    };
    assert!(long(MAX_ELEMENT * 3 / 4).is_ok());
    assert!(long(MAX_ELEMENT).is_err());
    refused(&format!("<a b='{}'/>", "x".repeat(10_000)));
    let mut reader = opened();
    let pushed = (0..200).take_while(|_| reader.push(&[b'<'; 4096]).is_ok()).count();
    assert_eq!(pushed, 2 * MAX_ELEMENT / 4096);
}

#[test]
fn debug_shows_no_message() {
    let StreamEvent::Answer(answer) =
        event(&format!("<challenge xmlns='{SASL}'>c2VjcmV0</challenge>"))
    else {
        panic!()
    };
    let shown = format!("{answer:?} {:?}", opened());
    assert!(!shown.contains("secret") && !shown.contains("c2VjcmV0"), "{shown}");
}

/// Pieces of streams, so that chance gets beyond the first octet.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(OPENING.to_owned()),
        Just("</stream:stream>".to_owned()),
        Just("<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>".to_owned()),
        Just("<mechanism>PLAIN</mechanism></mechanisms></stream:features>".to_owned()),
        Just(format!("<challenge xmlns='{SASL}'>")),
        Just("</challenge>".to_owned()),
        Just(format!("<failure xmlns='{SASL}'><aborted/></failure>")),
        "[<>/&;'\"=!?\\-\\[\\]a-z :#0-9]{0,6}",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|all| all.concat().into_bytes())
}

proptest! {
    #[test]
    fn any_octets_end_in_events_or_an_error(octets in prop_oneof![pieces(), any::<Vec<u8>>()], step in 1usize..9) {
        let mut reader = StreamReader::new();
        let mut events = 0;
        'all: for chunk in octets.chunks(step) {
            if reader.push(chunk).is_err() { break }
            loop {
                match reader.next_event() {
                    Ok(Some(_)) => events += 1,
                    Ok(None) => break,
                    Err(error) => {
                        prop_assert_eq!(error.class, WireClass::Protocol);
                        // Dead, and stays so.
                        prop_assert!(reader.next_event().is_err() || reader.pending().is_empty());
                        break 'all;
                    }
                }
            }
        }
        prop_assert!(events <= octets.len());
    }

    #[test]
    fn the_pieces_in_which_octets_come_do_not_matter(octets in pieces(), step in 1usize..9) {
        let read = |step: usize| {
            let mut reader = StreamReader::new();
            let mut events = Vec::new();
            for chunk in octets.chunks(step) {
                reader.push(chunk).unwrap();
                loop {
                    match reader.next_event() {
                        Ok(Some(event)) => events.push(event),
                        Ok(None) => break,
                        Err(_) => return (events, true),
                    }
                }
            }
            (events, false)
        };
        prop_assert_eq!(read(step), read(usize::MAX));
    }
}
