//! What a real directory answers.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use aiosasl::hash::Hash;
use aiosasl_store::{
    AccountState, Backend as _, Checked, CredentialKind, Key, NameRule, StoreErrorKind,
    ldap::{Ldap, Login, Options, Passwords, Scope, Security},
};
use ldap3::LdapConnAsync;
use rustls::RootCertStore;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::site::{self, PEOPLE, Site, Test, id};

type Case = (&'static str, fn(&'static Site) -> Test);

macro_rules! cases {
    ($($name:ident)+) => {
        pub(crate) const ALL: &[Case] = &[$((stringify!($name), |site| Box::pin($name(site)))),+];
    };
}

cases! {
    an_entry_is_an_account
    a_name_means_one_entry_whatever_is_in_it
    a_directory_does_not_decide_how_names_are_spelled
    where_two_entries_answer_nobody_gets_in
    a_certificate_leads_to_its_entry
    a_bind_checks_the_password
    a_bind_without_a_password_is_no_success
    who_is_locked_or_has_ended_does_not_get_in
    without_a_login_hashes_are_not_seen
    a_service_that_is_not_let_in_is_a_failure
    tls_wants_a_certificate_that_is_trusted
    referrals_are_not_followed
    the_scope_is_kept
    a_lost_connection_is_made_anew
    many_who_ask_share_few_connections
}

async fn found(ldap: &Ldap, name: &str) -> bool {
    ldap.find(Key::Name(&id(name))).await.unwrap().is_some()
}

async fn check(ldap: &Ldap, name: &str, password: &str) -> Checked {
    ldap.check_password(&id(name), &password.into()).await.unwrap()
}

async fn failure(ldap: &Ldap) -> String {
    let error = ldap.find(Key::Name(&id("user"))).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    error.to_string()
}

async fn an_entry_is_an_account(site: &Site) {
    let ldap = site.fetching();
    let user = ldap.find(Key::Name(&id("user"))).await.unwrap().unwrap();
    assert_eq!(
        (user.name.as_str(), user.state, user.expires),
        ("user", AccountState::Enabled, None)
    );
    assert_eq!(user.scram(Hash::Sha256).unwrap().1, &site::verifier());
    let (_, hash) = user.password_hashes().next().unwrap();
    assert!(hash.verifies(&"pencil".into()));
    assert!(!hash.verifies(&"wrong".into()));
    assert!(user.may_act_as(&"team".try_into().unwrap()));
    assert!(!found(&ldap, "nobody").await);
    assert_eq!(check(&ldap, "user", "pencil").await, Checked::NotHere, "we check, not it");
}

async fn a_name_means_one_entry_whatever_is_in_it(site: &Site) {
    let [fetching, binding] = [site.fetching(), site.binding()];
    for name in ["*", "us*", "user)(uid=*", "*)(|(uid=*", "user)(objectClass=*", "\\2a", "user\\00"]
    {
        assert!(!found(&fetching, name).await, "{name}");
        assert_eq!(check(&binding, name, "pencil").await, Checked::NotHere, "{name}");
    }
    let star = "st*r(a)\\";
    assert!(found(&fetching, star).await);
    assert_eq!(check(&binding, star, "pencil").await, Checked::Accepted(id(star)));
    assert!(!found(&fetching, "st*").await);
}

async fn a_directory_does_not_decide_how_names_are_spelled(site: &Site) {
    let ldap = site.fetching();
    for (name, here) in [("Mixed", true), ("mixed", false), ("MIXED", false), (" Mixed", false)] {
        assert_eq!(found(&ldap, name).await, here, "{name}");
        let checked = check(&site.binding(), name, "pencil").await;
        assert_eq!(checked == Checked::Accepted(id(name)), here, "{name}");
    }
    let options = Options { names: NameRule::CaseMapped, ..site.options() };
    assert!(found(&Ldap::new(options).unwrap(), "mixed").await);
}

async fn where_two_entries_answer_nobody_gets_in(site: &Site) {
    let twin = site.fetching().find(Key::Name(&id("twin"))).await.unwrap().unwrap();
    assert_eq!((twin.state, twin.credentials.len()), (AccountState::Disabled, 0));
    assert_eq!(check(&site.binding(), "twin", "pencil").await, Checked::Refused);
    assert_eq!(site.fetching().find(Key::Certificate("CN=twin")).await.unwrap(), None);
}

