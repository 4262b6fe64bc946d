//! The client's half of MongoDB: SASL messages to commands, and what a server's answers mean.

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage, Response},
};

use super::{Builder, Document, EXTERNAL, Message, Value, X509};
use crate::{
    WireClass, WireError,
    frame::{Frame, MechanismList},
};

/// The command that asks what a server is and, where a user is named (`database.name`), which mechanisms that user
/// has. It may begin an exchange at once: [`Exchange::speculate`].
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn hello(user: Option<&str>, speculation: Option<&Document>) -> Result<Document, WireError> {
    let mut command = Builder::default().int32("hello", 1).boolean("helloOk", true);
    if let Some(user) = user {
        command = command.text("saslSupportedMechs", user);
    }
    if let Some(speculation) = speculation {
        command = command.document("speculativeAuthenticate", speculation);
    }
    command.text("$db", "admin").finish()
}

/// What servers have for users of a database of their own, and assume where they list nothing: for a user that there is not.
pub const ASSUMED: [&str; 2] = ["SCRAM-SHA-256", "SCRAM-SHA-1"];

/// What they may have for users of `$external` ([`EXTERNAL`]), and list for nobody.
pub const UNLISTED: [&str; 3] = [X509, "MONGODB-AWS", "MONGODB-OIDC"];

/// Whether the answer to [`hello`] lists mechanisms of the user that it named: where not, there is no such user.
pub fn lists_mechanisms(answer: &Document) -> bool {
    matches!(answer.get("saslSupportedMechs"), Some(Value::Array(_)))
}

/// The mechanisms that the answer to [`hello`] lists for the user that it named.
///
/// # Errors
///
/// A [`WireError`] where they are too many.
pub fn mechanisms(answer: &Document) -> Result<MechanismList, WireError> {
    let mut list = MechanismList::default();
    if let Some(Value::Array(names)) = answer.get("saslSupportedMechs") {
        for name in names.values() {
            if let Value::Text(name) = name {
                list.push(name.as_bytes())?;
            }
        }
    }
    Ok(list)
}

/// An exchange: the server gives it a number, which every step repeats.
#[derive(Debug)]
pub struct Exchange {
    database: String,
    next_id: i32,
    conversation: Option<i32>,
    /// Whether the answer awaited is that to `authenticate`, which has no conversation.
    is_at_once: bool,
}

impl Exchange {
    /// An exchange about a user of this database (`admin`, `$external`), the first message of which has this number.
    pub fn new(database: &str, next_id: i32) -> Self {
        let database = database.to_owned();
        Self { database, next_id, conversation: None, is_at_once: false }
    }

    /// The document that begins this exchange within [`hello`].
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long, or begins none.
    pub fn speculate(&self, message: &ClientMessage) -> Result<Document, WireError> {
        let ClientMessage::Authenticate { mechanism, .. } = message else {
            return Err(WireError::protocol("expected a request to begin with"));
        };
        let database = if mechanism.as_str() == X509 { EXTERNAL } else { &self.database };
        self.command(message)?.text("db", database).finish()
    }

    /// The command that says this.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long, or a response comes before the request was answered.
    pub fn document(&self, message: &ClientMessage) -> Result<Document, WireError> {
        let database = if starts_at_once(message) { EXTERNAL } else { &self.database };
        self.command(message)?.text("$db", database).finish()
    }

    /// The message that says this; `None` for an abort, which is to hang up.
    ///
    /// # Errors
    ///
    /// As [`document`](Self::document).
    pub fn request(&mut self, message: &ClientMessage) -> Result<Option<Frame>, WireError> {
        if *message == ClientMessage::Abort {
            return Ok(None);
        }
        let body = self.document(message)?;
        self.is_at_once = starts_at_once(message);
        let request_id = self.next_id;
        self.next_id = request_id.wrapping_add(1);
        Message { request_id, response_to: 0, body }.to_frame().map(Some)
    }

