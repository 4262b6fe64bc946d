//! The same loops without async.

use aiosasl::{
    driver::{Plain, Reply, SaslError, SaslMechanism, Scram, blocking},
    error::{Error, Reason},
    message::Response,
    name::MechanismName,
    profile::Profile,
};

use crate::support::{
    PLAIN, SCRAM_SHA_256, Script, Server, TOY, block_on, challenge, confidential, success,
};

/// An async double, called as a protocol without async would be.
struct Blocking<I>(I);

impl<I: aiosasl::driver::SaslInterface> blocking::SaslInterface for Blocking<I> {
    fn profile(&self) -> Profile {
        self.0.profile()
    }

    fn is_usable(&self) -> bool {
        self.0.is_usable()
    }

    fn initiate(
        &mut self,
        mechanism: MechanismName,
        payload: Option<Response>,
    ) -> Result<Reply, SaslError> {
        block_on(self.0.initiate(mechanism, payload))
    }

    fn respond(&mut self, payload: Response) -> Result<Reply, SaslError> {
        block_on(self.0.respond(payload))
    }

    fn abort(&mut self) -> Result<Reply, SaslError> {
        block_on(self.0.abort())
    }
}

#[test]
fn a_login_without_async() {
    let offered = [PLAIN, SCRAM_SHA_256];
    let connection = confidential(&offered);
    let me = ("user", "pencil");
    let mut server = Blocking(Server::default());
    // Key derivation in slices goes on by itself.
    let negotiated =
        blocking::negotiate(&mut server, &connection, &[&Scram::new(me), &Plain::new(me)]);
    let negotiated = negotiated.expect("let in");
    assert_eq!(negotiated.report.mechanism, SCRAM_SHA_256);
    assert_eq!(negotiated.considered.len(), 2);

    let plain = Plain::new(me);
    let token = plain.any_supported(&offered).expect("offered");
    let report = blocking::authenticate(&mut server, &connection, &plain, token);
    assert_eq!(report.expect("let in").mechanism, PLAIN);
}

#[test]
fn wrong_credentials_stop_it_as_well() {
    let offered = [PLAIN, SCRAM_SHA_256];
    let wrong = ("user", "pen");
    let mut server = Blocking(Server::default());
    let lost = blocking::negotiate(
        &mut server,
        &confidential(&offered),
        &[&Scram::new(wrong), &Plain::new(wrong)],
    );
    assert!(lost.expect_err("wrong").error.is_authentication_failure());
    assert_eq!(server.0.initiated, [SCRAM_SHA_256]);
}

#[test]
fn straight_line_mechanisms_run_too() {
    let mut script = Blocking(Script::new([challenge("2+2"), success(None)]));
    blocking::run(&mut script, &confidential(&[]), async |sm| {
        let sum = sm.initiate(TOY, None).await?.challenge()?;
        assert_eq!(sum.as_bytes(), b"2+2");
        sm.response(Response::new(*b"4")).await?.success()
    })
    .expect("let in");
}

#[test]
fn a_server_that_ends_too_early_is_refused_here_too() {
    let mut script = Blocking(Script::new([success(Some("?"))]));
    let result = blocking::run(&mut script, &confidential(&[]), async |sm| {
        let _ = sm.initiate(TOY, None).await?.challenge()?;
        sm.response(Response::new(*b"4")).await?.success()
    });
    let error = result.expect_err("too early");
    assert_eq!(error.exchange_error(), Some(&Error::Peer(Reason::ServerNotVerified)));
}

#[test]
fn what_has_to_be_waited_for_is_an_error_and_no_busy_loop() {
    let offered = [PLAIN];
    let connection = confidential(&offered);
    let waits = Plain::new(|| async {
        std::future::pending::<()>().await;
        Ok(("user", "pencil"))
    });
    let token = waits.any_supported(&offered).expect("offered");
    let mut script = Blocking(Script::new([]));
    let error = blocking::authenticate(&mut script, &connection, &waits, token);
    let error = error.expect_err("nobody waits");
    let opaque = error.opaque_error().and_then(|it| it.downcast_ref::<blocking::NotReady>());
    assert_eq!(opaque, Some(&blocking::NotReady));
    assert!(blocking::negotiate(&mut script, &connection, &[&waits]).is_err());
}
