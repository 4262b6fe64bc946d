//! Extensible SASL (XEP-0388) with what may ride on it: a resource (Bind 2, XEP-0386) and tokens (FAST, XEP-0484).
//!
//! No `=` stands for no octets here: an absent element is nothing, an empty one is no octets.

mod offer;

use aiosasl::{
    encoding::{decode, encode},
    message::{Challenge, ClientMessage, ServerMessage},
    name::MechanismName,
    secret::Secret,
};
use zeroize::Zeroizing;

use super::{Element, NS_BIND2, NS_FAST, NS_SASL2, sasl::Failure, stream::escape};
use crate::{WireError, printable};

pub use offer::{FastOffer, Inline, Offered};

/// The most names taken from one list of mechanisms or tasks.
const MAX_NAMES: usize = 512;

/// What a client asks for together with the exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// Which program on which device the client is: needed where tokens are.
    pub user_agent: Option<UserAgent>,
    /// A resource.
    pub bind: Option<Bind>,
    /// What is proven by the exchange is a token.
    pub fast: Option<Fast>,
    /// A token for later exchanges by this mechanism.
    pub wanted_token: Option<MechanismName>,
}

/// Which program on which device the client is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserAgent {
    /// The same as long as the program is installed, and nobody else's: a UUID of version 4.
    pub id: Option<String>,
    /// The program's name.
    pub software: Option<String>,
    /// The device's name.
    pub device: Option<String>,
}

/// A resource that is to be bound (XEP-0386).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bind {
    /// What its name should begin with.
    pub tag: Option<String>,
}

/// How a token is used (XEP-0484 section 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fast {
    /// How often it was used so far: needed where it is said before the server has said anything.
    pub count: Option<u64>,
    /// What is to become of it.
    pub token: TokenUse,
}

/// What is to become of a token that has been used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenUse {
    /// It is good for no further exchange.
    Invalidated,
    /// It stays good.
    #[default]
    Kept,
}

/// The element that says this message; the request is for the one that starts the exchange.
pub fn spell(message: &ClientMessage, request: &Request) -> Zeroizing<String> {
    match message {
        ClientMessage::Authenticate { mechanism, initial_response } => {
            let first = initial_response.as_ref();
            let first = first.map(|it| element("initial-response", "", it.as_bytes()));
            let begin = format!("<authenticate xmlns='{NS_SASL2}' mechanism='{mechanism}'>");
            let first = first.as_ref().map_or("", |it| it.as_str());
            // Joined at once: a text that grows would leave parts of a secret behind.
            Zeroizing::new([&begin, first, &request.spell(), "</authenticate>"].concat())
        }
        ClientMessage::Response(it) => element("response", NS_SASL2, it.as_bytes()),
        ClientMessage::Abort => Zeroizing::new(format!("<abort xmlns='{NS_SASL2}'/>")),
    }
}

/// The element by which a client takes a task that a server has named.
pub fn next(task: &str) -> String {
    format!("<next xmlns='{NS_SASL2}' task='{}'/>", escape(task))
}

/// An element with the base64 of these octets in it.
pub(super) fn element(name: &str, namespace: &str, octets: &[u8]) -> Zeroizing<String> {
    let namespace =
        if namespace.is_empty() { String::new() } else { format!(" xmlns='{namespace}'") };
    let token = Zeroizing::new(encode(octets));
    Zeroizing::new(if token.is_empty() {
        ["<", name, &namespace, "/>"].concat()
    } else {
        ["<", name, &namespace, ">", &token, "</", name, ">"].concat()
    })
}

impl Request {
    fn spell(&self) -> String {
        let agent = self.user_agent.as_ref().map(|UserAgent { id, software, device }| {
            let id = id.as_ref().map(|id| format!(" id='{}'", escape(id))).unwrap_or_default();
            let software = text("software", software.as_deref());
            let device = text("device", device.as_deref());
            format!("<user-agent{id}>{software}{device}</user-agent>")
        });
        let bind = self.bind.as_ref().map(|Bind { tag }| {
            format!("<bind xmlns='{NS_BIND2}'>{}</bind>", text("tag", tag.as_deref()))
        });
        let fast = self.fast.map(|Fast { count, token }| {
            let count = count.map(|it| format!(" count='{it}'")).unwrap_or_default();
            let invalidate = match token {
                TokenUse::Invalidated => " invalidate='true'",
                TokenUse::Kept => "",
            };
            format!("<fast xmlns='{NS_FAST}'{count}{invalidate}/>")
        });
        let wanted = self
            .wanted_token
            .map(|mechanism| format!("<request-token xmlns='{NS_FAST}' mechanism='{mechanism}'/>"));
        [agent, bind, fast, wanted].into_iter().flatten().collect()
    }

