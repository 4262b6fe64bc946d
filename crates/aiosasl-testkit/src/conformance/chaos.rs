//! Any octets in any order of calls, the same in every run.

use aiosasl::{
    ClientStep, ServerStep,
    credentials::Credentials,
    error::{Error, FailureCode, Misuse},
    hash::Hash,
    mechanism::{Mechanism, ServerProof},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    profile::Profile,
    query::{DeriveKeys, External, Query},
    secret::Secret,
};

use crate::{Accounts, FaceToFace, begin};

/// How many exchanges are tried, and how many calls in each.
const EXCHANGES: u64 = 64;
const CALLS: usize = 12;

/// A server whose store knows nobody: nobody comes in, and no identity is proven.
pub(super) fn check_server(pair: &FaceToFace<'_>, profile: Profile) {
    let nobody = Accounts::new();
    for seed in 0..EXCHANGES {
        let (mut server, mut dice) = (pair.server(profile), Dice::new(seed));
        let mut asked: Option<Query> = None;
        let mut over = false;
        for _ in 0..CALLS {
            let step = match (dice.roll(8), asked.take()) {
                (0, query) => {
                    asked = query;
                    server.start(dice.maybe().then(|| Response::new(dice.octets())))
                }
                (1, query) => {
                    asked = query;
                    server.receive(ClientMessage::Abort)
                }
                (2, None) => server.answer(External::new().answer(None)),
                (_, Some(query)) => server.answer(nobody.answer(query)),
                (_, None) => server.receive(ClientMessage::Response(Response::new(dice.octets()))),
            };
            match step {
                _ if over => assert_eq!(step.err(), Some(Misuse::AfterEnd), "it is over"),
                Ok(ServerStep::Ask(query)) => {
                    if let Query::Authorize(it) = &query {
                        let identity = it.identity().authentication_id();
                        assert_eq!(identity, None, "nobody has accepted anything");
                    }
                    asked = Some(query);
                }
                Ok(ServerStep::Done(outcome)) => {
                    assert!(matches!(outcome, Outcome::Failure(_)), "nonsense comes in");
                    over = true;
                }
                Ok(ServerStep::Send(_)) => {}
                Err(misuse) => assert_ne!(misuse, Misuse::AfterEnd, "it is not over"),
            }
        }
    }
}

/// A client whose server knows nothing: where it has to prove itself, it is never believed.
pub(super) fn check_client(
    mechanism: &Mechanism,
    pair: &FaceToFace<'_>,
    credentials: &Credentials,
    profile: Profile,
) {
    for seed in 0..EXCHANGES {
        let mut client = pair.client(credentials, profile).expect("the credentials are good");
        let mut dice = Dice::new(seed);
        let mut over = false;
        for call in 0..CALLS {
            let mut words = || Challenge::new(dice.octets());
            let step = match (call, words(), dice.roll(10)) {
                (0, _, 1..) => begin(&mut client),
                (_, _, 0) => client.start(),
                (_, words, 1..=4) => client.receive(ServerMessage::Challenge(words)),
                (_, words, 5) => {
                    client.receive(ServerMessage::Success { additional_data: Some(words) })
                }
                (_, _, 6) => client.receive(ServerMessage::Success { additional_data: None }),
                (_, _, 7) => client.receive(ServerMessage::Failure(FailureCode::Temporary)),
                _ => client
                    .answer(DeriveKeys::new(Hash::Sha256, Secret::default(), *b"salt", 1).finish()),
            };
            match step {
                _ if over => {
                    assert_eq!(step.err(), Some(Misuse::AfterEnd.into()), "it is over");
                }
                Ok(ClientStep::Done(_)) => {
                    let proof = mechanism.properties.server_proof;
                    assert_eq!(proof, ServerProof::None, "nonsense is believed");
                    over = true;
                }
                Ok(_) => {}
                Err(Error::Misuse(misuse)) if misuse != Misuse::AfterEnd => {}
                Err(_) => over = true,
            }
        }
    }
}

/// Numbers that look random (xorshift), and are the same in every run.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn maybe(&mut self) -> bool {
        self.roll(2) == 0
    }

    /// Pieces of what mechanisms say, and of what they don't.
    fn octets(&mut self) -> Vec<u8> {
        const PIECES: [&[u8]; 28] = [
            b"",
            b"\0",
            b"\0user\0",
            b"pencil",
            b"n,,",
            b"y,,",
            b"p=tls-exporter,,",
            b"n=user",
            b",",
            b"r=abc",
            b"r=clientNonce0123456789abcdef",
            b",s=c2FsdA==,i=1",
            b"c=biws",
            b"p=AAAA",
            b"v=",
            b"user=user\x01",
            b"auth=Bearer pencil\x01\x01",
            b"\x01",
            b"{\"status\":\"invalid_token\"}",
            b"\xff\xfe",
            b"<a@b>",
            b"user 00000000000000000000000000000000",
            b"nonce=\"serverNonce0123456789abc\",algorithm=md5-sess,charset=utf-8",
            b"nonce=\"old\",nc=00000002",
            b"username=\"user\",realm=\"localhost\",cnonce=\"c\",digest-uri=\"test/localhost\"",
            b",response=00000000000000000000000000000000",
            b",nonce=\"serverNonce0123456789abc\",nc=00000001",
            b"rspauth=00000000000000000000000000000000",
        ];
        if self.roll(32) == 0 {
            return vec![b'a'; 70_000];
        }
        let pieces = self.roll(6);
        (0..pieces)
            .flat_map(|_| {
                let at = usize::try_from(self.roll(PIECES.len() as u64)).unwrap_or_default();
                PIECES.get(at).copied().unwrap_or_default()
            })
            .copied()
            .collect()
    }
}
