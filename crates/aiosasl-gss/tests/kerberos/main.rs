//! Client and server face to face over a throw-away Kerberos realm: the library asks a real key distribution centre.
//!
//! The realm is described by files that the library finds through its environment, so the checks run in a process of their own.

mod openldap;
mod realm;
mod talk;

use std::process::ExitCode;

use aiosasl::{
    binding::{BindingKind, ChannelBinding},
    credentials::Credentials,
    layer::{LayerError, LayerRules, SecurityLayer},
    mechanisms::gssapi::{GS2_KRB5, GS2_KRB5_PLUS, GSS_SPNEGO, GSSAPI, KERBEROS},
    query::{GssErrorKind, GssProvider, GssRequest},
};
use aiosasl_gss::Provider;

use self::{
    realm::{Files, Realm},
    talk::{Ends, outcome, talk},
};

type Check = fn(&Files);

const CHECKS: &[(&str, Check)] = &[
    ("layers_carry_data_both_ways", layers_carry_data_both_ways),
    ("principals_and_whom_to_act_as", principals_and_whom_to_act_as),
    ("channels_are_bound", channels_are_bound),
    ("a_client_that_is_bound_to_nothing_is_refused", a_client_that_is_bound_to_nothing_is_refused),
    ("what_is_missing_is_said", what_is_missing_is_said),
    ("a_ticket_by_password", a_ticket_by_password),
    ("a_directory_knows_who_we_are", openldap::a_directory_knows_who_we_are),
    ("damaged_tokens_are_the_peers_fault", damaged_tokens_are_the_peers_fault),
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--in-the-realm") {
        let files = Files::in_folder(arguments.next().expect("the folder").as_ref());
        for (name, check) in CHECKS {
            check(&files);
            println!("test {name} ... ok");
        }
        return ExitCode::SUCCESS;
    }
    if let Err(error) = Provider::open("libnowhere.so.7") {
        assert_eq!(error.kind, GssErrorKind::Unavailable);
        assert!(error.text.contains("libnowhere.so.7"), "{error}");
    }
    match Realm::start() {
        Ok(realm) => {
            let me = std::env::current_exe().expect("this file");
            let status = realm.run(me.as_ref(), ["--in-the-realm".as_ref(), realm.folder()]);
            if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(lacking) => {
            println!("NOT RUN: {lacking}; apt-get install krb5-kdc krb5-admin-server krb5-user");
            ExitCode::SUCCESS
        }
    }
}

fn clients(files: &Files) -> Provider {
    Provider::load().expect("the library").with_ccache(&files.ccache)
}

fn servers(files: &Files) -> Provider {
    Provider::load().expect("the library").with_keytab(&files.keytab)
}

fn ends(files: &Files) -> Ends {
    Ends::new(clients(files), servers(files))
}

fn layers(min_strength: u16, max_strength: u16) -> LayerRules {
    LayerRules { min_strength, max_strength, max_receive: 16_384 }
}

fn layers_carry_data_both_ways(files: &Files) {
    for (mechanism, rules, strength) in [
        (&GSSAPI, layers(0, 0), 0),
        (&GSSAPI, layers(1, 1), 1),
        (&GSSAPI, layers(2, 256), 256),
        (&GSS_SPNEGO, layers(0, 0), 0),
        (&GSS_SPNEGO, layers(1, 1), 1),
        (&GSS_SPNEGO, layers(2, 256), 256),
        (&GS2_KRB5, layers(0, 0), 0),
    ] {
        let met = talk(mechanism, &ends(files).with_layers(rules), &Credentials::none());
        let client = met.client.unwrap_or_else(|error| panic!("{}: {error}", mechanism.name));
        assert!(client.server_verified);
        let server =
            outcome(met.server).unwrap_or_else(|error| panic!("{}: {error}", mechanism.name));
        let both = [client.security_layer, server.security_layer];
        let strengths = both.each_ref().map(|it| it.as_ref().map_or(0, |it| it.strength()));
        assert_eq!(strengths, [strength; 2], "{}", mechanism.name);
        let [Some(mut client), Some(mut server)] = both else { continue };
        for round in 0..3 {
            carries(&mut *client, &mut *server, round);
            carries(&mut *server, &mut *client, round);
        }
        let mut damaged = client.wrap(b"hello").expect("it fits");
        *damaged.last_mut().expect("octets") ^= 1;
        assert_eq!(server.unwrap(&damaged), Err(LayerError::BadMac));
    }
}

/// What one end wraps the other unwraps, once, and as it was.
fn carries(from: &mut dyn SecurityLayer, to: &mut dyn SecurityLayer, filler: u8) {
    assert!(from.max_piece() < 16_384);
    for piece in [&b"hello"[..], &vec![filler; from.max_piece()]] {
        let wrapped = from.wrap(piece).expect("it fits");
        assert!(wrapped.len() <= to.max_receive(), "{}", wrapped.len());
        let is_seen = wrapped.windows(piece.len()).any(|it| it == piece);
        assert_eq!(is_seen, from.strength() == 1);
        assert_eq!(to.unwrap(&wrapped).expect("ours"), piece);
        assert_eq!(to.unwrap(&wrapped), Err(LayerError::BadMac), "a replay");
    }
}

