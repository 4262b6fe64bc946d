//! The question whether a code is the one that a device shows now (RFC 2808).

use alloc::boxed::Box;
use core::fmt;

use super::{Answer, Doom};
use crate::{
    error::{Failure, FailureCode, Reason},
    identity::AuthenticationId,
    secret::Secret,
};

/// Asks whether this is the code that the account's device shows now.
pub struct VerifyPasscode {
    authentication_id: AuthenticationId,
    passcode: Secret,
    pin: Option<Secret>,
}

impl VerifyPasscode {
    /// The question; `pin` is the new PIN that the user wants, where the server has asked for one.
    pub fn new(authentication_id: AuthenticationId, passcode: Secret, pin: Option<Secret>) -> Self {
        Self { authentication_id, passcode, pin }
    }

    /// Whose device.
    pub fn authentication_id(&self) -> &AuthenticationId {
        &self.authentication_id
    }

    /// The code, as UTF-8.
    pub fn passcode(&self) -> &Secret {
        &self.passcode
    }

    /// The new PIN that the user wants, as UTF-8.
    pub fn pin(&self) -> Option<&Secret> {
        self.pin.as_ref()
    }

    /// The verdict.
    pub fn answer(self, verdict: PasscodeVerdict) -> Answer {
        let refused = |reason| Answer::from_passcode(Err(Failure::credentials(reason)));
        match verdict {
            PasscodeVerdict::Accepted => {
                Answer::from_passcode(Ok(PasscodeStep::Accepted(self.authentication_id)))
            }
            PasscodeVerdict::Doomed(doom) => refused(doom.reason()),
            PasscodeVerdict::NewPin { suggested } => {
                Answer::from_passcode(Ok(PasscodeStep::NewPin { suggested }))
            }
            PasscodeVerdict::NextPasscode => Answer::from_passcode(Ok(PasscodeStep::NextPasscode)),
            PasscodeVerdict::Refused => refused(Reason::PasscodeWrong),
            PasscodeVerdict::Unavailable => Answer::unavailable(FailureCode::Temporary),
        }
    }
}

impl fmt::Debug for VerifyPasscode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyPasscode")
            .field("authentication_id", &self.authentication_id)
            .finish_non_exhaustive()
    }
}

/// What the store thinks of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasscodeVerdict {
    /// It is the device's.
    Accepted,
    /// Whether it is or not, nobody gets in; the client hears the same as for a wrong code.
    Doomed(Doom),
    /// It is, and the user has to choose a new PIN: the server may propose one of 4 to 32 characters.
    NewPin {
        /// What the server proposes.
        suggested: Option<Box<str>>,
    },
    /// It may be: the device's next code will tell.
    NextPasscode,
    /// It is not; or there is no such account.
    Refused,
    /// Nobody can tell now.
    Unavailable,
}

/// What follows a code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasscodeStep {
    /// This is who the client is.
    Accepted(AuthenticationId),
    /// The client has to choose a new PIN.
    NewPin {
        /// What the server proposes.
        suggested: Option<Box<str>>,
    },
    /// The client has to say the next code.
    NextPasscode,
}
