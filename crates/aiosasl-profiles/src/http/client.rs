//! The client's half of HTTP: a request for every message of an exchange, and what the response to it means.

use aiosasl::{
    driver::Reply,
    encoding::{decode, encode},
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
    own_login,
    secret::Secret,
};
use zeroize::Zeroizing;

use super::{
    AuthField, Form, ResponseHead, Scheme,
    field::{is_token68, reserve},
    head::header,
};
use crate::{WireClass, WireError, frame::Frame, printable};

/// What is asked for, and of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The value of `Host`: `example.org:8080`.
    pub host: String,
    /// What stands in the request line: `/path?query`.
    pub target: String,
}

/// An exchange on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The scheme, as the server wrote it.
    scheme: String,
    form: Form,
    /// The realm that the server named.
    realm: Option<Secret>,
    /// By what the server knows the exchange.
    sid: Option<Secret>,
}

impl Exchange {
    /// An exchange by this mechanism, which these challenges offer or don't.
    pub fn new(mechanism: MechanismName, challenges: &[AuthField]) -> Self {
        let named = challenges.iter().find(|it| Scheme::mechanism(&it.scheme) == Some(mechanism));
        let known = Scheme::of(mechanism);
        let name = known.map_or(mechanism.as_str(), |it| it.name);
        let realm = named.and_then(|it| it.parameters.iter().find(|(name, _)| name == "realm"));
        Self {
            scheme: named.map_or(name, |it| it.scheme.as_str()).to_owned(),
            form: known.map_or(Form::Data, |it| it.form),
            realm: realm.map(|(_, value)| value.clone()),
            sid: None,
        }
    }

    /// The credentials that carry a message.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the scheme can't carry it: a colon in a name, a token of other characters.
    pub fn credentials(&self, message: &ClientMessage) -> Result<AuthField, WireError> {
        let field = AuthField::new(self.scheme.as_str());
        let (is_first, octets) = match message {
            ClientMessage::Authenticate { initial_response, .. } => {
                (true, initial_response.as_ref())
            }
            ClientMessage::Response(response) => (false, Some(response)),
            ClientMessage::Abort => {
                return Err(WireError::protocol("HTTP has no word for giving up"));
            }
        };
        let message = octets.map_or(&[][..], Response::as_bytes);
        match self.form {
            Form::Basic => Ok(field.with_token(basic(message)?)),
            Form::Bearer if !message.is_empty() && message.iter().all(|it| is_token68(*it)) => {
                Ok(field.with_token(message))
            }
            Form::Bearer => Err(unusable("a token of letters, digits and -._~+/=")),
            Form::Token if octets.is_some() => Ok(field.with_token(encode(message))),
            Form::Token => Ok(field),
            Form::Data => {
                let mut field = field;
                // Only in the first message (RFC 7804 section 5); sid in all others.
                if let Some(realm) = self.realm.as_ref().filter(|_| is_first) {
                    field = field.with("realm", realm.clone());
                }
                if let Some(sid) = self.sid.as_ref().filter(|_| !is_first) {
                    field = field.with("sid", sid.clone());
                }
                Ok(if octets.is_some() { field.with("data", encode(message)) } else { field })
            }
        }
    }

    /// What a response says in the exchange.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the server refuses, or says what it may not.
    pub fn hear(&mut self, response: &ResponseHead) -> Result<Reply, WireError> {
        let challenges = response.challenges();
        let ours = challenges.iter().find(|it| it.scheme.eq_ignore_ascii_case(&self.scheme));
        if response.status == 401 {
            return match ours.and_then(|it| self.step(it).transpose()) {
                Some(step) => Ok(Reply::Challenge(step?)),
                None => Err(refusal(response, ours)),
            };
        }
        if let Some(class) = class(response.status) {
            return Err(told(class, response, ours));
        }
        let last = match self.form {
            Form::Data => match response.head.authentication_info()? {
                Some(info) => self.step(&info)?,
                None => None,
            },
            Form::Token => ours.map(|it| self.step(it)).transpose()?.flatten(),
            Form::Basic | Form::Bearer => None,
        };
        Ok(Reply::Success(last))
    }

    /// The message that a challenge carries, if it carries one; the `sid` must be the exchange's.
    fn step(&mut self, field: &AuthField) -> Result<Option<Challenge>, WireError> {
        let base64 = match self.form {
            Form::Token => field.token.clone(),
            Form::Data => {
                field.parameters.iter().find(|(it, _)| it == "data").map(|it| it.1.clone())
            }
            Form::Basic | Form::Bearer => None,
        };
        let Some(base64) = base64 else { return Ok(None) };
        if self.form == Form::Data {
            let sid = field.parameters.iter().find(|(it, _)| it == "sid").map(|it| it.1.clone());
            if self.sid.is_some() && self.sid != sid {
                return Err(WireError::protocol("expected the sid of this exchange"));
            }
            self.sid = sid;
        }
        let octets = decode(base64.expose())
            .map_err(|_| WireError::protocol("expected base64 in a challenge"))?;
        Ok(Some(Challenge::new(octets)))
    }
}

