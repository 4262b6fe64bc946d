//! Laws that hold for any input.

use aiosasl::{
    ClientStep, ServerStep,
    credentials::Credentials,
    encoding::{decode, encode, encode_from_within, encode_into, encodes},
    error::{Error, Misuse},
    hash::Hash,
    identity::{AuthenticationId, AuthorizationId},
    mechanism::{Needs, ServerProof},
    mechanisms::{
        ALL, plain,
        scram::{self, VerifierFormat},
    },
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    name::MechanismName,
    profile::Profile,
    query::{Decoy, DeriveKeys, Query, ScramVerifier, SecretForm, Verdict},
    secret::Secret,
};
use aiosasl_testkit::{Accounts, answer, begin, talk};
use proptest::{collection::vec, prelude::*};

use crate::support::*;

/// Octets that now and then look like SCRAM.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let anything = vec(any::<u8>(), 0..80);
    let almost = r"[nyp]?(=tls-exporter)?,(a=[a-z=]{0,4})?,?n=[a-z,=]{0,6},r=[!-~]{0,8}(,[a-z]=[a-z0-9]{0,4}){0,2}";
    let server =
        format!("r={CLIENT_NONCE}[!-~]{{0,8}},s=[A-Za-z0-9+/]{{0,8}}={{0,2}},i=[0-9]{{1,5}}");
    prop_oneof![
        anything,
        almost.prop_map(String::into_bytes),
        proptest::string::string_regex(&server).expect("a pattern").prop_map(String::into_bytes)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever a server says in whatever order: no panic, and no success that was not proven.
    #[test]
    fn clients_survive_any_server(which in 0..ALL.len(), said in vec((0..3_u8, octets()), 0..6)) {
        let mechanism = &ALL[which];
        let mut client = client(mechanism);
        prop_assert!(begin(&mut client).is_ok());
        let mut over = false;
        for (kind, octets) in said {
            let message = match kind {
                0 => ServerMessage::Challenge(Challenge::new(octets)),
                1 => ServerMessage::Success { additional_data: Some(Challenge::new(octets)) },
                _ => ServerMessage::Success { additional_data: None },
            };
            let mut step = client.receive(message);
            if over {
                prop_assert_eq!(step.err(), Some(Error::Misuse(Misuse::AfterEnd)));
                continue;
            }
            while let Ok(ClientStep::Ask(query)) = step {
                step = client.answer(answer(query));
            }
            if let Ok(ClientStep::Done(_)) = &step {
                prop_assert_eq!(mechanism.properties.server_proof, ServerProof::None);
            }
            over = !matches!(step, Ok(ClientStep::Send(_)));
        }
    }

    /// Whatever a client says in whatever order: no panic, and nobody is proven without an accepting answer.
    #[test]
    fn servers_survive_any_client(which in 0..ALL.len(), said in vec(octets(), 1..5)) {
        let mechanism = &ALL[which];
        let mut server = server(mechanism);
        let nobody = Accounts::new();
        let mut said = said.into_iter().map(Response::new);
        let mut step = server.start(said.next()).expect("in turn");
        loop {
            step = match step {
                ServerStep::Ask(Query::Authorize(query)) => {
                    prop_assert_eq!(mechanism.properties.needs, Needs::Anonymity);
                    server.answer(nobody.answer(Query::Authorize(query))).expect("in turn")
                }
                ServerStep::Ask(Query::VerifyPassword(query)) => {
                    server.answer(query.answer(Verdict::Refused)).expect("in turn")
                }
                ServerStep::Ask(query) => server.answer(nobody.answer(query)).expect("in turn"),
                ServerStep::Send(_) => match said.next() {
                    Some(response) => server.receive(ClientMessage::Response(response)).expect("in turn"),
                    None => break,
                },
                ServerStep::Done(outcome) => {
                    prop_assert!(matches!(outcome, Outcome::Failure(_)));
                    prop_assert_eq!(server.receive(ClientMessage::Abort).err(), Some(Misuse::AfterEnd));
                    break;
                }
            };
        }
    }

    /// Any name and password that can be prepared get through PLAIN as their prepared form.
    #[test]
    fn plain_carries_any_text(name in "\\PC{1,12}", password in "\\PC{1,12}") {
        use aiosasl::prep::{Strings, saslprep};
        let prepared = saslprep(&name, Strings::Query).ok().zip(saslprep(&password, Strings::Query).ok());
        let Some((shown, secret)) = prepared.filter(|(name, secret)| !name.is_empty() && !secret.is_empty()) else {
            return Ok(());
        };
        let accounts = Accounts::new().with_password(&shown, &secret);
        let credentials = Credentials::password(name.as_str().try_into().expect("a name"), password.as_str());
        let client = client_in(&plain::MECHANISM, &credentials, Profile::FULL);
        let met = talk(client, server(&plain::MECHANISM), &accounts);
        prop_assert!(met.client.is_ok(), "{:?}", met.lines);
    }

    #[test]
    fn base64_has_one_text_for_each_octets(octets in vec(any::<u8>(), 0..64), text in "[A-Za-z0-9+/=]{0,16}") {
        prop_assert_eq!(decode(encode(&octets)).expect("our own"), octets);
        if let Ok(decoded) = decode(&text) {
            prop_assert_eq!(encode(&decoded), text);
        }
    }

    /// The forms without a copy say what the plain ones say.
    #[test]
    fn base64_in_place_is_base64(octets in vec(any::<u8>(), 0..200), len in 0..250_usize, at in 0..300_usize) {
        let text = encode(&octets);
        prop_assert!(encodes(text.as_bytes(), &octets));
        let mut damaged = text.clone().into_bytes();
        if let Some(octet) = damaged.get_mut(at) {
            *octet ^= 1;
            prop_assert!(!encodes(&damaged, &octets));
        }
        damaged.pop();
        prop_assert_eq!(encodes(&damaged, &octets), octets.is_empty());
        let (mut within, mut into) = (octets.clone(), octets.clone());
        encode_from_within(&mut within, len);
        encode_into(&mut into, &octets[..len.min(octets.len())]);
        prop_assert_eq!(within, into);
    }

    #[test]
    fn names_are_read_as_they_stand(name in "[A-Z0-9_-]{1,20}") {
        prop_assert_eq!(MechanismName::parse(&name).expect("a name"), name.as_str());
        prop_assert_eq!(MechanismName::parse_any_case(name.to_ascii_lowercase()).expect("a name"), name.as_str());
    }

    #[test]
    fn verifiers_survive_every_form(salt in vec(any::<u8>(), 1..40), iterations in 1..50_u32, which in 0..Hash::ALL.len()) {
        let hash = Hash::ALL[which];
        let verifier = ScramVerifier::from_password(hash, Secret::new(*b"pencil"), salt, iterations);
        for format in VerifierFormat::ALL {
            let text = verifier.to_text(format);
            prop_assert_eq!(&ScramVerifier::parse(format, &text, Some(hash)).expect("our own"), &verifier);
        }
    }

    /// A derivation in slices is the derivation.
    #[test]
    fn slices_add_up(iterations in 1..200_u32, slice in 1..50_u32) {
        let job = || DeriveKeys::new(Hash::Sha256, Secret::new(*b"pencil"), *b"salt", iterations);
        let mut sliced = job();
        let mut left = iterations;
        while left > 0 {
            left = sliced.run(slice);
        }
        prop_assert_eq!(sliced.salted_password(), job().salted_password());
    }

    #[test]
    fn nonsense_is_no_certificate(octets in vec(any::<u8>(), 0..64)) {
        prop_assert!(aiosasl::binding::ChannelBinding::tls_server_end_point(&octets).is_err());
    }

    /// What a client says as whom it is and acts is what the server hears, through every escape.
    #[test]
    fn scram_carries_any_names(name in "[a-z,=\u{e9}\u{4e00}]{1,12}", other in "[a-z,=\u{e9} ]{1,12}", plus in any::<bool>()) {
        let mechanism = if plus { &scram::SCRAM_SHA_256_PLUS } else { &scram::SCRAM_SHA_256 };
        let accounts = Accounts::new()
            .with_password_for(&name, "pencil", Hash::Sha256, 4096)
            .with_acting(&name, &other);
        let credentials = Credentials::password(name.as_str().try_into().expect("a name"), "pencil")
            .acting_as(AuthorizationId::new(other.as_str()).ok());
        let met = talk(client_in(mechanism, &credentials, Profile::FULL), server(mechanism), &accounts);
        let Some(Outcome::Success(success)) = met.server else { panic!("{:?}", met.lines) };
        prop_assert_eq!(success.identity.authentication_id().map(AuthenticationId::as_str), Some(name.as_str()));
        prop_assert_eq!(success.authorization_id.as_ref().map(AuthorizationId::as_str), Some(other.as_str()));
    }

    /// Nobody learns from what is said, or how it ends, whether there is such an account.
    #[test]
    fn the_unknown_look_like_the_wrong(name in "[a-z]{1,12}", guess in "[a-z]{1,12}", which in 0..ALL.len(), secret in any::<[u8; 32]>()) {
        let mechanism = &ALL[which];
        prop_assume!(mechanism.properties.needs == Needs::Password && guess != "pencil");
        let decoy = Decoy::new(Secret::new(secret), 4096, 16);
        // The account has the salt that it would have if there were none: what is left must be the same.
        let mut with = Accounts::new()
            .with_decoy(decoy.clone())
            .with_secret(&name, SecretForm::Password, b"pencil");
        for hash in Hash::ALL {
            let salt = decoy.salt(*hash, &name);
            with = with.with_verifier(&name, ScramVerifier::from_password(*hash, Secret::new(*b"pencil"), salt, 4096));
        }
        let without = Accounts::new().with_decoy(decoy);
        let credentials = Credentials::password(name.as_str().try_into().expect("a name"), guess.as_str());
        let said = [with, without].map(|accounts| {
            let met = talk(client_in(mechanism, &credentials, Profile::FULL), server(mechanism), &accounts);
            (met.lines, met.client.err())
        });
        prop_assert_eq!(&said[0], &said[1]);
        prop_assert!(said[0].1.as_ref().is_some_and(Error::is_authentication_failure));
    }
}
