//! The server's half of extensible SASL (XEP-0388).

use aiosasl::{
    encoding::decode,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
};
use zeroize::Zeroizing;

use super::{
    super::{
        Element, NS_BIND2, NS_FAST, NS_SASL, NS_SASL2,
        sasl2::{self, Bound, Request, Success},
        stream::escape,
    },
    condition,
};

/// A client's message, and what it asks for with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What it says in the exchange.
    pub message: ClientMessage,
    /// What it asks for: nothing, unless it starts the exchange.
    pub request: Request,
}

/// What an element says; `None` where it is none of such an exchange.
pub(super) fn hear(element: &Element) -> Option<Result<Said, FailureCode>> {
    if element.namespace != NS_SASL2 {
        return None;
    }
    let message = match element.name.as_str() {
        "authenticate" => return Some(authenticate(element)),
        "response" => octets(element).map(ClientMessage::Response),
        "abort" => Ok(ClientMessage::Abort),
        _ => return None,
    };
    Some(message.map(|message| Said { message, request: Request::default() }))
}

fn authenticate(element: &Element) -> Result<Said, FailureCode> {
    let name = element.attribute("mechanism").unwrap_or_default();
    let mechanism = MechanismName::parse(name).map_err(|_| FailureCode::MechanismUnknown)?;
    let initial_response = element.child(NS_SASL2, "initial-response").map(octets).transpose()?;
    let request = Request::read(element).ok_or(FailureCode::Malformed)?;
    Ok(Said { message: ClientMessage::Authenticate { mechanism, initial_response }, request })
}

fn octets(element: &Element) -> Result<Response, FailureCode> {
    if !element.children.is_empty() {
        return Err(FailureCode::Malformed);
    }
    decode(element.text.as_str()).map(Response::new).map_err(|_| FailureCode::BadEncoding)
}

/// The element of a challenge.
pub fn challenge(challenge: &Challenge) -> Zeroizing<String> {
    sasl2::element("challenge", NS_SASL2, challenge.as_bytes())
}

/// The element that names the tasks of a client whose mechanism has succeeded.
pub fn more(additional_data: Option<&Challenge>, tasks: &[&str]) -> Zeroizing<String> {
    let data = additional_data.map(|it| sasl2::element("additional-data", "", it.as_bytes()));
    let tasks = tasks.iter().map(|it| ["<task>".to_owned(), escape(it), "</task>".to_owned()]);
    let tasks: String = tasks.flatten().collect();
    let begin = format!("<continue xmlns='{NS_SASL2}'>");
    let data = data.as_ref().map_or("", |it| it.as_str());
    Zeroizing::new([&begin, data, "<tasks>", &tasks, "</tasks></continue>"].concat())
}

/// The element of a success; the features follow it.
pub fn success(success: &Success) -> Zeroizing<String> {
    let data = success.additional_data.as_ref();
    let data = data.map(|it| sasl2::element("additional-data", "", it.as_bytes()));
    let identifier = escape(&success.authorization_identifier);
    let bound = match success.bound {
        Bound::Nothing => String::new(),
        Bound::Resource => format!("<bound xmlns='{NS_BIND2}'/>"),
    };
    let token = success.token.as_ref().map(|it| {
        let token = Zeroizing::new(String::from_utf8_lossy(it.token.expose()).into_owned());
        let (token, expiry) = (Zeroizing::new(escape(&token)), escape(&it.expiry));
        let begin = format!("<token xmlns='{NS_FAST}' expiry='{expiry}' token='");
        Zeroizing::new([&begin, token.as_str(), "'/>"].concat())
    });
    let begin = format!("<success xmlns='{NS_SASL2}'>");
    // Joined at once: a text that grows would leave parts of a secret behind.
    Zeroizing::new(
        [
            begin.as_str(),
            data.as_ref().map_or("", |it| it.as_str()),
            "<authorization-identifier>",
            &identifier,
            "</authorization-identifier>",
            &bound,
            token.as_ref().map_or("", |it| it.as_str()),
            "</success>",
        ]
        .concat(),
    )
}

/// The element of a failure: what the client may know, and no more.
pub fn failure(code: FailureCode) -> String {
    let condition = condition(code);
    format!("<failure xmlns='{NS_SASL2}'><{condition} xmlns='{NS_SASL}'/></failure>")
}