/// The head of a GET request, with credentials or without.
pub fn request(resource: &Resource, credentials: Option<&AuthField>) -> Frame {
    let mut out = Zeroizing::new(
        format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: aiosasl\r\nAccept: */*\r\nTE: trailers\r\n\
             Connection: TE\r\n",
            resource.target, resource.host
        )
        .into_bytes(),
    );
    if let Some(credentials) = credentials {
        let length = |it: &Option<Secret>| it.as_ref().map_or(0, Secret::len);
        let parameters: usize = credentials.parameters.iter().map(|it| 2 * it.1.len() + 64).sum();
        reserve(&mut out, length(&credentials.token) + parameters + 256);
        header(&mut out, "Authorization", credentials);
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// What the answer to a request without credentials offers: the challenges of a 401.
///
/// # Errors
///
/// A [`WireError`]; class [`Mechanism`](WireClass::Mechanism) where nobody is asked to log in.
pub fn offered(response: &ResponseHead) -> Result<Vec<AuthField>, WireError> {
    match response.status {
        401 => Ok(response.challenges()),
        200..=299 => Err(WireError {
            text: "the resource is open: it asks nobody to log in".to_owned(),
            ..told(WireClass::Mechanism, response, None)
        }),
        300..=399 => {
            let place = response.head.all("location").next().unwrap_or_default();
            let text = format!("the resource is elsewhere: {}", printable(place.as_bytes()));
            Err(WireError { text, ..told(WireClass::Protocol, response, None) })
        }
        status => Err(told(class(status).unwrap_or(WireClass::Protocol), response, None)),
    }
}

/// What a status means that is neither a success nor a question; `None` for the others, which tell somebody who is in what
/// became of the request.
fn class(status: u16) -> Option<WireClass> {
    match status {
        400 | 407 | 411 | 413 | 414 | 417 | 426 | 431 | 505 => Some(WireClass::Protocol),
        403 => Some(WireClass::Authorization),
        408 | 429 | 500..=599 => Some(WireClass::Temporary),
        _ => None,
    }
}

/// A 401 that goes on with nothing: the credentials are refused, or the scheme is none of the server's.
fn refusal(response: &ResponseHead, ours: Option<&AuthField>) -> WireError {
    let class = match ours {
        None => WireClass::Mechanism,
        Some(field) => match field.parameter("error").as_deref().map(String::as_str) {
            Some("insufficient_scope") => WireClass::Authorization,
            Some("invalid_request") => WireClass::Protocol,
            _ => WireClass::Credentials,
        },
    };
    told(class, response, ours)
}

fn told(class: WireClass, response: &ResponseHead, ours: Option<&AuthField>) -> WireError {
    let word = |name| ours.and_then(|it| it.parameter(name));
    let (error, description) = (word("error"), word("error_description"));
    let code = match &error {
        Some(error) => format!("{} {}", response.status, error.as_str()),
        None => response.status.to_string(),
    };
    let text = description.as_deref().map_or(response.reason.as_str(), String::as_str);
    WireError::told(class, code, text)
}

/// Name and password with a colon between them (RFC 7617 section 2).
fn basic(message: &[u8]) -> Result<Secret, WireError> {
    match own_login::split(message) {
        Some((name, _)) if name.contains(&b':') => Err(unusable("a name without a colon")),
        Some((name, password)) => {
            let joined = Secret::new([name, b":", password].concat());
            Ok(encode(joined.expose()).into())
        }
        None => Err(unusable("a name and a password")),
    }
}

fn unusable(what: &str) -> WireError {
    WireError::new(WireClass::Policy, format!("this scheme carries {what}, and nothing else"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> ResponseHead {
        ResponseHead::parse(format!("HTTP/1.1 {text}\r\n\r\n").as_bytes()).unwrap()
    }

    fn authenticate(mechanism: MechanismName, message: &[u8]) -> ClientMessage {
        let initial_response = Some(Response::new(message));
        ClientMessage::Authenticate { mechanism, initial_response }
    }

    fn written(exchange: &Exchange, message: &ClientMessage) -> String {
        let resource = Resource { host: "a".to_owned(), target: "/".to_owned() };
        let request = request(&resource, Some(&exchange.credentials(message).unwrap()));
        let request = String::from_utf8(request.to_vec()).unwrap();
        request.split_once("Authorization: ").unwrap().1.trim_end().to_owned()
    }

    #[test]
    fn an_exchange_in_parameters_keeps_realm_and_sid() {
        let challenges = head("401 No\r\nWWW-Authenticate: Scram-Sha-256 realm=\"a\"").challenges();
        let mechanism = Scheme::mechanism("scram-sha-256").unwrap();
        let mut exchange = Exchange::new(mechanism, &challenges);
        let first = authenticate(mechanism, b"n,,n=user,r=a");
        assert_eq!(
            written(&exchange, &first),
            "Scram-Sha-256 realm=\"a\", data=biwsbj11c2VyLHI9YQ=="
        );
        let answer = head("401 No\r\nWWW-Authenticate: SCRAM-SHA-256 sid=x, data=cj1hYg==");
        let reply = exchange.hear(&answer).unwrap();
        assert_eq!(reply, Reply::Challenge(Challenge::new(*b"r=ab")));
        let response = ClientMessage::Response(Response::new(*b"c=biws"));
        assert_eq!(written(&exchange, &response), "Scram-Sha-256 sid=x, data=Yz1iaXdz");
        let other = head("200 OK\r\nAuthentication-Info: sid=y, data=dj0=");
        assert_eq!(exchange.clone().hear(&other).unwrap_err().class, WireClass::Protocol);
        let good = head("200 OK\r\nAuthentication-Info: sid=x, data=dj0=");
        assert_eq!(exchange.hear(&good), Ok(Reply::Success(Some(Challenge::new(*b"v=")))));
        let bare = exchange.hear(&head("200 OK"));
        assert_eq!(bare, Ok(Reply::Success(None)), "the mechanism will not be content");
    }

    #[test]
    fn basic_is_a_name_and_a_password_in_base64() {
        // RFC 7617 section 2.
        let exchange = Exchange::new(own_login::PASSWORD.name, &[]);
        let message = authenticate(own_login::PASSWORD.name, b"Aladdin\0open sesame");
        assert_eq!(written(&exchange, &message), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        let colon = authenticate(own_login::PASSWORD.name, b"a:b\0c");
        assert!(exchange.credentials(&colon).is_err());
    }

    #[test]
    fn a_bearers_errors_tell_who_is_to_blame() {
        let mut exchange = Exchange::new(own_login::BEARER.name, &[]);
        let message = authenticate(own_login::BEARER.name, b"mF_9.B5f-4.1JqM");
        assert_eq!(written(&exchange, &message), "Bearer mF_9.B5f-4.1JqM");
        let mut class = |status: &str, error: &str| {
            let answer =
                format!("{status} No\r\nWWW-Authenticate: Bearer realm=\"a\", error=\"{error}\"");
            exchange.hear(&head(&answer)).unwrap_err().class
        };
        assert_eq!(class("401", "invalid_token"), WireClass::Credentials);
        assert_eq!(class("403", "insufficient_scope"), WireClass::Authorization);
        assert_eq!(class("400", "invalid_request"), WireClass::Protocol);
        assert_eq!(class("503", ""), WireClass::Temporary);
        let forged = authenticate(own_login::BEARER.name, b"a\r\nHost: b");
        assert!(exchange.credentials(&forged).is_err());
    }

    #[test]
    fn a_token_stands_where_parameters_would() {
        let mechanism = Scheme::find("Negotiate").unwrap().mechanism;
        let mut exchange = Exchange::new(mechanism, &[]);
        assert_eq!(written(&exchange, &authenticate(mechanism, b"abc")), "Negotiate YWJj");
        let more = exchange.hear(&head("401 No\r\nWWW-Authenticate: Negotiate YWJj"));
        assert_eq!(more, Ok(Reply::Challenge(Challenge::new(*b"abc"))));
        let good = exchange.hear(&head("200 OK\r\nWWW-Authenticate: Negotiate YWJj"));
        assert_eq!(good, Ok(Reply::Success(Some(Challenge::new(*b"abc")))));
        let refused = exchange.hear(&head("401 No\r\nWWW-Authenticate: Negotiate"));
        assert_eq!(refused.unwrap_err().class, WireClass::Credentials);
    }

    #[test]
    fn an_open_resource_is_no_login() {
        assert_eq!(offered(&head("200 OK")).unwrap_err().class, WireClass::Mechanism);
        let moved = offered(&head("301 Moved\r\nLocation: https://a/")).unwrap_err();
        assert_eq!(moved.class, WireClass::Protocol);
        assert_eq!(offered(&head("503 Later")).unwrap_err().class, WireClass::Temporary);
        assert_eq!(offered(&head("401 No\r\nWWW-Authenticate: A, B")).unwrap().len(), 2);
        let gone = Exchange::new(own_login::PASSWORD.name, &[]).hear(&head("404 Nothing"));
        assert_eq!(gone, Ok(Reply::Success(None)), "whoever hears that is in");
    }
}
