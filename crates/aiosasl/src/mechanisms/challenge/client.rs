//! The client's half: its name, then what only the holder of the key can answer.

use core::{fmt, mem};

use super::{names, scheme::Scheme};
use crate::{
    credentials::Key,
    error::{Error, Misuse, Reason},
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    query::ClientAnswer,
    secret::Secret,
};

/// The client's half of both mechanisms.
pub struct ChallengeClient {
    scheme: &'static Scheme,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectStart(Response, Secret),
    ExpectChallenge(Secret),
    ExpectOutcome,
}

impl ChallengeClient {
    pub(super) fn new(scheme: &'static Scheme, context: &ClientContext<'_>) -> Result<Self, Error> {
        let credentials = context.credentials;
        let (Some(name), Key::Private(key)) = (&credentials.authentication_id, &credentials.key)
        else {
            return Err(Error::Credentials(Reason::NoCredentials));
        };
        (scheme.check)(key).map_err(Error::Credentials)?;
        let name = context.rules.preparation.name(name.as_str()).map_err(Error::Credentials)?;
        let first = names::spell(&name, credentials.authorization_id.as_ref());
        let first = first.map_err(Error::Credentials)?;
        Ok(Self { scheme, state: State::ExpectStart(first, key.clone()) })
    }

    fn answer(&mut self, key: &Secret, challenge: &[u8]) -> Result<ClientTurn, Error> {
        let answer = (self.scheme.answer)(key, challenge).map_err(Error::Peer)?;
        self.state = State::ExpectOutcome;
        Ok(ClientTurn::Respond(Response::new(answer)))
    }
}

impl ClientMechanism for ChallengeClient {
    fn name(&self) -> MechanismName {
        self.scheme.name
    }

    fn initial_response(&mut self) -> Option<Response> {
        match mem::take(&mut self.state) {
            State::ExpectStart(first, key) => {
                self.state = State::ExpectChallenge(key);
                Some(first)
            }
            _ => None,
        }
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectChallenge(key), Heard::Message(it)) => self.answer(&key, it),
            (_, Heard::Message(_)) => Err(Error::Peer(Reason::UnexpectedChallenge)),
            (_, Heard::Answer(_)) => Err(Misuse::NothingAsked.into()),
        }
    }

    /// A success before the answer is none: the server has not asked yet.
    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match mem::take(&mut self.state) {
            State::ExpectOutcome => Ok(Conclusion::unproven()),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

impl fmt::Debug for ChallengeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChallengeClient").field("name", &self.scheme.name).finish_non_exhaustive()
    }
}
