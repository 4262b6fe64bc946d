//! XMPP: extensible SASL with a resource and tokens, our client against our server and against servers that follow a script.

use std::{net::Ipv4Addr, sync::Arc};

use aiosasl::{
    binding::BindingKind,
    credentials::Credentials,
    driver::{Reply, SaslInterface},
    identity::AuthenticationId,
    mechanisms,
    message::Response,
    secret::Secret,
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{
        Options, Protocol, Sasl2Options, Session, Target, TlsMode, TokenWish, connect,
        server::{ServerConfig, serve_xmpp},
    },
    xmpp::sasl2::{Bind, Bound, TokenUse, UserAgent},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use crate::house::{
    Failed, HT_TOKEN, Served, login, login_with, open_config, serve, shout, store, tls_config,
    trusting, who,
};

const OPENING: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' from='localhost' id='1' \
                       xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
const SASL2: &str = "xmlns='urn:xmpp:sasl:2'";
const FEATURES: &str = "<stream:features/>";

/// With tokens, too.
fn config() -> ServerConfig {
    let tokens = mechanisms::ALL.iter().filter(|it| it.name.as_str().starts_with("HT-SHA-256"));
    let all: Vec<_> = open_config().mechanisms.iter().chain(tokens).copied().collect();
    ServerConfig { mechanisms: all.into(), ..tls_config() }
}

async fn server() -> (u16, Served) {
    serve(|stream| serve_xmpp(stream, Arc::new(config()), false, store())).await
}

fn wishing(sasl2: Sasl2Options) -> Options {
    Options { sasl2, ..trusting() }
}

async fn open(port: u16, options: &Options) -> Session {
    let target = Target::new(Protocol::Xmpp, "127.0.0.1", port).with_user("user@localhost");
    connect(&target, options).await.unwrap()
}

#[tokio::test]
async fn the_stream_goes_on_and_says_who_we_are() {
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"] {
        let (port, served) = server().await;
        let mut session = open(port, &trusting()).await;
        assert!(session.granted().is_none());
        let authenticated = login(&mut session, mechanism, "pencil").await.unwrap();
        assert_eq!(authenticated.server_verified, mechanism != "PLAIN");
        let granted = session.granted().unwrap();
        assert_eq!(
            (granted.identifier.as_str(), granted.bound),
            ("user@localhost", Bound::Nothing)
        );
        assert!(granted.token.is_none());
        session.close().await;
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
}

#[tokio::test]
async fn a_resource_is_bound_with_the_exchange() {
    let (port, served) = server().await;
    let bind = Some(Bind { tag: Some("tests".to_owned()) });
    let mut session = open(port, &wishing(Sasl2Options { bind, ..Sasl2Options::default() })).await;
    let _ = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap();
    let granted = session.granted().unwrap();
    assert!(granted.identifier.starts_with("user@localhost/tests~"), "{granted:?}");
    assert_eq!(granted.bound, Bound::Resource);
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn a_refusal_leaves_the_stream_usable() {
    let (port, served) = server().await;
    let mut session = open(port, &trusting()).await;
    for mechanism in ["PLAIN", "SCRAM-SHA-256"] {
        let refused = login(&mut session, mechanism, "pencim").await.unwrap_err();
        assert_eq!(refused.class(), WireClass::Credentials);
    }
    assert!(matches!(
        session.initiate("PLAIN".parse().unwrap(), None).await.unwrap(),
        Reply::Challenge(it) if it.is_empty()
    ));
    assert_eq!(session.abort().await.unwrap(), Reply::Failure);
    let error = session.initiate("X-NONE".parse().unwrap(), None).await.unwrap_err();
    assert_eq!(WireError::of(&error).unwrap().class, WireClass::Mechanism);
    let _ = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn a_token_is_proven_and_no_other_mechanism_takes_it() {
    let token = |mechanism: &str, token: &str| {
        let user = AuthenticationId::new("user").unwrap();
        Credentials::hashed_token(user, mechanism.parse().unwrap(), Secret::new(token))
    };
    for (mechanism, kind) in [
        ("HT-SHA-256-EXPR", Some(BindingKind::TlsExporter)),
        ("HT-SHA-256-ENDP", Some(BindingKind::TlsServerEndPoint)),
        ("HT-SHA-256-NONE", None),
    ] {
        let (port, served) = server().await;
        let mut session = open(port, &trusting()).await;
        let wrong = token(mechanism, "another");
        let refused = login_with(&mut session, mechanism, &wrong).await.unwrap_err();
        assert_eq!(refused.class(), WireClass::Credentials);
        let right = token(mechanism, HT_TOKEN);
        let authenticated = login_with(&mut session, mechanism, &right).await.unwrap();
        assert_eq!(authenticated.channel_binding, kind);
        assert!(authenticated.server_verified);
        session.close().await;
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
    // It stands among the tokens' mechanisms alone, and ours do not take tokens back.
    let (port, _served) = server().await;
    let used = Sasl2Options { token_use: TokenUse::Invalidated, ..Sasl2Options::default() };
    let mut session = open(port, &wishing(used)).await;
    let right = token("HT-SHA-256-NONE", HT_TOKEN);
    let refused = login_with(&mut session, "HT-SHA-256-NONE", &right).await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Temporary);
}

#[tokio::test]
async fn without_tls_there_is_nothing_of_it() {
    let (port, _served) =
        serve(|stream| serve_xmpp(stream, Arc::new(open_config()), false, store())).await;
    let heard = shout(
        port,
        format!(
            "{OPENING}<authenticate {SASL2} mechanism='PLAIN'>\
             <initial-response>AHVzZXIAcGVuY2ls</initial-response></authenticate></stream:stream>"
        )
        .as_bytes(),
    )
    .await;
    assert!(!heard.contains("<authentication"), "{heard}");
    assert!(heard.contains(&format!("<failure {SASL2}><encryption-required ")), "{heard}");
    assert!(!heard.contains("<success"), "{heard}");
}

/// A server with TLS from the start that says each of these when something has come; what it heard.
async fn script(lines: &[&str]) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(tls_config().tls.unwrap().config);
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        let mut heard = String::new();
        let mut chunk = vec![0; 65_536];
        for line in lines.iter().map(Some).chain([None]) {
            match stream.read(&mut chunk).await {
                Ok(count) => heard.push_str(&String::from_utf8_lossy(&chunk[..count])),
                Err(_) => break,
            }
            let Some(line) = line else { break };
            if stream.write_all(line.as_bytes()).await.is_err() || stream.flush().await.is_err() {
                break;
            }
        }
        heard
    });
    (port, task)
}

