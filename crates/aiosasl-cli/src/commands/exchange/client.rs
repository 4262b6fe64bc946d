//! The client's half.

use aiosasl::{
    Authenticated, ClientExchange, ClientStep,
    binding::{BindingKind, ChannelBinding},
    credentials::{Credentials, Endpoint, Key},
    error::{Error, FailureCode},
    mechanism::{ClientContext, Needs, Offered, Rules},
    message::{Challenge, ClientMessage, ServerMessage},
    nonce::Nonce,
    policy::{BindingPolicy, Channel, ChannelSecurity, Policy},
    query::{ClientAnswer, ClientQuery},
};
use clap::Args;

use super::{
    Binding, Common,
    answers::{AnswerSource, Answers},
    layer::{LayerOptions, Negotiated},
    verdict::{Known, Verdict},
    wire::{Heard, Wire},
};
use crate::{
    gss::Tickets,
    keys,
    status::{Failure, Status},
};

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
    #[command(flatten)]
    answers: AnswerSource,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let credentials = arguments.credentials()?;
    let bindings = arguments.common.bindings()?;
    let name = arguments.common.mechanism.name;
    let answers = arguments.answers.read(arguments.common.realm.first().cloned())?;
    let verdict = match arguments.exchange(&credentials, &bindings)? {
        Ok(exchange) => Talk {
            exchange,
            answers,
            wire: Wire::new(),
            has_last_words: arguments.common.has_last_words(),
            layer: &arguments.common.layer,
            tickets: arguments.common.gss.provider(),
            told: None,
        }
        .run()
        .unwrap_or_else(|failure| Verdict::broken(&failure)),
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
        match common.needs() {
            Needs::Anonymity => {
                credentials.trace = Some(common.user.clone().unwrap_or_default().into());
            }
            Needs::Password => {
                let missing = || Failure::usage("expected --user");
                credentials.authentication_id =
                    Some(common.authentication_id()?.ok_or_else(missing)?);
                credentials.key = Key::Password(common.needed_password()?);
            }
            Needs::PrivateKey => {
                let missing = || Failure::usage("expected --client-key");
                let file = common.client_key.as_deref().ok_or_else(missing)?;
                credentials.authentication_id = common.authentication_id()?;
                credentials.key = Key::Private(keys::private(&common.mechanism, file)?);
            }
            Needs::Token => {
                credentials.authentication_id = common.authentication_id()?;
                credentials.key = Key::Token(common.needed_token()?);
                let host = common.hostname.as_str().into();
                credentials.endpoint = common.port.map(|port| Endpoint { host, port: Some(port) });
            }
            Needs::Passcode => {
                credentials.authentication_id = common.authentication_id()?;
                // A passphrase to compute with, or the first code; without it, the mechanism asks.
                if let Some(password) = common.given_password()? {
                    credentials.key = Key::Password(password);
                }
            }
            Needs::Ticket => {
                credentials.authentication_id = common.authentication_id()?;
                if common.password.password_file.is_some() {
                    credentials.key = Key::Password(common.needed_password()?);
                }
            }
            _ => credentials.authentication_id = common.authentication_id()?,
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
        let channel =
            Channel { security: ChannelSecurity::Confidential, bindings, ..Channel::default() };
        let offered = Offered::default();
        let binding = policy
            .allows(&mechanism.properties, &channel)
            .and_then(|()| policy.client_binding(mechanism.name, &offered, &channel));
        Ok(binding.map_err(Error::Policy).and_then(|binding| {
            let rules = Rules {
                iterations: self.min_iterations..=self.max_iterations,
                ..self.common.rules()
            };
            let context = ClientContext { credentials, binding, nonce, rules, offered };
            (mechanism.client)(&context).map(ClientExchange::new)
        }))
    }
}

