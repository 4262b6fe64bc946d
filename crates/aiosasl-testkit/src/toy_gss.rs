//! A GSS-API provider to test with: contexts over passwords that both ends share, and nothing to rely on.

use std::{collections::BTreeMap, fmt};

use aiosasl::{
    hash::Hash,
    query::{
        GssContext, GssError, GssErrorKind, GssProperties, GssProvider, GssRequest, GssStep,
        Protection,
    },
    secret::{self, Secret},
};

/// The length of an authentication code.
const CODE: usize = 32;
/// What an initiator's and an acceptor's messages begin with.
const INITIATOR: &[u8] = b"toy1";
const ACCEPTOR: &[u8] = b"toy2";
/// What the toy says to be, whatever was asked for: Kerberos.
const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];

/// Security contexts without any Kerberos: both ends know the initiator's password, and prove that they do.
///
/// It is no security mechanism: a context's keys follow from the password and what was said, the same in every run.
///
/// # Example: a login through a toy
///
/// ```
/// use aiosasl::{mechanisms::gssapi, profile::Profile};
/// use aiosasl_testkit::{Accounts, FaceToFace};
///
/// let accounts = Accounts::new().with_plain_password("user", "pencil");
/// let met = FaceToFace::new(&gssapi::GSSAPI, &accounts).meet("user", "pencil", Profile::FULL);
/// assert!(met.client.expect("a login").server_verified);
/// ```
#[derive(Debug, Clone, Default)]
pub struct ToyGss {
    passwords: BTreeMap<String, Secret>,
    realm: Option<String>,
}

impl ToyGss {
    /// A provider for clients, which say their passwords themselves, or for a server that knows nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same for a server that knows this initiator's password.
    pub fn with_password(mut self, name: &str, password: impl Into<Secret>) -> Self {
        self.passwords.insert(name.into(), password.into());
        self
    }

    /// The same with initiators that are called `name@realm`.
    pub fn in_realm(mut self, realm: &str) -> Self {
        self.realm = Some(realm.into());
        self
    }

    fn context(&self, request: &GssRequest, state: State) -> Box<dyn GssContext> {
        Box::new(ToyContext {
            provider: self.clone(),
            request: request.clone(),
            state,
            properties: None,
        })
    }
}

impl GssProvider for ToyGss {
    fn initiator(&self, request: &GssRequest) -> Result<Box<dyn GssContext>, GssError> {
        let (Some(name), Some(password)) = (&request.initiator, &request.password) else {
            return Err(GssError::new(
                GssErrorKind::NoCredentials,
                "a toy needs name and password",
            ));
        };
        let state = State::Start { name: name.as_str().into(), password: password.clone() };
        Ok(self.context(request, state))
    }

    fn acceptor(&self, request: &GssRequest) -> Result<Box<dyn GssContext>, GssError> {
        Ok(self.context(request, State::ExpectFirst))
    }
}

struct ToyContext {
    provider: ToyGss,
    request: GssRequest,
    state: State,
    properties: Option<GssProperties>,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    /// An initiator that has said nothing yet.
    Start {
        name: String,
        password: Secret,
    },
    ExpectFirst,
    ExpectSecond {
        key: Secret,
    },
    Established(Keys),
}

/// The two directions of an established context.
struct Keys {
    key: Secret,
    sends: u8,
    sent: u64,
    received: u64,
}

impl ToyContext {
    fn first(&mut self, name: &str, password: &Secret) -> GssStep {
        let mut inner = INITIATOR.to_vec();
        for text in [name, &self.request.service, &self.request.host] {
            inner.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
            inner.extend(text.as_bytes());
        }
        let flags = [self.request.integrity, self.request.confidentiality];
        inner.extend(flags.map(u8::from));
        let key = session_key(password, &inner);
        inner.extend(self.code(&key, 1));
        self.note(name, flags);
        self.state = State::ExpectSecond { key };
        GssStep {
            token: Some(Secret::new(wrapped(self.request.mechanism, &inner))),
            established: false,
        }
    }