async fn a_certificate_leads_to_its_entry(site: &Site) {
    for ldap in [site.fetching(), site.binding()] {
        let carded = ldap.find(Key::Certificate("CN=carded")).await.unwrap().unwrap();
        assert_eq!(carded.name, id("carded"));
        let kind = CredentialKind::Certificate("CN=carded".into());
        assert!(carded.credentials.iter().any(|it| it.kind == kind));
        for name in ["*", "CN=*", "cn=carded", "CN=nobody", "CN=carded)(uid=*"] {
            assert_eq!(ldap.find(Key::Certificate(name)).await.unwrap(), None, "{name}");
        }
    }
}

async fn a_bind_checks_the_password(site: &Site) {
    let ldap = site.binding();
    for (name, password, expected) in [
        ("user", "pencil", Checked::Accepted(id("user"))),
        ("user", "wrong", Checked::Refused),
        ("user", "Pencil", Checked::Refused),
        ("user", "pencil", Checked::Accepted(id("user"))),
        ("salted", "pencil", Checked::Accepted(id("salted"))),
        ("nobody", "pencil", Checked::NotHere),
    ] {
        assert_eq!(check(&ldap, name, password).await, expected, "{name} {password}");
    }
    assert!(!found(&ldap, "user").await, "who is found is not checked by the directory");
}

async fn a_bind_without_a_password_is_no_success(site: &Site) {
    // This directory answers "success" to it (RFC 4513 section 5.1.2), which is what makes it dangerous.
    let (connection, mut raw) = LdapConnAsync::new(&site.ldap).await.unwrap();
    tokio::spawn(connection.drive());
    assert_eq!(raw.simple_bind(&format!("uid=user,{PEOPLE}"), "").await.unwrap().rc, 0);
    assert_eq!(check(&site.binding(), "user", "").await, Checked::Refused);
}

async fn who_is_locked_or_has_ended_does_not_get_in(site: &Site) {
    for (name, open) in [("locked", false), ("open", true), ("ended", false), ("current", true)] {
        let account = site.fetching().find(Key::Name(&id(name))).await.unwrap().unwrap();
        assert_eq!(account.doom(aiosasl_store::Timestamp::now()).is_none(), open, "{name}");
        let checked = check(&site.binding(), name, "pencil").await;
        assert_eq!(checked == Checked::Accepted(id(name)), open, "{name}");
        assert_eq!(checked == Checked::Refused, !open, "{name}");
    }
}

async fn without_a_login_hashes_are_not_seen(site: &Site) {
    let ldap = Ldap::new(Options { login: Login::Anonymous, ..site.options() }).unwrap();
    let user = ldap.find(Key::Name(&id("user"))).await.unwrap().unwrap();
    assert_eq!(user.password_hashes().count(), 0);
    assert!(user.scram(Hash::Sha256).is_none());
}

async fn a_service_that_is_not_let_in_is_a_failure(site: &Site) {
    let reader = "cn=reader,dc=test";
    for (file, expected) in [("wrong", "does not let the service in"), ("\n", "is empty")] {
        let options = Options { login: site.login(reader, file), ..site.options() };
        let text = failure(&Ldap::new(options).unwrap()).await;
        assert!(text.contains(expected) && !text.contains("wrong"), "{text}");
    }
}

async fn tls_wants_a_certificate_that_is_trusted(site: &Site) {
    let starttls = site.ldap.replace("127.0.0.1", "localhost");
    let [nobody, ca] = [site::config(RootCertStore::empty()), site.trusting()];
    for (url, trusted, doubted) in [
        (&site.ldaps, Security::Tls(ca.clone()), Security::Tls(nobody.clone())),
        (&starttls, Security::StartTls(ca.clone()), Security::StartTls(nobody.clone())),
    ] {
        assert!(found(&site.protected(url, trusted), "user").await);
        let text = failure(&site.protected(url, doubted)).await;
        assert!(text.contains("certificate"), "{text}");
    }
    let mut options = site.options();
    options.passwords = Passwords::Bind;
    options.url = site.ldaps.as_str().into();
    options.security = Security::Tls(ca);
    let ldap = Ldap::new(options).unwrap();
    assert_eq!(check(&ldap, "user", "pencil").await, Checked::Accepted(id("user")));
}

