//! The client's half of AWS_MSK_IAM: one signed message, then what the broker calls the request.

use core::mem;

use aiosasl::{
    error::{Error, Misuse, Reason},
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard, Service},
    message::Response,
    name::MechanismName,
    query::ClientAnswer,
};

use super::{
    NAME,
    message::{MAX_EXPIRES, Object, Payload},
};
use crate::{
    aws::{AwsCredentials, is_host, sigv4::is_word},
    reason::{BAD_CREDENTIAL_SCOPE, BAD_HOST, NO_HOST},
};

/// The client's half.
pub struct MskClient {
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectStart(Response),
    ExpectResponse,
    ExpectSuccess,
}

impl MskClient {
    /// A client with [`AwsCredentials`] that name a region, and the broker's host: that of the credentials' endpoint, else
    /// that of the rules' service.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] where one of them is missing or can't be used, or nobody knows what time it is.
    pub fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        let key = AwsCredentials::of(context.credentials)?;
        let endpoint = context.credentials.endpoint.as_ref().map(|it| &*it.host);
        let service = context.rules.service.as_ref().map(Service::host);
        let host = endpoint.or(service).ok_or(Error::Credentials(NO_HOST))?;
        if !is_host(host) {
            return Err(Error::Credentials(BAD_HOST));
        }
        let region = key.region().ok_or(Error::Credentials(Reason::NoCredentials))?;
        if !is_word(region) || !is_word(key.access_key_id()) {
            return Err(Error::Credentials(BAD_CREDENTIAL_SCOPE));
        }
        let payload = Payload {
            host,
            access_key_id: key.access_key_id(),
            region,
            time: key.time()?,
            expires: MAX_EXPIRES,
            session_token: key.session_token()?,
        };
        let signature = payload.sign(key.secret_access_key());
        let message = payload.spell(key.user_agent(), &signature);
        Ok(Self { state: State::ExpectStart(Response::new(message)) })
    }

    fn hear(&mut self, message: &[u8]) -> Result<ClientTurn, Error> {
        let object = Object::parse(message).map_err(Error::Peer)?;
        object.check_response().map_err(Error::Peer)?;
        self.state = State::ExpectSuccess;
        Ok(ClientTurn::Respond(Response::empty()))
    }
}

impl ClientMechanism for MskClient {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_response(&mut self) -> Option<Response> {
        let State::ExpectStart(message) = mem::take(&mut self.state) else { return None };
        self.state = State::ExpectResponse;
        Some(message)
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectResponse, Heard::Message(it)) => self.hear(it),
            (State::ExpectSuccess, Heard::Message(_)) => {
                Err(Error::Peer(Reason::UnexpectedChallenge))
            }
            _ => Err(Misuse::OutOfTurn.into()),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match mem::take(&mut self.state) {
            State::ExpectSuccess => Ok(Conclusion::unproven()),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}
