//! What is tried, what is not, and what is said about it.

use aiosasl::{
    binding::{BindingKind, ChannelBinding},
    driver::{
        Choice, Connection, NegotiationError, Plain, Reply, SaslError, SaslFailure, SaslMechanism,
        Scram, ScramPlus, negotiate,
    },
    error::{Error, FailureCode, Reason},
    mechanism::PlusOffer,
    name::MechanismName,
    policy::{BindingPolicy, Channel},
};

use crate::support::{
    PLAIN, SCRAM_SHA_1, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, Script, Server, block_on, challenge,
    confidential, success, told,
};

const NTLM: MechanismName = MechanismName::new("NTLM");
const ME: (&str, &str) = ("user", "pencil");

type Verdicts = Vec<(String, Choice)>;

fn verdicts(considered: &[aiosasl::driver::Considered]) -> Verdicts {
    considered.iter().map(|it| (it.mechanism.to_string(), it.verdict)).collect()
}

fn expected(rows: &[(MechanismName, Choice)]) -> Verdicts {
    rows.iter().map(|(name, verdict)| (name.to_string(), *verdict)).collect()
}

/// Tries -PLUS, SCRAM and PLAIN in this order.
fn lose(script: &mut Script, connection: &Connection<'_>) -> NegotiationError {
    let mechanisms: [&dyn SaslMechanism; 3] =
        [&ScramPlus::new(ME), &Scram::new(ME), &Plain::new(ME)];
    block_on(negotiate(script, connection, &mechanisms)).expect_err("nobody is let in")
}

fn reason(error: &NegotiationError, name: MechanismName) -> &str {
    let of = error.considered.iter().find(|it| it.mechanism == name).expect("considered");
    &of.reason
}

#[test]
fn the_best_is_chosen_and_the_rest_is_accounted_for() {
    let offered = [NTLM, PLAIN, SCRAM_SHA_1, SCRAM_SHA_256];
    let mut server = Server::default();
    let mechanisms: [&dyn SaslMechanism; 2] = [&Scram::new(ME), &Plain::new(ME)];
    let negotiated =
        block_on(negotiate(&mut server, &confidential(&offered), &mechanisms)).expect("let in");
    assert_eq!(negotiated.report.mechanism, SCRAM_SHA_256);
    assert_eq!(server.initiated, [SCRAM_SHA_256]);
    assert_eq!(
        verdicts(&negotiated.considered),
        expected(&[
            (SCRAM_SHA_256, Choice::Chosen),
            (NTLM, Choice::Untried),
            (PLAIN, Choice::Untried),
            (SCRAM_SHA_1, Choice::Untried),
        ])
    );
    let reasons: Vec<_> = negotiated.considered.iter().map(|it| &*it.reason).collect();
    assert_eq!(
        reasons,
        [
            "the best that both ends can do",
            "not known here",
            "SCRAM-SHA-256 was tried before it",
            "SCRAM-SHA-256 was tried before it",
        ]
    );
}

#[test]
fn a_protocol_failure_leads_to_the_next_mechanism() {
    let offered = [PLAIN, SCRAM_SHA_1, SCRAM_SHA_256];
    let mut server = Server { broken: vec![SCRAM_SHA_256], ..Server::default() };
    let mechanisms: [&dyn SaslMechanism; 2] = [&Scram::new(ME), &Plain::new(ME)];
    let negotiated =
        block_on(negotiate(&mut server, &confidential(&offered), &mechanisms)).expect("let in");
    assert_eq!(server.initiated, [SCRAM_SHA_256, SCRAM_SHA_1]);
    assert_eq!(
        verdicts(&negotiated.considered),
        expected(&[
            (SCRAM_SHA_256, Choice::Refused),
            (SCRAM_SHA_1, Choice::Chosen),
            (PLAIN, Choice::Untried),
        ])
    );
}

#[test]
fn wrong_credentials_stop_everything() {
    let offered = [PLAIN, SCRAM_SHA_256];
    let mut script = Script::new([Err(told(FailureCode::InvalidCredentials))]);
    let lost = lose(&mut script, &confidential(&offered));
    assert!(lost.error.is_authentication_failure());
    assert_eq!(script.said.len(), 1, "the password is not sent after a stronger mechanism failed");
    assert_eq!(
        verdicts(&lost.considered),
        expected(&[(SCRAM_SHA_256, Choice::Refused), (PLAIN, Choice::Untried)])
    );
    assert!(reason(&lost, PLAIN).starts_with("the credentials are wrong"));
}

