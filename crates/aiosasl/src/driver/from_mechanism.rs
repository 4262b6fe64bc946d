//! Any mechanism's value as an object to log in by.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;

use super::{
    AuthenticationReport, BoxFuture, ChannelBindingProvider, Connection, CredentialProvider,
    InSlices, QueryProvider, SaslError, SaslFailure, SaslMechanism, SaslStateMachine, Token, drive,
};
use crate::{
    binding::{ChannelBinding, ClientBinding},
    error::{Error, Reason},
    layer::LayerRules,
    mechanism::{
        ActiveAttacks, ClientContext, ForwardSecrecy, Mechanism, Needs, Offered, Properties, Rules,
    },
    mechanisms,
    name::MechanismName,
    nonce::Nonce,
    policy::{Channel, Policy},
};

/// One or more mechanisms, best first, with the credentials for them: ours, or a third party's.
///
/// # Example: whatever this build can do
///
/// ```
/// use aiosasl::{driver::FromMechanism, mechanism::Rules};
///
/// let all = FromMechanism::all(("user", "pencil"));
/// let mine = FromMechanism::new(aiosasl::mechanisms::plain::MECHANISM, ("user", "pencil"))
///     .rules(Rules::default());
/// # let _ = (all, mine);
/// ```
#[derive(Clone)]
pub struct FromMechanism {
    mechanisms: Arc<[Mechanism]>,
    credentials: Arc<dyn CredentialProvider>,
    channel_bindings: Option<Arc<dyn ChannelBindingProvider>>,
    queries: Arc<dyn QueryProvider>,
    rules: Rules,
    nonce_octets: usize,
    after_scram_plus: bool,
}

impl FromMechanism {
    /// One mechanism.
    pub fn new(mechanism: Mechanism, credentials: impl CredentialProvider + 'static) -> Self {
        Self::any_of([mechanism], credentials)
    }

    /// Several mechanisms, best first.
    pub fn any_of(
        mechanisms: impl IntoIterator<Item = Mechanism>,
        credentials: impl CredentialProvider + 'static,
    ) -> Self {
        Self {
            mechanisms: mechanisms.into_iter().collect(),
            credentials: Arc::new(credentials),
            channel_bindings: None,
            queries: Arc::new(InSlices::default()),
            rules: Rules::default(),
            nonce_octets: Nonce::DEFAULT_OCTETS,
            after_scram_plus: false,
        }
    }

    /// All mechanisms of this build that log in by what somebody knows, and may be chosen without being named.
    ///
    /// Not EXTERNAL, which is a refusal where no lower layer vouches for the client, not ANONYMOUS, which would come in as
    /// nobody where everything else fails, and nothing that takes a ticket, a device or a browser: who wants them names them.
    pub fn all(credentials: impl CredentialProvider + 'static) -> Self {
        let current = mechanisms::ALL
            .iter()
            .copied()
            .filter(|mechanism| Policy::chooses_by_itself(&mechanism.properties))
            .filter(|mechanism| {
                matches!(
                    mechanism.properties.needs,
                    Needs::Password | Needs::PrivateKey | Needs::Token
                )
            });
        Self::any_of(current, credentials)
    }

    /// With these rules.
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// With these channel bindings instead of those in [`Connection`].
    pub fn channel_bindings(mut self, provider: impl ChannelBindingProvider + 'static) -> Self {
        self.channel_bindings = Some(Arc::new(provider));
        self
    }

    /// With somebody else to answer what the mechanisms ask, such as key derivations.
    pub fn queries(mut self, provider: impl QueryProvider + 'static) -> Self {
        self.queries = Arc::new(provider);
        self
    }

    /// With nonces of that many random octets (1 to 768) instead of 18.
    pub fn nonce_length(mut self, octets: usize) -> Self {
        self.nonce_octets = octets;
        self
    }

    /// Accepts iteration counts below 4096, which make guessing cheap; the maximum stays.
    pub fn without_minimum_iteration_count(mut self) -> Self {
        self.rules.iterations = 1..=*self.rules.iterations.end();
        self
    }

    /// Tells the server that we could bind to the channel and believe that it can't (flag `y`), also where the bindings
    /// are not at hand here; refused with [`Reason::PlusOffered`] where it does offer a -PLUS mechanism.
    ///
    /// Without it, that is told where [`Connection`] or the provider has bindings and the server's offer is known.
    pub fn after_scram_plus(mut self) -> Self {
        self.after_scram_plus = true;
        self
    }

