//! The password that MongoDB's users have in SCRAM-SHA-1: a digest of name and password, which older mechanisms kept.

use crate::{
    encoding::hex,
    md5::md5,
    secret::{Password, Secret},
};

/// `hex(MD5(name ":mongo:" password))`, of both as typed: in SCRAM-SHA-1 it takes the password's place, with
/// [`Preparation::None`](crate::preparation::Preparation); in SCRAM-SHA-256 nothing does.
///
/// # Example: the password of a login to MongoDB
///
/// ```
/// use aiosasl::mechanisms::scram::mongodb_password;
///
/// let password = mongodb_password("user", &"pencil".into());
/// assert_eq!(password.expose(), "1c33006ec1ffd90f9cadcbcc0e118200");
/// ```
pub fn mongodb_password(name: &str, password: &Password) -> Password {
    let digest = md5(&[name.as_bytes(), b":mongo:", password.expose().as_bytes()]);
    let digest = Secret::new(digest);
    Password::new(hex(digest.expose()))
}
