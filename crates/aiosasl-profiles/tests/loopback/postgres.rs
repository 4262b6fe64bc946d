//! PostgreSQL.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use aiosasl::{
    binding::BindingKind,
    driver::{Reply, SaslInterface},
    mechanism::Mechanism,
    message::{Challenge, Response},
    own_login,
    policy::Plaintext,
};
use aiosasl_profiles::{
    WireClass, WireError,
    frame::{Frame, MechanismList},
    net::{
        Options, Protocol, Session, Target, TlsMode, connect,
        server::{Limits, ServerConfig, serve_postgres},
    },
    postgres::{Backend, Frontend, Startup, Told, measure, server as codec},
};
use proptest::{collection::vec, prelude::*};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::house::{
    PKI, Served, login_ruled, open_config, serve, shout, shout_and_leave, store, tls_config,
    trusting, who, why,
};

async fn server(config: ServerConfig) -> (u16, Served) {
    serve(move |stream| serve_postgres(stream, Arc::new(config), false, store())).await
}

fn only(mechanism: Mechanism) -> ServerConfig {
    ServerConfig { mechanisms: [mechanism].into(), ..tls_config() }
}

fn target(port: u16) -> Target {
    Target::new(Protocol::Postgres, "localhost", port).with_user("user")
}

async fn open(port: u16, options: &Options) -> Result<Session, WireError> {
    connect(&target(port), options).await
}

fn in_the_clear() -> Options {
    Options { tls: TlsMode::Off, ..Options::default() }
}

/// A server that says this, each time that something has come; what it heard.
async fn script(answers: Vec<Vec<u8>>) -> (u16, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut heard, mut chunk) = (Vec::new(), vec![0; 65_536]);
        for answer in answers {
            let Ok(count @ 1..) = stream.read(&mut chunk).await else { break };
            heard.extend_from_slice(&chunk[..count]);
            stream.write_all(&answer).await.unwrap();
        }
        let _ = stream.read_to_end(&mut heard).await;
        heard
    });
    (port, task)
}

fn offer(names: &[&str]) -> Vec<u8> {
    let list: MechanismList = names.iter().map(|name| name.parse().unwrap()).collect();
    codec::offer(list).unwrap().to_vec()
}

fn told(severity: &str, code: &str) -> Frame {
    Backend::Error(Told::new(severity, code, "no")).to_frame().unwrap()
}

#[tokio::test]
async fn tls_is_asked_for_and_the_certificate_is_what_an_exchange_is_tied_to() {
    let (port, served) = server(tls_config()).await;
    let mut session = open(port, &trusting()).await.unwrap();
    assert!(session.offer().start_tls_offered && session.tls().is_some());
    assert!(session.offer().mechanisms[0].is_plus(), "{:?}", session.offer());
    let rules = target(port).rules();
    let done = login_ruled(&mut session, "SCRAM-SHA-256-PLUS", "pencil", rules).await.unwrap();
    assert_eq!(done.channel_binding, Some(BindingKind::TlsServerEndPoint));
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256-PLUS".to_owned()));
}

#[tokio::test]
async fn tls_may_begin_at_once_and_says_for_which_protocol() {
    let (port, served) = server(tls_config()).await;
    let options = Options { tls: TlsMode::Implicit, ..trusting() };
    let mut session = open(port, &options).await.unwrap();
    let rules = target(port).rules();
    let _ = login_ruled(&mut session, "PLAIN", "pencil", rules).await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "PLAIN".to_owned()));

    // A server with the same certificate that speaks something else.
    let (port, _) = serve(move |stream| {
        aiosasl_profiles::net::server::serve_imap(stream, Arc::new(tls_config()), true, store())
    })
    .await;
    assert_eq!(open(port, &options).await.unwrap_err().class, WireClass::Tls);
}