#[test]
fn the_floor_is_never_gone_below() {
    let offered = [PLAIN, SCRAM_SHA_256];
    let mut open = confidential(&offered);
    open.channel = Channel::default();
    let mut script = Script::new([Err(told(FailureCode::MechanismUnknown))]);
    let lost = lose(&mut script, &open);
    assert_eq!(script.said.len(), 1, "SCRAM alone");
    assert_eq!(
        verdicts(&lost.considered),
        expected(&[(SCRAM_SHA_256, Choice::Refused), (PLAIN, Choice::Refused)])
    );
    assert_eq!(reason(&lost, PLAIN), Reason::EncryptionRequired.to_string());

    let only_plain = [PLAIN];
    open.offered.mechanisms = &only_plain;
    let lost = lose(&mut Script::new([]), &open);
    let why = Error::Policy(Reason::EncryptionRequired);
    assert_eq!(lost.error.exchange_error(), Some(&why), "the error says what was missing");
}

#[test]
fn nothing_in_common_is_an_error_of_its_own() {
    for offered in [&[NTLM][..], &[]] {
        let lost = lose(&mut Script::new([]), &confidential(offered));
        let why = Error::Policy(Reason::MechanismUnavailable);
        assert_eq!(lost.error.exchange_error(), Some(&why));
        assert_eq!(lost.considered.len(), offered.len());
    }
}

#[test]
fn a_server_that_does_not_prove_itself_gets_no_password() {
    let offered = [PLAIN, SCRAM_SHA_256];
    let mut script = Script::new([success(None)]);
    let lost = lose(&mut script, &confidential(&offered));
    let why = Error::Peer(Reason::ServerNotVerified);
    assert_eq!(lost.error.exchange_error(), Some(&why));
    assert_eq!(script.said.len(), 1);
    assert_eq!(
        verdicts(&lost.considered),
        expected(&[(SCRAM_SHA_256, Choice::Refused), (PLAIN, Choice::Untried)])
    );
}

#[test]
fn a_broken_mechanism_is_no_reason_for_a_weaker_one() {
    let offered = [PLAIN, SCRAM_SHA_1, SCRAM_SHA_256];
    let nonsense = || [challenge("nonsense"), Ok(Reply::Failure)];
    let mut script = Script::new(nonsense().into_iter().chain(nonsense()));
    let lost = lose(&mut script, &confidential(&offered));
    let initiated: Vec<_> = script.said.iter().filter(|it| it.starts_with("initiate")).collect();
    assert_eq!(initiated.len(), 2, "the other SCRAM is tried, PLAIN is not: {initiated:?}");
    assert_eq!(
        verdicts(&lost.considered),
        expected(&[
            (SCRAM_SHA_256, Choice::Refused),
            (SCRAM_SHA_1, Choice::Refused),
            (PLAIN, Choice::Refused),
        ])
    );
    assert!(reason(&lost, PLAIN).starts_with("weaker than SCRAM-SHA-256"));
}

#[test]
fn a_low_iteration_count_is_no_reason_for_a_weaker_one() {
    let offered = [PLAIN, SCRAM_SHA_256];
    let mut server = Server { iterations: 1, ..Server::default() };
    let mechanisms: [&dyn SaslMechanism; 2] = [&Scram::new(ME), &Plain::new(ME)];
    let lost = block_on(negotiate(&mut server, &confidential(&offered), &mechanisms));
    let lost = lost.expect_err("too low");
    assert_eq!(server.initiated, [SCRAM_SHA_256]);
    assert!(reason(&lost, PLAIN).starts_with("weaker than SCRAM-SHA-256"));
}

#[test]
fn a_stripped_plus_is_noticed() {
    let offered = [PLAIN, SCRAM_SHA_256];
    let bindings = [ChannelBinding::new(BindingKind::TlsExporter, [7; 32]).expect("not empty")];
    let kinds = [BindingKind::TlsExporter];
    let mut connection = confidential(&offered);
    connection.channel.bindings = &bindings;
    connection.offered.bindings = Some(&kinds);
    let lost = lose(&mut Script::new([]), &connection);
    let why = Error::Policy(Reason::DowngradeDetected);
    assert_eq!(lost.error.exchange_error(), Some(&why));
    assert_eq!(lost.considered.last().map(|it| it.verdict), Some(Choice::Untried), "PLAIN");
}

