//! What an LDAP server tells of itself, as an offer (RFC 4512 section 5.1).

use aiosasl::{
    binding::{BindingKind, ChannelBinding},
    name::MechanismName,
    own_login,
};

use crate::{
    WireClass, WireError,
    ldap::{
        LdapResult, NOTICE_OF_DISCONNECTION, OPENLDAP, OPENLDAP_BINDING, ResultCode, START_TLS,
        SearchEntry, openldap_binding,
    },
    net::Offer,
    printable,
};

/// The most values that are kept of what a server says of itself.
const MAX_CAPABILITIES: usize = 256;

/// The root DSE, or why it is not shown.
#[derive(Default)]
pub(super) struct Root {
    entry: Option<SearchEntry>,
    refusal: Option<LdapResult>,
}

impl Root {
    /// Takes an entry that was found.
    pub(super) fn found(&mut self, entry: SearchEntry) {
        if entry.name.is_empty() {
            self.entry = Some(entry);
        }
    }

    /// Takes the search's end.
    ///
    /// # Errors
    ///
    /// Class [`Temporary`](WireClass::Temporary) where the server has no time now.
    pub(super) fn done(&mut self, result: LdapResult) -> Result<(), WireError> {
        match result.code {
            ResultCode::SUCCESS => Ok(()),
            code if code.class() == WireClass::Temporary => Err(result.told(WireClass::Temporary)),
            _ => {
                self.refusal = Some(result);
                Ok(())
            }
        }
    }

    /// Whether the server has told what it can do.
    pub(super) fn is_told(&self) -> bool {
        self.refusal.is_none() && self.entry.is_some()
    }

    /// Whether TLS can be asked for; of a server that does not tell, nobody knows until it is tried.
    pub(super) fn may_start_tls(&self) -> bool {
        !self.is_told() || self.lists_start_tls()
    }

    /// What is offered, in TLS or not.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too much.
    pub(super) fn offer(&self, under_tls: bool) -> Result<Offer, WireError> {
        let mut offer = Offer {
            initial_response: true,
            start_tls_offered: self.lists_start_tls(),
            unlisted: !self.is_told(),
            capabilities: self.capabilities(),
            ..Offer::default()
        };
        if let Some(entry) = self.entry.as_ref().filter(|_| self.is_told()) {
            let list = entry.mechanisms()?;
            (offer.mechanisms, offer.unreadable) = (list.names(), list.unreadable());
        }
        let wants_tls = self.refused_with(ResultCode::CONFIDENTIALITY_REQUIRED) && !under_tls;
        offer.login_disabled = wants_tls;
        if !wants_tls {
            offer.mechanisms.push(own_login::PASSWORD.name);
        }
        if self.binds_its_own_way() && offer.mechanisms.iter().any(MechanismName::is_plus) {
            offer.bindings = BindingKind::parse(OPENLDAP_BINDING).ok().map(|kind| vec![kind]);
        }
        Ok(offer)
    }

    /// The bindings of this connection as OpenLDAP wants them, where it is one: what TLS gives, in its own spelling.
    pub(super) fn own_bindings(&self, bindings: &[ChannelBinding]) -> Vec<ChannelBinding> {
        let is_end_point = |it: &&ChannelBinding| *it.kind() == BindingKind::TlsServerEndPoint;
        let end_point = bindings.iter().find(is_end_point).filter(|_| self.binds_its_own_way());
        end_point.and_then(|it| openldap_binding(it).ok()).into_iter().collect()
    }

    fn binds_its_own_way(&self) -> bool {
        let is_openldap = |class: &[u8]| class.eq_ignore_ascii_case(OPENLDAP.as_bytes());
        self.values("objectClass").any(is_openldap)
    }

    fn lists_start_tls(&self) -> bool {
        self.values("supportedExtension").any(|it| it == START_TLS.as_bytes())
    }

    fn refused_with(&self, code: ResultCode) -> bool {
        self.refusal.as_ref().is_some_and(|it| it.code == code)
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let values = self.entry.as_ref().map(|entry| entry.values(name)).unwrap_or_default();
        values.iter().map(aiosasl::secret::Secret::expose)
    }

