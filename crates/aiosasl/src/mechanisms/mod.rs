//! One room for each mechanism; none knows another. The list of all stands here, once, best first.

use crate::mechanism::Mechanism;

#[cfg(feature = "anonymous")]
pub mod anonymous;
#[cfg(any(feature = "ecdsa-nist256p-challenge", feature = "ecdh-x25519-challenge"))]
pub mod challenge;
#[cfg(feature = "cram-md5")]
pub mod cram_md5;
#[cfg(feature = "digest-md5")]
pub mod digest_md5;
#[cfg(feature = "external")]
pub mod external;
#[cfg(feature = "gssapi")]
pub mod gssapi;
#[cfg(feature = "ht")]
pub mod ht;
#[cfg(feature = "login")]
pub mod login;
#[cfg(feature = "ntlm")]
pub mod ntlm;
#[cfg(any(feature = "oauthbearer", feature = "xoauth2"))]
pub mod oauth;
#[cfg(feature = "otp")]
pub mod otp;
#[cfg(feature = "plain")]
pub mod plain;
#[cfg(any(
    feature = "scram-sha-1",
    feature = "scram-sha-224",
    feature = "scram-sha-256",
    feature = "scram-sha-384",
    feature = "scram-sha-512",
    feature = "scram-sha3-512",
))]
pub mod scram;
#[cfg(feature = "securid")]
pub mod securid;
#[cfg(any(feature = "openid20", feature = "saml20"))]
pub mod visit;

/// All mechanisms that this build has, best first: what ties itself to the channel, then what proves the server,
/// then what reveals the password, and what proves nobody last.
pub const ALL: &[Mechanism] = &[
    #[cfg(feature = "ht-sha-512")]
    ht::HT_SHA_512_EXPR,
    #[cfg(feature = "ht-sha3-512")]
    ht::HT_SHA3_512_EXPR,
    #[cfg(feature = "ht")]
    ht::HT_SHA_256_EXPR,
    #[cfg(feature = "ht-sha-512")]
    ht::HT_SHA_512_UNIQ,
    #[cfg(feature = "ht-sha3-512")]
    ht::HT_SHA3_512_UNIQ,
    #[cfg(feature = "ht")]
    ht::HT_SHA_256_UNIQ,
    #[cfg(feature = "ht-sha-512")]
    ht::HT_SHA_512_ENDP,
    #[cfg(feature = "ht-sha3-512")]
    ht::HT_SHA3_512_ENDP,
    #[cfg(feature = "ht")]
    ht::HT_SHA_256_ENDP,
    #[cfg(feature = "gs2")]
    gssapi::GS2_KRB5_PLUS,
    #[cfg(feature = "scram-sha-512")]
    scram::SCRAM_SHA_512_PLUS,
    #[cfg(feature = "scram-sha3-512")]
    scram::SCRAM_SHA3_512_PLUS,
    #[cfg(feature = "scram-sha-384")]
    scram::SCRAM_SHA_384_PLUS,
    #[cfg(feature = "scram-sha-256")]
    scram::SCRAM_SHA_256_PLUS,
    #[cfg(feature = "scram-sha-224")]
    scram::SCRAM_SHA_224_PLUS,
    #[cfg(feature = "scram-sha-1")]
    scram::SCRAM_SHA_1_PLUS,
    #[cfg(feature = "external")]
    external::MECHANISM,
    #[cfg(feature = "ht-sha-512")]
    ht::HT_SHA_512_NONE,
    #[cfg(feature = "ht-sha3-512")]
    ht::HT_SHA3_512_NONE,
    #[cfg(feature = "ht")]
    ht::HT_SHA_256_NONE,
    #[cfg(feature = "gs2")]
    gssapi::GS2_KRB5,
    #[cfg(feature = "gssapi")]
    gssapi::GSSAPI,
    #[cfg(feature = "gss-spnego")]
    gssapi::GSS_SPNEGO,
    #[cfg(feature = "scram-sha-512")]
    scram::SCRAM_SHA_512,
    #[cfg(feature = "scram-sha3-512")]
    scram::SCRAM_SHA3_512,
    #[cfg(feature = "scram-sha-384")]
    scram::SCRAM_SHA_384,
    #[cfg(feature = "scram-sha-256")]
    scram::SCRAM_SHA_256,
    #[cfg(feature = "scram-sha-224")]
    scram::SCRAM_SHA_224,
    #[cfg(feature = "scram-sha-1")]
    scram::SCRAM_SHA_1,
    #[cfg(feature = "ecdsa-nist256p-challenge")]
    challenge::ECDSA_NIST256P_CHALLENGE,
    #[cfg(feature = "ecdh-x25519-challenge")]
    challenge::ECDH_X25519_CHALLENGE,
    #[cfg(feature = "digest-md5")]
    digest_md5::MECHANISM,
    #[cfg(feature = "cram-md5")]
    cram_md5::MECHANISM,
    #[cfg(feature = "ntlm")]
    ntlm::MECHANISM,
    #[cfg(feature = "oauthbearer")]
    oauth::OAUTHBEARER,
    #[cfg(feature = "xoauth2")]
    oauth::XOAUTH2,
    #[cfg(feature = "oauth10a")]
    oauth::OAUTH10A,
    #[cfg(feature = "plain")]
    plain::MECHANISM,
    #[cfg(feature = "login")]
    login::MECHANISM,
    #[cfg(feature = "saml20")]
    visit::SAML20,
    #[cfg(feature = "openid20")]
    visit::OPENID20,
    #[cfg(feature = "otp")]
    otp::MECHANISM,
    #[cfg(feature = "securid")]
    securid::MECHANISM,
    #[cfg(feature = "anonymous")]
    anonymous::MECHANISM,
];