fn principals_and_whom_to_act_as(files: &Files) {
    let credentials = Credentials::none().acting_as(Some("other".try_into().expect("a name")));
    for mechanism in [&GSSAPI, &GS2_KRB5, &GSS_SPNEGO] {
        for (realm, account) in [(realm::NAME, "user"), ("ELSEWHERE", "user@AIOSASL.TEST")] {
            let credentials = if mechanism.name == GSS_SPNEGO.name {
                Credentials::none()
            } else {
                credentials.clone()
            };
            let met = talk(mechanism, &ends(files).in_realm(realm), &credentials);
            let success = outcome(met.server).expect("a login");
            let identity = success.identity.authentication_id().map(ToString::to_string);
            assert_eq!(identity.as_deref(), Some(account));
            assert_eq!(success.authorization_id, credentials.authorization_id);
        }
    }
}

fn channels_are_bound(files: &Files) {
    let binding =
        |octet| ChannelBinding::new(BindingKind::TlsExporter, [octet; 32]).expect("octets");
    let met = talk(
        &GS2_KRB5_PLUS,
        &ends(files).on_channels(Some(binding(7)), Some(binding(7))),
        &Credentials::none(),
    );
    let client = met.client.expect("a login");
    assert!(client.server_verified);
    assert_eq!(client.channel_binding, Some(BindingKind::TlsExporter));
    let server = outcome(met.server).expect("a login");
    assert_eq!(server.channel_binding, Some(BindingKind::TlsExporter));

    let differ = ends(files).on_channels(Some(binding(7)), Some(binding(8)));
    let met = talk(&GS2_KRB5_PLUS, &differ, &Credentials::none());
    assert_eq!(outcome(met.server).err(), Some("channel-bindings-dont-match"));
    // Without a channel, too, the header is protected.
    let changed = ends(files).changing_first(|first| {
        let rest = first.strip_prefix(b"n,,").expect("a header");
        [b"n,a=root,", rest].concat()
    });
    let met = talk(&GS2_KRB5, &changed, &Credentials::none());
    assert_eq!(outcome(met.server).err(), Some("channel-bindings-dont-match"));
}

fn a_client_that_is_bound_to_nothing_is_refused(files: &Files) {
    let mut request = GssRequest::new(KERBEROS);
    request.service = "imap".into();
    request.host = "localhost".into();
    let mut initiator = clients(files).initiator(&request).expect("a context");
    let token = initiator.step(None).expect("a token").token.expect("a token");
    request.channel_binding = Some(b"n,,".to_vec().into());
    let mut acceptor = servers(files).acceptor(&request).expect("a context");
    let error = acceptor.step(Some(token.expose())).expect_err("it is bound to nothing");
    assert_eq!(error.kind, GssErrorKind::BadBindings, "{error}");
    assert_eq!(acceptor.properties(), None);
    assert!(acceptor.step(Some(token.expose())).is_err());
}

fn what_is_missing_is_said(files: &Files) {
    let nowhere = format!("FILE:{}/nowhere", files.folder.display());
    let without_ticket = Ends::new(clients(files).with_ccache(&nowhere), servers(files));
    let met = talk(&GSSAPI, &without_ticket, &Credentials::none());
    assert_eq!(met.client.expect_err("no ticket").reason(), "no-credentials");

    let elsewhere = ends(files).with_service("nosuch");
    let met = talk(&GSSAPI, &elsewhere, &Credentials::none());
    let told = met.told.expect("the provider's words");
    assert!(told.text.contains("not found in Kerberos database"), "{told}");

    let without_keys = Ends::new(clients(files), servers(files).with_keytab(&nowhere));
    let met = talk(&GSSAPI, &without_keys, &Credentials::none());
    assert_eq!(outcome(met.server).err(), Some("no-credentials"));

    // The server is another service than the ticket's.
    let other = ends(files).with_server_service("ldap");
    let met = talk(&GSSAPI, &other, &Credentials::none());
    assert_eq!(outcome(met.server).err(), Some("gss-token"));
}

fn a_ticket_by_password(files: &Files) {
    let library = || Provider::load().expect("the library").getting_tickets_by_password();
    let by = |password: &str| {
        let name = "user@AIOSASL.TEST".try_into().expect("a name");
        let ends = Ends::new(library(), servers(files));
        talk(&GSSAPI, &ends, &Credentials::password(name, password))
    };
    let met = by("pencil");
    assert!(met.client.is_ok(), "{:?} {:?}", met.client, met.told);
    assert_eq!(by("wrong").client.expect_err("it is wrong").reason(), "no-credentials");
}

fn damaged_tokens_are_the_peers_fault(files: &Files) {
    for mechanism in [&GSSAPI, &GSS_SPNEGO, &GS2_KRB5] {
        let damaged = ends(files).changing_first(|first| {
            let mut first = first.to_vec();
            let middle = first.len() / 2;
            first[middle] ^= 1;
            first
        });
        let met = talk(mechanism, &damaged, &Credentials::none());
        assert_eq!(outcome(met.server).err(), Some("gss-token"), "{}", mechanism.name);
        let cut = ends(files).changing_first(|first| first[..first.len() / 2].to_vec());
        let met = talk(mechanism, &cut, &Credentials::none());
        assert_eq!(outcome(met.server).err(), Some("gss-token"), "{}", mechanism.name);
    }
}
