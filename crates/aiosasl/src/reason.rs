//! Every reason to refuse, as data: a word for tests and logs, and a sentence for people.

use core::fmt;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal, $sentence:literal;)+) => {
        /// The exact reason of a refusal, for logs and tests; it never travels to the peer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[doc = $doc])+ $variant,)+
            /// The reason of a mechanism from elsewhere, in its own words.
            Foreign {
                /// A stable word.
                word: &'static str,
                /// A sentence for people.
                sentence: &'static str,
            },
        }

        impl Reason {
            /// The reason as a stable word: the `expect` of the test vectors.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Foreign { word, .. } => word,
                }
            }
        }

        impl fmt::Display for Reason {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $sentence,)+
                    Self::Foreign { sentence, .. } => sentence,
                })
            }
        }
    };
}

reasons! {
    /// One side gave up (RFC 4422 section 3.5).
    Aborted = "aborted", "the exchange was aborted";
    /// The account exists and is disabled.
    AccountDisabled = "account-disabled", "the account is disabled";
    /// Policy wants a mechanism that notices an attacker who changes messages or plays the server, and this one does not.
    ActiveAttacksPossible = "active-attacks-possible", "policy wants a mechanism that withstands active attacks";
    /// Policy lets nobody in as nobody in particular.
    AnonymityRefused = "anonymity-refused", "policy refuses anonymous logins";
    /// Attributes are missing or stand in another order (RFC 5802 section 5.1).
    AttributeOrder = "attribute-order", "an attribute is missing or out of order";
    /// The authentication identity is empty once prepared (RFC 4616 section 2).
    AuthcidPrepEmpty = "authcid-prep-empty", "the authentication identity is empty once prepared";
    /// The authentication identity can't be prepared with SASLprep (RFC 4013).
    AuthcidPrepFailed = "authcid-prep-failed", "the authentication identity has forbidden characters";
    /// No message of the mechanism says as whom the client wants to act.
    AuthzidNotCarried = "authzid-not-carried", "the mechanism can't say as whom to act";
    /// The algorithm is not `md5-sess` (RFC 2831 section 2.1.1).
    BadAlgorithm = "bad-algorithm", "expected the algorithm md5-sess";
    /// An attribute has no name, no value, or a mandatory shape that it lacks (RFC 5802 section 7).
    BadAttribute = "bad-attribute", "expected an attribute: a letter, '=', and a value";
    /// The `auth` key has another scheme than the mechanism's (RFC 7628 section 3.1).
    BadAuthScheme = "bad-auth-scheme", "expected the authorization scheme Bearer";
    /// `=` in an authorization identity is neither `=2C` nor `=3D` (RFC 5802 section 5.1).
    BadAuthzidEscape = "bad-authzid-escape", "expected '=2C' or '=3D' in the authorization identity";
    /// A pair runs out of its list, or the list has no end (MS-NLMP section 2.2.2.1).
    BadAvPair = "bad-av-pair", "the list of what is known of the server is damaged";
    /// An attribute is not canonical base64 (RFC 5802 section 5.1, RFC 4648 section 4).
    BadBase64 = "bad-base64", "expected canonical base64 in an attribute";
    /// The challenge is no `<unique@host>` (RFC 2195 section 2).
    BadChallenge = "bad-challenge", "expected a challenge of the form <unique@host>";
    /// The character set is not `utf-8` (RFC 2831 section 2.1.1).
    BadCharset = "bad-charset", "expected the character set utf-8, or none";
    /// The two bits that check six words don't fit (RFC 2289 section 6).
    BadChecksum = "bad-checksum", "the six words don't fit together";
    /// The client means another service, or none (RFC 2831 section 2.1.2).
    BadDigestUri = "bad-digest-uri", "expected the name and host of this service";
    /// Not `name=value`, or no comma before the next one (RFC 2831 section 7.1).
    BadDirective = "bad-directive", "expected directives, name=value, with commas between them";
    /// Trace data with an `@` is no e-mail address (RFC 4505 section 2).
    BadEmail = "bad-email", "expected an e-mail address, since there is an '@'";
    /// The message does not begin with `n`, `y` or `p` (RFC 5802 section 7).
    BadGs2Flag = "bad-gs2-flag", "expected a gs2 flag: n, y or p";
    /// The gs2 header breaks its grammar (RFC 5802 section 7).
    BadGs2Header = "bad-gs2-header", "the gs2 header breaks its grammar";
    /// A one-time password is not sixteen hexadecimal digits (RFC 2289 section 6).
    BadHex = "bad-hex", "expected sixteen hexadecimal digits";
    /// A name of no mechanism of the HT family (draft-ietf-kitten-sasl-ht section 2).
    BadHtName = "bad-ht-name", "expected the name of a hashed token's mechanism: HT, a hash, and a binding";
    /// A new sequence has other than three fields (RFC 2243 section 2.3).
    BadInitFields = "bad-init-fields", "expected three fields: a password, parameters, and a new password";
    /// The iteration count is no positive decimal without leading zero (RFC 5802 section 7).
    BadIterationCount = "bad-iteration-count", "expected a positive decimal iteration count";
    /// A key is not letters alone (RFC 7628 section 3.1).
    BadKey = "bad-key", "expected a key of letters";
    /// Key-value pairs of a hashed token break their grammar (draft-ietf-kitten-sasl-ht).
    BadKeyValue = "bad-key-value", "expected key-value pairs: letters, digits, /, +, - and _ around '='";
    /// There is no `=` in a pair (RFC 7628 section 3.1).
    BadKvpair = "bad-kvpair", "expected a key, '=', and a value";
    /// The buffer size is no number, or not from 17 to 16777215 octets (RFC 2831 section 2.1.1).
    BadMaxbuf = "bad-maxbuf", "expected a buffer size from 17 to 16777215 octets that holds a message";
    /// The nonce count is not eight hexadecimal digits, or not 1 for a new nonce (RFC 2831 section 2.1.2).
    BadNc = "bad-nc", "expected a nonce count of 00000001";
    /// A new sequence has parameters that nobody can use (RFC 2243 section 2.3).
    BadNewParams = "bad-new-params", "expected an algorithm, a sequence number, and a seed";
    /// A nonce is empty, or has a character that is not printable ASCII, or a comma (RFC 5802 section 7).
    BadNonce = "bad-nonce", "expected a nonce of printable ASCII without comma";
    /// A field of NTLM lies outside of its message, or in its fixed part (MS-NLMP section 2.2.1).
    BadOffset = "bad-offset", "a field lies outside of its message";
    /// The port is no decimal from 1 to 65535 without leading zero (RFC 7628 section 3.1).
    BadPort = "bad-port", "expected a port, a decimal from 1 to 65535";
    /// A private key is none of the mechanism's curve, or in no form that is read.
    BadPrivateKey = "bad-private-key", "expected a private key of the mechanism's curve";
    /// An identity provider is no domain (RFC 6595 section 3.1), or no OpenID identifier (RFC 6616 section 3.1).
    BadProvider = "bad-provider", "expected an identity provider: a domain, or an OpenID identifier";
    /// The public key that the store has is none.
    BadPublicKey = "bad-public-key", "the account's public key is none";
    /// A URL is none that a browser may be sent to (RFC 6595 section 3.2, RFC 6616 section 3.2).
    BadRedirect = "bad-redirect", "expected a URL that a browser may be sent to";
    /// The server's message begins with neither 0 nor 1 (draft-ietf-kitten-sasl-ht section 3.2).
    BadResponderMessage = "bad-responder-msg", "expected 0 or 1 at the beginning of the server's message";
    /// A seed has other than 1 to 16 letters and digits (RFC 2289 section 6).
    BadSeed = "bad-seed", "expected a seed of 1 to 16 letters and digits";
    /// A message does not begin with `NTLMSSP` (MS-NLMP section 2.2.1).
    BadSignature = "bad-signature", "expected a message of NTLM";
    /// A signature is not in DER (RFC 3279 section 2.2.3).
    BadSignatureEncoding = "bad-signature-encoding", "expected a signature in DER";
    /// What is told of a user is no list of attributes and values (RFC 6616 section 3.4).
    BadSregPair = "bad-sreg-pair", "expected attributes and values, '=' and ',' between them";
    /// The PIN that the server proposes has other than 4 to 32 printable octets (RFC 2808 section 3.2).
    BadSuggestedPin = "bad-suggested-pin", "the server proposes a PIN that is none";
    /// The token has characters that no bearer token has, or there is none (RFC 6750 section 2.1).
    BadToken = "bad-token", "expected a bearer token";
    /// A message of NTLM is another one than the one that is due (MS-NLMP section 2.2.1).
    BadType = "bad-type", "expected another message of NTLM";
    /// `=` in a user name is neither `=2C` nor `=3D` (RFC 5802 section 5.1).
    BadUsernameEscape = "bad-username-escape", "expected '=2C' or '=3D' in the user name";
    /// A value has other characters than printable ASCII, tabs and line ends (RFC 7628 section 3.1).
    BadValue = "bad-value", "expected a value of printable ASCII";
    /// The peer takes buffers that are too small to wrap anything (RFC 4752 section 3.3).
    BufferTooSmall = "buffer-too-small", "the peer's buffer is too small to wrap anything";
    /// A challenge is not as long as the mechanism has them.
    ChallengeLength = "challenge-length", "the challenge has the wrong length";
    /// The challenge has octets above 127 (RFC 2195 section 2).
    ChallengeNotAscii = "challenge-not-ascii", "expected a challenge of ASCII";
    /// A channel binding in a mechanism that has none (RFC 7628 section 3.1).
    ChannelBindingNotSupported = "channel-binding-not-supported", "the mechanism has no channel binding";
    /// Policy wants a channel binding, and there is none (RFC 5802 section 6).
    ChannelBindingRequired = "channel-binding-required", "policy requires a channel binding";
    /// The channel has no binding of the type that is in the mechanism's name (draft-ietf-kitten-sasl-ht section 2).
    ChannelBindingUnavailable = "channel-binding-unavailable", "the channel has no binding of the type in the mechanism's name";
    /// The two ends see different channels: possibly a man in the middle (RFC 5802 section 6).
    ChannelBindingsDontMatch = "channel-bindings-dont-match", "the channel bindings differ: is there a man in the middle?";
    /// The client chooses a cipher that was not offered (RFC 2831 section 2.1.2).
    CipherNotOffered = "cipher-not-offered", "the cipher was not offered";
    /// The account's credentials have expired.
    CredentialsExpired = "credentials-expired", "the credentials have expired";
    /// Policy wants a mechanism that leaves nothing to try passwords with, and this one does.
    DictionaryAttacksPossible = "dictionary-attacks-possible", "policy wants a mechanism that withstands dictionary attacks";
    /// The digest is not 32 digits long (RFC 2195 section 2).
    DigestLength = "digest-length", "expected a digest of 32 hexadecimal digits";
    /// The client's digest is wrong: a wrong password, or an unknown account (RFC 2195 section 2).
    DigestMismatch = "digest-mismatch", "the client's digest does not fit";
    /// The digest has other characters than lower-case hexadecimal digits (RFC 2195 section 2).
    DigestNotLowercaseHex = "digest-not-lowercase-hex", "expected a digest of lower-case hexadecimal digits";
    /// What the server says it offered is not what we saw (XEP-0474).
    DowngradeDetected = "downgrade-detected", "the server offered other mechanisms than those that arrived: is there a man in the middle?";
    /// The answer to an error came before any error (RFC 7628 section 3.2.3).
    DummyResponseFirst = "dummy-response-first", "the answer to an error came first";
    /// The directive `algorithm` comes twice (RFC 2831 section 2.1.1).
    DuplicateAlgorithm = "duplicate-algorithm", "the directive algorithm comes twice";
    /// An attribute comes twice (RFC 5802 section 5.1).
    DuplicateAttribute = "duplicate-attribute", "an attribute comes twice";
    /// A directive that may come once comes twice (RFC 2831 section 7.1).
    DuplicateDirective = "duplicate-directive", "a directive comes twice";
    /// A key comes twice (RFC 7628 section 3.1).
    DuplicateKey = "duplicate-key", "a key comes twice";
    /// The directive `nonce` comes twice (RFC 2831 section 2.1.1).
    DuplicateNonce = "duplicate-nonce", "the directive nonce comes twice";
    /// The directive `response` comes twice (RFC 2831 section 2.1.2).
    DuplicateResponse = "duplicate-response", "the directive response comes twice";
    /// The directive `stale` comes twice (RFC 2831 section 2.1.1).
    DuplicateStale = "duplicate-stale", "the directive stale comes twice";
    /// The directive `username` comes twice (RFC 2831 section 2.1.2).
    DuplicateUsername = "duplicate-username", "the directive username comes twice";
    /// The message has nothing in it.
    Empty = "empty", "expected a message that is not empty";
    /// The authentication identity is empty (RFC 4616 section 2).
    EmptyAuthcid = "empty-authcid", "the authentication identity is empty";
    /// `a=` without a value (RFC 5802 section 7).
    EmptyAuthzid = "empty-authzid", "the authorization identity is present and empty";
    /// The client's nonce is empty (RFC 2831 section 2.1.2).
    EmptyCnonce = "empty-cnonce", "the client's nonce is empty";
    /// The server's nonce is empty (RFC 2831 section 2.1.1).
    EmptyNonce = "empty-nonce", "the server's nonce is empty";
    /// The password is empty (RFC 4616 section 2).
    EmptyPassword = "empty-password", "the password is empty";
    /// No identity provider is named (RFC 6595 section 3.1, RFC 6616 section 3.1).
    EmptyProvider = "empty-provider", "no identity provider is named";
    /// The salt is empty.
    EmptySalt = "empty-salt", "the salt is empty";
    /// A GSS token is empty (RFC 4752 section 3, RFC 5801 section 4).
    EmptyToken = "empty-token", "the token is empty";
    /// The user name of XOAUTH2 is empty.
    EmptyUser = "empty-user", "the user is empty";
    /// The user name is empty, or empty once prepared (RFC 5802 section 5.1).
    EmptyUsername = "empty-username", "the user name is empty";
    /// The mechanism needs an encrypted and authenticated channel.
    EncryptionRequired = "encryption-required", "the mechanism reveals the password and the channel is not confidential";
    /// The configuration that a refused client is sent to is not on https (RFC 7628 section 3.2.2).
    ErrorDiscoveryNotHttps = "error-discovery-not-https", "expected an https URL of the provider's configuration";
    /// The error of a server that refuses a token has no `status` (RFC 7628 section 3.2.2).
    ErrorMissingStatus = "error-missing-status", "expected a status in the server's error";
    /// The error of a server that refuses a token is no JSON (RFC 8259).
    ErrorNotJson = "error-not-json", "expected JSON as the server's error";
    /// The error of a server that refuses a token is JSON, and no object (RFC 7628 section 3.2.2).
    ErrorNotObject = "error-not-object", "expected a JSON object as the server's error";
    /// The error of a server that refuses a token is longer than 8192 octets.
    ErrorTooLong = "error-too-long", "the server's error is longer than 8192 octets";
    /// A mandatory extension, `m=`, that nobody knows (RFC 5802 section 5.1).
    ExtensionsNotSupported = "extensions-not-supported", "a mandatory extension is not supported";
    /// A message has another number of fields than it should.
    FieldCount = "field-count", "the message has the wrong number of fields";
    /// A name or password is longer than 1024 octets.
    FieldTooLong = "field-too-long", "a field is longer than 1024 octets";
    /// The initiator of a security context is nobody in particular (RFC 4752 section 3).
    GssAnonymous = "gss-anonymous", "the security context belongs to nobody";
    /// The GSS provider has failed (RFC 2743).
    GssFailed = "gss-failed", "the security service has failed";
    /// The security context is of another mechanism than the name says (RFC 4752 section 3, RFC 5801 section 3).
    GssMechanism = "gss-mechanism", "the security context is of another mechanism";
    /// The security context proves one end alone (RFC 5801 section 3).
    GssNotMutual = "gss-not-mutual", "the security context does not prove both ends";
    /// The peer's GSS token is damaged, old, or for somebody else (RFC 2743).
    GssToken = "gss-token", "the security service refuses the peer's token";
    /// There is no GSS provider, or it can't do what is asked.
    GssUnavailable = "gss-unavailable", "there is no security service for this mechanism here";
    /// A hash is not as long as the mechanism's (draft-ietf-kitten-sasl-ht section 3).
    HashLength = "hash-length", "the hash has the wrong length";
    /// The client names somebody else in the middle of the exchange (RFC 2808 section 3).
    IdentityChanged = "identity-changed", "the client names somebody else than before";
    /// An identity is longer than 255 octets (RFC 2444 section 3, RFC 2808 section 3.1).
    IdentityTooLong = "identity-too-long", "an identity is longer than 255 octets";
    /// An initial response came with a mechanism in which the server speaks first (RFC 4422 section 3.2).
    InitialResponseNotAllowed = "initial-response-not-allowed", "the mechanism takes no initial response";
    /// A SCRAM message is not UTF-8, or has a NUL (RFC 5802 section 5.1).
    InvalidEncoding = "invalid-encoding", "expected UTF-8 without NUL";
    /// The client's proof is wrong: a wrong password, or an unknown account (RFC 5802 section 3).
    InvalidProof = "invalid-proof", "the client's proof does not fit";
    /// The hash is of none of the account's tokens (draft-ietf-kitten-sasl-ht section 3.3).
    InvalidToken = "invalid-token", "the token is none of the account's";
    /// The user name can't be prepared with SASLprep (RFC 5802 section 5.1).
    InvalidUsernameEncoding = "invalid-username-encoding", "the user name has forbidden characters";
    /// Not UTF-16 (RFC 2781).
    InvalidUtf16 = "invalid-utf16", "expected UTF-16";
    /// Not UTF-8 (RFC 3629).
    InvalidUtf8 = "invalid-utf8", "expected UTF-8";
    /// More rounds than the policy allows, refused before any hashing.
    IterationCountTooHigh = "iteration-count-too-high", "the iteration count is above the maximum";
    /// Fewer rounds than the policy allows, refused before any hashing (RFC 5802 section 5.1).
    IterationCountTooLow = "iteration-count-too-low", "the iteration count is below the minimum";
    /// Stored keys were made for another salt or iteration count than the server's.
    KeysDontFit = "keys-dont-fit", "the stored keys are for another salt or iteration count, the password is needed";
    /// The client chooses a layer that was not offered (RFC 4752 section 3.2).
    LayerNotOffered = "layer-not-offered", "the client chooses a security layer that was not offered";
    /// Neither the channel nor a layer of this mechanism protects what follows as policy wants.
    LayerTooWeak = "layer-too-weak", "policy wants a stronger protection of what follows";
    /// A message has the wrong length (RFC 4752 section 3).
    Length = "length", "the message has the wrong length";
    /// The server's X25519 key makes a secret that everybody knows (RFC 7748 section 6.1).
    LowOrderKey = "low-order-key", "the server's key makes a secret that everybody knows: is there a man in the middle?";
    /// The mechanism is not for this context: an unknown name, or a feature that is not built in.
    MechanismUnavailable = "mechanism-unavailable", "the mechanism is not available";
    /// A message is longer than its limit.
    MessageTooLong = "message-too-long", "a message is longer than its limit";
    /// The code over all three messages of NTLM is wrong: somebody has changed one (MS-NLMP section 3.2.5.1.2).
    MicMismatch = "mic-mismatch", "the messages arrived otherwise than they were sent: is there a man in the middle?";
    /// There is no directive `algorithm` (RFC 2831 section 2.1.1).
    MissingAlgorithm = "missing-algorithm", "expected the directive algorithm";
    /// There is no key `auth` (RFC 7628 section 3.1).
    MissingAuth = "missing-auth", "expected the key auth";
    /// `auth-conf` without a cipher (RFC 2831 section 2.1.1).
    MissingCipher = "missing-cipher", "expected the directive cipher, since there is auth-conf";
    /// There is no directive `cnonce` (RFC 2831 section 2.1.2).
    MissingCnonce = "missing-cnonce", "expected the directive cnonce";
    /// There is no directive `digest-uri` (RFC 2831 section 2.1.2).
    MissingDigestUri = "missing-digest-uri", "expected the directive digest-uri";
    /// OAUTH10A without host or port (RFC 7628 section 3.1).
    MissingHostOrPort = "missing-host-or-port", "expected host and port";
    /// No 0x01 after the gs2 header (RFC 7628 section 3.1).
    MissingKvsep = "missing-kvsep", "expected 0x01 after the header";
    /// There is no directive `nc` (RFC 2831 section 2.1.2).
    MissingNc = "missing-nc", "expected the directive nc";
    /// There is no directive `nonce` (RFC 2831 section 2.1.1).
    MissingNonce = "missing-nonce", "expected the directive nonce";
    /// A message has no NUL where one has to be (draft-ietf-kitten-sasl-ht section 3).
    MissingNul = "missing-nul", "expected a NUL";
    /// There is no last attribute `p=` (RFC 5802 section 5.1).
    MissingProof = "missing-proof", "expected the proof as the last attribute";
    /// The server's message is empty, which should prove that it knows the token (draft-ietf-kitten-sasl-ht section 3.2).
    MissingResponderMessage = "missing-responder-msg", "expected the server's proof that it knows the token";
    /// There is no directive `response` (RFC 2831 section 2.1.2).
    MissingResponse = "missing-response", "expected the directive response";
    /// There is no directive `rspauth` (RFC 2831 section 2.1.3).
    MissingRspauth = "missing-rspauth", "expected the directive rspauth";
    /// The message does not end with two 0x01 (RFC 7628 section 3.1).
    MissingTerminator = "missing-terminator", "expected 0x01 twice at the end";
    /// An XOAUTH2 message does not begin with the user.
    MissingUser = "missing-user", "expected the user";
    /// There is no directive `username` (RFC 2831 section 2.1.2).
    MissingUsername = "missing-username", "expected the directive username";
    /// There is no layer that both ends allow (RFC 4752 section 3.1).
    NoCommonLayer = "no-common-layer", "there is no security layer that both ends allow";
    /// The server offers no protection that we know and our rules allow (RFC 2831 section 2.1.1).
    NoCommonQop = "no-common-qop", "the server offers no protection that is known and allowed here";
    /// The mechanism needs a credential that was not given.
    NoCredentials = "no-credentials", "the mechanism needs a credential that was not given";
    /// No lower layer vouches for the client (RFC 4422 appendix A).
    NoExternalCredentials = "no-external-credentials", "no lower layer has established who the client is";
    /// Policy wants forward secrecy, and this mechanism has none.
    NoForwardSecrecy = "no-forward-secrecy", "policy wants a mechanism with forward secrecy";
    /// The server offers no layer that anybody knows, and going without neither (RFC 4752 section 3.1).
    NoKnownLayer = "no-known-layer", "the server offers no known security layer";
    /// The mechanism has to name the service and its host, and nobody has said which (RFC 2831 section 2.1.2).
    NoService = "no-service", "the mechanism names the service and its host, and the rules say neither";
    /// There is no space before the digest (RFC 2195 section 2).
    NoSpace = "no-space", "expected a space before the digest";
    /// No token was given: the client asks what the server wants (RFC 7628 section 4.3).
    NoToken = "no-token", "the client gives no token, and asks what is wanted";
    /// A name has other characters than ASCII, and one end of NTLM has no Unicode (MS-NLMP section 2.2.2.5).
    NoUnicode = "no-unicode", "a name needs Unicode, and one end has none";
    /// The mechanism has to ask something, and nobody is there to answer: a realm, a code, a security service.
    NobodyToAsk = "nobody-to-ask", "the mechanism asks for something, and nobody is there to answer";
    /// A field has control characters (RFC 2808 section 3.1).
    NonPrintable = "non-printable", "expected printable characters";
    /// The nonce is not ours plus something (client), or not the one we made (server) (RFC 5802 section 5.1).
    NonceMismatch = "nonce-mismatch", "the nonce is not the one of this exchange";
    /// The server did not add to our nonce (RFC 5802 section 5.1).
    NonceNotExtended = "nonce-not-extended", "the server added nothing to the nonce";
    /// A nonce that was made for this exchange was used before (RFC 2831 section 2.2).
    NonceReused = "nonce-reused", "the nonce was used before";
    /// The authenticated identity may not act as the authorization identity (RFC 4422 section 3.4.1).
    NotAuthorized = "not-authorized", "the authorization identity is not for these credentials";
    /// The first challenge of a mechanism in which the client speaks first is not empty (RFC 4422 section 3.2).
    NotEmpty = "not-empty", "expected an empty message";
    /// The client chooses none, several or an unknown layer (RFC 4752 section 3.2).
    NotExactlyOneLayer = "not-exactly-one-layer", "expected one security layer";
    /// The server takes no extended responses, which are mandatory (RFC 2444 section 3).
    NotExtended = "not-extended", "the server takes no extended responses";
    /// The response has no type before a colon (RFC 2444 section 3).
    NotExtendedResponse = "not-extended-response", "expected a response with its type before a colon";
    /// A name or a password has characters beyond ISO 8859-1, and the server takes no others (RFC 2831 section 2.1.1).
    NotLatin1 = "not-latin1", "the server takes ISO 8859-1 alone, and a name or the password has other characters";
    /// The client answers NTLM's challenge with nothing: it wants to be nobody (MS-NLMP section 3.2.5.1.2).
    NtlmNoResponse = "ntlm-no-response", "the client answers the challenge with nothing";
    /// A response of neither version of NTLM (MS-NLMP section 2.2.2.7).
    NtlmResponseVersion = "ntlm-response-version", "expected a response of NTLMv2";
    /// The client speaks NTLMv1, which gives the password away (MS-NLMP section 3.3.1).
    NtlmVersion1 = "ntlm-v1", "the client speaks NTLMv1, expected NTLMv2";
    /// A NUL in a message of text.
    Nul = "nul", "the message has a NUL";
    /// A NUL in an authorization identity (RFC 4422 appendix A).
    NulInAuthzid = "nul-in-authzid", "the authorization identity has a NUL";
    /// A NUL in a name or a password of LOGIN.
    NulInField = "nul-in-field", "a name or a password has a NUL";
    /// A NUL in a user name.
    NulInUsername = "nul-in-username", "the user name has a NUL";
    /// The one-time password is not the one that was asked for (RFC 2289 section 7).
    OtpMismatch = "otp-mismatch", "the one-time password is not the one that was asked for";
    /// A message or an answer came out of turn.
    OutOfTurn = "out-of-turn", "a message or an answer came out of turn";
    /// Flag `p` under a name without -PLUS (RFC 5802 section 6).
    PFlagWithoutPlus = "p-flag-without-plus", "a channel binding on a mechanism without -PLUS";
    /// A passcode has other than 4 to 32 octets (RFC 2808 section 3.1).
    PasscodeLength = "passcode-length", "expected a passcode of 4 to 32 octets";
    /// The code is not the one that the account's device shows (RFC 2808).
    PasscodeWrong = "passcode-wrong", "the passcode is wrong";
    /// The password is empty once prepared (RFC 4616 section 2).
    PasswordPrepEmpty = "password-prep-empty", "the password is empty once prepared";
    /// The password can't be prepared with SASLprep (RFC 4013).
    PasswordPrepFailed = "password-prep-failed", "the password has forbidden characters";
    /// The store says that the password is wrong.
    PasswordWrong = "password-wrong", "the password is wrong";
    /// A PIN has other than 4 to 32 octets (RFC 2808 section 3.1).
    PinLength = "pin-length", "expected a PIN of 4 to 32 octets";
    /// We would say `y` (the server has no -PLUS), and it has (RFC 5802 section 6).
    PlusOffered = "plus-offered", "flag y would be a lie: the server offers -PLUS";
    /// Flag `n` or `y` under a -PLUS name (RFC 5802 section 6).
    PlusWithoutPFlag = "plus-without-p-flag", "a -PLUS mechanism without a channel binding";
    /// The proof is not as long as the hash (RFC 5802 section 3).
    ProofLength = "proof-length", "the proof has the wrong length";
    /// The identity provider is not known here, or nobody came back from it (RFC 6595, RFC 6616).
    ProviderRefused = "provider-refused", "the identity provider is unknown, or vouches for nobody";
    /// The client chooses a protection that was not offered (RFC 2831 section 2.1.2).
    QopNotOffered = "qop-not-offered", "the quality of protection was not offered";
    /// The realm is none of those that the server offers (RFC 2831 section 2.1.2).
    RealmNotOffered = "realm-not-offered", "the realm was not offered";
    /// The server does not know the token (draft-ietf-kitten-sasl-ht section 3.2).
    ResponderMismatch = "responder-mismatch", "the server's hash does not fit: it does not know the token";
    /// The client's response is wrong: a wrong password, or an unknown account (RFC 2831 section 2.1.2.1).
    ResponseMismatch = "response-mismatch", "the client's response does not fit";
    /// The response is not 32 lower-case hexadecimal digits (RFC 2831 section 2.1.2).
    ResponseNotLowercaseHex = "response-not-lowercase-hex", "expected a response of 32 lower-case hexadecimal digits";
    /// A response is longer than 1024 octets.
    ResponseTooLong = "response-too-long", "the response is longer than 1024 octets";
    /// The server's response is wrong: it does not know the secret (RFC 2831 section 2.1.3).
    RspauthMismatch = "rspauth-mismatch", "the server's response does not fit: it does not know the password";
    /// The server's response is not 32 lower-case hexadecimal digits (RFC 2831 section 2.1.3).
    RspauthNotLowercaseHex = "rspauth-not-lowercase-hex", "expected a server's response of 32 lower-case hexadecimal digits";
    /// A secret that is good for once was used by somebody else in the same moment (RFC 2444 section 7).
    SecretReplaced = "secret-replaced", "the secret was used by somebody else in the same moment";
    /// A new sequence has the seed of the old one (RFC 2444 section 4).
    SeedNotChanged = "seed-not-changed", "expected another seed than the old one";
    /// All passwords of the sequence were used (RFC 2289 section 8).
    SequenceExhausted = "sequence-exhausted", "all one-time passwords of the sequence were used";
    /// The sequence number is above 9999, refused before any hashing.
    SequenceTooHigh = "sequence-too-high", "the sequence number is above 9999";
    /// Flag `y` while the server offers -PLUS: somebody hid it (RFC 5802 section 6).
    ServerDoesSupportChannelBinding = "server-does-support-channel-binding", "the client believes that there is no -PLUS: is there a man in the middle?";
    /// Success before the server has proven that it knows the secret (RFC 5802 section 3).
    ServerNotVerified = "server-not-verified", "the server says success and has not proven itself";
    /// The server's signature is wrong: it does not know the secret (RFC 5802 section 3).
    ServerSignatureMismatch = "server-signature-mismatch", "the server's signature does not fit: it does not know the password";
    /// The signature is not that of the account's key over this challenge.
    SignatureMismatch = "signature-mismatch", "the signature does not fit";
    /// A buffer's size where there is no layer (RFC 4752 section 3).
    SizeWithoutLayer = "size-without-layer", "a buffer size without a security layer";
    /// The store can't answer now.
    StoreUnavailable = "store-unavailable", "the account store can't answer now";
    /// The TLS versions that the two ends see differ (XEP-0515).
    TlsVersionMismatch = "tls-version-mismatch", "the two ends see different TLS versions: is there a man in the middle?";
    /// The account has tokens, for other mechanisms (draft-ietf-kitten-sasl-ht section 3).
    TokenBoundToOtherMechanism = "token-bound-to-other-mechanism", "the account's tokens are for other mechanisms";
    /// The token is unknown, expired, revoked, or not for this server.
    TokenRefused = "token-refused", "the token is unknown, expired, revoked, or not for this server";
    /// A token is longer than 255 characters (RFC 4505 section 2).
    TokenTooLong = "token-too-long", "the trace token is longer than 255 characters";
    /// Fewer than two NULs (RFC 4616 section 2).
    TooFewFields = "too-few-fields", "expected three fields, NUL between them";
    /// Too many logins have failed of late, for this account or from where the client is.
    TooManyFailures = "too-many-failures", "too many logins have failed of late";
    /// More NULs than the message has (RFC 4616 section 2).
    TooManyFields = "too-many-fields", "the message has more fields than it may have";
    /// The peer keeps the exchange going for longer than any mechanism does.
    TooManySteps = "too-many-steps", "the exchange has too many steps";
    /// A message ends before its fixed part does.
    TooShort = "too-short", "a message is too short";
    /// Trace data breaks the rule for right-to-left text (RFC 3454 section 6).
    TraceBidi = "trace-bidi", "the trace data mixes writing directions";
    /// Trace data has forbidden characters (RFC 4505 section 3).
    TraceProhibited = "trace-prohibited", "the trace data has forbidden characters";
    /// A challenge came when the mechanism had nothing more to say.
    UnexpectedChallenge = "unexpected-challenge", "a challenge came after the mechanism's last message";
    /// The account is not known, or has no verifier for this mechanism; the peer must not learn it.
    UnknownAccount = "unknown-account", "no such account, or no verifier for this mechanism";
    /// The server asks for a hash that is not spoken (RFC 2444 section 2).
    UnknownAlgorithm = "unknown-algorithm", "the hash that the server asks for is not supported";
    /// The server asks for neither a passcode nor a PIN (RFC 2808 section 3.2).
    UnknownRequest = "unknown-request", "expected the request for a passcode or a PIN";
    /// The response is of a type that nobody knows (RFC 2243 section 2).
    UnknownResponseType = "unknown-response-type", "expected a response of the type hex, word, init-hex or init-word";
    /// A word is not in the dictionary (RFC 2289 appendix D).
    UnknownWord = "unknown-word", "a word is not in the standard dictionary";
    /// The channel binding type can't be produced on this connection (RFC 5802 section 6).
    UnsupportedChannelBindingType = "unsupported-channel-binding-type", "no channel binding of this type on this connection";
    /// A quoted value does not end (RFC 2831 section 7.1).
    UnterminatedQuote = "unterminated-quote", "expected a quote at the end of a quoted value";
    /// A one-time password has other than six words (RFC 2289 section 6).
    WordCount = "word-count", "expected six words";
    /// A layer whose buffer has no room (RFC 4752 section 3.2).
    ZeroSizeWithLayer = "zero-size-with-layer", "a security layer with a buffer of no size";
}
