//! What a client refuses to do, and how it ties an exchange to its channel: data with safe defaults, and a reason
//! for every refusal.

use crate::{
    binding::{BindingKind, ChannelBinding, ClientBinding},
    error::Reason,
    layer::LayerRules,
    mechanism::{
        ActiveAttacks, Binds, Exposure, ForwardSecrecy, Needs, Offered, Properties, ServerProof,
        Standing,
    },
    name::MechanismName,
};

/// The floor below which a client does not go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// Whether mechanisms that reveal the password may run on a channel that is not confidential.
    pub plaintext: Plaintext,
    /// Whether exchanges are tied to their channel.
    pub channel_binding: BindingPolicy,
    /// Whether the server has to prove itself inside the mechanism.
    pub server_proof: ServerProofPolicy,
    /// How strong the protection of what follows has to be, and may be: the channel's and a security layer's together.
    pub strength: StrengthPolicy,
    /// Whether one may come in as nobody in particular (RFC 4505).
    pub anonymity: Demand,
    /// Whether a mechanism has to notice an attacker who changes messages, or plays the server.
    pub active_attacks: Demand,
    /// Whether a mechanism has to leave nothing to try passwords with at home.
    pub dictionary_attacks: Demand,
    /// Whether what was recorded has to stay of no use to somebody who learns the credentials later.
    pub forward_secrecy: Demand,
}

/// Whether more is demanded of a mechanism than RFC 4422 does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Demand {
    /// It is not: every mechanism will do.
    #[default]
    No,
    /// It is: mechanisms that don't comply are refused.
    Yes,
}

/// How strong the protection of what follows has to be, and may be, in the bits of a key: 0 is none, 1 integrity alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StrengthPolicy {
    /// The least: what the channel has not, a security layer must add.
    pub min: u16,
    /// The most that channel and layer together may have: 0 is no layer at all.
    pub max: u16,
}

impl StrengthPolicy {
    /// No layer is needed, none is wanted.
    pub const CHANNEL_ALONE: Self = Self { min: 0, max: 0 };
    /// No layer is needed; where the channel has no protection, the strongest one is taken.
    pub const BEST: Self = Self { min: 0, max: 256 };
}

impl Default for StrengthPolicy {
    /// [`CHANNEL_ALONE`](Self::CHANNEL_ALONE): a layer that nobody puts around what follows would be worse than none.
    fn default() -> Self {
        Self::CHANNEL_ALONE
    }
}

/// Where a password may be revealed to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plaintext {
    /// Anywhere, also to whoever reads along.
    Anywhere,
    /// On a confidential channel to an authenticated server alone.
    #[default]
    ConfidentialOnly,
}

/// Whether exchanges are tied to their channel (RFC 5802 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BindingPolicy {
    /// Never.
    Off,
    /// Where both ends can.
    #[default]
    Prefer,
    /// Always; a server that can't is refused.
    Require,
}

/// Whether the server has to prove itself inside the mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServerProofPolicy {
    /// It need not: TLS may be enough.
    #[default]
    Optional,
    /// It must.
    Require,
}

/// The channel that an exchange is going to run on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Channel<'a> {
    /// Whether nobody can read along, and the server at the other end is authenticated.
    pub security: ChannelSecurity,
    /// What the exchange can be tied to, in any order.
    pub bindings: &'a [ChannelBinding],
    /// How strong the channel's own protection is, in the bits of a key: 0 is none, 1 integrity alone; of TLS, 128 or 256.
    pub strength: u16,
}

/// Whether somebody can read along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChannelSecurity {
    /// Somebody can, or can pretend to be the server.
    #[default]
    Open,
    /// Nobody can: TLS with a verified certificate, or a socket on this machine.
    Confidential,
}

