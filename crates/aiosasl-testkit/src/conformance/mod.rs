//! What every mechanism must keep, whoever wrote it: run it on your own.

mod chaos;

use aiosasl::{
    ClientStep,
    binding::{BindingKind, ChannelBinding},
    credentials::{Credentials, Key},
    error::{Error, FailureCode, Misuse, Reason},
    mechanism::{Mechanism, Side},
    message::{ClientMessage, Outcome, ServerMessage},
    profile::{InitialResponse, Profile, SuccessData},
};

use crate::{Accounts, FaceToFace, OnTheWire, begin, talk, talk_over};

/// Checks a mechanism with credentials that its server accepts.
///
/// Logins work in every kind of protocol; both halves have the mechanism's name, and who speaks first is who its
/// properties say; an abort ends an exchange at every step; no octets in no order of calls make it panic, prove
/// somebody's identity, or, where the server has to prove itself, a success; after the end every call is a misuse; the
/// password is not in what `Debug` shows.
///
/// # Example: a mechanism of this house
///
/// ```
/// use aiosasl::{credentials::Credentials, mechanisms::plain};
/// use aiosasl_testkit::{Accounts, conformance};
///
/// let accounts = Accounts::new().with_password("user", "pencil");
/// let credentials = Credentials::password("user".try_into().expect("a name"), "pencil");
/// conformance::check(&plain::MECHANISM, &credentials, &accounts);
/// ```
///
/// # Panics
///
/// With what is wrong.
pub fn check(mechanism: &Mechanism, credentials: &Credentials, accounts: &Accounts) {
    let mut pair = FaceToFace::new(mechanism, accounts);
    let of_any_kind = mechanism.name.is_plus().then_some(BindingKind::TlsExporter);
    if let Some(kind) = mechanism.name.named_binding().or(of_any_kind) {
        pair = pair.on_channel(ChannelBinding::new(kind, [7; 32]).expect("32 octets"));
    }
    check_description(mechanism, &pair, credentials);
    for profile in profiles() {
        check_login(&pair, credentials, profile);
        check_aborts(&pair, credentials, profile, accounts);
        chaos::check_server(&pair, profile);
        chaos::check_client(mechanism, &pair, credentials, profile);
    }
}

fn check_description(mechanism: &Mechanism, pair: &FaceToFace<'_>, credentials: &Credentials) {
    let mut client = pair.client(credentials, Profile::FULL).expect("the credentials are good");
    let server = pair.server(Profile::FULL);
    assert_eq!(client.mechanism(), mechanism.name, "the client's half has another name");
    assert_eq!(server.mechanism(), mechanism.name, "the server's half has another name");
    let step = begin(&mut client);
    let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response, .. })) = &step else {
        panic!("a client starts with a request, not with {step:?}");
    };
    let first = if initial_response.is_some() { Side::Client } else { Side::Server };
    assert_eq!(first, mechanism.properties.first, "another side speaks first");
    let shown = format!("{client:?} {server:?} {step:?}");
    match &credentials.key {
        Key::Password(password) => {
            assert!(!shown.contains(password.expose()), "the password is shown: {shown}");
        }
        Key::Token(token) => {
            let token = String::from_utf8_lossy(token.expose());
            assert!(!shown.contains(&*token), "the token is shown: {shown}");
        }
        _ => {}
    }
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

/// An abort of the client in the place of each of its messages, until a login has none left.
fn check_aborts(
    pair: &FaceToFace<'_>,
    credentials: &Credentials,
    profile: Profile,
    accounts: &Accounts,
) {
    for place in 1.. {
        let mut said = 0;
        let client = pair.client(credentials, profile).expect("the credentials are good");
        let met = talk_over(client, pair.server(profile), accounts, |message| {
            if let OnTheWire::ToServer(message) = message {
                said += 1;
                if said > place {
                    *message = ClientMessage::Abort;
                }
            }
        });
        if said <= place {
            assert!(met.client.is_ok(), "the client says {:?}", met.client);
            break;
        }
        assert!(met.client.is_err(), "a success after an abort is believed: {:#?}", met.lines);
        assert!(
            matches!(&met.server, Some(Outcome::Failure(failure)) if failure.code == FailureCode::Aborted),
            "an abort ends in {:?}",
            met.server
        );
    }
    // The same from the client's own side: its caller gives up, whatever the server says then.
    let mut client = pair.client(credentials, profile).expect("the credentials are good");
    assert!(begin(&mut client).is_ok());
    let step = client.abort();
    assert!(matches!(step, Ok(ClientStep::Send(ClientMessage::Abort))), "an abort is {step:?}");
    let end = client.receive(ServerMessage::Success { additional_data: None });
    assert_eq!(end.err(), Some(Error::Policy(Reason::Aborted)));
    assert_eq!(client.abort().err(), Some(Error::Misuse(Misuse::AfterEnd)));
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
