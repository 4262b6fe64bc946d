//! An interface that writes down what is said through it.

use aiosasl::{
    driver::{Reply, SaslError, SaslInterface},
    message::Response,
    name::MechanismName,
    profile::Profile,
};
use aiosasl_profiles::WireError;

use super::Trace;

/// An interface that writes down what is said through it.
pub(crate) struct Traced<'a, I> {
    interface: &'a mut I,
    trace: Trace,
}

impl<'a, I: SaslInterface> Traced<'a, I> {
    /// Whatever is said through this interface goes into that trace.
    pub(crate) fn new(interface: &'a mut I, trace: Trace) -> Self {
        Self { interface, trace }
    }

    fn heard(&self, reply: Result<Reply, SaslError>) -> Result<Reply, SaslError> {
        let mut record = self.trace.record();
        match &reply {
            Ok(Reply::Challenge(octets)) => record.challenges(octets.as_bytes()),
            Ok(Reply::Success(octets)) => {
                record.is_content(octets.as_ref().map(AsRef::as_ref));
            }
            Ok(Reply::Failure) => record.fails("the exchange was given up", true),
            Err(error) => {
                let is_answer = WireError::of(error).is_some_and(|it| it.code.is_some());
                record.fails(error.text(), is_answer);
            }
        }
        reply
    }
}

impl<I: SaslInterface> SaslInterface for Traced<'_, I> {
    fn profile(&self) -> Profile {
        self.interface.profile()
    }

    fn is_usable(&self) -> bool {
        self.interface.is_usable()
    }

    async fn initiate(
        &mut self,
        mechanism: MechanismName,
        payload: Option<Response>,
    ) -> Result<Reply, SaslError> {
        self.trace.record().starts(mechanism, payload.as_ref().map(AsRef::as_ref));
        let reply = self.interface.initiate(mechanism, payload).await;
        self.heard(reply)
    }

    async fn respond(&mut self, payload: Response) -> Result<Reply, SaslError> {
        self.trace.record().responds(payload.as_bytes());
        let reply = self.interface.respond(payload).await;
        self.heard(reply)
    }

    async fn abort(&mut self) -> Result<Reply, SaslError> {
        self.trace.record().gives_up();
        let reply = self.interface.abort().await;
        self.heard(reply)
    }
}
