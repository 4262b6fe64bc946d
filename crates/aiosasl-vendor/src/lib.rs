//! SASL mechanisms of single vendors, client and server, made with nothing but what `aiosasl` shows to everybody.
//!
//! | mechanism | whose | feature |
//! | --- | --- | --- |
//! | [`MONGODB-X509`](mongodb_x509) | MongoDB | `mongodb-x509` |
//! | [`MONGODB-AWS`](mongodb_aws) | MongoDB | `mongodb-aws` |
//! | [`AWS_MSK_IAM`](aws_msk_iam) | Kafka on AWS | `aws-msk-iam` |
//! | [`DBUS_COOKIE_SHA1`](dbus_cookie_sha1) | D-Bus | `dbus-cookie-sha1` |
//! | [`MONGODB-OIDC`](mongodb_oidc) | MongoDB | `mongodb-oidc` |
//! | [`AMQPLAIN`](amqplain) | RabbitMQ | `amqplain` |
//! | [`RABBIT-CR-DEMO`](rabbit_cr_demo) | RabbitMQ | `rabbit-cr-demo` |
//! | [`PG-MD5`](pg_md5) | PostgreSQL | `pg-md5` |
//!
//! [`mongodb_scram`] has SCRAM as MongoDB speaks it, instead of `aiosasl`'s.
//!
//! # Example: one of them beside those of `aiosasl`
//!
//! ```
//! use aiosasl::credentials::Credentials;
//! use aiosasl_testkit::{Accounts, FaceToFace};
//!
//! let accounts = Accounts::new().with_password("guest", "guest");
//! let pair = FaceToFace::new(&aiosasl_vendor::amqplain::MECHANISM, &accounts);
//! let met = pair.meet("guest", "guest", aiosasl::profile::Profile::FULL);
//! assert!(met.client.is_ok());
//! ```
#![no_std]

#[cfg(any(
    feature = "amqplain",
    feature = "aws",
    feature = "bson",
    feature = "dbus-cookie-sha1",
    feature = "mongodb-scram",
    feature = "mongodb-x509",
    feature = "pg-md5",
    feature = "rabbit-cr-demo",
))]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "amqplain")]
pub mod amqplain;
#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "aws-msk-iam")]
pub mod aws_msk_iam;
#[cfg(feature = "bson")]
#[cfg_attr(
    not(all(feature = "mongodb-aws", feature = "mongodb-oidc")),
    expect(dead_code, reason = "each of the two has fields of its own types")
)]
mod bson;
#[cfg(feature = "dbus-cookie-sha1")]
pub mod dbus_cookie_sha1;
#[cfg(feature = "mongodb-aws")]
pub mod mongodb_aws;
#[cfg(feature = "mongodb-oidc")]
pub mod mongodb_oidc;
#[cfg(feature = "mongodb-scram")]
pub mod mongodb_scram;
#[cfg(feature = "mongodb-x509")]
pub mod mongodb_x509;
#[cfg(any(feature = "amqplain", feature = "rabbit-cr-demo"))]
mod password;
#[cfg(feature = "pg-md5")]
pub mod pg_md5;
#[cfg(feature = "rabbit-cr-demo")]
pub mod rabbit_cr_demo;
pub mod reason;
#[cfg(all(test, feature = "default"))]
mod vectors;

use aiosasl::mechanism::Mechanism;

/// All mechanisms that this build has, best first.
pub const ALL: &[Mechanism] = &[
    #[cfg(feature = "mongodb-x509")]
    mongodb_x509::MECHANISM,
    #[cfg(feature = "mongodb-aws")]
    mongodb_aws::MECHANISM,
    #[cfg(feature = "aws-msk-iam")]
    aws_msk_iam::MECHANISM,
    #[cfg(feature = "dbus-cookie-sha1")]
    dbus_cookie_sha1::MECHANISM,
    #[cfg(feature = "mongodb-oidc")]
    mongodb_oidc::MECHANISM,
    #[cfg(feature = "amqplain")]
    amqplain::MECHANISM,
    #[cfg(feature = "rabbit-cr-demo")]
    rabbit_cr_demo::MECHANISM,
    #[cfg(feature = "pg-md5")]
    pg_md5::MECHANISM,
];
