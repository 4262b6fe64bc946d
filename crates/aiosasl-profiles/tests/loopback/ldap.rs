//! LDAP.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use aiosasl::{
    binding::BindingKind,
    driver::{Connection, FromMechanism, Reply, SaslInterface, SaslMechanism, negotiate},
    mechanism::Offered,
    message::{Challenge, Outcome, Response},
    own_login,
    policy::{Channel, ChannelSecurity, Plaintext, Policy},
    secret::Secret,
};
use aiosasl_profiles::{
    WireClass, WireError,
    frame::MechanismList,
    ldap::{
        self, Attribute, Authentication, BindRequest, BindResponse, ExtendedRequest,
        ExtendedResponse, LdapResult, Message, NOTICE_OF_DISCONNECTION, OPENLDAP, OPENLDAP_BINDING,
        Operation, ResultCode, START_TLS, SearchEntry, SearchRequest,
    },
    net::{
        Options, Protocol, Session, Target, TlsMode, connect,
        server::{Limits, ServerConfig, serve_ldap},
    },
};
use proptest::{collection::vec, prelude::*};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, UnixListener},
    task::JoinHandle,
    time::timeout,
};

use crate::house::{
    Failed, PKI, Served, accept_tls, login, open, open_config, serve, shout_and_leave, store,
    tls_config, trusting, who, why,
};

async fn own(config: ServerConfig, implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_ldap(stream, Arc::new(config), implicit_tls, store())).await
}

fn in_the_clear() -> Options {
    Options { tls: TlsMode::Off, ..Options::default() }
}

/// Logs in by the protocol's own way.
async fn simple_bind(
    session: &mut Session,
    name: &'static str,
    password: &'static str,
) -> Result<(), WireError> {
    let offer = session.offer().clone();
    let bindings = session.bindings().to_vec();
    let connection = Connection {
        offered: Offered { mechanisms: &offer.mechanisms, ..Offered::default() },
        channel: Channel { security: session.security(), bindings: &bindings, strength: 0 },
        policy: Policy::default(),
    };
    let mechanism = FromMechanism::new(own_login::PASSWORD, (name, password));
    match negotiate(session, &connection, &[&mechanism as &dyn SaslMechanism]).await {
        Ok(_) => Ok(()),
        Err(failed) => Err(WireError::of(&failed.error)
            .cloned()
            .unwrap_or_else(|| WireError::new(WireClass::Policy, failed.error.to_string()))),
    }
}

#[tokio::test]
async fn start_tls_is_used_where_offered_and_the_offer_is_asked_for_anew() {
    let (port, served) = own(tls_config(), false).await;
    let mut session = open(Protocol::Ldap, port, &trusting()).await.unwrap();
    let offer = session.offer();
    assert!(offer.start_tls_offered && offer.initial_response && !offer.unlisted);
    let plus = "SCRAM-SHA-256-PLUS".parse().unwrap();
    assert!(offer.mechanisms.contains(&plus));
    assert!(!offer.before_tls.as_ref().unwrap().contains(&plus));
    assert_eq!(offer.mechanisms.last(), Some(&own_login::PASSWORD.name));
    let tls = format!("supportedExtension {START_TLS} (StartTLS)");
    assert!(!offer.capabilities.contains(&tls), "it is not offered twice");
    assert_eq!(session.security(), ChannelSecurity::Confidential);
    let done = login(&mut session, "SCRAM-SHA-256-PLUS", "pencil").await.unwrap();
    assert!(done.server_verified);
    assert_eq!(done.channel_binding, Some(BindingKind::TlsExporter));
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256-PLUS".to_owned()));
}

