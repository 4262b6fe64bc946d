//! Where to log in: the protocols, their schemes and ports.

/// A protocol that the shell speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// IMAP (RFC 9051).
    Imap,
    /// IRC (RFC 1459, `IRCv3`).
    Irc,
    /// POP3 (RFC 1939, RFC 5034).
    Pop3,
    /// ManageSieve (RFC 5804).
    Sieve,
    /// SMTP between servers' ports (RFC 5321, RFC 4954).
    Smtp,
    /// Message submission (RFC 6409): SMTP for users.
    Submission,
    /// XMPP, client to server (RFC 6120).
    Xmpp,
}

/// What is known of a protocol: scheme and port, without TLS from the start, and with it where that has its own; the
/// service's name.
struct Row {
    protocol: Protocol,
    scheme: &'static str,
    port: u16,
    implicit: Option<(&'static str, u16)>,
    service: &'static str,
}

#[rustfmt::skip]
const TABLE: [Row; 7] = [
    Row { protocol: Protocol::Imap, scheme: "imap", port: 143, implicit: Some(("imaps", 993)), service: "imap" },
    Row { protocol: Protocol::Irc, scheme: "irc", port: 6667, implicit: Some(("ircs", 6697)), service: "irc" },
    Row { protocol: Protocol::Pop3, scheme: "pop3", port: 110, implicit: Some(("pop3s", 995)), service: "pop" },
    Row { protocol: Protocol::Sieve, scheme: "sieve", port: 4190, implicit: None, service: "sieve" },
    Row { protocol: Protocol::Smtp, scheme: "smtp", port: 25, implicit: Some(("smtps", 465)), service: "smtp" },
    Row { protocol: Protocol::Submission, scheme: "submission", port: 587, implicit: Some(("submissions", 465)), service: "smtp" },
    Row { protocol: Protocol::Xmpp, scheme: "xmpp", port: 5222, implicit: Some(("xmpps", 5223)), service: "xmpp" },
];

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Imap, Self::Irc, Self::Pop3, Self::Sieve, Self::Smtp, Self::Submission, Self::Xmpp];

    /// The protocol of a URL's scheme, and whether the scheme asks for TLS from the start (`imaps`).
    pub fn from_scheme(scheme: &str) -> Option<(Self, bool)> {
        TABLE.iter().find_map(|row| match scheme {
            _ if scheme.eq_ignore_ascii_case(row.scheme) => Some((row.protocol, false)),
            _ => {
                let (implicit, _) = row.implicit?;
                scheme.eq_ignore_ascii_case(implicit).then_some((row.protocol, true))
            }
        })
    }

    /// The scheme without TLS from the start: `imap`.
    pub fn name(self) -> &'static str {
        self.row().scheme
    }

    /// The scheme with TLS from the start, where there is one: `imaps`.
    pub fn implicit_tls_name(self) -> Option<&'static str> {
        self.row().implicit.map(|(scheme, _)| scheme)
    }

    /// The registered port without TLS from the start.
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

    /// Whether the shells put a security layer around what follows a login. XMPP begins a new stream with the success, and
    /// IRC goes on registering: there is no moment from which a layer could hold, and none is negotiated.
    pub fn carries_layers(self) -> bool {
        !matches!(self, Self::Irc | Self::Xmpp)
    }

    fn row(self) -> &'static Row {
        let [imap, irc, pop3, sieve, smtp, submission, xmpp] = &TABLE;
        match self {
            Self::Imap => imap,
            Self::Irc => irc,
            Self::Pop3 => pop3,
            Self::Sieve => sieve,
            Self::Smtp => smtp,
            Self::Submission => submission,
            Self::Xmpp => xmpp,
        }
    }
}

/// Where to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// In which protocol.
    pub protocol: Protocol,
    /// A name or an address.
    pub host: String,
    /// A TCP port.
    pub port: u16,
    /// The user that the URL names; nothing here looks at it but XMPP, whose domain it may hold.
    pub user: Option<String>,
}

impl Target {
    /// The user's name as mechanisms want it: in XMPP what stands before the `@` of a JID (RFC 6120 section 6.3.7),
    /// elsewhere all of it.
    pub fn user_name(&self) -> Option<&str> {
        let user = self.user.as_deref()?;
        match (self.protocol, user.split_once('@')) {
            (Protocol::Xmpp, Some((local, _))) => Some(local),
            _ => Some(user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protocol_has_its_own_row() {
        for protocol in Protocol::ALL {
            assert_eq!(protocol.row().protocol, protocol);
            assert_eq!(Protocol::from_scheme(protocol.name()), Some((protocol, false)));
            if let Some(implicit) = protocol.implicit_tls_name() {
                assert_eq!(Protocol::from_scheme(implicit), Some((protocol, true)));
            }
        }
        assert_eq!(Protocol::from_scheme("IMAPS"), Some((Protocol::Imap, true)));
        assert_eq!(Protocol::from_scheme("gopher"), None);
        assert_eq!(Protocol::from_scheme("sieves"), None);
    }

    #[test]
    fn a_jid_has_its_users_name_before_the_at_sign() {
        let name = |protocol, user: &str| {
            let target =
                Target { protocol, host: String::new(), port: 0, user: Some(user.to_owned()) };
            target.user_name().unwrap().to_owned()
        };
        assert_eq!(name(Protocol::Xmpp, "user@example.org"), "user");
        assert_eq!(name(Protocol::Xmpp, "user"), "user");
        assert_eq!(name(Protocol::Imap, "user@example.org"), "user@example.org");
    }
}