    /// Reads what stands beside a message; `None` where something of it makes no sense.
    pub(super) fn read(element: &Element) -> Option<Self> {
        let child_text =
            |of: &Element, namespace, name| of.child(namespace, name).map(|it| it.text.to_string());
        let user_agent = element.child(NS_SASL2, "user-agent").map(|it| UserAgent {
            id: it.attribute("id").map(str::to_owned),
            software: child_text(it, NS_SASL2, "software"),
            device: child_text(it, NS_SASL2, "device"),
        });
        let bind = element.child(NS_BIND2, "bind");
        let fast = match element.child(NS_FAST, "fast") {
            None => None,
            Some(it) => Some(Fast {
                count: it.attribute("count").map(str::parse).transpose().ok()?,
                token: match it.attribute("invalidate") {
                    Some("true" | "1") => TokenUse::Invalidated,
                    _ => TokenUse::Kept,
                },
            }),
        };
        let wanted_token = match element.child(NS_FAST, "request-token") {
            None => None,
            Some(it) => Some(MechanismName::parse(it.attribute("mechanism")?).ok()?),
        };
        let bind = bind.map(|it| Bind { tag: child_text(it, NS_BIND2, "tag") });
        Some(Self { user_agent, bind, fast, wanted_token })
    }
}

fn text(name: &str, text: Option<&str>) -> String {
    let text = text.map(|text| format!("<{name}>{}</{name}>", escape(text)));
    text.unwrap_or_default()
}

/// A server's answer in an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It wants a response.
    Challenge(Challenge),
    /// The mechanism is content, the server is not: there are tasks.
    Continue {
        /// The mechanism's last words: to be verified before anything else is done.
        additional_data: Option<Challenge>,
        /// The tasks, one of which is enough.
        tasks: Vec<String>,
    },
    /// It is not content.
    Failure(Failure),
    /// The client is in, and the stream goes on as it is.
    Success(Success),
}

/// What a server tells somebody who came in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Success {
    /// The mechanism's last words.
    pub additional_data: Option<Challenge>,
    /// Who the client is now: a JID, with a resource where one was bound.
    pub authorization_identifier: String,
    /// What became of the resource.
    pub bound: Bound,
    /// A token for later exchanges.
    pub token: Option<Token>,
}

/// Whether a resource was bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bound {
    /// None was.
    #[default]
    Nothing,
    /// One was; the identifier has it.
    Resource,
}

/// A token for later exchanges (XEP-0484 section 3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What is to be proven then.
    pub token: Secret,
    /// Until when it is good: a date and time of XEP-0082.
    pub expiry: String,
}

impl Answer {
    /// The same for an exchange, for which tasks are no matter: where the mechanism has succeeded, it has, though the
    /// client may not be in.
    pub fn message(&self) -> ServerMessage {
        match self {
            Self::Challenge(challenge) => ServerMessage::Challenge(challenge.clone()),
            Self::Continue { additional_data, .. }
            | Self::Success(Success { additional_data, .. }) => {
                ServerMessage::Success { additional_data: additional_data.clone() }
            }
            Self::Failure(failure) => ServerMessage::Failure(failure.code()),
        }
    }
}

/// What an element of the server's says, or `None` where it is none of such an exchange.
///
/// # Errors
///
/// [`WireError`] where something in it makes no sense.
pub(super) fn hear(element: &Element) -> Option<Result<Answer, WireError>> {
    if element.namespace != NS_SASL2 {
        return None;
    }
    match element.name.as_str() {
        "challenge" => Some(octets(element).map(Answer::Challenge)),
        "continue" => Some(tasks(element)),
        "failure" => Some(Ok(Answer::Failure(Failure::read_in(element, NS_SASL2)))),
        "success" => Some(success(element).map(Answer::Success)),
        _ => None,
    }
}

fn tasks(element: &Element) -> Result<Answer, WireError> {
    let tasks = element.child(NS_SASL2, "tasks");
    let tasks = tasks.into_iter().flat_map(|it| &it.children).filter(|it| it.is(NS_SASL2, "task"));
    let tasks = tasks.take(MAX_NAMES).map(|it| printable(it.text.as_bytes())).collect();
    Ok(Answer::Continue { additional_data: additional_data(element)?, tasks })
}

fn success(element: &Element) -> Result<Success, WireError> {
    let identifier = element.child(NS_SASL2, "authorization-identifier");
    let identifier = identifier.ok_or_else(|| WireError::protocol("expected who the client is"))?;
    let token = match element.child(NS_FAST, "token") {
        None => None,
        Some(it) => {
            let token = it.attribute("token").filter(|token| !token.is_empty());
            let token = token.ok_or_else(|| WireError::protocol("expected a token"))?;
            let expiry = it.attribute("expiry").unwrap_or_default().as_bytes();
            Some(Token { token: Secret::new(token), expiry: printable(expiry) })
        }
    };
    let bound = element.child(NS_BIND2, "bound").map_or(Bound::Nothing, |_| Bound::Resource);
    Ok(Success {
        additional_data: additional_data(element)?,
        authorization_identifier: identifier.text.to_string(),
        bound,
        token,
    })
}

fn additional_data(element: &Element) -> Result<Option<Challenge>, WireError> {
    element.child(NS_SASL2, "additional-data").map(octets).transpose()
}

fn octets(element: &Element) -> Result<Challenge, WireError> {
    if !element.children.is_empty() {
        return Err(WireError::protocol(format!("expected base64 in <{}/>", element.name)));
    }
    match decode(element.text.as_str()) {
        Ok(octets) => Ok(Challenge::new(octets)),
        Err(error) => Err(WireError::protocol(format!("in <{}/>: {error}", element.name))),
    }
}
