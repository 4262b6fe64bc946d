//! What an exchange costs: octets while it is half open, and allocations from end to end.

use aiosasl::{
    Authenticated, ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::ClientBinding,
    credentials::Credentials,
    hash::Hash,
    mechanism::{ClientContext, Offered, PlusOffer, Rules, ServerContext},
    mechanisms::scram::SCRAM_SHA_256,
    message::{ClientMessage, Outcome, Response, ServerMessage},
    nonce::Nonce,
    query::{Authorization, Query, ScramVerifier},
    secret::Secret,
};
use allocation_counter::measure;

fn verifier() -> ScramVerifier {
    ScramVerifier::from_password(Hash::Sha256, Secret::new(*b"pencil"), *b"0123456789abcdef", 4096)
}

fn server_context() -> ServerContext<'static> {
    ServerContext {
        nonce: Nonce::new("3rfcNHYJY1ZVvWVs7j345678").expect("printable"),
        bindings: &[],
        plus: PlusOffer::NotOffered,
        rules: Rules::default(),
    }
}

fn server(context: &ServerContext<'_>) -> ServerExchange {
    ServerExchange::new((SCRAM_SHA_256.server)(context))
}

/// Answers from a store that has one account; its own copy of the verifier is not the exchange's.
fn answered(
    server: &mut ServerExchange,
    step: ServerStep,
    store: &mut Option<ScramVerifier>,
) -> ServerStep {
    match step {
        ServerStep::Ask(Query::ScramKeys(query)) => {
            let answer = query.answer(store.take().expect("asked once"));
            server.answer(answer).expect("in turn")
        }
        ServerStep::Ask(Query::Authorize(query)) => {
            server.answer(query.answer(Authorization::Granted)).expect("in turn")
        }
        other => other,
    }
}

#[test]
fn a_half_open_exchange_is_small() {
    let octets = half_open("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
    assert!(octets <= 320, "a half-open exchange has {octets} octets");
}

/// What they say is kept once, since it is signed.
#[test]
fn extensions_cost_their_own_length() {
    let [bare, extended] = ["", ",tokenauth=true"]
        .map(|it| half_open(&format!("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL{it}")));
    assert_eq!(extended - bare, ",tokenauth=true".len());
}

/// The octets of an exchange that is half open: the server waits for the client's proof.
fn half_open(first: &str) -> usize {
    let (context, mut store) = (server_context(), Some(verifier()));
    let mut half_open = None;
    let counted = measure(|| {
        let mut server = server(&context);
        let step = server.start(Some(Response::new(first))).expect("in turn");
        let step = answered(&mut server, step, &mut store);
        assert!(matches!(step, ServerStep::Send(_)), "{step:?}");
        half_open = Some(server);
    });
    // The store's verifier was made before, and its salt is freed meanwhile.
    let salt_len = i64::try_from(verifier().salt().len()).expect("small");
    let heap = usize::try_from(counted.bytes_current + salt_len).expect("nothing else is freed");
    let octets = size_of::<ServerExchange>() + heap;
    println!("half open: {octets} octets, {heap} of them on the heap");
    drop(half_open);
    octets
}

/// From end to end, both sides; nonces, credentials and the store's verifier are the caller's.
///
/// Those of this thread alone are counted, and a reallocation counts like an allocation.
#[test]
fn an_exchange_allocates_little() {
    let credentials = Credentials::password("user".try_into().expect("a name"), "pencil");
    let client_context = ClientContext {
        credentials: &credentials,
        binding: ClientBinding::Unsupported,
        nonce: Nonce::new("fyko+d2lbbFgONRv9qkxdawL").expect("printable"),
        rules: Rules::default(),
        offered: Offered::default(),
    };
    let (server_context, mut store) = (server_context(), Some(verifier()));
    let mut done = None;
    let counted = measure(|| {
        let client = (SCRAM_SHA_256.client)(&client_context).expect("good credentials");
        let client = ClientExchange::new(client);
        done = Some(log_in(client, server(&server_context), &mut store));
    });
    assert!(done.expect("a login").server_verified);
    println!("end to end, both sides: {} allocations", counted.count_total);
    assert!(counted.count_total <= 10, "{} allocations", counted.count_total);
}

fn log_in(
    mut client: ClientExchange,
    mut server: ServerExchange,
    store: &mut Option<ScramVerifier>,
) -> Authenticated {
    let mut step = client.start().expect("in turn");
    loop {
        step = match step {
            ClientStep::Ask(query) => {
                client.answer(query.answer_by_itself().expect("a derivation"))
            }
            ClientStep::Done(done) => return done,
            ClientStep::Send(message) => {
                let heard = match message {
                    ClientMessage::Authenticate { initial_response, .. } => {
                        server.start(initial_response)
                    }
                    other => server.receive(other),
                };
                client.receive(match answered(&mut server, heard.expect("in turn"), store) {
                    ServerStep::Send(challenge) => ServerMessage::Challenge(challenge),
                    ServerStep::Done(mut outcome) => {
                        assert!(matches!(outcome, Outcome::Success(_)));
                        outcome.message()
                    }
                    ServerStep::Ask(query) => panic!("{query:?}"),
                })
            }
        }
        .expect("a login");
    }
}