    fn find(&self, name: MechanismName) -> Option<&Mechanism> {
        self.mechanisms.iter().find(|mechanism| mechanism.name == name)
    }

    async fn attempt(
        &self,
        state_machine: &mut SaslStateMachine,
        token: Token,
    ) -> Result<AuthenticationReport, SaslError> {
        let name = token.mechanism();
        let mechanism = self.find(name).ok_or(Error::Policy(Reason::MechanismUnavailable))?;
        let kept = state_machine.kept();
        let connection = kept.connection();
        let offered = offered(&connection, &token);
        let own_bindings = match &self.channel_bindings {
            Some(provider) => Some(provider.channel_bindings().await?),
            None => None,
        };
        let bindings = own_bindings.as_deref().unwrap_or(connection.channel.bindings);
        let binding = self.binding(name, &offered, &connection, bindings)?;
        let nonce = Nonce::random_of(self.nonce_octets)
            .map_err(|error| SaslFailure::with_opaque("there is no nonce", error))?;
        let credentials = self.credentials.credentials(name).await?;
        let client = (mechanism.client)(&ClientContext {
            credentials: &credentials,
            binding,
            nonce,
            rules: self.rules_for(&connection),
            offered,
        })?;
        drive(state_machine, client, &*self.queries, &credentials).await
    }

    /// The rules, with layers as the connection's policy wants them: the caller looks after what it asks for there.
    fn rules_for(&self, connection: &Connection<'_>) -> Rules {
        let layers = connection.policy.layers(&connection.channel);
        let max_receive = self.rules.layers.max_receive;
        Rules { layers: LayerRules { max_receive, ..layers }, ..self.rules.clone() }
    }

    fn binding(
        &self,
        name: MechanismName,
        offered: &Offered<'_>,
        connection: &Connection<'_>,
        bindings: &[ChannelBinding],
    ) -> Result<ClientBinding, Error> {
        if self.after_scram_plus && name.has_plus_form() && !name.is_plus() {
            return Ok(ClientBinding::NotOffered);
        }
        let channel = Channel { bindings, ..connection.channel };
        connection.policy.client_binding(name, offered, &channel).map_err(Error::Policy)
    }
}

/// What the server offered, from the connection, or else from what the mechanism was picked from.
fn offered<'a>(connection: &Connection<'a>, token: &'a Token) -> Offered<'a> {
    let mut offered = connection.offered;
    if offered.mechanisms.is_empty() {
        offered.mechanisms = token.payload::<Vec<MechanismName>>().map_or(&[], Vec::as_slice);
    }
    offered
}

impl SaslMechanism for FromMechanism {
    fn any_supported(&self, offered: &[MechanismName]) -> Option<Token> {
        self.mechanisms
            .iter()
            .find(|mechanism| offered.contains(&mechanism.name))
            .map(|mechanism| Token::with_payload(mechanism.name, offered.to_vec()))
    }

    fn properties(&self, token: &Token) -> Properties {
        self.find(token.mechanism()).map_or(UNKNOWN, |mechanism| mechanism.properties)
    }

    fn renew(&self, refused: MechanismName) -> BoxFuture<'_, bool> {
        match self.find(refused) {
            Some(mechanism) if mechanism.properties.needs == Needs::Token => {
                self.credentials.renew(refused)
            }
            _ => Box::pin(async { false }),
        }
    }

    fn authenticate<'a>(
        &'a self,
        state_machine: &'a mut SaslStateMachine,
        token: Token,
    ) -> BoxFuture<'a, Result<AuthenticationReport, SaslError>> {
        Box::pin(self.attempt(state_machine, token))
    }
}

impl fmt::Debug for FromMechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.mechanisms.iter().map(|mechanism| mechanism.name);
        f.debug_list().entries(names).finish()
    }
}

/// Of another one's token nothing is known, and the worst is assumed.
const UNKNOWN: Properties = {
    use crate::mechanism::{Binds, Exposure, ServerProof, Side, Standing};
    Properties {
        first: Side::Client,
        exposure: Exposure::Everything,
        needs: Needs::Password,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Legacy,
        reference: "",
    }
};
