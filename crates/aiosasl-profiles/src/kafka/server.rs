//! The broker's half of Kafka: what it speaks, and what becomes of an exchange to answers. What the first
//! token says is told by [`FirstWord`](crate::FirstWord).

use aiosasl::{
    error::FailureCode,
    message::{Challenge, ServerMessage},
    name::MechanismName,
};

use super::{Api, ApiRange, Reply, ReplyBody, close, error_code};
use crate::{
    WireError,
    frame::{Frame, MechanismList},
};

/// The number of the request for what there is in a cluster.
pub const METADATA: i16 = 3;

/// The versions that are spoken here.
pub fn versions() -> Vec<ApiRange> {
    let known = [Api::SaslHandshake, Api::ApiVersions, Api::SaslAuthenticate];
    let range = |api: Api| ApiRange { key: api.key(), oldest: 0, newest: api.newest() };
    let metadata = ApiRange { key: METADATA, oldest: 0, newest: 1 };
    [metadata].into_iter().chain(known.map(range)).collect()
}

/// The answer to a request for what there is, in version 0 or 1: this broker, and no topics.
///
/// # Errors
///
/// A [`WireError`] where the host's name is too long.
pub fn metadata(correlation: i32, version: i16, host: &str, port: u16) -> Result<Frame, WireError> {
    const NODE: i32 = 1;
    close(|to| {
        to.put(&correlation.to_be_bytes());
        to.put(&1_i32.to_be_bytes()).put(&NODE.to_be_bytes());
        to.counted_u16(host.as_bytes()).put(&i32::from(port).to_be_bytes());
        if version >= 1 {
            // No rack; and this one is the controller.
            to.put(&(-1_i16).to_be_bytes()).put(&NODE.to_be_bytes());
        }
        to.put(&0_i32.to_be_bytes());
    })
}

/// The answer to a handshake, of either version: whether this mechanism is one of those that are enabled.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn handshake(
    correlation: i32,
    mechanism: MechanismName,
    enabled: &[MechanismName],
) -> Result<Frame, WireError> {
    let chosen = enabled.contains(&mechanism).then_some(mechanism);
    handshake_by_name(correlation, chosen, enabled)
}

/// The same, where the mechanism has been looked up: a name may be one that no mechanism can have.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn handshake_by_name(
    correlation: i32,
    chosen: Option<MechanismName>,
    enabled: &[MechanismName],
) -> Result<Frame, WireError> {
    let error = match chosen {
        Some(_) => error_code::NONE,
        None => error_code::UNSUPPORTED_SASL_MECHANISM,
    };
    let list: MechanismList = enabled.iter().copied().collect();
    Reply { correlation, error, body: ReplyBody::SaslHandshake(list) }.to_frame(1)
}

/// The answer to a token in a request of this version.
///
/// `lifetime` is how long the session lasts, in milliseconds; 0 is as long as it will.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn answer(
    correlation: i32,
    version: i16,
    message: &ServerMessage,
    lifetime: i64,
) -> Result<Frame, WireError> {
    let (error, text, token) = match message {
        ServerMessage::Challenge(words) => (error_code::NONE, None, words.clone()),
        ServerMessage::Success { additional_data } => {
            (error_code::NONE, None, additional_data.clone().unwrap_or_else(Challenge::empty))
        }
        ServerMessage::Failure(code) => {
            let (error, text) = failure(*code);
            (error, Some(text.to_owned()), Challenge::empty())
        }
    };
    let lifetime = match message {
        ServerMessage::Success { .. } => lifetime,
        _ => 0,
    };
    let lifetime = (version >= 1).then_some(lifetime);
    let body = ReplyBody::SaslAuthenticate { message: text, token, lifetime };
    Reply { correlation, error, body }.to_frame(version)
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same. After a handshake of
/// version 0, a broker just hangs up.
pub fn failure(code: FailureCode) -> (i16, &'static str) {
    use FailureCode as F;
    match code {
        F::MechanismUnknown => (error_code::UNSUPPORTED_SASL_MECHANISM, "No such mechanism"),
        F::WrongState => (error_code::ILLEGAL_SASL_STATE, "Not now"),
        F::AccountDisabled => (error_code::SASL_AUTHENTICATION_FAILED, "The account is disabled"),
        F::CredentialsExpired => {
            (error_code::SASL_AUTHENTICATION_FAILED, "The credentials have expired")
        }
        F::EncryptionRequired => (error_code::SASL_AUTHENTICATION_FAILED, "Encryption required"),
        F::Temporary => (error_code::SASL_AUTHENTICATION_FAILED, "Temporary failure"),
        _ => (error_code::SASL_AUTHENTICATION_FAILED, "Authentication failed"),
    }
}
