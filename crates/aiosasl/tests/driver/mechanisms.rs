//! aiosasl's five mechanisms against a server of our own.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aiosasl::{
    binding::{BindingKind, ChannelBinding},
    credentials::Credentials,
    driver::{
        Anonymous, AuthenticationReport, Connection, CredentialProvider, External, FromMechanism,
        Plain, SaslError, SaslFailure, SaslMechanism, Scram, ScramPlus, Token, authenticate,
    },
    error::{Error, Misuse, Reason},
    mechanism::{
        ClientMechanism, ClientTurn, Conclusion, Exposure, Heard, Mechanism, PlusOffer, Properties,
        Rules, ServerMechanism, ServerTurn,
    },
    message::{Challenge, Identity, Outcome, Proven, Response},
    name::MechanismName,
    policy::{Channel, Policy, ServerProofPolicy},
    profile::{InitialResponse, SuccessData},
    query::{Answer, ClientAnswer},
};

use crate::support::{
    PLAIN, SCRAM_SHA_1, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, Script, Server, TOY, block_on,
    challenge, confidential, success, yield_once,
};
use aiosasl::driver::{Reply, SaslInterface};

fn log_in<I: SaslInterface>(
    interface: &mut I,
    connection: &Connection<'_>,
    mechanism: &dyn SaslMechanism,
) -> Result<AuthenticationReport, SaslError> {
    let token = mechanism.any_supported(connection.offered.mechanisms).expect("offered");
    block_on(authenticate(interface, connection, mechanism, token))
}

fn policy(error: &SaslError) -> Reason {
    match error.exchange_error() {
        Some(Error::Policy(reason)) => *reason,
        other => panic!("expected a refusal by policy, got {other:?} ({error})"),
    }
}

fn exporter() -> ChannelBinding {
    ChannelBinding::new(BindingKind::TlsExporter, [7; 32]).expect("not empty")
}

#[test]
fn the_best_of_the_offer_is_picked() {
    let me = ("user", "pencil");
    let offered = [SCRAM_SHA_1, PLAIN, SCRAM_SHA_256, SCRAM_SHA_256_PLUS];
    let pick = |mechanism: &dyn SaslMechanism| {
        mechanism.any_supported(&offered).map(|token| token.mechanism())
    };
    assert_eq!(pick(&Plain::new(me)), Some(PLAIN));
    assert_eq!(pick(&Scram::new(me)), Some(SCRAM_SHA_256));
    assert_eq!(pick(&ScramPlus::new(me)), Some(SCRAM_SHA_256_PLUS));
    assert_eq!(pick(&External::new(Credentials::none())), None);
    assert_eq!(pick(&Anonymous::new("")), None);
    assert_eq!(pick(&FromMechanism::all(me)), Some(SCRAM_SHA_256_PLUS));
}

#[test]
fn every_way_of_carrying_ends_well() {
    let offered = [SCRAM_SHA_256];
    let connection = confidential(&offered);
    let scram = Scram::new(("user", "pencil"));
    for initial_response in
        [InitialResponse::Carried, InitialResponse::NotCarried, InitialResponse::CarriedUpTo(20)]
    {
        for success_data in [SuccessData::Carried, SuccessData::AsChallenge] {
            let mut server = Server::carrying(initial_response, success_data);
            let report = log_in(&mut server, &connection, &scram).expect("let in");
            assert_eq!(report.mechanism, SCRAM_SHA_256);
            assert!(report.server_verified);
            assert_eq!(report.iterations, Some(4096));
            assert!(matches!(server.outcome, Some(Outcome::Success(_))));
        }
    }
}

