//! The server's half of MongoDB: commands to SASL messages, and what becomes of an exchange to answers.

use aiosasl::{
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    name::MechanismName,
};

use super::{Builder, Document, MAX_FRAME};
use crate::{FirstWord, WireError, frame::MechanismList};

/// The newest version of the protocol that is told: that of MongoDB 7.0.
const WIRE_VERSION: i32 = 21;

/// The most octets that a client may send at once.
#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "it is 128 KiB")]
const SIZE: i32 = MAX_FRAME as i32;

/// What a client that is not authenticated may want, and what one that is does to see whether it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// To come in by a certificate: `authenticate`, an exchange of one message.
    Authenticate(Start),
    /// To leave a session that there is none of.
    EndSessions,
    /// To know what the server is.
    Hello {
        /// And which mechanisms this user has: `database.name`.
        user: Option<String>,
        /// And to begin an exchange at once.
        speculation: Option<Start>,
    },
    /// To know whether the server is there.
    Ping,
    /// To go on with an exchange.
    SaslContinue {
        /// With this one.
        conversation: i32,
        /// The answer to the challenge.
        payload: Response,
    },
    /// To begin an exchange.
    SaslStart(Start),
    /// Something else, or something of the above that is not well-formed.
    Unknown,
}

/// A request for an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// By which mechanism, whatever its name is.
    pub mechanism: String,
    /// The initial response; empty where there is none.
    pub payload: Response,
    /// Whose users are meant.
    pub database: String,
    /// What to do with last words.
    pub last_words: LastWords,
}

/// Where a server's last words go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastWords {
    /// In the success: `skipEmptyExchange`.
    InSuccess,
    /// In a challenge, which the client answers with an empty payload.
    InChallenge,
}

impl Command {
    /// Reads a command.
    pub fn of(document: &Document) -> Self {
        let command = match document.command() {
            b"hello" | b"isMaster" | b"ismaster" => Some(Self::Hello {
                user: document.text("saslSupportedMechs").map(str::to_owned),
                speculation: document.document("speculativeAuthenticate").and_then(|it| {
                    let it = Document::parse(it.as_bytes()).ok()?;
                    match it.command() {
                        b"authenticate" => Start::at_once(&it, "db"),
                        _ => Start::of(&it, "db"),
                    }
                }),
            }),
            b"authenticate" => Start::at_once(document, "$db").map(Self::Authenticate),
            b"endSessions" => Some(Self::EndSessions),
            b"ping" => Some(Self::Ping),
            b"saslStart" => Start::of(document, "$db").map(Self::SaslStart),
            b"saslContinue" => Self::go_on(document),
            _ => None,
        };
        command.unwrap_or(Self::Unknown)
    }

    fn go_on(document: &Document) -> Option<Self> {
        let conversation = document.number("conversationId")?.try_into().ok()?;
        let payload = Response::new(document.octets("payload")?);
        Some(Self::SaslContinue { conversation, payload })
    }
}

impl Start {
    fn of(document: &Document, database: &str) -> Option<Self> {
        let options = document.document("options");
        let options = options.and_then(|it| Document::parse(it.as_bytes()).ok());
        let skip = options.is_some_and(|it| it.is_true("skipEmptyExchange"));
        Some(Self {
            mechanism: document.text("mechanism")?.to_owned(),
            payload: Response::new(document.octets("payload")?),
            database: document.text(database)?.to_owned(),
            last_words: if skip { LastWords::InSuccess } else { LastWords::InChallenge },
        })
    }

    fn at_once(document: &Document, database: &str) -> Option<Self> {
        let user = document.text("user").unwrap_or_default();
        Some(Self {
            mechanism: document.text("mechanism")?.to_owned(),
            payload: Response::new(user),
            database: document.text(database)?.to_owned(),
            last_words: LastWords::InSuccess,
        })
    }

