//! Names and passwords of those mechanisms that say both as they are.

use aiosasl::{
    credentials::Key,
    error::{Error, Failure, Reason},
    identity::AuthenticationId,
    mechanism::ClientContext,
    preparation::Preparation,
    secret::Password,
};

/// A client's name and password, prepared.
///
/// # Errors
///
/// [`Error::Credentials`] where one is missing, or can't be used.
pub(crate) fn of_client(
    context: &ClientContext<'_>,
) -> Result<(AuthenticationId, Password), Error> {
    let credentials = context.credentials;
    let (Some(name), Key::Password(password)) = (&credentials.authentication_id, &credentials.key)
    else {
        return Err(Error::Credentials(Reason::NoCredentials));
    };
    let preparation = context.rules.preparation;
    preparation.name_and_password(name.as_str(), password.expose()).map_err(Error::Credentials)
}

/// The same as a server hears them.
///
/// # Errors
///
/// What breaks the grammar is malformed; what can't be prepared is nobody's.
pub(crate) fn of_message(
    preparation: Preparation,
    name: &str,
    password: &str,
) -> Result<(AuthenticationId, Password), Failure> {
    preparation.name_and_password(name, password).map_err(failure)
}

/// What a server ends with where a name or a password can't be used.
pub(crate) fn failure(reason: Reason) -> Failure {
    match reason {
        Reason::AuthcidPrepEmpty
        | Reason::AuthcidPrepFailed
        | Reason::PasswordPrepEmpty
        | Reason::PasswordPrepFailed => Failure::credentials(reason),
        _ => Failure::malformed(reason),
    }
}
