//! The server's half: a challenge, then the account's NT hash, and the proof.
//!
//! Proof, MIC and channel binding are checked for everybody, known or not, and the verdict is one.

use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::{fmt, mem};

use super::{
    NAME,
    av::{AvId, HAS_MIC, Pairs},
    keys::{self, ResponseKey},
    message::{self, Authenticate, Negotiate, ServerChallenge, flags},
    text,
};
use crate::{
    binding::{BindingKind, ChannelBinding},
    error::{Failure, FailureCode, Reason},
    hash::Hash,
    mechanism::{Heard, PlusOffer, ServerContext, ServerMechanism, ServerTurn, Service},
    message::{Challenge, Proven},
    name::MechanismName,
    preparation::{MAX_FIELD, Preparation},
    query::{Answer, Query, SecretForm, SharedSecret, StoredSecret},
    secret::{self, Secret},
};

/// The longest first message: it has a domain and a workstation at most.
const MAX_NEGOTIATE: usize = 1024;
/// The shortest response of NTLMv2: the proof, and `temp` without pairs.
const MIN_RESPONSE: usize = 16 + 28;
/// What NTLMv1 and LM answer with.
const OLD_RESPONSE: usize = 24;
/// The domain of a server that was told none.
const WORKGROUP: &str = "WORKGROUP";

/// The server's half of NTLM.
pub struct NtlmServer {
    setup: Setup,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectNegotiate,
    ExpectAuthenticate(Box<[Vec<u8>; 2]>),
    ExpectSecrets(Box<Claim>),
}

struct Setup {
    challenge: [u8; 8],
    time: Option<[u8; 8]>,
    service: Option<Service>,
    preparation: Preparation,
    /// `tls-server-end-point` of this connection.
    binding: Option<ChannelBinding>,
    plus: PlusOffer,
}

/// What a client says, and what is to be checked of it.
struct Claim {
    user: String,
    domain: String,
    proof: [u8; 16],
    temp: Vec<u8>,
    /// The MIC, and the messages under it.
    mic: Option<([u8; 16], [Vec<u8>; 3])>,
    binding: BindingClaim,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BindingClaim {
    None,
    Fits,
    Differs,
}

impl NtlmServer {
    /// A server that names itself as the rules say.
    pub fn new(context: &ServerContext<'_>) -> Self {
        // The nonce is fresh and is not said itself; eight octets of its hash are a challenge.
        let hash = Hash::Sha256.hmac(context.nonce.as_str().as_bytes(), &[b"NTLM server"]);
        let challenge = hash.as_ref().first_chunk().copied().unwrap_or_default();
        let is_end_point = |it: &&ChannelBinding| *it.kind() == BindingKind::TlsServerEndPoint;
        let setup = Setup {
            challenge,
            time: None,
            service: context.rules.service.clone(),
            preparation: context.rules.preparation,
            binding: context.bindings.iter().find(is_end_point).cloned(),
            plus: context.plus,
        };
        Self { setup, state: State::ExpectNegotiate }
    }

    /// The same, with this challenge.
    pub fn with_challenge(mut self, challenge: [u8; 8]) -> Self {
        self.setup.challenge = challenge;
        self
    }

    /// The same, of a server that tells the time (100 nanoseconds since 1601, UTC): clients repeat it, and protect all three
    /// messages with a MIC.
    pub fn with_time(mut self, time: u64) -> Self {
        self.setup.time = Some(time.to_le_bytes());
        self
    }

    fn challenge(&mut self, negotiate: &[u8]) -> Result<ServerTurn, Failure> {
        if negotiate.len() > MAX_NEGOTIATE {
            return Err(Failure::malformed(Reason::MessageTooLong));
        }
        let heard = Negotiate::parse(negotiate).map_err(Failure::malformed)?;
        let message = self.setup.challenge(&heard).map_err(Failure::malformed)?;
        let challenge = Challenge::new(message.as_slice());
        self.state = State::ExpectAuthenticate(Box::new([negotiate.to_vec(), message]));
        Ok(ServerTurn::Challenge(challenge))
    }

    fn ask(&mut self, before: [Vec<u8>; 2], message: &[u8]) -> Result<ServerTurn, Failure> {
        let claim = self.setup.claim(before, message)?;
        let name = self.setup.account(&claim.user, &claim.domain);
        let name = self.setup.preparation.name(&name).map_err(Failure::credentials)?;
        self.state = State::ExpectSecrets(Box::new(claim));
        let query = SharedSecret::new(name, SecretForm::NtHash);
        Ok(ServerTurn::Ask(Query::SharedSecret(query)))
    }

