//! Whether another mechanism may follow a failure: no step down that an attacker could force.

use super::SaslError;
use crate::{
    error::{Error, Reason},
    mechanism::{Binds, Properties, ServerProof},
};

/// Whether one mechanism gives an attacker more than the other.
pub(super) fn is_weaker(one: &Properties, other: &Properties) -> bool {
    one.exposure > other.exposure
        || (one.binds == Binds::Nothing && other.binds == Binds::Channel)
        || (one.server_proof == ServerProof::None && other.server_proof == ServerProof::Mutual)
}

/// What may follow a failure.
pub(super) enum After {
    /// Any mechanism above the floor.
    GoOn,
    /// Any that gives an attacker no more than the one that failed.
    NothingWeaker,
    /// None, for this reason.
    Stop(&'static str),
}

/// What may follow this failure; the table stands at [`negotiate`](super::negotiate).
pub(super) fn after(error: &SaslError, is_usable: bool) -> After {
    if error.is_authentication_failure() {
        return After::Stop("the credentials are wrong: another mechanism would only expose them");
    }
    if !is_usable || error.is_io() {
        return After::Stop("the connection is gone");
    }
    match error.exchange_error() {
        Some(Error::Peer(reason) | Error::Policy(reason)) if is_attack(*reason) => {
            After::Stop("the server has not proven itself, or somebody tampers with the connection")
        }
        Some(Error::Refused(refusal)) if refusal.text.as_deref().is_some_and(tells_of_attack) => {
            After::Stop("the two ends see different connections: somebody may be in between")
        }
        Some(
            Error::Peer(_)
            | Error::Policy(Reason::IterationCountTooHigh | Reason::IterationCountTooLow),
        ) => After::NothingWeaker,
        _ => After::GoOn,
    }
}

fn is_attack(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ChannelBindingsDontMatch
            | Reason::DowngradeDetected
            | Reason::GssNotMutual
            | Reason::NonceMismatch
            | Reason::NonceNotExtended
            | Reason::ResponderMismatch
            | Reason::RspauthMismatch
            | Reason::ServerDoesSupportChannelBinding
            | Reason::ServerNotVerified
            | Reason::ServerSignatureMismatch
            | Reason::TlsVersionMismatch
    )
}

/// What a server says (RFC 5802 section 7, `server-error-value`) where the two ends see different things.
fn tells_of_attack(text: &str) -> bool {
    [Reason::ChannelBindingsDontMatch, Reason::ServerDoesSupportChannelBinding]
        .iter()
        .any(|reason| reason.as_str() == text)
}

#[cfg(test)]
mod tests {
    use std::{fmt, io};

    use super::*;
    use crate::{
        driver::{AuthenticationFailure, SaslFailure},
        error::{FailureCode, Misuse, Refusal},
        mechanism::{ActiveAttacks, Exposure, ForwardSecrecy, Needs, Side, Standing},
    };

    fn verdict(error: impl Into<SaslError>) -> &'static str {
        match after(&error.into(), true) {
            After::GoOn => "go on",
            After::NothingWeaker => "nothing weaker",
            After::Stop(_) => "stop",
        }
    }

    fn refused(code: FailureCode, text: &str) -> Error {
        Error::Refused(Refusal { text: Some(text.into()), ..Refusal::new(code) })
    }

    #[test]
    fn wrong_credentials_stop() {
        assert_eq!(verdict(AuthenticationFailure::new("no")), "stop");
        assert_eq!(verdict(refused(FailureCode::InvalidCredentials, "invalid-proof")), "stop");
        assert_eq!(verdict(refused(FailureCode::AuthorizationDenied, "")), "stop");
    }

    #[test]
    fn signs_of_an_attack_stop() {
        for reason in [
            Reason::NonceMismatch,
            Reason::ServerNotVerified,
            Reason::ServerSignatureMismatch,
            Reason::TlsVersionMismatch,
        ] {
            assert_eq!(verdict(Error::Peer(reason)), "stop", "{reason}");
        }
        assert_eq!(verdict(Error::Policy(Reason::DowngradeDetected)), "stop");
        let other_channel = refused(FailureCode::Malformed, "channel-bindings-dont-match");
        assert_eq!(verdict(other_channel), "stop");
        let hidden_plus = refused(FailureCode::Malformed, "server-does-support-channel-binding");
        assert_eq!(verdict(hidden_plus), "stop");
    }

    #[test]
    fn what_anybody_in_between_can_cause_leads_to_nothing_weaker() {
        for reason in [Reason::BadBase64, Reason::UnexpectedChallenge, Reason::TooManySteps] {
            assert_eq!(verdict(Error::Peer(reason)), "nothing weaker", "{reason}");
        }
        assert_eq!(verdict(Error::Policy(Reason::IterationCountTooLow)), "nothing weaker");
        assert_eq!(verdict(Error::Policy(Reason::IterationCountTooHigh)), "nothing weaker");
    }

    #[test]
    fn what_is_nobodys_fault_leads_on() {
        assert_eq!(verdict(SaslFailure::new("no such mechanism")), "go on");
        assert_eq!(verdict(refused(FailureCode::Temporary, "no-resources")), "go on");
        assert_eq!(verdict(Error::Credentials(Reason::NoCredentials)), "go on");
        assert_eq!(verdict(Error::Policy(Reason::UnsupportedChannelBindingType)), "go on");
        assert_eq!(verdict(Error::from(Misuse::AfterEnd)), "go on");
    }

    #[test]
    fn weaker_is_what_gives_an_attacker_more_in_any_way() {
        let strong = Properties {
            first: Side::Client,
            exposure: Exposure::Guessable,
            needs: Needs::Password,
            server_proof: ServerProof::Mutual,
            binds: Binds::Channel,
            active_attacks: ActiveAttacks::Resisted,
            forward_secrecy: ForwardSecrecy::None,
            layer_strength: 0,
            standing: Standing::Current,
            reference: "",
        };
        assert!(!is_weaker(&strong, &strong));
        for weak in [
            Properties { exposure: Exposure::Everything, ..strong },
            Properties { server_proof: ServerProof::None, ..strong },
            Properties { binds: Binds::Nothing, ..strong },
        ] {
            assert!(is_weaker(&weak, &strong), "{weak:?}");
            assert!(!is_weaker(&strong, &weak), "{weak:?}");
        }
    }

    #[derive(Debug)]
    struct Wrapped(io::Error);

    impl fmt::Display for Wrapped {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("reading failed")
        }
    }

    impl core::error::Error for Wrapped {
        fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn a_lost_connection_stops_however_deep_it_lies() {
        let lost = || io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(verdict(lost()), "stop");
        assert_eq!(verdict(SaslFailure::with_opaque("gone", Wrapped(lost()))), "stop");
        assert!(matches!(after(&SaslFailure::new("?").into(), false), After::Stop(_)));
    }
}
