//! The server's half: what it offers, and what becomes of an exchange, to lines.

use aiosasl::{error::FailureCode, message::ServerMessage, name::MechanismName, secret::Secret};
use zeroize::Zeroizing;

use super::{MAJOR, MINOR, Parameter, Parameters, ServerLine, base64};
use crate::WireError;

/// The lines of a handshake that offers these mechanisms.
///
/// # Errors
///
/// A [`WireError`] where one is too long.
pub fn greeting(
    mechanisms: &[MechanismName],
    spid: u32,
    cuid: u32,
    cookie: Secret,
) -> Result<Zeroizing<Vec<u8>>, WireError> {
    let mut lines = vec![ServerLine::Version { major: MAJOR, minor: MINOR }];
    lines.extend(mechanisms.iter().map(|name| ServerLine::Mech {
        name: name.to_string(),
        parameters: Parameters::default(),
    }));
    lines.extend([ServerLine::Spid(spid), ServerLine::Cuid(cuid), ServerLine::Cookie(cookie)]);
    lines.push(ServerLine::Done);
    let lines = lines.iter().map(ServerLine::to_line).collect::<Result<Vec<_>, _>>()?;
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_slice()).collect();
    Ok(Zeroizing::new(lines.concat()))
}

/// The line of a SASL message in the exchange of this number; `user` is told with a success.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn answer(
    id: u32,
    message: &ServerMessage,
    user: &str,
) -> Result<Zeroizing<Vec<u8>>, WireError> {
    match message {
        ServerMessage::Challenge(challenge) => {
            ServerLine::Cont { id, challenge: challenge.clone() }
        }
        ServerMessage::Success { additional_data } => {
            let mut parameters = vec![Parameter::new("user", user)];
            let words = additional_data.as_ref();
            parameters.extend(words.map(|it| Parameter::new("resp", &**base64(it.as_bytes()))));
            ServerLine::Ok { id, parameters: Parameters(parameters) }
        }
        ServerMessage::Failure(code) => ServerLine::Fail { id, parameters: failure(*code) },
    }
    .to_line()
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
pub fn failure(code: FailureCode) -> Parameters {
    use FailureCode as F;
    let (code, reason) = match code {
        F::Aborted => (None, "Authentication cancelled"),
        F::AccountDisabled => (Some("user_disabled"), "The account is disabled"),
        F::AuthorizationDenied => (Some("authz_fail"), "Authorization failed"),
        F::BadEncoding => (Some("invalid_base64"), "Expected base64"),
        F::CredentialsExpired => (Some("pass_expired"), "The credentials have expired"),
        F::EncryptionRequired => (Some("auth_mech_ssl_required"), "Encryption required"),
        F::InitialResponseNotAllowed => (None, "The mechanism takes no initial response"),
        F::InvalidCredentials => (None, "Authentication failed"),
        F::Malformed => (None, "A message of the mechanism is malformed"),
        F::MechanismTooWeak => (None, "The mechanism is too weak"),
        F::MechanismUnknown => (Some("auth_mech_invalid"), "No such mechanism"),
        F::PasswordTransitionNeeded => (None, "A password transition is needed"),
        F::TooLarge => (None, "Too large"),
        F::WrongState => (None, "Not now"),
        _ => (Some("temp_fail"), "Temporary failure, try again later"),
    };
    let code = code.map(|code| Parameter::new("code", code));
    code.into_iter().chain([Parameter::new("reason", reason)]).collect()
}
