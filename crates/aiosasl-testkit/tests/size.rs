//! What an exchange costs: octets while it is half open, and allocations from end to end.

use std::alloc::System;

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
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
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

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

/// One test, so that nothing else allocates meanwhile.
#[test]
fn a_scram_exchange_is_small() {
    // Half open: the server waits for the client's proof.
    let (server_context, mut store) = (server_context(), Some(verifier()));
    let region = Region::new(ALLOCATOR);
    let mut half_open = server(&server_context);
    let first = Response::new("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
    let step = half_open.start(Some(first)).expect("in turn");
    drop(answered(&mut half_open, step, &mut store));
    let change = region.change();
    // The store's verifier was made before, and its salt is freed meanwhile.
    let heap = change.bytes_allocated + verifier().salt().len() - change.bytes_deallocated;
    let octets = size_of::<ServerExchange>() + heap;
    println!("half open: {octets} octets, {heap} of them on the heap");
    assert!(octets <= 320, "a half-open exchange has {octets} octets");
    drop(half_open);

    // From end to end, both sides; nonces, credentials and the store's verifier are the caller's.
    let credentials = Credentials::password("user".try_into().expect("a name"), "pencil");
    let nonce = Nonce::new("fyko+d2lbbFgONRv9qkxdawL").expect("printable");
    let context = ClientContext {
        credentials: &credentials,
        binding: ClientBinding::Unsupported,
        nonce,
        rules: Rules::default(),
        offered: Offered::default(),
    };
    let mut store = Some(verifier());
    let region = Region::new(ALLOCATOR);
    let mut server = server(&server_context);
    let client = (SCRAM_SHA_256.client)(&context).expect("good credentials");
    let mut client = ClientExchange::new(client);
    let mut step = client.start().expect("in turn");
    let done = loop {
        step = match step {
            ClientStep::Ask(query) => {
                client.answer(query.answer_by_itself().expect("a derivation"))
            }
            ClientStep::Done(done) => break done,
            ClientStep::Send(message) => {
                let heard = match message {
                    ClientMessage::Authenticate { initial_response, .. } => {
                        server.start(initial_response)
                    }
                    other => server.receive(other),
                };
                let heard = answered(&mut server, heard.expect("in turn"), &mut store);
                client.receive(match heard {
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
    };
    assert!(done.server_verified);
    let change = region.change();
    println!(
        "end to end, both sides: {} allocations, {} reallocations",
        change.allocations, change.reallocations
    );
    assert!(change.allocations <= 10, "{} allocations", change.allocations);
    assert_eq!(change.reallocations, 0);
}