    /// Everything but the mechanisms, or why nothing.
    fn capabilities(&self) -> Vec<String> {
        if let Some(refusal) = &self.refusal {
            let error = refusal.told(refusal.code.class());
            let code = refusal.code.0;
            return vec![printable(format!("root DSE refused: {code} {}", error.text).as_bytes())];
        }
        let attributes = self.entry.iter().flat_map(|entry| &entry.attributes);
        let lines = attributes.flat_map(|attribute| {
            let name = attribute.name.as_str();
            let is_other = !name.eq_ignore_ascii_case("supportedSASLMechanisms");
            let values = attribute.values.iter().filter(move |_| is_other);
            values.map(move |value| {
                let text = String::from_utf8_lossy(value.expose());
                printable(format!("{name} {text}{}", known(&text)).as_bytes())
            })
        });
        lines.take(MAX_CAPABILITIES).collect()
    }
}

/// What numbers mean that concern a login.
fn known(number: &str) -> &'static str {
    match number {
        START_TLS => " (StartTLS)",
        NOTICE_OF_DISCONNECTION => " (notice of disconnection)",
        "1.3.6.1.4.1.4203.1.11.1" => " (password modify)",
        "1.3.6.1.4.1.4203.1.11.3" => " (who am I)",
        "1.3.6.1.4.1.42.2.27.8.5.1" => " (password policy)",
        "2.16.840.1.113730.3.4.18" => " (proxied authorization)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use aiosasl::secret::Secret;

    use super::*;
    use crate::ldap::Attribute;

    fn root(attributes: &[(&str, &[&str])]) -> Root {
        let attributes = attributes.iter().map(|(name, values)| Attribute {
            name: (*name).to_owned(),
            values: values.iter().map(|value| Secret::from(*value)).collect(),
        });
        let mut root = Root::default();
        root.found(SearchEntry { name: String::new(), attributes: attributes.collect() });
        root.done(LdapResult::default()).unwrap();
        root
    }

    fn refused(code: ResultCode) -> Root {
        let mut root = Root::default();
        root.done(LdapResult::new(code, "")).unwrap();
        root
    }

    #[test]
    fn openldap_is_known_by_its_class_and_gets_its_own_binding() {
        let end_point = ChannelBinding::new(BindingKind::TlsServerEndPoint, *b"hash").unwrap();
        let plus = ["X-PLUS"].as_slice();
        let other = root(&[("supportedSASLMechanisms", plus), ("objectClass", &["top"])]);
        assert!(other.own_bindings(std::slice::from_ref(&end_point)).is_empty());
        assert_eq!(other.offer(true).unwrap().bindings, None);
        let ours = root(&[("SUPPORTEDSASLMECHANISMS", plus), ("objectClass", &["top", OPENLDAP])]);
        let [binding] = &ours.own_bindings(&[end_point])[..] else { panic!("expected one") };
        assert_eq!(ours.offer(true).unwrap().bindings, Some(vec![binding.kind().clone()]));
        let bare = root(&[("supportedSASLMechanisms", &["X"]), ("objectClass", &[OPENLDAP])]);
        assert_eq!(bare.offer(true).unwrap().bindings, None, "nothing there takes a binding");
    }

    #[test]
    fn a_server_that_does_not_tell_is_tried() {
        let refused_by = refused(ResultCode::STRONGER_AUTH_REQUIRED);
        let offer = refused_by.offer(false).unwrap();
        assert!(offer.unlisted && offer.mechanisms == [own_login::PASSWORD.name]);
        assert!(refused_by.may_start_tls() && !offer.start_tls_offered);
        assert_eq!(offer.capabilities, ["root DSE refused: 8 strongerAuthRequired"]);
        let in_clear = refused(ResultCode::CONFIDENTIALITY_REQUIRED).offer(false).unwrap();
        assert!(in_clear.login_disabled);
        assert!(in_clear.mechanisms.is_empty());
        assert!(Root::default().done(LdapResult::new(ResultCode::BUSY, "")).is_err());
    }

    #[test]
    fn what_is_told_is_listed() {
        let root = root(&[
            ("supportedSASLMechanisms", &["X", "two words", "X"]),
            ("supportedExtension", &[START_TLS]),
            ("namingContexts", &["dc=test"]),
        ]);
        let offer = root.offer(false).unwrap();
        assert_eq!(offer.mechanisms, ["X".parse().unwrap(), own_login::PASSWORD.name]);
        assert_eq!(offer.unreadable, ["two words"]);
        assert!(offer.start_tls_offered && !offer.unlisted && root.may_start_tls());
        let expected =
            ["supportedExtension 1.3.6.1.4.1.1466.20037 (StartTLS)", "namingContexts dc=test"];
        assert_eq!(offer.capabilities, expected);
    }
}
