//! The authentication schemes of HTTP's registry that stand for a mechanism, and how each carries its messages.

use aiosasl::{name::MechanismName, own_login};

/// An authentication scheme, and what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheme {
    /// Its name as it is usually written; it is compared whatever the case.
    pub name: &'static str,
    /// The mechanism that runs in it.
    pub mechanism: MechanismName,
    /// How it carries messages.
    pub form: Form,
}

/// How a scheme carries an exchange's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One message: name and password, joined by a colon, in base64 (RFC 7617 section 2).
    Basic,
    /// One message: the token as it is (RFC 6750 section 2.1).
    Bearer,
    /// Each in base64 as the parameter `data`, with a `sid` from the first challenge on (RFC 7804 section 5).
    Data,
    /// Each in base64 in the place of the parameters (RFC 4559 section 4).
    Token,
}

impl Scheme {
    /// Those that stand for a mechanism, best first.
    pub const ALL: &[Self] = &[
        Self {
            name: "SCRAM-SHA-256",
            mechanism: MechanismName::new("SCRAM-SHA-256"),
            form: Form::Data,
        },
        Self {
            name: "SCRAM-SHA-1",
            mechanism: MechanismName::new("SCRAM-SHA-1"),
            form: Form::Data,
        },
        Self { name: "Negotiate", mechanism: MechanismName::new("GSS-SPNEGO"), form: Form::Token },
        Self { name: "Bearer", mechanism: own_login::BEARER.name, form: Form::Bearer },
        Self { name: "Basic", mechanism: own_login::PASSWORD.name, form: Form::Basic },
    ];

    /// The scheme of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|scheme| scheme.name.eq_ignore_ascii_case(name))
    }

    /// The scheme in which this mechanism runs.
    pub fn of(mechanism: MechanismName) -> Option<&'static Self> {
        Self::ALL.iter().find(|scheme| scheme.mechanism == mechanism)
    }

    /// The mechanism that a scheme's name stands for: its own name, where the table does not know better; `None` where
    /// that is no mechanism's name.
    pub fn mechanism(name: &str) -> Option<MechanismName> {
        match Self::find(name) {
            Some(scheme) => Some(scheme.mechanism),
            None => MechanismName::parse_any_case(name)
                .ok()
                .filter(|it| *it != own_login::PASSWORD.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_case_and_own_logins_no_scheme_of_their_own_name() {
        assert_eq!(Scheme::mechanism("bAsIc"), Some(own_login::PASSWORD.name));
        assert_eq!(Scheme::mechanism("BEARER"), Some(own_login::BEARER.name));
        assert_eq!(Scheme::mechanism("password"), None);
        assert_eq!(Scheme::mechanism("Digest").unwrap(), "DIGEST");
        assert_eq!(Scheme::mechanism("no, scheme"), None);
    }
}