#[test]
fn a_man_in_the_middle_gets_no_unbound_exchange() {
    let offered = [PLAIN, SCRAM_SHA_256, SCRAM_SHA_256_PLUS];
    let binding = |octet| ChannelBinding::new(BindingKind::TlsExporter, [octet; 32]);
    let ours = [binding(1).expect("not empty")];
    let mut connection = confidential(&offered);
    connection.channel.bindings = &ours;
    let mut server = Server {
        bindings: vec![binding(2).expect("not empty")],
        plus: PlusOffer::Offered,
        ..Server::default()
    };
    let mechanisms: [&dyn SaslMechanism; 3] =
        [&ScramPlus::new(ME), &Scram::new(ME), &Plain::new(ME)];
    let lost =
        block_on(negotiate(&mut server, &connection, &mechanisms)).expect_err("two channels");
    assert_eq!(server.initiated, [SCRAM_SHA_256_PLUS], "{lost}");
}

#[test]
fn a_missing_binding_leads_to_scram_without() {
    let offered = [SCRAM_SHA_256, SCRAM_SHA_256_PLUS];
    let mut server = Server { plus: PlusOffer::Offered, ..Server::default() };
    let mechanisms: [&dyn SaslMechanism; 2] = [&ScramPlus::new(ME), &Scram::new(ME)];
    let negotiated =
        block_on(negotiate(&mut server, &confidential(&offered), &mechanisms)).expect("let in");
    assert_eq!(server.initiated, [SCRAM_SHA_256]);
    let first = negotiated.considered.first().map(|it| (it.verdict, it.reason.contains("binding")));
    assert_eq!(first, Some((Choice::Refused, true)));

    let mut connection = confidential(&offered);
    connection.policy.channel_binding = BindingPolicy::Require;
    assert!(block_on(negotiate(&mut server, &connection, &mechanisms)).is_err());
    assert_eq!(server.initiated, [SCRAM_SHA_256], "nothing else was said");
}

#[test]
fn a_lost_connection_ends_it() {
    let offered = [PLAIN, SCRAM_SHA_256];
    let reset: SaslError = SaslFailure::with_opaque(
        "the connection is gone",
        std::io::Error::from(std::io::ErrorKind::ConnectionReset),
    )
    .into();
    let mut script = Script::new([Err(reset)]);
    let lost = lose(&mut script, &confidential(&offered));
    assert_eq!(script.said.len(), 1);
    assert_eq!(reason(&lost, PLAIN), "the connection is gone");

    let mut script = Script::new([Err(told(FailureCode::Temporary))]);
    script.usable = false;
    let lost = lose(&mut script, &confidential(&offered));
    assert_eq!(script.said.len(), 1);
    assert_eq!(reason(&lost, PLAIN), "the connection is gone");
}

#[test]
fn a_mechanism_that_picks_what_was_not_offered_is_not_followed() {
    struct Stubborn(Plain);
    impl SaslMechanism for Stubborn {
        fn any_supported(&self, _: &[MechanismName]) -> Option<aiosasl::driver::Token> {
            Some(aiosasl::driver::Token::new(PLAIN))
        }

        fn properties(&self, token: &aiosasl::driver::Token) -> aiosasl::mechanism::Properties {
            self.0.properties(token)
        }

        fn authenticate<'a>(
            &'a self,
            state_machine: &'a mut aiosasl::driver::SaslStateMachine,
            token: aiosasl::driver::Token,
        ) -> aiosasl::driver::BoxFuture<'a, Result<aiosasl::driver::AuthenticationReport, SaslError>>
        {
            self.0.authenticate(state_machine, token)
        }
    }
    let offered = [SCRAM_SHA_256];
    let mut script = Script::new([]);
    let stubborn = Stubborn(Plain::new(ME));
    let lost = block_on(negotiate(&mut script, &confidential(&offered), &[&stubborn]));
    let why = Error::Policy(Reason::MechanismUnavailable);
    assert_eq!(lost.expect_err("not offered").error.exchange_error(), Some(&why));
}
