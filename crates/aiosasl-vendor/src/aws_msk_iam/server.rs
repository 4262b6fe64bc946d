//! The server's half of AWS_MSK_IAM: checks for whom and when the signature is, then the signature.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::mem;

use aiosasl::{
    encoding::hex,
    error::{Failure, Reason},
    hash::Hash,
    identity::AuthenticationId,
    mechanism::{Heard, ServerContext, ServerMechanism, ServerTurn},
    message::{Challenge, Proven},
    name::MechanismName,
    query::{Answer, Query, Secrets, SharedSecret, StoredSecret},
    secret,
};

use super::{
    NAME,
    message::{Object, Payload, response},
};
use crate::{
    aws::{SECRET_ACCESS_KEY, Timestamp},
    reason::{
        BAD_CREDENTIAL_SCOPE, NO_CLOCK, SIGNATURE_EXPIRED, SIGNATURE_NOT_YET_VALID, WRONG_HOST,
        WRONG_REGION,
    },
};

/// How far a client's clock may be ahead of ours, in seconds.
const MAX_SKEW: u64 = 300;

/// The server's half: it asks the store for the secret access key ([`SECRET_ACCESS_KEY`]) of the access key identifier.
///
/// The host must be one of those of the rules' service, where there is one. A session token is covered by the signature,
/// and not looked at otherwise: the store gives no secret of a temporary key that has expired.
///
/// # Example: a clock and a region of one's own
///
/// ```
/// use aiosasl::mechanism::Mechanism;
/// use aiosasl_vendor::{aws::Timestamp, aws_msk_iam::{self, MskServer}};
///
/// fn clock() -> Option<Timestamp> {
///     Timestamp::parse("20261124T150000Z")
/// }
///
/// const OURS: Mechanism = Mechanism {
///     server: |context| Box::new(MskServer::new(context).with_clock(clock).in_region("eu-central-1")),
///     ..aws_msk_iam::MECHANISM
/// };
/// assert_eq!(OURS.name, "AWS_MSK_IAM");
/// ```
pub struct MskServer {
    clock: fn() -> Option<Timestamp>,
    region: Option<Box<str>>,
    hosts: Vec<Box<str>>,
    request_id: String,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectPayload,
    /// The message is looked at once more then: nothing of it is kept twice.
    ExpectSecret(Box<Object>),
}

impl MskServer {
    /// A server that asks the system's clock, and takes signatures for every region.
    pub fn new(context: &ServerContext<'_>) -> Self {
        let id = Hash::Sha256.hmac(context.nonce.as_str().as_bytes(), &[b"request-id"]);
        Self {
            clock: Timestamp::system,
            region: None,
            hosts: context.rules.service.as_ref().map_or_else(Vec::new, |it| it.hosts.clone()),
            request_id: hex(id.as_ref().get(..16).unwrap_or_default()),
            state: State::ExpectPayload,
        }
    }

    /// The same, with another clock; nobody comes in where it shows nothing.
    pub fn with_clock(mut self, clock: fn() -> Option<Timestamp>) -> Self {
        self.clock = clock;
        self
    }

    /// The same, for signatures of this region alone.
    pub fn in_region(mut self, region: impl Into<Box<str>>) -> Self {
        self.region = Some(region.into());
        self
    }

    fn ask(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        let object = Object::parse(message).map_err(Failure::malformed)?;
        let (payload, _) = object.payload().map_err(Failure::malformed)?;
        self.check(&payload).map_err(Failure::credentials)?;
        let name = AuthenticationId::new(payload.access_key_id)
            .map_err(|_| Failure::malformed(BAD_CREDENTIAL_SCOPE))?;
        self.state = State::ExpectSecret(Box::new(object));
        Ok(ServerTurn::Ask(Query::SharedSecret(SharedSecret::new(name, SECRET_ACCESS_KEY))))
    }

    /// All that does not depend on the account.
    fn check(&self, payload: &Payload<'_>) -> Result<(), Reason> {
        let is_ours = self.hosts.iter().any(|host| host.eq_ignore_ascii_case(payload.host));
        if !self.hosts.is_empty() && !is_ours {
            return Err(WRONG_HOST);
        }
        if self.region.as_deref().is_some_and(|region| region != payload.region) {
            return Err(WRONG_REGION);
        }
        let now = (self.clock)().ok_or(NO_CLOCK)?.as_unix();
        let made = payload.time.as_unix();
        if made > now.saturating_add(MAX_SKEW) {
            return Err(SIGNATURE_NOT_YET_VALID);
        }
        if now > made.saturating_add(payload.expires) {
            return Err(SIGNATURE_EXPIRED);
        }
        Ok(())
    }

    /// The same work whether there is such an access key or not.
    fn verify(&self, object: &Object, secrets: Secrets) -> Result<ServerTurn, Failure> {
        let (payload, said) = object.payload().map_err(Failure::malformed)?;
        let fits = secrets.all.iter().fold(false, |fits, stored| {
            let (StoredSecret::Form(key) | StoredSecret::Password(key)) = stored;
            fits | secret::equal(payload.sign(key).as_bytes(), said.as_bytes())
        });
        let identity = secrets.settle(fits, Reason::SignatureMismatch)?;
        let mut proven = Proven::from(identity);
        proven.additional_data = Some(Challenge::new(response(&self.request_id)));
        Ok(ServerTurn::Proven(proven))
    }
}

impl ServerMechanism for MskServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectPayload, Heard::Message(it)) => self.ask(it),
            (State::ExpectSecret(object), Heard::Answer(it)) => self.verify(&object, it.secrets()?),
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}
