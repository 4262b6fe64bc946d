//! What protocols have for logging in beside SASL, as mechanisms: so that policy, exchanges and stores know no second way in.
//!
//! ```text
//!   PASSWORD   C: authentication identity NUL password
//!   BEARER     C: token
//! ```
//!
//! None of it goes over a wire like this: a protocol spells it as its own command, header or packet, and offers it under
//! these names where its server has such a thing.

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, mem};

use crate::{
    credentials::Key,
    error::{Error, Failure, Reason},
    mechanism::{
        ActiveAttacks, Binds, ClientContext, Exposure, ForwardSecrecy, Heard, Mechanism, Needs,
        Properties, ServerContext, ServerMechanism, ServerProof, ServerTurn, Side, Standing,
    },
    message::{Proven, Response},
    name::MechanismName,
    one_message::OneMessageClient,
    password_command::PasswordCommand,
    preparation::Preparation,
    query::{Answer, Query, VerifyToken},
    secret::Secret,
};

/// A protocol's own command for a name and a password.
pub const PASSWORD: Mechanism = Mechanism {
    name: MechanismName::new("PASSWORD"),
    properties: properties(Needs::Password),
    client: |context| {
        Ok(Box::new(OneMessageClient::new(PASSWORD.name, name_and_password(context)?)))
    },
    server: |context| Box::new(PasswordServer::new(context)),
};

/// A protocol's own way to show a bearer token (RFC 6750).
pub const BEARER: Mechanism = Mechanism {
    name: MechanismName::new("BEARER"),
    properties: properties(Needs::Token),
    client: |context| Ok(Box::new(OneMessageClient::new(BEARER.name, token(context)?))),
    server: |_| Box::new(BearerServer::default()),
};

/// Both of them.
pub const ALL: [Mechanism; 2] = [PASSWORD, BEARER];

const fn properties(needs: Needs) -> Properties {
    Properties {
        first: Side::Client,
        exposure: Exposure::Everything,
        needs,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Current,
        reference: "the protocol's own",
    }
}

/// Takes the message of [`PASSWORD`] apart: the name and the password; `None` where it is none.
pub fn split(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let nul = message.iter().position(|octet| *octet == 0)?;
    Some((message.get(..nul)?, message.get(nul + 1..)?))
}

fn name_and_password(context: &ClientContext<'_>) -> Result<Response, Error> {
    let credentials = context.credentials;
    let (Some(name), Key::Password(password)) = (&credentials.authentication_id, &credentials.key)
    else {
        return Err(Error::Credentials(Reason::NoCredentials));
    };
    // There is no room for whom to act as.
    if credentials.authorization_id.is_some() {
        return Err(Error::Credentials(Reason::AuthzidNotCarried));
    }
    let (name, password) = context
        .rules
        .preparation
        .name_and_password(name.as_str(), password.expose())
        .map_err(Error::Credentials)?;
    Ok(Response::new([name.as_str(), password.expose()].join("\0")))
}

fn token(context: &ClientContext<'_>) -> Result<Response, Error> {
    match &context.credentials.key {
        Key::Token(token) if !token.is_empty() => Ok(Response::new(token.expose())),
        _ => Err(Error::Credentials(Reason::NoCredentials)),
    }
}

/// The server's half of [`PASSWORD`]: the message, then the store's verdict.
pub struct PasswordServer {
    preparation: Preparation,
    command: Option<PasswordCommand>,
}

impl PasswordServer {
    /// A server that prepares what it hears as the rules say.
    pub fn new(context: &ServerContext<'_>) -> Self {
        Self { preparation: context.rules.preparation, command: None }
    }
}

impl ServerMechanism for PasswordServer {
    fn name(&self) -> MechanismName {
        PASSWORD.name
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (&mut self.command, heard) {
            (Some(command), heard) => command.turn(heard),
            (none, Heard::Message(message)) => {
                let (name, password) =
                    split(message).ok_or(Failure::malformed(Reason::MissingNul))?;
                let password = Secret::from(Vec::from(password));
                let command = PasswordCommand::new(PASSWORD.name, self.preparation, name, password);
                none.insert(command).turn(Heard::Message(&[]))
            }
            (None, Heard::Answer(_)) => Err(Failure::OUT_OF_TURN),
        }
    }
}

