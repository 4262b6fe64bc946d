//! ANONYMOUS (RFC 4505): one message that proves nothing, for the server's log.
//!
//! ```text
//!   C: [e-mail address or token]
//! ```

use alloc::boxed::Box;
use core::mem;

use crate::{
    error::{Error, Failure, Reason},
    mechanism::{
        ActiveAttacks, Binds, ClientContext, Exposure, ForwardSecrecy, Heard, Mechanism, Needs,
        Properties, ServerMechanism, ServerProof, ServerTurn, Side, Standing,
    },
    message::{Identity, Proven, Response},
    name::MechanismName,
    one_message::OneMessageClient,
    prep::{self, PrepError},
    query::Answer,
};

/// ANONYMOUS, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Client,
        exposure: Exposure::Nothing,
        needs: Needs::Anonymity,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Current,
        reference: "RFC 4505",
    },
    client: |context| Ok(Box::new(OneMessageClient::new(NAME, client_message(context)?))),
    server: |_| Box::new(AnonymousServer::new()),
};

const NAME: MechanismName = MechanismName::new("ANONYMOUS");

/// The longest token, in characters (RFC 4505 section 2).
const MAX_TOKEN: usize = 255;
/// The longest address, in octets: more than any mail system takes.
const MAX_EMAIL: usize = 1020;

/// Makes the message from the trace of the credentials; nothing is said where there is none.
///
/// # Errors
///
/// [`Error::Credentials`] where the trace is neither an address nor a token.
fn client_message(context: &ClientContext<'_>) -> Result<Response, Error> {
    let trace = context.credentials.trace.as_deref().unwrap_or_default();
    check_trace(trace).map_err(Error::Credentials)?;
    Ok(Response::new(trace.as_bytes()))
}

/// The server's half. It lets nobody in: whoever answers `Authorize` decides about the anonymous.
#[derive(Debug, Default)]
pub struct AnonymousServer {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Dead,
    ExpectMessage,
}

impl AnonymousServer {
    /// A server that waits for the message.
    pub fn new() -> Self {
        Self { state: State::ExpectMessage }
    }
}

impl ServerMechanism for AnonymousServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectMessage, Heard::Message(it)) => prove(it),
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

fn prove(message: &[u8]) -> Result<ServerTurn, Failure> {
    let text =
        core::str::from_utf8(message).map_err(|_| Failure::malformed(Reason::InvalidUtf8))?;
    check_trace(text).map_err(Failure::malformed)?;
    let trace = (!text.is_empty()).then(|| text.into());
    Ok(ServerTurn::Proven(Proven::new(Identity::Anonymous { trace })))
}

/// Nothing, an address, or a token (RFC 4505 section 2).
fn check_trace(text: &str) -> Result<(), Reason> {
    if text.contains('@') {
        if text.len() > MAX_EMAIL || !is_email(text) {
            return Err(Reason::BadEmail);
        }
    } else if text.chars().count() > MAX_TOKEN {
        return Err(Reason::TokenTooLong);
    }
    match prep::trace(text) {
        Ok(_) => Ok(()),
        Err(PrepError::Bidi) => Err(Reason::TraceBidi),
        Err(_) => Err(Reason::TraceProhibited),
    }
}

/// `addr-spec` without comments, folding and obsolete forms (RFC 5322 section 3.4.1).
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    (is_dot_atom(local) || is_quoted(local, '"', '"'))
        && (is_dot_atom(domain) || is_quoted(domain, '[', ']'))
}

fn is_dot_atom(text: &str) -> bool {
    let is_atext =
        |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || !c.is_ascii();
    text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

/// `quoted-string` or `domain-literal`: no bare closing mark, no control character inside.
fn is_quoted(text: &str, open: char, close: char) -> bool {
    let Some(inner) = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)) else {
        return false;
    };
    let mut inner = inner.chars();
    while let Some(c) = inner.next() {
        let fits = match c {
            '\\' => inner.next().is_some_and(|escaped| !escaped.is_control()),
            _ => c != open && c != close && !c.is_control(),
        };
        if !fits {
            return false;
        }
    }
    true
}
