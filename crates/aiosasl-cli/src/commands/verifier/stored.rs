//! What is stored of a password: a SCRAM verifier or a hash.

use aiosasl::{
    hash::Hash, mechanisms::scram::VerifierFormat, query::ScramVerifier, secret::Password,
};
use aiosasl_store::{Cost, PasswordHash, Scheme};
use serde_json::{Map, Value, json};

/// A verifier or a hash.
pub(super) enum Stored {
    Hash(PasswordHash),
    Scram(ScramVerifier),
}

impl Stored {
    /// Reads either; without a format, it is what it looks like.
    pub(super) fn parse(
        text: &str,
        format: Option<VerifierFormat>,
        mechanism: Option<Hash>,
    ) -> Result<Self, String> {
        if matches!(format, None | Some(VerifierFormat::Dovecot)) && looks_like_hash(text) {
            return PasswordHash::parse(text).map(Self::Hash).map_err(|error| error.to_string());
        }
        let format = format.unwrap_or_else(|| VerifierFormat::guess(text));
        if format == VerifierFormat::Kafka && mechanism.is_none() {
            return Err("Kafka's form does not say which hash: expected --mechanism".to_owned());
        }
        ScramVerifier::parse(format, text, mechanism)
            .map(Self::Scram)
            .map_err(|error| error.to_string())
    }

    /// As text in this form; hashes have Dovecot's alone.
    pub(super) fn to_text(&self, format: VerifierFormat) -> Result<String, String> {
        match self {
            Self::Hash(hash) if hash.scheme() == Scheme::Plain => {
                Err("{PLAIN} is the password itself, which is not printed".to_owned())
            }
            Self::Hash(hash) if format == VerifierFormat::Dovecot => Ok(hash.to_text().to_string()),
            Self::Hash(hash) => {
                Err(format!("a hash ({}) is written in Dovecot's form alone", hash.scheme()))
            }
            Self::Scram(verifier) => Ok(verifier.to_text(format)),
        }
    }

    /// In words, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Hash(hash) if hash.cost() == Cost::Nothing => hash.scheme().to_string(),
            Self::Hash(hash) => format!("{}, {}", hash.scheme(), hash.cost()),
            Self::Scram(verifier) => {
                format!("{}, {} iterations", verifier.hash().scheme(), verifier.iterations())
            }
        }
    }

    /// The fields of the JSON object; the same for a verifier, a hash and nothing.
    pub(super) fn fields(stored: Option<&Self>) -> Map<String, Value> {
        let (scram, hash) = match stored {
            Some(Self::Hash(hash)) => (None, Some(hash)),
            Some(Self::Scram(verifier)) => (Some(verifier), None),
            None => (None, None),
        };
        let cost = hash.map(|it| it.cost().to_string()).filter(|it| !it.is_empty());
        let fields = [
            ("mechanism", json!(scram.map(|it| it.hash().scheme()))),
            ("iterations", json!(scram.map(ScramVerifier::iterations))),
            ("scheme", json!(hash.map(|it| it.scheme().as_str()))),
            ("cost", json!(cost)),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// SCRAM verifiers stand in braces, too, and begin with no `$`.
fn looks_like_hash(text: &str) -> bool {
    let is_scram =
        |scheme: &str| scheme.get(..6).is_some_and(|it| it.eq_ignore_ascii_case("SCRAM-"));
    match text.strip_prefix('{').and_then(|it| it.split_once('}')) {
        Some((scheme, _)) => !is_scram(scheme),
        None => text.starts_with('$'),
    }
}

/// Prepared octets as text again, which they came from.
pub(super) fn as_password(prepared: &aiosasl::secret::Secret) -> Password {
    Password::new(String::from_utf8_lossy(prepared.expose()))
}
