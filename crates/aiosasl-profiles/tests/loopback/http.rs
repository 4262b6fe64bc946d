//! HTTP/1.1.

use std::{net::Ipv4Addr, sync::Arc};

use aiosasl::{
    driver::{Reply, SaslInterface},
    message::{Outcome, Response},
    own_login::{BEARER, PASSWORD},
    policy::Plaintext,
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{
        Options, Protocol, TlsMode,
        server::{ServerConfig, serve_http},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::house::{
    Failed, Served, login, open, open_config, script, serve, shout, store, tls_config, trusting,
    who, why,
};

async fn server(config: ServerConfig, implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_http(stream, Arc::new(config), implicit_tls, store())).await
}

fn in_the_clear() -> Options {
    Options { tls: TlsMode::Off, ..Options::default() }
}

fn implicit() -> Options {
    Options { implicit_by_scheme: true, ..trusting() }
}

fn get(headers: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n")
}

const LAST: &str = "HTTP/1.1 404 Nothing\r\nContent-Length: 0\r\nConnection: close\r\n";

#[tokio::test]
async fn an_exchange_is_one_request_for_each_step() {
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-1"] {
        let (port, served) = server(open_config(), false).await;
        let mut session = open(Protocol::Http, port, &in_the_clear()).await.unwrap();
        let offered: Vec<_> = session.offer().mechanisms.iter().map(ToString::to_string).collect();
        assert!(offered.iter().any(|it| it == mechanism), "{offered:?}");
        assert!(!session.offer().mechanisms.contains(&PASSWORD.name), "in the clear");
        let authenticated = login(&mut session, mechanism, "pencil").await.unwrap();
        assert!(authenticated.server_verified);
        session.close().await;
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
}

#[tokio::test]
async fn a_password_is_shown_inside_tls_and_nothing_is_bound_to_it() {
    let (port, served) = server(tls_config(), true).await;
    let mut session = open(Protocol::Http, port, &implicit()).await.unwrap();
    assert_eq!(session.offer().mechanisms.last(), Some(&PASSWORD.name));
    assert!(session.offer().mechanisms.contains(&BEARER.name));
    assert!(session.bindings().is_empty());
    let message = Response::new("user\0pencil");
    let reply = session.initiate(PASSWORD.name, Some(message)).await.unwrap();
    assert_eq!(reply, Reply::Success(None));
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn who_was_refused_may_try_again_on_the_same_connection() {
    let (port, served) = server(tls_config(), true).await;
    let mut session = open(Protocol::Http, port, &implicit()).await.unwrap();
    let wrong = Response::new("user\0pencils");
    let error = session.initiate(PASSWORD.name, Some(wrong)).await.unwrap_err();
    let error = WireError::of(&error).unwrap();
    assert_eq!((error.class, error.code.as_deref()), (WireClass::Credentials, Some("401")));
    let error = session.initiate(BEARER.name, Some(Response::new("nobodys"))).await.unwrap_err();
    let error = WireError::of(&error).unwrap();
    assert_eq!(
        (error.class, error.code.as_deref()),
        (WireClass::Credentials, Some("401 invalid_token"))
    );
    let _ = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap();
    assert_eq!(who(served).await.1, "SCRAM-SHA-256");
}

#[tokio::test]
async fn a_wrong_password_is_a_401() {
    let (port, served) = server(open_config(), false).await;
    let mut session = open(Protocol::Http, port, &in_the_clear()).await.unwrap();
    let error = login(&mut session, "SCRAM-SHA-256", "pencils").await.unwrap_err();
    assert_eq!(error.class(), WireClass::Credentials);
    session.close().await;
    assert!(matches!(served.await.unwrap(), Ok(Some(Outcome::Failure(_)))));
}

#[tokio::test]
async fn a_password_in_the_clear_is_forbidden() {
    let (port, _served) = server(open_config(), false).await;
    let answer = shout(
        port,
        get("Authorization: Basic dXNlcjpwZW5jaWw=\r\nConnection: close\r\n").as_bytes(),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");
    let config = ServerConfig { plaintext: Plaintext::Anywhere, ..open_config() };
    let (port, served) = server(config, false).await;
    let answer = shout(port, get("Authorization: basic dXNlcjpwZW5jaWw=\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nYou are user.\n"), "{answer}");
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn bodies_stand_between_requests_and_head_wants_none() {
    let (port, _served) = server(open_config(), false).await;
    let requests = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345\
        POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n\
        HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = shout(port, requests.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 401 Unauthorized\r\n").count(), 3, "{answer}");
    assert!(answer.contains("WWW-Authenticate: SCRAM-SHA-256 realm="), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "HEAD has no body: {answer}");
}

#[tokio::test]
async fn what_is_no_request_is_told_so() {
    for request in [
        "EHLO example.org\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nwhat?\r\n",
    ] {
        let (port, served) = server(open_config(), false).await;
        let answer = shout(port, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{request}: {answer}");
        assert!(served.await.unwrap().is_err());
    }
    let (port, _served) = server(open_config(), false).await;
    assert!(shout(port, &vec![b'a'; 70_000]).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn credentials_that_say_nothing_are_a_bad_request() {
    for (credentials, status) in [
        ("Basic !", 400),
        ("Basic dXNlcg==", 400),
        ("SCRAM-SHA-256", 400),
        ("SCRAM-SHA-256 data=biws!", 400),
        ("SCRAM-SHA-256 sid=nobodys, data=biws", 401),
        ("Digest username=\"user\"", 401),
        ("Bearer a, Bearer b", 400),
    ] {
        let (port, served) = server(open_config(), false).await;
        let request = get(&format!("Authorization: {credentials}\r\nConnection: close\r\n"));
        let answer = shout(port, request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{credentials}: {answer}");
        let _ = why(served).await;
    }
}

#[tokio::test]
async fn an_exchange_ends_where_something_else_is_asked_for() {
    let first =
        get("Authorization: SCRAM-SHA-256 data=biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=\r\n");
    for next in ["", "Authorization: SCRAM-SHA-256 sid=another, data=Yz1iaXdz\r\n"] {
        let (port, served) = server(open_config(), false).await;
        let requests = format!("{first}{}", get(&format!("{next}Connection: close\r\n")));
        let answer = shout(port, requests.as_bytes()).await;
        assert!(answer.contains("WWW-Authenticate: SCRAM-SHA-256 sid="), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 401").count(), 2, "{answer}");
        assert_eq!(why(served).await, "aborted");
    }
}

#[tokio::test]
async fn a_body_in_chunks_is_passed_over_and_what_is_asked_for_is_named() {
    let offer = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"a\"\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let last = format!("{LAST}\r\n");
    let (port, heard) = script(&["", offer, &last]).await;
    let mut session = open(Protocol::Http, port, &in_the_clear()).await.unwrap();
    assert_eq!(session.offer().capabilities, ["Basic realm=a"]);
    let message = Response::new("user\0p\u{e4}ncil");
    let reply = session.initiate(PASSWORD.name, Some(message)).await.unwrap();
    assert_eq!(reply, Reply::Success(None), "who hears 404 is in");
    session.close().await;
    let heard = heard.await.unwrap();
    assert!(heard.contains(&format!("Host: localhost:{port}\r\n")), "{heard}");
    assert!(heard.contains("Authorization: Basic dXNlcjpww6RuY2ls\r\n"), "{heard}");
}

#[tokio::test]
async fn a_server_may_hang_up_between_two_requests() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let offer = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\r\nuntil the end";
    let served = tokio::spawn(async move {
        let mut heard = Vec::new();
        for answer in [offer, "HTTP/1.0 200 OK\r\n\r\nin"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut chunk = vec![0; 4096];
            let count = stream.read(&mut chunk).await.unwrap();
            heard.push(String::from_utf8_lossy(&chunk[..count]).into_owned());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        heard
    });
    let mut session = open(Protocol::Http, port, &in_the_clear()).await.unwrap();
    let reply = session.initiate(PASSWORD.name, Some(Response::new("a\0b"))).await.unwrap();
    assert_eq!(reply, Reply::Success(None));
    let heard = served.await.unwrap();
    assert!(!heard[0].contains("Authorization"), "{heard:?}");
    assert!(heard[1].contains("Authorization: Basic YTpi\r\n"), "{heard:?}");
}

#[tokio::test]
async fn last_words_may_come_as_a_trailer_and_must_come() {
    let offer = "HTTP/1.1 401 No\r\nWWW-Authenticate: SCRAM-SHA-256\r\nContent-Length: 0\r\n\r\n";
    let trailer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nAuthentication-Info: data=dj0=\r\n\r\n";
    let (port, _heard) = script(&["", offer, trailer]).await;
    let mut session = open(Protocol::Http, port, &in_the_clear()).await.unwrap();
    let name = "SCRAM-SHA-256".parse().unwrap();
    let reply = session.initiate(name, Some(Response::new("n,,"))).await.unwrap();
    let Reply::Success(Some(words)) = reply else { panic!("{reply:?}") };
    assert_eq!(words.as_bytes(), b"v=");
    let (port, _heard) = script(&["", offer, &format!("{LAST}\r\n")]).await;
    let mut session = open(Protocol::Http, port, &in_the_clear()).await.unwrap();
    let error = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
    assert!(matches!(error, Failed::Here(_)), "a server that proves nothing: {error:?}");
}

#[tokio::test]
async fn what_is_no_question_is_no_login() {
    for (answer, class) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", WireClass::Mechanism),
        ("HTTP/1.1 302 Go\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n", WireClass::Protocol),
        ("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n", WireClass::Temporary),
        ("HTTP/1.1 401 No\r\nContent-Length: no\r\n\r\n", WireClass::Protocol),
        ("* OK IMAP4rev1 ready\r\n\r\n", WireClass::Protocol),
        ("HTTP/1.1 101 Switch\r\n\r\n", WireClass::Protocol),
    ] {
        let (port, _heard) = script(&["", answer]).await;
        let error = open(Protocol::Http, port, &in_the_clear()).await.unwrap_err();
        assert_eq!(error.class, class, "{answer}");
    }
}