    fn judge(&self, claim: &Claim, answer: Answer) -> Result<ServerTurn, Failure> {
        let secrets = answer.secrets()?;
        let (mut proven, mut protected) = (false, false);
        for stored in &secrets.all {
            let (nt_hash, is_hash) = nt_hash(stored);
            let (fits, mic_fits) = claim.is_proven_by(&nt_hash, self.setup.challenge);
            proven |= fits & is_hash;
            protected |= fits & is_hash & mic_fits;
        }
        let (fits, mismatch) = match claim.binding {
            _ if !proven => (false, Reason::InvalidProof),
            _ if !protected => (false, Reason::MicMismatch),
            BindingClaim::Differs => (false, Reason::ChannelBindingsDontMatch),
            BindingClaim::None | BindingClaim::Fits => (true, Reason::InvalidProof),
        };
        let identity = secrets.settle(fits, mismatch)?;
        let channel_binding =
            (claim.binding == BindingClaim::Fits).then_some(BindingKind::TlsServerEndPoint);
        Ok(ServerTurn::Proven(Proven { channel_binding, ..Proven::from(identity) }))
    }
}

impl Setup {
    /// `CHALLENGE_MESSAGE` (MS-NLMP section 3.2.5.1.1).
    fn challenge(&self, heard: &Negotiate) -> Result<Vec<u8>, Reason> {
        let unicode = heard.flags & flags::UNICODE != 0;
        let charset = if unicode { flags::UNICODE } else { flags::OEM };
        let domain = self.domain();
        let computer = self.computer();
        let [nb_domain, nb_computer] =
            [domain, computer.unwrap_or(domain)].map(|name| text::utf16(&netbios(name)));
        let [dns_domain, dns_computer] = [self.realm(), computer].map(|name| name.map(text::utf16));
        let mut pairs = Pairs::default();
        pairs.set(AvId::NB_DOMAIN_NAME, &nb_domain);
        pairs.set(AvId::NB_COMPUTER_NAME, &nb_computer);
        if let Some(name) = &dns_domain {
            pairs.set(AvId::DNS_DOMAIN_NAME, name);
        }
        if let Some(name) = &dns_computer {
            pairs.set(AvId::DNS_COMPUTER_NAME, name);
        }
        if let Some(time) = &self.time {
            pairs.set(AvId::TIMESTAMP, time);
        }
        let target_name = if unicode { nb_domain.clone() } else { netbios(domain).into() };
        ServerChallenge {
            flags: charset
                | flags::REQUEST_TARGET
                | flags::NTLM
                | flags::TARGET_TYPE_SERVER
                | flags::TARGET_INFO
                | heard.flags & (flags::ALWAYS_SIGN | flags::EXTENDED_SESSION_SECURITY),
            challenge: self.challenge,
            target_name: &target_name,
            target_info: &pairs.to_octets(),
        }
        .to_octets()
    }

    /// What the last message claims; NTLMv2 alone.
    fn claim(&self, before: [Vec<u8>; 2], message: &[u8]) -> Result<Claim, Failure> {
        let heard = Authenticate::parse(message).map_err(Failure::malformed)?;
        let (proof, temp) = response(heard.nt_response)?;
        let unicode = heard.flags & flags::UNICODE != 0;
        let name = |octets| match text::read(octets, unicode).map_err(Failure::malformed)? {
            name if name.len() > MAX_FIELD => Err(Failure::malformed(Reason::FieldTooLong)),
            name if name.contains('\0') => Err(Failure::malformed(Reason::NulInField)),
            name => Ok(name),
        };
        let (user, domain) = (name(heard.user)?, name(heard.domain)?);
        if user.is_empty() {
            return Err(Failure::malformed(Reason::EmptyUsername));
        }
        let pairs = Pairs::parse(temp.get(28..).unwrap_or_default()).map_err(Failure::malformed)?;
        let binding = self.check_binding(&pairs)?;
        let mic = if pairs.flags() & HAS_MIC != 0 {
            let (mic, without) = message::without_mic(message).map_err(Failure::malformed)?;
            let [negotiate, challenge] = before;
            Some((mic, [negotiate, challenge, without]))
        } else {
            None
        };
        Ok(Claim { user, domain, proof, temp: temp.into(), mic, binding })
    }

