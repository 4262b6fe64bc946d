//! What every mechanism must keep, whoever wrote it: run it on your own.

use aiosasl::{
    ClientStep, ServerStep,
    binding::{BindingKind, ChannelBinding},
    credentials::Credentials,
    error::{Error, Misuse},
    mechanism::Mechanism,
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    profile::{InitialResponse, Profile, SuccessData},
};

use crate::{Accounts, FaceToFace, talk};

/// Checks a mechanism with credentials that its server accepts.
///
/// Logins work in every kind of protocol; both halves have the mechanism's name; an abort ends an exchange at every
/// step; after the end every call is a misuse; nonsense proves nobody's identity.
///
/// # Panics
///
/// With what is wrong.
pub fn check(mechanism: &Mechanism, credentials: &Credentials, accounts: &Accounts) {
    let mut pair = FaceToFace::new(mechanism, accounts);
    if mechanism.name.is_plus() {
        pair = pair
            .on_channel(ChannelBinding::new(BindingKind::TlsExporter, [7; 32]).expect("32 octets"));
    }
    for profile in profiles() {
        check_login(&pair, credentials, profile);
        check_abort(&pair, credentials, profile, accounts);
        check_nonsense(&pair, credentials, profile, accounts);
    }
    let client = pair.client(credentials, Profile::FULL).expect("the credentials are good");
    assert_eq!(client.mechanism(), mechanism.name, "the client's half has another name");
    assert_eq!(
        pair.server(Profile::FULL).mechanism(),
        mechanism.name,
        "the server's half has another name"
    );
}

/// Protocols with and without initial responses, with and without data in a success.
pub fn profiles() -> impl Iterator<Item = Profile> {
    let initial =
        [InitialResponse::Carried, InitialResponse::CarriedUpTo(40), InitialResponse::NotCarried];
    initial.into_iter().flat_map(|initial_response| {
        [SuccessData::Carried, SuccessData::AsChallenge].map(|success_data| Profile {
            initial_response,
            success_data,
            ..Profile::FULL
        })
    })
}

fn check_login(pair: &FaceToFace<'_>, credentials: &Credentials, profile: Profile) {
    let met = pair.meet_with(credentials, profile);
    assert!(met.client.is_ok(), "the client says {:?}\n{:#?}", met.client, met.lines);
    assert!(matches!(met.server, Some(Outcome::Success(_))), "the server says {:?}", met.server);
}

fn check_abort(
    pair: &FaceToFace<'_>,
    credentials: &Credentials,
    profile: Profile,
    accounts: &Accounts,
) {
    // A client that gives up after its first message, and a server that hears it.
    let mut client = pair.client(credentials, profile).expect("the credentials are good");
    let mut server = pair.server(profile);
    let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response, .. })) = client.start()
    else {
        panic!("a client starts with a request");
    };
    let mut step = server.start(initial_response);
    while let Ok(ServerStep::Ask(query)) = step {
        step = server.answer(accounts.answer(query));
    }
    if matches!(step, Ok(ServerStep::Send(_))) {
        let step = server.receive(ClientMessage::Abort);
        assert!(matches!(step, Ok(ServerStep::Done(Outcome::Failure(_)))), "an abort is {step:?}");
        assert_eq!(server.receive(ClientMessage::Abort).err(), Some(Misuse::AfterEnd));
    }
    let step = client.abort();
    assert!(matches!(step, Ok(ClientStep::Send(ClientMessage::Abort))), "an abort is {step:?}");
    let end = client.receive(ServerMessage::Success { additional_data: None });
    assert!(end.is_err(), "a success after an abort is believed");
    assert_eq!(client.abort().err(), Some(Error::Misuse(Misuse::AfterEnd)));
}

fn check_nonsense(
    pair: &FaceToFace<'_>,
    credentials: &Credentials,
    profile: Profile,
    accounts: &Accounts,
) {
    let long = vec![b'a'; 70_000];
    for nonsense in [&b"\xff\xfe"[..], b"\0\0\0\0\0\0", b",,,,", b"=", &long] {
        let mut server = pair.server(profile);
        let mut step = server.start(None);
        for _ in 0..8 {
            step = match step {
                Ok(ServerStep::Ask(query)) => server.answer(accounts.answer(query)),
                Ok(ServerStep::Send(_)) => {
                    server.receive(ClientMessage::Response(Response::new(nonsense)))
                }
                Ok(ServerStep::Done(outcome)) => {
                    let known = match &outcome {
                        Outcome::Success(success) => success.identity.authentication_id().is_some(),
                        Outcome::Failure(_) => false,
                    };
                    assert!(!known, "nonsense comes in");
                    break;
                }
                Err(misuse) => panic!("{misuse}"),
            };
        }
        let mut client = pair.client(credentials, profile).expect("the credentials are good");
        let mut step = client.start();
        for _ in 0..8 {
            step = match step {
                Ok(ClientStep::Send(ClientMessage::Authenticate {
                    initial_response: None,
                    ..
                })) => client.receive(ServerMessage::Challenge(Challenge::empty())),
                Ok(ClientStep::Send(_)) => {
                    client.receive(ServerMessage::Challenge(Challenge::new(nonsense)))
                }
                Ok(ClientStep::Ask(query)) => {
                    client.answer(query.answer_by_itself().expect("a derivation"))
                }
                Ok(ClientStep::Done(_)) => panic!("nonsense is believed"),
                Err(_) => break,
            };
        }
    }
}

/// Whether a login with a wrong password says, byte for byte, what one to an unknown account says.
///
/// # Panics
///
/// Where they differ.
pub fn check_no_enumeration(
    mechanism: &Mechanism,
    accounts: &Accounts,
    known: &str,
    unknown: &str,
) {
    assert_eq!(known.len(), unknown.len(), "names of one length can be compared");
    for profile in profiles() {
        let pair = FaceToFace::new(mechanism, accounts);
        let [wrong, nobody] = [known, unknown].map(|name| {
            let name = name.try_into().expect("an identity");
            let credentials = Credentials::password(name, "wrong");
            let client = pair.client(&credentials, profile).expect("good credentials");
            talk(client, pair.server(profile), accounts)
        });
        assert_eq!(wrong.lines.len(), nobody.lines.len(), "the number of messages differs");
        assert_eq!(wrong.lines.last(), nobody.lines.last(), "the last words differ");
        assert_eq!(wrong.client.err(), nobody.client.err(), "the errors differ");
    }
}