impl Policy {
    /// Whether a mechanism with these properties may run on this channel.
    ///
    /// # Errors
    ///
    /// The [`Reason`] why not.
    pub fn allows(self, properties: &Properties, channel: &Channel<'_>) -> Result<(), Reason> {
        let channel_is_open = channel.security == ChannelSecurity::Open;
        let reveals = properties.exposure == Exposure::Everything;
        let refusals = [
            (
                reveals && channel_is_open && self.plaintext == Plaintext::ConfidentialOnly,
                Reason::EncryptionRequired,
            ),
            (
                self.channel_binding == BindingPolicy::Require
                    && properties.binds == Binds::Nothing,
                Reason::ChannelBindingRequired,
            ),
            (
                self.server_proof == ServerProofPolicy::Require
                    && properties.server_proof == ServerProof::None,
                Reason::ServerNotVerified,
            ),
            (
                self.anonymity == Demand::Yes && properties.needs == Needs::Anonymity,
                Reason::AnonymityRefused,
            ),
            (
                self.active_attacks == Demand::Yes
                    && properties.active_attacks == ActiveAttacks::Exposed,
                Reason::ActiveAttacksPossible,
            ),
            (
                self.dictionary_attacks == Demand::Yes && properties.exposure != Exposure::Nothing,
                Reason::DictionaryAttacksPossible,
            ),
            (
                self.forward_secrecy == Demand::Yes
                    && properties.forward_secrecy == ForwardSecrecy::None,
                Reason::NoForwardSecrecy,
            ),
            (self.layers(channel).min_strength > properties.layer_strength, Reason::LayerTooWeak),
        ];
        match refusals.into_iter().find(|(applies, _)| *applies) {
            Some((_, reason)) => Err(reason),
            None => Ok(()),
        }
    }

    /// What is left for a security layer to add on this channel.
    ///
    /// A channel that is as strong as the policy wants needs none, and one that is stronger than the least gets none:
    /// some servers refuse a layer inside TLS.
    pub fn layers(self, channel: &Channel<'_>) -> LayerRules {
        let StrengthPolicy { min, max } = self.strength;
        let enough = channel.strength > 0 && channel.strength >= min;
        LayerRules {
            min_strength: if enough { 0 } else { min },
            max_strength: if enough { 0 } else { max.max(min) },
            max_receive: LayerRules::MAX_RECEIVE,
        }
    }

    /// Whether a mechanism may be chosen by itself, without being named.
    pub fn chooses_by_itself(properties: &Properties) -> bool {
        properties.standing == Standing::Current
    }

    /// What the client of a mechanism with this name says of its channel (RFC 5802 section 6; XEP-0440).
    ///
    /// A -PLUS name takes the strongest binding that both ends have. A bare name says `y` where we could bind and
    /// the server is known to offer no -PLUS at all, else `n`. A name that says its type ([`MechanismName::named_binding`])
    /// takes that one. NTLM has no flag, and hashes the server's certificate into its
    /// proof wherever there is one.
    ///
    /// # Errors
    ///
    /// [`Reason::ChannelBindingRequired`] for a bare name where policy wants more;
    /// [`Reason::UnsupportedChannelBindingType`] for a -PLUS name, or one that says its type, where there is no such binding,
    /// or binding is off;
    /// [`Reason::DowngradeDetected`] where the server lists binding types, and of mechanisms that have a -PLUS form
    /// the bare ones alone: somebody took it out.
    pub fn client_binding(
        self,
        mechanism: MechanismName,
        offered: &Offered<'_>,
        channel: &Channel<'_>,
    ) -> Result<ClientBinding, Reason> {
        if let Some(kind) = mechanism.named_binding() {
            return self.named_binding(&kind, channel.bindings);
        }
        let offers_plus = offered.mechanisms.iter().any(MechanismName::is_plus);
        let types_are_explained =
            offers_plus || offered.mechanisms.iter().any(|it| it.named_binding().is_some());
        let is_known = !offered.mechanisms.is_empty();
        // Servers list the types also where they have nothing but PLAIN or EXTERNAL.
        let could_bind = offered.mechanisms.iter().any(MechanismName::has_plus_form);
        let lists_types = offered.bindings.is_some_and(|kinds| !kinds.is_empty());
        let binding = match self.channel_binding {
            BindingPolicy::Off => None,
            BindingPolicy::Prefer | BindingPolicy::Require => {
                strongest(channel.bindings, offered.bindings)
            }
        };
        match (mechanism.is_plus(), binding) {
            (true, Some(binding)) => Ok(ClientBinding::Bound(binding.clone())),
            (true, None) => Err(Reason::UnsupportedChannelBindingType),
            (false, _) if self.channel_binding == BindingPolicy::Require => {
                Err(Reason::ChannelBindingRequired)
            }
            (false, Some(_)) if could_bind && lists_types && !types_are_explained => {
                Err(Reason::DowngradeDetected)
            }
            (false, _) if mechanism == "NTLM" && self.channel_binding != BindingPolicy::Off => {
                Ok(end_point(channel.bindings))
            }
            (false, Some(_)) if is_known && !offers_plus => Ok(ClientBinding::NotOffered),
            (false, _) => Ok(ClientBinding::Unsupported),
        }
    }

