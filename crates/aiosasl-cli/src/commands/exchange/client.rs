//! The client's half.

use aiosasl::{
    Authenticated, ClientExchange, ClientStep,
    binding::{BindingKind, ChannelBinding},
    credentials::{Credentials, Key},
    error::{Error, FailureCode},
    mechanism::{ClientContext, Needs, Offered, Rules, ServerProof},
    message::{Challenge, ClientMessage, ServerMessage},
    nonce::Nonce,
    policy::{BindingPolicy, Channel, ChannelSecurity, Policy},
};
use clap::Args;

use super::{
    Binding, Common,
    verdict::{Known, Verdict},
    wire::{Heard, Wire},
};
use crate::status::{Failure, Status};

/// Arguments of `exchange client`.
#[derive(Debug, Args)]
#[command(after_help = super::RULES)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// The fewest iterations that the server may ask for
    #[arg(long, value_name = "N", default_value_t = *Rules::ITERATIONS.start())]
    min_iterations: u32,
    /// The most iterations that the server may ask for
    #[arg(long, value_name = "N", default_value_t = *Rules::ITERATIONS.end())]
    max_iterations: u32,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let credentials = arguments.credentials()?;
    let bindings = arguments.common.bindings()?;
    let name = arguments.common.mechanism.name;
    let verdict = match arguments.exchange(&credentials, &bindings)? {
        Ok(exchange) => converse(exchange, arguments.common.mechanism.properties.server_proof),
        Err(error) => Verdict::of_client(&error),
    };
    let user = credentials.authentication_id.map(|it| it.to_string());
    let authzid = credentials.authorization_id.map(|it| it.to_string());
    Ok(verdict.of_user(user, authzid).print(name))
}

impl Arguments {
    fn credentials(&self) -> Result<Credentials, Failure> {
        let common = &self.common;
        let mut credentials = Credentials::none().acting_as(common.authorization_id()?);
        match common.mechanism.properties.needs {
            Needs::Anonymity => {
                credentials.trace = Some(common.user.clone().unwrap_or_default().into());
            }
            Needs::Password => {
                let missing = || Failure::usage("expected --user");
                credentials.authentication_id =
                    Some(common.authentication_id()?.ok_or_else(missing)?);
                credentials.key = Key::Password(common.needed_password()?);
            }
            Needs::Token => {
                credentials.authentication_id = common.authentication_id()?;
                credentials.key = Key::Token(common.needed_token()?);
            }
            _ => {}
        }
        Ok(credentials)
    }

    /// The exchange, or why policy or credentials don't allow it.
    fn exchange(
        &self,
        credentials: &Credentials,
        bindings: &[ChannelBinding],
    ) -> Result<Result<ClientExchange, Error>, Failure> {
        if self.min_iterations > self.max_iterations {
            return Err(Failure::usage("--min-iterations is more than --max-iterations"));
        }
        let mechanism = &self.common.mechanism;
        let nonce =
            Nonce::random().map_err(|error| Failure::new(Status::Failed, error.to_string()))?;
        let channel_binding = match self.common.channel_binding {
            Binding::Require => BindingPolicy::Require,
            Binding::Prefer => BindingPolicy::Prefer,
            Binding::Off => BindingPolicy::Off,
        };
        let policy = Policy { channel_binding, ..Policy::default() };
        // There is no channel here that anybody could read: two pipes.
        let channel = Channel { security: ChannelSecurity::Confidential, bindings };
        let offered = Offered::default();
        let binding = policy
            .allows(&mechanism.properties, &channel)
            .and_then(|()| policy.client_binding(mechanism.name, &offered, &channel));
        Ok(binding.map_err(Error::Policy).and_then(|binding| {
            let rules = Rules {
                preparation: self.common.preparation.rule(),
                iterations: self.min_iterations..=self.max_iterations,
                ..Rules::default()
            };
            let context = ClientContext { credentials, binding, nonce, rules, offered };
            (mechanism.client)(&context).map(ClientExchange::new)
        }))
    }
}

/// Talks until one of the two has an end.
fn converse(mut exchange: ClientExchange, server_proof: ServerProof) -> Verdict {
    let mut wire = Wire::new();
    let mut said = 0;
    let mut step = exchange.start();
    loop {
        step = match step {
            Err(error) => return Verdict::of_client(&error),
            Ok(ClientStep::Done(authenticated)) => return good(&authenticated),
            Ok(ClientStep::Ask(query)) => match query.answer_by_itself() {
                Ok(answer) => exchange.answer(answer),
                Err(_) => return Verdict::ended("there is nobody who could answer"),
            },
            Ok(ClientStep::Send(ClientMessage::Abort)) => {
                // The reason counts, whether or not the server still hears of it.
                let _ = Wire::abort();
                exchange.receive(ServerMessage::Failure(FailureCode::Aborted))
            }
            Ok(ClientStep::Send(ClientMessage::Response(response)))
                if response.is_empty() && server_proof == ServerProof::Mutual =>
            {
                // It has heard the server's last words, and is content.
                exchange.receive(ServerMessage::Success { additional_data: None })
            }
            Ok(ClientStep::Send(message)) => {
                if let Err(failure) = say(&message) {
                    return Verdict::broken(&failure);
                }
                said += 1;
                match wire.hear() {
                    Err(failure) => return Verdict::broken(&failure),
                    Ok(Heard::Message(octets)) => {
                        exchange.receive(ServerMessage::Challenge(Challenge::new(octets)))
                    }
                    Ok(Heard::Abort) => return Verdict::aborted(),
                    Ok(Heard::Nothing | Heard::End) => {
                        return ended(&mut exchange, server_proof, said);
                    }
                }
            }
        };
    }
}

fn say(message: &ClientMessage) -> Result<(), Failure> {
    match message {
        ClientMessage::Authenticate { initial_response, .. } => {
            Wire::say(initial_response.as_ref().map(AsRef::as_ref))
        }
        ClientMessage::Response(response) => Wire::say(Some(response.as_bytes())),
        ClientMessage::Abort => Wire::abort(),
    }
}

/// The server says no more: all that it could need is said, or it refuses, or it broke off.
fn ended(exchange: &mut ClientExchange, server_proof: ServerProof, said: u32) -> Verdict {
    match (server_proof, exchange.receive(ServerMessage::Success { additional_data: None })) {
        (_, Ok(ClientStep::Done(authenticated))) => good(&authenticated),
        (_, Err(error @ Error::Refused(_))) => Verdict::of_client(&error),
        (ServerProof::Mutual, _) if said > 1 => Verdict::silent_refusal(),
        _ => Verdict::ended("the input ended before the exchange did"),
    }
}

fn good(authenticated: &Authenticated) -> Verdict {
    let result = if authenticated.server_verified { "authenticated" } else { "sent" };
    let known = Known {
        channel_binding: authenticated.channel_binding.as_ref().map(BindingKind::to_string),
        server_verified: Some(authenticated.server_verified),
        iterations: authenticated.iterations,
        ..Known::default()
    };
    Verdict::good(result, known)
}