fn offering(inline: &str) -> String {
    format!(
        "{OPENING}<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
         <mechanism>PLAIN</mechanism><mechanism>X-OLD</mechanism></mechanisms>\
         <authentication {SASL2}><mechanism>PLAIN</mechanism><inline>{inline}</inline>\
         </authentication></stream:features>"
    )
}

const FAST: &str = "<fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism>\
                    <mechanism>HT-SHA-256-ENDP</mechanism><mechanism>HT-SHA-256-UNIQ</mechanism>\
                    <mechanism>HT-SHA-256-EXPR</mechanism></fast>";

async fn scripted(
    inline: &str,
    says: &[&str],
    wishes: Sasl2Options,
) -> (Session, JoinHandle<String>) {
    let first = offering(inline);
    let lines: Vec<&str> = [first.as_str()].into_iter().chain(says.iter().copied()).collect();
    let (port, heard) = script(&lines).await;
    let options = Options { tls: TlsMode::Implicit, ..wishing(wishes) };
    (open(port, &options).await, heard)
}

fn success(inside: &str) -> String {
    format!("<success {SASL2}>{inside}</success>")
}

const WHO: &str = "<authorization-identifier>user@localhost</authorization-identifier>";

#[tokio::test]
async fn the_way_with_more_room_is_taken_and_its_list_counts() {
    let done = success(WHO) + FEATURES;
    let (mut session, heard) = scripted("", &[&done], Sasl2Options::default()).await;
    assert_eq!(session.offer().mechanisms, ["PLAIN"]);
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    let heard = heard.await.unwrap();
    assert_eq!(heard.matches("<stream:stream").count(), 1, "no stream after the first: {heard}");
    assert!(heard.ends_with(&format!(
        "<authenticate {SASL2} mechanism='PLAIN'><initial-response>AHVzZXIAcGVuY2ls</initial-response>\
         </authenticate></stream:stream>"
    )), "{heard}");
}

