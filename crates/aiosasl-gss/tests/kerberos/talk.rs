//! Two exchanges, each with a provider of its own, and what came of them.

use aiosasl::{
    Authenticated, ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::{ChannelBinding, ClientBinding},
    credentials::Credentials,
    error::Error,
    layer::LayerRules,
    mechanism::{ClientContext, Mechanism, Offered, PlusOffer, Rules, ServerContext, Service},
    message::{ClientMessage, Outcome, Response, ServerMessage, Success},
    nonce::Nonce,
    query::{Authorization, ClientQuery, GssError, Query},
};
use aiosasl_gss::Provider;

/// Both ends, and what stands between them.
pub(crate) struct Ends {
    client: (Provider, Rules, Option<ChannelBinding>),
    server: (Provider, Rules, Option<ChannelBinding>),
    change: fn(&[u8]) -> Vec<u8>,
}

/// How it ended at both.
pub(crate) struct Met {
    pub(crate) client: Result<Authenticated, Error>,
    pub(crate) server: Option<Outcome>,
    /// What the client's provider failed with.
    pub(crate) told: Option<GssError>,
}

impl Ends {
    pub(crate) fn new(client: Provider, server: Provider) -> Self {
        let service = Some(Service::new("imap", "localhost"));
        let rules = Rules { service, ..Rules::default() };
        Self {
            client: (client, rules.clone(), None),
            server: (server, rules, None),
            change: <[u8]>::to_vec,
        }
    }

    pub(crate) fn with_layers(mut self, layers: LayerRules) -> Self {
        self.client.1.layers = layers;
        self.server.1.layers = layers;
        self
    }

    /// Both ends are this service.
    pub(crate) fn with_service(mut self, name: &str) -> Self {
        self.client.1.service = Some(Service::new(name, "localhost"));
        self.with_server_service(name)
    }

    pub(crate) fn with_server_service(mut self, name: &str) -> Self {
        self.server.1.service = Some(Service::new(name, "localhost"));
        self
    }

    /// The server's accounts are the principals of this realm.
    pub(crate) fn in_realm(mut self, realm: &str) -> Self {
        self.server.1.service = Some(Service::new("imap", "localhost").in_realms([realm]));
        self
    }

    pub(crate) fn on_channels(
        mut self,
        client: Option<ChannelBinding>,
        server: Option<ChannelBinding>,
    ) -> Self {
        self.client.2 = client;
        self.server.2 = server;
        self
    }

    /// Somebody changes the client's first message.
    pub(crate) fn changing_first(mut self, change: fn(&[u8]) -> Vec<u8>) -> Self {
        self.change = change;
        self
    }
}

/// Who came in, or why nobody did.
pub(crate) fn outcome(outcome: Option<Outcome>) -> Result<Success, &'static str> {
    match outcome {
        Some(Outcome::Success(success)) => Ok(success),
        Some(Outcome::Failure(failure)) => Err(failure.reason.as_str()),
        None => Err("nothing was said"),
    }
}

/// Lets both ends talk until the client has ended.
pub(crate) fn talk(mechanism: &Mechanism, ends: &Ends, credentials: &Credentials) -> Met {
    let nonce = || Nonce::new("0123456789abcdef").expect("printable");
    let (provider, rules, binding) = &ends.client;
    let context = ClientContext {
        credentials,
        binding: binding.clone().map_or(ClientBinding::Unsupported, ClientBinding::Bound),
        nonce: nonce(),
        rules: rules.clone(),
        offered: Offered::default(),
    };
    let mut client = ClientExchange::new((mechanism.client)(&context).expect("a client"));
    let (_, rules, binding) = &ends.server;
    let plus = if binding.is_some() { PlusOffer::Offered } else { PlusOffer::NotOffered };
    let context =
        ServerContext { nonce: nonce(), bindings: binding.as_slice(), plus, rules: rules.clone() };
    let mut server = ServerExchange::new((mechanism.server)(&context));
    let mut met = Met {
        client: Err(Error::Policy(aiosasl::error::Reason::Aborted)),
        server: None,
        told: None,
    };
    let mut step = client.start();
    loop {
        step = match step {
            Ok(ClientStep::Ask(ClientQuery::Gss(gss))) => {
                let reply = gss.initiate_with(provider);
                met.told = met.told.or(reply.error().cloned());
                client.answer(reply.into_client_answer())
            }
            Ok(ClientStep::Ask(query)) => panic!("{query:?}"),
            Ok(ClientStep::Send(message)) => {
                let heard = hear(&mut server, message, ends, &mut met.server);
                client.receive(heard)
            }
            Ok(ClientStep::Done(done)) => return Met { client: Ok(done), ..met },
            Err(error) => return Met { client: Err(error), ..met },
        };
    }
}

fn hear(
    server: &mut ServerExchange,
    message: ClientMessage,
    ends: &Ends,
    outcome: &mut Option<Outcome>,
) -> ServerMessage {
    let mut step = match message {
        ClientMessage::Authenticate { initial_response, .. } => {
            let first = initial_response.map(|it| Response::new((ends.change)(it.as_bytes())));
            server.start(first)
        }
        other => server.receive(other),
    };
    loop {
        step = match step.expect("in turn") {
            ServerStep::Ask(Query::Gss(gss)) => {
                server.answer(gss.accept_with(&ends.server.0).into_answer())
            }
            ServerStep::Ask(Query::Authorize(it)) => {
                server.answer(it.answer(Authorization::Granted))
            }
            ServerStep::Ask(query) => panic!("{query:?}"),
            ServerStep::Send(challenge) => return ServerMessage::Challenge(challenge),
            ServerStep::Done(mut done) => {
                let message = done.message();
                *outcome = Some(done);
                return message;
            }
        };
    }
}
