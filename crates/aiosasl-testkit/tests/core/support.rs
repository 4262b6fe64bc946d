//! Exchanges to test with.

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::{BindingKind, ChannelBinding, ClientBinding},
    credentials::{Credentials, Endpoint, Key},
    error::{Error, FailureCode},
    mechanism::{
        ClientContext, Mechanism, Needs, Offered, PlusOffer, Rules, ServerContext, Service,
    },
    mechanisms::{
        challenge::{ecdsa, x25519},
        ht::Member,
        otp::{Algorithm, OneTimeState},
    },
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    name::MechanismName,
    nonce::Nonce,
    profile::Profile,
    query::{PasscodeVerdict, ScramVerifier, SecretForm},
    secret::Secret,
};
use aiosasl_testkit::{Accounts, answer};

pub(crate) const CLIENT_NONCE: &str = "fyko+d2lbbFgONRv9qkxdawL";
pub(crate) const SERVER_NONCE: &str = "3rfcNHYJY1ZVvWVs7j345678";

/// A private key, good for every curve.
pub(crate) const PRIVATE_KEY: [u8; 32] = [0x12; 32];

/// What somebody has signed with a token.
pub(crate) const SIGNED: &str = r#"oauth_token="pencil",oauth_signature="x""#;

pub(crate) fn binding() -> ChannelBinding {
    ChannelBinding::new(BindingKind::TlsExporter, [7; 32]).expect("octets")
}

/// What an exchange of this mechanism is tied to, where it is.
fn binding_of(mechanism: &Mechanism) -> Option<ChannelBinding> {
    let of_any_kind = mechanism.name.is_plus().then_some(BindingKind::TlsExporter);
    let kind = mechanism.name.named_binding().or(of_any_kind)?;
    Some(ChannelBinding::new(kind, [7; 32]).expect("octets"))
}

/// The same user, with what a mechanism needs.
pub(crate) fn user_for(mechanism: &Mechanism) -> Credentials {
    let mut credentials = traced_user();
    match mechanism.properties.needs {
        Needs::Token if mechanism.name == "OAUTH10A" => {
            credentials.key = Key::Token(SIGNED.into());
            credentials.endpoint = Some(Endpoint { host: "localhost".into(), port: Some(143) });
        }
        Needs::Token => credentials.key = Key::Token("pencil".into()),
        Needs::PrivateKey => credentials.key = Key::Private(Secret::new(PRIVATE_KEY)),
        _ => {}
    }
    credentials
}

pub(crate) fn user() -> Credentials {
    Credentials::password("user".try_into().expect("a name"), "pencil")
}

/// The same, with something to say to a server that lets anybody in.
pub(crate) fn traced_user() -> Credentials {
    let mut credentials = user();
    credentials.trace = Some("trace".into());
    credentials
}

/// An account `user`, password `pencil`, with every kind of credential.
pub(crate) fn accounts() -> Accounts {
    let private = Secret::new(PRIVATE_KEY);
    let form = |mechanism| SecretForm::PublicKey { mechanism };
    let [ecdsa, x25519] =
        [ecdsa::public_key(&private), x25519::public_key(&private)].map(|it| it.expect("a key"));
    let one_time = OneTimeState::new(Algorithm::Md5, 499, "ke1234", "pencil").expect("a state");
    let with_tokens = Member::ALL.iter().fold(Accounts::new(), |accounts, member| {
        let form = SecretForm::HashedToken { mechanism: member.as_str() };
        accounts.with_secret("user", form, b"pencil")
    });
    with_tokens
        .with_secret("user", form("ECDSA-NIST256P-CHALLENGE"), &ecdsa)
        .with_secret("user", form("ECDH-X25519-CHALLENGE"), &x25519)
        .with_plain_password("user", "pencil")
        .with_passcode("user", "pencil", PasscodeVerdict::Accepted)
        .with_secret("user", SecretForm::OneTime, one_time.to_text().as_bytes())
        .with_token("user", "pencil")
        .with_token("user", SIGNED)
        .with_external("user".try_into().expect("a name"))
        .with_provider("user", "https://idp.example/?id=1", "user".try_into().ok())
        .with_anonymous()
}

/// Those that both ends have: where they are, for mechanisms that say so.
pub(crate) fn rules() -> Rules {
    Rules { service: Some(Service::new("imap", "mail.example.org")), ..Rules::default() }
}

