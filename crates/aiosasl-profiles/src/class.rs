//! What an outcome's failure code means for whoever wanted to come in.

use aiosasl::error::FailureCode;

use crate::wire_error::WireClass;

impl From<FailureCode> for WireClass {
    fn from(code: FailureCode) -> Self {
        match code {
            FailureCode::Aborted => Self::Aborted,
            FailureCode::AccountDisabled
            | FailureCode::CredentialsExpired
            | FailureCode::InvalidCredentials => Self::Credentials,
            FailureCode::AuthorizationDenied => Self::Authorization,
            FailureCode::EncryptionRequired | FailureCode::MechanismTooWeak => Self::Policy,
            FailureCode::MechanismUnknown => Self::Mechanism,
            FailureCode::PasswordTransitionNeeded | FailureCode::Temporary => Self::Temporary,
            // Broken encodings and messages, wrong states, and what is not named yet.
            _ => Self::Protocol,
        }
    }
}
