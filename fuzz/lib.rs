//! What the fuzz targets share: one half of an exchange that hears whatever the fuzzer says.

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::{BindingKind, ChannelBinding, ClientBinding},
    credentials::{Credentials, Key},
    identity::AuthenticationId,
    mechanism::{ClientContext, Mechanism, Needs, Offered, PlusOffer, Rules, ServerContext},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    nonce::Nonce,
    query::{Authorization, Decoy, Query, TokenVerdict, Verdict},
    secret::Secret,
};
use aiosasl_store::{
    Account, NameRule,
    formats::{Format, Reader, Writer},
};

/// Splits the fuzzer's octets into lines, their endings left out.
pub fn lines(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = octets.split(|octet| *octet == b'\n');
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Splits the fuzzer's octets into messages, at every 0xFF, which is in no well-formed one.
fn messages(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    octets.split(|octet| *octet == 0xff)
}

/// What exchanges of this mechanism are tied to; there is a channel in any case.
fn binding(mechanism: &Mechanism) -> ChannelBinding {
    let kind = mechanism.name.named_binding().unwrap_or(BindingKind::TlsExporter);
    ChannelBinding::new(kind, [7; 32]).expect("32 octets")
}

fn nonce(text: &str) -> Nonce {
    Nonce::new(text).expect("printable")
}

/// A client of this mechanism hears the messages; a success that was not proven is a bug.
pub fn client(mechanism: &Mechanism, octets: &[u8]) {
    let is_bound = mechanism.name.is_plus() || mechanism.name.named_binding().is_some();
    let mut credentials = Credentials::password("user".try_into().expect("a name"), "pencil");
    credentials.trace = Some("trace".into());
    match mechanism.properties.needs {
        Needs::Token => credentials.key = Key::Token("token".into()),
        Needs::PrivateKey => credentials.key = Key::Private(Secret::new([0x12; 32])),
        _ => {}
    }
    let context = ClientContext {
        credentials: &credentials,
        binding: if is_bound { ClientBinding::Bound(binding(mechanism)) } else { ClientBinding::Unsupported },
        nonce: nonce("rOprNGfwEbeRWgbNEkqO"),
        rules: Rules { iterations: 1..=4096, ..Rules::default() },
        offered: Offered::default(),
    };
    let mut exchange = ClientExchange::new((mechanism.client)(&context).expect("good credentials"));
    let _ = exchange.start().expect("the first call");
    for message in messages(octets) {
        let message = match message.split_first() {
            Some((b'+', rest)) => {
                ServerMessage::Success { additional_data: Some(Challenge::new(rest)) }
            }
            Some((b'!', _)) => ServerMessage::Success { additional_data: None },
            _ => ServerMessage::Challenge(Challenge::new(message)),
        };
        let mut step = exchange.receive(message);
        while let Ok(ClientStep::Ask(query)) = step {
            step = exchange.answer(query.answer_by_itself().expect("only derivations are asked"));
        }
        match step {
            Ok(ClientStep::Done(done)) => {
                let mutual =
                    mechanism.properties.server_proof == aiosasl::mechanism::ServerProof::Mutual;
                assert_eq!(done.server_verified, mutual, "a success that was not proven");
                return;
            }
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

/// A server of this mechanism hears the messages; nobody knows the password, so nobody may come in.
pub fn server(mechanism: &Mechanism, octets: &[u8]) {
    let context = ServerContext {
        nonce: nonce("hvYDpWUa2RaTCAfuxFIl"),
        bindings: &[binding(mechanism)],
        plus: if mechanism.name.is_plus() { PlusOffer::Offered } else { PlusOffer::NotOffered },
        rules: Rules::default(),
    };
    let decoy = Decoy::new(Secret::new([1; 32]), 4096, 16);
    let mut exchange = ServerExchange::new((mechanism.server)(&context));
    let mut messages = messages(octets);
    let mut step = exchange.start(messages.next().map(Response::new)).expect("the first call");
    loop {
        step = match step {
            ServerStep::Ask(Query::ScramKeys(query)) => exchange.answer(query.unknown(&decoy)),
            ServerStep::Ask(Query::SharedSecret(query)) => exchange.answer(query.unknown(&decoy)),
            ServerStep::Ask(Query::VerifyPassword(query)) => {
                exchange.answer(query.answer(Verdict::Refused))
            }
            ServerStep::Ask(Query::VerifyToken(query)) => {
                exchange.answer(query.answer(TokenVerdict::Refused))
            }
            ServerStep::Ask(Query::External(query)) => {
                exchange.answer(query.answer(AuthenticationId::new("somebody").ok()))
            }
            ServerStep::Ask(Query::Authorize(query)) => {
                let needs = mechanism.properties.needs;
                let proven = query.identity().authentication_id().is_some();
                assert!(
                    !proven || needs == aiosasl::mechanism::Needs::External,
                    "proven without a proof"
                );
                exchange.answer(query.answer(Authorization::Denied))
            }
            ServerStep::Ask(query) => exchange.answer(query.unavailable()),
            ServerStep::Send(_) => match messages.next() {
                Some(message) => exchange.receive(ClientMessage::Response(Response::new(message))),
                None => return,
            },
            ServerStep::Done(Outcome::Success(_)) => panic!("somebody came in"),
            ServerStep::Done(Outcome::Failure(_)) => return,
        }
        .expect("every call is in turn");
    }
}

/// Both halves.
pub fn both(mechanism: &Mechanism, octets: &[u8]) {
    client(mechanism, octets);
    server(mechanism, octets);
}

/// Accounts are read in this format; those that are read come back from the formats that lose nothing.
pub fn format(format: Format, octets: &[u8]) {
    let read = |format, octets: &[u8]| -> Vec<Account> {
        let entries = Reader::new(format, octets, NameRule::Raw);
        entries.map_while(Result::ok).map(|entry| entry.account).collect()
    };
    let mut accounts = read(format, octets);
    // Nobody writes two accounts of one name.
    let mut names = std::collections::HashSet::new();
    accounts.retain(|account| names.insert(account.name.clone()));
    for format in [Format::Json, Format::Passwd] {
        let mut text = Vec::new();
        let mut writer = Writer::new(format, &mut text, NameRule::Raw, "").expect("it is written");
        for account in &accounts {
            writer.write(account).expect("memory");
        }
        assert!(writer.finish().expect("memory").is_empty(), "something was left out");
        assert_eq!(read(format, &text), accounts, "something was lost");
    }
}
