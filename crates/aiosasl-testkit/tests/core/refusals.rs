//! Each thing that must be refused, with its own reason.

use aiosasl::{
    ClientExchange, ClientStep, ServerStep,
    binding::ClientBinding,
    credentials::{Credentials, Key},
    error::{Error, Failure, FailureCode, Misuse, Reason},
    hash::Hash,
    identity::{AuthenticationId, AuthorizationId, IdentityError},
    mechanism::{PlusOffer, ServerProof, Side},
    mechanisms::{ALL, plain, scram},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    profile::{FirstChallenge, InitialResponse, Profile, SuccessData},
    query::{ClientAnswer, Decoy, DeriveKeys, External, Verdict, VerifyPassword},
    secret::Secret,
};
use aiosasl_testkit::{OnTheWire, answer, begin, conformance, talk_over};

use crate::support::*;

/// A client that has sent its first message, and hears this one of a server.
fn reason_for_server_first(message: &str) -> Error {
    let mut client = client(&scram::SCRAM_SHA_256);
    assert!(client.start().is_ok());
    let step = client.receive(ServerMessage::Challenge(Challenge::new(message)));
    assert!(!matches!(step, Ok(ClientStep::Ask(_))), "a derivation was asked for {message}");
    gave_up(&mut client, step)
}

#[test]
fn a_server_nonce_that_is_not_ours_plus_something() {
    let foreign = reason_for_server_first("r=other,s=QSXCR+Q6sek8bf92,i=4096");
    assert_eq!(foreign, Error::Peer(Reason::NonceMismatch));
    let ours_alone =
        reason_for_server_first(&format!("r={CLIENT_NONCE},s=QSXCR+Q6sek8bf92,i=4096"));
    assert_eq!(ours_alone, Error::Peer(Reason::NonceNotExtended));
}

#[test]
fn mandatory_and_duplicated_attributes() {
    let first = format!("r={CLIENT_NONCE}x,s=QSXCR+Q6sek8bf92,i=4096");
    let mandatory = reason_for_server_first(&format!("m=x,{first}"));
    assert_eq!(mandatory, Error::Peer(Reason::ExtensionsNotSupported));
    let duplicated = reason_for_server_first(&format!("{first},i=8192"));
    assert_eq!(duplicated, Error::Peer(Reason::DuplicateAttribute));
    let mut server = server(&scram::SCRAM_SHA_256);
    let step = starts(&mut server, "n,,n=user,r=abc,n=root", &accounts());
    assert_eq!(refusal(step), "duplicate-attribute");
    let mut server = crate::support::server(&scram::SCRAM_SHA_256);
    let step = starts(&mut server, "n,,m=x,n=user,r=abc", &accounts());
    assert_eq!(refusal(step), "extensions-not-supported");
}

#[test]
fn iteration_counts_out_of_bounds_before_any_hashing() {
    for (count, reason) in [
        ("1", Reason::IterationCountTooLow),
        ("4095", Reason::IterationCountTooLow),
        ("1000001", Reason::IterationCountTooHigh),
        ("4294967296", Reason::IterationCountTooHigh),
        ("99999999999999999999999999", Reason::IterationCountTooHigh),
    ] {
        let error =
            reason_for_server_first(&format!("r={CLIENT_NONCE}x,s=QSXCR+Q6sek8bf92,i={count}"));
        assert_eq!(error, Error::Policy(reason), "{count}");
    }
}

#[test]
fn success_before_the_server_has_proven_itself() {
    let success = || ServerMessage::Success { additional_data: None };
    // At once.
    let mut early = client(&scram::SCRAM_SHA_256);
    assert!(early.start().is_ok());
    assert_eq!(early.receive(success()).err(), Some(Error::Peer(Reason::ServerNotVerified)));
    // After the proof, and without `v=`.
    let mut late = client(&scram::SCRAM_SHA_256);
    assert!(late.start().is_ok());
    let first = format!("r={CLIENT_NONCE}x,s=QSXCR+Q6sek8bf92,i=4096");
    assert!(hears(&mut late, first.clone()).is_ok());
    assert_eq!(late.receive(success()).err(), Some(Error::Peer(Reason::ServerNotVerified)));
    // While the client's message is held back.
    let profile = Profile { initial_response: InitialResponse::NotCarried, ..Profile::FULL };
    let mut held = client_in(&plain::MECHANISM, &user(), profile);
    assert!(held.start().is_ok());
    assert_eq!(held.receive(success()).err(), Some(Error::Peer(Reason::ServerNotVerified)));
    // With data that would need an answer.
    let mut chatty = client(&scram::SCRAM_SHA_256);
    assert!(chatty.start().is_ok());
    let step =
        chatty.receive(ServerMessage::Success { additional_data: Some(Challenge::new(first)) });
    let Ok(ClientStep::Ask(query)) = step else { panic!("{step:?}") };
    let end = chatty.answer(query.answer_by_itself().expect("a derivation"));
    assert_eq!(end.err(), Some(Error::Peer(Reason::ServerNotVerified)));
}

