//! SCRAM as MongoDB has it (MongoDB specifications, Driver Authentication): the same messages under the same names, made of
//! other strings, so that they are not in [`ALL`](crate::ALL).
//!
//! | | name | password | binding |
//! | --- | --- | --- | --- |
//! | SCRAM-SHA-256 | as typed | prepared with SASLprep | none |
//! | SCRAM-SHA-1 | as typed | `hex(MD5(name ":mongo:" password))`, of both as typed | none |
//!
//! Each replaces the mechanism of its name for logins to MongoDB. The servers' halves take names as they come; their store has
//! verifiers of the same strings.

use alloc::boxed::Box;

use aiosasl::{
    binding::ClientBinding,
    credentials::{Credentials, Key},
    error::{Error, Reason},
    identity::AuthenticationId,
    mechanism::{ClientContext, ClientMechanism, Mechanism, Rules, ServerContext},
    mechanisms::scram,
    prep::Strings,
    preparation::Preparation,
    secret::Password,
};

/// SCRAM-SHA-256 with a name that nobody prepares.
pub const SCRAM_SHA_256: Mechanism = Mechanism {
    client: |context| as_it_is(&scram::SCRAM_SHA_256, context, &prepared(context.credentials)?),
    server: |context| (scram::SCRAM_SHA_256.server)(&taking_names_as_they_are(context)),
    ..scram::SCRAM_SHA_256
};

/// SCRAM-SHA-1 with a digest in the password's place.
pub const SCRAM_SHA_1: Mechanism = Mechanism {
    client: |context| as_it_is(&scram::SCRAM_SHA_1, context, &digested(context.credentials)?),
    server: |context| (scram::SCRAM_SHA_1.server)(&taking_names_as_they_are(context)),
    ..scram::SCRAM_SHA_1
};

/// Both, best first.
pub const ALL: &[Mechanism] = &[SCRAM_SHA_256, SCRAM_SHA_1];

/// What the digest is made with beside name and password.
const REALM: &str = "mongo";

/// The mechanism's client with these credentials, of which nothing is changed any more, tied to nothing.
fn as_it_is(
    mechanism: &Mechanism,
    context: &ClientContext<'_>,
    credentials: &Credentials,
) -> Result<Box<dyn ClientMechanism>, Error> {
    let rules = Rules { preparation: Preparation::None, ..context.rules.clone() };
    (mechanism.client)(&ClientContext {
        credentials,
        binding: ClientBinding::Unsupported,
        rules,
        ..context.clone()
    })
}

fn prepared(credentials: &Credentials) -> Result<Credentials, Error> {
    let mut credentials = credentials.clone();
    if let Key::Password(password) = &credentials.key {
        let prepared = Preparation::Strict.prepare(password.expose(), Strings::Stored);
        let prepared = prepared.map_err(|_| Error::Credentials(Reason::PasswordPrepFailed))?;
        let prepared = Password::new(prepared);
        credentials.key = Key::Password(prepared);
    }
    Ok(credentials)
}

fn digested(credentials: &Credentials) -> Result<Credentials, Error> {
    let mut credentials = credentials.clone();
    if let Key::Password(password) = &credentials.key {
        if password.expose().is_empty() {
            return Err(Error::Credentials(Reason::EmptyPassword));
        }
        let name = credentials.authentication_id.as_ref().map(AuthenticationId::as_str);
        let name = name.ok_or(Error::Credentials(Reason::NoCredentials))?;
        credentials.key = Key::Password(scram::digested_password(name, REALM, password));
    }
    Ok(credentials)
}

fn taking_names_as_they_are<'a>(context: &ServerContext<'a>) -> ServerContext<'a> {
    let rules = Rules { preparation: Preparation::None, ..context.rules.clone() };
    ServerContext { rules, ..context.clone() }
}

#[cfg(test)]
mod tests {
    use aiosasl::{
        ClientExchange, ClientStep,
        mechanism::Offered,
        message::{Challenge, ClientMessage, Response, ServerMessage},
        nonce::Nonce,
        profile::Profile,
    };
    use aiosasl_testkit::{Accounts, FaceToFace};

    use super::*;

    /// The first message and the proof of a client.
    fn said(mechanism: &Mechanism, name: &str, nonce: &str, server_first: &str) -> [String; 2] {
        let credentials = Credentials::password(name.try_into().unwrap(), "pencil");
        let client = (mechanism.client)(&ClientContext {
            credentials: &credentials,
            binding: ClientBinding::NotOffered,
            nonce: Nonce::new(nonce).unwrap(),
            rules: Rules::default(),
            offered: Offered::default(),
        });
        let mut exchange = ClientExchange::with_profile(client.unwrap(), Profile::FULL);
        let text = |message: Response| String::from_utf8(message.as_bytes().to_vec()).unwrap();
        let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response, .. })) =
            exchange.start()
        else {
            panic!("expected a request");
        };
        let challenge = Challenge::new(server_first.as_bytes());
        let mut step = exchange.receive(ServerMessage::Challenge(challenge)).unwrap();
        while let ClientStep::Ask(query) = step {
            step = exchange.answer(query.answer_by_itself().unwrap()).unwrap();
        }
        let ClientStep::Send(ClientMessage::Response(proof)) = step else { panic!("{step:?}") };
        [text(initial_response.unwrap()), text(proof)]
    }

    use alloc::string::String;

    #[test]
    fn the_specifications_example_of_sha_1() {
        let server_first = "r=fyko+d2lbbFgONRv9qkxdawLHo+Vgk7qvUOKUwuWLIWg4l/9SraGMHEE,s=rQ9ZY3MntBeuP3E1TDVC4w==,i=10000";
        let said = said(&SCRAM_SHA_1, "user", "fyko+d2lbbFgONRv9qkxdawL", server_first);
        assert_eq!(said[0], "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
        assert_eq!(
            said[1],
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawLHo+Vgk7qvUOKUwuWLIWg4l/9SraGMHEE,p=MC2T8BvbmWRckDw8oWl5IVghwCY="
        );
    }

    #[test]
    fn the_specifications_example_of_sha_256() {
        let server_first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let said = said(&SCRAM_SHA_256, "user", "rOprNGfwEbeRWgbNEkqO", server_first);
        assert_eq!(said[0], "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        assert!(said[1].ends_with(",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), "{said:?}");
    }

    #[test]
    fn names_stay_as_they_are() {
        let accounts = Accounts::new().with_password("I\u{2177}", "pviiix");
        let pair = FaceToFace::new(&SCRAM_SHA_256, &accounts);
        assert!(pair.meet("I\u{2177}", "p\u{2177}\u{AD}x", Profile::FULL).client.is_ok());
        assert!(pair.meet("Iviii", "pviiix", Profile::FULL).client.is_err());
        let digest = "1c33006ec1ffd90f9cadcbcc0e118200";
        let accounts = Accounts::new().with_password("user", digest);
        let pair = FaceToFace::new(&SCRAM_SHA_1, &accounts);
        assert!(pair.meet("user", "pencil", Profile::FULL).client.is_ok());
        assert!(pair.meet("user", digest, Profile::FULL).client.is_err());
    }
}