    /// What it says in an exchange; `first` tells whose first word that of a mechanism is.
    ///
    /// # Errors
    ///
    /// [`FailureCode::MechanismUnknown`] where it names no mechanism.
    pub fn message(
        &self,
        first: impl FnOnce(MechanismName) -> FirstWord,
    ) -> Result<ClientMessage, FailureCode> {
        let mechanism = MechanismName::parse(&self.mechanism);
        let mechanism = mechanism.map_err(|_| FailureCode::MechanismUnknown)?;
        Ok(first(mechanism).request(mechanism, self.payload.clone()))
    }
}

/// The answer to `hello`: with a user's mechanisms where the client asked for them, and the first step of an exchange
/// where it began one, and that did not fail.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn hello(
    mechanisms: Option<&MechanismList>,
    speculation: Option<&Document>,
) -> Result<Document, WireError> {
    let mut answer = Builder::default()
        .boolean("helloOk", true)
        .boolean("isWritablePrimary", true)
        .int32("maxBsonObjectSize", SIZE)
        .int32("maxMessageSizeBytes", SIZE)
        .int32("maxWriteBatchSize", 1000)
        .int32("minWireVersion", 0)
        .int32("maxWireVersion", WIRE_VERSION);
    if let Some(mechanisms) = mechanisms {
        let names = mechanisms.names();
        let names: Vec<&str> = names.iter().map(MechanismName::as_str).collect();
        answer = answer.texts("saslSupportedMechs", &names)?;
    }
    if let Some(speculation) = speculation {
        answer = answer.document("speculativeAuthenticate", speculation);
    }
    answer.double("ok", 1.0).finish()
}

/// The answer in the conversation of this number.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn answer(message: &ServerMessage, conversation: i32) -> Result<Document, WireError> {
    let (payload, done) = match message {
        ServerMessage::Challenge(challenge) => (challenge.as_bytes(), false),
        ServerMessage::Success { additional_data } => {
            (additional_data.as_ref().map(Challenge::as_bytes).unwrap_or_default(), true)
        }
        ServerMessage::Failure(code) => return failure(*code),
    };
    Builder::default()
        .int32("conversationId", conversation)
        .boolean("done", done)
        .binary("payload", payload)
        .double("ok", 1.0)
        .finish()
}

/// The answer to a success of [`Command::Authenticate`].
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn let_in(user: &str, database: &str) -> Result<Document, WireError> {
    Builder::default().text("dbname", database).text("user", user).double("ok", 1.0).finish()
}

/// The answer to a command that is done, with nothing to say about it.
///
/// # Errors
///
/// A [`WireError`] where it is too long, which it is not.
pub fn done() -> Result<Document, WireError> {
    Builder::default().double("ok", 1.0).finish()
}

/// The answer to a command that there is not, or not for somebody who has not come in.
///
/// # Errors
///
/// A [`WireError`] where it is too long, which it is not.
pub fn unknown(is_authenticated: bool) -> Result<Document, WireError> {
    if is_authenticated {
        return refusal(59, "CommandNotFound", "There is no such command");
    }
    refusal(13, "Unauthorized", "Command requires authentication")
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
///
/// # Errors
///
/// A [`WireError`] where it is too long, which it is not.
pub fn failure(code: FailureCode) -> Result<Document, WireError> {
    use FailureCode as F;
    let (code, name, text) = match code {
        F::MechanismUnknown => (334, "MechanismUnavailable", "Unsupported mechanism"),
        F::AccountDisabled => (18, "AuthenticationFailed", "The account is disabled"),
        F::CredentialsExpired => (18, "AuthenticationFailed", "The credentials have expired"),
        F::PasswordTransitionNeeded | F::Temporary => {
            (6, "HostUnreachable", "Temporary failure, try again later")
        }
        F::WrongState => (17, "ProtocolError", "Not now"),
        F::AuthorizationDenied => (13, "Unauthorized", "Not authorized"),
        _ => (18, "AuthenticationFailed", "Authentication failed."),
    };
    refusal(code, name, text)
}

fn refusal(code: i32, name: &str, text: &str) -> Result<Document, WireError> {
    Builder::default()
        .double("ok", 0.0)
        .text("errmsg", text)
        .int32("code", code)
        .text("codeName", name)
        .finish()
}