/// In the place of each message of a server, in every kind of protocol, by every mechanism with a server's proof.
#[test]
fn success_in_the_place_of_any_message() {
    let accounts = accounts();
    for mechanism in ALL.iter().filter(|it| it.properties.server_proof == ServerProof::Mutual) {
        for (profile, with_data) in conformance::profiles().flat_map(|it| [(it, false), (it, true)])
        {
            let mut believed = 0;
            for place in 0.. {
                let (mut said, mut signed) = (0, false);
                let client = client_in(mechanism, &user_for(mechanism), profile);
                let server = server_with(mechanism, plus_offer(mechanism), profile);
                let met = talk_over(client, server, &accounts, |message| {
                    let OnTheWire::ToClient(message) = message else { return };
                    signed |= is_signature(message);
                    if said == place {
                        let additional_data = match message {
                            ServerMessage::Challenge(it) if with_data => Some(it.clone()),
                            ServerMessage::Success { additional_data } if with_data => {
                                additional_data.take()
                            }
                            _ => None,
                        };
                        signed &= additional_data.is_some() || !is_signature(message);
                        *message = ServerMessage::Success { additional_data };
                    }
                    said += 1;
                });
                if said <= place {
                    break;
                }
                match met.client {
                    Ok(done) => {
                        assert!(done.server_verified && signed, "{place}: {:#?}", met.lines);
                        believed += 1;
                    }
                    Err(error) => assert_eq!(error, Error::Peer(Reason::ServerNotVerified)),
                }
            }
            assert!(believed <= 2, "{} is believed {believed} times", mechanism.name);
        }
    }
}

fn is_signature(message: &ServerMessage) -> bool {
    match message {
        ServerMessage::Challenge(it) | ServerMessage::Success { additional_data: Some(it) } => {
            let marks = [&b"v="[..], b"rspauth=", b"toy2"];
            marks.iter().any(|mark| it.as_bytes().starts_with(mark))
                || matches!(it.as_bytes(), [0, _, ..])
        }
        _ => false,
    }
}

#[test]
fn a_wrong_server_signature_is_never_believed() {
    for success_data in [SuccessData::Carried, SuccessData::AsChallenge] {
        let mut client = client(&scram::SCRAM_SHA_256);
        assert!(client.start().is_ok());
        assert!(hears(&mut client, format!("r={CLIENT_NONCE}x,s=QSXCR+Q6sek8bf92,i=4096")).is_ok());
        let words = Challenge::new("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        let step = match success_data {
            SuccessData::Carried => {
                client.receive(ServerMessage::Success { additional_data: Some(words) })
            }
            SuccessData::AsChallenge => client.receive(ServerMessage::Challenge(words)),
        };
        assert_eq!(gave_up(&mut client, step), Error::Peer(Reason::ServerSignatureMismatch));
    }
}

#[test]
fn flags_that_do_not_go_with_the_name() {
    let credentials = user();
    let offered = [scram::SCRAM_SHA_256.name, scram::SCRAM_SHA_256_PLUS.name];
    let bound = || ClientBinding::Bound(binding());
    for (mechanism, flag, reason) in [
        (scram::SCRAM_SHA_256_PLUS, ClientBinding::Unsupported, Reason::PlusWithoutPFlag),
        (scram::SCRAM_SHA_256_PLUS, ClientBinding::NotOffered, Reason::PlusWithoutPFlag),
        (scram::SCRAM_SHA_256, bound(), Reason::PFlagWithoutPlus),
        (scram::SCRAM_SHA_256, ClientBinding::NotOffered, Reason::PlusOffered),
    ] {
        let made = (mechanism.client)(&context(&credentials, flag, &offered));
        assert_eq!(made.err(), Some(Error::Policy(reason)));
    }
    // What a server hears from clients that are not ours.
    for (mechanism, flag, reason) in [
        (scram::SCRAM_SHA_256_PLUS, "n", "plus-without-p-flag"),
        (scram::SCRAM_SHA_256_PLUS, "y", "plus-without-p-flag"),
        (scram::SCRAM_SHA_256, "p=tls-exporter", "p-flag-without-plus"),
        (scram::SCRAM_SHA_256, "y", "server-does-support-channel-binding"),
    ] {
        let mut server = server_with(&mechanism, PlusOffer::Offered, Profile::FULL);
        let step = starts(&mut server, format!("{flag},,n=user,r=abc"), &accounts());
        assert_eq!(refusal(step), reason, "{flag}");
    }
}

