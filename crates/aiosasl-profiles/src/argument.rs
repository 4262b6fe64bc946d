//! Commands whose only argument is somebody's name or password, and goes to the end of the line.

use zeroize::Zeroizing;

use crate::{WireClass, WireError, line::Line};

/// The command's line, with its ending; wiped on drop.
///
/// # Errors
///
/// Class [`Credentials`](WireClass::Credentials) where the line can't say it: it is empty, or has a NUL or a line's end in
/// it.
pub(crate) fn line(command: &str, argument: &[u8]) -> Result<Line, WireError> {
    if argument.is_empty() || argument.iter().any(|octet| matches!(octet, b'\0' | b'\r' | b'\n')) {
        return Err(WireError::new(
            WireClass::Credentials,
            format!(
                "{command} has no way to say a name or a password that is empty, or not one line"
            ),
        ));
    }
    // Joined at once: a text that grows would leave parts of a secret behind.
    Ok(Zeroizing::new([command.as_bytes(), b" ", argument, b"\r\n"].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_line_is_not_said_and_not_repeated() {
        assert_eq!(line("PASS", b" a \xff ").unwrap().as_slice(), b"PASS  a \xff \r\n");
        for argument in [&b""[..], b"a\0b", b"a\rb", b"pencil\nQUIT"] {
            let error = line("PASS", argument).unwrap_err();
            assert_eq!(error.class, WireClass::Credentials);
            assert!(!error.text.contains("pencil"));
        }
    }
}