    /// What the answer to the last message says.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the server refuses, or says what it may not.
    pub fn hear(&mut self, message: &Message) -> Result<driver::Reply, WireError> {
        if message.response_to != self.next_id.wrapping_sub(1) {
            return Err(WireError::protocol("expected the answer to the last message"));
        }
        if !message.body.is_true("ok") {
            return Err(refusal(&message.body));
        }
        self.step(&message.body)
    }

    /// What the answer to [`hello`] says about the exchange that was begun in it; `None` where the server did not go
    /// into that: then begin it again, with [`request`](Self::request).
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it says what it may not.
    pub fn hear_speculation(
        &mut self,
        answer: &Document,
    ) -> Result<Option<driver::Reply>, WireError> {
        let speculation = answer.document("speculativeAuthenticate");
        let speculation = speculation.map(|it| Document::parse(it.as_bytes())).transpose()?;
        self.is_at_once = speculation.as_ref().is_some_and(|it| it.text("user").is_some());
        speculation.map(|it| self.step(&it)).transpose()
    }

    fn step(&mut self, answer: &Document) -> Result<driver::Reply, WireError> {
        if self.is_at_once {
            return Ok(driver::Reply::Success(None));
        }
        let conversation = answer.number("conversationId").and_then(|it| i32::try_from(it).ok());
        let (Some(conversation), Some(payload)) = (conversation, answer.octets("payload")) else {
            return Err(WireError::protocol("expected a conversation's number, and its payload"));
        };
        if self.conversation.is_some_and(|it| it != conversation) {
            return Err(WireError::protocol("expected the number of the same conversation"));
        }
        self.conversation = Some(conversation);
        let payload = Challenge::new(payload);
        if !answer.is_true("done") {
            return Ok(driver::Reply::Challenge(payload));
        }
        let words = if payload.is_empty() { None } else { Some(payload) };
        Ok(driver::Reply::Success(words))
    }

    fn command(&self, message: &ClientMessage) -> Result<Builder, WireError> {
        match (message, self.conversation) {
            (ClientMessage::Authenticate { mechanism, initial_response }, _)
                if mechanism.as_str() == X509 =>
            {
                let command = Builder::default().int32("authenticate", 1).text("mechanism", X509);
                let user = initial_response.as_ref().filter(|user| !user.is_empty());
                let user = user.map(|user| std::str::from_utf8(user.as_bytes())).transpose();
                let user = user.map_err(|_| WireError::protocol("expected a name in UTF-8"))?;
                Ok(match user {
                    Some(user) => command.text("user", user),
                    None => command,
                })
            }
            (ClientMessage::Authenticate { mechanism, initial_response }, _) => {
                let payload = initial_response.as_ref().map(Response::as_bytes).unwrap_or_default();
                let options = Builder::default().boolean("skipEmptyExchange", true).finish()?;
                Ok(Builder::default()
                    .int32("saslStart", 1)
                    .text("mechanism", mechanism.as_str())
                    .binary("payload", payload)
                    .document("options", &options))
            }
            (ClientMessage::Response(response), Some(conversation)) => Ok(Builder::default()
                .int32("saslContinue", 1)
                .int32("conversationId", conversation)
                .binary("payload", response.as_bytes())),
            _ => Err(WireError::protocol("expected a conversation that was begun")),
        }
    }
}

/// Whether it is said by `authenticate`.
fn starts_at_once(message: &ClientMessage) -> bool {
    matches!(message, ClientMessage::Authenticate { mechanism, .. } if mechanism.as_str() == X509)
}

/// What an answer that is not good means, by its code.
pub fn refusal(answer: &Document) -> WireError {
    let code = answer.number("code");
    let class = match code {
        // Authentication failed; it is time to authenticate again.
        Some(18 | 391) => WireClass::Credentials,
        Some(13) => WireClass::Authorization,
        Some(334) => WireClass::Mechanism,
        // Hosts that are not reached, shut down, or are no longer the primary.
        Some(6 | 91 | 189 | 11600 | 11602) => WireClass::Temporary,
        _ => WireClass::Protocol,
    };
    let code = code.map_or_else(String::new, |code| code.to_string());
    WireError::told(class, code, answer.text("errmsg").unwrap_or_default())
}
