//! What the mechanisms over the GSS-API refuse and agree on, with toys for contexts.

use aiosasl::{
    ClientStep,
    binding::{BindingKind, ChannelBinding, ClientBinding},
    credentials::{Credentials, Key},
    error::{Error, FailureCode, Misuse, Reason},
    identity::{AuthenticationId, AuthorizationId},
    layer::{LayerError, LayerRules, SecurityLayer},
    mechanism::{Mechanism, PlusOffer, Rules, Service},
    mechanisms::gssapi::{GS2_KRB5, GS2_KRB5_PLUS, GSS_SPNEGO, GSSAPI},
    message::{Challenge, ClientMessage, Outcome, ServerMessage},
    profile::Profile,
    query::{ClientQuery, GssError, GssErrorKind},
};
use aiosasl_testkit::{Accounts, FaceToFace, Meeting, OnTheWire, begin, talk, talk_over};

use crate::support::*;

const ALL: [&Mechanism; 4] = [&GSSAPI, &GS2_KRB5, &GS2_KRB5_PLUS, &GSS_SPNEGO];

fn layers(min_strength: u16, max_strength: u16) -> Rules {
    let layers = LayerRules { min_strength, max_strength, max_receive: 4096 };
    Rules { layers, ..rules() }
}

fn meet(mechanism: &Mechanism, accounts: &Accounts, client: &Rules, server: &Rules) -> Meeting {
    let pair = FaceToFace::new(mechanism, accounts);
    let [client, server] = [client, server].map(|it| pair.clone().with_rules(it.clone()));
    let client = client.client(&user(), Profile::FULL).expect("good credentials");
    talk(client, server.server(Profile::FULL), accounts)
}

fn reason(met: Meeting) -> Reason {
    match met.server {
        Some(Outcome::Failure(failure)) => failure.reason,
        other => panic!("{other:?}: {:#?}", met.lines),
    }
}

#[test]
fn the_strongest_layer_that_both_allow() {
    for (mechanism, client, server, strength) in [
        (&GSSAPI, layers(0, 0), layers(0, 256), 0),
        (&GSSAPI, layers(0, 256), layers(0, 0), 0),
        (&GSSAPI, layers(0, 1), layers(0, 256), 1),
        (&GSSAPI, layers(0, 256), layers(0, 1), 1),
        (&GSSAPI, layers(0, 256), layers(0, 256), 256),
        (&GSSAPI, layers(1, 256), layers(2, 256), 256),
        (&GSS_SPNEGO, layers(0, 0), layers(0, 256), 0),
        (&GSS_SPNEGO, layers(0, 1), layers(0, 256), 1),
        (&GSS_SPNEGO, layers(0, 256), layers(0, 256), 256),
    ] {
        let met = meet(mechanism, &accounts(), &client, &server);
        let client = met.client.expect("a login").security_layer;
        let Some(Outcome::Success(success)) = met.server else { panic!("{:?}", met.server) };
        let ends = [client, success.security_layer];
        let found = ends.each_ref().map(|it| it.as_ref().map_or(0, |it| it.strength()));
        assert_eq!(found, [strength; 2], "{}", mechanism.name);
        if let [Some(mut client), Some(mut server)] = ends {
            carries(&mut *client, &mut *server, strength > 1);
            carries(&mut *server, &mut *client, strength > 1);
        }
    }
}

/// What one end wraps the other unwraps, once, and as it was.
fn carries(from: &mut dyn SecurityLayer, to: &mut dyn SecurityLayer, hidden: bool) {
    assert_eq!(from.max_send(), to.max_receive());
    for piece in [&b"hello"[..], b"", &vec![7; from.max_piece()]] {
        let wrapped = from.wrap(piece).expect("it fits");
        assert!(wrapped.len() <= from.max_send());
        if !piece.is_empty() {
            let is_seen = wrapped.windows(piece.len()).any(|it| it == piece);
            assert_eq!(is_seen, !hidden);
        }
        let mut damaged = wrapped.clone();
        *damaged.last_mut().expect("a code") ^= 1;
        assert_eq!(to.unwrap(&damaged), Err(LayerError::BadMac));
        assert_eq!(to.unwrap(&wrapped).expect("ours"), piece);
        assert_eq!(to.unwrap(&wrapped), Err(LayerError::BadMac), "a replay");
    }
    assert_eq!(from.wrap(&vec![7; from.max_piece() + 1]), Err(LayerError::TooLarge));
    assert_eq!(to.unwrap(&vec![7; to.max_receive() + 1]), Err(LayerError::TooLarge));
}

