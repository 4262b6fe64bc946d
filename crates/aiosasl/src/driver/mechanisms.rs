//! aiosasl's five mechanisms and some younger ones, each on top of the sans-I/O one of the same name.

#[cfg(any(
    feature = "external",
    feature = "login",
    feature = "oauthbearer",
    feature = "plain",
    feature = "scram-core",
    feature = "xoauth2"
))]
use super::CredentialProvider;
use super::{
    AuthenticationReport, BoxFuture, FromMechanism, SaslError, SaslMechanism, SaslStateMachine,
    Token,
};
#[cfg(feature = "scram-core")]
use super::{ChannelBindingProvider, QueryProvider};
use crate::mechanism::{Properties, Rules};

/// The object, and the calls that all have.
macro_rules! mechanism {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name(FromMechanism);

        impl $name {
            /// With these rules.
            pub fn rules(self, rules: Rules) -> Self {
                Self(self.0.rules(rules))
            }
        }

        impl SaslMechanism for $name {
            fn any_supported(&self, offered: &[crate::name::MechanismName]) -> Option<Token> {
                self.0.any_supported(offered)
            }

            fn properties(&self, token: &Token) -> Properties {
                self.0.properties(token)
            }

            fn renew(&self, refused: crate::name::MechanismName) -> BoxFuture<'_, bool> {
                self.0.renew(refused)
            }

            fn authenticate<'a>(
                &'a self,
                state_machine: &'a mut SaslStateMachine,
                token: Token,
            ) -> BoxFuture<'a, Result<AuthenticationReport, SaslError>> {
                self.0.authenticate(state_machine, token)
            }
        }
    };
}

#[cfg(feature = "plain")]
mechanism! {
    /// PLAIN (RFC 4616): the password itself, for a confidential channel.
    ///
    /// # Example: a name and a password
    ///
    /// ```
    /// let plain = aiosasl::driver::Plain::new(("user", "pencil"));
    /// # let _ = plain;
    /// ```
    Plain
}

#[cfg(feature = "plain")]
impl Plain {
    /// PLAIN with these credentials.
    pub fn new(credentials: impl CredentialProvider + 'static) -> Self {
        Self(FromMechanism::new(crate::mechanisms::plain::MECHANISM, credentials))
    }
}

#[cfg(feature = "login")]
mechanism! {
    /// LOGIN: the password itself, for old servers on a confidential channel; PLAIN first, where both are offered.
    ///
    /// # Example: a name and a password
    ///
    /// ```
    /// let login = aiosasl::driver::Login::new(("user", "pencil"));
    /// # let _ = login;
    /// ```
    Login
}

#[cfg(feature = "login")]
impl Login {
    /// LOGIN with these credentials.
    pub fn new(credentials: impl CredentialProvider + 'static) -> Self {
        Self(FromMechanism::new(crate::mechanisms::login::MECHANISM, credentials))
    }
}

#[cfg(feature = "oauthbearer")]
mechanism! {
    /// OAUTHBEARER (RFC 7628): a bearer token, for a confidential channel.
    ///
    /// # Example: a token that is at hand
    ///
    /// ```
    /// use aiosasl::{credentials::Credentials, driver::OauthBearer};
    ///
    /// let bearer = OauthBearer::new(Credentials::token("mF_9.B5f-4.1JqM"));
    /// # let _ = bearer;
    /// ```
    OauthBearer
}

#[cfg(feature = "oauthbearer")]
impl OauthBearer {
    /// OAUTHBEARER with these credentials; [`Tokens`](super::Tokens) keep and renew them.
    pub fn new(credentials: impl CredentialProvider + 'static) -> Self {
        Self(FromMechanism::new(crate::mechanisms::oauth::OAUTHBEARER, credentials))
    }
}

#[cfg(feature = "xoauth2")]
mechanism! {
    /// XOAUTH2: the same in the form of some large providers; OAUTHBEARER first, where both are offered.
    ///
    /// # Example: a token that is at hand, and its user
    ///
    /// ```
    /// use aiosasl::{credentials::Credentials, driver::Xoauth2, identity::AuthenticationId};
    ///
    /// # fn main() -> Result<(), aiosasl::identity::IdentityError> {
    /// let user = AuthenticationId::new("user@example.com")?;
    /// let xoauth2 = Xoauth2::new(Credentials::token("mF_9.B5f-4.1JqM").of_user(user));
    /// # let _ = xoauth2;
    /// # Ok(())
    /// # }
    /// ```
    Xoauth2
}

#[cfg(feature = "xoauth2")]
impl Xoauth2 {
    /// XOAUTH2 with these credentials; [`Tokens`](super::Tokens) keep and renew them.
    pub fn new(credentials: impl CredentialProvider + 'static) -> Self {
        Self(FromMechanism::new(crate::mechanisms::oauth::XOAUTH2, credentials))
    }
}

#[cfg(feature = "anonymous")]
mechanism! {
    /// ANONYMOUS (RFC 4505): comes in as nobody.
    ///
    /// # Example: with a trace for the server's log
    ///
    /// ```
    /// let anonymous = aiosasl::driver::Anonymous::new("sirhc");
    /// # let _ = anonymous;
    /// ```
    Anonymous
}

