//! What the fuzz targets share: one half of an exchange that hears whatever the fuzzer says.

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::{BindingKind, ChannelBinding, ClientBinding},
    credentials::{Credentials, Endpoint, Key},
    identity::AuthenticationId,
    layer::{LayerRules, SecurityLayer},
    mechanism::{
        ClientContext, Mechanism, Needs, Offered, PlusOffer, Rules, ServerContext, Service, Side,
    },
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    nonce::Nonce,
    query::{
        Authorization, ClientQuery, Decoy, GssContext, GssError, GssErrorKind, GssProperties,
        GssProvider, GssRequest, GssStep, PasscodeVerdict, Protection, Query, TokenVerdict,
        Verdict,
    },
    secret::Secret,
};
use aiosasl_store::{
    Account, NameRule,
    formats::{Format, Reader, Writer},
};
use aiosasl_vendor::{
    aws::{AwsCredentials, Timestamp},
    aws_msk_iam::{self, MskServer},
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

/// Those that both ends have.
pub fn rules() -> Rules {
    let service = Service::new("imap", "mail.example.org").in_realms(["example.org", "a"]);
    Rules { layers: LayerRules::ANY, service: Some(service), ..Rules::default() }
}

/// A client of this mechanism hears the messages; a success that was not proven is a bug.
pub fn client(mechanism: &Mechanism, octets: &[u8]) {
    let is_bound = mechanism.name.is_plus() || mechanism.name.named_binding().is_some();
    let mut credentials = Credentials::password("user".try_into().expect("a name"), "pencil");
    credentials.trace = Some("trace".into());
    match mechanism.properties.needs {
        Needs::Token if mechanism.name == "OAUTH10A" => {
            credentials.key = Key::Token(r#"oauth_signature="x""#.into());
            credentials.endpoint = Some(Endpoint { host: "localhost".into(), port: Some(143) });
        }
        Needs::Token => credentials.key = Key::Token("token".into()),
        Needs::PrivateKey => credentials.key = Key::Private(Secret::new([0x12; 32])),
        _ => {}
    }
    let context = ClientContext {
        credentials: &credentials,
        binding: if is_bound {
            ClientBinding::Bound(binding(mechanism))
        } else {
            ClientBinding::Unsupported
        },
        nonce: nonce("rOprNGfwEbeRWgbNEkqO"),
        rules: Rules { iterations: 1..=4096, ..rules() },
        offered: Offered::default(),
    };
    client_in(mechanism, &context, octets);
}

fn client_in(mechanism: &Mechanism, context: &ClientContext<'_>, octets: &[u8]) {
    let mut exchange = ClientExchange::new((mechanism.client)(context).expect("good credentials"));
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
            step = exchange.answer(match query.answer_by_itself() {
                Ok(answer) => answer,
                Err(ClientQuery::Question(question)) => question.answer("a"),
                Err(other) => panic!("nobody can answer {other:?}"),
            });
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
        // Short where the fuzzer has to find it, and the vectors' own.
        nonce: nonce(match mechanism.properties.first {
            Side::Client => "hvYDpWUa2RaTCAfuxFIl",
            Side::Server => "bm9uY2U=",
        }),
        bindings: &[binding(mechanism)],
        plus: if mechanism.name.is_plus() { PlusOffer::Offered } else { PlusOffer::NotOffered },
        rules: rules(),
    };
    server_in(mechanism, &context, octets);
}

fn server_in(mechanism: &Mechanism, context: &ServerContext<'_>, octets: &[u8]) {
    let decoy = Decoy::new(Secret::new([1; 32]), 4096, 16);
    let mut exchange = ServerExchange::new((mechanism.server)(context));
    let mut messages = messages(octets).peekable();
    // A client that does not speak first says a plus where it does.
    let first =
        messages.next_if(|it| mechanism.properties.first == Side::Client || it.starts_with(b"+"));
    let first = first.map(|it| it.strip_prefix(b"+").unwrap_or(it));
    let mut step = exchange.start(first.map(Response::new)).expect("the first call");
    loop {
        step = match step {
            ServerStep::Ask(Query::ScramKeys(query)) => exchange.answer(query.unknown(&decoy)),
            ServerStep::Ask(Query::SharedSecret(query)) => exchange.answer(query.unknown(&decoy)),
            ServerStep::Ask(Query::VerifyPassword(query)) => {
                exchange.answer(query.answer(Verdict::Refused))
            }
            ServerStep::Ask(Query::VerifyPasscode(query)) => {
                exchange.answer(query.answer(PasscodeVerdict::NextPasscode))
            }
            ServerStep::Ask(Query::VerifyToken(query)) => {
                exchange.answer(query.answer(TokenVerdict::Refused))
            }
            ServerStep::Ask(Query::Redirect(query)) => {
                // Where a token comes from is more than a URL there.
                let is_oidc = mechanism.name == "MONGODB-OIDC";
                let url =
                    if is_oidc { "https://idp.example/ client" } else { "https://idp.example/" };
                exchange.answer(query.answer(url))
            }
            ServerStep::Ask(Query::Returned(query)) => {
                exchange.answer(query.answer(TokenVerdict::Refused, ""))
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

/// Both halves of a vendor's mechanism, with the nonces and the clock of its vectors.
pub fn vendor(name: &str, octets: &[u8]) {
    const MSK_THEN: Mechanism = Mechanism {
        server: |context| {
            let clock = || Timestamp::parse("20201022T000500Z");
            Box::new(MskServer::new(context).with_clock(clock))
        },
        ..aws_msk_iam::MECHANISM
    };
    let mut all = std::iter::once(&MSK_THEN).chain(aiosasl_vendor::ALL);
    let mechanism = all.find(|it| it.name == name).expect("one of theirs");
    let mut credentials = match mechanism.properties.needs {
        Needs::Token if octets.len() % 2 == 0 => Credentials::token("token"),
        Needs::Token => Credentials::none(),
        Needs::Foreign => AwsCredentials::new("AKIDEXAMPLE", "pencil")
            .in_region("us-east-1")
            .at(Timestamp::from_unix(1_573_086_367))
            .into_credentials(),
        _ => Credentials::password("user".try_into().expect("a name"), "pencil"),
    };
    credentials.authentication_id = AuthenticationId::new("user").ok();
    credentials.endpoint = Some(Endpoint { host: "localhost".into(), port: None });
    let context = ClientContext {
        credentials: &credentials,
        binding: ClientBinding::Unsupported,
        nonce: nonce("clientNonce0123456789abc"),
        rules: Rules::default(),
        offered: Offered::default(),
    };
    client_in(mechanism, &context, octets);
    let context = ServerContext {
        nonce: nonce("serverNonce0123456789abc"),
        bindings: &[],
        plus: PlusOffer::NotOffered,
        rules: Rules::default(),
    };
    server_in(mechanism, &context, octets);
}

/// Both halves over contexts of glass: they stand after as many tokens as the first octet says, and wrap nothing, so that
/// whatever the fuzzer says arrives. Nobody has to panic; who comes in is the provider's doing here.
pub fn gss(mechanism: &Mechanism, octets: &[u8]) {
    let Some((&first, octets)) = octets.split_first() else { return };
    let glass = Glass { steps: first & 3, layers: first >> 2 & 7 };
    let layers = if first & 0x20 == 0 { LayerRules::ANY } else { LayerRules::NONE };
    let rules =
        Rules { layers, service: Some(Service::new("fuzz", "localhost")), ..Rules::default() };
    let is_plus = mechanism.name.is_plus();
    let credentials = Credentials::none();
    let context = ClientContext {
        credentials: &credentials,
        binding: if is_plus {
            ClientBinding::Bound(binding(mechanism))
        } else {
            ClientBinding::Unsupported
        },
        nonce: nonce("rOprNGfwEbeRWgbNEkqO"),
        rules: rules.clone(),
        offered: Offered::default(),
    };
    let mut client = ClientExchange::new((mechanism.client)(&context).expect("good credentials"));
    let mut said = messages(octets);
    let mut step = client.start();
    loop {
        step = match step {
            Ok(ClientStep::Ask(ClientQuery::Gss(gss))) => {
                client.answer(gss.initiate_with(&glass).into_client_answer())
            }
            Ok(ClientStep::Send(_)) => match said.next() {
                Some(it) => client.receive(ServerMessage::Challenge(Challenge::new(it))),
                None => client.receive(ServerMessage::Success { additional_data: None }),
            },
            Ok(ClientStep::Done(done)) => {
                assert!(done.server_verified, "a success that was not proven");
                done.security_layer.map(|layer| passes(layer, octets));
                break;
            }
            _ => break,
        };
    }
    let context = ServerContext {
        nonce: nonce("hvYDpWUa2RaTCAfuxFIl"),
        bindings: &[binding(mechanism)],
        plus: if is_plus { PlusOffer::Offered } else { PlusOffer::NotOffered },
        rules,
    };
    let mut server = ServerExchange::new((mechanism.server)(&context));
    let mut said = messages(octets).map(Response::new);
    let mut step = server.start(said.next()).expect("the first call");
    loop {
        step = match step {
            ServerStep::Ask(Query::Gss(gss)) => {
                server.answer(gss.accept_with(&glass).into_answer())
            }
            ServerStep::Ask(Query::Authorize(it)) => {
                server.answer(it.answer(Authorization::Granted))
            }
            ServerStep::Ask(query) => panic!("{query:?}"),
            ServerStep::Send(_) => match said.next() {
                Some(message) => server.receive(ClientMessage::Response(message)),
                None => return,
            },
            ServerStep::Done(Outcome::Success(success)) => {
                success.security_layer.map(|layer| passes(layer, octets));
                return;
            }
            ServerStep::Done(Outcome::Failure(_)) => return,
        }
        .expect("every call is in turn");
    }
}

/// Whatever comes, a layer says yes or no, and never takes or makes too much.
fn passes(mut layer: Box<dyn SecurityLayer>, octets: &[u8]) {
    if let Ok(wrapped) = layer.wrap(octets) {
        assert!(wrapped.len() <= layer.max_send());
    }
    assert!(layer.unwrap(octets).is_err() || octets.len() <= layer.max_receive());
}

#[derive(Clone, Copy)]
struct Glass {
    steps: u8,
    layers: u8,
}

impl GssProvider for Glass {
    fn initiator(&self, _: &GssRequest) -> Result<Box<dyn GssContext>, GssError> {
        Ok(Box::new(*self))
    }

    fn acceptor(&self, _: &GssRequest) -> Result<Box<dyn GssContext>, GssError> {
        Ok(Box::new(*self))
    }
}

impl GssContext for Glass {
    fn step(&mut self, token: Option<&[u8]>) -> Result<GssStep, GssError> {
        if token.is_some_and(|it| it.starts_with(b"bad")) {
            return Err(GssError::new(GssErrorKind::BadToken, "bad"));
        }
        self.steps = self.steps.saturating_sub(1);
        let token = token.is_none_or(|it| it.starts_with(b"t")).then(|| Secret::new(*b"token"));
        Ok(GssStep { token, established: self.steps == 0 })
    }

    fn properties(&self) -> Option<GssProperties> {
        (self.steps == 0).then(|| GssProperties {
            initiator: "user@FUZZ".into(),
            acceptor: "fuzz@localhost".into(),
            mechanism: aiosasl::mechanisms::gssapi::KERBEROS.into(),
            mutual: true,
            integrity: self.layers & 2 != 0,
            confidentiality: self.layers & 4 != 0,
            anonymous: false,
            strength: 256,
        })
    }

    fn wrap(&mut self, _: Protection, octets: &[u8]) -> Result<Vec<u8>, GssError> {
        Ok(octets.to_vec())
    }

    fn unwrap(&mut self, token: &[u8]) -> Result<(Vec<u8>, Protection), GssError> {
        Ok((token.to_vec(), Protection::Confidentiality))
    }

    fn wrap_size_limit(&mut self, _: Protection, max_token: u32) -> Result<u32, GssError> {
        Ok(max_token)
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
