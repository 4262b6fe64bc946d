//! The client's half of OTP: it computes the password that is asked for, or asks its owner.

use alloc::{format, string::String};
use core::{fmt, mem};

use super::{
    NAME,
    message::{self, Challenge},
    password::OneTimePassword,
};
use crate::{
    credentials::Key,
    encoding::hex,
    error::{Error, Misuse, Reason},
    hash::Hash,
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    nonce::Nonce,
    query::{ClientAnswer, ClientQuery, Question, Subject},
    secret::{Password, Secret},
};

/// When a client that knows the passphrase starts a new sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// Where the server asks for a number below this one.
    pub below: u32,
    /// The number that the new sequence starts with, 1 to 9999.
    pub sequence: u32,
}

impl Default for Renewal {
    /// Below 10, with 499 (RFC 2444 section 5).
    fn default() -> Self {
        Self { below: 10, sequence: 499 }
    }
}

impl Renewal {
    /// Never.
    pub const NEVER: Self = Self { below: 0, sequence: 499 };
    /// At this login.
    pub const NOW: Self = Self { below: u32::MAX, sequence: 499 };
}

/// How passwords are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spelling {
    /// In hexadecimal digits.
    #[default]
    Hex,
    /// In six words.
    Words,
}

impl Spelling {
    fn spell(self, password: &OneTimePassword) -> String {
        match self {
            Self::Hex => password.to_hex(),
            Self::Words => password.to_words(),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Words => "word",
        }
    }
}

/// The client's half.
pub struct OtpClient {
    passphrase: Option<Password>,
    renewal: Renewal,
    spelling: Spelling,
    nonce: Nonce,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectStart(Response),
    ExpectChallenge,
    ExpectPassword,
    ExpectSuccess,
}

impl OtpClient {
    /// A client that computes the passwords where the key is a password (the passphrase), and asks for them where there is
    /// none.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] without a name, with one that is longer than 255 octets, or with another key.
    pub fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        let credentials = context.credentials;
        let name = credentials.authentication_id.as_ref();
        let name = name.ok_or(Error::Credentials(Reason::NoCredentials))?;
        let passphrase = match &credentials.key {
            Key::Password(passphrase) if passphrase.expose().is_empty() => {
                return Err(Error::Credentials(Reason::EmptyPassword));
            }
            Key::Password(passphrase) => Some(passphrase.clone()),
            Key::None => None,
            _ => return Err(Error::Credentials(Reason::NoCredentials)),
        };
        let name = context.rules.preparation.name(name.as_str()).map_err(Error::Credentials)?;
        let first = message::spell_names(credentials.authorization_id.as_ref(), &name);
        Ok(Self {
            passphrase,
            renewal: Renewal::default(),
            spelling: Spelling::default(),
            nonce: context.nonce.clone(),
            state: State::ExpectStart(Response::new(first.map_err(Error::Credentials)?)),
        })
    }

    /// The same, which starts new sequences then.
    pub fn renewing(mut self, renewal: Renewal) -> Self {
        self.renewal = renewal;
        self
    }

    /// The same, which spells passwords like this.
    pub fn spelling(mut self, spelling: Spelling) -> Self {
        self.spelling = spelling;
        self
    }

    fn answer(&mut self, message: &[u8]) -> Result<ClientTurn, Error> {
        let challenge = Challenge::parse(message).map_err(fault)?;
        let Some(passphrase) = &self.passphrase else {
            self.state = State::ExpectPassword;
            let challenge = challenge.to_text().into();
            let question = Question::new(Subject::OneTimePassword { challenge });
            return Ok(ClientTurn::Ask(ClientQuery::Question(question)));
        };
        let Challenge { algorithm, sequence, seed } = &challenge;
        let passphrase = passphrase.expose();
        let current = OneTimePassword::compute(*algorithm, seed, passphrase, *sequence);
        let (spelled, kind) = (self.spelling.spell(&current), self.spelling.kind());
        self.state = State::ExpectSuccess;
        if *sequence >= self.renewal.below {
            return Ok(ClientTurn::Respond(Response::new(format!("{kind}:{spelled}"))));
        }
        let (seed, first) =
            (self.new_seed(seed), self.renewal.sequence.clamp(1, message::MAX_SEQUENCE));
        let new = OneTimePassword::compute(*algorithm, &seed, passphrase, first);
        let (algorithm, new) = (algorithm.as_str(), self.spelling.spell(&new));
        let said = format!("init-{kind}:{spelled}:{algorithm} {first} {seed}:{new}");
        Ok(ClientTurn::Respond(Response::new(said)))
    }

    /// Nobody had this seed before: it comes from the nonce, and the old one is in it.
    fn new_seed(&self, old: &str) -> String {
        let input = format!("otp seed\0{}\0{old}", self.nonce.as_str());
        let mut seed = hex(Hash::Sha256.digest(input.as_bytes()).as_ref());
        seed.truncate(10);
        seed
    }

    /// What the owner says: six words, or hexadecimal digits.
    fn say(&mut self, text: &Secret) -> Result<ClientTurn, Error> {
        let text = core::str::from_utf8(text.expose());
        let text = text.map_err(|_| Error::Credentials(Reason::InvalidUtf8))?;
        let read = match OneTimePassword::from_hex(text.trim()) {
            Err(Reason::BadHex) => OneTimePassword::from_words(text),
            read => read,
        };
        let password = read.map_err(Error::Credentials)?;
        let (kind, spelled) = (self.spelling.kind(), self.spelling.spell(&password));
        self.state = State::ExpectSuccess;
        Ok(ClientTurn::Respond(Response::new(format!("{kind}:{spelled}"))))
    }
}

impl ClientMechanism for OtpClient {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_response(&mut self) -> Option<Response> {
        match mem::take(&mut self.state) {
            State::ExpectStart(first) => {
                self.state = State::ExpectChallenge;
                Some(first)
            }
            _ => None,
        }
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectChallenge, Heard::Message(it)) => self.answer(it),
            (State::ExpectPassword, Heard::Answer(it)) => self.say(&it.text()?),
            (_, Heard::Message(_)) => Err(Error::Peer(Reason::UnexpectedChallenge)),
            (_, Heard::Answer(_)) => Err(Misuse::NothingAsked.into()),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match mem::take(&mut self.state) {
            State::ExpectSuccess => Ok(Conclusion::unproven()),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

/// A server may ask for too much, and be none that breaks the protocol.
fn fault(reason: Reason) -> Error {
    match reason {
        Reason::SequenceTooHigh | Reason::UnknownAlgorithm => Error::Policy(reason),
        _ => Error::Peer(reason),
    }
}

impl fmt::Debug for OtpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtpClient")
    }
}
