//! The server's half, for one account.

use std::{
    env,
    path::{Path, PathBuf},
};

use aiosasl::{
    ServerExchange, ServerStep,
    binding::BindingKind,
    encoding,
    error::Misuse,
    hash::Hash,
    identity::{AuthenticationId, AuthorizationId},
    mechanism::{Mechanism, Needs, PlusOffer, Rules, ServerContext},
    mechanisms::otp::{Algorithm, OneTimeState},
    message::{ClientMessage, Identity, Outcome, Response, Success},
    nonce::Nonce,
    prep::Strings,
    secret::{Password, Secret},
};
use clap::Args;

use super::{
    Binding, Common,
    layer::{LayerOptions, Negotiated},
    verdict::{Known, Verdict},
    wire::{Heard, Wire},
};
use crate::{
    accounts::{OneAccount, random},
    keys,
    preparation::MAX_ITERATIONS,
    secrets,
    status::{Failure, Status},
};

/// Arguments of `exchange server`.
#[derive(Debug, Args)]
#[command(after_help = super::RULES)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Rounds of hashing
    #[arg(long, value_name = "N", default_value_t = *Rules::ITERATIONS.start(),
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_ITERATIONS)))]
    iterations: u32,
    /// The user's public key in base64; without it: the one that belongs to --client-key
    #[arg(long, value_name = "KEY", value_parser = keys::public)]
    public_key: Option<Secret>,
    /// Read what the user's device shows from FILE: a code, or two of which both are wanted, one on each line. Without it:
    /// $AIOSASL_PASSCODES
    #[arg(long, value_name = "FILE")]
    passcode_file: Option<PathBuf>,
    /// Which of the user's one-time passwords is asked for (OTP)
    #[arg(long, value_name = "N", default_value_t = 499)]
    otp_sequence: u32,
    /// The hash of one-time passwords: md5, sha1
    #[arg(long, value_name = "NAME", default_value = "md5", value_parser = algorithm)]
    otp_algorithm: Algorithm,
    /// The identity provider that is trusted, or the identifier; without it: the user's name, or its domain
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Its page, from which everybody comes back as the user
    #[arg(long, value_name = "URL", default_value = "https://example.org/login")]
    redirect: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let account = arguments.account()?;
    let exchange = arguments.exchange()?;
    let name = exchange.mechanism();
    let verdict = converse(exchange, &account, &arguments.common.layer)
        .unwrap_or_else(|failure| Verdict::broken(&failure));
    Ok(verdict.print(name))
}

impl Arguments {
    fn account(&self) -> Result<OneAccount, Failure> {
        let common = &self.common;
        let user = common.authentication_id()?;
        let needed = || user.clone().ok_or_else(|| Failure::usage("expected --user"));
        let account = match common.needs() {
            Needs::Password => {
                let user = self.prepared(&needed()?)?;
                let password = common.preparation.prepare(&common.needed_password()?)?;
                OneAccount::new(Some(user), self.iterations)?.with_password(
                    &password,
                    hash(&common.mechanism),
                    self.iterations,
                )?
            }
            Needs::Token => OneAccount::new(Some(needed()?), self.iterations)?
                .with_token(Some(common.needed_token()?)),
            Needs::PrivateKey => {
                let key = match (&self.public_key, &common.client_key) {
                    (Some(key), _) => key.clone(),
                    (None, Some(file)) => keys::public_of(&common.mechanism, file)?,
                    (None, None) => return Err(Failure::usage("expected --public-key")),
                };
                OneAccount::new(Some(needed()?), self.iterations)?.with_public_key(Some(key))
            }
            Needs::Passcode => self.account_of_codes(needed()?)?,
            Needs::Visit => {
                let account = OneAccount::new(Some(needed()?), self.iterations)?;
                account.with_provider(self.provider(needed()?.as_str()), &self.redirect)
            }
            _ => OneAccount::new(user, self.iterations)?,
        };
        let account = account.with_tickets(common.gss.provider());
        Ok(account.acting_as(common.authorization_id()?))
    }

    /// What a device shows, or one-time passwords that a passphrase leads to.
    fn account_of_codes(&self, user: AuthenticationId) -> Result<OneAccount, Failure> {
        if self.common.mechanism.name.as_str() != "OTP" {
            let account = OneAccount::new(Some(user), self.iterations)?;
            return Ok(account.with_passcodes(&self.passcodes()?));
        }
        let passphrase = self.common.needed_password()?;
        let seed = format!("seed{}", encoding::hex(&random(4)?));
        let state =
            OneTimeState::new(self.otp_algorithm, self.otp_sequence, &seed, passphrase.expose());
        let state = state.map_err(|reason| Failure::usage(format!("--otp-sequence: {reason}")))?;
        Ok(OneAccount::new(Some(user), self.iterations)?.with_one_time_passwords(&state))
    }

    /// SAML20's clients name a domain where they are told an address.
    fn provider<'a>(&'a self, user: &'a str) -> &'a str {
        match (&self.provider, user.split_once('@')) {
            (Some(provider), _) => provider,
            (None, Some((_, domain))) if self.common.mechanism.name.as_str() == "SAML20" => domain,
            (None, _) => user,
        }
    }