#[tokio::test]
async fn every_mechanism_works_under_implicit_tls() {
    for mechanism in ["PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-512-PLUS"] {
        let (port, served) = own(tls_config(), true).await;
        let options = Options { implicit_by_scheme: true, ..trusting() };
        let mut session = open(Protocol::Ldap, port, &options).await.unwrap();
        let _ = login(&mut session, mechanism, "pencil").await.unwrap();
        session.close().await;
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
}

#[tokio::test]
async fn a_verified_certificate_is_an_identity() {
    let (port, served) = own(tls_config(), false).await;
    let options = Options { client_certificate: Some(PKI.client.clone()), ..trusting() };
    let mut session = open(Protocol::Ldap, port, &options).await.unwrap();
    let _ = login(&mut session, "EXTERNAL", "").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "EXTERNAL".to_owned()));
}

#[tokio::test]
async fn a_simple_bind_is_a_mechanism_like_others_and_policy_holds_for_it() {
    let (port, served) = own(tls_config(), false).await;
    let mut session = open(Protocol::Ldap, port, &trusting()).await.unwrap();
    let refused = simple_bind(&mut session, "user", "pencim").await.unwrap_err();
    assert_eq!((refused.class, refused.code.as_deref()), (WireClass::Credentials, Some("49")));
    simple_bind(&mut session, "user", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await.0, "user");

    let config = ServerConfig { plaintext: Plaintext::Anywhere, ..open_config() };
    let (port, served) = own(config, false).await;
    let mut session = open(Protocol::Ldap, port, &trusting()).await.unwrap();
    let refused = simple_bind(&mut session, "user", "pencil").await.unwrap_err();
    assert_eq!(refused.class, WireClass::Policy, "nobody else hears a password: {refused:?}");
    session.close().await;
    assert!(served.await.unwrap().unwrap().is_none(), "nothing was tried");
}

#[tokio::test]
async fn another_try_on_the_same_connection_and_five_wrong_ones_are_enough() {
    let (port, served) = own(tls_config(), false).await;
    let mut session = open(Protocol::Ldap, port, &trusting()).await.unwrap();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "PLAIN"] {
        let refused = login(&mut session, mechanism, "pencim").await.unwrap_err();
        let Failed::There(error) = &refused else { panic!("{refused:?}") };
        assert!(error.is_authentication_failure());
        assert_eq!(WireError::of(error).unwrap().code.as_deref(), Some("49"));
    }
    let refused = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Connection);
    assert_eq!(why(served).await, "password-wrong");
}

#[tokio::test]
async fn an_exchange_can_be_given_up_or_replaced_by_another() {
    let (port, served) = own(open_config(), false).await;
    let mut session = open(Protocol::Ldap, port, &in_the_clear()).await.unwrap();
    let first = Some(Response::new("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
    let scram = "SCRAM-SHA-256".parse().unwrap();
    let reply = session.initiate(scram, first.clone()).await.unwrap();
    assert!(matches!(reply, Reply::Challenge(_)));
    assert_eq!(session.abort().await.unwrap(), Reply::Failure);
    assert!(matches!(session.initiate(scram, first).await.unwrap(), Reply::Challenge(_)));
    // Without a word about the one before (RFC 4513 section 5.2.1.2).
    let _ = login(&mut session, "SCRAM-SHA-1", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-1".to_owned()));
}

#[tokio::test]
async fn without_tls_a_password_is_not_offered_and_an_unknown_user_is_nobody_special() {
    let (port, served) = own(open_config(), false).await;
    let mut session = open(Protocol::Ldap, port, &trusting()).await.unwrap();
    assert!(!session.offer().start_tls_offered);
    let refused = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Policy);
    let _ = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap();
    let again = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
    assert_eq!(again.class(), WireClass::Protocol, "whoever has come in is in");
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256".to_owned()));
}

/// A peer of which each request has these answers; it hangs up after the last. The requests are what it heard.
async fn scripted(answers: Vec<Vec<Message>>) -> (u16, JoinHandle<Vec<Operation>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut octets, mut heard) = (Vec::new(), Vec::new());
        for answers in answers {
            while ldap::measure(&octets).unwrap().is_none_or(|length| octets.len() < length) {
                if stream.read_buf(&mut octets).await.unwrap() == 0 {
                    return heard;
                }
            }
            let rest = octets.split_off(ldap::measure(&octets).unwrap().unwrap());
            let message = Message::parse(&octets).unwrap();
            octets = rest;
            heard.push(message.operation);
            for answer in answers {
                stream.write_all(&answer.to_frame().unwrap()).await.unwrap();
            }
        }
        heard
    });
    (port, task)
}

