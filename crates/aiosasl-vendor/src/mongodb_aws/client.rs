//! The client's half of MONGODB-AWS: a nonce, then the signature over both nonces.

use core::mem;

use aiosasl::{
    error::{Error, Misuse, Reason},
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    query::ClientAnswer,
};

use super::{
    NAME, half_nonce,
    message::{ClientFirst, Flag, Request, ServerFirst},
};
use crate::{
    aws::{AwsCredentials, sigv4::is_word},
    reason::{BAD_CREDENTIAL_SCOPE, BAD_HOST},
};

/// The client's half.
pub struct MongoAwsClient {
    key: AwsCredentials,
    nonce: [u8; 32],
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectStart,
    ExpectServerFirst,
    ExpectSuccess,
}

impl MongoAwsClient {
    /// A client with [`AwsCredentials`]; the region comes from the host that the server says.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] where they are missing or can't be used.
    pub fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        let key = AwsCredentials::of(context.credentials)?.clone();
        key.session_token()?;
        if !is_word(key.access_key_id()) {
            return Err(Error::Credentials(BAD_CREDENTIAL_SCOPE));
        }
        let nonce = half_nonce(b"client", &context.nonce);
        Ok(Self { key, nonce, state: State::ExpectStart })
    }

    fn sign(&mut self, message: &[u8]) -> Result<ClientTurn, Error> {
        let server = ServerFirst::parse(message).map_err(Error::Peer)?;
        if !server.nonce.starts_with(&self.nonce) {
            return Err(Error::Peer(Reason::NonceMismatch));
        }
        if !is_word(server.region()) {
            return Err(Error::Peer(BAD_HOST));
        }
        let request = Request {
            server: &server,
            flag: Flag::No,
            time: self.key.time()?,
            session_token: self.key.session_token()?,
        };
        let signature = request.sign(self.key.secret_access_key());
        let message = request.spell(self.key.access_key_id(), &signature);
        self.state = State::ExpectSuccess;
        Ok(ClientTurn::Respond(Response::new(message)))
    }
}

impl ClientMechanism for MongoAwsClient {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_response(&mut self) -> Option<Response> {
        let State::ExpectStart = mem::take(&mut self.state) else { return None };
        self.state = State::ExpectServerFirst;
        let first = ClientFirst { nonce: self.nonce, flag: Flag::No };
        Some(Response::new(first.spell()))
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectServerFirst, Heard::Message(it)) => self.sign(it),
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
