//! What a server offers on a stream (RFC 6120 section 4.3.2, XEP-0440).

use aiosasl::{binding::BindingKind, name::MechanismName};

use super::{Element, NS_CHANNEL_BINDING, NS_SASL, NS_SASL2, NS_TLS, sasl2::Offered};
use crate::printable;

/// A server's features, as far as they concern authentication.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Features {
    /// The mechanisms, in the server's order, each once.
    pub mechanisms: Vec<MechanismName>,
    /// What was offered and is no mechanism name, made harmless.
    pub unreadable: Vec<String>,
    /// Whether the stream can, or must, be upgraded to TLS.
    pub start_tls: StartTls,
    /// The channel binding types that the server can check; `None` where it says nothing about them, or where no
    /// type has a readable name.
    pub bindings: Option<Vec<BindingKind>>,
    /// What can be had by extensible SASL (XEP-0388), where it can be had.
    pub sasl2: Option<Offered>,
    /// The names of all features, each with its namespace: `starttls urn:ietf:params:xml:ns:xmpp-tls`.
    pub all: Vec<String>,
}

/// What a server says of TLS (RFC 6120 section 5.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StartTls {
    /// Nothing.
    #[default]
    NotOffered,
    /// It can be had.
    Offered,
    /// Nothing goes without it.
    Required,
}

impl Features {
    pub(super) fn read(element: &Element) -> Self {
        let mut it = Self::default();
        for feature in &element.children {
            it.all.push(printable(format!("{} {}", feature.name, feature.namespace).as_bytes()));
            match (feature.namespace.as_str(), feature.name.as_str()) {
                (NS_SASL, "mechanisms") => it.offer(feature),
                (NS_SASL2, "authentication") => it.sasl2 = Some(Offered::read(feature)),
                (NS_TLS, "starttls") => {
                    let required = feature.child(NS_TLS, "required").is_some();
                    it.start_tls = if required { StartTls::Required } else { StartTls::Offered };
                }
                (NS_CHANNEL_BINDING, "sasl-channel-binding") => {
                    it.bindings = Some(bindings(feature));
                }
                _ => {}
            }
        }
        it
    }

    fn offer(&mut self, mechanisms: &Element) {
        let names = mechanisms.children.iter().filter(|child| child.is(NS_SASL, "mechanism"));
        for name in names.map(|child| child.text.trim_ascii()) {
            match MechanismName::parse(name) {
                Ok(name) if self.mechanisms.contains(&name) => {}
                Ok(name) => self.mechanisms.push(name),
                Err(_) => self.unreadable.push(printable(name.as_bytes())),
            }
        }
    }
}

/// The types of XEP-0440; a name that breaks the grammar can't be one that we have.
fn bindings(feature: &Element) -> Vec<BindingKind> {
    let types =
        feature.children.iter().filter(|child| child.is(NS_CHANNEL_BINDING, "channel-binding"));
    types.filter_map(|child| BindingKind::parse(child.attribute("type")?).ok()).collect()
}