fn done(code: ResultCode) -> Operation {
    Operation::SearchDone(LdapResult::new(code, ""))
}

fn entry(mechanisms: &[&str], more: Vec<Attribute>) -> Operation {
    let mechanisms: MechanismList = mechanisms.iter().map(|it| it.parse().unwrap()).collect();
    let mut entry = SearchEntry::root_dse(&mechanisms, &[]);
    entry.attributes.retain(|it| more.iter().all(|more| more.name != it.name));
    entry.attributes.extend(more);
    Operation::SearchEntry(entry)
}

/// The answer to the first request: these mechanisms.
fn root(mechanisms: &[&str]) -> Vec<Message> {
    vec![Message::new(1, entry(mechanisms, Vec::new())), Message::new(1, done(ResultCode::SUCCESS))]
}

fn bound(id: u32, result: LdapResult, words: Option<&str>) -> Message {
    let server_credentials = words.map(Challenge::new);
    Message::new(id, Operation::BindResponse(BindResponse { result, server_credentials }))
}

fn notice(code: ResultCode, name: &str) -> Message {
    let result = LdapResult::new(code, "good bye");
    let name = Some(name.to_owned());
    Message::new(0, Operation::ExtendedResponse(ExtendedResponse { result, name, value: None }))
}

async fn open_scripted(answers: Vec<Vec<Message>>) -> (Session, JoinHandle<Vec<Operation>>) {
    let (port, heard) = scripted(answers).await;
    (open(Protocol::Ldap, port, &in_the_clear()).await.unwrap(), heard)
}

#[tokio::test]
async fn result_codes_are_told_by_what_they_mean() {
    for (code, class) in [
        (1, WireClass::Protocol),
        (7, WireClass::Mechanism),
        (8, WireClass::Policy),
        (10, WireClass::Policy),
        (13, WireClass::Policy),
        (32, WireClass::Credentials),
        (48, WireClass::Credentials),
        (49, WireClass::Credentials),
        (50, WireClass::Authorization),
        (52, WireClass::Temporary),
        (53, WireClass::Policy),
    ] {
        let result = LdapResult {
            referrals: if code == 10 { vec!["ldap://other/".to_owned()] } else { Vec::new() },
            ..LdapResult::new(ResultCode(code), "words")
        };
        let (mut session, _) =
            open_scripted(vec![root(&["EXTERNAL"]), vec![bound(2, result, None)]]).await;
        let error = session.initiate("EXTERNAL".parse().unwrap(), None).await.unwrap_err();
        let error = WireError::of(&error).unwrap();
        assert_eq!((error.class, error.code.clone()), (class, Some(code.to_string())), "{error}");
        assert!(error.text.starts_with("words"));
        assert_eq!(error.text.contains("ldap://other/"), code == 10);
        assert!(session.is_usable(), "it was told");
    }
}

#[tokio::test]
async fn a_notice_of_disconnection_is_the_end_and_other_notices_are_nothing() {
    let gone = vec![
        notice(ResultCode::SUCCESS, "1.2.3"),
        notice(ResultCode::UNAVAILABLE, NOTICE_OF_DISCONNECTION),
    ];
    let (mut session, _) = open_scripted(vec![root(&["EXTERNAL"]), gone]).await;
    let error = session.initiate("EXTERNAL".parse().unwrap(), None).await.unwrap_err();
    assert_eq!(WireError::of(&error).unwrap().class, WireClass::Temporary);
    assert!(!session.is_usable());
    session.close().await;

    let busy = vec![notice(ResultCode::BUSY, NOTICE_OF_DISCONNECTION)];
    let (port, _) = scripted(vec![busy]).await;
    let error = open(Protocol::Ldap, port, &in_the_clear()).await.unwrap_err();
    assert_eq!((error.class, error.text.as_str()), (WireClass::Temporary, "good bye"));
}

