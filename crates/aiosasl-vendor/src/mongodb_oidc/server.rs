//! The server's half of MONGODB-OIDC: tells where tokens come from, and asks whose the token is.

use core::mem;

use aiosasl::{
    error::{Failure, FailureCode, Reason},
    identity::AuthorizationId,
    mechanism::{Heard, ServerMechanism, ServerTurn},
    message::{Challenge, Proven},
    name::MechanismName,
    query::{Answer, Query, Redirect, VerifyToken},
    secret::Secret,
};

use super::{
    IdentityProvider, NAME,
    message::{ClientMessage, spell_provider},
};
use crate::reason::MISSING_FIELD;

/// The longest principal's name, in octets.
const MAX_PRINCIPAL: usize = 1024;

/// The server's half: to a client without a token it says what the store answers to `Query::Redirect` (about the principal's
/// name, empty where there is none): an [`IdentityProvider`] as text. The principal is also what the token's query says to
/// be claimed, and proves nothing.
pub struct OidcServer {
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectMessage,
    ExpectProvider(Option<AuthorizationId>),
    ExpectJwt(Option<AuthorizationId>),
    ExpectVerdict,
}

impl OidcServer {
    /// A server that waits for either message.
    pub fn new() -> Self {
        Self { state: State::ExpectMessage }
    }

    fn begin(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        match ClientMessage::parse(message).map_err(Failure::malformed)? {
            ClientMessage::Jwt(token) => Ok(self.verify(token, None)),
            ClientMessage::Principal(principal) => {
                let principal = principal.unwrap_or_default();
                if principal.len() > MAX_PRINCIPAL {
                    return Err(Failure::malformed(Reason::FieldTooLong));
                }
                let claimed = AuthorizationId::derived_if_empty(principal)
                    .map_err(|_| Failure::malformed(Reason::NulInUsername))?;
                self.state = State::ExpectProvider(claimed);
                Ok(ServerTurn::Ask(Query::Redirect(Redirect::new(principal))))
            }
        }
    }

    fn tell(
        &mut self,
        claimed: Option<AuthorizationId>,
        answer: Answer,
    ) -> Result<ServerTurn, Failure> {
        let provider: Result<IdentityProvider, _> = answer.redirect()?.parse();
        let provider =
            provider.map_err(|_| Failure::new(FailureCode::Temporary, Reason::StoreUnavailable))?;
        self.state = State::ExpectJwt(claimed);
        Ok(ServerTurn::Challenge(Challenge::new(spell_provider(&provider))))
    }

    fn hear_jwt(
        &mut self,
        claimed: Option<AuthorizationId>,
        message: &[u8],
    ) -> Result<ServerTurn, Failure> {
        match ClientMessage::parse(message).map_err(Failure::malformed)? {
            ClientMessage::Jwt(token) => Ok(self.verify(token, claimed)),
            ClientMessage::Principal(_) => Err(Failure::malformed(MISSING_FIELD)),
        }
    }

    fn verify(&mut self, token: &str, claimed: Option<AuthorizationId>) -> ServerTurn {
        self.state = State::ExpectVerdict;
        let query = VerifyToken::new(Secret::from(token)).claiming(claimed);
        ServerTurn::Ask(Query::VerifyToken(query))
    }
}

impl Default for OidcServer {
    fn default() -> Self {
        Self::new()
    }
}

impl ServerMechanism for OidcServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectMessage, Heard::Message(it)) => self.begin(it),
            (State::ExpectProvider(claimed), Heard::Answer(it)) => self.tell(claimed, it),
            (State::ExpectJwt(claimed), Heard::Message(it)) => self.hear_jwt(claimed, it),
            (State::ExpectVerdict, Heard::Answer(it)) => {
                let identity = it.token()?.map_err(|refused| refused.failure)?;
                Ok(ServerTurn::Proven(Proven::from(identity)))
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}
