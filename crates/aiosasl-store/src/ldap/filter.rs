//! Filters with a place for a name (RFC 4515), which stays a name whatever it is.

use ldap3::{ldap_escape, parse_filter};

use crate::error::{StoreError, StoreErrorKind};

/// A filter with a place for a name.
pub(super) struct Filter(Vec<Piece>);

#[derive(Clone)]
enum Piece {
    Name,
    Text(Box<str>),
}

impl Filter {
    /// Reads a filter, where `%u` stands for the name and `%%` for a percent sign.
    pub(super) fn parse(template: &str) -> Result<Self, StoreError> {
        let mut pieces = Vec::new();
        let mut rest = template;
        while let Some((text, after)) = rest.split_once('%') {
            pieces.push(Piece::Text(text.into()));
            let Some(letter) = after.chars().next() else { return Err(invalid()) };
            match letter {
                'u' => pieces.push(Piece::Name),
                '%' => pieces.push(Piece::Text("%".into())),
                _ => return Err(invalid()),
            }
            rest = after.get(letter.len_utf8()..).unwrap_or_default();
        }
        pieces.push(Piece::Text(rest.into()));
        let has_place = pieces.iter().any(|it| matches!(it, Piece::Name));
        if has_place && template.starts_with('(') { Self(pieces).checked() } else { Err(invalid()) }
    }

    /// The same for any name, and with this attribute in the place of the name.
    pub(super) fn with_attribute(&self, attribute: &str) -> Result<Self, StoreError> {
        let text = |it: &str| Piece::Text(it.into());
        let mut pieces = vec![text("(&")];
        pieces.extend(self.0.iter().map(|piece| match piece {
            Piece::Name => text("*"),
            Piece::Text(_) => piece.clone(),
        }));
        pieces.extend([text(&format!("({attribute}=")), Piece::Name, text("))")]);
        Self(pieces).checked()
    }

    /// The filter for a name.
    pub(super) fn of(&self, name: &str) -> String {
        let escaped = ldap_escape(name);
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Name => &*escaped,
            Piece::Text(text) => text,
        });
        pieces.collect()
    }

    fn checked(self) -> Result<Self, StoreError> {
        parse_filter(self.of("name")).map(|_| self).map_err(|()| invalid())
    }
}

fn invalid() -> StoreError {
    StoreError::new(StoreErrorKind::Invalid, "expected an LDAP filter with %u for the name")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The octets that the directory gets to see: a filter as RFC 4511 spells it.
    fn wire(filter: &str) -> String {
        format!("{:?}", parse_filter(filter).unwrap())
    }

    #[test]
    fn a_name_cannot_get_out_of_its_place() {
        let filter = Filter::parse("(&(objectClass=account)(uid=%u))").unwrap();
        for (name, expected) in [
            ("user", "(&(objectClass=account)(uid=user))"),
            ("*", "(&(objectClass=account)(uid=\\2a))"),
            ("*)(uid=*", "(&(objectClass=account)(uid=\\2a\\29\\28uid=\\2a))"),
            ("a)(|(b=c", "(&(objectClass=account)(uid=a\\29\\28|\\28b=c))"),
            ("\\2a", "(&(objectClass=account)(uid=\\5c2a))"),
            ("%u", "(&(objectClass=account)(uid=%u))"),
            ("a\0b", "(&(objectClass=account)(uid=a\\00b))"),
            ("ü", "(&(objectClass=account)(uid=ü))"),
        ] {
            assert_eq!(filter.of(name), expected);
            parse_filter(expected).unwrap();
        }
    }

    #[test]
    fn only_filters_with_a_place_for_a_name_are_filters() {
        for template in
            ["", "(uid=user)", "(uid=%u", "uid=%u", "%u", "(uid=%n)", "(uid=%u)(a=b)", "(a=%u%)"]
        {
            assert!(Filter::parse(template).is_err(), "{template}");
        }
        assert_eq!(Filter::parse("(cn=100%%%u)").unwrap().of("x"), "(cn=100%x)");
        assert_eq!(Filter::parse("(|(uid=%u)(mail=%u))").unwrap().of("x"), "(|(uid=x)(mail=x))");
    }

    #[test]
    fn certificates_are_looked_for_under_the_same_conditions() {
        for template in ["(&(!(locked=TRUE))(uid=%u))", "(uid=%u)"] {
            let filter =
                Filter::parse(template).unwrap().with_attribute("certificateName").unwrap();
            let any = template.replace("%u", "*");
            assert_eq!(filter.of("CN=a*"), format!("(&{any}(certificateName=CN=a\\2a))"));
        }
        assert!(Filter::parse("(uid=%u)").unwrap().with_attribute("a)(b").is_err());
    }

    proptest! {
        #[test]
        fn whatever_the_name_the_question_keeps_its_form(name in "\\PC{1,20}|[*()\\\\|&!=%u\u{0}-\u{20}]{1,20}") {
            // Those stand in the filter, too.
            prop_assume!(!["a", "b", "uid"].contains(&&*name));
            let filter = Filter::parse("(&(a=b)(uid=%u))").unwrap();
            let plain = wire(&filter.of("NAME")).replace(&format!("{:?}", b"NAME"), "[]");
            let octets = format!("{:?}", name.as_bytes());
            let named = wire(&filter.of(&name)).replace(&octets, "[]");
            prop_assert_eq!(plain, named);
        }
    }
}
