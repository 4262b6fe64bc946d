//! LOGIN (draft-murchison-sasl-login-00): the server asks for the name, then for the password.
//!
//! ```text
//!   S: prompt          in the wild: "Username:", "User Name" NUL, other languages, or nothing
//!   C: name
//!   S: prompt
//!   C: password
//! ```

use alloc::boxed::Box;
use core::{fmt, mem};

use crate::{
    credentials::Key,
    error::{Error, Failure, Misuse, Reason},
    identity::AuthenticationId,
    mechanism::{
        ActiveAttacks, Binds, ClientContext, ClientMechanism, ClientTurn, Conclusion, Exposure,
        ForwardSecrecy, Heard, Mechanism, Needs, Properties, ServerContext, ServerMechanism,
        ServerProof, ServerTurn, Side, Standing,
    },
    message::{Challenge, Proven, Response},
    name::MechanismName,
    preparation::Preparation,
    query::{Answer, ClientAnswer, Query, VerifyPassword},
    secret::Password,
};

/// LOGIN, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Server,
        exposure: Exposure::Everything,
        needs: Needs::Password,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Current,
        reference: "draft-murchison-sasl-login",
    },
    client: |context| Ok(Box::new(LoginClient::new(context)?)),
    server: |context| Box::new(LoginServer::new(context)),
};

const NAME: MechanismName = MechanismName::new("LOGIN");

/// What the server says before each answer: what clients in the wild look for.
const PROMPTS: [&[u8]; 2] = [b"Username:", b"Password:"];

/// The longest field, in octets.
const MAX_FIELD: usize = 1024;

/// The client's half: two answers, the name first, unless a prompt clearly asks for the other one.
pub struct LoginClient {
    name: Option<Response>,
    password: Option<Response>,
}

impl LoginClient {
    fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        let credentials = context.credentials;
        let (Some(name), Key::Password(password)) =
            (&credentials.authentication_id, &credentials.key)
        else {
            return Err(Error::Credentials(Reason::NoCredentials));
        };
        let preparation = context.rules.preparation;
        let name = prepare_name(preparation, name.as_str()).map_err(Error::Credentials)?;
        let password =
            prepare_password(preparation, password.expose()).map_err(Error::Credentials)?;
        Ok(Self {
            name: Some(Response::new(name.as_str())),
            password: Some(Response::new(password.expose())),
        })
    }

    fn answer(&mut self, prompt: &[u8]) -> Result<ClientTurn, Error> {
        let answer = match Asked::of(prompt) {
            Asked::Name => self.name.take(),
            Asked::Password => self.password.take(),
            Asked::Next => self.name.take().or_else(|| self.password.take()),
        };
        answer.map(ClientTurn::Respond).ok_or(Error::Peer(Reason::UnexpectedChallenge))
    }
}

impl ClientMechanism for LoginClient {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match heard {
            Heard::Message(it) => self.answer(it),
            Heard::Answer(_) => Err(Misuse::NothingAsked.into()),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match (&self.name, &self.password) {
            (None, None) => Ok(Conclusion::unproven()),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

/// What a prompt asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Name,
    Password,
    /// Whatever comes next: the prompt is empty, in another language, or says both words.
    Next,
}

impl Asked {
    fn of(prompt: &[u8]) -> Self {
        let says = |word: &[u8]| prompt.windows(word.len()).any(|it| it.eq_ignore_ascii_case(word));
        match (says(b"user"), says(b"pass")) {
            (true, false) => Self::Name,
            (false, true) => Self::Password,
            _ => Self::Next,
        }
    }
}

/// The server's half: two answers, then the store's verdict.
pub struct LoginServer {
    preparation: Preparation,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectName,
    ExpectPassword(AuthenticationId),
    ExpectVerdict,
}

impl LoginServer {
    /// A server that prepares what it hears as the rules say.
    pub fn new(context: &ServerContext<'_>) -> Self {
        Self { preparation: context.rules.preparation, state: State::ExpectName }
    }

    fn hear_name(&mut self, field: &[u8]) -> Result<ServerTurn, Failure> {
        let name = text(field).and_then(|text| prepare_name(self.preparation, text));
        self.state = State::ExpectPassword(name.map_err(failure)?);
        let [_, prompt] = PROMPTS;
        Ok(ServerTurn::Challenge(Challenge::new(prompt)))
    }

    fn ask(&mut self, name: AuthenticationId, field: &[u8]) -> Result<ServerTurn, Failure> {
        let password = text(field).and_then(|text| prepare_password(self.preparation, text));
        self.state = State::ExpectVerdict;
        let query = VerifyPassword::new(name, password.map_err(failure)?);
        Ok(ServerTurn::Ask(Query::VerifyPassword(query)))
    }
}

impl ServerMechanism for LoginServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_challenge(&mut self) -> Option<Challenge> {
        let [prompt, _] = PROMPTS;
        Some(Challenge::new(prompt))
    }

    /// Many clients send the name at once.
    fn takes_initial_response(&self) -> bool {
        true
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectName, Heard::Message(it)) => self.hear_name(it),
            (State::ExpectPassword(name), Heard::Message(it)) => self.ask(name, it),
            (State::ExpectVerdict, Heard::Answer(it)) => {
                Ok(ServerTurn::Proven(Proven::from(it.verified()?)))
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

fn failure(reason: Reason) -> Failure {
    match reason {
        Reason::AuthcidPrepFailed
        | Reason::AuthcidPrepEmpty
        | Reason::PasswordPrepFailed
        | Reason::PasswordPrepEmpty => Failure::credentials(reason),
        _ => Failure::malformed(reason),
    }
}

/// A field as the client says it. Some copy the NUL that ends the draft's prompts: one is dropped.
fn text(field: &[u8]) -> Result<&str, Reason> {
    if field.len() > MAX_FIELD {
        return Err(Reason::FieldTooLong);
    }
    let field = field.strip_suffix(b"\0").unwrap_or(field);
    if field.contains(&0) {
        return Err(Reason::NulInField);
    }
    core::str::from_utf8(field).map_err(|_| Reason::InvalidUtf8)
}

fn prepare_name(preparation: Preparation, name: &str) -> Result<AuthenticationId, Reason> {
    check(name, Reason::EmptyUsername)?;
    preparation.name(name)
}

fn prepare_password(preparation: Preparation, password: &str) -> Result<Password, Reason> {
    check(password, Reason::EmptyPassword)?;
    preparation.password(password)
}

fn check(field: &str, empty: Reason) -> Result<(), Reason> {
    match field.len() {
        0 => Err(empty),
        1..=MAX_FIELD if field.contains('\0') => Err(Reason::NulInField),
        1..=MAX_FIELD => Ok(()),
        _ => Err(Reason::FieldTooLong),
    }
}

impl fmt::Debug for LoginClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginClient")
    }
}

impl fmt::Debug for LoginServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginServer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_of_the_wild() {
        for prompt in ["Username:", "User Name\0", "username", "USER:", "Enter user name please"] {
            assert_eq!(Asked::of(prompt.as_bytes()), Asked::Name, "{prompt}");
        }
        for prompt in ["Password:", "Password\0", "passwort", "PASSWORD"] {
            assert_eq!(Asked::of(prompt.as_bytes()), Asked::Password, "{prompt}");
        }
        for prompt in ["", "Benutzername", "Kennwort", "Username and password", "\u{30e6}"] {
            assert_eq!(Asked::of(prompt.as_bytes()), Asked::Next, "{prompt}");
        }
    }
}
