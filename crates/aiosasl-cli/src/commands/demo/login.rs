//! One login of the demonstration: what is tried, what is expected, what came of it.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use aiosasl::{
    binding::{BindingKind, ChannelBinding},
    credentials::{Credentials, Endpoint, Key},
    driver::{
        AuthenticationReport, Connection, FromMechanism, SaslError, SaslMechanism as _,
        authenticate,
    },
    error::Error,
    identity::AuthenticationId,
    mechanism::{Mechanism, Needs, Offered, Rules, ServerProof, Service},
    policy::{Channel, Policy},
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{Options, Protocol, Session, Target, TlsMode, Trust, connect},
};

use super::{
    house::{House, private_key},
    stand_ins::{Person, SIGNED, SIGNING},
};

/// How long one login may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A login to try.
#[derive(Clone)]
pub(super) struct Attempt {
    pub(super) protocol: Protocol,
    pub(super) tls: TlsMode,
    pub(super) mechanism: Mechanism,
    /// Which binding to take, for -PLUS.
    pub(super) binding: Option<BindingKind>,
    pub(super) user: &'static str,
    pub(super) password: &'static str,
    pub(super) twist: Twist,
}

/// What is odd about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twist {
    Nothing,
    /// The channel binding is that of another connection.
    ForeignBinding,
    /// Nobody vouches for the server.
    Stranger,
}

/// What came of it.
pub(super) struct Tried {
    pub(super) outcome: Result<AuthenticationReport, Failed>,
    pub(super) elapsed: Duration,
}

/// Why there was no success.
pub(super) struct Failed {
    /// Whose fault, as in the JSON of `login`.
    pub(super) class: &'static str,
    pub(super) text: String,
}

impl Attempt {
    /// Connects, logs in, hangs up.
    pub(super) async fn run(&self, house: &House) -> Tried {
        let start = Instant::now();
        let outcome = match tokio::time::timeout(PATIENCE, self.login(house)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failed { class: "timeout", text: "it took too long".to_owned() }),
        };
        Tried { outcome, elapsed: start.elapsed() }
    }

    /// Whether a success is all that it should be.
    pub(super) fn is_good(&self, report: &AuthenticationReport) -> bool {
        let mutual = self.mechanism.properties.server_proof == ServerProof::Mutual;
        report.mechanism == self.mechanism.name
            && report.server_verified == mutual
            && report.channel_binding == self.binding
    }

    async fn login(&self, house: &House) -> Result<AuthenticationReport, Failed> {
        let implicit_tls = self.tls == TlsMode::Implicit;
        let port = house.port(self.mechanism.name, self.protocol, implicit_tls);
        let target = Target::new(self.protocol, Ipv4Addr::LOCALHOST.to_string(), port);
        let external = self.mechanism.properties.needs == Needs::External;
        let trust = match self.twist {
            Twist::Stranger => Trust::Ca(house.other_authority.clone()),
            Twist::Nothing | Twist::ForeignBinding => Trust::Ca(house.authority.clone()),
        };
        let options = Options {
            tls: self.tls,
            trust,
            client_certificate: external.then(|| house.client.clone()),
            ..Options::default()
        };
        let target = target.with_user(self.user);
        let mut session = connect(&target, &options).await.map_err(|error| of_wire(&error))?;
        let outcome = self.authenticate(&mut session, target.rules()).await;
        session.close().await;
        outcome
    }

    async fn authenticate(
        &self,
        session: &mut Session,
        rules: Rules,
    ) -> Result<AuthenticationReport, Failed> {
        let bindings = self.bindings(session.bindings());
        let mut offer = session.offer().clone();
        if offer.unlisted {
            offer.mechanisms.push(self.mechanism.name);
        }
        let connection = Connection {
            offered: Offered {
                mechanisms: &offer.mechanisms,
                bindings: offer.bindings.as_deref(),
                tls_version: session.tls().map(|tls| tls.version_code),
            },
            channel: Channel {
                security: session.security(),
                bindings: &bindings,
                strength: session.strength(),
            },
            policy: Policy::default(),
        };
        let service = Service::new(self.protocol.service(), Ipv4Addr::LOCALHOST.to_string());
        let rules = Rules { service: Some(service), ..rules };
        let mechanism =
            FromMechanism::new(self.mechanism, self.credentials()).rules(rules).queries(Person);
        let token = mechanism.any_supported(&offer.mechanisms).ok_or_else(|| Failed {
            class: "mechanism",
            text: "the server does not offer it".to_owned(),
        })?;
        let report = authenticate(session, &connection, &mechanism, token).await;
        report.map_err(|error| of_sasl(&error))
    }

    /// Those of the connection's bindings that this attempt knows of.
    fn bindings(&self, bindings: &[ChannelBinding]) -> Vec<ChannelBinding> {
        let wanted = bindings.iter().filter(|it| Some(it.kind()) == self.binding.as_ref());
        match self.twist {
            Twist::ForeignBinding => wanted
                .filter_map(|it| ChannelBinding::new(it.kind().clone(), [0; 32]).ok())
                .collect(),
            Twist::Nothing | Twist::Stranger => wanted.cloned().collect(),
        }
    }

    fn credentials(&self) -> Credentials {
        let user = AuthenticationId::new(self.user).ok();
        let mut credentials = Credentials::none();
        credentials.key = match self.mechanism.properties.needs {
            Needs::Token if self.mechanism.name == SIGNING => Key::Token(SIGNED.into()),
            Needs::Token => Key::Token(self.password.into()),
            Needs::PrivateKey => Key::Private(private_key()),
            // One-time passwords are made of the password; a device's codes are asked for.
            Needs::Passcode if self.mechanism.name == "OTP" => Key::Password(self.password.into()),
            Needs::Anonymity | Needs::External | Needs::Passcode | Needs::Visit => Key::None,
            // The stand-in for Kerberos has no tickets.
            _ => Key::Password(self.password.into()),
        };
        if !matches!(self.mechanism.properties.needs, Needs::Anonymity | Needs::External) {
            credentials.authentication_id = user;
        }
        credentials.trace = Some("demo".into());
        credentials.endpoint = (self.mechanism.name == SIGNING).then(|| Endpoint {
            host: "localhost".into(),
            port: Some(self.protocol.default_port()),
        });
        credentials
    }
}

fn of_wire(error: &WireError) -> Failed {
    Failed { class: error.class.as_str(), text: error.to_string() }
}

fn of_sasl(error: &SaslError) -> Failed {
    let class = match (WireError::of(error), error.exchange_error()) {
        (Some(wire), _) => wire.class.as_str(),
        (None, Some(Error::Policy(_))) => "policy",
        (None, Some(Error::Peer(_))) => "peer",
        (None, _) if error.is_authentication_failure() => WireClass::Credentials.as_str(),
        (None, _) => "mechanism",
    };
    Failed { class, text: error.text().to_owned() }
}
