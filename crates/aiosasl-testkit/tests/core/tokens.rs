//! Hashed tokens: whose, for which mechanism, on which channel.

use aiosasl::{
    binding::{BindingKind, ChannelBinding, ClientBinding},
    credentials::Credentials,
    error::{Error, FailureCode, Reason},
    mechanism::{Mechanism, Offered, PlusOffer, ServerContext},
    mechanisms::ht::{self, Member},
    message::{Outcome, Response},
    nonce::Nonce,
    policy::{BindingPolicy, Channel, Policy},
    query::{Doom, SecretForm},
};
use aiosasl_testkit::{Accounts, talk};

use crate::support::*;

fn accounts() -> Accounts {
    let form = SecretForm::HashedToken { mechanism: Member::SHA_256_EXPR.as_str() };
    Accounts::new().with_secret("user", form, b"token")
}

fn of(name: &str, token: &str) -> Credentials {
    Credentials::token(token).of_user(Some(name.try_into().expect("a name")))
}

/// What a client with this token says and hears, and the reason in the server's log.
fn meet(mechanism: &Mechanism, name: &str, token: &str) -> (Vec<String>, Option<Error>, Reason) {
    let client = client_in(mechanism, &of(name, token), aiosasl::profile::Profile::FULL);
    let met = talk(client, server(mechanism), &accounts());
    let Some(Outcome::Failure(failure)) = met.server else { panic!("{:?}", met.lines) };
    (met.lines, met.client.err(), failure.reason)
}

#[test]
fn a_token_of_nobody_a_wrong_one_and_one_for_another_mechanism_end_alike() {
    let unknown = meet(&ht::HT_SHA_256_EXPR, "none", "token");
    let wrong = meet(&ht::HT_SHA_256_EXPR, "user", "wrong");
    let other = meet(&ht::HT_SHA_256_NONE, "user", "token");
    let reasons = [unknown.2, wrong.2, other.2];
    let doomed = Doom::BoundToOtherMechanism.reason();
    assert_eq!(reasons, [Reason::UnknownAccount, Reason::InvalidToken, doomed]);
    assert_eq!((unknown.0.last(), &unknown.1), (wrong.0.last(), &wrong.1));
    assert_eq!((other.0.last(), &other.1), (wrong.0.last(), &wrong.1));
    assert!(wrong.1.is_some_and(|error| error.is_authentication_failure()));
}

#[test]
fn a_channel_without_the_binding_in_the_name() {
    let exporter = ChannelBinding::new(BindingKind::TlsExporter, [7; 32]).expect("octets");
    let credentials = of("user", "token");
    for binding in [
        ClientBinding::Unsupported,
        ClientBinding::NotOffered,
        ClientBinding::Bound(exporter.clone()),
    ] {
        let made = (ht::HT_SHA_256_UNIQ.client)(&context(&credentials, binding, &[]));
        assert_eq!(made.err(), Some(Error::Policy(Reason::ChannelBindingUnavailable)));
    }
    let context = ServerContext {
        nonce: Nonce::new(SERVER_NONCE).expect("printable"),
        bindings: &[exporter],
        plus: PlusOffer::Offered,
        rules: aiosasl::mechanism::Rules::default(),
    };
    let mut server = (ht::HT_SHA_256_ENDP.server)(&context);
    let failure = server.turn(aiosasl::mechanism::Heard::Message(b"user\0hash")).err();
    let failure = failure.expect("a failure");
    assert_eq!(failure.reason, Reason::ChannelBindingUnavailable);
    assert_eq!(failure.code, FailureCode::MechanismUnknown);
}

/// The same token on another channel: what is said there is no proof here.
#[test]
fn a_message_is_good_on_its_own_channel_alone() {
    let elsewhere = ChannelBinding::new(BindingKind::TlsExporter, [8; 32]).expect("octets");
    let credentials = of("user", "token");
    let binding = ClientBinding::Bound(elsewhere);
    let client = (ht::HT_SHA_256_EXPR.client)(&context(&credentials, binding, &[]));
    let first = client.expect("good credentials").initial_response().expect("it speaks first");
    let mut server = server(&ht::HT_SHA_256_EXPR);
    let step = server.start(Some(Response::new(first.as_bytes()))).expect("in turn");
    assert_eq!(refusal(answered(&mut server, step, &accounts())), "invalid-token");
}

#[test]
fn a_name_chooses_its_own_binding() {
    let bindings = BindingKind::ALL.map(|kind| ChannelBinding::new(kind, [7; 32]).expect("octets"));
    let channel = Channel { bindings: &bindings, ..Channel::default() };
    let chosen = |policy: Policy, mechanism: &Mechanism, channel: &Channel<'_>| {
        policy.client_binding(mechanism.name, &Offered::default(), channel)
    };
    let [exporter, unique, end_point] = bindings.clone().map(ClientBinding::Bound);
    for (mechanism, binding) in [
        (ht::HT_SHA_256_EXPR, exporter),
        (ht::HT_SHA_512_UNIQ, unique),
        (ht::HT_SHA3_512_ENDP, end_point),
        (ht::HT_SHA_256_NONE, ClientBinding::Unsupported),
    ] {
        assert_eq!(chosen(Policy::default(), &mechanism, &channel), Ok(binding));
    }
    let missing = Err(Reason::UnsupportedChannelBindingType);
    let bare = Channel::default();
    assert_eq!(chosen(Policy::default(), &ht::HT_SHA_256_EXPR, &bare), missing);
    let off = Policy { channel_binding: BindingPolicy::Off, ..Policy::default() };
    assert_eq!(chosen(off, &ht::HT_SHA_256_EXPR, &channel), missing);
    let required = Policy { channel_binding: BindingPolicy::Require, ..Policy::default() };
    let refused = Err(Reason::ChannelBindingRequired);
    assert_eq!(chosen(required, &ht::HT_SHA_256_NONE, &channel), refused);
}