#[test]
fn names_with_nul() {
    assert_eq!(AuthenticationId::new("us\0er").err(), Some(IdentityError::Nul));
    assert_eq!(AuthorizationId::new("us\0er").err(), Some(IdentityError::Nul));
    assert_eq!(AuthenticationId::new("").err(), Some(IdentityError::Empty));
    let credentials = Credentials::password("user".try_into().expect("a name"), "pen\0cil");
    let made = (plain::MECHANISM.client)(&context(&credentials, ClientBinding::Unsupported, &[]));
    assert_eq!(made.err(), Some(Error::Credentials(Reason::PasswordPrepFailed)));
    let mut server = server(&scram::SCRAM_SHA_256);
    let step = starts(&mut server, "n,,n=us\0er,r=abc", &accounts());
    assert_eq!(refusal(step), "invalid-encoding");
}

#[test]
fn messages_that_are_too_long() {
    let long = "x".repeat(65_537);
    let mut server = server(&plain::MECHANISM);
    let step = starts(&mut server, long.clone(), &accounts());
    assert!(matches!(
        step,
        ServerStep::Done(Outcome::Failure(Failure { code: FailureCode::TooLarge, .. }))
    ));
    let mut client = client(&scram::SCRAM_SHA_256);
    assert!(client.start().is_ok());
    let step = client.receive(ServerMessage::Challenge(Challenge::new(long)));
    assert_eq!(gave_up(&mut client, step), Error::Peer(Reason::MessageTooLong));
}

#[test]
fn credentials_that_cannot_be_used() {
    let refused = |credentials: &Credentials| {
        [plain::MECHANISM, scram::SCRAM_SHA_256].map(|mechanism| {
            (mechanism.client)(&context(credentials, ClientBinding::Unsupported, &[])).err()
        })
    };
    let of = |name: &str, password: &str| {
        Credentials::password(name.try_into().expect("a name"), password)
    };
    let each = |plain, scram| [plain, scram].map(|reason| Some(Error::Credentials(reason)));
    assert_eq!(refused(&Credentials::none()), each(Reason::NoCredentials, Reason::NoCredentials));
    assert_eq!(refused(&of("user", "")), each(Reason::EmptyPassword, Reason::EmptyPassword));
    assert_eq!(
        refused(&of("user", "\u{7}")),
        each(Reason::PasswordPrepFailed, Reason::PasswordPrepFailed)
    );
    assert_eq!(
        refused(&of("user", "\u{ad}")),
        each(Reason::PasswordPrepEmpty, Reason::PasswordPrepEmpty)
    );
    assert_eq!(refused(&of("\u{ad}", "x")), each(Reason::AuthcidPrepEmpty, Reason::EmptyUsername));
    assert_eq!(
        refused(&of("\u{7}", "x")),
        each(Reason::AuthcidPrepFailed, Reason::InvalidUsernameEncoding)
    );
}

#[test]
fn keys_for_another_salt() {
    let mut credentials = user();
    let salted = DeriveKeys::new(Hash::Sha256, Secret::new(*b"pencil"), *b"another salt", 4096);
    credentials.key = Key::SaltedPassword {
        salt: (*b"another salt").into(),
        iterations: 4096,
        salted_password: salted.salted_password(),
    };
    let mut client = client_in(&scram::SCRAM_SHA_256, &credentials, Profile::FULL);
    assert!(client.start().is_ok());
    let step = hears(&mut client, format!("r={CLIENT_NONCE}x,s=QSXCR+Q6sek8bf92,i=4096"));
    assert_eq!(gave_up(&mut client, step), Error::Credentials(Reason::KeysDontFit));
}

