//! The client's half of SECURID: codes and PINs, which only the device's owner knows.

use core::{fmt, mem};

use super::{
    NAME,
    message::{self, Request},
};
use crate::{
    credentials::Key,
    error::{Error, Misuse, Reason},
    identity::{AuthenticationId, AuthorizationId},
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    query::{ClientAnswer, ClientQuery, Question, Subject},
    secret::Secret,
};

/// The client's half.
pub struct SecuridClient {
    authorization_id: Option<AuthorizationId>,
    authentication_id: AuthenticationId,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    /// The first code is known.
    ExpectStart(Response, Secret),
    /// It has to be asked for, and there is no asking before the server speaks.
    ExpectEmpty,
    ExpectPasscode,
    /// The code that was said last.
    ExpectPin(Secret),
    ExpectRequest(Secret),
}

impl SecuridClient {
    /// A client that says the key, where it is a password, as the first code, and asks for it where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] without a name, with another key, or with a code of other than 4 to 32 octets.
    pub fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        let credentials = context.credentials;
        let name = credentials.authentication_id.as_ref();
        let name = name.ok_or(Error::Credentials(Reason::NoCredentials))?;
        let name = context.rules.preparation.name(name.as_str()).map_err(Error::Credentials)?;
        let mut client = Self {
            authorization_id: credentials.authorization_id.clone(),
            authentication_id: name,
            state: State::ExpectEmpty,
        };
        match &credentials.key {
            Key::Password(passcode) => {
                let passcode = Secret::from(passcode.expose());
                client.state = State::ExpectStart(client.spell(&passcode, None)?, passcode);
            }
            Key::None => {}
            _ => return Err(Error::Credentials(Reason::NoCredentials)),
        }
        Ok(client)
    }

    fn begin(&mut self, message: &[u8]) -> Result<ClientTurn, Error> {
        if !message.is_empty() {
            return Err(Error::Peer(Reason::NotEmpty));
        }
        self.state = State::ExpectPasscode;
        Ok(ask(Subject::Passcode))
    }

    fn hear(&mut self, message: &[u8], last: Secret) -> Result<ClientTurn, Error> {
        match Request::parse(message).map_err(Error::Peer)? {
            Request::Passcode => {
                self.state = State::ExpectPasscode;
                Ok(ask(Subject::NextPasscode))
            }
            Request::Pin(suggested) => {
                self.state = State::ExpectPin(last);
                Ok(ask(Subject::NewPin { suggested }))
            }
        }
    }

    fn say(&mut self, passcode: Secret, pin: Option<&Secret>) -> Result<ClientTurn, Error> {
        let response = self.spell(&passcode, pin)?;
        self.state = State::ExpectRequest(passcode);
        Ok(ClientTurn::Respond(response))
    }

    fn spell(&self, passcode: &Secret, pin: Option<&Secret>) -> Result<Response, Error> {
        let other = self.authorization_id.as_ref();
        let message = message::spell(other, &self.authentication_id, passcode, pin);
        message.map(Response::new).map_err(Error::Credentials)
    }
}

fn ask(subject: Subject) -> ClientTurn {
    ClientTurn::Ask(ClientQuery::Question(Question::new(subject)))
}

impl ClientMechanism for SecuridClient {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_response(&mut self) -> Option<Response> {
        match mem::take(&mut self.state) {
            State::ExpectStart(first, passcode) => {
                self.state = State::ExpectRequest(passcode);
                Some(first)
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectEmpty, Heard::Message(it)) => self.begin(it),
            (State::ExpectPasscode, Heard::Answer(it)) => self.say(it.text()?, None),
            (State::ExpectPin(last), Heard::Answer(it)) => self.say(last, Some(&it.text()?)),
            (State::ExpectRequest(last), Heard::Message(it)) => self.hear(it, last),
            (_, Heard::Message(_)) => Err(Error::Peer(Reason::UnexpectedChallenge)),
            (_, Heard::Answer(_)) => Err(Misuse::NothingAsked.into()),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match mem::take(&mut self.state) {
            State::ExpectRequest(_) => Ok(Conclusion::unproven()),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

impl fmt::Debug for SecuridClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecuridClient")
    }
}
