//! The messages of OTP, and the state that a server keeps, as text (RFC 2444, RFC 2243).

use alloc::{boxed::Box, format, string::String};
use core::fmt;

use super::password::{Algorithm, OneTimePassword};
use crate::{
    error::Reason,
    identity::{AuthenticationId, AuthorizationId},
};

/// The highest sequence number that is asked for or taken: more would be an attack on the client's time.
pub const MAX_SEQUENCE: u32 = 9999;

/// The longest identity, in octets (RFC 2444 section 3).
const MAX_IDENTITY: usize = 255;

/// The longest response, in octets.
const MAX_RESPONSE: usize = 1024;

/// The longest seed, in characters (RFC 2289 section 6).
const MAX_SEED: usize = 16;

/// What a server asks for: algorithm, sequence number and seed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) algorithm: Algorithm,
    pub(super) sequence: u32,
    pub(super) seed: Box<str>,
}

impl Challenge {
    /// Reads `otp-md5 499 ke1234 ext`.
    pub(super) fn parse(message: &[u8]) -> Result<Self, Reason> {
        let text = core::str::from_utf8(message).map_err(|_| Reason::BadChallenge)?;
        let rest = text.strip_prefix("otp-").ok_or(Reason::BadChallenge)?;
        let mut words = rest.split_ascii_whitespace();
        let (Some(algorithm), Some(sequence), Some(seed)) =
            (words.next(), words.next(), words.next())
        else {
            return Err(Reason::BadChallenge);
        };
        let is_word = |word: &str, fits: fn(&u8) -> bool| word.as_bytes().iter().all(fits);
        let starts = rest.starts_with(algorithm);
        if !starts
            || !is_word(sequence, u8::is_ascii_digit)
            || !is_word(seed, u8::is_ascii_alphanumeric)
        {
            return Err(Reason::BadChallenge);
        }
        match (words.next(), words.next()) {
            (None, _) => return Err(Reason::NotExtended),
            (Some(extensions), None) if extensions.split(',').next() == Some("ext") => {}
            _ => return Err(Reason::BadChallenge),
        }
        let algorithm = Algorithm::parse(algorithm).ok_or(Reason::UnknownAlgorithm)?;
        if seed.len() > MAX_SEED {
            return Err(Reason::BadSeed);
        }
        match sequence.parse() {
            Ok(0) => Err(Reason::SequenceExhausted),
            Ok(sequence @ 1..=MAX_SEQUENCE) => Ok(Self { algorithm, sequence, seed: seed.into() }),
            _ => Err(Reason::SequenceTooHigh),
        }
    }

    /// The same without what it ends with: `otp-md5 499 ke1234`.
    pub(super) fn to_text(&self) -> String {
        format!("otp-{} {} {}", self.algorithm.as_str(), self.sequence, self.seed)
    }
}

/// What a server keeps of an account: what to ask for next, and the last password that was good.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeState {
    pub(super) challenge: Challenge,
    pub(super) last: OneTimePassword,
}

impl OneTimeState {
    /// The state of an account whose owner knows this passphrase, with `sequence` to be asked for first (1 to 9999).
    ///
    /// # Example: what a store keeps
    ///
    /// ```
    /// use aiosasl::mechanisms::otp::{Algorithm, OneTimeState};
    ///
    /// let state = OneTimeState::new(Algorithm::Md5, 499, "ke1234", "This is a test.");
    /// let text = state.expect("a good seed").to_text();
    /// assert!(text.starts_with("otp-md5 499 ke1234 "));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Reason::BadSeed`] unless the seed has 1 to 16 ASCII letters and digits; [`Reason::SequenceExhausted`] and
    /// [`Reason::SequenceTooHigh`].
    pub fn new(
        algorithm: Algorithm,
        sequence: u32,
        seed: &str,
        passphrase: &str,
    ) -> Result<Self, Reason> {
        if !is_seed(seed) {
            return Err(Reason::BadSeed);
        }
        match sequence {
            0 => return Err(Reason::SequenceExhausted),
            1..=MAX_SEQUENCE => {}
            _ => return Err(Reason::SequenceTooHigh),
        }
        let last = OneTimePassword::compute(algorithm, seed, passphrase, sequence + 1);
        Ok(Self { challenge: Challenge { algorithm, sequence, seed: seed.into() }, last })
    }