#[test]
fn a_first_challenge_that_is_not_empty() {
    let not_carried = Profile { initial_response: InitialResponse::NotCarried, ..Profile::FULL };
    let mut strict = client_in(&plain::MECHANISM, &user(), not_carried);
    assert!(strict.start().is_ok());
    let step = hears(&mut strict, "go on");
    assert_eq!(gave_up(&mut strict, step), Error::Peer(Reason::NotEmpty));
    let lenient = Profile { first_challenge: FirstChallenge::Ignored, ..not_carried };
    let mut lenient = client_in(&plain::MECHANISM, &user(), lenient);
    assert!(lenient.start().is_ok());
    let step = hears(&mut lenient, "go on");
    assert!(matches!(step, Ok(ClientStep::Send(ClientMessage::Response(_)))), "{step:?}");
}

#[test]
fn one_challenge_too_many() {
    let mut client = client(&plain::MECHANISM);
    assert!(client.start().is_ok());
    let step = hears(&mut client, "more?");
    assert_eq!(gave_up(&mut client, step), Error::Peer(Reason::UnexpectedChallenge));
}

#[test]
fn anything_but_empty_after_the_last_words() {
    let profile = Profile { success_data: SuccessData::AsChallenge, ..Profile::FULL };
    let mut client = client_in(&scram::SCRAM_SHA_256, &user(), profile);
    let mut server = server_with(&scram::SCRAM_SHA_256, PlusOffer::NotOffered, profile);
    let accounts = accounts();
    let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response: Some(first), .. })) =
        client.start()
    else {
        panic!("the client speaks first")
    };
    let first = challenge(starts(&mut server, first.as_bytes(), &accounts));
    let Ok(ClientStep::Send(ClientMessage::Response(proof))) = hears(&mut client, first) else {
        panic!("the client proves")
    };
    let last_words = challenge(says(&mut server, proof.as_bytes(), &accounts));
    assert!(last_words.starts_with(b"v="));
    assert_eq!(refusal(says(&mut server, "more", &accounts)), "not-empty");
}

#[test]
fn every_call_of_a_client_after_the_end_is_a_misuse() {
    let ends = [
        ServerMessage::Success { additional_data: None },
        ServerMessage::Success { additional_data: Some(Challenge::new(*b"v=AAAA")) },
        ServerMessage::Failure(FailureCode::InvalidCredentials),
    ];
    for (mechanism, end) in ALL.iter().flat_map(|it| ends.iter().map(move |end| (it, end))) {
        let mut client = client(mechanism);
        assert_eq!(client.abort().err(), Some(Error::Misuse(Misuse::NotStarted)));
        assert_eq!(client.receive(end.clone()).err(), Some(Error::Misuse(Misuse::NotStarted)));
        assert!(begin(&mut client).is_ok());
        assert_eq!(client.start().err(), Some(Error::Misuse(Misuse::StartedTwice)));
        assert_eq!(client.answer(stray_keys()).err(), Some(Error::Misuse(Misuse::NothingAsked)));
        let mut step = client.receive(end.clone());
        while let Ok(ClientStep::Ask(query)) = step {
            step = client.answer(answer(query));
        }
        let after = Some(Error::Misuse(Misuse::AfterEnd));
        assert_eq!(client.start().err(), after);
        for message in
            ends.clone().into_iter().chain([ServerMessage::Challenge(Challenge::empty())])
        {
            assert_eq!(client.receive(message).err(), after);
        }
        assert_eq!(client.answer(stray_keys()).err(), after);
        assert_eq!(client.abort().err(), after);
    }
}

fn stray_keys() -> ClientAnswer {
    DeriveKeys::new(Hash::Sha256, Secret::default(), *b"salt", 1).finish()
}

#[test]
fn every_call_of_a_server_after_the_end_is_a_misuse() {
    let accounts = accounts();
    let nobody = || External::new().answer(None);
    let messages = || {
        [
            ClientMessage::Abort,
            ClientMessage::Response(Response::empty()),
            ClientMessage::Authenticate { mechanism: ALL[0].name, initial_response: None },
        ]
    };
    for (mechanism, last) in ALL.iter().flat_map(|it| messages().map(|last| (it, last))) {
        let mut server = server(mechanism);
        assert_eq!(server.receive(last.clone()).err(), Some(Misuse::NotStarted));
        assert_eq!(server.answer(nobody()).err(), Some(Misuse::NothingAsked));
        let speaks_first = mechanism.properties.first == Side::Server;
        assert!(
            matches!(server.start(None), Ok(ServerStep::Send(it)) if it.is_empty() != speaks_first)
        );
        assert_eq!(server.start(None).err(), Some(Misuse::StartedTwice));
        assert_eq!(server.answer(nobody()).err(), Some(Misuse::NothingAsked));
        let step = server.receive(last).expect("in turn");
        let step = answered(&mut server, step, &accounts);
        assert!(matches!(step, ServerStep::Done(_)), "{step:?}");
        assert_eq!(server.start(None).err(), Some(Misuse::AfterEnd));
        for message in messages() {
            assert_eq!(server.receive(message).err(), Some(Misuse::AfterEnd));
        }
        assert_eq!(server.answer(nobody()).err(), Some(Misuse::AfterEnd));
    }
}

