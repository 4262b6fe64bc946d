//! The protocols, their schemes and ports: one entry for each.

use aiosasl::{
    binding::BindingKind, mechanism::Rules, name::MechanismName, preparation::Preparation,
};

use crate::http;

/// What is known of a protocol.
struct Row {
    /// The URL's scheme without TLS from the start.
    scheme: &'static str,
    /// The same in other people's URLs.
    aliases: &'static [&'static str],
    /// The registered port; 0 for protocols that have none.
    port: u16,
    /// The scheme and the port with TLS from the start, where it has its own.
    implicit: Option<(&'static str, u16)>,
    /// The service's name.
    service: &'static str,
    /// The names of its SRV records, without and with TLS from the start.
    srv: Option<(&'static str, Option<&'static str>)>,
    /// What to ask for where TLS comes first, so that one port can serve several protocols (RFC 7301).
    alpn: Option<&'static str>,
    /// Where it listens on this machine, where that has a customary place.
    socket: Option<&'static str>,
    /// Whether a URL may say more than where the server is: a database, a resource.
    has_path: bool,
    /// Whether TLS can begin on a connection that is there.
    upgrades: bool,
    /// Whether a security layer can be put around what follows a login.
    carries_layers: bool,
    /// How names and passwords are prepared, where the protocol rules that itself.
    preparation: Option<Preparation>,
    /// The fewest iterations that its servers may ask for (SCRAM).
    min_iterations: u32,
    /// When the client says who it is.
    named: Named,
    /// What exchanges can be tied to.
    bindings: Bindings,
    /// What servers call themselves, whatever their host's name is.
    server_name: Option<&'static str>,
}

/// When a client says who it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// Before there is an exchange.
    Before,
    Within,
}

/// What exchanges can be tied to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bindings {
    All,
    /// The server's certificate alone.
    EndPoint,
    None,
}

/// A protocol of which nothing is known but its name and its port.
const PLAIN: Row = Row {
    scheme: "",
    aliases: &[],
    port: 0,
    implicit: None,
    service: "",
    srv: None,
    alpn: None,
    socket: None,
    has_path: false,
    upgrades: true,
    carries_layers: true,
    server_name: None,
    preparation: None,
    min_iterations: *Rules::ITERATIONS.start(),
    named: Named::Within,
    bindings: Bindings::All,
};

macro_rules! protocols {
    ($($(#[doc = $doc:literal])+ $name:ident => { $($field:ident: $value:expr),+ $(,)? })+) => {
        /// A protocol that the shell speaks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Protocol {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Protocol {
            /// All of them, by name.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            fn row(self) -> &'static Row {
                match self {
                    $(Self::$name => const { &Row { $($field: $value,)+ ..PLAIN } },)+
                }
            }
        }
    };
}

