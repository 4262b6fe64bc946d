//! Policy's decision tables (RFC 5802 section 6, XEP-0440).

use aiosasl::{
    binding::{BindingKind, ChannelBinding, ClientBinding},
    credentials::Credentials,
    error::Reason,
    mechanism::{Exposure, ForwardSecrecy, Needs, Offered, Properties},
    mechanisms::{ALL, anonymous, external, plain, scram},
    name::MechanismName,
    policy::{
        BindingPolicy, Channel, ChannelSecurity, Demand, Plaintext, Policy, ServerProofPolicy,
        StrengthPolicy,
    },
    registry,
};

const BARE: MechanismName = scram::SCRAM_SHA_256.name;
const PLUS: MechanismName = scram::SCRAM_SHA_256_PLUS.name;

#[test]
fn what_may_run_where() {
    let open = Channel::default();
    let confidential = Channel { security: ChannelSecurity::Confidential, ..Channel::default() };
    let default = Policy::default();
    let allows = |policy: Policy, properties, channel: &Channel<'_>| {
        policy.allows(properties, channel).err()
    };
    assert_eq!(
        allows(default, &plain::MECHANISM.properties, &open),
        Some(Reason::EncryptionRequired)
    );
    assert_eq!(allows(default, &plain::MECHANISM.properties, &confidential), None);
    let anywhere = Policy { plaintext: Plaintext::Anywhere, ..default };
    assert_eq!(allows(anywhere, &plain::MECHANISM.properties, &open), None);
    assert_eq!(allows(default, &scram::SCRAM_SHA_1.properties, &open), None);
    assert_eq!(allows(default, &anonymous::MECHANISM.properties, &open), None);
    let bound = Policy { channel_binding: BindingPolicy::Require, ..default };
    assert_eq!(
        allows(bound, &scram::SCRAM_SHA_1.properties, &open),
        Some(Reason::ChannelBindingRequired)
    );
    assert_eq!(allows(bound, &scram::SCRAM_SHA_1_PLUS.properties, &open), None);
    let proven = Policy { server_proof: ServerProofPolicy::Require, ..default };
    assert_eq!(
        allows(proven, &external::MECHANISM.properties, &open),
        Some(Reason::ServerNotVerified)
    );
}

#[test]
fn what_a_client_says_of_its_channel() {
    use BindingPolicy::{Off, Prefer, Require};

    let exporter = ChannelBinding::new(BindingKind::TlsExporter, [1; 32]).expect("octets");
    let end_point = ChannelBinding::new(BindingKind::TlsServerEndPoint, [2; 32]).expect("octets");
    let both = [end_point.clone(), exporter.clone()];
    let end_point_kind = [BindingKind::TlsServerEndPoint];
    let says = |channel_binding,
                name,
                mechanisms: &[MechanismName],
                kinds: Option<&[BindingKind]>,
                bindings| {
        let policy = Policy { channel_binding, ..Policy::default() };
        let offered = Offered { mechanisms, bindings: kinds, tls_version: None };
        policy.client_binding(name, &offered, &Channel { bindings, ..Channel::default() })
    };
    let plus: &[_] = &[BARE, PLUS];
    let bare: &[_] = &[BARE];
    // No binding of ours: n, and -PLUS is impossible.
    assert_eq!(says(Prefer, BARE, plus, None, &[]), Ok(ClientBinding::Unsupported));
    assert_eq!(says(Prefer, PLUS, plus, None, &[]), Err(Reason::UnsupportedChannelBindingType));
    // We could, the server could not: y. Nothing known of the offer: n.
    assert_eq!(says(Prefer, BARE, bare, None, &both), Ok(ClientBinding::NotOffered));
    assert_eq!(says(Prefer, BARE, &[], None, &both), Ok(ClientBinding::Unsupported));
    // Both can: p with the strongest that both have; never y.
    assert_eq!(says(Prefer, PLUS, plus, None, &both), Ok(ClientBinding::Bound(exporter)));
    assert_eq!(
        says(Prefer, PLUS, plus, Some(&end_point_kind), &both),
        Ok(ClientBinding::Bound(end_point))
    );
    assert_eq!(says(Prefer, BARE, plus, None, &both), Ok(ClientBinding::Unsupported));
    // Types are listed and -PLUS is not: somebody took it out.
    assert_eq!(
        says(Prefer, BARE, bare, Some(&end_point_kind), &both),
        Err(Reason::DowngradeDetected)
    );
    // Off, and required.
    assert_eq!(says(Off, PLUS, plus, None, &both), Err(Reason::UnsupportedChannelBindingType));
    assert_eq!(says(Off, BARE, bare, None, &both), Ok(ClientBinding::Unsupported));
    assert_eq!(says(Require, BARE, bare, None, &both), Err(Reason::ChannelBindingRequired));
}

