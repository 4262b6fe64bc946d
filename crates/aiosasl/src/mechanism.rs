//! The two traits that a mechanism implements, and the value that describes it.

use alloc::{boxed::Box, vec::Vec};
use core::ops::RangeInclusive;

use crate::{
    binding::{BindingKind, ChannelBinding, ClientBinding},
    credentials::{Credentials, Resumption},
    error::{Error, Failure},
    identity::AuthenticationId,
    layer::{LayerRules, SecurityLayer},
    message::{Challenge, Proven, Response},
    name::MechanismName,
    nonce::Nonce,
    preparation::Preparation,
    query::{Answer, ClientAnswer, ClientQuery, Query},
};

/// The client's half of a mechanism: it proves.
///
/// An exchange ([`ClientExchange`](crate::ClientExchange)) around it keeps the rules that hold for every mechanism.
pub trait ClientMechanism: Send {
    /// The mechanism's name.
    fn name(&self) -> MechanismName;

    /// What the client has to ask before it can say anything: its first message is its turn on the answer then, and
    /// [`initial_response`](Self::initial_response) is not called. Nothing, unless the mechanism says otherwise.
    fn initial_question(&mut self) -> Option<ClientQuery> {
        None
    }

    /// What the client says first, or `None` where the server speaks first.
    fn initial_response(&mut self) -> Option<Response> {
        None
    }

    /// Whether a server may speak before it has heard the initial response, which is of no use then: it only saves a
    /// message where the server knows the client. No, unless the mechanism says otherwise.
    fn initial_response_can_be_dropped(&self) -> bool {
        false
    }

    /// Takes what it heard, and has its turn.
    ///
    /// # Errors
    ///
    /// [`Error`] where the exchange can't go on; the mechanism is dead then.
    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error>;

    /// Says whether the server's success may be believed. No default: a mechanism in which the server must prove
    /// itself fails here until it has.
    ///
    /// # Errors
    ///
    /// [`Error`] where the success comes too early.
    fn conclude(&mut self) -> Result<Conclusion, Error>;
}

/// The server's half of a mechanism. It finds out who the client is; it does not decide.
pub trait ServerMechanism: Send {
    /// The mechanism's name.
    fn name(&self) -> MechanismName;

    /// What the server says first, or `None` where the client speaks first.
    fn initial_challenge(&mut self) -> Option<Challenge> {
        None
    }

    /// Whether the client may answer the first challenge before it has heard it: an initial response that is not empty
    /// takes its place. No, unless the mechanism says otherwise; of no meaning where the client speaks first.
    fn takes_initial_response(&self) -> bool {
        false
    }

    /// Takes what it heard, and has its turn.
    ///
    /// # Errors
    ///
    /// [`Failure`] where the client can't come in; the mechanism is dead then.
    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure>;
}

/// What a mechanism hears: the peer's message, or the answer to its own question.
#[derive(Debug)]
pub enum Heard<'a, A> {
    /// The peer's octets.
    Message(&'a [u8]),
    /// The caller's answer.
    Answer(A),
}

/// What a client's mechanism does in its turn.
#[derive(Debug)]
pub enum ClientTurn {
    /// Says this to the server. After its last message a mechanism says nothing: an empty response.
    Respond(Response),
    /// Asks the caller.
    Ask(ClientQuery),
    /// Says this to a server that has refused already and waits for a last word; the error is the end of the exchange,
    /// whatever the server answers.
    Concede {
        /// What the server waits for.
        last_words: Response,
        /// Why it is over.
        error: Error,
    },
}

/// What a server's mechanism does in its turn.
#[derive(Debug)]
pub enum ServerTurn {
    /// Says this to the client.
    Challenge(Challenge),
    /// Asks the caller.
    Ask(Query),
    /// Has found out who the client is.
    Proven(Proven),
}

