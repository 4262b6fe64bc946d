//! NTLMv2: who comes in, what is bound, what is protected, and what is refused.

use std::slice;

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::{BindingKind, ChannelBinding, ClientBinding},
    credentials::{Credentials, Key, StoredForm},
    error::{Error, Reason},
    mechanism::{ClientContext, Offered, PlusOffer, Rules, ServerContext, Service},
    mechanisms::ntlm::{MECHANISM, NtlmServer, keys},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    nonce::Nonce,
    profile::Profile,
    query::{Query, SecretForm},
    secret::Secret,
};
use aiosasl_testkit::{Accounts, Meeting, OnTheWire, talk, talk_over};

use crate::support::*;

const TIME: u64 = 132_000_000_000_000_000;

fn end_point(octet: u8) -> ChannelBinding {
    ChannelBinding::new(BindingKind::TlsServerEndPoint, [octet; 32]).expect("octets")
}

/// Both ends, with all that may differ between them.
struct Site {
    theirs: Option<ChannelBinding>,
    ours: Vec<ChannelBinding>,
    plus: PlusOffer,
    time: Option<u64>,
    rules: Rules,
}

impl Default for Site {
    fn default() -> Self {
        let rules = Rules::default();
        Self { theirs: None, ours: Vec::new(), plus: PlusOffer::NotOffered, time: None, rules }
    }
}

impl Site {
    fn client(&self, credentials: &Credentials) -> ClientExchange {
        let binding = self.theirs.clone();
        let context = ClientContext {
            credentials,
            binding: binding.map_or(ClientBinding::Unsupported, ClientBinding::Bound),
            nonce: Nonce::new(CLIENT_NONCE).expect("printable"),
            rules: self.rules.clone(),
            offered: Offered::default(),
        };
        ClientExchange::new((MECHANISM.client)(&context).expect("good credentials"))
    }

    fn server(&self) -> ServerExchange {
        let context = ServerContext {
            nonce: Nonce::new(SERVER_NONCE).expect("printable"),
            bindings: &self.ours,
            plus: self.plus,
            rules: self.rules.clone(),
        };
        let server = NtlmServer::new(&context);
        ServerExchange::new(Box::new(match self.time {
            Some(time) => server.with_time(time),
            None => server,
        }))
    }

    fn meet(&self, credentials: &Credentials, accounts: &Accounts) -> Meeting {
        talk(self.client(credentials), self.server(), accounts)
    }
}

fn reason(met: &Meeting) -> Option<Reason> {
    match &met.server {
        Some(Outcome::Failure(failure)) => Some(failure.reason),
        Some(Outcome::Success(_)) => None,
        None => panic!("no outcome: {:?}", met.client),
    }
}

fn nt_key(secret: Secret) -> Key {
    Key::Stored { form: StoredForm::NtHash, secret }
}

#[test]
fn a_hash_is_as_good_as_its_password() {
    let by_hash = {
        let mut credentials = user();
        credentials.key = nt_key(keys::nt_hash("pencil"));
        credentials
    };
    let stored =
        Accounts::new().with_secret("user", SecretForm::NtHash, keys::nt_hash("pencil").expose());
    for accounts in [accounts(), stored] {
        for credentials in [&user(), &by_hash] {
            assert_eq!(reason(&Site::default().meet(credentials, &accounts)), None);
        }
    }
    let another_s = Key::Stored { form: StoredForm::DigestMd5, secret: keys::nt_hash("pencil") };
    for key in [nt_key(Secret::new([1; 15])), another_s] {
        let mut wrong = user();
        wrong.key = key;
        let error = (MECHANISM.client)(&context(&wrong, ClientBinding::Unsupported, &[])).err();
        assert_eq!(error, Some(Error::Credentials(Reason::NoCredentials)));
    }
}

/// What is kept must be a hash, or a password that somebody could have.
#[test]
fn a_damaged_secret_lets_nobody_in() {
    let mut by_nothing = user();
    by_nothing.key = nt_key(keys::nt_hash(""));
    for (form, secret) in [
        (SecretForm::NtHash, &b""[..]),
        (SecretForm::NtHash, &[7; 15]),
        (SecretForm::Password, b""),
        (SecretForm::Password, b"\xff\xfe"),
    ] {
        let accounts = Accounts::new().with_secret("user", form, secret);
        let met = Site::default().meet(&by_nothing, &accounts);
        assert_eq!(reason(&met), Some(Reason::InvalidProof));
    }
}

