//! Mechanisms that break their contract: the conformance checks find each, and the exchanges stop what they can.

use aiosasl::{
    ClientStep, ServerStep,
    error::{Error, Failure, Reason},
    identity::AuthenticationId,
    mechanism::{
        ClientMechanism, ClientTurn, Conclusion, Heard, Mechanism, ServerMechanism, ServerProof,
        ServerTurn, Side,
    },
    mechanisms::plain,
    message::{Challenge, ClientMessage, Identity, Outcome, Proven, Response, ServerMessage},
    name::MechanismName,
    profile::Profile,
    query::{Answer, ClientAnswer},
};
use aiosasl_testkit::conformance;

use crate::support::*;

const NAME: MechanismName = MechanismName::new("X-BROKEN");

/// Says something, whatever it hears, and believes everything.
struct Gullible;

impl ClientMechanism for Gullible {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_response(&mut self) -> Option<Response> {
        Some(Response::new(*b"let me in"))
    }

    fn turn(&mut self, _: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        Ok(ClientTurn::Respond(Response::new(*b"more")))
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        Ok(Conclusion::unproven())
    }
}

/// Takes whatever it hears for a proof; or asks for more, and more.
struct Careless {
    proves: bool,
}

impl ServerMechanism for Careless {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match heard {
            Heard::Message(_) if self.proves => {
                let name = AuthenticationId::new("user").expect("a name");
                Ok(ServerTurn::Proven(Proven::new(Identity::Known(name))))
            }
            Heard::Message(_) => Ok(ServerTurn::Challenge(Challenge::new(*b"more?"))),
            Heard::Answer(_) => Err(Failure::OUT_OF_TURN),
        }
    }
}

const BROKEN: Mechanism = Mechanism {
    name: NAME,
    client: |_| Ok(Box::new(Gullible)),
    server: |_| Box::new(Careless { proves: true }),
    ..plain::MECHANISM
};

#[test]
#[should_panic(expected = "nobody has accepted anything")]
fn a_server_that_proves_by_itself_is_found() {
    conformance::check(&BROKEN, &user(), &accounts());
}

#[test]
#[should_panic(expected = "nonsense is believed")]
fn a_client_that_believes_everything_is_found() {
    let mut mechanism = Mechanism { server: plain::MECHANISM.server, ..plain::MECHANISM };
    mechanism.properties.server_proof = ServerProof::Mutual;
    conformance::check(&mechanism, &user(), &accounts());
}

#[test]
#[should_panic(expected = "another name")]
fn halves_of_another_name_are_found() {
    conformance::check(&Mechanism { name: NAME, ..plain::MECHANISM }, &user(), &accounts());
}

#[test]
#[should_panic(expected = "another side speaks first")]
fn a_wrong_description_is_found() {
    let mut mechanism = plain::MECHANISM;
    mechanism.properties.first = Side::Server;
    conformance::check(&mechanism, &user(), &accounts());
}

#[test]
fn a_mechanism_without_end_is_ended() {
    let mut client = client_in(&BROKEN, &user(), Profile::FULL);
    assert!(client.start().is_ok());
    let mut heard = 0;
    let error = loop {
        heard += 1;
        let step = client.receive(ServerMessage::Challenge(Challenge::new(*b"more?")));
        match step {
            Ok(ClientStep::Send(ClientMessage::Response(_))) => {}
            other => break gave_up(&mut client, other),
        }
    };
    assert_eq!((heard, error), (17, Error::Peer(Reason::TooManySteps)));

    let endless = Mechanism { server: |_| Box::new(Careless { proves: false }), ..BROKEN };
    let mut server = server(&endless);
    let mut step = starts(&mut server, "first", &accounts());
    let mut heard = 1;
    while let ServerStep::Send(_) = step {
        heard += 1;
        step = says(&mut server, "more", &accounts());
    }
    assert_eq!((heard, refusal(step)), (17, "too-many-steps"));
}

/// The last word is not the mechanism's: a success with data that it would answer is no success.
#[test]
fn an_answer_to_the_last_words_is_an_error() {
    let mut client = client_in(&BROKEN, &user(), Profile::FULL);
    assert!(client.start().is_ok());
    let words = Some(Challenge::new(*b"bye"));
    let end = client.receive(ServerMessage::Success { additional_data: words });
    assert_eq!(end.err(), Some(Error::Peer(Reason::ServerNotVerified)));
}

/// A mechanism proves; it does not decide.
#[test]
fn a_proof_alone_lets_nobody_in() {
    let mut server = server(&BROKEN);
    let step = starts(&mut server, "let me in", &aiosasl_testkit::Accounts::new());
    // The store grants what is asked for oneself: even here somebody had to say so.
    assert!(matches!(step, ServerStep::Done(Outcome::Success(_))), "{step:?}");
    let mut server = crate::support::server(&BROKEN);
    let step = server.start(Some(Response::new(*b"let me in"))).expect("in turn");
    let ServerStep::Ask(query) = step else { panic!("{step:?}") };
    let step = server.answer(query.unavailable()).expect("in turn");
    assert_eq!(refusal(step), "store-unavailable");
}