    fn passcodes(&self) -> Result<Vec<Password>, Failure> {
        let text = match &self.passcode_file {
            Some(path) if path == Path::new("-") => {
                let text = "the messages come from standard input, the passcodes can't";
                return Err(Failure::usage(text));
            }
            Some(path) => secrets::read(path)?.expose().to_owned(),
            None => env::var("AIOSASL_PASSCODES")
                .map_err(|_| Failure::usage("expected --passcode-file or $AIOSASL_PASSCODES"))?,
        };
        Ok(text.lines().map(Password::new).collect())
    }

    fn prepared(&self, user: &AuthenticationId) -> Result<AuthenticationId, Failure> {
        let rule = self.common.preparation.rule();
        let failure = |error: &dyn std::fmt::Display| Failure::usage(format!("--user: {error}"));
        let prepared =
            rule.prepare(user.as_str(), Strings::Stored).map_err(|error| failure(&error))?;
        AuthenticationId::new(prepared).map_err(|error| failure(&error))
    }

    fn exchange(&self) -> Result<ServerExchange, Failure> {
        let common = &self.common;
        let bindings = match common.channel_binding {
            Binding::Off => Vec::new(),
            Binding::Prefer | Binding::Require => common.bindings()?,
        };
        let plus = match (common.channel_binding, bindings.is_empty()) {
            (Binding::Require, true) => {
                return Err(Failure::usage("expected --binding-type and --binding-data"));
            }
            (Binding::Require, false) => PlusOffer::Required,
            (_, false) => PlusOffer::Offered,
            (_, true) => PlusOffer::NotOffered,
        };
        let nonce =
            Nonce::random().map_err(|error| Failure::new(Status::Failed, error.to_string()))?;
        let context = ServerContext { nonce, bindings: &bindings, plus, rules: common.rules() };
        Ok(ServerExchange::new((common.mechanism.server)(&context)))
    }
}

/// Talks until it is decided.
fn converse(
    mut exchange: ServerExchange,
    account: &OneAccount,
    layer: &LayerOptions,
) -> Result<Verdict, Failure> {
    let mut wire = Wire::new();
    let mut step = match wire.hear()? {
        Heard::Nothing => exchange.start(None),
        Heard::Message(octets) => exchange.start(Some(Response::new(octets))),
        Heard::Abort => return Ok(Verdict::aborted()),
        Heard::End => return Ok(Verdict::ended("the input ended before the exchange began")),
    };
    loop {
        step = match step.map_err(misuse)? {
            ServerStep::Ask(query) => exchange.answer(account.answer_now(query)),
            ServerStep::Send(challenge) => {
                Wire::say(Some(challenge.as_bytes()))?;
                match wire.hear()? {
                    Heard::Message(octets) => {
                        exchange.receive(ClientMessage::Response(Response::new(octets)))
                    }
                    Heard::Abort => exchange.receive(ClientMessage::Abort),
                    Heard::Nothing => {
                        return Ok(Verdict::ended("an empty line came, expected a message"));
                    }
                    Heard::End => {
                        return Ok(Verdict::ended("the input ended before the exchange did"));
                    }
                }
            }
            ServerStep::Done(Outcome::Failure(failure)) => return Ok(Verdict::of_server(failure)),
            ServerStep::Done(Outcome::Success(success)) => {
                return let_in(success, layer, &mut wire);
            }
        };
    }
}

fn let_in(
    mut success: Success,
    options: &LayerOptions,
    wire: &mut Wire,
) -> Result<Verdict, Failure> {
    match &success.additional_data {
        Some(last_words) => Wire::say(Some(last_words.as_bytes()))?,
        None if options.goes_on() => Wire::say(None)?,
        None => {}
    }
    let received = match options.talk(&mut success.security_layer, wire) {
        Ok(received) => received,
        Err(fault) => return Ok(Verdict::of_layer(&fault)),
    };
    let trace = match &success.identity {
        Identity::Anonymous { trace } => trace.as_deref().map(str::to_owned),
        Identity::Known(_) => None,
    };
    let known = Known {
        authentication_id: success.identity.authentication_id().map(AuthenticationId::to_string),
        authorization_id: success.authorization_id.as_ref().map(AuthorizationId::to_string),
        trace,
        channel_binding: success.channel_binding.as_ref().map(BindingKind::to_string),
        security_layer: success.security_layer.as_deref().map(Negotiated::of),
        received,
        ..Known::default()
    };
    Ok(Verdict::good("authenticated", known))
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    Algorithm::parse(name).ok_or_else(|| "expected md5 or sha1".to_owned())
}

/// The hash whose verifier the mechanism asks for; for the others one as good as any.
fn hash(mechanism: &Mechanism) -> Hash {
    let name = mechanism.name.as_str();
    let bare = name.strip_suffix("-PLUS").unwrap_or(name);
    let hash = Hash::ALL.iter().find(|hash| hash.scheme() == bare);
    hash.copied().unwrap_or(Hash::Sha256)
}

/// Every call above is the one that the last step asked for.
fn misuse(misuse: Misuse) -> Failure {
    Failure::new(Status::Failed, misuse.to_string())
}