#[test]
fn names_have_domains() {
    let in_domain = Rules {
        service: Some(Service::new("imap", "mail.example.org").in_realms(["example.org"])),
        ..Rules::default()
    };
    for (rules, name, account) in [
        (Rules::default(), "user", "user"),
        (Rules::default(), "user@example.org", "user@example.org"),
        (Rules::default(), "EXAMPLE\\user", "user@EXAMPLE"),
        (Rules::default(), "workgroup\\user", "user"),
        (in_domain.clone(), "user@example.org", "user"),
        (in_domain.clone(), "user@Mail.Example.Org", "user"),
        (in_domain.clone(), "example\\user", "user"),
        (in_domain.clone(), "\\user", "user"),
        (in_domain, "user@other.example", "user@other.example"),
    ] {
        let site = Site { rules, ..Site::default() };
        let accounts = Accounts::new().with_plain_password(account, "pencil");
        let credentials = Credentials::password(name.try_into().expect("a name"), "pencil");
        let met = site.meet(&credentials, &accounts);
        let Some(Outcome::Success(success)) = &met.server else { panic!("{name}: {met:?}") };
        let identity = success.identity.authentication_id().map(ToString::to_string);
        assert_eq!(identity.as_deref(), Some(account), "{name}");
    }
}

#[test]
fn a_certificate_is_bound_where_both_ends_have_it() {
    let bound = |theirs: Option<ChannelBinding>, ours: &[ChannelBinding], plus| {
        let site = Site { theirs, ours: ours.to_vec(), plus, ..Site::default() };
        let met = site.meet(&user(), &accounts());
        match met.server {
            Some(Outcome::Success(success)) => Ok(success.channel_binding),
            Some(Outcome::Failure(failure)) => Err(failure.reason),
            None => panic!("{:?}", met.client),
        }
    };
    let (here, elsewhere) = (end_point(1), end_point(2));
    let kind = Some(BindingKind::TlsServerEndPoint);
    let offered = PlusOffer::Offered;
    assert_eq!(bound(Some(here.clone()), &[binding(), here.clone()], offered), Ok(kind.clone()));
    // The messages were handed on from another channel.
    let relayed = bound(Some(elsewhere), slice::from_ref(&here), offered);
    assert_eq!(relayed, Err(Reason::ChannelBindingsDontMatch));
    // One end does not know the certificate.
    assert_eq!(bound(None, slice::from_ref(&here), offered), Ok(None));
    assert_eq!(bound(Some(here.clone()), &[binding()], offered), Ok(None));
    // Policy wants it.
    let required = PlusOffer::Required;
    assert_eq!(bound(None, slice::from_ref(&here), required), Err(Reason::ChannelBindingRequired));
    assert_eq!(bound(Some(here.clone()), &[here], required), Ok(kind));
}

/// A server that tells the time hears a MIC over all that was said.
#[test]
fn a_change_on_the_way_is_noticed() {
    let site = Site { time: Some(TIME), ..Site::default() };
    assert_eq!(reason(&site.meet(&user(), &accounts())), None);
    // The client's flags in its first message, and in its last one: no proof covers them.
    for (message, at) in [(0, 12), (1, 61)] {
        let mut said = 0;
        let met = talk_over(site.client(&user()), site.server(), &accounts(), |heard| {
            let OnTheWire::ToServer(heard) = heard else { return };
            let (ClientMessage::Authenticate { initial_response: Some(response), .. }
            | ClientMessage::Response(response)) = heard
            else {
                return;
            };
            if said == message {
                let mut octets = response.as_bytes().to_vec();
                octets[at] ^= 0x04;
                *response = Response::new(octets);
            }
            said += 1;
        });
        assert_eq!(reason(&met), Some(Reason::MicMismatch), "message {message}");
    }
    // Without the time there is no MIC, and the proof alone covers what the server said.
    let site = Site::default();
    let met = talk_over(site.client(&user()), site.server(), &accounts(), |heard| {
        if let OnTheWire::ToClient(ServerMessage::Challenge(challenge)) = heard {
            let mut octets = challenge.as_bytes().to_vec();
            octets[24] ^= 1;
            *challenge = Challenge::new(octets);
        }
    });
    assert_eq!(reason(&met), Some(Reason::InvalidProof));
}

