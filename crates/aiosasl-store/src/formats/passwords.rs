//! Names with passwords, from which credentials are to be made: `name:password`, or a JSON object with a `password`.

use aiosasl::secret::Password;
use zeroize::Zeroizing;

use super::{
    json,
    lines::malformed,
    reader::{Entry, Source},
};
use crate::error::StoreError;

/// The next account.
pub(super) fn next(source: &mut Source<'_>) -> Result<Option<Entry>, StoreError> {
    while let Some(line) = source.lines.next()? {
        let line = Zeroizing::new(line);
        if line.is_empty() {
            continue;
        }
        let entry = if line.starts_with('{') {
            json::read(source, &line)?
        } else {
            let (name, password) =
                line.split_once(':').ok_or_else(|| malformed("expected name:password"))?;
            let mut entry = source.entry(name)?;
            entry.password = Some(Password::new(password));
            entry
        };
        let is_empty = entry.password.as_ref().is_none_or(|it| it.expose().is_empty());
        return if is_empty { Err(malformed("expected a password")) } else { Ok(Some(entry)) };
    }
    Ok(None)
}
