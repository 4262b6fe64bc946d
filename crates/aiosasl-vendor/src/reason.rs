//! Why these mechanisms refuse, where `aiosasl` has no word for it: stable words, and sentences for people.

use aiosasl::error::Reason;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal, $sentence:literal;)+) => {
        $(
            $(#[doc = $doc])+
            pub const $name: Reason = Reason::Foreign { word: $word, sentence: $sentence };
        )+
    };
}

reasons! {
    /// `action` is not `kafka-cluster:Connect`.
    BAD_ACTION = "bad-action", "expected the action kafka-cluster:Connect";
    /// The signature is not of AWS Signature Version 4.
    BAD_ALGORITHM = "bad-algorithm", "expected the algorithm AWS4-HMAC-SHA256";
    /// A document is no BSON, or has more in it than any message.
    BAD_BSON = "bad-bson", "expected a BSON document with a few fields of different names";
    /// A client's D-Bus message is no challenge, space, and digest.
    BAD_COOKIE_ANSWER = "bad-cookie-answer", "expected a challenge and a digest, both hexadecimal, a space between them";
    /// A server's D-Bus message is no context, cookie identifier and challenge.
    BAD_COOKIE_QUESTION = "bad-cookie-question", "expected a cookie's context, its number and a hexadecimal challenge, a space between each";
    /// A D-Bus cookie's context could be the name of another file.
    BAD_COOKIE_CONTEXT = "bad-cookie-context", "the cookie's context has characters that no context has";
    /// The credential scope is no `id/date/region/service/aws4_request` of this date and service.
    BAD_CREDENTIAL_SCOPE = "bad-credential-scope", "expected a credential of the form id/date/region/service/aws4_request";
    /// A time is not of the form `20191107T002607Z`.
    BAD_DATE = "bad-date", "expected a time of the form 20191107T002607Z";
    /// The time for which a signature is good is no number of seconds from 1 to 900.
    BAD_EXPIRES = "bad-expires", "expected a number of seconds from 1 to 900";
    /// A field has another type than the message's.
    BAD_FIELD_TYPE = "bad-field-type", "a field has another type than it has in this message";
    /// The channel binding flag is neither `n` nor `y`.
    BAD_FLAG = "bad-flag", "expected the channel binding flag n or y";
    /// A host's name is empty, longer than 255 octets, or has an empty label.
    BAD_HOST = "bad-host", "expected a host's name of 1 to 255 characters without an empty label";
    /// An issuer is no https URL, or a client identifier or scope is empty or has a space.
    BAD_IDENTITY_PROVIDER = "bad-identity-provider", "expected an https issuer, a client identifier and scopes, none with a space";
    /// The payload is no JSON object of strings.
    BAD_JSON = "bad-json", "expected a JSON object of strings";
    /// The server's RABBIT-CR-DEMO challenge is another one.
    BAD_PROMPT = "bad-prompt", "expected the challenge 'Please tell me your password'";
    /// The client's RABBIT-CR-DEMO response begins with something else.
    BAD_PASSWORD_PHRASE = "bad-password-phrase", "expected 'My password is ' and the password";
    /// A PostgreSQL server's salt is not 4 octets long.
    BAD_SALT = "bad-salt", "expected a salt of 4 octets";
    /// A PostgreSQL client's answer is not `md5` and 32 lower-case hexadecimal digits.
    BAD_MD5_ANSWER = "bad-md5-answer", "expected md5 and 32 lower-case hexadecimal digits";
    /// A session token has a control character, with which it would be more than one header.
    BAD_SESSION_TOKEN = "bad-session-token", "expected a session token without control characters";
    /// Other headers are signed than the mechanism's.
    BAD_SIGNED_HEADERS = "bad-signed-headers", "other headers are signed than those of this mechanism";
    /// A signature is not 64 lower-case hexadecimal digits.
    BAD_SIGNATURE = "bad-signature", "expected a signature of 64 lower-case hexadecimal digits";
    /// An AMQP field table ends within a field.
    BAD_TABLE = "bad-table", "the field table ends within a field";
    /// The payload is of another version.
    BAD_VERSION = "bad-version", "expected the version 2020_10_22";
    /// A field stands in a message twice.
    DUPLICATE_FIELD = "duplicate-field", "a field stands in the message twice";
    /// The token is empty.
    EMPTY_TOKEN = "empty-token", "the token is empty";
    /// A field is missing.
    MISSING_FIELD = "missing-field", "a field is missing";
    /// Nobody says what time it is.
    NO_CLOCK = "no-clock", "the time is needed, and nobody says what it is";
    /// Nobody says which host the client talks to.
    NO_HOST = "no-host", "the server's host is needed, and nobody says what it is";
    /// The protocol has not said who comes, and the message does not.
    NO_NAME = "no-name", "the protocol has to say who comes, and has not";
    /// A nonce has another length than the mechanism's.
    NONCE_LENGTH = "nonce-length", "a nonce has another length than it has in this mechanism";
    /// The signature was made too long ago.
    SIGNATURE_EXPIRED = "signature-expired", "the signature has expired";
    /// The signature was made in the future.
    SIGNATURE_NOT_YET_VALID = "signature-not-yet-valid", "the signature is from the future: is a clock wrong?";
    /// The signature is meant for another host.
    WRONG_HOST = "wrong-host", "the signature is meant for another host";
    /// The signature is meant for another region.
    WRONG_REGION = "wrong-region", "the signature is meant for another region";
}