#[tokio::test]
async fn a_server_that_tells_nobody_is_tried_all_the_same() {
    let refused = vec![Message::new(1, done(ResultCode::STRONGER_AUTH_REQUIRED))];
    let no_tls = LdapResult::new(ResultCode::PROTOCOL_ERROR, "");
    let no_tls = ExtendedResponse { result: no_tls, name: None, value: None };
    let no_tls = vec![Message::new(2, Operation::ExtendedResponse(no_tls))];
    let unknown = LdapResult::new(ResultCode::AUTH_METHOD_NOT_SUPPORTED, "");
    let script = vec![refused, no_tls, vec![bound(3, unknown, None)]];
    let (port, heard) = scripted(script.clone()).await;
    let mut session = open(Protocol::Ldap, port, &trusting()).await.unwrap();
    assert!(session.offer().unlisted && session.tls().is_none());
    assert_eq!(session.offer().mechanisms, [own_login::PASSWORD.name]);
    let refused = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Mechanism);
    let heard = heard.await.unwrap();
    let expected = ExtendedRequest::start_tls();
    assert_eq!(heard.get(1), Some(&Operation::ExtendedRequest(expected)), "TLS was asked for");

    let (port, _) = scripted(script).await;
    let options = Options { tls: TlsMode::StartTls, ..trusting() };
    let error = open(Protocol::Ldap, port, &options).await.unwrap_err();
    assert_eq!(error.class, WireClass::Tls, "demanded, and refused");
}

#[tokio::test]
async fn tls_is_asked_for_again_where_the_server_was_not_done_yet() {
    let refusal = |id, code| {
        let result = LdapResult::new(code, "");
        let response = ExtendedResponse { result, name: None, value: None };
        vec![Message::new(id, Operation::ExtendedResponse(response))]
    };
    let script = vec![
        root(&["X-ONE"]),
        refusal(2, ResultCode::OPERATIONS_ERROR),
        refusal(3, ResultCode::OPERATIONS_ERROR),
        refusal(4, ResultCode::UNAVAILABLE),
    ];
    let script = script.into_iter().map(|mut answers| {
        if let Some(Message { operation: Operation::SearchEntry(entry), .. }) = answers.first_mut()
        {
            // In the place of the one that is empty.
            entry.attributes.retain(|it| it.name != "supportedExtension");
            entry.attributes.push(attribute("supportedExtension", START_TLS));
        }
        answers
    });
    let (port, heard) = scripted(script.collect()).await;
    let error = open(Protocol::Ldap, port, &trusting()).await.unwrap_err();
    assert_eq!((error.class, error.code.as_deref()), (WireClass::Tls, Some("52")));
    assert_eq!(heard.await.unwrap().len(), 4, "three times in all");
}

#[tokio::test]
async fn last_words_come_with_the_success_or_before_it() {
    for early in [false, true] {
        let success = LdapResult::default();
        let going_on = LdapResult::new(ResultCode::SASL_BIND_IN_PROGRESS, "");
        let mut script =
            vec![root(&["X-ONE"]), vec![bound(2, going_on.clone(), Some("challenge"))]];
        if early {
            script.push(vec![bound(3, going_on, Some("words"))]);
            script.push(vec![bound(4, success, None)]);
        } else {
            script.push(vec![bound(3, success, Some("words"))]);
        }
        let (mut session, heard) = open_scripted(script).await;
        let mechanism = "X-ONE".parse().unwrap();
        let reply = session.initiate(mechanism, None).await.unwrap();
        assert_eq!(reply, Reply::Challenge(Challenge::new("challenge")));
        let reply = session.respond(Response::new("proof")).await.unwrap();
        if early {
            assert_eq!(reply, Reply::Challenge(Challenge::new("words")));
            let reply = session.respond(Response::empty()).await.unwrap();
            assert_eq!(reply, Reply::Success(None));
        } else {
            assert_eq!(reply, Reply::Success(Some(Challenge::new("words"))));
        }
        let heard = heard.await.unwrap();
        let Some(Operation::BindRequest(step)) = heard.last() else { panic!("{heard:?}") };
        let expected = Response::new(if early { "" } else { "proof" });
        assert_eq!(*step, BindRequest::sasl("X-ONE", Some(expected)), "named in every step");
    }
}

