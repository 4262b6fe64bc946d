//! What an XMPP server makes of a client's octets: good ones, bad ones, any ones.
#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use aiosasl::{
    binding::BindingKind,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
};
use aiosasl_profiles::xmpp::{
    self, Condition, MAX_DEPTH, MAX_ELEMENT, StreamEvent,
    sasl::{Answer, spell},
    server::{self, Event, Offer, StreamReader, Want, jid},
};
use proptest::{collection::vec, prelude::*};

const OPENING: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='example.org' from='a@b' \
                       xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";

fn opened() -> StreamReader {
    let mut reader = StreamReader::new();
    reader.push(OPENING.as_bytes()).unwrap();
    let Ok(Some(Event::Opened(opening))) = reader.next_event() else { panic!() };
    assert_eq!(
        (opening.to.as_deref(), opening.from.as_deref()),
        (Some("example.org"), Some("a@b"))
    );
    reader
}

fn event(xml: &str) -> Event {
    let mut reader = opened();
    reader.push(xml.as_bytes()).unwrap();
    reader.next_event().unwrap().unwrap()
}

fn refused(xml: &str) -> Condition {
    let mut reader = opened();
    match reader.push(xml.as_bytes()).and_then(|()| reader.next_event()) {
        Err(fault) => {
            assert!(fault.spell().contains(fault.condition.as_str()));
            fault.condition
        }
        Ok(event) => panic!("{xml}: {event:?}"),
    }
}

/// What our client makes of what our server says.
fn heard(xml: &str) -> StreamEvent {
    let mut reader = xmpp::StreamReader::new();
    reader.push(server::open("example.org", "1").as_bytes()).unwrap();
    assert!(matches!(reader.next_event(), Ok(Some(StreamEvent::Opened(_)))));
    reader.push(xml.as_bytes()).unwrap();
    reader.next_event().unwrap().unwrap()
}

#[test]
fn absent_and_empty_are_two_things() {
    let mechanism: MechanismName = "EXTERNAL".parse().unwrap();
    for (text, initial_response) in [
        ("", None),
        ("=", Some(Response::empty())),
        ("AA==", Some(Response::new([0]))),
        ("<![CDATA[AA==]]>", Some(Response::new([0]))),
    ] {
        let xml = format!("<auth xmlns='{SASL}' mechanism='EXTERNAL'>{text}</auth>");
        let expected = ClientMessage::Authenticate { mechanism, initial_response };
        assert_eq!(event(&xml), Event::Said(Ok(expected)), "{xml}");
    }
    for text in ["", "="] {
        let xml = format!("<response xmlns='{SASL}'>{text}</response>");
        assert_eq!(event(&xml), Event::Said(Ok(ClientMessage::Response(Response::empty()))));
    }
}

#[test]
fn broken_requests_are_told_why() {
    for (xml, code) in [
        ("<auth xmlns='@'/>", FailureCode::MechanismUnknown),
        ("<auth xmlns='@' mechanism='b?d'/>", FailureCode::MechanismUnknown),
        ("<auth xmlns='@' mechanism='PLAIN'>A</auth>", FailureCode::BadEncoding),
        ("<auth xmlns='@' mechanism='PLAIN'> AA== </auth>", FailureCode::BadEncoding),
        ("<auth xmlns='@' mechanism='PLAIN'>AB==</auth>", FailureCode::BadEncoding),
        ("<auth xmlns='@' mechanism='PLAIN'><x/></auth>", FailureCode::Malformed),
        ("<response xmlns='@'>===</response>", FailureCode::BadEncoding),
    ] {
        assert_eq!(event(&xml.replace('@', SASL)), Event::Said(Err(code)), "{xml}");
    }
}

#[test]
fn streams_that_cannot_go_on_are_told_why() {
    for (xml, condition) in [
        ("<a></b>", Condition::NotWellFormed),
        ("<a>&lol;</a>", Condition::NotWellFormed),
        ("<!-- hello -->", Condition::RestrictedXml),
        ("<?pi x?>", Condition::RestrictedXml),
        ("text", Condition::BadFormat),
        (&"<a>".repeat(MAX_DEPTH), Condition::PolicyViolation),
        (&format!("<a>{}", "x".repeat(MAX_ELEMENT)), Condition::PolicyViolation),
    ] {
        let shown: String = xml.chars().take(40).collect();
        let xml = if xml == "text" { "text<a/>" } else { xml };
        assert_eq!(refused(xml), condition, "{shown}");
    }
    for (opening, condition) in [
        (OPENING.replace("etherx", "other"), Condition::InvalidNamespace),
        (OPENING.replace(" version='1.0'>", ">"), Condition::UnsupportedVersion),
        ("<html>".to_owned(), Condition::InvalidNamespace),
        ("GET / HTTP/1.1".to_owned(), Condition::NotWellFormed),
    ] {
        let mut reader = StreamReader::new();
        reader.push(opening.as_bytes()).unwrap();
        assert_eq!(reader.next_event().unwrap_err().condition, condition, "{opening}");
    }
}

#[test]
fn every_refusal_comes_back_as_what_it_was() {
    for code in [
        FailureCode::Aborted,
        FailureCode::AccountDisabled,
        FailureCode::AuthorizationDenied,
        FailureCode::BadEncoding,
        FailureCode::CredentialsExpired,
        FailureCode::EncryptionRequired,
        FailureCode::InvalidCredentials,
        FailureCode::Malformed,
        FailureCode::MechanismTooWeak,
        FailureCode::MechanismUnknown,
        FailureCode::Temporary,
    ] {
        let StreamEvent::Answer(Answer::Failure(failure)) = heard(&server::failure(code)) else {
            panic!("{code}")
        };
        assert_eq!(failure.code(), code);
    }
}

