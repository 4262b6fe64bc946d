//! AWS Signature Version 4 (AWS General Reference, "Create a signed AWS API request").

use alloc::{format, string::String};
use core::fmt::{self, Write as _};

use aiosasl::{
    encoding::hex,
    hash::{Hash, HashValue},
    secret::Secret,
};

use super::Timestamp;

/// The one algorithm.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a signature is good for: a day, a region and a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// When it is made.
    pub time: Timestamp,
    /// `us-east-1`.
    pub region: &'a str,
    /// `sts`, `kafka-cluster`.
    pub service: &'a str,
}

impl Scope<'_> {
    /// The signature of a canonical request, in lower-case hexadecimal digits.
    ///
    /// # Example: a request of AWS's own documentation
    ///
    /// ```
    /// use aiosasl::secret::Secret;
    /// use aiosasl_vendor::aws::{Timestamp, sigv4::Scope};
    ///
    /// let request = "GET\n/\nAction=ListUsers&Version=2010-05-08\n\
    ///     content-type:application/x-www-form-urlencoded; charset=utf-8\n\
    ///     host:iam.amazonaws.com\n\
    ///     x-amz-date:20150830T123600Z\n\n\
    ///     content-type;host;x-amz-date\n\
    ///     e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    /// let time = Timestamp::parse("20150830T123600Z").expect("a time");
    /// let scope = Scope { time, region: "us-east-1", service: "iam" };
    /// let secret = Secret::from("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    /// assert_eq!(
    ///     scope.sign(&secret, request),
    ///     "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    /// );
    /// ```
    pub fn sign(&self, secret_access_key: &Secret, canonical_request: &str) -> String {
        let digest = hex(Hash::Sha256.digest(canonical_request.as_bytes()).as_ref());
        let text = format!("{ALGORITHM}\n{}\n{self}\n{digest}", self.time);
        let key = self.signing_key(secret_access_key);
        hex(hmac(key.as_ref(), &text).as_ref())
    }

    /// The key of a day, a region and a service.
    fn signing_key(&self, secret_access_key: &Secret) -> HashValue {
        let first = Secret::new([b"AWS4", secret_access_key.expose()].concat());
        let date = hmac(first.expose(), &self.time.date());
        let region = hmac(date.as_ref(), self.region);
        let service = hmac(region.as_ref(), self.service);
        hmac(service.as_ref(), "aws4_request")
    }
}

/// `20150830/us-east-1/iam/aws4_request`.
impl fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/aws4_request", self.time.date(), self.region, self.service)
    }
}

fn hmac(key: &[u8], text: &str) -> HashValue {
    Hash::Sha256.hmac(key, &[text.as_bytes()])
}

/// The parameters of a query as AWS sorts them and writes their special characters; the names are sorted already.
pub fn canonical_query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        encode_into(&mut query, name);
        query.push('=');
        encode_into(&mut query, value);
    }
    query
}

/// Everything but letters, digits, `-`, `.`, `_` and `~` as `%2F`.
fn encode_into(query: &mut String, text: &str) {
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~') {
            query.push(char::from(octet));
        } else {
            write!(query, "%{octet:02X}").expect("a string takes everything");
        }
    }
}

/// Access key identifier, date, region and service of `id/date/region/service/aws4_request`.
pub(crate) fn parse_credential(credential: &str) -> Option<[&str; 4]> {
    let mut parts = credential.split('/');
    let four = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    let fits = parts.next() == Some("aws4_request") && parts.next().is_none();
    let [id, _, region, _] = four;
    (fits && is_word(id) && is_word(region)).then_some(four)
}

/// An identifier of 1 to 128 letters, digits, `-` and `_`.
pub(crate) fn is_word(text: &str) -> bool {
    let fits = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    (1..=128).contains(&text.len()) && text.bytes().all(fits)
}

/// 64 lower-case hexadecimal digits.
pub(crate) fn is_signature(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters".
    #[test]
    fn a_presigned_request_of_the_documentation() {
        let time = Timestamp::parse("20130524T000000Z").expect("a time");
        let scope = Scope { time, region: "us-east-1", service: "s3" };
        let credential = format!("AKIAIOSFODNN7EXAMPLE/{scope}");
        let query = canonical_query([
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &*credential),
            ("X-Amz-Date", "20130524T000000Z"),
            ("X-Amz-Expires", "86400"),
            ("X-Amz-SignedHeaders", "host"),
        ]);
        let host = "examplebucket.s3.amazonaws.com";
        let request = format!("GET\n/test.txt\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD");
        assert_eq!(
            scope.sign(&Secret::from("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), &request),
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }
}