    /// A client that has none says nothing, or zeros.
    fn check_binding(&self, pairs: &Pairs<'_>) -> Result<BindingClaim, Failure> {
        let said = pairs.get(AvId::CHANNEL_BINDINGS).filter(|it| it.iter().any(|it| *it != 0));
        match (said, &self.binding) {
            (Some(said), Some(binding)) if secret::equal(said, &keys::binding_hash(binding)) => {
                Ok(BindingClaim::Fits)
            }
            (Some(_), Some(_)) => Ok(BindingClaim::Differs),
            _ if self.plus == PlusOffer::Required => {
                Err(Failure::new(FailureCode::MechanismTooWeak, Reason::ChannelBindingRequired))
            }
            _ => Ok(BindingClaim::None),
        }
    }

    /// The account of a user: in our own domain its bare name, elsewhere `user@domain`.
    fn account(&self, user: &str, domain: &str) -> String {
        let service = self.service.as_ref();
        let mut ours = service.into_iter().flat_map(|it| it.realms.iter().chain(&it.hosts));
        let is_ours = domain.is_empty()
            || domain.eq_ignore_ascii_case(&netbios(self.domain()))
            || ours.any(|own| own.eq_ignore_ascii_case(domain));
        if is_ours { user.into() } else { format!("{user}@{domain}") }
    }

    fn domain(&self) -> &str {
        self.realm().or(self.computer()).unwrap_or(WORKGROUP)
    }

    fn realm(&self) -> Option<&str> {
        self.service.as_ref()?.realms.first().map(|it| &**it)
    }

    fn computer(&self) -> Option<&str> {
        self.service.as_ref().map(Service::host).filter(|host| !host.is_empty())
    }
}

impl Claim {
    /// Whether the proof is that of this hash, and the MIC that of the key which follows from it.
    fn is_proven_by(&self, nt_hash: &Secret, challenge: [u8; 8]) -> (bool, bool) {
        let key = ResponseKey::new(nt_hash, &self.user, &self.domain);
        let proof = key.nt_proof(challenge, &self.temp);
        let session_key = key.session_base_key(&proof);
        let mic_fits = self.mic.as_ref().is_none_or(|(mic, [first, second, third])| {
            secret::equal(mic, &session_key.mic([first, second, third]))
        });
        (secret::equal(&proof, &self.proof), mic_fits)
    }
}

impl ServerMechanism for NtlmServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectNegotiate, Heard::Message(it)) => self.challenge(it),
            (State::ExpectAuthenticate(before), Heard::Message(it)) => self.ask(*before, it),
            (State::ExpectSecrets(claim), Heard::Answer(it)) => self.judge(&claim, it),
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

/// `NTLMv2_RESPONSE`: the proof, and `temp`.
fn response(octets: &[u8]) -> Result<([u8; 16], &[u8]), Failure> {
    match octets.len() {
        0 => return Err(Failure::credentials(Reason::NtlmNoResponse)),
        OLD_RESPONSE => {
            return Err(Failure::new(FailureCode::MechanismTooWeak, Reason::NtlmVersion1));
        }
        MIN_RESPONSE.. => {}
        _ => return Err(Failure::malformed(Reason::TooShort)),
    }
    match octets.split_first_chunk() {
        Some((proof, temp)) if temp.starts_with(&keys::VERSION) => Ok((*proof, temp)),
        _ => Err(Failure::malformed(Reason::NtlmResponseVersion)),
    }
}

/// The hash, and whether it is one: nobody comes in by an empty password, or by a damaged secret.
fn nt_hash(stored: &StoredSecret) -> (Secret, bool) {
    match stored {
        StoredSecret::Form(hash) => (hash.clone(), hash.len() == 16),
        StoredSecret::Password(password) => {
            let password = core::str::from_utf8(password.expose()).unwrap_or_default();
            (keys::nt_hash(password), !password.is_empty())
        }
    }
}

/// A name as NetBIOS has it: 15 characters at most, in upper case, of the first part.
fn netbios(name: &str) -> String {
    let first = name.split('.').next().unwrap_or_default();
    text::upper(first).chars().take(15).collect()
}

impl fmt::Debug for NtlmServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NtlmServer")
    }
}
