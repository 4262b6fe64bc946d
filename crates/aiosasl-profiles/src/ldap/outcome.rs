//! What becomes of an operation: result codes and the words around them (RFC 4511 section 4.1.9, appendix A).

use super::ber::{self, ENUMERATED, OCTET_STRING};
use crate::{
    WireClass, WireError,
    frame::{Cursor, Writer},
};

/// The tag of referrals.
const REFERRAL: u8 = 0xa3;
/// The most of them.
const MAX_REFERRALS: usize = 64;

/// Cyrus SASL's numbers that mean more than that something went wrong.
const CYRUS: [(&str, WireClass); 12] = [
    ("-4", WireClass::Mechanism),
    ("-8", WireClass::Temporary),
    ("-13", WireClass::Credentials),
    ("-14", WireClass::Authorization),
    ("-15", WireClass::Policy),
    ("-16", WireClass::Policy),
    ("-18", WireClass::Credentials),
    ("-19", WireClass::Credentials),
    ("-20", WireClass::Credentials),
    ("-21", WireClass::Credentials),
    ("-24", WireClass::Temporary),
    ("-28", WireClass::Credentials),
];

/// What it says of its failure where a user is not known, by the mechanism.
const UNKNOWN_USER: [&str; 4] = [
    "",
    "Password verification failed",
    "checkpass failed",
    "unable to canonify user and get auxprops",
];

/// What became of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LdapResult {
    /// In a number.
    pub code: ResultCode,
    /// How much of a name was found; mostly empty.
    pub matched: String,
    /// For people, as it came: make it [`printable`](crate::printable).
    pub message: String,
    /// Where else one may ask, as URLs: nobody follows them here, since whoever plays the server can name any.
    pub referrals: Vec<String>,
}

/// A result's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ResultCode(pub u32);

macro_rules! codes {
    ($(#[doc = $doc:literal] $name:ident = $code:literal, $word:literal;)+) => {
        impl ResultCode {
            $(#[doc = $doc] pub const $name: Self = Self($code);)+

            /// Its name in the RFC, where it is one that a login meets.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some($word),)+
                    _ => None,
                }
            }
        }
    };
}

codes! {
    #[doc = "It was done."]
    SUCCESS = 0, "success";
    #[doc = "Not now, or out of order."]
    OPERATIONS_ERROR = 1, "operationsError";
    #[doc = "The message can't be understood."]
    PROTOCOL_ERROR = 2, "protocolError";
    #[doc = "The mechanism is not supported."]
    AUTH_METHOD_NOT_SUPPORTED = 7, "authMethodNotSupported";
    #[doc = "Something stronger is wanted."]
    STRONGER_AUTH_REQUIRED = 8, "strongerAuthRequired";
    #[doc = "Somebody else is to be asked."]
    REFERRAL = 10, "referral";
    #[doc = "More than the server wants to do at once."]
    ADMIN_LIMIT_EXCEEDED = 11, "adminLimitExceeded";
    #[doc = "TLS is wanted."]
    CONFIDENTIALITY_REQUIRED = 13, "confidentialityRequired";
    #[doc = "The exchange goes on."]
    SASL_BIND_IN_PROGRESS = 14, "saslBindInProgress";
    #[doc = "There is no such entry."]
    NO_SUCH_OBJECT = 32, "noSuchObject";
    #[doc = "The name is none of an entry."]
    INVALID_DN_SYNTAX = 34, "invalidDNSyntax";
    #[doc = "Such credentials don't do here."]
    INAPPROPRIATE_AUTHENTICATION = 48, "inappropriateAuthentication";
    #[doc = "The credentials are wrong."]
    INVALID_CREDENTIALS = 49, "invalidCredentials";
    #[doc = "Not with these rights: an authorization identity, in a bind."]
    INSUFFICIENT_ACCESS_RIGHTS = 50, "insufficientAccessRights";
    #[doc = "Too much to do."]
    BUSY = 51, "busy";
    #[doc = "Not there."]
    UNAVAILABLE = 52, "unavailable";
    #[doc = "The server does not want to."]
    UNWILLING_TO_PERFORM = 53, "unwillingToPerform";
    #[doc = "Something else went wrong; Cyrus SASL behind OpenLDAP says so of most things."]
    OTHER = 80, "other";
    #[doc = "The authorization identity is refused (RFC 4370 section 4)."]
    AUTHORIZATION_DENIED = 123, "authorizationDenied";
}

