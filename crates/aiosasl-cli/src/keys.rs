//! Private and public keys of mechanisms that log in by them, from files and options.

use std::path::Path;

use aiosasl::{
    encoding,
    error::Reason,
    mechanism::Mechanism,
    mechanisms::challenge::{ECDSA_NIST256P_CHALLENGE, ecdsa, x25519},
    secret::Secret,
};

use crate::{secrets, status::Failure};

/// A private key from a file: PEM for P-256, base64 for X25519.
pub(crate) fn private(mechanism: &Mechanism, path: &Path) -> Result<Secret, Failure> {
    let text = secrets::read(path)?;
    let key = if is_ecdsa(mechanism) {
        ecdsa::private_key_from_pem(text.expose())
    } else {
        x25519::private_key_from_text(text.expose())
    };
    key.map_err(|reason| failure(path, reason))
}

/// The public key to the private one in a file.
pub(crate) fn public_of(mechanism: &Mechanism, path: &Path) -> Result<Secret, Failure> {
    let private = private(mechanism, path)?;
    let public = if is_ecdsa(mechanism) {
        ecdsa::public_key(&private)
    } else {
        x25519::public_key(&private)
    };
    public.map(Secret::new).map_err(|reason| failure(path, reason))
}

/// A public key in base64, as services are told it.
pub(crate) fn public(text: &str) -> Result<Secret, String> {
    encoding::decode(text).map(Secret::new).map_err(|error| error.to_string())
}

fn is_ecdsa(mechanism: &Mechanism) -> bool {
    mechanism.name == ECDSA_NIST256P_CHALLENGE.name
}

fn failure(path: &Path, reason: Reason) -> Failure {
    Failure::usage(format!("{}: {reason}", path.display()))
}
