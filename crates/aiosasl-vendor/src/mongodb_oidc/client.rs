//! The client's half of MONGODB-OIDC: shows its token, or asks where to get one.

use alloc::{boxed::Box, string::ToString as _};
use core::mem;

use aiosasl::{
    credentials::Key,
    error::{Error, Misuse, Reason},
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    query::{ClientAnswer, ClientQuery, Question, Subject},
    secret::Secret,
};

use super::{
    NAME, TOKEN,
    message::{parse_provider, spell_jwt, spell_principal},
};
use crate::reason::EMPTY_TOKEN;

/// The client's half.
pub struct OidcClient {
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectStartWithToken(Secret),
    ExpectStart(Option<Box<str>>),
    ExpectProvider,
    ExpectToken,
    ExpectSuccess,
}

impl OidcClient {
    /// A client that shows the credentials' token; without a key, it says the authentication identity, where there is
    /// one, and asks ([`TOKEN`]) for a token of the provider that the server tells.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] where the key is neither a token nor none, or the token is empty or no text.
    pub fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        let credentials = context.credentials;
        let state = match &credentials.key {
            Key::Token(token) => {
                check_token(token)?;
                State::ExpectStartWithToken(token.clone())
            }
            Key::None => {
                let principal = credentials.authentication_id.as_ref();
                State::ExpectStart(principal.map(|it| it.as_str().into()))
            }
            _ => return Err(Error::Credentials(Reason::NoCredentials)),
        };
        Ok(Self { state })
    }

    fn ask(&mut self, message: &[u8]) -> Result<ClientTurn, Error> {
        let details = parse_provider(message).map_err(Error::Peer)?.to_string().into();
        self.state = State::ExpectToken;
        let question = Question::new(Subject::Foreign { what: TOKEN, details });
        Ok(ClientTurn::Ask(ClientQuery::Question(question)))
    }

    fn show(&mut self, token: &Secret) -> Result<ClientTurn, Error> {
        let message = spell_jwt(check_token(token)?);
        self.state = State::ExpectSuccess;
        Ok(ClientTurn::Respond(Response::new(message)))
    }
}

impl ClientMechanism for OidcClient {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_response(&mut self) -> Option<Response> {
        match mem::take(&mut self.state) {
            State::ExpectStartWithToken(token) => {
                self.state = State::ExpectSuccess;
                check_token(&token).ok().map(spell_jwt).map(Response::new)
            }
            State::ExpectStart(principal) => {
                self.state = State::ExpectProvider;
                Some(Response::new(spell_principal(principal.as_deref())))
            }
            _ => None,
        }
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectProvider, Heard::Message(it)) => self.ask(it),
            (State::ExpectToken, Heard::Answer(it)) => self.show(&it.text()?),
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

/// A token as BSON's text has it.
fn check_token(token: &Secret) -> Result<&str, Error> {
    let text = core::str::from_utf8(token.expose());
    let text = text.map_err(|_| Error::Credentials(Reason::InvalidUtf8))?;
    if text.is_empty() { Err(Error::Credentials(EMPTY_TOKEN)) } else { Ok(text) }
}