#[tokio::test]
async fn hostile_answers_are_errors() {
    let not_ours = vec![Message::new(7, done(ResultCode::SUCCESS))];
    let wrong = vec![Message::new(1, Operation::Unbind)];
    let entries = vec![Message::new(1, entry(&[], Vec::new())); 100];
    let notices = vec![notice(ResultCode::SUCCESS, "1.2.3"); 100];
    for answers in [not_ours, wrong, entries, notices] {
        let (port, _) = scripted(vec![answers]).await;
        let error = open(Protocol::Ldap, port, &in_the_clear()).await.unwrap_err();
        assert_eq!(error.class, WireClass::Protocol, "{error}");
    }
    for octets in [&b"\x30\x84\x7f\xff\xff\xff"[..], b"HTTP/1.1 400\r\n\r\n", b"\x30\x80\0\0"] {
        let octets = octets.to_vec();
        let (port, _) = raw(octets).await;
        let error = open(Protocol::Ldap, port, &in_the_clear()).await.unwrap_err();
        assert_eq!(error.class, WireClass::Protocol, "{error}");
    }
    for octets in [&b""[..], b"\x30\x0c\x02"] {
        let (port, _) = raw(octets.to_vec()).await;
        let error = open(Protocol::Ldap, port, &in_the_clear()).await.unwrap_err();
        assert_eq!(error.class, WireClass::Connection, "{error}");
    }
}

/// A peer that says this once something has come, and hangs up.
async fn raw(octets: Vec<u8>) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(&octets).await;
        let _ = stream.shutdown().await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    (port, task)
}

#[tokio::test]
async fn a_unix_socket_is_confidential_and_needs_no_tls() {
    let folder = std::env::temp_dir().join(format!("aiosasl-ldapi-{}", std::process::id()));
    let _ = std::fs::remove_file(&folder);
    let listener = UnixListener::bind(&folder).unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut octets = vec![0; 4096];
        for answers in [
            vec![
                Message::new(
                    1,
                    entry(&["EXTERNAL"], vec![attribute("supportedExtension", START_TLS)]),
                ),
                Message::new(1, done(ResultCode::SUCCESS)),
            ],
            vec![bound(2, LdapResult::default(), None)],
        ] {
            let count = stream.read(&mut octets).await.unwrap();
            assert!(count > 0);
            for answer in answers {
                stream.write_all(&answer.to_frame().unwrap()).await.unwrap();
            }
        }
        let count = stream.read(&mut octets).await.unwrap();
        Message::parse(octets.get(..count).unwrap()).unwrap().operation
    });
    let target = Target::at_socket(Protocol::Ldap, &folder);
    let mut session = connect(&target, &trusting()).await.unwrap();
    let _ = std::fs::remove_file(&folder);
    assert!(session.tls().is_none() && session.security() == ChannelSecurity::Confidential);
    let _ = login(&mut session, "EXTERNAL", "").await.unwrap();
    session.close().await;
    assert_eq!(task.await.unwrap(), Operation::Unbind);
}

fn attribute(name: &str, value: &str) -> Attribute {
    Attribute { name: name.to_owned(), values: vec![Secret::from(value)] }
}

