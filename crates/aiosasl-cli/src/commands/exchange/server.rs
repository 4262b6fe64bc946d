//! The server's half, for one account.

use aiosasl::{
    ServerExchange, ServerStep,
    binding::BindingKind,
    error::Misuse,
    identity::{AuthenticationId, AuthorizationId},
    mechanism::{Needs, PlusOffer, Rules, ServerContext},
    message::{ClientMessage, Identity, Outcome, Response, Success},
    nonce::Nonce,
    prep::Strings,
};
use clap::Args;

use super::{
    Binding, Common,
    verdict::{Known, Verdict},
    wire::{Heard, Wire},
};
use crate::{
    accounts::OneAccount,
    preparation::MAX_ITERATIONS,
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
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let account = arguments.account()?;
    let exchange = arguments.exchange()?;
    let name = exchange.mechanism();
    let verdict = converse(exchange, &account).unwrap_or_else(|failure| Verdict::broken(&failure));
    Ok(verdict.print(name))
}

impl Arguments {
    fn account(&self) -> Result<OneAccount, Failure> {
        let common = &self.common;
        let user = common.authentication_id()?;
        let (user, password) = match common.mechanism.properties.needs {
            Needs::Password => {
                let user = user.ok_or_else(|| Failure::usage("expected --user"))?;
                let password = common.preparation.prepare(&common.needed_password()?)?;
                (Some(self.prepared(&user)?), Some(password))
            }
            Needs::Token => (Some(user.ok_or_else(|| Failure::usage("expected --user"))?), None),
            _ => (user, None),
        };
        let token = match common.mechanism.properties.needs {
            Needs::Token => Some(common.needed_token()?),
            _ => None,
        };
        let account = OneAccount::new(user, password, self.iterations)?.with_token(token);
        Ok(account.acting_as(common.authorization_id()?))
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
        let rules = Rules { preparation: common.preparation.rule(), ..Rules::default() };
        let nonce =
            Nonce::random().map_err(|error| Failure::new(Status::Failed, error.to_string()))?;
        let context = ServerContext { nonce, bindings: &bindings, plus, rules };
        Ok(ServerExchange::new((common.mechanism.server)(&context)))
    }
}

/// Talks until it is decided.
fn converse(mut exchange: ServerExchange, account: &OneAccount) -> Result<Verdict, Failure> {
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
            ServerStep::Done(Outcome::Success(success)) => return let_in(&success),
        };
    }
}

fn let_in(success: &Success) -> Result<Verdict, Failure> {
    if let Some(last_words) = &success.additional_data {
        Wire::say(Some(last_words.as_bytes()))?;
    }
    let trace = match &success.identity {
        Identity::Anonymous { trace } => trace.as_deref().map(str::to_owned),
        Identity::Known(_) => None,
    };
    let known = Known {
        authentication_id: success.identity.authentication_id().map(AuthenticationId::to_string),
        authorization_id: success.authorization_id.as_ref().map(AuthorizationId::to_string),
        trace,
        channel_binding: success.channel_binding.as_ref().map(BindingKind::to_string),
        ..Known::default()
    };
    Ok(Verdict::good("authenticated", known))
}

/// Every call above is the one that the last step asked for.
fn misuse(misuse: Misuse) -> Failure {
    Failure::new(Status::Failed, misuse.to_string())
}
