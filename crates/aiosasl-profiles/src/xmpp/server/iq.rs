//! The few requests that make a client feel at home: a resource, a session (RFC 6120 section 7).

use std::fmt::Write as _;

use super::super::{Element, NS_BIND, NS_SESSION, NS_STANZAS, stream::escape};

/// A request of a client's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Iq {
    /// To be repeated with the answer.
    pub id: String,
    /// What is wanted.
    pub want: Want,
}

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Want {
    /// A resource of this name, or of any (RFC 6120 section 7).
    Bind(Option<String>),
    /// Nothing: it is an answer itself.
    Nothing,
    /// A session (RFC 3921 section 3).
    Session,
    /// Something else.
    Unknown,
}

impl Iq {
    pub(super) fn read(element: &Element) -> Self {
        let id = element.attribute("id").unwrap_or_default().to_owned();
        let want = match (element.attribute("type"), element.children.as_slice()) {
            (Some("set"), [bind]) if bind.is(NS_BIND, "bind") => {
                let resource = bind.child(NS_BIND, "resource").map(|it| it.text.to_string());
                Want::Bind(resource.filter(|it| !it.is_empty()))
            }
            (Some("set"), [session]) if session.is(NS_SESSION, "session") => Want::Session,
            (Some("result" | "error"), _) => Want::Nothing,
            _ => Want::Unknown,
        };
        Self { id, want }
    }

    /// The answer to a client that is bound to this JID now.
    pub fn bound(&self, jid: &str) -> String {
        let jid = escape(jid);
        self.result(&format!("<bind xmlns='{NS_BIND}'><jid>{jid}</jid></bind>"))
    }

    /// The answer that all is well.
    pub fn done(&self) -> String {
        self.result("")
    }

    /// The answer that there is no such thing here.
    pub fn unavailable(&self) -> String {
        format!(
            "<iq type='error' id='{}'><error type='cancel'><service-unavailable xmlns='{NS_STANZAS}'/></error></iq>",
            escape(&self.id)
        )
    }

    fn result(&self, inside: &str) -> String {
        format!("<iq type='result' id='{}'>{inside}</iq>", escape(&self.id))
    }
}

/// The JID of somebody at a domain, with what may not stand before its `@` escaped (XEP-0106).
pub fn jid(user: &str, domain: &str, resource: &str) -> String {
    [&bare_jid(user, domain), "/", resource].concat()
}

/// The same without a resource.
pub fn bare_jid(user: &str, domain: &str) -> String {
    let mut local = String::new();
    for character in user.chars() {
        match character {
            ' ' | '"' | '&' | '\'' | '/' | ':' | '<' | '>' | '@' | '\\' => {
                // Writing to a String cannot fail.
                let _ = write!(local, "\\{:02x}", u32::from(character));
            }
            other => local.push(other),
        }
    }
    format!("{local}@{domain}")
}
