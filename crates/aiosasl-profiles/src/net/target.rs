//! Where to log in.

use std::path::PathBuf;

use aiosasl::{
    identity::AuthenticationId,
    mechanism::{Rules, UsernameRule},
};

use super::Protocol;

/// Where to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// In which protocol.
    pub protocol: Protocol,
    /// A name or an address; with a [`socket`](Self::socket), the name that the server goes by.
    pub host: String,
    /// A TCP port.
    pub port: u16,
    /// Whether the host is a domain whose servers are to be found first, by SRV records; those are of XMPP and of mail, and
    /// a domain without any is a server itself.
    pub is_domain: bool,
    /// The host that serves that domain, once it is found: what is connected to.
    pub server: Option<String>,
    /// A Unix socket, which takes the place of host and port.
    pub socket: Option<PathBuf>,
    /// What the URL says more, without the slash before it: PostgreSQL's database, HTTP's resource.
    pub path: Option<String>,
    /// The user that the URL names; nothing here looks at it but protocols that want to know who comes before there is an
    /// exchange (XMPP, whose domain it may hold; PostgreSQL; MongoDB).
    pub user: Option<String>,
}

impl Target {
    /// A server at this name or address, and this TCP port.
    pub fn new(protocol: Protocol, host: impl Into<String>, port: u16) -> Self {
        Self {
            protocol,
            host: host.into(),
            port,
            is_domain: false,
            server: None,
            socket: None,
            path: None,
            user: None,
        }
    }

    /// Whichever server this domain has; its own name and this TCP port, where it names none.
    pub fn of_domain(protocol: Protocol, domain: impl Into<String>, port: u16) -> Self {
        Self { is_domain: true, ..Self::new(protocol, domain, port) }
    }

    /// A server on this machine, behind a Unix socket.
    pub fn at_socket(protocol: Protocol, socket: impl Into<PathBuf>) -> Self {
        let socket = Some(socket.into());
        Self { socket, ..Self::new(protocol, "localhost", protocol.default_port()) }
    }

    /// The same, for this user.
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// What is connected to: a name or an address.
    pub fn server(&self) -> &str {
        self.server.as_deref().unwrap_or(&self.host)
    }

    /// The name that the server's certificate must have. Who serves a domain of XMPP shows the domain's (RFC 6120 section
    /// 13.7.2.1). In mail a server's own name will do within the domain, elsewhere the domain's is wanted: nobody vouches for
    /// what a name server says (RFC 6186 section 6).
    pub fn certificate_name(&self) -> &str {
        match &self.server {
            Some(server) if self.protocol != Protocol::Xmpp && is_within(server, &self.host) => {
                server
            }
            _ => &self.host,
        }
    }

    /// The user's name as mechanisms want it: in XMPP what stands before the `@` of a JID (RFC 6120 section 6.3.7),
    /// elsewhere all of it.
    pub fn user_name(&self) -> Option<&str> {
        let user = self.user.as_deref()?;
        match (self.protocol, user.split_once('@')) {
            (Protocol::Xmpp, Some((local, _))) => Some(local),
            _ => Some(user),
        }
    }

    /// What the protocol wants otherwise than the RFCs, as rules for a client's mechanisms: how names and passwords are
    /// prepared, how few iterations will do, and whether the name was said already.
    ///
    /// # Example: PostgreSQL knows who comes before there is an exchange
    ///
    /// ```
    /// use aiosasl::{mechanism::UsernameRule, preparation::Preparation};
    /// use aiosasl_profiles::net::{Protocol, Target};
    ///
    /// let rules = Target::new(Protocol::Postgres, "localhost", 5432).with_user("user").rules();
    /// assert_eq!(rules.preparation, Preparation::RawOnFailure);
    /// assert_eq!(*rules.iterations.start(), 1);
    /// assert!(matches!(rules.username, UsernameRule::FromProtocol(_)));
    /// ```
    pub fn rules(&self) -> Rules {
        let mut rules = Rules::default();
        if let Some(preparation) = self.protocol.preparation() {
            rules.preparation = preparation;
        }
        rules.iterations = self.protocol.min_iterations()..=*rules.iterations.end();
        let user = self.user_name().filter(|_| self.protocol.names_user());
        if let Some(Ok(user)) = user.map(AuthenticationId::new) {
            rules.username = UsernameRule::FromProtocol(user);
        }
        rules
    }
}

#[cfg(feature = "srv")]
impl Target {
    /// The same, at this server of its domain.
    pub(super) fn at(mut self, place: &super::srv::Place) -> Self {
        self.server = Some(place.host.clone()).filter(|it| *it != self.host);
        Self { port: place.port, is_domain: false, ..self }
    }
}

/// Whether a host is in a domain, or is it.
fn is_within(host: &str, domain: &str) -> bool {
    let (host, domain) = (host.to_ascii_lowercase(), domain.to_ascii_lowercase());
    let domain = domain.trim_end_matches('.');
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_server_does_not_choose_whose_certificate_is_wanted() {
        let name = |protocol, server: &str| {
            let mut target = Target::of_domain(protocol, "example.org", 1);
            target.server = Some(server.to_owned());
            target.certificate_name().to_owned()
        };
        assert_eq!(name(Protocol::Imap, "IMAP.example.org"), "IMAP.example.org");
        assert_eq!(name(Protocol::Imap, "imap.example.net"), "example.org");
        assert_eq!(name(Protocol::Imap, "notexample.org"), "example.org");
        assert_eq!(name(Protocol::Xmpp, "xmpp.example.org"), "example.org");
    }

    #[test]
    fn a_jid_has_its_users_name_before_the_at_sign() {
        let name = |protocol, user: &str| {
            Target::new(protocol, "", 0).with_user(user).user_name().unwrap().to_owned()
        };
        assert_eq!(name(Protocol::Xmpp, "user@example.org"), "user");
        assert_eq!(name(Protocol::Xmpp, "user"), "user");
        assert_eq!(name(Protocol::Imap, "user@example.org"), "user@example.org");
    }
}
