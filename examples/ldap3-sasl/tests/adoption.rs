//! ldap3 goes on where our login ends, and the server knows whom it speaks with.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use aiosasl::{
    ClientExchange,
    binding::ClientBinding,
    credentials::Credentials,
    driver::{Connection, FromMechanism, negotiate},
    mechanism::{ClientContext, Mechanism, Offered, Rules, Service},
    mechanisms::{digest_md5, scram},
    nonce::Nonce,
    policy::{Channel, Policy, StrengthPolicy},
};
use aiosasl_profiles::net::{
    AuthenticatedStream, Options, Protocol, Target, TlsMode, Trust, connect,
    server::{ServerConfig, ServerTls, serve_ldap},
};
use aiosasl_testkit::Accounts;
use ldap3::{
    Ldap, Scope,
    exop::{WhoAmI, WhoAmIResp},
};
use ldap3_sasl::{BindError, adopt, adopt_socket, bind};
use tokio::net::TcpListener;

/// A server for one connection; its port, and the authority to trust (PEM).
async fn server() -> (u16, Vec<u8>) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let chain = certified.cert.pem().into_bytes();
    let key = certified.signing_key.serialize_pem().into();
    let tls = ServerTls::from_pem(&chain, &key, None).unwrap();
    let mechanisms = [digest_md5::MECHANISM, scram::SCRAM_SHA_256, scram::SCRAM_SHA_256_PLUS];
    let config = ServerConfig {
        strength: StrengthPolicy::BEST,
        ..ServerConfig::new(mechanisms).with_tls(tls)
    };
    let accounts = Accounts::new()
        .with_password("user", "pencil")
        .with_plain_password("user", "pencil")
        .in_realm("localhost");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve_ldap(stream, Arc::new(config), false, Arc::new(accounts)).await
    });
    (port, chain)
}

/// What ldap3 hears: who we are, and that the directory is empty.
async fn goes_on(mut ldap: Ldap) {
    let work = async {
        let (answer, _) = ldap.extended(WhoAmI).await.unwrap().success().unwrap();
        assert_eq!(answer.parse::<WhoAmIResp>().authzid, "u:user");
        let found = ldap.search("dc=test", Scope::Base, "(objectClass=*)", ["*"]).await.unwrap();
        assert_eq!(found.1.rc, 32, "there is no such object, and no longer no right to ask");
        ldap.unbind().await.unwrap();
    };
    tokio::time::timeout(Duration::from_secs(10), work).await.unwrap();
}

async fn log_in(mechanism: Mechanism, tls: TlsMode) -> AuthenticatedStream {
    let (port, ca) = server().await;
    let options = Options { tls, trust: Trust::Ca(ca), ..Options::default() };
    let mut session =
        connect(&Target::new(Protocol::Ldap, "localhost", port), &options).await.unwrap();
    let (offer, bindings) = (session.offer().clone(), session.bindings().to_vec());
    let connection = Connection {
        offered: Offered { mechanisms: &offer.mechanisms, ..Offered::default() },
        channel: Channel {
            security: session.security(),
            bindings: &bindings,
            strength: session.strength(),
        },
        policy: Policy { strength: StrengthPolicy::BEST, ..Policy::default() },
    };
    let rules = Rules { service: Some(Service::new("ldap", "localhost")), ..Rules::default() };
    let mechanism = FromMechanism::new(mechanism, ("user", "pencil")).rules(rules);
    let mut done = negotiate(&mut session, &connection, &[&mechanism]).await.unwrap();
    if let Some(layer) = done.report.security_layer.take() {
        session.protect(layer).unwrap();
    }
    session.into_stream().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_and_tied_to_it() {
    let stream = log_in(scram::SCRAM_SHA_256_PLUS, TlsMode::StartTls).await;
    goes_on(adopt(stream).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inside_a_security_layer() {
    let stream = log_in(digest_md5::MECHANISM, TlsMode::Off).await;
    assert_eq!(stream.layer_strength(), Some(128));
    goes_on(adopt(stream).await.unwrap()).await;
}

/// An exchange that runs without any of our drivers.
fn exchange(password: &str) -> ClientExchange {
    let credentials = Credentials::password("user".try_into().unwrap(), password);
    let context = ClientContext {
        credentials: &credentials,
        binding: ClientBinding::Unsupported,
        nonce: Nonce::random().unwrap(),
        rules: Rules::default(),
        offered: Offered::default(),
    };
    ClientExchange::new((scram::SCRAM_SHA_256.client)(&context).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_the_bare_exchange_has_authenticated() {
    let (port, _) = server().await;
    let bound = tokio::task::spawn_blocking(move || {
        let mut socket = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let authenticated = bind(&mut socket, exchange("pencil")).unwrap();
        assert!(authenticated.server_verified);
        socket
    });
    goes_on(adopt_socket(bound.await.unwrap()).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_as_such() {
    let (port, _) = server().await;
    let refused = tokio::task::spawn_blocking(move || {
        let mut socket = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        bind(&mut socket, exchange("pencim")).unwrap_err()
    });
    match refused.await.unwrap() {
        BindError::Wire(error) => assert_eq!(error.code.as_deref(), Some("49")),
        other => panic!("{other:?}"),
    }
}
