//! On tokio's multi-threaded runtime: the futures are `Send` where the interface's are.

use std::{sync::Arc, time::Duration};

use aiosasl::{
    credentials::Credentials,
    driver::{
        BoxFuture, Connection, FromMechanism, InSlices, QueryProvider, Reply, SaslError,
        SaslFailure, SaslInterface, SaslMechanism, SaslStateMachine, Scram, authenticate,
        negotiate,
    },
    message::Response,
    name::MechanismName,
    query::{ClientAnswer, ClientQuery},
};

use crate::support::{SCRAM_SHA_256, Server, TOY, confidential, success};

/// The same, over a network that takes its time.
struct Far(Server);

impl SaslInterface for Far {
    async fn initiate(
        &mut self,
        mechanism: MechanismName,
        payload: Option<Response>,
    ) -> Result<Reply, SaslError> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        if mechanism == TOY { success(None) } else { self.0.initiate(mechanism, payload).await }
    }

    async fn respond(&mut self, payload: Response) -> Result<Reply, SaslError> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.0.respond(payload).await
    }

    async fn abort(&mut self) -> Result<Reply, SaslError> {
        self.0.abort().await
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime")
}

#[test]
fn one_instance_serves_many_connections_at_once() {
    let mechanism: Arc<dyn SaslMechanism> = Arc::new(FromMechanism::all(|| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(("user", "pencil"))
    }));
    runtime().block_on(async {
        let logins: Vec<_> = (0..8)
            .map(|_| {
                let mechanism = Arc::clone(&mechanism);
                tokio::spawn(async move {
                    let offered = [SCRAM_SHA_256];
                    let connection = confidential(&offered);
                    let mut interface = Far(Server::default());
                    negotiate(&mut interface, &connection, &[&*mechanism]).await
                })
            })
            .collect();
        for login in logins {
            let negotiated = login.await.expect("no panic").expect("let in");
            assert!(negotiated.report.server_verified);
        }
    });
}

#[test]
fn straight_line_mechanisms_are_spawned() {
    runtime().block_on(async {
        let login = tokio::spawn(async {
            let mut interface = Far(Server::default());
            SaslStateMachine::run(&mut interface, &Connection::default(), async |sm| {
                tokio::time::sleep(Duration::from_millis(1)).await;
                sm.initiate(TOY, None).await?.success()
            })
            .await
        });
        login.await.expect("no panic").expect("let in");
    });
}

struct OffThread;

impl QueryProvider for OffThread {
    fn answer<'a>(
        &'a self,
        query: ClientQuery,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<ClientAnswer, SaslError>> {
        assert!(credentials.authentication_id.is_some());
        Box::pin(async {
            tokio::task::spawn_blocking(|| query.answer_by_itself())
                .await
                .map_err(|error| SaslFailure::with_opaque("lost", error))?
                .map_err(|_| SaslFailure::new("nobody knows").into())
        })
    }
}

#[test]
fn keys_are_derived_wherever_the_caller_likes() {
    let offered = [SCRAM_SHA_256];
    let connection = confidential(&offered);
    let derivers: [Scram; 2] = [
        Scram::new(("user", "pencil")).queries(OffThread),
        Scram::new(("user", "pencil")).queries(InSlices::of(100)),
    ];
    runtime().block_on(async {
        for scram in &derivers {
            let token = scram.any_supported(&offered).expect("offered");
            let mut interface = Far(Server::default());
            let report = authenticate(&mut interface, &connection, scram, token).await;
            assert_eq!(report.expect("let in").iterations, Some(4096));
        }
    });
}