/// A call out of turn is an error, and changes nothing: the exchange goes on.
#[test]
fn a_message_in_the_place_of_an_answer() {
    let mut server = server(&plain::MECHANISM);
    let step = server.start(Some(Response::new(*b"\0user\0pencil"))).expect("in turn");
    assert_eq!(server.receive(ClientMessage::Abort).err(), Some(Misuse::OutOfTurn));
    let step = answered(&mut server, step, &accounts());
    assert!(matches!(step, ServerStep::Done(Outcome::Success(_))), "{step:?}");

    let mut client = client(&scram::SCRAM_SHA_256);
    assert!(client.start().is_ok());
    let first = format!("r={CLIENT_NONCE}x,s=QSXCR+Q6sek8bf92,i=4096");
    let step = client.receive(ServerMessage::Challenge(Challenge::new(first)));
    let Ok(ClientStep::Ask(query)) = step else { panic!("{step:?}") };
    let early = client.receive(ServerMessage::Challenge(Challenge::empty()));
    assert_eq!(early.err(), Some(Error::Misuse(Misuse::OutOfTurn)));
    assert!(client.answer(query.answer_by_itself().expect("a derivation")).is_ok());
}

/// An answer to another question is not an answer, however good it is.
#[test]
fn an_answer_to_another_question() {
    let accepted = || {
        let name = AuthenticationId::new("user").expect("a name");
        VerifyPassword::new(name, "pencil".into()).answer(Verdict::Accepted)
    };
    for (mechanism, first) in [
        (scram::SCRAM_SHA_256, &b"n,,n=user,r=abc"[..]),
        (aiosasl::mechanisms::external::MECHANISM, b""),
        (aiosasl::mechanisms::anonymous::MECHANISM, b""),
    ] {
        let mut server = server(&mechanism);
        assert!(matches!(server.start(Some(Response::new(first))), Ok(ServerStep::Ask(_))));
        let step = server.answer(accepted()).expect("something was asked");
        assert_eq!(refusal(step), "out-of-turn", "{}", mechanism.name);
    }
}

#[test]
fn a_decoy_survives_a_restart() {
    let salt = || Decoy::new(Secret::new([9; 32]), 4096, 16).salt(Hash::Sha256, "nobody");
    assert_eq!(salt(), salt());
    assert_ne!(salt(), Decoy::new(Secret::new([9; 32]), 4096, 16).salt(Hash::Sha256, "nobodx"));
    assert_ne!(salt(), Decoy::new(Secret::new([8; 32]), 4096, 16).salt(Hash::Sha256, "nobody"));
}

/// The same conversation with the account `user`, and with nobody; the proof is wrong in both.
#[test]
fn an_unknown_account_equals_a_wrong_password_byte_for_byte() {
    let decoy = Decoy::new(Secret::new([9; 32]), 4096, 16);
    let salt = decoy.salt(Hash::Sha256, "user");
    let known = aiosasl::query::ScramVerifier::from_password(
        Hash::Sha256,
        Secret::new(*b"pencil"),
        salt,
        4096,
    );
    let with =
        aiosasl_testkit::Accounts::new().with_decoy(decoy.clone()).with_verifier("user", known);
    let without = aiosasl_testkit::Accounts::new().with_decoy(decoy);
    let conversation = |accounts: &aiosasl_testkit::Accounts| {
        let wrong = Credentials::password("user".try_into().expect("a name"), "wrong");
        let client: ClientExchange = client_in(&scram::SCRAM_SHA_256, &wrong, Profile::FULL);
        let met = aiosasl_testkit::talk(client, server(&scram::SCRAM_SHA_256), accounts);
        (met.lines, met.client.err())
    };
    assert_eq!(conversation(&with), conversation(&without));
}
