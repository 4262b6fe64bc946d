//! Tokens that a server gave for later logins (XEP-0484), each in a file that is its owner's alone.

use std::{fs, io::Write as _, path::Path};

use aiosasl::{name::MechanismName, secret::Secret};
use aiosasl_profiles::net::FastToken;
use serde::{Deserialize, Serialize};

use crate::status::Failure;

/// A token that was kept.
#[derive(Debug)]
pub(crate) struct Kept {
    /// For which mechanism it is.
    pub(crate) mechanism: MechanismName,
    pub(crate) token: Secret,
    /// Whose it is: a program's on a device, as the server knows it.
    pub(crate) user_agent: String,
}

/// What stands in the file.
#[derive(Serialize, Deserialize)]
struct Paper<'a> {
    mechanism: String,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    expiry: String,
    token: std::borrow::Cow<'a, str>,
}

/// Reads what [`keep`] has written; `None` where it is something else: no token begins with a brace (RFC 6750 section 2.1).
///
/// # Errors
///
/// A [`Failure`] of status 2 where it begins like that and is no such thing.
pub(crate) fn read(text: &[u8]) -> Result<Option<Kept>, Failure> {
    if !text.starts_with(b"{") {
        return Ok(None);
    }
    let broken = || Failure::usage("expected a token, or what --fast-token-out has written");
    let Paper { mechanism, user_agent, token, .. } =
        serde_json::from_slice(text).map_err(|_| broken())?;
    let mechanism = MechanismName::parse(mechanism).map_err(|_| broken())?;
    Ok(Some(Kept { mechanism, token: Secret::from(token.into_owned()), user_agent }))
}

/// Writes a token to where its owner alone can read it.
///
/// # Errors
///
/// A [`Failure`] of status 2 where that can't be.
pub(crate) fn keep(path: &Path, given: &FastToken) -> Result<(), Failure> {
    let unwritable = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("can't write {}: {error}", path.display()))
    };
    let token = std::str::from_utf8(given.token.expose()).map_err(|error| unwritable(&error))?;
    let paper = Paper {
        mechanism: given.mechanism.to_string(),
        user_agent: given.user_agent.clone(),
        expiry: given.expiry.clone(),
        token: token.into(),
    };
    let text = Secret::from(serde_json::to_vec(&paper).map_err(|error| unwritable(&error))?);
    let written = || {
        // The old one may have been readable for others, and stays whole until the new one is.
        let new = path.with_extension("new");
        if let Err(error) = fs::remove_file(&new) {
            if error.kind() != std::io::ErrorKind::NotFound {
                return Err(error);
            }
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(text.expose())?;
        file.write_all(b"\n")?;
        fs::rename(&new, path)
    };
    written().map_err(|error| unwritable(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_as_it_was_kept_and_others_are_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        let given = FastToken {
            mechanism: MechanismName::new("HT-SHA-256-EXPR"),
            token: Secret::new("se\"cret"),
            expiry: "2027-01-01T00:00:00Z".into(),
            user_agent: "an-id".into(),
        };
        fs::write(&path, "readable for all").expect("written");
        keep(&path, &given).expect("kept");
        let kept = read(&fs::read(&path).expect("there")).expect("sound").expect("kept");
        assert_eq!(kept.mechanism, given.mechanism);
        assert_eq!((kept.token.expose(), kept.user_agent.as_str()), (&b"se\"cret"[..], "an-id"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(read(b"eyJhbGciOi.x").expect("another").is_none());
        assert!(read(b"{}").is_err() && read(b"{\"token\": 1}").is_err());
    }
}