#[tokio::test]
async fn what_servers_write_differently_is_the_same() {
    let data = "<additional-data/>";
    for inside in [[WHO, ""].concat(), [data, WHO].concat(), [WHO, data].concat()] {
        let done = success(&inside) + FEATURES;
        let (mut session, _heard) = scripted("", &[&done], Sasl2Options::default()).await;
        let authenticated = login(&mut session, "PLAIN", "pencil").await;
        assert!(authenticated.is_ok(), "{inside}: {authenticated:?}");
    }
}

#[tokio::test]
async fn a_success_that_is_none_lets_nobody_in() {
    let tasks = format!("<continue {SASL2}><tasks><task>X-TOTP</task></tasks></continue>");
    for (answer, class) in [
        (success(""), WireClass::Protocol),
        (success(WHO) + "<message/>", WireClass::Protocol),
        (success(WHO) + "</stream:stream>", WireClass::Connection),
        (tasks, WireClass::Policy),
        ("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>".to_owned(), WireClass::Protocol),
    ] {
        let (mut session, _heard) = scripted("", &[&answer], Sasl2Options::default()).await;
        let failed = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
        assert_eq!((failed.class(), session.is_usable()), (class, false), "{answer}");
        assert!(session.granted().is_none());
    }
    let condition =
        "<credentials-expired xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><text>old</text>";
    let failure = format!("<failure {SASL2}>{condition}</failure>");
    let (mut session, _heard) = scripted("", &[&failure], Sasl2Options::default()).await;
    let failed = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
    let Failed::There(error) = &failed else { panic!("{failed:?}") };
    let wire = WireError::of(error).unwrap();
    assert_eq!((wire.code.as_deref(), wire.text.as_str()), (Some("credentials-expired"), "old"));
}

#[tokio::test]
async fn a_token_is_asked_for_by_the_closest_binding_and_kept() {
    let token = "<token xmlns='urn:xmpp:fast:0' token='s3cr&amp;t' expiry='2027-01-01T00:00:00Z'/>";
    let done = success(&[WHO, token].concat()) + FEATURES;
    let wishes = Sasl2Options { token: TokenWish::Wanted, ..Sasl2Options::default() };
    let (mut session, heard) = scripted(FAST, &[&done], wishes).await;
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    let kept = session.granted().unwrap().token.clone().unwrap();
    assert_eq!(kept.mechanism.as_str(), "HT-SHA-256-EXPR");
    assert_eq!(
        (kept.token.expose(), kept.expiry.as_str()),
        (&b"s3cr&t"[..], "2027-01-01T00:00:00Z")
    );
    assert!(!format!("{session:?} {kept:?}").contains("s3cr"));
    drop(session);
    let heard = heard.await.unwrap();
    let agent = format!("<user-agent id='{}'></user-agent>", kept.user_agent);
    assert!(heard.contains(&agent), "{heard}");
    let wanted = "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-EXPR'/>";
    assert!(heard.contains(wanted) && !heard.contains("<fast"), "{heard}");
}

#[tokio::test]
async fn a_token_is_used_with_its_user_agent_and_may_be_taken_back() {
    let agent = UserAgent { id: Some("an-id".to_owned()), ..UserAgent::default() };
    for (token_use, fast) in [
        (TokenUse::Kept, "<fast xmlns='urn:xmpp:fast:0'/>"),
        (TokenUse::Invalidated, "<fast xmlns='urn:xmpp:fast:0' invalidate='true'/>"),
    ] {
        let user_agent = Some(agent.clone());
        let wishes = Sasl2Options { user_agent, token_use, ..Sasl2Options::default() };
        let done = success(WHO) + FEATURES;
        let (mut session, heard) = scripted(FAST, &[&done], wishes).await;
        assert!(session.offer().mechanisms.iter().any(|it| it == "HT-SHA-256-EXPR"));
        let first = Some(Response::new(*b"user\0proof"));
        let mechanism = "HT-SHA-256-EXPR".parse().unwrap();
        let _ = session.initiate(mechanism, first).await.unwrap();
        drop(session);
        let heard = heard.await.unwrap();
        assert!(heard.contains("<user-agent id='an-id'></user-agent>"), "{heard}");
        assert!(heard.contains(fast) && !heard.contains("request-token"), "{heard}");
    }
}
