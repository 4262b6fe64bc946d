//! What a server offers for an exchange of extensible SASL (XEP-0388 section 2.3).

use aiosasl::name::MechanismName;

use super::{
    super::{Element, NS_BIND2, NS_FAST, NS_SASL2},
    MAX_NAMES,
};
use crate::printable;

/// What a server offers for such an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offered {
    /// The mechanisms, in the server's order, each once.
    pub mechanisms: Vec<MechanismName>,
    /// What was offered and is no mechanism name, made harmless.
    pub unreadable: Vec<String>,
    /// Whether a resource can be bound with the exchange.
    pub bind: Inline,
    /// What can be done with tokens.
    pub fast: Option<FastOffer>,
}

/// Whether something can be asked for together with an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inline {
    /// It can't.
    #[default]
    NotOffered,
    /// It can.
    Offered,
}

/// What can be done with tokens (XEP-0484 section 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FastOffer {
    /// By which mechanisms they can be proven.
    pub mechanisms: Vec<MechanismName>,
    /// Whether they may be proven in the early data of TLS.
    pub early_data: Inline,
}

impl Offered {
    pub(in super::super) fn read(authentication: &Element) -> Self {
        let (mechanisms, unreadable) = names(authentication, NS_SASL2);
        let inline = authentication.child(NS_SASL2, "inline");
        let inline = |namespace, name| inline.and_then(|it| it.child(namespace, name));
        let fast = inline(NS_FAST, "fast").map(|it| FastOffer {
            mechanisms: names(it, NS_FAST).0,
            early_data: match it.attribute("tls-0rtt") {
                Some("true" | "1") => Inline::Offered,
                _ => Inline::NotOffered,
            },
        });
        let bind = inline(NS_BIND2, "bind").map_or(Inline::NotOffered, |_| Inline::Offered);
        Self { mechanisms, unreadable, bind, fast }
    }

    /// The feature; nothing where no mechanism is offered.
    pub fn spell(&self) -> String {
        let names = |names: &[MechanismName]| -> String {
            let spelled = names.iter().map(|name| ["<mechanism>", name.as_str(), "</mechanism>"]);
            spelled.flatten().collect()
        };
        if self.mechanisms.is_empty() {
            return String::new();
        }
        let bind = match self.bind {
            Inline::NotOffered => String::new(),
            Inline::Offered => format!("<bind xmlns='{NS_BIND2}'/>"),
        };
        let fast = self.fast.as_ref().map(|FastOffer { mechanisms, early_data }| {
            let early = match early_data {
                Inline::NotOffered => "",
                Inline::Offered => " tls-0rtt='true'",
            };
            format!("<fast xmlns='{NS_FAST}'{early}>{}</fast>", names(mechanisms))
        });
        let inline = [bind, fast.unwrap_or_default()].concat();
        let inline = if inline.is_empty() { inline } else { format!("<inline>{inline}</inline>") };
        let mechanisms = names(&self.mechanisms);
        format!("<authentication xmlns='{NS_SASL2}'>{mechanisms}{inline}</authentication>")
    }
}

/// The mechanisms that stand in an element, each once; and what stands there and is none.
fn names(element: &Element, namespace: &str) -> (Vec<MechanismName>, Vec<String>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let names = element.children.iter().filter(|it| it.is(namespace, "mechanism"));
    for name in names.take(MAX_NAMES).map(|it| it.text.trim_ascii()) {
        match MechanismName::parse(name) {
            Ok(name) if good.contains(&name) => {}
            Ok(name) => good.push(name),
            Err(_) => bad.push(printable(name.as_bytes())),
        }
    }
    (good, bad)
}
