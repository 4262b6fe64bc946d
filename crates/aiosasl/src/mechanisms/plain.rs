//! PLAIN (RFC 4616): one message with the name and the password in it.
//!
//! ```text
//!   C: [authorization identity] NUL authentication identity NUL password
//! ```

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, mem};

use crate::{
    credentials::Key,
    error::{Error, Failure, Reason},
    identity::{AuthenticationId, AuthorizationId},
    mechanism::{
        ActiveAttacks, Binds, ClientContext, Exposure, ForwardSecrecy, Heard, Mechanism, Needs,
        Properties, ServerContext, ServerMechanism, ServerProof, ServerTurn, Side, Standing,
    },
    message::{Proven, Response},
    name::MechanismName,
    one_message::OneMessageClient,
    preparation::{MAX_FIELD, Preparation},
    query::{Answer, Query, VerifyPassword},
    secret::Password,
};

/// PLAIN, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Client,
        exposure: Exposure::Everything,
        needs: Needs::Password,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Current,
        reference: "RFC 4616",
    },
    client: |context| Ok(Box::new(OneMessageClient::new(NAME, client_message(context)?))),
    server: |context| Box::new(PlainServer::new(context)),
};

const NAME: MechanismName = MechanismName::new("PLAIN");

/// Prepares name and password (as query strings, RFC 4616 section 2) and makes the message.
///
/// # Errors
///
/// [`Error::Credentials`] where there is no name or password, or they are empty, too long, have a NUL, or
/// can't be prepared.
fn client_message(context: &ClientContext<'_>) -> Result<Response, Error> {
    let credentials = context.credentials;
    let (Some(authentication_id), Key::Password(password)) =
        (&credentials.authentication_id, &credentials.key)
    else {
        return Err(Error::Credentials(Reason::NoCredentials));
    };
    let authorization_id =
        credentials.authorization_id.as_ref().map_or("", AuthorizationId::as_str);
    let preparation = context.rules.preparation;
    let prepared = Fields::prepare(
        preparation,
        authorization_id,
        authentication_id.as_str(),
        password.expose(),
    );
    prepared.map(|fields| fields.spell()).map_err(Error::Credentials)
}

/// The server's half: the message, then the store's verdict.
pub struct PlainServer {
    preparation: Preparation,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectMessage,
    ExpectVerdict(Option<AuthorizationId>),
}

impl PlainServer {
    /// A server that prepares what it hears as the rules say.
    pub fn new(context: &ServerContext<'_>) -> Self {
        Self { preparation: context.rules.preparation, state: State::ExpectMessage }
    }

    fn ask(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        let fields = parse(self.preparation, message).map_err(|reason| match reason {
            Reason::AuthcidPrepFailed
            | Reason::AuthcidPrepEmpty
            | Reason::PasswordPrepFailed
            | Reason::PasswordPrepEmpty => Failure::credentials(reason),
            _ => Failure::malformed(reason),
        })?;
        self.state = State::ExpectVerdict(fields.authorization_id);
        Ok(ServerTurn::Ask(Query::VerifyPassword(VerifyPassword::new(
            fields.authentication_id,
            fields.password,
        ))))
    }
}

impl ServerMechanism for PlainServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectMessage, Heard::Message(it)) => self.ask(it),
            (State::ExpectVerdict(authorization_id), Heard::Answer(it)) => {
                Ok(ServerTurn::Proven(Proven { authorization_id, ..it.verified()?.into() }))
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

/// The three fields of the message, prepared.
struct Fields {
    authorization_id: Option<AuthorizationId>,
    authentication_id: AuthenticationId,
    password: Password,
}

impl Fields {
    fn prepare(
        preparation: Preparation,
        authorization_id: &str,
        authentication_id: &str,
        password: &str,
    ) -> Result<Self, Reason> {
        if authorization_id.len() > MAX_FIELD {
            return Err(Reason::FieldTooLong);
        }
        let (authentication_id, password) =
            preparation.name_and_password(authentication_id, password)?;
        let authorization_id = AuthorizationId::derived_if_empty(authorization_id)
            .map_err(|_| Reason::TooManyFields)?;
        Ok(Self { authorization_id, authentication_id, password })
    }

    fn spell(&self) -> Response {
        let authorization_id = self.authorization_id.as_ref().map_or("", AuthorizationId::as_str);
        let parts = [authorization_id, self.authentication_id.as_str(), self.password.expose()];
        let mut message = Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum());
        for part in parts {
            message.extend_from_slice(part.as_bytes());
            message.push(0);
        }
        message.pop();
        Response::new(message)
    }
}

fn parse(preparation: Preparation, message: &[u8]) -> Result<Fields, Reason> {
    let mut fields = message.split(|octet| *octet == 0);
    let (Some(authzid), Some(authcid), Some(passwd)) =
        (fields.next(), fields.next(), fields.next())
    else {
        return Err(Reason::TooFewFields);
    };
    if fields.next().is_some() {
        return Err(Reason::TooManyFields);
    }
    if [authzid, authcid, passwd].iter().any(|field| field.len() > MAX_FIELD) {
        return Err(Reason::FieldTooLong);
    }
    let text = |field| core::str::from_utf8(field).map_err(|_| Reason::InvalidUtf8);
    Fields::prepare(preparation, text(authzid)?, text(authcid)?, text(passwd)?)
}

impl fmt::Debug for PlainServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainServer")
    }
}
