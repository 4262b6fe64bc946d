//! On a bare executor without any runtime, with an interface whose futures are not `Send`.

use std::{cell::Cell, rc::Rc};

use aiosasl::{
    driver::{
        Connection, Plain, Reply, SaslError, SaslInterface, SaslMechanism as _, authenticate,
    },
    message::Response,
    name::MechanismName,
};

use crate::support::{PLAIN, block_on, confidential};

/// Its `Rc` is held over an await: these futures stay on their thread, and nothing asks for more.
struct OnThisThread(Rc<Cell<u32>>);

impl SaslInterface for OnThisThread {
    async fn initiate(
        &mut self,
        _: MechanismName,
        _: Option<Response>,
    ) -> Result<Reply, SaslError> {
        let calls = Rc::clone(&self.0);
        std::future::ready(()).await;
        calls.set(calls.get() + 1);
        Ok(Reply::Success(None))
    }

    async fn respond(&mut self, _: Response) -> Result<Reply, SaslError> {
        unreachable!("PLAIN says one thing")
    }

    async fn abort(&mut self) -> Result<Reply, SaslError> {
        unreachable!("nothing goes wrong")
    }
}

#[test]
fn nothing_demands_send() {
    let calls = Rc::new(Cell::new(0));
    let mut interface = OnThisThread(Rc::clone(&calls));
    let offered = [PLAIN];
    let connection: Connection<'_> = confidential(&offered);
    let plain = Plain::new(("user", "pencil"));
    let token = plain.any_supported(&offered).expect("offered");
    let report = block_on(authenticate(&mut interface, &connection, &plain, token));
    assert_eq!(report.expect("let in").mechanism, PLAIN);
    assert_eq!(calls.get(), 1);
}
