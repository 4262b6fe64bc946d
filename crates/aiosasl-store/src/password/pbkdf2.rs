//! PBKDF2 (RFC 8018): OpenLDAP's `rounds$salt$hash`, Dovecot's `$1$salt$rounds$hash`, and what others write.

use aiosasl::secret::{self, Secret};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use pbkdf2::pbkdf2_hmac;
use zeroize::Zeroizing;

use super::{
    policy::Cost,
    scheme::Scheme,
    text::{self, OUTPUT, SALT},
};

const EXPECTED: &str = "expected rounds$salt$hash, or $pbkdf2-sha256$i=600000$salt$hash";
/// Of Dovecot's hashes, in octets.
const DOVECOT_OUTPUT: usize = 20;

/// A hash.
#[derive(Clone)]
pub(super) struct Pbkdf2Hash {
    scheme: Scheme,
    spelling: Spelling,
    rounds: u32,
    salt: Box<[u8]>,
    output: Secret,
}

/// How it is written: both are there for SHA-1 alone, and each is read by one server only.
#[derive(Clone, Copy)]
enum Spelling {
    /// Dovecot's, whose salt is text.
    Dovecot,
    OpenLdap,
}

impl Pbkdf2Hash {
    pub(super) fn parse(scheme: Scheme, data: &str) -> Result<Self, &'static str> {
        let fields: Vec<&str> = data.splitn(6, '$').collect();
        let parsed = match fields[..] {
            ["", "1", salt, rounds, output] if scheme == Scheme::Pbkdf2Sha1 => {
                dovecot(rounds, salt, output)
            }
            ["", name, rounds, salt, output] if names(scheme).contains(&name) => {
                open(scheme, costs(rounds, output), salt, output)
            }
            [rounds, salt, output] => open(scheme, text::number(rounds), salt, output),
            _ => None,
        };
        let parsed = parsed.ok_or(EXPECTED)?;
        let blocks = parsed.output.len().div_ceil(block_len(scheme));
        let work = blocks.try_into().unwrap_or(u32::MAX).saturating_mul(parsed.rounds);
        match Cost::Rounds(work).fault(scheme) {
            Some(fault) => Err(fault),
            None => Ok(parsed),
        }
    }

    pub(super) fn make(scheme: Scheme, rounds: u32, salt: [u8; 16], password: &[u8]) -> Self {
        let mut made = match (scheme, salt) {
            // Sixteen characters, for the salt is text.
            (Scheme::Pbkdf2Sha1, [salt @ .., _, _, _, _]) => Self {
                scheme,
                spelling: Spelling::Dovecot,
                rounds,
                salt: Base64UrlUnpadded::encode_string(&salt).into_bytes().into(),
                output: Secret::new([0; DOVECOT_OUTPUT]),
            },
            _ => Self {
                scheme,
                spelling: Spelling::OpenLdap,
                rounds,
                salt: salt.into(),
                output: Secret::new(vec![0; block_len(scheme)]),
            },
        };
        made.output = made.compute(password);
        made
    }

    pub(super) fn data(&self) -> Zeroizing<String> {
        let (rounds, output) = (self.rounds, self.output.expose());
        Zeroizing::new(match self.spelling {
            Spelling::Dovecot => {
                let salt = String::from_utf8_lossy(&self.salt);
                let output = Zeroizing::new(base16ct::lower::encode_string(output));
                format!("$1${salt}${rounds}${}", *output)
            }
            Spelling::OpenLdap => {
                let (salt, output) =
                    (text::adapted_base64(&self.salt), text::adapted_base64(output));
                format!("{rounds}${}${}", *salt, *output)
            }
        })
    }

    pub(super) fn verifies(&self, password: &[u8]) -> bool {
        secret::equal(self.compute(password).expose(), self.output.expose())
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::Rounds(self.rounds)
    }

    fn compute(&self, password: &[u8]) -> Secret {
        let mut output = vec![0; self.output.len()];
        let derive = match self.scheme {
            Scheme::Pbkdf2Sha512 => pbkdf2_hmac::<sha2::Sha512>,
            Scheme::Pbkdf2Sha256 => pbkdf2_hmac::<sha2::Sha256>,
            _ => pbkdf2_hmac::<sha1::Sha1>,
        };
        derive(password, &self.salt, self.rounds, &mut output);
        Secret::new(output)
    }
}

fn open(scheme: Scheme, rounds: Option<u32>, salt: &str, output: &str) -> Option<Pbkdf2Hash> {
    let (salt, output) = (text::from_base64(salt, &SALT)?, text::from_base64(output, &OUTPUT)?);
    Some(Pbkdf2Hash {
        scheme,
        spelling: Spelling::OpenLdap,
        rounds: rounds?,
        salt: salt.into(),
        output: output.into(),
    })
}

fn dovecot(rounds: &str, salt: &str, output: &str) -> Option<Pbkdf2Hash> {
    let is_salt = SALT.contains(&salt.len()) && salt.bytes().all(|it| it.is_ascii_graphic());
    let output = base16ct::mixed::decode_vec(output).ok();
    Some(Pbkdf2Hash {
        scheme: Scheme::Pbkdf2Sha1,
        spelling: Spelling::Dovecot,
        rounds: text::number(rounds).filter(|_| is_salt)?,
        salt: salt.as_bytes().into(),
        output: output.filter(|it| it.len() == DOVECOT_OUTPUT)?.into(),
    })
}

/// The rounds of passlib (`29000`) and of PHC strings (`i=29000`, `i=29000,l=32`).
fn costs(costs: &str, output: &str) -> Option<u32> {
    if let Some([rounds, len]) = text::parameters(costs, ["i", "l"]) {
        let found = text::from_base64(output, &OUTPUT)?.len();
        return (u32::try_from(found) == Ok(len)).then_some(rounds);
    }
    text::parameters(costs, ["i"]).map(|[rounds]| rounds).or_else(|| text::number(costs))
}

fn names(scheme: Scheme) -> &'static [&'static str] {
    match scheme {
        Scheme::Pbkdf2Sha512 => &["pbkdf2-sha512"],
        Scheme::Pbkdf2Sha256 => &["pbkdf2-sha256"],
        _ => &["pbkdf2", "pbkdf2-sha1"],
    }
}

/// What one run of rounds makes, in octets.
fn block_len(scheme: Scheme) -> usize {
    match scheme {
        Scheme::Pbkdf2Sha512 => 64,
        Scheme::Pbkdf2Sha256 => 32,
        _ => 20,
    }
}