impl fmt::Debug for PasswordServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordServer").finish_non_exhaustive()
    }
}

/// The server's half of [`BEARER`]: the token, then the store's verdict.
#[derive(Debug)]
pub struct BearerServer(State);

#[derive(Debug, Default)]
enum State {
    #[default]
    Dead,
    ExpectToken,
    ExpectVerdict,
}

impl Default for BearerServer {
    fn default() -> Self {
        Self(State::ExpectToken)
    }
}

impl ServerMechanism for BearerServer {
    fn name(&self) -> MechanismName {
        BEARER.name
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.0), heard) {
            (State::ExpectToken, Heard::Message(token)) => {
                self.0 = State::ExpectVerdict;
                let token = Secret::from(Vec::from(token));
                Ok(ServerTurn::Ask(Query::VerifyToken(VerifyToken::new(token))))
            }
            (State::ExpectVerdict, Heard::Answer(it)) => match it.token()? {
                Ok(identity) => Ok(ServerTurn::Proven(Proven::from(identity))),
                Err(refused) => Err(refused.failure),
            },
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ServerExchange, ServerStep,
        binding::ClientBinding,
        credentials::Credentials,
        identity::AuthorizationId,
        mechanism::{Offered, PlusOffer, Rules},
        message::Outcome,
        nonce::Nonce,
        query::{TokenVerdict, Verdict},
    };

    fn first(mechanism: &Mechanism, credentials: &Credentials) -> Result<Response, Error> {
        let context = ClientContext {
            credentials,
            binding: ClientBinding::Unsupported,
            nonce: Nonce::new("rOprNGfwEbeRWgbNEkqO").unwrap(),
            rules: Rules::default(),
            offered: Offered::default(),
        };
        let mut client = (mechanism.client)(&context)?;
        Ok(client.initial_response().unwrap())
    }

    fn context() -> ServerContext<'static> {
        ServerContext {
            nonce: Nonce::new("3rfcNHYJY1ZVvWVs7j").unwrap(),
            bindings: &[],
            plus: PlusOffer::NotOffered,
            rules: Rules::default(),
        }
    }

    #[test]
    fn a_name_and_a_password_are_prepared_and_asked_about() {
        let name = crate::identity::AuthenticationId::new("I\u{2177}").unwrap();
        let mut credentials = Credentials::password(name, "pencil");
        let message = first(&PASSWORD, &credentials).unwrap();
        assert_eq!(split(message.as_bytes()), Some((&b"Iviii"[..], &b"pencil"[..])));
        let half = (PASSWORD.server)(&context());
        let ServerStep::Ask(Query::VerifyPassword(query)) =
            ServerExchange::new(half).start(Some(message)).unwrap()
        else {
            panic!("expected a question about the password");
        };
        assert_eq!(query.authentication_id().as_str(), "Iviii");
        drop(query.answer(Verdict::Refused));
        credentials.authorization_id = Some(AuthorizationId::new("other").unwrap());
        let refused = first(&PASSWORD, &credentials).unwrap_err();
        assert_eq!(refused, Error::Credentials(Reason::AuthzidNotCarried));
    }

    #[test]
    fn a_token_is_shown_as_it_is_and_refused_without_a_word() {
        let mut credentials = Credentials::none();
        assert!(first(&BEARER, &credentials).is_err());
        credentials.key = Key::Token("abc".into());
        let message = first(&BEARER, &credentials).unwrap();
        assert_eq!(message.as_bytes(), b"abc");
        let mut exchange = ServerExchange::new((BEARER.server)(&context()));
        let ServerStep::Ask(Query::VerifyToken(query)) = exchange.start(Some(message)).unwrap()
        else {
            panic!("expected a question about the token");
        };
        let step = exchange.answer(query.answer(TokenVerdict::Refused)).unwrap();
        assert!(matches!(step, ServerStep::Done(Outcome::Failure(_))), "{step:?}");
    }
}
