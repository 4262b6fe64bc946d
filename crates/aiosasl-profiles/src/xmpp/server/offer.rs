//! What a server of ours offers on a stream (RFC 6120 section 4.3.2, XEP-0440).

use aiosasl::{binding::BindingKind, name::MechanismName};

use super::super::{
    NS_BIND, NS_CHANNEL_BINDING, NS_SASL, NS_SESSION, NS_TLS, sasl2::Offered, stream::escape,
};

/// What can be had on a stream before somebody has authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer<'a> {
    /// By which mechanisms one can authenticate.
    pub mechanisms: &'a [MechanismName],
    /// To what an exchange can be tied (XEP-0440).
    pub bindings: &'a [BindingKind],
    /// Whether TLS can be had.
    pub start_tls: bool,
}

impl Offer<'_> {
    /// The features.
    pub fn spell(&self) -> String {
        self.spell_with(&Offered::default())
    }

    /// The features, and with them what can be had by extensible SASL: only inside TLS (XEP-0388).
    pub fn spell_with(&self, sasl2: &Offered) -> String {
        let sasl2 = sasl2.spell();
        let start_tls =
            if self.start_tls { format!("<starttls xmlns='{NS_TLS}'/>") } else { String::new() };
        let name = |it: &MechanismName| format!("<mechanism>{it}</mechanism>");
        let mechanisms = list("mechanisms", NS_SASL, self.mechanisms, name);
        let kind = |it: &BindingKind| format!("<channel-binding type='{}'/>", escape(it.as_str()));
        let bindings = list("sasl-channel-binding", NS_CHANNEL_BINDING, self.bindings, kind);
        format!("<stream:features>{start_tls}{mechanisms}{sasl2}{bindings}</stream:features>")
    }
}

/// An element with one in it for each of these; nothing for none.
fn list<T>(name: &str, namespace: &str, all: &[T], each: impl Fn(&T) -> String) -> String {
    if all.is_empty() {
        return String::new();
    }
    let inside: String = all.iter().map(each).collect();
    format!("<{name} xmlns='{namespace}'>{inside}</{name}>")
}

/// The features for who has authenticated.
pub fn features_after() -> String {
    format!(
        "<stream:features><bind xmlns='{NS_BIND}'/><session xmlns='{NS_SESSION}'><optional/></session></stream:features>"
    )
}

/// The features for who has authenticated, and is bound to a resource already (XEP-0386).
pub fn features_bound() -> String {
    "<stream:features/>".to_owned()
}