/// What a client knows at the end.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Conclusion {
    /// Whether the server has proven that it knows the secret, too.
    pub server_verified: bool,
    /// The type of the channel binding that both ends agree on.
    pub channel_binding: Option<BindingKind>,
    /// The iteration count of the key derivation, where there was one.
    pub iterations: Option<u32>,
    /// What has to be put around all that follows.
    pub security_layer: Option<Box<dyn SecurityLayer>>,
    /// What an identity provider tells of the user, as the server's last words have it (RFC 6616 section 3.4).
    pub attributes: Option<Box<str>>,
    /// What makes the next login to the same server shorter.
    pub resumption: Option<Resumption>,
}

impl Conclusion {
    /// The mechanism is content; nothing was proven or negotiated beyond that.
    pub fn unproven() -> Self {
        Self::default()
    }
}

/// A mechanism as a value: its name, its properties, and the makers of its two halves.
#[derive(Debug, Clone, Copy)]
pub struct Mechanism {
    /// Its name.
    pub name: MechanismName,
    /// What is to be known before choosing it.
    pub properties: Properties,
    /// Makes the client's half.
    pub client: fn(&ClientContext<'_>) -> Result<Box<dyn ClientMechanism>, Error>,
    /// Makes the server's half.
    pub server: fn(&ServerContext<'_>) -> Box<dyn ServerMechanism>,
}

/// What is to be known of a mechanism before choosing it (RFC 4422 sections 5 and 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Properties {
    /// Who speaks first.
    pub first: Side,
    /// What somebody learns of the password who reads along, or plays the server.
    pub exposure: Exposure,
    /// What the client must have.
    pub needs: Needs,
    /// Whether the server proves itself.
    pub server_proof: ServerProof,
    /// Whether the exchange is tied to the channel.
    pub binds: Binds,
    /// How it stands an attacker who changes messages, or plays the server.
    pub active_attacks: ActiveAttacks,
    /// Whether what is said stays secret where the credentials become known later.
    pub forward_secrecy: ForwardSecrecy,
    /// The strongest security layer that it can put around what follows: 0 for none, 1 for integrity alone, else the
    /// bits of the key that keeps octets secret.
    pub layer_strength: u16,
    /// Whether it may be chosen without being named.
    pub standing: Standing,
    /// Where it is specified.
    pub reference: &'static str,
}

/// One end of the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that wants to come in.
    Client,
    /// The one that decides.
    Server,
}

/// What somebody learns of the password who reads along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exposure {
    /// Nothing.
    Nothing,
    /// Enough to try passwords at home.
    Guessable,
    /// All of it.
    Everything,
}

/// What a client must have for a mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// The wish to come in as nobody in particular.
    Anonymity,
    /// An identity that a lower layer has established.
    External,
    /// What only a mechanism from elsewhere knows: [`Key::Foreign`](crate::credentials::Key::Foreign), or the answer to a
    /// question of its own.
    Foreign,
    /// An identity provider that is visited in a browser.
    Visit,
    /// A private key.
    PrivateKey,
    /// A name and a password.
    Password,
    /// A code that a device shows, good for once.
    Passcode,
    /// Credentials that the system's GSS service has: a Kerberos ticket, a keytab.
    Ticket,
    /// A token of whatever kind.
    Token,
}

/// Whether the server proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerProof {
    /// It doesn't.
    None,
    /// It proves that it knows the secret, too.
    Mutual,
}

/// Whether an exchange is tied to its channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binds {
    /// It isn't.
    Nothing,
    /// It is: a -PLUS mechanism.
    Channel,
}

/// How an exchange stands an attacker who changes messages on their way, or plays the server, inside the mechanism alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActiveAttacks {
    /// Such an attacker comes in, or learns what helps to.
    Exposed,
    /// They are noticed.
    Resisted,
}

/// Whether an exchange that was recorded stays of no use to somebody who learns the credentials later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardSecrecy {
    /// It doesn't.
    None,
    /// It does.
    Kept,
}

/// Whether a mechanism may be chosen without being named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Current,
    /// It may not: it is there for old peers.
    Legacy,
}