protocols! {
    /// AMQP 0-9-1; where a server speaks AMQP 1.0 alone, that.
    Amqp => { scheme: "amqp", port: 5672, implicit: Some(("amqps", 5671)), service: "amqp", has_path: true, upgrades: false, carries_layers: false }
    /// AMQP 1.0 (OASIS).
    Amqp10 => { scheme: "amqp10", port: 5672, implicit: Some(("amqp10s", 5671)), service: "amqp", upgrades: false, carries_layers: false }
    /// D-Bus.
    Dbus => { scheme: "dbus", service: "dbus", socket: Some("/run/dbus/system_bus_socket"), upgrades: false, carries_layers: false }
    /// Dovecot's authentication, for other programs.
    DovecotAuth => { scheme: "dovecot-auth", service: "smtp", socket: Some("/run/dovecot/auth-client"), upgrades: false, carries_layers: false }
    /// HTTP (RFC 9110, RFC 7804).
    Http => { scheme: "http", port: 80, implicit: Some(("https", 443)), service: "HTTP", alpn: Some("http/1.1"), has_path: true, upgrades: false, carries_layers: false }
    /// IMAP (RFC 9051).
    Imap => { scheme: "imap", port: 143, implicit: Some(("imaps", 993)), service: "imap", srv: Some(("_imap", Some("_imaps"))) }
    /// IRC (RFC 1459, `IRCv3`).
    Irc => { scheme: "irc", port: 6667, implicit: Some(("ircs", 6697)), service: "irc", carries_layers: false }
    /// Kafka.
    Kafka => { scheme: "kafka", port: 9092, implicit: Some(("kafkas", 9093)), service: "kafka", upgrades: false, carries_layers: false }
    /// LDAP (RFC 4511, RFC 4513).
    Ldap => { scheme: "ldap", aliases: &["ldapi"], port: 389, implicit: Some(("ldaps", 636)), service: "ldap", socket: Some("/var/run/slapd/ldapi") }
    /// LMTP (RFC 2033).
    Lmtp => { scheme: "lmtp", port: 24, service: "lmtp" }
    /// memcached's binary protocol.
    Memcached => { scheme: "memcached", port: 11211, service: "memcached", upgrades: false, carries_layers: false }
    /// MongoDB.
    Mongodb => { scheme: "mongodb", port: 27017, implicit: Some(("mongodbs", 27017)), service: "mongodb", has_path: true, upgrades: false, carries_layers: false, bindings: Bindings::None }
    /// MQTT 5 (OASIS).
    Mqtt => { scheme: "mqtt", port: 1883, implicit: Some(("mqtts", 8883)), service: "mqtt", upgrades: false, carries_layers: false }
    /// NNTP (RFC 3977, RFC 4643).
    Nntp => { scheme: "nntp", port: 119, implicit: Some(("nntps", 563)), service: "nntp" }
    /// POP3 (RFC 1939, RFC 5034).
    Pop3 => { scheme: "pop3", port: 110, implicit: Some(("pop3s", 995)), service: "pop", srv: Some(("_pop3", Some("_pop3s"))) }
    /// PostgreSQL's protocol 3.
    Postgres => { scheme: "postgres", aliases: &["postgresql"], port: 5432, service: "postgres", alpn: Some("postgresql"), has_path: true, carries_layers: false, preparation: Some(Preparation::RawOnFailure), min_iterations: 1, named: Named::Before, bindings: Bindings::EndPoint }
    /// Cyrus SASL's saslauthd, for other programs.
    Saslauthd => { scheme: "saslauthd", service: "imap", socket: Some("/run/saslauthd/mux"), upgrades: false, carries_layers: false }
    /// ManageSieve (RFC 5804).
    Sieve => { scheme: "sieve", port: 4190, service: "sieve", srv: Some(("_sieve", None)) }
    /// SMTP between servers' ports (RFC 5321, RFC 4954).
    Smtp => { scheme: "smtp", port: 25, implicit: Some(("smtps", 465)), service: "smtp" }
    /// Message submission (RFC 6409): SMTP for users.
    Submission => { scheme: "submission", port: 587, implicit: Some(("submissions", 465)), service: "smtp", srv: Some(("_submission", Some("_submissions"))) }
    /// Subversion's own server.
    Svn => { scheme: "svn", port: 3690, service: "svn", has_path: true, upgrades: false }
    /// XMPP, client to server (RFC 6120).
    Xmpp => { scheme: "xmpp", port: 5222, implicit: Some(("xmpps", 5223)), service: "xmpp", srv: Some(("_xmpp-client", Some("_xmpps-client"))), alpn: Some("xmpp-client"), carries_layers: false }
    /// ZooKeeper.
    Zookeeper => { scheme: "zookeeper", port: 2181, service: "zookeeper", upgrades: false, carries_layers: false, server_name: Some(crate::zookeeper::DIGEST_HOST) }
}

impl Protocol {
    /// The protocol of a URL's scheme, and whether the scheme asks for TLS from the start (`imaps`).
    pub fn from_scheme(scheme: &str) -> Option<(Self, bool)> {
        let is = |name: &str| scheme.eq_ignore_ascii_case(name);
        Self::ALL.iter().find_map(|protocol| {
            let row = protocol.row();
            if is(row.scheme) || row.aliases.iter().any(|alias| is(alias)) {
                return Some((*protocol, false));
            }
            row.implicit.filter(|(implicit, _)| is(implicit)).map(|_| (*protocol, true))
        })
    }

