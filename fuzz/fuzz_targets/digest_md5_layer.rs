//! DIGEST-MD5's layers: what a server unwraps was wrapped by its client, in this order, or not at all.
#![no_main]

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::ClientBinding,
    credentials::Credentials,
    layer::{LayerRules, SecurityLayer},
    mechanism::{ClientContext, Offered, PlusOffer, Rules, ServerContext},
    mechanisms::digest_md5::MECHANISM,
    message::{ClientMessage, Outcome, ServerMessage},
    nonce::Nonce,
    query::{Authorization, Freshness, Query, StoredSecret},
    secret::Secret,
};

type Layer = Box<dyn SecurityLayer>;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Some((strength, octets)) = octets.split_first() else { return };
    let strength = [1, 40, 55, 56, 112, 128][usize::from(*strength) % 6];
    let (mut client, mut server) = layers(strength);
    for piece in octets.split(|octet| *octet == 0xff) {
        let piece = piece.get(..client.max_piece()).unwrap_or(piece);
        let mut wrapped = client.wrap(piece).expect("it fits");
        // The first octet says which one of the others changes.
        match piece {
            [at, change, ..] if *change != 0 => {
                let at = usize::from(*at) % wrapped.len();
                wrapped[at] ^= change;
                assert!(server.unwrap(&wrapped).is_err(), "a change is not noticed");
                return;
            }
            _ => assert_eq!(server.unwrap(&wrapped).as_deref(), Ok(piece)),
        }
    }
    assert!(server.unwrap(octets).is_err(), "nobody has wrapped that");
});

fn layers(strength: u16) -> (Layer, Layer) {
    let layers = LayerRules { min_strength: strength, max_strength: strength, max_receive: 400 };
    let rules = || Rules { layers, ..aiosasl_fuzz::rules() };
    let credentials = Credentials::password("user".try_into().expect("a name"), "pencil");
    let nonce = || Nonce::new("nonce").expect("printable");
    let mut client = ClientExchange::new(
        (MECHANISM.client)(&ClientContext {
            credentials: &credentials,
            binding: ClientBinding::Unsupported,
            nonce: nonce(),
            rules: rules(),
            offered: Offered::default(),
        })
        .expect("good credentials"),
    );
    let mut server = ServerExchange::new((MECHANISM.server)(&ServerContext {
        nonce: nonce(),
        bindings: &[],
        plus: PlusOffer::NotOffered,
        rules: rules(),
    }));
    let mut ours = client.start().expect("the first call");
    let mut success = None;
    loop {
        let message = match ours {
            ClientStep::Send(ClientMessage::Authenticate { .. }) => server.start(None),
            ClientStep::Send(message) => server.receive(message),
            ClientStep::Done(done) => {
                let server = success.and_then(|it: aiosasl::message::Success| it.security_layer);
                return (done.security_layer.expect("a layer"), server.expect("a layer"));
            }
            ClientStep::Ask(query) => panic!("{query:?}"),
        };
        let mut step = message.expect("in turn");
        let heard = loop {
            step = match step {
                ServerStep::Send(challenge) => break ServerMessage::Challenge(challenge),
                ServerStep::Ask(Query::SharedSecret(query)) => {
                    let password = StoredSecret::Password(Secret::new("pencil"));
                    server.answer(query.answer([password]))
                }
                ServerStep::Ask(Query::NonceUse(query)) => {
                    server.answer(query.answer(Freshness::Fresh))
                }
                ServerStep::Ask(Query::Authorize(query)) => {
                    server.answer(query.answer(Authorization::Granted))
                }
                ServerStep::Done(Outcome::Success(mut it)) => {
                    let additional_data = it.additional_data.take();
                    success = Some(it);
                    break ServerMessage::Success { additional_data };
                }
                other => panic!("{other:?}"),
            }
            .expect("in turn");
        };
        ours = client.receive(heard).expect("a login");
    }
}
