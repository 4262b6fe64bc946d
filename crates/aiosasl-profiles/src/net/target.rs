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
        Self { protocol, host: host.into(), port, socket: None, path: None, user: None }
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

#[cfg(test)]
mod tests {
    use super::*;

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