#[tokio::test]
async fn the_session_that_follows_is_left_to_whoever_takes_it_over() {
    let (port, served) = server(open_config()).await;
    let mut session = open(port, &in_the_clear()).await.unwrap();
    let rules = target(port).rules();
    let _ = login_ruled(&mut session, "SCRAM-SHA-256", "pencil", rules).await.unwrap();
    let mut stream = session.into_stream().unwrap();
    let query = Frontend::Other(b'Q', b"select 1\0".as_slice().into()).to_frame().unwrap();
    stream.write_all(&query).await.unwrap();
    stream.write_all(&Frontend::Terminate.to_frame().unwrap()).await.unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    let mut tags = Vec::new();
    let mut rest = heard.as_slice();
    while let Some(length) = measure(rest).unwrap() {
        let (frame, behind) = rest.split_at(length);
        tags.push(frame[0]);
        rest = behind;
    }
    assert_eq!(String::from_utf8(tags).unwrap(), "SSSSSSSSSKZCZ");
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn passwords_and_md5_go_their_own_way() {
    let mechanisms =
        [(own_login::PASSWORD, "PASSWORD"), (aiosasl_vendor::pg_md5::MECHANISM, "PG-MD5")];
    for (mechanism, name) in mechanisms {
        for (password, comes_in) in [("pencil", true), ("pencils", false)] {
            let (port, served) = server(only(mechanism)).await;
            let mut session = open(port, &trusting()).await.unwrap();
            assert_eq!(session.offer().mechanisms, [mechanism.name]);
            let rules = target(port).rules();
            match login_ruled(&mut session, name, password, rules).await {
                Ok(_) => assert!(comes_in),
                Err(failed) => {
                    assert!(!comes_in, "{failed:?}");
                    assert_eq!(failed.class(), WireClass::Credentials);
                    assert!(!session.is_usable(), "the server has hung up");
                }
            }
            session.close().await;
            if comes_in {
                assert_eq!(who(served).await.0, "user");
            }
        }
    }
}

#[tokio::test]
async fn no_password_is_asked_for_where_others_can_read_it() {
    let config = ServerConfig { tls: None, ..only(own_login::PASSWORD) };
    let (port, _) = server(config).await;
    let error = open(port, &Options::default()).await.unwrap_err();
    assert_eq!(error.code.as_deref(), Some("28000"));
}

#[tokio::test]
async fn wrong_passwords_and_unknown_users_hear_the_same() {
    let attempt = async |user: &str, password: &str| {
        let (port, _) = server(open_config()).await;
        let target = Target::new(Protocol::Postgres, "localhost", port).with_user(user);
        let mut session = connect(&target, &in_the_clear()).await.unwrap();
        let failed = login_ruled(&mut session, "SCRAM-SHA-256", password, target.rules()).await;
        match failed.unwrap_err() {
            crate::house::Failed::There(error) => WireError::of(&error).unwrap().clone(),
            other @ crate::house::Failed::Here(_) => panic!("{other:?}"),
        }
    };
    let wrong = attempt("user", "pencils").await;
    assert_eq!((wrong.class, wrong.code.as_deref()), (WireClass::Credentials, Some("28P01")));
    assert_eq!(attempt("nobody", "pencil").await, wrong);
}

#[tokio::test]
async fn nobody_comes_in_but_who_was_announced() {
    let config = ServerConfig { plaintext: Plaintext::Anywhere, ..open_config() };
    let (port, served) = server(config).await;
    let target = Target::new(Protocol::Postgres, "localhost", port).with_user("other");
    let mut session = connect(&target, &in_the_clear()).await.unwrap();
    // Their own name and password, which are right.
    let plain = session.initiate("PLAIN".parse().unwrap(), Some(Response::new(*b"\0user\0pencil")));
    let error = plain.await.unwrap_err();
    let wire = WireError::of(&error).unwrap();
    assert_eq!((wire.class, wire.code.as_deref()), (WireClass::Authorization, Some("28000")));
    assert_eq!(why(served).await, "not-authorized");
}

#[tokio::test]
async fn a_certificate_is_enough_where_the_server_takes_one() {
    let (port, served) = server(tls_config()).await;
    let options = Options { client_certificate: Some(PKI.client.clone()), ..trusting() };
    let mut session = open(port, &options).await.unwrap();
    let rules = target(port).rules();
    let _ = login_ruled(&mut session, "EXTERNAL", "", rules).await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "EXTERNAL".to_owned()));
}

#[tokio::test]
async fn a_server_without_tls_says_so() {
    let (port, _) = server(open_config()).await;
    let session = open(port, &Options::default()).await.unwrap();
    assert!(!session.offer().start_tls_offered && session.tls().is_none());
    session.close().await;
    let (port, _) = server(open_config()).await;
    let options = Options { tls: TlsMode::StartTls, ..trusting() };
    assert_eq!(open(port, &options).await.unwrap_err().class, WireClass::Tls);
}

#[tokio::test]
async fn who_may_not_come_in_after_all_is_told_so() {
    let ok = [0x52, 0, 0, 0, 8, 0, 0, 0, 0];
    for (code, class) in [
        ("28000", WireClass::Authorization),
        ("53300", WireClass::Temporary),
        ("3D000", WireClass::Protocol),
    ] {
        let success = [ok.as_slice(), &told("FATAL", code)].concat();
        let (port, _) = script(vec![offer(&["X"]), success]).await;
        let mut session = open(port, &in_the_clear()).await.unwrap();
        let reply = session.initiate("X".parse().unwrap(), Some(Response::empty())).await;
        let error = reply.unwrap_err();
        assert_eq!(WireError::of(&error).unwrap().class, class, "{code}");
    }
}

