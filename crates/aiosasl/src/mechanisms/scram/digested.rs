//! A digest in the password's place, where a server's older mechanisms kept nothing else.

use crate::{
    encoding::hex,
    md5::md5,
    secret::{Password, Secret},
};

/// `hex(MD5(name ":" realm ":" password))`, of all three as typed: what stands for the password of MongoDB's users in
/// SCRAM-SHA-1, where the realm is `mongo`, with [`Preparation::None`](crate::preparation::Preparation).
///
/// # Example: the password of a login to MongoDB
///
/// ```
/// use aiosasl::mechanisms::scram::digested_password;
///
/// let password = digested_password("user", "mongo", &"pencil".into());
/// assert_eq!(password.expose(), "1c33006ec1ffd90f9cadcbcc0e118200");
/// ```
pub fn digested_password(name: &str, realm: &str, password: &Password) -> Password {
    let parts = [name.as_bytes(), b":", realm.as_bytes(), b":", password.expose().as_bytes()];
    let digest = Secret::new(md5(&parts));
    Password::new(hex(digest.expose()))
}