    fn accept(&mut self, token: &[u8]) -> Option<GssStep> {
        let inner = unwrapped(self.request.mechanism, token)?;
        let (said, code) = inner.split_at_checked(inner.len().checked_sub(CODE)?)?;
        let (name, rest) = text(said.strip_prefix(INITIATOR)?)?;
        let (service, rest) = text(rest)?;
        let (host, rest) = text(rest)?;
        let &[integrity, confidentiality] = rest else { return None };
        let meant = |ours: &str, theirs: &str| ours.is_empty() || ours == theirs;
        if !meant(&self.request.service, service) || !meant(&self.request.host, host) {
            return None;
        }
        let nobody = Secret::new(*b"nobody's");
        let password = self.provider.passwords.get(name);
        let key = session_key(password.unwrap_or(&nobody), said);
        if !secret::equal(&self.code(&key, 1), code) || password.is_none() {
            return None;
        }
        self.note(name, [integrity != 0, confidentiality != 0]);
        let answer = [ACCEPTOR, &self.code(&key, 2)].concat();
        self.state = State::Established(Keys { key, sends: 2, sent: 0, received: 0 });
        Some(GssStep { token: Some(Secret::new(answer)), established: true })
    }

    fn finish(&mut self, key: Secret, token: &[u8]) -> Option<GssStep> {
        let code = token.strip_prefix(ACCEPTOR)?;
        if !secret::equal(&self.code(&key, 2), code) {
            return None;
        }
        self.state = State::Established(Keys { key, sends: 1, sent: 0, received: 0 });
        Some(GssStep { token: None, established: true })
    }

    /// What proves the key to the other end, which has to see the same channel.
    fn code(&self, key: &Secret, from: u8) -> Vec<u8> {
        let binding = self.request.channel_binding.as_ref().map(Secret::expose);
        let bound = [&[from], binding.unwrap_or_default()].concat();
        Hash::Sha256.hmac(key.expose(), &[b"proof", &bound]).as_ref().to_vec()
    }

    fn note(&mut self, name: &str, [integrity, confidentiality]: [bool; 2]) {
        let initiator = match &self.provider.realm {
            Some(realm) => format!("{name}@{realm}"),
            None => name.into(),
        };
        self.properties = Some(GssProperties {
            initiator: initiator.into(),
            acceptor: format!("{}@{}", self.request.service, self.request.host).into(),
            mechanism: KERBEROS.into(),
            mutual: true,
            integrity,
            confidentiality,
            anonymous: false,
            strength: if confidentiality { 256 } else { 0 },
        });
    }

    fn keys(&mut self) -> Result<&mut Keys, GssError> {
        match &mut self.state {
            State::Established(keys) => Ok(keys),
            _ => Err(GssError::new(GssErrorKind::Other, "the context does not stand yet")),
        }
    }
}

impl GssContext for ToyContext {
    fn step(&mut self, token: Option<&[u8]>) -> Result<GssStep, GssError> {
        let step = match (std::mem::take(&mut self.state), token) {
            (State::Start { name, password }, None) => Some(self.first(&name, &password)),
            (State::ExpectFirst, Some(token)) => self.accept(token),
            (State::ExpectSecond { key }, Some(token)) => self.finish(key, token),
            _ => None,
        };
        step.ok_or_else(bad_token)
    }

    fn properties(&self) -> Option<GssProperties> {
        let is_established = matches!(self.state, State::Established(_));
        self.properties.clone().filter(|_| is_established)
    }

    fn wrap(&mut self, protection: Protection, octets: &[u8]) -> Result<Vec<u8>, GssError> {
        let keys = self.keys()?;
        let token = keys.seal(keys.sends, keys.sent, protection, octets);
        keys.sent += 1;
        Ok(token)
    }