/// What a client's half is made from: all that can be known at the start.
#[derive(Debug, Clone)]
pub struct ClientContext<'a> {
    /// Who logs in.
    pub credentials: &'a Credentials,
    /// How the exchange is tied to the channel, and what the server is told about it.
    pub binding: ClientBinding,
    /// A fresh nonce.
    pub nonce: Nonce,
    /// What this protocol or deployment rules.
    pub rules: Rules,
    /// What the server offered, as far as is known; the name of every mechanism, also of those we don't have.
    pub offered: Offered<'a>,
}

/// What a server offered on this connection, and in which TLS version: checked against what it says it
/// offered, where it does (XEP-0474, XEP-0515).
#[derive(Debug, Clone, Copy, Default)]
pub struct Offered<'a> {
    /// The mechanisms' names, in any order; empty where they are not known.
    pub mechanisms: &'a [MechanismName],
    /// The channel binding types that it can check (XEP-0440), where it says so.
    pub bindings: Option<&'a [BindingKind]>,
    /// The version of TLS as on the wire: 0x0304 is 1.3.
    pub tls_version: Option<u16>,
}

/// What a server's half is made from.
#[derive(Debug, Clone)]
pub struct ServerContext<'a> {
    /// A fresh nonce.
    pub nonce: Nonce,
    /// The channel bindings that this connection has.
    pub bindings: &'a [ChannelBinding],
    /// Whether and how -PLUS was offered on this connection.
    pub plus: PlusOffer,
    /// What this protocol or deployment rules.
    pub rules: Rules,
}

/// Whether a server offered -PLUS on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlusOffer {
    /// No: there are no binding data here.
    NotOffered,
    /// Yes, beside mechanisms without it.
    Offered,
    /// Yes, and nothing else will do.
    Required,
}

/// What a protocol or a deployment may want otherwise than the RFCs' defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How names and passwords are prepared.
    pub preparation: Preparation,
    /// The iteration counts that a client accepts; checked before any hashing.
    pub iterations: RangeInclusive<u32>,
    /// Where the user's name comes from.
    pub username: UsernameRule,
    /// What is wanted of security layers; none, unless the caller says that it looks after one.
    pub layers: LayerRules,
    /// The service that a client logs in to, or that a server is, for mechanisms that name it.
    pub service: Option<Service>,
}

/// A service on a host, as mechanisms name it: `imap` on `mail.example.org` (RFC 4422 section 4, item 1; RFC 2831
/// section 2.1.2; RFC 4752 section 3.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    /// Its registered GSSAPI service name: `imap`, `smtp`, `xmpp`, `ldap`.
    pub name: Box<str>,
    /// The host that a client was told to connect to; all names that a server answers to, its own first.
    pub hosts: Vec<Box<str>>,
    /// The name of the service itself, where several hosts share it: the third part of a `digest-uri`.
    pub shared_name: Option<Box<str>>,
    /// The realms in which a server knows accounts, the default one first; of a client, the one that it chooses.
    pub realms: Vec<Box<str>>,
}

impl Service {
    /// A service with this name on this host.
    pub fn new(name: impl Into<Box<str>>, host: impl Into<Box<str>>) -> Self {
        Self { name: name.into(), hosts: Vec::from([host.into()]), ..Self::default() }
    }

    /// The host, or a server's own first name.
    pub fn host(&self) -> &str {
        self.hosts.first().map_or("", |host| host)
    }

    /// The same, in these realms.
    pub fn in_realms(mut self, realms: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        self.realms = realms.into_iter().map(Into::into).collect();
        self
    }
}

impl Rules {
    /// From 4096 iterations (RFC 5802 section 5.1) to a million, so that no server can make a client work for hours.
    pub const ITERATIONS: RangeInclusive<u32> = 4096..=1_000_000;
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            preparation: Preparation::Strict,
            iterations: Self::ITERATIONS,
            username: UsernameRule::InMessage,
            layers: LayerRules::NONE,
            service: None,
        }
    }
}

/// Where the user's name comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsernameRule {
    /// It is in the mechanism's message.
    InMessage,
    /// The protocol said it before; the message leaves it empty, and whatever it says is ignored (PostgreSQL).
    FromProtocol(AuthenticationId),
}
