//! An HTTP/1.1 client, as far as authentication: a request for each message of an exchange, on one connection as long as
//! the server keeps it (RFC 9110 section 11, RFC 9112).
//!
//! The offer comes from the 401 to a first request without credentials. Nothing is tied to TLS: no scheme has room for it.

use aiosasl::{driver::Reply, message::ClientMessage, own_login, profile::Profile};

use crate::{
    WireClass, WireError,
    http::{
        self, AuthField, Framing, MAX_HEAD, ResponseHead, Scheme,
        client::{self, Exchange, Resource},
    },
    net::{
        Event, Offer, Options, Target,
        body::{Skipped, skip},
        opening::Opening,
        transport::Transport,
    },
    printable,
};

/// The most responses that say that the real one is still to come (RFC 9110 section 15.2).
const MAX_INTERIM: usize = 8;

/// A connection to an HTTP server, and the way to another one where the server hangs up between two requests.
pub(super) struct Client {
    transport: Transport,
    target: Target,
    options: Options,
    resource: Resource,
    offer: Offer,
    /// What the server asked for.
    challenges: Vec<AuthField>,
    exchange: Option<Exchange>,
    /// Whether another request can go over this connection.
    is_open: bool,
    last: Vec<u8>,
}

impl super::Client for Client {
    async fn say(&mut self, message: &ClientMessage) -> Result<Reply, WireError> {
        if let ClientMessage::Authenticate { mechanism, .. } = message {
            self.exchange = Some(Exchange::new(*mechanism, &self.challenges));
        }
        if *message == ClientMessage::Abort {
            // There is no word for it: whoever does not go on has given up.
            self.exchange = None;
            return Ok(Reply::Failure);
        }
        let exchange = self.exchange.as_ref();
        let exchange = exchange.ok_or_else(|| WireError::protocol("nothing has begun"))?;
        let credentials = exchange.credentials(message)?;
        let response = self.ask(Some(&credentials)).await?;
        match &mut self.exchange {
            Some(exchange) => exchange.hear(&response),
            None => Err(WireError::protocol("nothing has begun")),
        }
    }

    async fn close(&mut self, _: bool) {
        self.transport.close().await;
    }

    fn offer(&self) -> &Offer {
        &self.offer
    }

    fn profile(&self) -> Profile {
        http::PROFILE
    }

    fn transport(&self) -> &Transport {
        &self.transport
    }

    fn transport_mut(&mut self) -> &mut Transport {
        &mut self.transport
    }

    fn into_transport(self) -> Transport {
        self.transport
    }

    /// The server's last status.
    fn last_words(&self) -> &[u8] {
        &self.last
    }
}

impl Client {
    /// Connects, and asks for the resource as nobody.
    pub(super) async fn open(opening: Opening<'_>) -> Result<Self, WireError> {
        let mut client = Self {
            transport: connect(opening).await?,
            target: opening.target.clone(),
            options: opening.options.clone(),
            resource: resource(opening)?,
            offer: Offer { initial_response: true, ..Offer::default() },
            challenges: Vec::new(),
            exchange: None,
            is_open: true,
            last: Vec::new(),
        };
        let response = client.ask(None).await?;
        let server = response.head.all("server").next().unwrap_or_default();
        client.offer.greeting = printable(server.as_bytes());
        opening.tell(Event::Greeting(&client.offer.greeting));
        client.challenges = client::offered(&response)?;
        client.read_offer();
        opening.tell_offer(&client.offer.mechanisms, &client.offer.capabilities);
        Ok(client)
    }

    /// What was asked for, as an offer: a protocol's own logins come last.
    fn read_offer(&mut self) {
        let offer = &mut self.offer;
        for challenge in &self.challenges {
            match Scheme::mechanism(&challenge.scheme) {
                Some(name) if !offer.mechanisms.contains(&name) => offer.mechanisms.push(name),
                Some(_) => {}
                None => offer.unreadable.push(printable(challenge.scheme.as_bytes())),
            }
            let realm = challenge.parameter("realm");
            if let Some(realm) = realm.filter(|it| !it.is_empty()) {
                let scheme = printable(challenge.scheme.as_bytes());
                offer.capabilities.push(format!("{scheme} realm={}", printable(realm.as_bytes())));
            }
        }
        let is_own = |name| own_login::ALL.iter().any(|own| own.name == name);
        offer.mechanisms.sort_by_key(|name| is_own(*name));
    }

    /// Sends a request, and reads the response up to where the next one would begin.
    async fn ask(&mut self, credentials: Option<&AuthField>) -> Result<ResponseHead, WireError> {
        if !self.is_open {
            let opening = Opening { target: &self.target, options: &self.options };
            self.transport.close().await;
            self.transport = connect(opening).await?;
        }
        // Until the response is read, nothing else can be asked here.
        self.is_open = false;
        self.transport.send(&client::request(&self.resource, credentials)).await?;
        let mut response = self.head().await?;
        let status = format!("{} {}", response.status, response.reason);
        self.last = status.into_bytes();
        let is_kept = response.head.keeps_alive(response.minor_version);
        match skip(&mut self.transport, Framing::of_response(&response)?).await? {
            Skipped::Whole(trailer) => {
                response.head.extend(trailer);
                self.is_open = is_kept;
            }
            Skipped::Open => {}
        }
        Ok(response)
    }

    async fn head(&mut self) -> Result<ResponseHead, WireError> {
        for _ in 0..MAX_INTERIM {
            let response = ResponseHead::parse(&self.transport.frame(http::measure).await?)?;
            match response.status {
                101 => break,
                100..=199 => {}
                _ => return Ok(response),
            }
        }
        Err(WireError::protocol("expected a response in HTTP/1.1"))
    }
}

async fn connect(opening: Opening<'_>) -> Result<Transport, WireError> {
    let mut transport = opening.connect(MAX_HEAD).await?;
    transport.forget_bindings();
    Ok(transport)
}

/// What is asked for (RFC 9112 section 3.2).
fn resource(opening: Opening<'_>) -> Result<Resource, WireError> {
    let Target { host, port, protocol, .. } = opening.target;
    let path = opening.target.path.as_deref().unwrap_or_default();
    if !path.bytes().chain(host.bytes()).all(|octet| octet.is_ascii_graphic()) {
        let text = "expected a host and a path of printable ASCII, percent-encoded";
        return Err(WireError::new(WireClass::Policy, text));
    }
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let usual =
        if opening.is_implicit() { protocol.implicit_tls_port() } else { protocol.default_port() };
    let host = if *port == usual { host } else { format!("{host}:{port}") };
    Ok(Resource { host, target: format!("/{path}") })
}
