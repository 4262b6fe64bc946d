//! The two messages of AWS_MSK_IAM, and the request that is signed.

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString as _},
};

use aiosasl::{encoding::hex, error::Reason, hash::Hash, secret::Secret};

use crate::{
    aws::{
        Timestamp, is_host,
        sigv4::{ALGORITHM, Scope, canonical_query, is_signature, parse_credential},
    },
    reason::{
        BAD_ACTION, BAD_ALGORITHM, BAD_CREDENTIAL_SCOPE, BAD_DATE, BAD_EXPIRES, BAD_HOST, BAD_JSON,
        BAD_SIGNATURE, BAD_SIGNED_HEADERS, BAD_VERSION, MISSING_FIELD,
    },
};

const VERSION: &str = "2020_10_22";
const ACTION: &str = "kafka-cluster:Connect";
const SERVICE: &str = "kafka-cluster";
const SIGNED_HEADERS: &str = "host";
/// The longest time for which a signature is good, in seconds: what AWS's own library asks for.
pub(super) const MAX_EXPIRES: u64 = 900;

/// What the signature is over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Payload<'a> {
    pub(super) host: &'a str,
    pub(super) access_key_id: &'a str,
    pub(super) region: &'a str,
    pub(super) time: Timestamp,
    /// Seconds.
    pub(super) expires: u64,
    pub(super) session_token: Option<&'a str>,
}

impl Payload<'_> {
    pub(super) fn sign(&self, secret_access_key: &Secret) -> String {
        let time = self.time.to_string();
        let expires = self.expires.to_string();
        let credential = self.credential();
        let before = [
            ("Action", ACTION),
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &*credential),
            ("X-Amz-Date", &*time),
            ("X-Amz-Expires", &*expires),
        ];
        let token = self.session_token.map(|token| ("X-Amz-Security-Token", token));
        let after = [("X-Amz-SignedHeaders", SIGNED_HEADERS)];
        let query = Secret::new(canonical_query(before.into_iter().chain(token).chain(after)));
        let query = text(&query);
        let no_body = hex(Hash::Sha256.digest(b"").as_ref());
        let request = format!("GET\n/\n{query}\nhost:{}\n\n{SIGNED_HEADERS}\n{no_body}", self.host);
        self.scope().sign(secret_access_key, text(&Secret::new(request)))
    }

    /// The client's message.
    pub(super) fn spell(&self, user_agent: &str, signature: &str) -> String {
        let time = self.time.to_string();
        let expires = self.expires.to_string();
        let credential = self.credential();
        let before = [
            ("version", VERSION),
            ("host", self.host),
            ("user-agent", user_agent),
            ("action", ACTION),
            ("x-amz-algorithm", ALGORITHM),
            ("x-amz-credential", &*credential),
            ("x-amz-date", &*time),
        ];
        let token = self.session_token.map(|token| ("x-amz-security-token", token));
        let after = [
            ("x-amz-signedheaders", SIGNED_HEADERS),
            ("x-amz-expires", &*expires),
            ("x-amz-signature", signature),
        ];
        object(before.into_iter().chain(token).chain(after))
    }

    fn scope(&self) -> Scope<'_> {
        Scope { time: self.time, region: self.region, service: SERVICE }
    }

    fn credential(&self) -> String {
        format!("{}/{}", self.access_key_id, self.scope())
    }
}

/// A JSON object of strings, one of which may be a session token: they are wiped.
pub(super) struct Object(BTreeMap<String, Secret>);

impl Object {
    pub(super) fn parse(message: &[u8]) -> Result<Self, Reason> {
        let object: BTreeMap<String, String> =
            serde_json::from_slice(message).map_err(|_| BAD_JSON)?;
        Ok(Self(object.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()))
    }

    fn get(&self, name: &str) -> Result<&str, Reason> {
        self.0.get(name).map(text).ok_or(MISSING_FIELD)
    }

    fn expect(&self, name: &str, value: &str, otherwise: Reason) -> Result<(), Reason> {
        if self.get(name)? == value { Ok(()) } else { Err(otherwise) }
    }

    /// The client's message, and its signature.
    pub(super) fn payload(&self) -> Result<(Payload<'_>, &str), Reason> {
        self.expect("version", VERSION, BAD_VERSION)?;
        self.expect("action", ACTION, BAD_ACTION)?;
        self.expect("x-amz-algorithm", ALGORITHM, BAD_ALGORITHM)?;
        self.expect("x-amz-signedheaders", SIGNED_HEADERS, BAD_SIGNED_HEADERS)?;
        let host = Some(self.get("host")?).filter(|host| is_host(host)).ok_or(BAD_HOST)?;
        let time = Timestamp::parse(self.get("x-amz-date")?).ok_or(BAD_DATE)?;
        let [access_key_id, date, region, service] =
            parse_credential(self.get("x-amz-credential")?).ok_or(BAD_CREDENTIAL_SCOPE)?;
        if date != time.date() || service != SERVICE {
            return Err(BAD_CREDENTIAL_SCOPE);
        }
        let expires = expires(self.get("x-amz-expires")?).ok_or(BAD_EXPIRES)?;
        let signature = self.get("x-amz-signature")?;
        if !is_signature(signature) {
            return Err(BAD_SIGNATURE);
        }
        let session_token = self.0.get("x-amz-security-token").map(text);
        Ok((Payload { host, access_key_id, region, time, expires, session_token }, signature))
    }

    /// Whether it is what a server says at the end.
    pub(super) fn check_response(&self) -> Result<(), Reason> {
        self.expect("version", VERSION, BAD_VERSION)?;
        self.get("request-id").map(|_| ())
    }
}

/// A decimal from 1 to 900 without leading zero.
fn expires(text: &str) -> Option<u64> {
    let seconds = text.parse().ok()?;
    let fits = (1..=MAX_EXPIRES).contains(&seconds) && seconds.to_string() == text;
    fits.then_some(seconds)
}

/// The server's message.
pub(super) fn response(request_id: &str) -> String {
    object([("version", VERSION), ("request-id", request_id)])
}

/// A JSON object, in this order.
fn object<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        text.push(if text.is_empty() { '{' } else { ',' });
        text.push_str(&quoted(name));
        text.push(':');
        text.push_str(self::text(&Secret::new(quoted(value))));
    }
    text.push('}');
    text
}

/// The text that a secret was made of.
fn text(secret: &Secret) -> &str {
    core::str::from_utf8(secret.expose()).unwrap_or_default()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