/// A conversation, and all that it needs.
struct Talk<'a> {
    exchange: ClientExchange,
    answers: Answers,
    wire: Wire,
    /// Whether the server's last words are a message.
    has_last_words: bool,
    layer: &'a LayerOptions,
    tickets: Tickets,
    /// What the security service failed with, in its own words.
    told: Option<String>,
}

impl Talk<'_> {
    /// Talks until one of the two has an end.
    fn run(mut self) -> Result<Verdict, Failure> {
        let mut said = 0;
        let mut step = self.exchange.start();
        loop {
            step = match step {
                Err(error) => {
                    if let Some(told) = &self.told {
                        anstream::eprintln!("aiosasl: {told}");
                    }
                    return Ok(Verdict::of_client(&error));
                }
                Ok(ClientStep::Done(authenticated)) => return Ok(self.go_on(authenticated)),
                Ok(ClientStep::Ask(query)) => {
                    let answer = self.answer(query)?;
                    self.exchange.answer(answer)
                }
                Ok(ClientStep::Send(ClientMessage::Abort)) => {
                    // The reason counts, whether or not the server still hears of it.
                    let _ = Wire::abort();
                    self.exchange.receive(ServerMessage::Failure(FailureCode::Aborted))
                }
                Ok(ClientStep::Send(ClientMessage::Response(response)))
                    if response.is_empty() && self.has_last_words =>
                {
                    // It has heard the server's last words, and is content.
                    self.exchange.receive(ServerMessage::Success { additional_data: None })
                }
                // Nobody listens any more: all that is missing is the outcome, or it came too early.
                Ok(ClientStep::Send(message)) if say(&message).is_err() => {
                    return Ok(self.end(said));
                }
                Ok(ClientStep::Send(_)) => {
                    said += 1;
                    match self.wire.hear()? {
                        Heard::Message(octets) => {
                            self.exchange.receive(ServerMessage::Challenge(Challenge::new(octets)))
                        }
                        Heard::Abort => return Ok(Verdict::aborted()),
                        Heard::Nothing | Heard::End => return Ok(self.end(said)),
                    }
                }
            };
        }
    }

    fn answer(&mut self, query: ClientQuery) -> Result<ClientAnswer, Failure> {
        match query.answer_by_itself() {
            Ok(answer) => Ok(answer),
            Err(ClientQuery::Question(question)) => self.answers.answer(question),
            Err(ClientQuery::Gss(gss)) => {
                let reply = gss.initiate_with(&self.tickets);
                self.told = reply.error().map(|error| error.text.escape_debug().to_string());
                Ok(reply.into_client_answer())
            }
            Err(_) => Err(Failure::new(Status::Failed, "there is nobody who could answer")),
        }
    }

    /// The server says no more: all that it could need is said, or it refuses, or it broke off.
    fn end(mut self, said: u32) -> Verdict {
        match self.exchange.receive(ServerMessage::Success { additional_data: None }) {
            Ok(ClientStep::Done(authenticated)) => self.go_on(authenticated),
            Err(error @ Error::Refused(_)) => Verdict::of_client(&error),
            _ if self.has_last_words && said > 1 => Verdict::silent_refusal(),
            _ => Verdict::ended("the input ended before the exchange did"),
        }
    }

    /// What follows the exchange, and the end.
    fn go_on(mut self, mut authenticated: Authenticated) -> Verdict {
        let received = match self.layer.talk(&mut authenticated.security_layer, &mut self.wire) {
            Ok(received) => received,
            Err(fault) => return Verdict::of_layer(&fault),
        };
        let known = Known {
            channel_binding: authenticated.channel_binding.as_ref().map(BindingKind::to_string),
            server_verified: Some(authenticated.server_verified),
            iterations: authenticated.iterations,
            security_layer: authenticated.security_layer.as_deref().map(Negotiated::of),
            received,
            ..Known::default()
        };
        // Without last words, nobody has said that the client is in.
        Verdict::good(if self.has_last_words { "authenticated" } else { "sent" }, known)
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