pub(crate) fn context<'a>(
    credentials: &'a Credentials,
    binding: ClientBinding,
    offered: &'a [MechanismName],
) -> ClientContext<'a> {
    ClientContext {
        credentials,
        binding,
        nonce: Nonce::new(CLIENT_NONCE).expect("printable"),
        rules: rules(),
        offered: Offered { mechanisms: offered, ..Offered::default() },
    }
}

/// A client of a mechanism, on a channel where its name says so.
pub(crate) fn client_in(
    mechanism: &Mechanism,
    credentials: &Credentials,
    profile: Profile,
) -> ClientExchange {
    let binding = binding_of(mechanism).map_or(ClientBinding::Unsupported, ClientBinding::Bound);
    let client = (mechanism.client)(&context(credentials, binding, &[]));
    ClientExchange::with_profile(client.expect("good credentials"), profile)
}

pub(crate) fn client(mechanism: &Mechanism) -> ClientExchange {
    client_in(mechanism, &user_for(mechanism), Profile::FULL)
}

pub(crate) fn server_with(
    mechanism: &Mechanism,
    plus: PlusOffer,
    profile: Profile,
) -> ServerExchange {
    let context = ServerContext {
        nonce: Nonce::new(SERVER_NONCE).expect("printable"),
        bindings: &[binding_of(mechanism).unwrap_or_else(binding)],
        plus,
        rules: rules(),
    };
    ServerExchange::with_profile((mechanism.server)(&context), profile)
}

pub(crate) fn server(mechanism: &Mechanism) -> ServerExchange {
    server_with(mechanism, plus_offer(mechanism), Profile::FULL)
}

pub(crate) fn plus_offer(mechanism: &Mechanism) -> PlusOffer {
    if mechanism.name.is_plus() { PlusOffer::Offered } else { PlusOffer::NotOffered }
}

/// The server's next step, with its questions answered.
pub(crate) fn answered(
    server: &mut ServerExchange,
    mut step: ServerStep,
    accounts: &Accounts,
) -> ServerStep {
    while let ServerStep::Ask(query) = step {
        step = server.answer(accounts.answer(query)).expect("in turn");
    }
    step
}

/// Hears a response, and answers what the server asks.
pub(crate) fn says(
    server: &mut ServerExchange,
    response: impl Into<Vec<u8>>,
    accounts: &Accounts,
) -> ServerStep {
    let step = server.receive(ClientMessage::Response(Response::new(response))).expect("in turn");
    answered(server, step, accounts)
}

/// Starts with an initial response, and answers what the server asks.
pub(crate) fn starts(
    server: &mut ServerExchange,
    first: impl Into<Vec<u8>>,
    accounts: &Accounts,
) -> ServerStep {
    let step = server.start(Some(Response::new(first))).expect("in turn");
    answered(server, step, accounts)
}

/// Why the server refused.
pub(crate) fn refusal(step: ServerStep) -> &'static str {
    match step {
        ServerStep::Done(Outcome::Failure(failure)) => failure.reason.as_str(),
        other => panic!("{other:?}"),
    }
}

/// What the server says to go on.
pub(crate) fn challenge(step: ServerStep) -> Vec<u8> {
    match step {
        ServerStep::Send(challenge) => challenge.as_bytes().to_vec(),
        other => panic!("{other:?}"),
    }
}

/// The client hears a challenge, and does its own derivation.
pub(crate) fn hears(
    client: &mut ClientExchange,
    challenge: impl Into<Vec<u8>>,
) -> Result<ClientStep, Error> {
    match client.receive(ServerMessage::Challenge(Challenge::new(challenge))) {
        Ok(ClientStep::Ask(query)) => client.answer(answer(query)),
        other => other,
    }
}

/// Why the client gave up, after the abort that the server hears first.
pub(crate) fn gave_up(client: &mut ClientExchange, step: Result<ClientStep, Error>) -> Error {
    match step {
        Err(error) => error,
        Ok(ClientStep::Send(ClientMessage::Abort)) => client
            .receive(ServerMessage::Failure(FailureCode::Aborted))
            .expect_err("it has given up"),
        other => panic!("{other:?}"),
    }
}

/// The verifier of `user` with a known salt.
pub(crate) fn verifier(hash: aiosasl::hash::Hash) -> ScramVerifier {
    ScramVerifier::from_password(hash, Secret::new(*b"pencil"), *b"0123456789abcdef", 4096)
}
