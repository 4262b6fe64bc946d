//! The client's half of PostgreSQL: SASL messages to frames, and what a server's messages mean.

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage},
};

use super::{Authentication, Backend, Frontend, Told};
use crate::{Said, WireClass, WireError, frame::Frame};

/// The frame of a SASL message. There is no abort: the client says good bye, and hangs up.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn request(message: &ClientMessage) -> Result<Frame, WireError> {
    match message {
        ClientMessage::Authenticate { mechanism, initial_response } => {
            Frontend::SaslInitialResponse {
                mechanism: mechanism.as_str().into(),
                data: initial_response.clone(),
            }
        }
        ClientMessage::Response(response) => Frontend::SaslResponse(response.clone()),
        ClientMessage::Abort => Frontend::Terminate,
    }
    .to_frame()
}

/// Hears a server's answers in an exchange, the outcome of which may take two messages.
#[derive(Debug, Default)]
pub struct Listener {
    last_words: Option<Challenge>,
}

impl Listener {
    /// What a message says; `None` for one that is not the last, or concerns something else.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the server refuses, or says what it may not.
    pub fn hear(
        &mut self,
        message: &Backend,
        said: Said,
    ) -> Result<Option<driver::Reply>, WireError> {
        let authentication = match message {
            Backend::Authentication(it) => it,
            Backend::Error(_) if said == Said::Abort => return Ok(Some(driver::Reply::Failure)),
            Backend::Error(told) => return Err(refusal(told)),
            // Settings that the server does not know, before the authentication.
            Backend::Notice(_) | Backend::Other(b'v', _) => return Ok(None),
            Backend::Other(..) => return Err(unexpected()),
        };
        match (authentication, self.last_words.take()) {
            (Authentication::Ok, words) => Ok(Some(driver::Reply::Success(words))),
            (Authentication::SaslContinue(words), None) => {
                Ok(Some(driver::Reply::Challenge(words.clone())))
            }
            (Authentication::SaslFinal(words), None) => {
                self.last_words = Some(words.clone());
                Ok(None)
            }
            _ => Err(unexpected()),
        }
    }
}

/// What an error means, by its code (SQLSTATE).
pub fn refusal(told: &Told) -> WireError {
    let class = match told.code() {
        "28P01" => WireClass::Credentials,
        // Also a role that may not log in, or not from here, the words tell; an authorization identity, for which there is no
        // room; a database that is not for this user.
        "28000" | "0A000" | "42501" => WireClass::Authorization,
        code if code.starts_with("53") || code.starts_with("57P") => WireClass::Temporary,
        _ => WireClass::Protocol,
    };
    WireError::told(class, told.code(), told.message())
}

fn unexpected() -> WireError {
    WireError::protocol("expected how the exchange goes on, found another message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_wait_for_the_success() {
        let mut listener = Listener::default();
        let words = Challenge::new(*b"v=");
        let last = Backend::Authentication(Authentication::SaslFinal(words.clone()));
        assert_eq!(listener.hear(&last, Said::Response), Ok(None));
        assert!(Listener { last_words: Some(words.clone()) }.hear(&last, Said::Response).is_err());
        let ok = Backend::Authentication(Authentication::Ok);
        let success = driver::Reply::Success(Some(words));
        assert_eq!(listener.hear(&ok, Said::Response), Ok(Some(success)));
        assert_eq!(listener.hear(&ok, Said::Response), Ok(Some(driver::Reply::Success(None))));
        let password = Backend::Authentication(Authentication::CleartextPassword);
        assert!(listener.hear(&password, Said::Response).is_err());
    }

    #[test]
    fn errors_mean_what_their_code_says() {
        for (code, class) in [
            ("28P01", WireClass::Credentials),
            ("28000", WireClass::Authorization),
            ("0A000", WireClass::Authorization),
            ("53300", WireClass::Temporary),
            ("57P03", WireClass::Temporary),
            ("08P01", WireClass::Protocol),
        ] {
            assert_eq!(refusal(&Told::new("FATAL", code, "no")).class, class, "{code}");
        }
    }
}