    fn unwrap(&mut self, token: &[u8]) -> Result<(Vec<u8>, Protection), GssError> {
        let keys = self.keys()?;
        let (octets, protection) =
            keys.unseal(3 - keys.sends, keys.received, token).ok_or_else(bad_token)?;
        keys.received += 1;
        Ok((octets, protection))
    }

    fn wrap_size_limit(&mut self, _: Protection, max_token: u32) -> Result<u32, GssError> {
        Ok(max_token.saturating_sub(1 + 32))
    }
}

impl Keys {
    /// How it is protected, the octets (masked, where nobody is to read them), a code over both and their place.
    fn seal(&self, from: u8, place: u64, protection: Protection, octets: &[u8]) -> Vec<u8> {
        let how = u8::from(protection == Protection::Confidentiality);
        let mut token = vec![how];
        token.extend(octets);
        self.mask(from, place, &mut token);
        let code = Hash::Sha256.hmac(self.key.expose(), &[&[from], &place.to_be_bytes(), &token]);
        token.extend(code.as_ref());
        token
    }

    fn unseal(&self, from: u8, place: u64, token: &[u8]) -> Option<(Vec<u8>, Protection)> {
        let (said, code) = token.split_at_checked(token.len().checked_sub(CODE)?)?;
        let ours = Hash::Sha256.hmac(self.key.expose(), &[&[from], &place.to_be_bytes(), said]);
        if !secret::equal(ours.as_ref(), code) {
            return None;
        }
        let mut said = said.to_vec();
        self.mask(from, place, &mut said);
        let (how, octets) = said.split_first()?;
        let protection =
            if *how == 0 { Protection::Integrity } else { Protection::Confidentiality };
        Some((octets.to_vec(), protection))
    }

    /// Masks all but the first octet, where that asks for it.
    fn mask(&self, from: u8, place: u64, token: &mut [u8]) {
        let Some((1, octets)) = token.split_first_mut().map(|(how, octets)| (*how, octets)) else {
            return;
        };
        for (block, octets) in (0_u64..).zip(octets.chunks_mut(32)) {
            let [place, block] = [place, block].map(u64::to_be_bytes);
            let mask = Hash::Sha256.hmac(self.key.expose(), &[b"mask", &[from], &place, &block]);
            octets.iter_mut().zip(mask.as_ref()).for_each(|(octet, mask)| *octet ^= mask);
        }
    }
}

impl fmt::Debug for ToyContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ToyContext")
    }
}

fn session_key(password: &Secret, said: &[u8]) -> Secret {
    Secret::new(Hash::Sha256.hmac(password.expose(), &[b"toy", said]).as_ref())
}

/// A text with its length before it, and what follows.
fn text(octets: &[u8]) -> Option<(&str, &[u8])> {
    let (len, rest) = octets.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

/// What names the mechanism (RFC 2743 section 3.1) in front of a token of this length, as real ones have it.
fn header(mechanism: &[u8], inner: usize) -> Vec<u8> {
    let len = u16::try_from(mechanism.len() + 2 + inner).unwrap_or(u16::MAX);
    let mut header = vec![0x60];
    match len.to_be_bytes() {
        [0, short @ 0..0x80] => header.push(short),
        [0, long] => header.extend([0x81, long]),
        [high, low] => header.extend([0x82, high, low]),
    }
    header.extend([6, u8::try_from(mechanism.len()).unwrap_or(u8::MAX)]);
    header.extend(mechanism);
    header
}

fn wrapped(mechanism: &[u8], inner: &[u8]) -> Vec<u8> {
    [&header(mechanism, inner.len()), inner].concat()
}

fn unwrapped<'a>(mechanism: &[u8], token: &'a [u8]) -> Option<&'a [u8]> {
    let at = token.windows(INITIATOR.len()).position(|it| it == INITIATOR)?;
    let (before, inner) = token.split_at_checked(at)?;
    (header(mechanism, inner.len()) == before).then_some(inner)
}

fn bad_token() -> GssError {
    GssError::new(GssErrorKind::BadToken, "the toy can't make sense of the token")
}