#[test]
fn a_layer_that_one_end_wants_and_the_other_has_not() {
    let met = meet(&GSSAPI, &accounts(), &layers(1, 256), &layers(0, 0));
    assert_eq!(met.client.err(), Some(Error::Policy(Reason::NoCommonLayer)));
    // The client's context has none that the server could offer.
    let met = meet(&GSSAPI, &accounts(), &layers(0, 0), &layers(2, 256));
    assert_eq!(reason(met), Reason::NoCommonLayer);
    let met = meet(&GSS_SPNEGO, &accounts(), &layers(0, 0), &layers(1, 256));
    assert_eq!(reason(met), Reason::NoCommonLayer);
}

#[test]
fn principals_and_accounts() {
    let accounts = accounts().in_realm("EXAMPLE.ORG");
    for mechanism in ALL.iter().filter(|it| !it.name.is_plus()) {
        for (realms, account) in [(&["EXAMPLE.ORG"][..], "user"), (&["A"], "user@EXAMPLE.ORG")] {
            let service =
                Service::new("imap", "mail.example.org").in_realms(realms.iter().copied());
            let ours = Rules { service: Some(service), ..rules() };
            let met = meet(mechanism, &accounts, &rules(), &ours);
            let Some(Outcome::Success(success)) = met.server else { panic!("{:?}", met.lines) };
            let identity = success.identity.authentication_id().map(AuthenticationId::as_str);
            assert_eq!(identity, Some(account), "{}", mechanism.name);
        }
    }
}

#[test]
fn whom_to_act_as_is_carried_or_refused() {
    let accounts = accounts().with_acting("user", "a,=b");
    let other: AuthorizationId = "a,=b".try_into().expect("an identity");
    let credentials = user().acting_as(other.clone());
    for mechanism in [&GSSAPI, &GS2_KRB5] {
        let met = FaceToFace::new(mechanism, &accounts).meet_with(&credentials, Profile::FULL);
        let Some(Outcome::Success(success)) = met.server else { panic!("{:?}", met.lines) };
        assert_eq!(success.authorization_id.as_ref(), Some(&other));
    }
    let met = FaceToFace::new(&GSS_SPNEGO, &accounts).meet_with(&credentials, Profile::FULL);
    assert_eq!(met.client.err(), Some(Error::Policy(Reason::AuthzidNotCarried)));
}

#[test]
fn a_wrong_password_another_service_and_no_service() {
    for mechanism in ALL {
        let mut credentials = user();
        credentials.key = Key::Password("wrong".into());
        let client = client_in(mechanism, &credentials, Profile::FULL);
        let met = talk(client, server(mechanism), &accounts());
        assert!(met.client.as_ref().is_err_and(Error::is_authentication_failure));
        assert_eq!(reason(met), Reason::GssToken);
    }
    let elsewhere = Rules { service: Some(Service::new("imap", "other")), ..rules() };
    let met = meet(&GSSAPI, &accounts(), &elsewhere, &rules());
    assert_eq!(reason(met), Reason::GssToken);
    // A server that names none takes what is meant for any that it has keys for.
    assert!(meet(&GSSAPI, &accounts(), &elsewhere, &Rules::default()).client.is_ok());
    let accounts = accounts();
    let nameless = FaceToFace::new(&GSSAPI, &accounts).with_rules(Rules::default());
    let met = nameless.meet_with(&user(), Profile::FULL);
    assert_eq!(met.client.err(), Some(Error::Credentials(Reason::NoService)));
}