#[test]
fn anonymous_and_external_say_what_they_should() {
    let anonymous = [MechanismName::new("ANONYMOUS")];
    let mut script = Script::new([success(None)]);
    let report = log_in(&mut script, &confidential(&anonymous), &Anonymous::new("sirhc"));
    assert_eq!(report.expect("let in").mechanism, "ANONYMOUS");
    assert_eq!(script.said, ["initiate ANONYMOUS 'sirhc'"]);

    let external = [MechanismName::new("EXTERNAL")];
    let mut script = Script::new([success(None)]);
    let as_root = Credentials::none().acting_as("root".try_into().ok());
    let report = log_in(&mut script, &confidential(&external), &External::new(as_root));
    assert_eq!(report.expect("let in").mechanism, "EXTERNAL");
    assert_eq!(script.said, ["initiate EXTERNAL 'root'"]);
}

#[test]
fn a_password_is_not_revealed_on_an_open_channel() {
    let offered = [PLAIN];
    let mut open = confidential(&offered);
    open.channel = Channel::default();
    let mut script = Script::new([]);
    let error = log_in(&mut script, &open, &Plain::new(("user", "pencil"))).expect_err("open");
    assert_eq!(policy(&error), Reason::EncryptionRequired);
    assert_eq!(script.said, [""; 0]);
}

#[test]
fn policy_may_ask_for_a_proof_of_the_server() {
    let offered = [PLAIN];
    let mut connection = confidential(&offered);
    connection.policy = Policy { server_proof: ServerProofPolicy::Require, ..Policy::default() };
    let mut script = Script::new([]);
    let error = log_in(&mut script, &connection, &Plain::new(("user", "pencil")));
    assert_eq!(policy(&error.expect_err("unproven")), Reason::ServerNotVerified);
}

#[test]
fn a_provider_is_called_once_per_attempt_and_awaited() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counting = {
        let calls = Arc::clone(&calls);
        move || {
            calls.fetch_add(1, Ordering::SeqCst);
            async {
                yield_once().await;
                Ok(("user", String::from("pencil")))
            }
        }
    };
    let offered = [SCRAM_SHA_256];
    let scram = Scram::new(counting);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    for attempt in 1..=3 {
        let _ = log_in(&mut Server::default(), &confidential(&offered), &scram).expect("let in");
        assert_eq!(calls.load(Ordering::SeqCst), attempt);
    }
}

#[test]
fn a_providers_error_is_the_attempts_and_nothing_is_said() {
    let provider = || async { Err::<(&str, &str), _>(SaslFailure::new("cancelled").into()) };
    let offered = [PLAIN];
    let mut script = Script::new([]);
    let error = log_in(&mut script, &confidential(&offered), &Plain::new(provider));
    assert_eq!(error.expect_err("cancelled").text(), "cancelled");
    assert_eq!(script.said, [""; 0]);
}

#[test]
fn a_provider_may_be_an_object() {
    let object: Arc<dyn CredentialProvider> = Arc::new(("user", "pencil"));
    let offered = [PLAIN];
    let mut server = Server::default();
    let report = log_in(&mut server, &confidential(&offered), &Plain::new(object));
    assert!(!report.expect("let in").server_verified);
}

#[test]
fn wrong_credentials_are_told_as_such() {
    let offered = [SCRAM_SHA_256];
    for wrong in [("user", "pen"), ("nobody", "pencil")] {
        let error = log_in(&mut Server::default(), &confidential(&offered), &Scram::new(wrong))
            .expect_err("wrong");
        assert!(error.is_authentication_failure(), "{error}");
    }
}

#[test]
fn unusable_names_are_refused_before_anything_is_said() {
    let offered = [PLAIN];
    for user in ["", "us\0er"] {
        let mut script = Script::new([]);
        let error = log_in(&mut script, &confidential(&offered), &Plain::new((user, "pencil")))
            .expect_err("unusable");
        assert!(matches!(error.exchange_error(), Some(Error::Credentials(_))), "{error}");
        assert_eq!(script.said, [""; 0]);
    }
}

