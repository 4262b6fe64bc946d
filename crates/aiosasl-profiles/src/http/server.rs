//! The server's half of HTTP: what credentials say in an exchange, and the responses that go on with it or end it.

use aiosasl::{
    encoding::{decode, encode},
    error::FailureCode,
    message::{Challenge, Response},
    name::MechanismName,
    secret::Secret,
};

use super::{AuthField, Form, Scheme, head::header};
use crate::frame::Frame;

/// What credentials say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A message of an exchange by this mechanism: the first, or, with a `sid`, one of those that follow.
    Message {
        /// The mechanism.
        mechanism: MechanismName,
        /// By what the server knows the exchange.
        sid: Option<String>,
        /// The message.
        message: Response,
    },
    /// A name and a password.
    Password(Secret, Secret),
    /// A bearer's token.
    Token(Secret),
}

/// Reads credentials.
///
/// # Errors
///
/// [`FailureCode`]: why they say nothing.
pub fn hear(credentials: &AuthField) -> Result<Heard, FailureCode> {
    let scheme = Scheme::find(&credentials.scheme).ok_or(FailureCode::MechanismUnknown)?;
    let mechanism = scheme.mechanism;
    let token = credentials.token.as_ref().map(Secret::expose);
    let parameter = |name: &str| {
        let found = credentials.parameters.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value)
    };
    match scheme.form {
        Form::Basic => {
            let pair = base64(token.ok_or(FailureCode::Malformed)?)?;
            let colon = pair.expose().iter().position(|octet| *octet == b':');
            let colon = colon.ok_or(FailureCode::Malformed)?;
            let (name, password) = pair.expose().split_at(colon);
            let password = password.get(1..).unwrap_or_default();
            Ok(Heard::Password(Secret::new(name), Secret::new(password)))
        }
        Form::Bearer => Ok(Heard::Token(Secret::new(token.ok_or(FailureCode::Malformed)?))),
        Form::Token => {
            let message = message(token.ok_or(FailureCode::Malformed)?)?;
            Ok(Heard::Message { mechanism, sid: None, message })
        }
        Form::Data => {
            let message = message(parameter("data").ok_or(FailureCode::Malformed)?.expose())?;
            let sid = credentials.parameter("sid").map(|it| it.to_string());
            Ok(Heard::Message { mechanism, sid, message })
        }
    }
}

/// The field that carries a server's message in an exchange by this mechanism, known by this `sid`.
pub fn step(mechanism: MechanismName, sid: &str, message: &Challenge) -> AuthField {
    let base64 = encode(message.as_bytes());
    match Scheme::of(mechanism) {
        Some(scheme) if scheme.form == Form::Token => {
            AuthField::new(scheme.name).with_token(base64)
        }
        scheme => AuthField::new(scheme.map_or(mechanism.as_str(), |it| it.name))
            .with("sid", sid)
            .with("data", base64),
    }
}

/// What is on offer, one challenge for each mechanism that has a scheme; tokens are refused in words (RFC 6750 section 3).
pub fn challenges(
    mechanisms: impl IntoIterator<Item = MechanismName>,
    realm: &str,
    token_error: Option<&str>,
) -> Vec<AuthField> {
    let schemes = mechanisms.into_iter().filter_map(Scheme::of);
    schemes
        .map(|scheme| match (scheme.form, token_error) {
            (Form::Token, _) => AuthField::new(scheme.name),
            (Form::Basic, _) => {
                AuthField::new(scheme.name).with("realm", realm).with("charset", "UTF-8")
            }
            (Form::Bearer, Some(error)) => {
                AuthField::new(scheme.name).with("realm", realm).with("error", error)
            }
            (Form::Bearer | Form::Data, _) => AuthField::new(scheme.name).with("realm", realm),
        })
        .collect()
}

/// A response: its status, what it says about authentication, and a text. HTTP's word for what goes on is 401, with
/// challenges; a success is 200, with the mechanism's last words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The challenges.
    pub challenges: &'a [AuthField],
    /// The last words: in `Authentication-Info`, or where the scheme has them there, in a last challenge.
    pub last_words: Option<&'a AuthField>,
    /// The body.
    pub text: &'a str,
    /// Whether the body is sent, or only announced, as HEAD wants it.
    pub has_body: bool,
    /// Whether the connection goes on.
    pub keep_alive: bool,
}

