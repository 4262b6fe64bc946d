//! The startup against a server of the same codec, over a pipe.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use aiosasl::{
    ServerExchange, ServerStep,
    mechanism::{PlusOffer, Rules, ServerContext},
    mechanisms::scram,
    message::{ClientMessage, Outcome, ServerMessage},
    nonce::Nonce,
};
use aiosasl_profiles::{
    frame::{FrameBuffer, Measure},
    postgres::{
        Awaited, Backend, Frontend, MAX_FRAME, PROFILE, Startup, measure, measure_startup, server,
    },
};
use aiosasl_testkit::Accounts;
use postgres_startup::{Fault, log_in};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

/// The next frame, however it is cut.
async fn frame(stream: &mut DuplexStream, buffer: &mut FrameBuffer, measure: Measure) -> Vec<u8> {
    loop {
        if let Some(frame) = buffer.next_frame(measure).unwrap() {
            return frame.to_vec();
        }
        let mut chunk = [0; 7];
        let count = stream.read(&mut chunk).await.unwrap();
        assert!(count > 0, "the client has hung up");
        buffer.push(&chunk[..count]).unwrap();
    }
}

/// Lets in `user` with `pencil`, and says at once that it is ready.
async fn serve(mut stream: DuplexStream) -> Startup {
    let mut buffer = FrameBuffer::new(MAX_FRAME);
    let startup = Startup::parse(&frame(&mut stream, &mut buffer, measure_startup).await).unwrap();
    let mechanism = scram::SCRAM_SHA_256;
    let offer = server::offer(std::iter::once(mechanism.name).collect()).unwrap();
    stream.write_all(&offer).await.unwrap();
    let half = (mechanism.server)(&ServerContext {
        nonce: Nonce::random().unwrap(),
        bindings: &[],
        plus: PlusOffer::NotOffered,
        rules: Rules::default(),
    });
    let mut exchange = ServerExchange::with_profile(half, PROFILE);
    let accounts = Accounts::new().with_password("user", "pencil");
    let mut awaited = Awaited::SaslInitialResponse;
    let octets = frame(&mut stream, &mut buffer, measure).await;
    let first = Frontend::parse(&octets, awaited).unwrap().into_message().unwrap();
    let ClientMessage::Authenticate { initial_response, .. } = first else { panic!("{first:?}") };
    let mut step = exchange.start(initial_response).unwrap();
    awaited = Awaited::SaslResponse;
    loop {
        step = match step {
            ServerStep::Ask(query) => exchange.answer(accounts.answer(query)).unwrap(),
            ServerStep::Send(challenge) => {
                let message = ServerMessage::Challenge(challenge);
                stream.write_all(&server::answer(&message).unwrap()).await.unwrap();
                let octets = frame(&mut stream, &mut buffer, measure).await;
                let said = Frontend::parse(&octets, awaited).unwrap().into_message().unwrap();
                exchange.receive(said).unwrap()
            }
            ServerStep::Done(outcome) => {
                let message = match outcome {
                    Outcome::Success(success) => {
                        ServerMessage::Success { additional_data: success.additional_data.clone() }
                    }
                    Outcome::Failure(failure) => ServerMessage::Failure(failure.code),
                };
                stream.write_all(&server::answer(&message).unwrap()).await.unwrap();
                let ready = Backend::Other(b'Z', b"I"[..].into()).to_frame().unwrap();
                stream.write_all(&ready).await.unwrap();
                return startup;
            }
        };
    }
}

#[tokio::test]
async fn a_user_comes_in_and_nothing_that_was_read_is_lost() {
    let (mut ours, theirs) = duplex(64);
    let (startup, done) = tokio::join!(serve(theirs), async {
        let done = log_in(&mut ours, "user", "sales", "pencil").await;
        let mut done = done.unwrap();
        assert!(done.server_verified);
        let ready = frame(&mut ours, &mut done.read_so_far, measure).await;
        Backend::parse(&ready).unwrap()
    });
    assert_eq!(startup.parameter("database"), Some("sales"));
    assert!(matches!(done, Backend::Other(b'Z', _)));
}

#[tokio::test]
async fn a_wrong_password_is_the_servers_to_refuse() {
    let (mut ours, theirs) = duplex(4096);
    let (_, refused) = tokio::join!(serve(theirs), log_in(&mut ours, "user", "sales", "pencils"));
    assert!(matches!(refused, Err(Fault::Server(error)) if error.code.as_deref() == Some("28P01")));
}
