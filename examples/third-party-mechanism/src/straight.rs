//! The client once more, in a straight line: what it says and hears stands in the order in which it happens.

use aiosasl::{
    driver::{
        AuthenticationReport, BoxFuture, CredentialProvider, SaslError, SaslMechanism,
        SaslStateMachine, Token,
    },
    error::{Error, Reason},
    mechanism::Properties,
    message::Response,
    name::MechanismName,
};

use crate::{NAME, PROPERTIES, client::message};

/// X-TOKEN with credentials from whoever has them.
#[derive(Debug)]
pub struct StraightToken<P> {
    credentials: P,
}

impl<P: CredentialProvider> StraightToken<P> {
    /// X-TOKEN with credentials from this provider.
    pub fn new(credentials: P) -> Self {
        Self { credentials }
    }

    async fn log_in(
        &self,
        state_machine: &mut SaslStateMachine,
    ) -> Result<AuthenticationReport, SaslError> {
        let credentials = self.credentials.credentials(NAME).await?;
        let (message, greeting) = message(&credentials)?;
        let heard = state_machine.initiate(NAME, Some(message)).await?.challenge()?;
        if *heard.as_bytes() != *greeting {
            return Err(Error::Peer(Reason::UnexpectedChallenge).into());
        }
        state_machine.response(Response::empty()).await?.success()?;
        Ok(AuthenticationReport::new(NAME))
    }
}

impl<P: CredentialProvider> SaslMechanism for StraightToken<P> {
    fn any_supported(&self, offered: &[MechanismName]) -> Option<Token> {
        offered.contains(&NAME).then(|| Token::new(NAME))
    }

    fn properties(&self, _: &Token) -> Properties {
        PROPERTIES
    }

    fn authenticate<'a>(
        &'a self,
        state_machine: &'a mut SaslStateMachine,
        _: Token,
    ) -> BoxFuture<'a, Result<AuthenticationReport, SaslError>> {
        Box::pin(self.log_in(state_machine))
    }
}
