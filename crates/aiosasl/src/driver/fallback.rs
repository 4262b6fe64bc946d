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
    if !is_usable || is_io(error) {
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
            | Reason::NonceMismatch
            | Reason::NonceNotExtended
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

fn is_io(error: &SaslError) -> bool {
    let mut source = error.opaque_error().map(|it| &**it as &(dyn core::error::Error + 'static));
    while let Some(it) = source {
        if it.is::<std::io::Error>() {
            return true;
        }
        source = it.source();
    }
    false
}