    /// Reads what [`to_text`](Self::to_text) writes; a sequence that is used up has the number 0.
    ///
    /// Returns `None` for any other text.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut words = core::str::from_utf8(text).ok()?.split_ascii_whitespace();
        let algorithm = Algorithm::parse(words.next()?.strip_prefix("otp-")?)?;
        let sequence = words.next()?.parse().ok().filter(|it| *it <= MAX_SEQUENCE)?;
        let seed = words.next().filter(|seed| is_seed(seed))?.into();
        let last = OneTimePassword::from_hex(words.next()?).ok()?;
        let challenge = Challenge { algorithm, sequence, seed };
        words.next().is_none().then_some(Self { challenge, last })
    }

    /// The form of [`SecretForm::OneTime`](crate::query::SecretForm).
    pub fn to_text(&self) -> String {
        format!("{} {}", self.challenge.to_text(), self.last.to_hex())
    }

    /// The sequence number to ask for next; 0 where there is none left.
    pub fn sequence(&self) -> u32 {
        self.challenge.sequence
    }

    /// What follows once this password was said.
    pub(super) fn used(&self, password: OneTimePassword) -> Self {
        let mut challenge = self.challenge.clone();
        challenge.sequence = challenge.sequence.saturating_sub(1);
        Self { challenge, last: password }
    }
}

impl fmt::Debug for OneTimeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneTimeState").field("sequence", &self.sequence()).finish_non_exhaustive()
    }
}

fn is_seed(seed: &str) -> bool {
    (1..=MAX_SEED).contains(&seed.len()) && seed.bytes().all(|it| it.is_ascii_alphanumeric())
}

/// Reads the client's first message: as whom to act, and the name.
pub(super) fn parse_names(message: &[u8]) -> Result<(Option<AuthorizationId>, &str), Reason> {
    let text = core::str::from_utf8(message).map_err(|_| Reason::InvalidUtf8)?;
    let (authzid, authcid) = text.split_once('\0').ok_or(Reason::MissingNul)?;
    if authzid.len() > MAX_IDENTITY || authcid.len() > MAX_IDENTITY {
        return Err(Reason::IdentityTooLong);
    }
    if authcid.is_empty() {
        return Err(Reason::EmptyAuthcid);
    }
    let authzid = AuthorizationId::derived_if_empty(authzid).map_err(|_| Reason::NulInAuthzid)?;
    Ok((authzid, authcid))
}

/// Spells the client's first message.
pub(super) fn spell_names(
    authorization_id: Option<&AuthorizationId>,
    name: &AuthenticationId,
) -> Result<String, Reason> {
    let authzid = authorization_id.map_or("", AuthorizationId::as_str);
    if authzid.len() > MAX_IDENTITY || name.as_str().len() > MAX_IDENTITY {
        return Err(Reason::IdentityTooLong);
    }
    Ok(format!("{authzid}\0{name}"))
}

/// What a client answers (RFC 2243 section 2).
pub(super) struct Said {
    pub(super) current: OneTimePassword,
    /// The state of a new sequence, or why it is of no use.
    pub(super) renewal: Option<Result<OneTimeState, Reason>>,
}

impl Said {
    pub(super) fn parse(message: &[u8]) -> Result<Self, Reason> {
        if message.len() > MAX_RESPONSE {
            return Err(Reason::ResponseTooLong);
        }
        let text = core::str::from_utf8(message).map_err(|_| Reason::InvalidUtf8)?;
        let text = text.trim_end_matches([' ', '\t', '\r', '\n']);
        let (kind, rest) = text.split_once(':').ok_or(Reason::NotExtendedResponse)?;
        let (renews, read): (_, fn(&str) -> _) = match &*kind.to_ascii_lowercase() {
            "hex" => (false, OneTimePassword::from_hex),
            "word" => (false, OneTimePassword::from_words),
            "init-hex" => (true, OneTimePassword::from_hex),
            "init-word" => (true, OneTimePassword::from_words),
            _ => return Err(Reason::UnknownResponseType),
        };
        if !renews {
            return Ok(Self { current: read(rest)?, renewal: None });
        }
        let mut fields = rest.split(':');
        let (Some(current), Some(params), Some(new), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(Reason::BadInitFields);
        };
        let renewal = parse_params(params).and_then(|challenge| {
            let state = OneTimeState { challenge, last: read(new)? };
            // What is said now is used, and the one after it is asked for next.
            Ok(state.used(state.last.clone()))
        });
        Ok(Self { current: read(current)?, renewal: Some(renewal) })
    }
}

/// `md5 499 ke1235`.
fn parse_params(params: &str) -> Result<Challenge, Reason> {
    let mut words = params.split_ascii_whitespace();
    let parsed = (|| {
        let algorithm = Algorithm::parse(words.next()?)?;
        let digits = words.next().filter(|it| it.bytes().all(|it| it.is_ascii_digit()))?;
        let sequence = digits.parse().ok().filter(|it| (1..=MAX_SEQUENCE).contains(it))?;
        let seed = words.next().filter(|seed| is_seed(seed))?.into();
        words.next().is_none().then_some(Challenge { algorithm, sequence, seed })
    })();
    parsed.ok_or(Reason::BadNewParams)
}