#[test]
fn a_server_that_talks_to_people_first() {
    let mut client = client(&MECHANISM);
    let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response: first, .. })) =
        client.start()
    else {
        panic!("no first message")
    };
    let words = || ServerMessage::Challenge(Challenge::new(*b"NTLM supported"));
    let Ok(ClientStep::Send(ClientMessage::Response(again))) = client.receive(words()) else {
        panic!("not said again")
    };
    assert_eq!(first, Some(again));
    let step = client.receive(words());
    assert_eq!(gave_up(&mut client, step), Error::Peer(Reason::BadSignature));
}

#[test]
fn success_before_the_proof_is_none() {
    let mut client = client(&MECHANISM);
    assert!(client.start().is_ok());
    let end = client.receive(ServerMessage::Success { additional_data: None });
    assert_eq!(end.err(), Some(Error::Peer(Reason::ServerNotVerified)));
}

/// The last message of a client with other responses.
fn with_responses(nt_response: &[u8]) -> Vec<u8> {
    let mut message = b"NTLMSSP\0\x03\0\0\0".to_vec();
    let user = b"u\0s\0e\0r\0";
    let mut payload: Vec<u8> = Vec::new();
    for field in [&b""[..], nt_response, b"", user, b"", b""] {
        let len = u16::try_from(field.len()).expect("small").to_le_bytes();
        message.extend([len, len].concat());
        message.extend(u32::try_from(64 + payload.len()).expect("small").to_le_bytes());
        payload.extend(field);
    }
    message.extend(1_u32.to_le_bytes());
    [message, payload].concat()
}

#[test]
fn only_version_2_is_spoken() {
    let mut damaged = vec![1, 1];
    damaged.resize(28, 0);
    damaged.extend(b"\x02\0\xff\0x");
    for (response, reason) in [
        (Vec::new(), "ntlm-no-response"),
        (vec![7; 24], "ntlm-v1"),
        (vec![7; 43], "too-short"),
        (vec![7; 60], "ntlm-response-version"),
        ([vec![7; 16], damaged].concat(), "bad-av-pair"),
    ] {
        let mut server = server(&MECHANISM);
        let negotiate = b"NTLMSSP\0\x01\0\0\0\x05\x82\x08\0".as_slice();
        assert!(matches!(starts(&mut server, negotiate, &accounts()), ServerStep::Send(_)));
        let step = says(&mut server, with_responses(&response), &accounts());
        assert_eq!(refusal(step), reason);
    }
    let mut server = server(&MECHANISM);
    let step = starts(&mut server, [&b"NTLMSSP\0\x01\0\0\0"[..], &[0; 1100]].concat(), &accounts());
    assert_eq!(refusal(step), "message-too-long");
}

/// The question is for an NT hash, and is asked once all that can be checked without it was.
#[test]
fn the_store_is_asked_for_the_hash() {
    let (mut client, mut server) = (client(&MECHANISM), server(&MECHANISM));
    let Ok(ClientStep::Send(ClientMessage::Authenticate { initial_response, .. })) = client.start()
    else {
        panic!("no first message")
    };
    let ServerStep::Send(challenge) = server.start(initial_response).expect("in turn") else {
        panic!("no challenge")
    };
    let Ok(ClientStep::Send(last)) = client.receive(ServerMessage::Challenge(challenge)) else {
        panic!("no proof")
    };
    let step = server.receive(last).expect("in turn");
    let ServerStep::Ask(Query::SharedSecret(query)) = step else { panic!("{step:?}") };
    assert_eq!((query.authentication_id().as_str(), query.form()), ("user", &SecretForm::NtHash));
}

#[test]
fn old_servers_without_unicode_and_pairs() {
    let challenge = [&b"NTLMSSP\0\x02\0\0\0\0\0\0\0\0\0\0\0\x06\x02\0\0"[..], &[9; 8]].concat();
    let login = |name: &str| {
        let credentials = Credentials::password(name.try_into().expect("a name"), "pencil");
        let mut client = client_in(&MECHANISM, &credentials, Profile::FULL);
        assert!(client.start().is_ok());
        let step = hears(&mut client, challenge.clone());
        match step {
            Ok(ClientStep::Send(ClientMessage::Response(said))) => Ok(said.as_bytes().to_vec()),
            other => Err(gave_up(&mut client, other)),
        }
    };
    let said = login("EXAMPLE\\user").expect("ASCII will do");
    assert!(said.windows(11).any(|it| it == b"EXAMPLEuser"));
    assert_eq!(login("us\u{e9}r"), Err(Error::Peer(Reason::NoUnicode)));
}