#[test]
fn low_iteration_counts_need_a_word() {
    let offered = [SCRAM_SHA_256];
    let weak = || Server { iterations: 1000, ..Server::default() };
    let scram = Scram::new(("user", "pencil"));

    let mut server = weak();
    let error = log_in(&mut server, &confidential(&offered), &scram).expect_err("too low");
    assert_eq!(policy(&error), Reason::IterationCountTooLow);
    assert!(matches!(server.outcome, Some(Outcome::Failure(it)) if it.reason == Reason::Aborted));

    let scram = scram.without_minimum_iteration_count();
    let report = log_in(&mut weak(), &confidential(&offered), &scram).expect("accepted");
    assert_eq!(report.iterations, Some(1000));
}

fn first_words(
    scram: &dyn SaslMechanism,
    connection: &Connection<'_>,
) -> Result<String, SaslError> {
    let mut script = Script::new([challenge("nonsense"), Ok(Reply::Failure)]);
    let error = log_in(&mut script, connection, scram).expect_err("nonsense");
    script.said.first().cloned().ok_or(error)
}

#[test]
fn nonces_are_as_long_as_wanted() {
    let offered = [SCRAM_SHA_256];
    let connection = confidential(&offered);
    let me = ("user", "pencil");
    let nonce_len = |scram: &Scram| {
        let said = first_words(scram, &connection).expect("said");
        said.rsplit_once("r=").map(|(_, nonce)| nonce.trim_end_matches('\'').len())
    };
    assert_eq!(nonce_len(&Scram::new(me)), Some(24));
    assert_eq!(nonce_len(&Scram::new(me).nonce_length(48)), Some(64));
    let error = first_words(&Scram::new(me).nonce_length(0), &connection);
    assert_eq!(error.expect_err("no nonce").text(), "there is no nonce");
}

#[test]
fn the_flag_says_what_is_known_of_the_channel() {
    let bare = [SCRAM_SHA_256];
    let both = [SCRAM_SHA_256, SCRAM_SHA_256_PLUS];
    let bindings = [exporter()];
    let scram = Scram::new(("user", "pencil"));
    let flag = |scram: &Scram, offered: &[MechanismName], bindings: &[ChannelBinding]| {
        let mut connection = confidential(offered);
        connection.channel.bindings = bindings;
        first_words(scram, &connection)
            .map(|said| said.chars().nth("initiate SCRAM-SHA-256 '".len()))
    };
    assert_eq!(flag(&scram, &bare, &[]).expect("said"), Some('n'));
    assert_eq!(flag(&scram, &bare, &bindings).expect("said"), Some('y'));
    assert_eq!(flag(&scram, &both, &bindings).expect("said"), Some('n'));

    let after_plus = scram.after_scram_plus();
    assert_eq!(flag(&after_plus, &bare, &[]).expect("said"), Some('y'));
    let lie = flag(&after_plus, &both, &[]).expect_err("the server offers -PLUS");
    assert_eq!(policy(&lie), Reason::PlusOffered);
}

#[test]
fn the_offer_is_remembered_from_the_pick() {
    let scram = Scram::new(("user", "pencil")).after_scram_plus();
    let token = scram.any_supported(&[SCRAM_SHA_256, SCRAM_SHA_256_PLUS]).expect("offered");
    let mut script = Script::new([]);
    // The connection itself knows of no offer.
    let error = block_on(authenticate(&mut script, &Connection::default(), &scram, token));
    assert_eq!(policy(&error.expect_err("a lie")), Reason::PlusOffered);
}