#[test]
fn the_registry_knows_every_mechanism_by_its_name() {
    for mechanism in ALL {
        assert_eq!(registry::find(mechanism.name).map(|it| it.name), Some(mechanism.name));
    }
    let unknown = MechanismName::new("X-UNKNOWN");
    assert!(registry::find(unknown).is_none());
}

#[test]
fn credentials_suit_what_needs_them() {
    let password = Credentials::password("user".try_into().expect("a name"), "pencil");
    let mut traced = Credentials::none();
    traced.trace = Some("trace".into());
    let suited = |credentials: &Credentials| -> Vec<Needs> {
        let mut needs: Vec<_> = ALL.iter().filter(|it| registry::suits(it, credentials)).collect();
        needs.dedup_by_key(|it| it.properties.needs);
        // What the caller or the system knows suits any.
        let elsewhere = [Needs::External, Needs::Passcode, Needs::Ticket];
        needs.iter().map(|it| it.properties.needs).filter(|it| !elsewhere.contains(it)).collect()
    };
    assert_eq!(suited(&Credentials::none()), []);
    assert_eq!(suited(&traced), [Needs::Anonymity]);
    let named = Credentials::none().of_user("idp.example".try_into().ok());
    assert_eq!(suited(&named), [Needs::Visit]);
    assert!(suited(&password).iter().all(|it| *it == Needs::Password));
    assert!(!suited(&password).is_empty());
    assert_eq!(suited(&Credentials::token("token")), [Needs::Token]);
}

/// Each demand has its own reason, and a mechanism that meets it.
#[test]
fn each_demand_has_its_reason() {
    let channel = Channel { security: ChannelSecurity::Confidential, ..Channel::default() };
    let scram = scram::SCRAM_SHA_256.properties;
    let plain = plain::MECHANISM.properties;
    let kept = Properties {
        exposure: Exposure::Nothing,
        forward_secrecy: ForwardSecrecy::Kept,
        layer_strength: 128,
        ..scram
    };
    let default = Policy::default();
    let strength = StrengthPolicy { min: 56, max: 256 };
    for (policy, refused, reason, allowed) in [
        (
            Policy { anonymity: Demand::Yes, ..default },
            anonymous::MECHANISM.properties,
            Reason::AnonymityRefused,
            plain,
        ),
        (
            Policy { active_attacks: Demand::Yes, ..default },
            plain,
            Reason::ActiveAttacksPossible,
            scram,
        ),
        (
            Policy { dictionary_attacks: Demand::Yes, ..default },
            scram,
            Reason::DictionaryAttacksPossible,
            kept,
        ),
        (Policy { forward_secrecy: Demand::Yes, ..default }, scram, Reason::NoForwardSecrecy, kept),
        (Policy { strength, ..default }, scram, Reason::LayerTooWeak, kept),
    ] {
        assert_eq!(policy.allows(&refused, &channel), Err(reason));
        assert_eq!(policy.allows(&allowed, &channel), Ok(()), "{reason}");
        assert_eq!(default.allows(&refused, &channel), Ok(()), "{reason}");
    }
}

/// A layer adds what the channel lacks, and nothing more.
#[test]
fn layers_add_what_the_channel_lacks() {
    let layers = |min, max, strength| {
        let policy = Policy { strength: StrengthPolicy { min, max }, ..Policy::default() };
        let rules = policy.layers(&Channel { strength, ..Channel::default() });
        (rules.min_strength, rules.max_strength)
    };
    assert_eq!(layers(0, 0, 0), (0, 0));
    assert_eq!(layers(0, 256, 0), (0, 256));
    assert_eq!(layers(0, 256, 128), (0, 0), "TLS is enough");
    assert_eq!(layers(128, 256, 128), (0, 0), "TLS is enough");
    assert_eq!(layers(128, 256, 0), (128, 256));
    assert_eq!(layers(256, 256, 128), (256, 256), "TLS is too weak");
    assert_eq!(layers(56, 1, 0), (56, 56), "the least goes before the most");
}
