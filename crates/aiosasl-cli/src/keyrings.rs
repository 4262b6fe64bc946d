//! The cookies of D-Bus, which a bus leaves in the home of the user that it runs as: whoever can read one is that user.

use std::{env, fs::File, io::Read as _, path::Path};

use aiosasl::{
    query::{ClientAnswer, Question, Subject},
    secret::Secret,
};
use aiosasl_vendor::dbus_cookie_sha1::COOKIE;

/// The longest file of cookies that is read, in octets.
const MAX_FILE: usize = 65_536;

/// Answers a question for a cookie; all others are for somebody else.
pub(crate) fn answer(question: Question) -> ClientAnswer {
    let cookie = match question.subject() {
        Subject::Foreign { what, details } if *what == COOKIE => find(details),
        _ => None,
    };
    match cookie {
        Some(cookie) => question.answer(cookie),
        None => question.decline(),
    }
}

/// The cookie of this context and number. A context is the name of a file, and leads to no other folder: the mechanism has
/// looked at it.
fn find(details: &str) -> Option<Secret> {
    let (context, number) = details.split_once(' ')?;
    let home = env::var_os("HOME")?;
    let file = File::open(Path::new(&home).join(".dbus-keyrings").join(context)).ok()?;
    // Room for all of it: what grows leaves parts of a secret behind.
    let mut octets = Vec::with_capacity(MAX_FILE + 64);
    let read = file.take(MAX_FILE as u64).read_to_end(&mut octets);
    let octets = Secret::from(octets);
    read.ok()?;
    cookie(std::str::from_utf8(octets.expose()).ok()?, number)
}

/// A line is the number, the time of its making, and the cookie.
fn cookie(text: &str, number: &str) -> Option<Secret> {
    text.lines().find_map(|line| {
        let mut parts = line.split_ascii_whitespace();
        let (own, _made, cookie) = (parts.next()?, parts.next()?, parts.next()?);
        (own == number).then(|| cookie.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_number() {
        let text = "12 1700000000 aa\n 3 1700000001 bb\nbroken\n";
        assert_eq!(cookie(text, "3"), Some("bb".into()));
        assert_eq!(cookie(text, "1"), None);
        assert_eq!(cookie(text, "broken"), None);
    }
}