#[test]
fn channels_are_bound_from_the_connection_or_a_provider() {
    let offered = [SCRAM_SHA_256, SCRAM_SHA_256_PLUS];
    let bindings = [exporter()];
    let me = ("user", "pencil");
    let server =
        || Server { bindings: vec![exporter()], plus: PlusOffer::Offered, ..Server::default() };

    let mut connection = confidential(&offered);
    let asked = ScramPlus::new(me).channel_bindings(|| async { Ok(vec![exporter()]) });
    let given = ScramPlus::new(me).channel_bindings(vec![exporter()]);
    for scram in [asked, given] {
        let report = log_in(&mut server(), &connection, &scram).expect("bound");
        assert_eq!(report.channel_binding, Some(BindingKind::TlsExporter));
    }
    let error = log_in(&mut server(), &connection, &ScramPlus::new(me)).expect_err("no binding");
    assert_eq!(policy(&error), Reason::UnsupportedChannelBindingType);

    connection.channel.bindings = &bindings;
    let report = log_in(&mut server(), &connection, &ScramPlus::new(me)).expect("bound");
    assert_eq!(report.channel_binding, Some(BindingKind::TlsExporter));
}

#[test]
fn another_ones_token_is_refused() {
    let token = Token::new(SCRAM_SHA_256);
    let plain = Plain::new(("user", "pencil"));
    let offered = [SCRAM_SHA_256];
    let mut script = Script::new([]);
    let error = block_on(authenticate(&mut script, &confidential(&offered), &plain, token));
    assert_eq!(policy(&error.expect_err("not PLAIN's")), Reason::MechanismUnavailable);
}

/// A third party's mechanism in which the server speaks first, and has last words.
const RIDDLE: Mechanism = Mechanism {
    name: TOY,
    properties: Properties {
        exposure: Exposure::Nothing,
        ..aiosasl::mechanisms::plain::MECHANISM.properties
    },
    client: |_| Ok(Box::new(Client { answered: false, praised: false })),
    server: |_| Box::new(Asker),
};

struct Client {
    answered: bool,
    praised: bool,
}

impl ClientMechanism for Client {
    fn name(&self) -> MechanismName {
        TOY
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        let Heard::Message(message) = heard else { return Err(Misuse::OutOfTurn.into()) };
        let answer = match (std::mem::replace(&mut self.answered, true), message) {
            (false, b"2+2") => Response::new(*b"4"),
            (true, b"well done") => Response::empty(),
            _ => return Err(Error::Peer(Reason::UnexpectedChallenge)),
        };
        self.praised = answer.is_empty();
        Ok(ClientTurn::Respond(answer))
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        if self.praised {
            Ok(Conclusion::unproven())
        } else {
            Err(Error::Peer(Reason::ServerNotVerified))
        }
    }
}

struct Asker;

impl ServerMechanism for Asker {
    fn name(&self) -> MechanismName {
        TOY
    }

    fn initial_challenge(&mut self) -> Option<Challenge> {
        Some(Challenge::new(*b"2+2"))
    }

    fn turn(&mut self, _: Heard<'_, Answer>) -> Result<ServerTurn, aiosasl::error::Failure> {
        let mut proven = Proven::new(Identity::Anonymous { trace: None });
        proven.additional_data = Some(Challenge::new(*b"well done"));
        Ok(ServerTurn::Proven(proven))
    }
}

#[test]
fn a_third_partys_mechanism_is_driven_the_same_way() {
    let offered = [TOY];
    let connection = confidential(&offered);
    let riddle = FromMechanism::new(RIDDLE, Credentials::none()).rules(Rules::default());
    for success_data in [SuccessData::Carried, SuccessData::AsChallenge] {
        let mut server = Server::carrying(InitialResponse::Carried, success_data);
        server.extra.push(RIDDLE);
        let report = log_in(&mut server, &connection, &riddle).expect("let in");
        assert_eq!(report.mechanism, TOY);
    }
    // A server that ends before its last words, and one that has others.
    let mut script = Script::new([challenge("2+2"), success(None)]);
    assert!(log_in(&mut script, &connection, &riddle).is_err());
    let mut script = Script::new([challenge("2+2"), success(Some("badly done"))]);
    assert!(log_in(&mut script, &connection, &riddle).is_err());
    assert_eq!(script.said, ["initiate X-TOY", "respond '4'"], "nothing to abort any more");
}
