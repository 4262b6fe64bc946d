//! The attributes of SCRAM's messages (RFC 5802 section 5.1), and those that are extensions.

use alloc::boxed::Box;

use crate::error::Reason;

/// The most attributes of one message whose names have more than one letter.
const MAX_LONG: usize = 8;
/// The longest extension that a client sends, in octets.
const MAX_EXTENSION: usize = 1024;

/// The attributes of a message, one after the other.
pub(super) struct Attributes<'a> {
    rest: Option<&'a str>,
    /// A bit for each letter that has been there.
    seen: u64,
    /// The longer names that have been there.
    long: [&'a str; MAX_LONG],
}

impl<'a> Attributes<'a> {
    pub(super) fn of(message: &'a str) -> Self {
        Self { rest: Some(message), seen: 0, long: [""; MAX_LONG] }
    }

    /// The value of the next attribute, which has to have this name.
    pub(super) fn next_named(&mut self, name: char) -> Result<&'a str, Reason> {
        let attribute = self.next().ok_or(Reason::AttributeOrder)?;
        self.note_letter(name)?;
        match attribute.split_once('=') {
            Some((it, value)) if it.len() == 1 && it.starts_with(name) => Ok(value),
            Some(("m", _)) => Err(Reason::ExtensionsNotSupported),
            _ => Err(Reason::AttributeOrder),
        }
    }

    /// Leaves out the last attribute, which somebody else reads.
    pub(super) fn drop_last(&mut self) {
        self.rest = self.rest.and_then(|rest| rest.rsplit_once(',')).map(|(before, _last)| before);
    }

    /// Extensions: letters, `=`, and something; none that is mandatory, none twice. The RFC's names have one letter; those
    /// in use have more.
    pub(super) fn check_rest(
        &mut self,
        mut each: impl FnMut(&'a str, &'a str),
    ) -> Result<(), Reason> {
        while let Some(attribute) = self.next() {
            let (name, value) = attribute.split_once('=').ok_or(Reason::BadAttribute)?;
            if name == "m" {
                return Err(Reason::ExtensionsNotSupported);
            }
            if !is_name(name) || value.is_empty() {
                return Err(Reason::BadAttribute);
            }
            self.note(name)?;
            each(name, value);
        }
        Ok(())
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.rest.unwrap_or_default()
    }

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let (attribute, rest) =
            rest.split_once(',').map_or((rest, None), |(it, rest)| (it, Some(rest)));
        self.rest = rest;
        Some(attribute)
    }

    fn note(&mut self, name: &'a str) -> Result<(), Reason> {
        if let ([_], Some(letter)) = (name.as_bytes(), name.chars().next()) {
            return self.note_letter(letter);
        }
        match self.long.iter_mut().find(|it| it.is_empty() || **it == name) {
            Some(free) if free.is_empty() => *free = name,
            Some(_) => return Err(Reason::DuplicateAttribute),
            None => return Err(Reason::BadAttribute),
        }
        Ok(())
    }

    fn note_letter(&mut self, letter: char) -> Result<(), Reason> {
        let bit = 1_u64 << (u32::from(letter).wrapping_sub(u32::from('A')) & 63);
        if self.seen & bit != 0 {
            return Err(Reason::DuplicateAttribute);
        }
        self.seen |= bit;
        Ok(())
    }
}

/// Whether a client may send these after its nonce.
pub(super) fn check_extensions(extensions: &[(Box<str>, Box<str>)]) -> Result<(), Reason> {
    // Letters that RFC 5802 section 5.1 gives another meaning.
    const TAKEN: [&str; 10] = ["a", "c", "e", "i", "m", "n", "p", "r", "s", "v"];
    let mut attributes = Attributes::of("");
    for (name, value) in extensions {
        let fits = !value.is_empty() && !value.contains(['\0', ',']);
        if !fits || !is_name(name) || TAKEN.contains(&&**name) {
            return Err(Reason::BadAttribute);
        }
        if name.len() + value.len() >= MAX_EXTENSION {
            return Err(Reason::FieldTooLong);
        }
        attributes.note(name)?;
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec::Vec};

    use super::*;

    fn read(message: &str) -> Result<Vec<(&str, &str)>, Reason> {
        let mut found = Vec::new();
        Attributes::of(message).check_rest(|name, value| found.push((name, value)))?;
        Ok(found)
    }

    fn sent(pairs: &[(&str, &str)]) -> Result<(), Reason> {
        let pairs: Vec<_> =
            pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        check_extensions(&pairs)
    }

    #[test]
    fn names_have_letters() {
        assert_eq!(read("tokenauth=true,x=a=b"), Ok([("tokenauth", "true"), ("x", "a=b")].into()));
        for broken in
            ["", "=1", "tokenauth", "tokenauth=", "token-auth=true", "t\u{f6}ken=1", "x=1,"]
        {
            assert_eq!(read(broken), Err(Reason::BadAttribute), "{broken}");
        }
        assert_eq!(read("mm=1,m=1"), Err(Reason::ExtensionsNotSupported));
    }

    #[test]
    fn none_comes_twice_and_there_are_not_many() {
        assert_eq!(read("ab=1,AB=2,ab=3"), Err(Reason::DuplicateAttribute));
        let many = |count: u8| {
            let names = (0..count).map(|at| alloc::format!("a{}=1", char::from(b'a' + at)));
            names.collect::<Vec<_>>().join(",")
        };
        assert!(read(&many(8)).is_ok());
        assert_eq!(read(&many(9)), Err(Reason::BadAttribute));
    }

    #[test]
    fn clients_send_what_servers_read() {
        assert_eq!(sent(&[("tokenauth", "true"), ("x", "1")]), Ok(()));
        for pair in
            [("", "1"), ("x", ""), ("x", "1,n=root"), ("x", "\0"), ("x=1,y", "1"), ("m", "1")]
        {
            assert_eq!(sent(&[pair]), Err(Reason::BadAttribute), "{pair:?}");
        }
        assert_eq!(sent(&[("x", "1"), ("x", "1")]), Err(Reason::DuplicateAttribute));
        assert_eq!(sent(&[("x", &String::from_iter(['1'; 1024]))]), Err(Reason::FieldTooLong));
    }
}
