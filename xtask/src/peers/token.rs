//! A token that Dovecot checks by itself: a JWT signed with a secret that both know.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use ring::hmac;

use super::site::open;

/// What signs it; it is worth nothing outside of a run.
const SECRET: &[u8] = b"a shared secret of 32 bytes long";
/// The scope that it has.
const SCOPE: &str = "mail";

/// Tells a Dovecot, whose folder this is, how to check tokens.
pub(super) fn validate_at(room: &Path) -> Result<()> {
    // The key's place is <prefix><azp>/<algorithm>/<key id>, with `default` for what a token does not say.
    let mut folder = room.to_owned();
    for part in ["keys", "default", "HS256"] {
        folder.push(part);
        fs::create_dir_all(&folder)?;
        open(&folder)?;
    }
    fs::write(folder.join("default"), Base64::encode_string(SECRET))?;
    let text = format!(
        "introspection_mode = local
local_validation_key_dict = fs:posix:prefix={}/keys/
username_attribute = username
username_format = %u
scope = {SCOPE}
openid_configuration_url = https://localhost/.well-known/openid-configuration
",
        room.display()
    );
    fs::write(room.join("oauth2.conf"), text)?;
    Ok(())
}

/// When the first token was made: a user's is the same as long as we run.
static BEGIN: LazyLock<SystemTime> = LazyLock::new(SystemTime::now);

/// A token of this user, good for an hour.
pub(super) fn of(user: &str) -> Result<String> {
    let now = BEGIN.duration_since(UNIX_EPOCH).context("it is before 1970")?.as_secs();
    let claims = serde_json::json!({
        "sub": user, "username": user, "scope": SCOPE, "iat": now - 60, "nbf": now - 60, "exp": now + 3600,
    });
    let part = |text: &[u8]| Base64UrlUnpadded::encode_string(text);
    let signed = format!(
        "{}.{}",
        part(br#"{"alg":"HS256","typ":"JWT"}"#),
        part(claims.to_string().as_bytes())
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    Ok(format!("{signed}.{}", part(hmac::sign(&key, signed.as_bytes()).as_ref())))
}