impl Answer<'_> {
    /// The response's octets.
    pub fn to_octets(&self) -> Frame {
        let mut out =
            Frame::new(format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)).into());
        for challenge in self.challenges {
            header(&mut out, "WWW-Authenticate", challenge);
        }
        if let Some(words) = self.last_words {
            if words.token.is_some() {
                header(&mut out, "WWW-Authenticate", words);
            } else {
                out.extend_from_slice(b"Authentication-Info: ");
                super::field::write_parameters(&mut out, &words.parameters);
                out.extend_from_slice(b"\r\n");
            }
        }
        let connection = if self.keep_alive { "" } else { "Connection: close\r\n" };
        let rest = format!(
            "Cache-Control: no-store\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {}\r\n{connection}\r\n{}",
            self.text.len(),
            if self.has_body { self.text } else { "" },
        );
        out.extend_from_slice(rest.as_bytes());
        out
    }
}

/// The status of a failure.
pub fn status(code: FailureCode) -> u16 {
    match code {
        FailureCode::AuthorizationDenied
        | FailureCode::EncryptionRequired
        | FailureCode::MechanismTooWeak => 403,
        FailureCode::BadEncoding
        | FailureCode::Malformed
        | FailureCode::TooLarge
        | FailureCode::InitialResponseNotAllowed => 400,
        FailureCode::Temporary => 503,
        _ => 401,
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "",
    }
}

fn message(text: &[u8]) -> Result<Response, FailureCode> {
    Ok(Response::new(base64(text)?.expose()))
}

fn base64(text: &[u8]) -> Result<Secret, FailureCode> {
    decode(text).map(Secret::from).map_err(|_| FailureCode::BadEncoding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ResponseHead;

    fn heard(value: &str) -> Result<Heard, FailureCode> {
        hear(&AuthField::parse(value).unwrap())
    }

    #[test]
    fn credentials_are_read_by_their_scheme() {
        assert_eq!(
            heard("basic QWxhZGRpbjpvcGVuOnNlc2FtZQ=="),
            Ok(Heard::Password("Aladdin".into(), "open:sesame".into()))
        );
        assert_eq!(heard("bearer a.b"), Ok(Heard::Token("a.b".into())));
        let Ok(Heard::Message { sid, message, .. }) =
            heard("scram-sha-256 sid=x,data=\"Yz1iaXdz\"")
        else {
            panic!("expected a message");
        };
        assert_eq!((sid, message), (Some("x".into()), Response::new(*b"c=biws")));
        assert_eq!(heard("Basic QWxhZGRpbg=="), Err(FailureCode::Malformed));
        assert_eq!(heard("Basic QWxhZGRpb"), Err(FailureCode::BadEncoding));
        assert_eq!(heard("Basic realm=a"), Err(FailureCode::Malformed));
        assert_eq!(heard("Digest a=b"), Err(FailureCode::MechanismUnknown));
    }

    #[test]
    fn an_answer_is_a_response() {
        let mechanism = Scheme::ALL[0].mechanism;
        let offered = Scheme::ALL.iter().map(|it| it.mechanism);
        let challenges = challenges(offered, "example.org", Some("invalid_token"));
        let words = step(mechanism, "x", &Challenge::new(*b"v="));
        let answer = Answer {
            status: 401,
            challenges: &challenges,
            last_words: Some(&words),
            text: "no\n",
            has_body: true,
            keep_alive: false,
        };
        let octets = answer.to_octets();
        let head = ResponseHead::parse(&octets).unwrap();
        assert_eq!(head.challenges(), challenges);
        let info = head.head.authentication_info().unwrap().unwrap();
        assert_eq!(info.parameter("data").unwrap().as_str(), "dj0=");
        assert!(!head.head.keeps_alive(1));
        assert!(octets.ends_with(b"\r\n\r\nno\n"));
    }
}