#[cfg(feature = "anonymous")]
impl Anonymous {
    /// ANONYMOUS with this trace: an e-mail address, a token, or nothing.
    pub fn new(trace: impl Into<alloc::boxed::Box<str>>) -> Self {
        let mut credentials = crate::credentials::Credentials::none();
        credentials.trace = Some(trace.into());
        Self(FromMechanism::new(crate::mechanisms::anonymous::MECHANISM, credentials))
    }
}

#[cfg(feature = "external")]
mechanism! {
    /// EXTERNAL (RFC 4422 appendix A): a lower layer has established who the client is.
    ///
    /// # Example: as oneself, and as somebody else
    ///
    /// ```
    /// use aiosasl::{credentials::Credentials, driver::External, identity::AuthorizationId};
    ///
    /// # fn main() -> Result<(), aiosasl::identity::IdentityError> {
    /// let myself = External::new(Credentials::none());
    /// let other = External::new(Credentials::none().acting_as(AuthorizationId::new("root")?));
    /// # let _ = (myself, other);
    /// # Ok(())
    /// # }
    /// ```
    External
}

#[cfg(feature = "external")]
impl External {
    /// EXTERNAL; of the credentials the authorization identity alone is used.
    pub fn new(credentials: impl CredentialProvider + 'static) -> Self {
        Self(FromMechanism::new(crate::mechanisms::external::MECHANISM, credentials))
    }
}

#[cfg(feature = "scram-core")]
mechanism! {
    /// SCRAM (RFC 5802) with all hashes of this build, strongest first, without channel binding.
    ///
    /// # Example: aiosasl's options
    ///
    /// ```
    /// use aiosasl::driver::Scram;
    ///
    /// let scram = Scram::new(("user", "pencil"))
    ///     .nonce_length(32)
    ///     .without_minimum_iteration_count()
    ///     .after_scram_plus();
    /// # let _ = scram;
    /// ```
    Scram
}

#[cfg(feature = "scram-core")]
impl Scram {
    /// SCRAM with these credentials.
    pub fn new(credentials: impl CredentialProvider + 'static) -> Self {
        Self(FromMechanism::any_of(scrams(crate::mechanism::Binds::Nothing), credentials))
    }

    /// Says that we could bind to the channel, and believe that the server can't (flag `y`); see
    /// [`FromMechanism::after_scram_plus`].
    pub fn after_scram_plus(self) -> Self {
        Self(self.0.after_scram_plus())
    }
}

#[cfg(feature = "scram-core")]
mechanism! {
    /// SCRAM (RFC 5802 section 6) with all hashes of this build, strongest first, tied to the channel.
    ///
    /// The channel bindings are those of the [`Connection`](super::Connection), or of a provider.
    ///
    /// # Example: bindings from elsewhere
    ///
    /// ```
    /// use aiosasl::{
    ///     binding::{BindingKind, ChannelBinding},
    ///     driver::ScramPlus,
    /// };
    ///
    /// # fn main() -> Result<(), aiosasl::binding::BindingError> {
    /// let unique = ChannelBinding::new(BindingKind::TlsUnique, [7; 12])?;
    /// let own_name = ChannelBinding::new(BindingKind::parse("x-ipsec")?, [7; 12])?;
    /// let scram = ScramPlus::new(("user", "pencil")).channel_bindings(vec![unique, own_name]);
    /// # let _ = scram;
    /// # Ok(())
    /// # }
    /// ```
    ScramPlus
}

#[cfg(feature = "scram-core")]
impl ScramPlus {
    /// SCRAM with channel binding, with these credentials.
    pub fn new(credentials: impl CredentialProvider + 'static) -> Self {
        Self(FromMechanism::any_of(scrams(crate::mechanism::Binds::Channel), credentials))
    }

    /// With these channel bindings instead of those of the connection.
    pub fn channel_bindings(self, provider: impl ChannelBindingProvider + 'static) -> Self {
        Self(self.0.channel_bindings(provider))
    }
}

/// aiosasl's options of SCRAM.
#[cfg(feature = "scram-core")]
macro_rules! options {
    ($($name:ident)+) => {$(
        impl $name {
            /// With nonces of that many random octets (1 to 768) instead of 18.
            pub fn nonce_length(self, octets: usize) -> Self {
                Self(self.0.nonce_length(octets))
            }

            /// Accepts iteration counts below 4096, which make guessing cheap; the maximum stays.
            pub fn without_minimum_iteration_count(self) -> Self {
                Self(self.0.without_minimum_iteration_count())
            }

            /// With somebody else to derive the keys.
            pub fn queries(self, provider: impl QueryProvider + 'static) -> Self {
                Self(self.0.queries(provider))
            }
        }
    )+};
}

#[cfg(feature = "scram-core")]
options!(Scram ScramPlus);

#[cfg(feature = "scram-core")]
fn scrams(binds: crate::mechanism::Binds) -> impl Iterator<Item = crate::mechanism::Mechanism> {
    crate::mechanisms::ALL.iter().copied().filter(move |mechanism| {
        mechanism.name.as_str().starts_with("SCRAM-") && mechanism.properties.binds == binds
    })
}
