//! The three messages of MONGODB-AWS, and the request that is signed.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use aiosasl::{
    encoding::{encode, hex},
    error::Reason,
    hash::Hash,
    secret::Secret,
};

use crate::{
    aws::{
        Timestamp, check_session_token, is_host,
        sigv4::{ALGORITHM, Scope, is_signature, parse_credential},
    },
    bson::{Document, Writer},
    reason::{
        BAD_ALGORITHM, BAD_CREDENTIAL_SCOPE, BAD_DATE, BAD_FLAG, BAD_HOST, BAD_SIGNATURE,
        BAD_SIGNED_HEADERS, NONCE_LENGTH,
    },
};

const SERVICE: &str = "sts";
const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
const HEADERS: &str =
    "content-length;content-type;host;x-amz-date;x-mongodb-gs2-cb-flag;x-mongodb-server-nonce";
const HEADERS_WITH_TOKEN: &str = "content-length;content-type;host;x-amz-date;x-amz-security-token;\
                                  x-mongodb-gs2-cb-flag;x-mongodb-server-nonce";

/// What a client says of channel bindings: `n`, it can't; `y`, it could, and believes that the server can't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flag {
    No,
    Yes,
}

impl Flag {
    fn letter(self) -> u8 {
        match self {
            Self::No => b'n',
            Self::Yes => b'y',
        }
    }
}

/// `{r, p}`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClientFirst {
    pub(crate) nonce: [u8; 32],
    pub(crate) flag: Flag,
}

impl ClientFirst {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, Reason> {
        let document = Document::parse(message)?;
        let nonce = document.binary("r")?.try_into().map_err(|_| NONCE_LENGTH)?;
        let flag = match document.int32("p")? {
            110 => Flag::No,
            121 => Flag::Yes,
            _ => return Err(BAD_FLAG),
        };
        Ok(Self { nonce, flag })
    }

    pub(crate) fn spell(&self) -> Vec<u8> {
        let flag = self.flag.letter().into();
        Writer::new().binary("r", &self.nonce).int32("p", flag).finish()
    }
}

/// `{s, h}`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ServerFirst<'a> {
    pub(crate) nonce: [u8; 64],
    pub(crate) host: &'a str,
}

impl<'a> ServerFirst<'a> {
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self, Reason> {
        let document = Document::parse(message)?;
        let nonce = document.binary("s")?.try_into().map_err(|_| NONCE_LENGTH)?;
        let host = Some(document.text("h")?).filter(|host| is_host(host)).ok_or(BAD_HOST)?;
        Ok(Self { nonce, host })
    }

    pub(crate) fn spell(&self) -> Vec<u8> {
        Writer::new().binary("s", &self.nonce).text("h", self.host).finish()
    }

    /// The host's second label, where it has one that is a region's.
    pub(crate) fn region(&self) -> &'a str {
        const DEFAULT: &str = "us-east-1";
        if self.host == "sts.amazonaws.com" {
            return DEFAULT;
        }
        self.host.split('.').nth(1).unwrap_or(DEFAULT)
    }
}

/// What the client signs.
pub(crate) struct Request<'a> {
    pub(crate) server: &'a ServerFirst<'a>,
    pub(crate) flag: Flag,
    pub(crate) time: Timestamp,
    pub(crate) session_token: Option<&'a str>,
}

impl Request<'_> {
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope { time: self.time, region: self.server.region(), service: SERVICE }
    }

    pub(crate) fn signed_headers(&self) -> &'static str {
        if self.session_token.is_some() { HEADERS_WITH_TOKEN } else { HEADERS }
    }

    pub(crate) fn sign(&self, secret_access_key: &Secret) -> String {
        let token = self.session_token.map(|it| format!("x-amz-security-token:{it}\n"));
        let request = format!(
            "POST\n/\n\ncontent-length:{}\ncontent-type:application/x-www-form-urlencoded\n\
             host:{}\nx-amz-date:{}\n{}x-mongodb-gs2-cb-flag:{}\nx-mongodb-server-nonce:{}\n\n\
             {}\n{}",
            BODY.len(),
            self.server.host,
            self.time,
            token.unwrap_or_default(),
            char::from(self.flag.letter()),
            encode(&self.server.nonce),
            self.signed_headers(),
            hex(Hash::Sha256.digest(BODY.as_bytes()).as_ref()),
        );
        self.scope().sign(secret_access_key, &request)
    }

    /// The client's second message.
    pub(crate) fn spell(&self, access_key_id: &str, signature: &str) -> Vec<u8> {
        let header = format!(
            "{ALGORITHM} Credential={access_key_id}/{}, SignedHeaders={}, Signature={signature}",
            self.scope(),
            self.signed_headers(),
        );
        let message = Writer::new().text("a", &header).text("d", &self.time.to_string());
        match self.session_token {
            Some(token) => message.text("t", token).finish(),
            None => message.finish(),
        }
    }
}

/// `{a, d, t}`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClientSecond<'a> {
    pub(crate) access_key_id: &'a str,
    pub(crate) region: &'a str,
    pub(crate) signature: &'a str,
    pub(crate) time: Timestamp,
    pub(crate) session_token: Option<&'a str>,
}

impl<'a> ClientSecond<'a> {
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self, Reason> {
        let document = Document::parse(message)?;
        let (credential, signed_headers, signature) = parse_header(document.text("a")?)?;
        let time = Timestamp::parse(document.text("d")?).ok_or(BAD_DATE)?;
        let session_token = document.maybe_text("t")?.map(check_session_token).transpose()?;
        let [access_key_id, date, region, service] =
            parse_credential(credential).ok_or(BAD_CREDENTIAL_SCOPE)?;
        if date != time.date() || service != SERVICE {
            return Err(BAD_CREDENTIAL_SCOPE);
        }
        let expected = if session_token.is_some() { HEADERS_WITH_TOKEN } else { HEADERS };
        if signed_headers != expected {
            return Err(BAD_SIGNED_HEADERS);
        }
        if !is_signature(signature) {
            return Err(BAD_SIGNATURE);
        }
        Ok(Self { access_key_id, region, signature, time, session_token })
    }
}

/// Credential, signed headers and signature; one comma and any spaces stand between them.
fn parse_header(header: &str) -> Result<(&str, &str, &str), Reason> {
    let rest = header.strip_prefix(ALGORITHM).and_then(|rest| rest.strip_prefix(' '));
    let mut parts = rest.ok_or(BAD_ALGORITHM)?.split(',').map(str::trim);
    let mut part = |name, otherwise| {
        let part: Option<&str> = parts.next();
        part.and_then(|part| part.strip_prefix(name)).ok_or(otherwise)
    };
    let credential = part("Credential=", BAD_CREDENTIAL_SCOPE)?;
    let signed_headers = part("SignedHeaders=", BAD_SIGNED_HEADERS)?;
    let signature = part("Signature=", BAD_SIGNATURE)?;
    Ok((credential, signed_headers, signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::BAD_SESSION_TOKEN;

    #[test]
    fn a_session_token_is_one_header() {
        let server = ServerFirst { nonce: [7; 64], host: "sts.amazonaws.com" };
        let time = Timestamp::parse("20191107T002607Z").expect("a time");
        let read = |token| {
            let request =
                Request { server: &server, flag: Flag::No, time, session_token: Some(token) };
            let message = request.spell("AKIDEXAMPLE", &"0".repeat(64));
            ClientSecond::parse(&message).map(|_| ())
        };
        assert_eq!(read("eraser"), Ok(()));
        assert_eq!(read("eraser\nx-mongodb-gs2-cb-flag:y"), Err(BAD_SESSION_TOKEN));
    }
}