    /// The one binding that will do.
    fn named_binding(
        self,
        kind: &BindingKind,
        ours: &[ChannelBinding],
    ) -> Result<ClientBinding, Reason> {
        let found = ours.iter().find(|binding| binding.kind() == kind);
        match found.filter(|_| self.channel_binding != BindingPolicy::Off) {
            Some(binding) => Ok(ClientBinding::Bound(binding.clone())),
            None => Err(Reason::UnsupportedChannelBindingType),
        }
    }
}

/// The one binding that NTLM knows (MS-NLMP section 3.1.1.2, RFC 5929 section 4).
fn end_point(ours: &[ChannelBinding]) -> ClientBinding {
    let found = ours.iter().find(|it| *it.kind() == BindingKind::TlsServerEndPoint);
    found.cloned().map_or(ClientBinding::Unsupported, ClientBinding::Bound)
}

/// The best of our bindings that the server, as far as it says, can check.
fn strongest<'a>(
    ours: &'a [ChannelBinding],
    theirs: Option<&[BindingKind]>,
) -> Option<&'a ChannelBinding> {
    let rank = |binding: &&ChannelBinding| {
        BindingKind::ALL
            .iter()
            .position(|kind| kind == binding.kind())
            .unwrap_or(BindingKind::ALL.len())
    };
    ours.iter()
        .filter(|binding| theirs.is_none_or(|theirs| theirs.contains(binding.kind())))
        .min_by_key(rank)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn binding(mechanism: &str, offered: &[&str]) -> Result<ClientBinding, Reason> {
        let ours = [ChannelBinding::new(BindingKind::TlsExporter, [1; 32]).unwrap()];
        let mechanisms: Vec<_> = offered.iter().map(|name| name.parse().unwrap()).collect();
        let offered = Offered {
            mechanisms: &mechanisms,
            bindings: Some(&[BindingKind::TlsExporter]),
            ..Offered::default()
        };
        let channel = Channel { bindings: &ours, ..Channel::default() };
        Policy::default().client_binding(mechanism.parse().unwrap(), &offered, &channel)
    }

    #[test]
    fn bare_names_beside_binding_types_are_suspicious_where_they_could_have_bound() {
        let stripped = ["SCRAM-SHA-256", "PLAIN"];
        for mechanism in stripped {
            assert_eq!(binding(mechanism, &stripped), Err(Reason::DowngradeDetected));
        }
        for alone in ["PLAIN", "EXTERNAL", "ANONYMOUS"] {
            assert_eq!(binding(alone, &[alone]), Ok(ClientBinding::NotOffered));
        }
        // NTLM binds to a certificate, and to nothing else.
        assert_eq!(binding("NTLM", &["NTLM"]), Ok(ClientBinding::Unsupported));
        let whole = ["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"];
        assert!(matches!(binding(whole[1], &whole), Ok(ClientBinding::Bound(_))));
        assert_eq!(binding(whole[0], &whole), Ok(ClientBinding::Unsupported));
    }
}