#[test]
fn a_channel_that_the_ends_see_differently() {
    let mut credentials = user();
    credentials.key = Key::Password("pencil".into());
    let other = ChannelBinding::new(BindingKind::TlsExporter, [8; 32]).expect("octets");
    let client = (GS2_KRB5_PLUS.client)(&context(&credentials, ClientBinding::Bound(other), &[]));
    let client = aiosasl::ClientExchange::new(client.expect("good credentials"));
    let met = talk(client, server(&GS2_KRB5_PLUS), &accounts());
    assert_eq!(reason(met), Reason::GssToken);
    // The header is bound, too, where there is no channel binding: nobody else puts a name into it.
    let client = client_in(&GS2_KRB5, &user(), Profile::FULL);
    let met = talk_over(client, server(&GS2_KRB5), &accounts(), |message| {
        if let OnTheWire::ToServer(ClientMessage::Authenticate {
            initial_response: Some(first),
            ..
        }) = message
        {
            let rest = first.as_bytes().strip_prefix(b"n,,").expect("a header");
            *first = [b"n,a=root,", rest].concat().into();
        }
    });
    assert_eq!(reason(met), Reason::GssToken);
    // And a flag that says that -PLUS was not seen.
    let met = talk_over(
        client_in(&GS2_KRB5, &user(), Profile::FULL),
        server_with(&GS2_KRB5, PlusOffer::Required, Profile::FULL),
        &accounts(),
        |_| {},
    );
    assert_eq!(reason(met), Reason::ChannelBindingRequired);
}

#[test]
fn nothing_is_said_before_there_is_a_context() {
    let mut client = client(&GSSAPI);
    let Ok(ClientStep::Ask(ClientQuery::Gss(gss))) = client.start() else { panic!("no question") };
    let early = client.receive(ServerMessage::Challenge(Challenge::empty())).err();
    assert_eq!(early, Some(Error::Misuse(Misuse::OutOfTurn)));
    let aiosasl::query::Gss::Open(open) = gss else { panic!("no context is asked for") };
    assert_eq!((&*open.request.service, &*open.request.host), ("imap", "mail.example.org"));
    let error = GssError::new(GssErrorKind::NoCredentials, "no ticket");
    let end = client.answer(open.context(Err(error)).into_client_answer());
    assert_eq!(end.err(), Some(Error::Credentials(Reason::NoCredentials)));
    let after = client.start().err();
    assert_eq!(after, Some(Error::Misuse(Misuse::AfterEnd)));
    // Giving up before anything was said tells the server nothing.
    let mut early = crate::support::client(&GSSAPI);
    assert!(early.start().is_ok());
    assert_eq!(early.abort().err(), Some(Error::Policy(Reason::Aborted)));
}

#[test]
fn a_server_that_has_not_proven_itself() {
    for mechanism in ALL {
        let mut client = client(mechanism);
        assert!(begin(&mut client).is_ok());
        let end = client.receive(ServerMessage::Success { additional_data: None });
        assert_eq!(end.err(), Some(Error::Peer(Reason::ServerNotVerified)), "{}", mechanism.name);
    }
}

#[test]
fn a_server_without_a_provider_is_a_temporary_failure() {
    let mut server = server(&GSSAPI);
    let step = server.start(Some(aiosasl::message::Response::new(*b"token"))).expect("in turn");
    let aiosasl::ServerStep::Ask(query) = step else { panic!("{step:?}") };
    let step = server.answer(query.unavailable()).expect("in turn");
    let aiosasl::ServerStep::Done(Outcome::Failure(failure)) = step else { panic!("{step:?}") };
    assert_eq!(failure.code, FailureCode::Temporary);
}

#[test]
fn credentials_of_a_ticket_need_no_name_here() {
    // The toy wants a name; what is asked of a provider has none then.
    let met = FaceToFace::new(&GSSAPI, &accounts()).meet_with(&Credentials::none(), Profile::FULL);
    assert_eq!(met.client.err(), Some(Error::Credentials(Reason::NoCredentials)));
}