#[tokio::test]
async fn garbage_gets_a_notice_and_the_end() {
    for octets in [
        &b"\x30\x84\x7f\xff\xff\xff"[..],
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x30\x05\x02\x01\x01\x66\x00",
    ] {
        let (port, served) = own(open_config(), false).await;
        let mut stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        stream.write_all(octets).await.unwrap();
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
        let Operation::ExtendedResponse(notice) = Message::parse(&heard).unwrap().operation else {
            panic!("{heard:?}");
        };
        assert_eq!(notice.name.as_deref(), Some(NOTICE_OF_DISCONNECTION));
        assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Protocol);
    }
    let limits = Limits { commands: 3, ..Limits::default() };
    let (port, served) = own(ServerConfig { limits, ..open_config() }, false).await;
    let ask = Message::new(1, Operation::SearchRequest(SearchRequest::root_dse()));
    shout_and_leave(port, &ask.to_frame().unwrap().repeat(5)).await;
    assert!(served.await.unwrap().unwrap().is_none());
}

#[tokio::test]
async fn openldap_is_bound_in_its_own_way() {
    let (port, served) = openldap().await;
    let mut session =
        open(Protocol::Ldap, port, &Options { implicit_by_scheme: true, ..trusting() })
            .await
            .unwrap();
    let kind = BindingKind::parse(OPENLDAP_BINDING).unwrap();
    assert_eq!(session.offer().bindings, Some(vec![kind.clone()]));
    let done = login(&mut session, "SCRAM-SHA-256-PLUS", "pencil").await;
    drop(session);
    let first = served.await.unwrap();
    assert!(first.starts_with("p=ldap,,n=user"), "{first}");
    assert!(done.is_err(), "the script goes no further");
}

/// TLS, a root DSE of OpenLDAP's class, and the first message of an exchange.
async fn openldap() -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = accept_tls(stream).await;
        let mut octets = vec![0; 4096];
        let _ = stream.read(&mut octets).await.unwrap();
        let class = vec![attribute("objectClass", OPENLDAP)];
        for answer in [
            Message::new(1, entry(&["SCRAM-SHA-256-PLUS"], class)),
            Message::new(1, done(ResultCode::SUCCESS)),
        ] {
            stream.write_all(&answer.to_frame().unwrap()).await.unwrap();
        }
        let count = stream.read(&mut octets).await.unwrap();
        match Message::parse(octets.get(..count).unwrap()).unwrap().operation {
            Operation::BindRequest(request) => match request.authentication {
                Authentication::Sasl { credentials: Some(first), .. } => {
                    String::from_utf8_lossy(first.as_bytes()).into_owned()
                }
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    });
    (port, task)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    #[test]
    fn no_octets_do_harm_to_a_server_or_a_client(pieces in vec(piece(), 0..20)) {
        let octets = pieces.concat();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (port, served) = own(open_config(), false).await;
            let ended = async { shout_and_leave(port, &octets).await; served.await.unwrap() };
            let outcome = timeout(Duration::from_secs(5), ended).await.unwrap();
            assert!(!matches!(outcome, Ok(Some(Outcome::Success(_)))));

            let (port, _) = raw(octets).await;
            let options = in_the_clear();
            let opened = open(Protocol::Ldap, port, &options);
            let _ = timeout(Duration::from_secs(5), opened).await.unwrap();
        });
    }
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let bind = |name| {
        Operation::BindRequest(BindRequest::sasl(name, Some(Response::new("n,,n=user,r=a"))))
    };
    let whole = [
        done(ResultCode::SUCCESS),
        done(ResultCode::BUSY),
        entry(&["EXTERNAL"], Vec::new()),
        bind("SCRAM-SHA-256"),
        bind(""),
        Operation::SearchRequest(SearchRequest::root_dse()),
        Operation::ExtendedRequest(ExtendedRequest::start_tls()),
        Operation::Unbind,
    ];
    let whole = whole.map(|it| Message::new(1, it).to_frame().unwrap().to_vec()).to_vec();
    prop_oneof![4 => prop::sample::select(whole), 1 => vec(any::<u8>(), 0..8)]
}