async fn referrals_are_not_followed(site: &Site) {
    // One below the base is passed over; one in the place of the base is an answer that we do not have.
    assert!(found(&site.fetching(), "user").await);
    let options = Options { base: "dc=elsewhere".into(), ..site.options() };
    let text = failure(&Ldap::new(options).unwrap()).await;
    assert!(text.contains("not followed"), "{text}");
    let options = Options { base: "ou=nowhere,dc=test".into(), ..site.options() };
    let text = failure(&Ldap::new(options).unwrap()).await;
    assert!(text.contains("is not there"), "{text}");
}

async fn the_scope_is_kept(site: &Site) {
    for (base, scope, here) in [
        ("dc=test", Scope::Subtree, true),
        ("dc=test", Scope::Children, false),
        (PEOPLE, Scope::Children, true),
        (PEOPLE, Scope::Base, false),
        ("uid=user,ou=people,dc=test", Scope::Base, true),
    ] {
        let ldap = Ldap::new(Options { base: base.into(), scope, ..site.options() }).unwrap();
        assert_eq!(found(&ldap, "user").await, here, "{base} {scope:?}");
    }
}

/// Passes connections on to the directory, and counts them; dropped, they break.
struct Relay {
    url: String,
    accepted: Arc<AtomicUsize>,
    connections: Arc<std::sync::Mutex<JoinSet<()>>>,
}

impl Relay {
    async fn start(site: &Site) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("ldap://{}", listener.local_addr().unwrap());
        let target = site.ldap.trim_start_matches("ldap://").to_owned();
        let relay = Self { url, accepted: Arc::default(), connections: Arc::default() };
        let (accepted, connections) = (relay.accepted.clone(), relay.connections.clone());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                let target = target.clone();
                connections.lock().unwrap().spawn(async move { drop(pass(near, &target).await) });
            }
        });
        relay
    }

    fn break_all(&self) {
        self.connections.lock().unwrap().abort_all();
    }
}

async fn pass(mut near: TcpStream, target: &str) -> io::Result<()> {
    let mut far = TcpStream::connect(target).await?;
    tokio::io::copy_bidirectional(&mut near, &mut far).await?;
    Ok(())
}

async fn a_lost_connection_is_made_anew(site: &Site) {
    let relay = Relay::start(site).await;
    for passwords in [Passwords::Fetch, Passwords::Bind] {
        let mut options = Options { url: relay.url.as_str().into(), passwords, ..site.options() };
        options.connections = 1;
        let ldap = Ldap::new(options).unwrap();
        for _ in 0..3 {
            match passwords {
                Passwords::Fetch => assert!(found(&ldap, "user").await),
                Passwords::Bind => {
                    let checked = check(&ldap, "user", "pencil").await;
                    assert_eq!(checked, Checked::Accepted(id("user")));
                }
            }
            relay.break_all();
        }
    }
    assert!(relay.accepted.load(Ordering::SeqCst) >= 9, "they did break");
}

async fn many_who_ask_share_few_connections(site: &Site) {
    let relay = Relay::start(site).await;
    let mut options = Options { passwords: Passwords::Bind, ..site.options() };
    options.url = relay.url.as_str().into();
    options.connections = 2;
    let ldap = Arc::new(Ldap::new(options).unwrap());
    let mut asking = JoinSet::new();
    for number in 0..40 {
        let ldap = ldap.clone();
        let password = if number % 2 == 0 { "pencil" } else { "wrong" };
        asking.spawn(async move { (password, check(&ldap, "user", password).await) });
    }
    while let Some(asked) = asking.join_next().await {
        let (password, checked) = asked.unwrap();
        assert_eq!(checked == Checked::Accepted(id("user")), password == "pencil");
    }
    assert!(relay.accepted.load(Ordering::SeqCst) <= 4);
}