#[test]
fn what_is_offered_is_read() {
    let mechanisms = ["SCRAM-SHA-256-PLUS", "PLAIN"].map(|name| name.parse().unwrap());
    let bindings = [BindingKind::TlsExporter];
    let offer = Offer { mechanisms: &mechanisms, bindings: &bindings, start_tls: false };
    let StreamEvent::Features(features) = heard(&offer.spell()) else { panic!() };
    assert_eq!(features.mechanisms, mechanisms);
    assert_eq!(features.bindings.as_deref(), Some(&bindings[..]));
    assert_eq!(features.start_tls, xmpp::StartTls::NotOffered);
    let offer = Offer { mechanisms: &[], bindings: &[], start_tls: true };
    let StreamEvent::Features(features) = heard(&offer.spell()) else { panic!() };
    assert_eq!((features.start_tls, features.bindings), (xmpp::StartTls::Offered, None));
    let StreamEvent::Features(features) = heard(&server::features_after()) else { panic!() };
    assert!(features.mechanisms.is_empty() && features.all.len() == 2);
}

#[test]
fn a_resource_is_bound_to_a_name_that_fits() {
    let bind = "<iq type='set' id='&quot;1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
                <resource>phone</resource></bind></iq>";
    let Event::Iq(iq) = event(bind) else { panic!() };
    assert_eq!(iq.want, Want::Bind(Some("phone".to_owned())));
    let answer = iq.bound(&jid("d'artagnan a@b\\c", "example.org", "<x>"));
    assert_eq!(
        answer,
        "<iq type='result' id='&quot;1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
         <jid>d\\27artagnan\\20a\\40b\\5cc@example.org/&lt;x&gt;</jid></bind></iq>"
    );
    for (xml, want) in [
        (
            "<iq type='set' id='2'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
            Want::Session,
        ),
        ("<iq type='get' id='3'><query xmlns='jabber:iq:roster'/></iq>", Want::Unknown),
        ("<iq type='result' id='4'/>", Want::Nothing),
    ] {
        let Event::Iq(iq) = event(xml) else { panic!("{xml}") };
        assert_eq!(iq.want, want);
    }
    assert_eq!(event("<presence/>"), Event::Notice);
    assert_eq!(event("<x xmlns='urn:x'/>"), Event::Unknown("x".to_owned()));
    assert_eq!(event("</stream:stream>"), Event::Closed);
}

/// Pieces of streams, so that chance gets beyond the first octet.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(OPENING.to_owned()),
        Just("</stream:stream>".to_owned()),
        Just(format!("<auth xmlns='{SASL}' mechanism='PLAIN'>")),
        Just("</auth>".to_owned()),
        Just(format!("<abort xmlns='{SASL}'/>")),
        Just(
            "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
                .to_owned()
        ),
        "[<>/&;'\"=!?\\-\\[\\]a-z :#0-9]{0,6}",
        any::<String>(),
    ];
    vec(piece, 0..8).prop_map(|all| all.concat().into_bytes())
}

proptest! {
    #[test]
    fn any_octets_end_in_events_or_a_fault(octets in prop_oneof![pieces(), any::<Vec<u8>>()], step in 1usize..9) {
        let mut reader = StreamReader::new();
        let mut events = 0;
        'all: for chunk in octets.chunks(step) {
            if reader.push(chunk).is_err() { break }
            loop {
                match reader.next_event() {
                    Ok(Some(_)) => events += 1,
                    Ok(None) => break,
                    Err(_) => break 'all,
                }
            }
        }
        prop_assert!(events <= octets.len());
    }

    #[test]
    fn what_a_client_says_arrives(octets in prop::option::of(vec(any::<u8>(), 0..99)), name in "[A-Z0-9_-]{1,20}") {
        let mechanism: MechanismName = name.parse().unwrap();
        let initial_response = octets.clone().map(Response::new);
        let response = Response::new(octets.unwrap_or_default());
        for message in [
            ClientMessage::Authenticate { mechanism, initial_response },
            ClientMessage::Response(response),
            ClientMessage::Abort,
        ] {
            prop_assert_eq!(event(&spell(&message)), Event::Said(Ok(message)));
        }
    }

    #[test]
    fn what_a_server_says_arrives(octets in vec(any::<u8>(), 0..99)) {
        let octets = Challenge::new(octets);
        let challenge = StreamEvent::Answer(Answer::Challenge(octets.clone()));
        prop_assert_eq!(heard(&server::challenge(&octets)), challenge);
        let success = StreamEvent::Answer(Answer::Success(Some(octets.clone())));
        prop_assert_eq!(heard(&server::success(Some(&octets))), success);
    }

    #[test]
    fn any_name_is_xml(user in ".{0,9}", domain in ".{0,9}", resource in ".{0,9}", id in ".{0,9}") {
        let iq = server::Iq { id, want: Want::Nothing };
        for xml in [iq.bound(&jid(&user, &domain, &resource)), iq.done(), iq.unavailable()] {
            let is_iq = matches!(heard(&xml), StreamEvent::Other { name, .. } if name == "iq");
            prop_assert!(is_iq, "{}", xml);
        }
        let mut reader = xmpp::StreamReader::new();
        reader.push(server::open(&domain, &user).as_bytes()).unwrap();
        prop_assert!(matches!(reader.next_event(), Ok(Some(StreamEvent::Opened(_)))));
    }
}