    /// The scheme without TLS from the start: `imap`.
    pub fn name(self) -> &'static str {
        self.row().scheme
    }

    /// All schemes that mean this protocol, with and without TLS from the start.
    pub fn schemes(self) -> impl Iterator<Item = &'static str> {
        let row = self.row();
        [row.scheme].into_iter().chain(row.aliases.iter().copied()).chain(self.implicit_tls_name())
    }

    /// The scheme with TLS from the start, where there is one: `imaps`.
    pub fn implicit_tls_name(self) -> Option<&'static str> {
        self.row().implicit.map(|(scheme, _)| scheme)
    }

    /// The registered port without TLS from the start; 0 where there is none.
    pub fn default_port(self) -> u16 {
        self.row().port
    }

    /// The registered port with TLS from the start; where there is none, that without.
    pub fn implicit_tls_port(self) -> u16 {
        self.row().implicit.map_or(self.row().port, |(_, port)| port)
    }

    /// The registered service name (RFC 4422 section 4, item 1).
    pub fn service(self) -> &'static str {
        self.row().service
    }

    /// Where it listens on this machine, where that has a customary place.
    pub fn default_socket(self) -> Option<&'static str> {
        self.row().socket
    }

    /// Whether a URL may say more than where the server is: a database, a resource.
    pub fn has_path(self) -> bool {
        self.row().has_path
    }

    /// Whether TLS can begin on a connection that is there, as with STARTTLS; elsewhere it begins at once, or never.
    pub fn can_start_tls(self) -> bool {
        self.row().upgrades
    }

    /// Whether the shells put a security layer around what follows a login. XMPP begins a new stream with the success, and
    /// IRC goes on registering: there is no moment from which a layer could hold, and none is negotiated; others know of none.
    pub fn carries_layers(self) -> bool {
        self.row().carries_layers
    }

    /// Whether it has a way to name this mechanism: HTTP has a registry of its own, and services on IRC have longer names
    /// than RFC 4422 allows, which nobody else can read.
    pub fn carries(self, mechanism: MechanismName) -> bool {
        match self {
            Self::Http => http::Scheme::of(mechanism).is_some(),
            Self::Irc => true,
            _ => mechanism.as_str().len() <= MechanismName::MAX_LEN,
        }
    }

    /// What servers call themselves in a `digest-uri` (RFC 2831 section 2.1.2), where that is not their host's name. To
    /// Kerberos they go by that all the same.
    pub fn server_name(self) -> Option<&'static str> {
        self.row().server_name
    }

    /// How names and passwords are prepared, where the protocol rules that itself, whatever a deployment does elsewhere.
    pub fn preparation(self) -> Option<Preparation> {
        self.row().preparation
    }

    /// The fewest iterations that a client should do with here (SCRAM).
    pub fn min_iterations(self) -> u32 {
        self.row().min_iterations
    }

    /// Whether the client says who it is before there is an exchange, so that no mechanism has to.
    pub fn names_user(self) -> bool {
        self.row().named == Named::Before
    }

    /// Whether an exchange can be tied to a channel by this type here.
    pub fn binds(self, kind: &BindingKind) -> bool {
        match self.row().bindings {
            Bindings::All => true,
            Bindings::EndPoint => *kind == BindingKind::TlsServerEndPoint,
            Bindings::None => false,
        }
    }

    /// The names of its SRV records, without TLS from the start and with it (RFC 5804 section 1.8, RFC 6120 section 3.2.1,
    /// RFC 6186 section 3, RFC 8314 section 5.1, XEP-0368); `None` where there are none.
    pub fn srv_services(self) -> Option<(&'static str, Option<&'static str>)> {
        self.row().srv
    }

    /// What to ask for where TLS comes first, so that one port can serve several protocols (RFC 7301).
    pub fn alpn(self) -> Option<&'static str> {
        self.row().alpn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_is_one_protocols_own() {
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::from_scheme(protocol.name()), Some((*protocol, false)));
            if let Some(implicit) = protocol.implicit_tls_name() {
                assert_eq!(Protocol::from_scheme(implicit), Some((*protocol, true)));
            }
            assert!(protocol.default_port() > 0 || protocol.default_socket().is_some());
        }
        assert!(Protocol::ALL.iter().map(|it| it.name()).is_sorted(), "by name");
        assert_eq!(Protocol::from_scheme("IMAPS"), Some((Protocol::Imap, true)));
        assert_eq!(Protocol::from_scheme("postgresql"), Some((Protocol::Postgres, false)));
        assert_eq!(Protocol::from_scheme("gopher"), None);
        assert_eq!(Protocol::from_scheme("sieves"), None);
    }
}