#[tokio::test]
async fn servers_that_break_the_protocol_are_told_apart() {
    let bad: [(&[u8], WireClass); 6] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", WireClass::Protocol),
        (b"R\0\0\0\x03", WireClass::Protocol),
        (b"R\xff\xff\xff\xff", WireClass::Protocol),
        (b"Z\0\0\0\x05I", WireClass::Protocol),
        (b"R\0\0\0\x0c\0\0\0\x0bhello", WireClass::Protocol),
        (&told("FATAL", "53300"), WireClass::Temporary),
    ];
    for (answer, class) in bad {
        let (port, _) = script(vec![answer.to_vec()]).await;
        let opening = timeout(Duration::from_secs(5), open(port, &in_the_clear())).await;
        assert_eq!(opening.unwrap().unwrap_err().class, class, "{answer:?}");
    }
    // Notices without end.
    let notice = Backend::Notice(Told::new("NOTICE", "00000", "wait")).to_frame().unwrap();
    let (port, _) = script(vec![notice.repeat(1000)]).await;
    assert_eq!(open(port, &in_the_clear()).await.unwrap_err().class, WireClass::Protocol);
    // More in the clear than the answer to the request for TLS.
    let (port, _) = script(vec![b"Sinjected".to_vec()]).await;
    assert_eq!(open(port, &trusting()).await.unwrap_err().class, WireClass::Tls);
    let (port, _) = script(vec![b"E".to_vec()]).await;
    assert_eq!(open(port, &trusting()).await.unwrap_err().class, WireClass::Tls);
}

#[tokio::test]
async fn who_gives_up_says_good_bye() {
    let (port, heard) = script(vec![offer(&["X"]), codec_challenge()]).await;
    let mut session = open(port, &in_the_clear()).await.unwrap();
    let reply = session.initiate("X".parse().unwrap(), None).await.unwrap();
    assert_eq!(reply, Reply::Challenge(Challenge::new(*b"?")));
    assert_eq!(session.abort().await.unwrap(), Reply::Failure);
    session.close().await;
    assert!(heard.await.unwrap().ends_with(b"X\0\0\0\x04"));
}

fn codec_challenge() -> Vec<u8> {
    b"R\0\0\0\x09\0\0\0\x0b?".to_vec()
}

#[tokio::test]
async fn clients_of_newer_protocols_hear_what_is_spoken() {
    let (port, _) = server(open_config()).await;
    let parameters = [("user", "user"), ("_pq_.new", "1")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let startup = Startup::Start { version: 0x0003_0002, parameters: parameters.into() };
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    stream.write_all(&startup.to_frame().unwrap()).await.unwrap();
    let mut heard = [0; 23];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard[..22], b"v\0\0\0\x15\0\x03\0\0\0\0\0\x01_pq_.new\0");
}

#[tokio::test]
async fn clients_that_break_the_protocol_are_sent_away() {
    let no_user = Startup::Start { version: 0x0003_0000, parameters: Vec::new() };
    let no_user = no_user.to_frame().unwrap();
    let started = Startup::session("user", "user").to_frame().unwrap();
    for (octets, code) in [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "08P01"),
        (no_user.to_vec(), "28000"),
        (Startup::Ssl.to_frame().unwrap().repeat(9), "08P01"),
        ([started.as_slice(), b"Q\0\0\0\x05\0"].concat(), "08P01"),
        ([started.as_slice(), b"p\0\0\0\x0bNOPE\0\0\0"].concat(), "08P01"),
        ([started.as_slice(), b"p\0\0\0\x0dNOPE\0\0\0\0\0"].concat(), "28000"),
    ] {
        let (port, _) = server(open_config()).await;
        let heard = timeout(Duration::from_secs(5), shout(port, &octets)).await.unwrap();
        assert!(heard.contains(code), "{octets:?}: {heard:?}");
    }
}

#[tokio::test]
async fn who_says_nothing_is_not_waited_for() {
    let limits = Limits { idle: Duration::from_millis(50), ..Limits::default() };
    let (port, served) = server(ServerConfig { limits, ..tls_config() }).await;
    let _stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    let end = timeout(Duration::from_secs(5), served).await.unwrap().unwrap();
    assert_eq!(end.unwrap_err().class, WireClass::Timeout);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn no_octets_harm_the_server(octets in vec(any::<u8>(), 0..200), behind_startup in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (port, served) = server(open_config()).await;
            let startup = Startup::session("user", "user").to_frame().unwrap();
            let first = if behind_startup { startup.as_slice() } else { b"" };
            shout_and_leave(port, &[first, &octets].concat()).await;
            let _ = timeout(Duration::from_secs(5), served).await.unwrap().unwrap();
        });
    }
}
