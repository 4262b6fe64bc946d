//! The client's half: the token at once, and what the server says where it refuses.

use core::{fmt, mem};

use super::{
    grammar::{Form, MAX_FIELD},
    told,
};
#[cfg(any(feature = "oauthbearer", feature = "oauth10a"))]
use crate::mechanism::{ClientContext, UsernameRule};
use crate::{
    credentials::{Credentials, Key},
    error::{Error, Misuse, Reason, Refusal},
    identity::{AuthenticationId, AuthorizationId},
    mechanism::{ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    query::ClientAnswer,
};

/// The client's half of OAUTHBEARER, XOAUTH2 and OAUTH10A.
pub struct OauthClient {
    form: &'static Form,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectStart(Response),
    ExpectOutcome,
}

impl OauthClient {
    /// A client that says no name where the protocol has said it: a name in the header is whom to act as, and there servers
    /// take none.
    #[cfg(any(feature = "oauthbearer", feature = "oauth10a"))]
    pub(super) fn in_context(
        form: &'static Form,
        context: &ClientContext<'_>,
    ) -> Result<Self, Error> {
        let credentials = context.credentials;
        match context.rules.username {
            UsernameRule::InMessage => Self::new(form, credentials),
            UsernameRule::FromProtocol(_) => Self::new(form, &credentials.clone().of_user(None)),
        }
    }

    pub(super) fn new(form: &'static Form, credentials: &Credentials) -> Result<Self, Error> {
        let Key::Token(token) = &credentials.key else {
            return Err(Error::Credentials(Reason::NoCredentials));
        };
        let other = credentials.authorization_id.as_ref().map(AuthorizationId::as_str);
        let own = credentials.authentication_id.as_ref().map(AuthenticationId::as_str);
        let user = other.or(own);
        if user.is_some_and(|user| user.len() > MAX_FIELD) {
            return Err(Error::Credentials(Reason::FieldTooLong));
        }
        let first = (form.spell)(credentials, user, token).map_err(Error::Credentials)?;
        Ok(Self { form, state: State::ExpectStart(first) })
    }

    /// A challenge is the server's error: it is kept for the caller, and the server gets what it needs to fail.
    fn concede(&self, challenge: &[u8]) -> Result<ClientTurn, Error> {
        let told = told::parse(challenge).map_err(Error::Peer)?;
        Ok(ClientTurn::Concede {
            last_words: Response::new(self.form.acknowledgement),
            error: Error::Refused(Refusal::of_token(told)),
        })
    }
}

impl ClientMechanism for OauthClient {
    fn name(&self) -> MechanismName {
        self.form.name
    }

    fn initial_response(&mut self) -> Option<Response> {
        match mem::take(&mut self.state) {
            State::ExpectStart(first) => {
                self.state = State::ExpectOutcome;
                Some(first)
            }
            _ => None,
        }
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectOutcome, Heard::Message(it)) => self.concede(it),
            (_, Heard::Message(_)) => Err(Error::Peer(Reason::UnexpectedChallenge)),
            (_, Heard::Answer(_)) => Err(Misuse::NothingAsked.into()),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match mem::take(&mut self.state) {
            State::ExpectOutcome => Ok(Conclusion::unproven()),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

impl fmt::Debug for OauthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OauthClient").field("name", &self.form.name).finish_non_exhaustive()
    }
}