impl ResultCode {
    /// What it means where a bind is refused.
    pub fn class(self) -> WireClass {
        match self {
            Self::AUTH_METHOD_NOT_SUPPORTED => WireClass::Mechanism,
            // Nobody follows a referral: the credentials are for this server.
            Self::CONFIDENTIALITY_REQUIRED
            | Self::REFERRAL
            | Self::STRONGER_AUTH_REQUIRED
            | Self::UNWILLING_TO_PERFORM => WireClass::Policy,
            // A name that is none, or nobody's, is a wrong name.
            Self::INAPPROPRIATE_AUTHENTICATION
            | Self::INVALID_CREDENTIALS
            | Self::INVALID_DN_SYNTAX
            | Self::NO_SUCH_OBJECT => WireClass::Credentials,
            Self::AUTHORIZATION_DENIED | Self::INSUFFICIENT_ACCESS_RIGHTS => {
                WireClass::Authorization
            }
            Self::ADMIN_LIMIT_EXCEEDED | Self::BUSY | Self::UNAVAILABLE => WireClass::Temporary,
            _ => WireClass::Protocol,
        }
    }
}

impl LdapResult {
    /// A result of ours.
    pub fn new(code: ResultCode, message: &str) -> Self {
        Self { code, message: message.to_owned(), ..Self::default() }
    }

    /// What it means where a bind is refused: the code's meaning, or what Cyrus SASL says in the words of an OpenLDAP server
    /// that has no code for it, and says 80 (of an unknown user, too).
    pub fn class(&self) -> WireClass {
        let cyrus = || match self.message.strip_prefix("SASL(")?.split_once("): ")? {
            ("-1", text) => {
                let detail = text.strip_prefix("generic failure: ")?;
                UNKNOWN_USER.contains(&detail).then_some(WireClass::Credentials)
            }
            (number, _) => CYRUS.iter().find(|(it, _)| *it == number).map(|(_, class)| *class),
        };
        match self.code {
            ResultCode::OTHER => cyrus().unwrap_or(WireClass::Protocol),
            code => code.class(),
        }
    }

    /// The error that it is, of this class: in the server's words, or else with the code's name.
    pub fn told(&self, class: WireClass) -> WireError {
        let words = match (self.message.as_str(), self.referrals.first()) {
            (words, Some(url)) => format!("{words} (referral to {url})").trim_start().to_owned(),
            ("", None) => self.code.name().unwrap_or_default().to_owned(),
            (words, None) => words.to_owned(),
        };
        WireError::told(class, self.code.0.to_string(), words)
    }

    pub(super) fn read(from: &mut Cursor<'_>) -> Result<Self, WireError> {
        let code = ResultCode(ber::number(from, ENUMERATED)?);
        let matched = ber::text(from, OCTET_STRING)?;
        let message = ber::text(from, OCTET_STRING)?;
        let mut referrals = Vec::new();
        if let Some(mut list) = ber::optional(from, REFERRAL)? {
            while !list.peek().is_empty() && referrals.len() < MAX_REFERRALS {
                referrals.push(ber::text(&mut list, OCTET_STRING)?);
            }
        }
        Ok(Self { code, matched, message, referrals })
    }

    pub(super) fn write(&self, to: &mut Writer) {
        ber::put_number(to, ENUMERATED, self.code.0);
        ber::put(to, OCTET_STRING, self.matched.as_bytes());
        ber::put(to, OCTET_STRING, self.message.as_bytes());
        if !self.referrals.is_empty() {
            ber::nest(to, REFERRAL, |to| {
                for url in &self.referrals {
                    ber::put(to, OCTET_STRING, url.as_bytes());
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_told_in_words_whatever_the_server_says() {
        let text = |result: &LdapResult| result.told(result.code.class()).text;
        assert_eq!(text(&LdapResult::new(ResultCode::BUSY, "later")), "later");
        for (text, class) in [
            ("SASL(-13): user not found: no secret in database", WireClass::Credentials),
            ("SASL(-24): ", WireClass::Temporary),
            ("SASL(-1): generic failure: ", WireClass::Credentials),
            ("SASL(-1): generic failure: checkpass failed", WireClass::Credentials),
            ("SASL(-1): generic failure: GSSAPI Error: no key", WireClass::Protocol),
            ("SASL(-5): bad protocol", WireClass::Protocol),
            ("SASL", WireClass::Protocol),
        ] {
            assert_eq!(LdapResult::new(ResultCode::OTHER, text).class(), class);
        }
        let told = LdapResult::new(ResultCode::BUSY, "SASL(-13): no");
        assert_eq!(told.class(), WireClass::Temporary);
        let mut result = LdapResult::new(ResultCode::INVALID_CREDENTIALS, "");
        assert_eq!(text(&result), "invalidCredentials");
        result.referrals = vec!["ldap://other/".to_owned(), "ldap://third/".to_owned()];
        assert_eq!(text(&result), "(referral to ldap://other/)");
        let mut writer = Writer::new(100);
        result.write(&mut writer);
        let octets = writer.finish().unwrap();
        assert_eq!(LdapResult::read(&mut Cursor::new(&octets)), Ok(result));
    }
}
