//! Files: replaced whole, locked, their owner's alone.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn what_is_replaced_keeps_its_permissions_and_what_is_made_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    let lock = lock(&path, PATIENCE).unwrap();
    let first = replace(&path, b"one", &lock).unwrap();
    assert_eq!(mode(&path), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    // Left by somebody who died.
    fs::write(beside(&path, ".new"), "half").unwrap();
    let second = replace(&path, b"two", &lock).unwrap();
    assert_ne!(first, second);
    assert_eq!(mode(&path), 0o640);
    assert_eq!(read(&path).unwrap(), (b"two".to_vec(), second));
    assert!(!beside(&path, ".new").exists());
}

#[test]
fn one_writes_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    let first = lock(&path, Duration::ZERO).unwrap();
    assert_eq!(lock(&path, Duration::ZERO).unwrap_err().kind, StoreErrorKind::Unavailable);
    drop(first);
    assert!(lock(&path, Duration::ZERO).is_ok());
}

#[test]
fn the_secret_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    let first = secret(&path).unwrap();
    assert_eq!(first.expose().len(), SECRET_LEN);
    assert_eq!(secret(&path).unwrap().expose(), first.expose());
    assert_eq!(mode(&beside(&path, ".secret")), 0o600);
    fs::write(beside(&path, ".secret"), "short").unwrap();
    assert_eq!(secret(&path).unwrap_err().kind, StoreErrorKind::Malformed);
}

#[test]
fn what_is_not_there_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none");
    assert_eq!(read(&path).unwrap_err().kind, StoreErrorKind::Missing);
    assert_eq!(read(folder.path()).unwrap_err().kind, StoreErrorKind::Unavailable);
}
