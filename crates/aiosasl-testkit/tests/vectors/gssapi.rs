//! `gssapi.json`: how GSSAPI's ends agree on a layer, and GS2's names, headers and tokens; over contexts of glass, through
//! which everything is seen as it is.

use std::sync::{Arc, Mutex};

use aiosasl::{
    ClientExchange, ClientStep, ServerExchange, ServerStep,
    binding::{BindingKind, ChannelBinding, ClientBinding},
    credentials::Credentials,
    error::{Error, FailureCode},
    gs2::{self, Flag, Header},
    identity::AuthorizationId,
    layer::LayerRules,
    mechanism::{ClientContext, Mechanism, Offered, PlusOffer, Rules, ServerContext, Service},
    mechanisms::gssapi::{
        GS2_KRB5, GS2_KRB5_PLUS, GSS_SPNEGO, GSSAPI, GSSAPI_STRICT, KERBEROS, gs2_name,
        restore_header, strip_header,
    },
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    name::MechanismName,
    nonce::Nonce,
    query::{
        Authorization, GssContext, GssError, GssProperties, GssProvider, GssRequest, GssStep,
        Protection, Query,
    },
    secret::Secret,
};

use crate::ledger::{Vectors, hex, octets, text};

/// Contexts that stand after one token, wrap nothing, and have these layers.
#[derive(Clone)]
struct Glass {
    token: Vec<u8>,
    layers: u8,
    /// What the acceptor has heard, and what both ends were bound to.
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Glass {
    fn new(layers: u8) -> Self {
        Self { token: b"token".to_vec(), layers, heard: Arc::default() }
    }

    fn context(&self, request: &GssRequest, first: Option<&[u8]>) -> Box<dyn GssContext> {
        let bound = request.channel_binding.as_ref().map(|it| it.expose().to_vec());
        self.heard.lock().expect("whole").extend(bound);
        Box::new(GlassContext {
            glass: self.clone(),
            first: first.map(<[u8]>::to_vec),
            stands: false,
        })
    }
}

struct GlassContext {
    glass: Glass,
    first: Option<Vec<u8>>,
    stands: bool,
}

impl GssProvider for Glass {
    fn initiator(&self, request: &GssRequest) -> Result<Box<dyn GssContext>, GssError> {
        Ok(self.context(request, Some(&self.token)))
    }

    fn acceptor(&self, request: &GssRequest) -> Result<Box<dyn GssContext>, GssError> {
        Ok(self.context(request, None))
    }
}

impl GssContext for GlassContext {
    fn step(&mut self, token: Option<&[u8]>) -> Result<GssStep, GssError> {
        self.stands = true;
        self.glass.heard.lock().expect("whole").extend(token.map(<[u8]>::to_vec));
        Ok(GssStep { token: self.first.take().map(Secret::new), established: true })
    }

    fn properties(&self) -> Option<GssProperties> {
        self.stands.then(|| GssProperties {
            initiator: "user@EXAMPLE.ORG".into(),
            acceptor: "toy@localhost".into(),
            mechanism: KERBEROS.into(),
            mutual: true,
            integrity: self.glass.layers & 2 != 0,
            confidentiality: self.glass.layers & 4 != 0,
            anonymous: false,
            strength: 256,
        })
    }

    fn wrap(&mut self, _: Protection, octets: &[u8]) -> Result<Vec<u8>, GssError> {
        Ok(octets.to_vec())
    }

    fn unwrap(&mut self, token: &[u8]) -> Result<(Vec<u8>, Protection), GssError> {
        Ok((token.to_vec(), Protection::Integrity))
    }

    fn wrap_size_limit(&mut self, _: Protection, max_token: u32) -> Result<u32, GssError> {
        Ok(max_token)
    }
}

fn rules(layers: LayerRules) -> Rules {
    let service = Some(Service::new("toy", "localhost").in_realms(["EXAMPLE.ORG"]));
    Rules { layers, service, ..Rules::default() }
}

fn nonce() -> Nonce {
    Nonce::new("0123456789abcdef").expect("printable")
}

/// A client that has said its first message, and this.
fn client(
    mechanism: &Mechanism,
    glass: &Glass,
    binding: ClientBinding,
    layers: LayerRules,
    authzid: Option<&str>,
) -> (ClientExchange, Vec<u8>) {
    let authzid = authzid.filter(|it| !it.is_empty()).map(|it| it.try_into().expect("an identity"));
    let credentials = Credentials::none().acting_as(authzid);
    let context = ClientContext {
        credentials: &credentials,
        binding,
        nonce: nonce(),
        rules: rules(layers),
        offered: Offered::default(),
    };
    let mut client = ClientExchange::new((mechanism.client)(&context).expect("a client"));
    let step = client.start();
    let said = match served(&mut client, step, glass) {
        Ok(ClientStep::Send(ClientMessage::Authenticate {
            initial_response: Some(first), ..
        })) => first.as_bytes().to_vec(),
        other => panic!("{other:?}"),
    };
    (client, said)
}

/// The client's next step, with its questions answered.
fn served(
    client: &mut ClientExchange,
    mut step: Result<ClientStep, Error>,
    glass: &Glass,
) -> Result<ClientStep, Error> {
    loop {
        step = match step {
            Ok(ClientStep::Ask(aiosasl::query::ClientQuery::Gss(gss))) => {
                client.answer(gss.initiate_with(glass).into_client_answer())
            }
            other => return other,
        }
    }
}

fn hears(client: &mut ClientExchange, glass: &Glass, said: &[u8]) -> Result<ClientStep, Error> {
    let step = client.receive(ServerMessage::Challenge(Challenge::new(said)));
    served(client, step, glass)
}

/// A server that hears this first, and its next step.
fn server(
    mechanism: &Mechanism,
    glass: &Glass,
    layers: LayerRules,
    (bindings, plus): (&[ChannelBinding], PlusOffer),
    first: &[u8],
) -> (ServerExchange, ServerStep) {
    let context = ServerContext { nonce: nonce(), bindings, plus, rules: rules(layers) };
    let mut server = ServerExchange::new((mechanism.server)(&context));
    let step = server.start(Some(Response::new(first))).expect("in turn");
    let step = looked_up(&mut server, step, glass);
    (server, step)
}

fn looked_up(server: &mut ServerExchange, mut step: ServerStep, glass: &Glass) -> ServerStep {
    loop {
        step = match step {
            ServerStep::Ask(Query::Gss(gss)) => {
                server.answer(gss.accept_with(glass).into_answer()).expect("in turn")
            }
            ServerStep::Ask(Query::Authorize(it)) => {
                server.answer(it.answer(Authorization::Granted)).expect("in turn")
            }
            other => return other,
        }
    }
}

fn says(server: &mut ServerExchange, glass: &Glass, said: &[u8]) -> ServerStep {
    let step = server.receive(ClientMessage::Response(Response::new(said))).expect("in turn");
    looked_up(server, step, glass)
}

/// Rules with which a client comes to this layer, whatever is offered beside it.
fn towards(bits: u8, size: u32) -> LayerRules {
    let (min_strength, max_strength) = match bits {
        1 => (0, 0),
        2 => (1, 1),
        _ => (2, 256),
    };
    LayerRules { min_strength, max_strength, max_receive: size }
}

fn size(message: &[u8]) -> u32 {
    let [_, a, b, c, ..] = message else { panic!("too short") };
    u32::from_be_bytes([0, *a, *b, *c])
}

pub(crate) fn ends_agree_on_a_layer(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let [offer, choice] =
            ["server_offer_hex", "client_choice_hex"].map(|name| hex(&vector[name]));
        let lenient = vector["lenient_size"] == true;
        let mechanism = if lenient { &GSSAPI } else { &GSSAPI_STRICT };
        let glass = Glass::new(7);

        // As the client: the choice as it stands, but that ours names no size where there is no layer.
        let wanted = towards(choice[0], size(&choice));
        let authzid = vector["authzid"].as_str();
        let (mut alone, _) = client(mechanism, &glass, ClientBinding::Unsupported, wanted, authzid);
        let step = hears(&mut alone, &glass, &offer);
        let Ok(ClientStep::Send(ClientMessage::Response(said))) = step else {
            panic!("{}: {step:?}", vector["id"])
        };
        let mut expected = choice.clone();
        if choice[0] == 1 {
            expected[1..4].fill(0);
        }
        assert_eq!(said.as_bytes(), expected, "{}", vector["id"]);
        let end = alone.receive(ServerMessage::Success { additional_data: None });
        let Ok(ClientStep::Done(done)) = end else { panic!("{}: {end:?}", vector["id"]) };
        assert!(done.server_verified);
        check_layer(choice[0], size(&offer), done.security_layer.as_deref());

        // As the server: it offers what it has, and hears the choice as it stands.
        let has = LayerRules {
            max_strength: if offer[0] & 7 == 1 { 0 } else { 256 },
            max_receive: size(&offer),
            ..LayerRules::NONE
        };
        let unbound = (&[][..], PlusOffer::NotOffered);
        let (mut alone, step) = server(mechanism, &glass, has, unbound, b"token");
        let ServerStep::Send(offered) = step else { panic!("{}: {step:?}", vector["id"]) };
        let mut expected = offer.clone();
        expected[0] &= 7;
        if expected[0] == 1 {
            expected[1..4].fill(0);
        }
        assert_eq!(offered.as_bytes(), expected, "{}", vector["id"]);
        let step = says(&mut alone, &glass, &choice);
        let ServerStep::Done(Outcome::Success(success)) = step else {
            panic!("{}: {step:?}", vector["id"])
        };
        let identity = success.identity.authentication_id().map(ToString::to_string);
        assert_eq!(identity.as_deref(), Some("user"));
        let acts = success.authorization_id.as_ref().map_or("", AuthorizationId::as_str);
        assert_eq!(Some(acts), authzid, "{}", vector["id"]);
        check_layer(choice[0], size(&choice), success.security_layer.as_deref());

        if lenient {
            refused_by_the_strict(&glass, &offer, &choice);
        }
        vectors.played("valid", at);
    }
}

fn check_layer(bits: u8, peer_takes: u32, layer: Option<&dyn aiosasl::layer::SecurityLayer>) {
    let strength = layer.map_or(0, aiosasl::layer::SecurityLayer::strength);
    assert_eq!(strength, [0, 1, 256][usize::from(bits / 2)]);
    if let Some(layer) = layer {
        assert_eq!(u32::try_from(layer.max_send()).ok(), Some(peer_takes));
    }
}

fn refused_by_the_strict(glass: &Glass, offer: &[u8], choice: &[u8]) {
    let unbound = (&[][..], PlusOffer::NotOffered);
    let (mut strict, _) = server(&GSSAPI_STRICT, glass, LayerRules::NONE, unbound, b"token");
    let step = says(&mut strict, glass, choice);
    assert!(
        matches!(step, ServerStep::Done(Outcome::Failure(it)) if it.reason.as_str() == "size-without-layer")
    );
    let binding = ClientBinding::Unsupported;
    let (mut strict, _) = client(&GSSAPI_STRICT, glass, binding, LayerRules::NONE, None);
    let step = hears(&mut strict, glass, offer);
    assert!(matches!(step, Ok(ClientStep::Send(ClientMessage::Abort))));
}

pub(crate) fn malformed_agreements_are_refused(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let message = hex(&vector["hex"]);
        let reason = if vector["role"] == "client" {
            let glass = Glass::new(7);
            let binding = ClientBinding::Unsupported;
            let (mut client, _) = client(&GSSAPI_STRICT, &glass, binding, LayerRules::ANY, None);
            let step = hears(&mut client, &glass, &message);
            assert!(matches!(step, Ok(ClientStep::Send(ClientMessage::Abort))), "{step:?}");
            let end = client.receive(ServerMessage::Failure(FailureCode::Aborted));
            end.expect_err("it has given up").reason()
        } else {
            let offered = vector["offered"].as_u64().and_then(|it| u8::try_from(it).ok());
            let glass = Glass::new(offered.expect("an octet"));
            let unbound = (&[][..], PlusOffer::NotOffered);
            let (mut server, step) =
                server(&GSSAPI_STRICT, &glass, LayerRules::ANY, unbound, b"token");
            let ServerStep::Send(offer) = step else { panic!("{step:?}") };
            assert_eq!(offer.as_bytes().first().copied(), offered);
            failure(&says(&mut server, &glass, &message))
        };
        assert_eq!(reason, text(&vector["expect"]), "{}", vector["id"]);
        vectors.played("malformed", at);
    }
}

fn failure(step: &ServerStep) -> &'static str {
    match step {
        ServerStep::Done(Outcome::Failure(failure)) => failure.reason.as_str(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn names_follow_from_identifiers(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("gs2_names").iter().enumerate() {
        let der = hex(&vector["der_hex"]);
        let [6, _, contents @ ..] = &der[..] else { panic!("no identifier") };
        assert_eq!(gs2_name(contents).as_str(), text(&vector["name"]));
        if contents == KERBEROS {
            assert_eq!(vector["friendly"], GS2_KRB5.name.as_str());
        }
        vectors.played("gs2_names", at);
    }
}

pub(crate) fn headers_stand_before_tokens(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("gs2_headers").iter().enumerate() {
        let header = text(&vector["header"]);
        let message = [header.as_bytes(), b"\xff,token"].concat();
        let opened = Header::before_octets(&message).expect("a header");
        assert_eq!(opened.rest, b"\xff,token");
        assert_eq!(opened.nonstandard, vector["nonstd"] == true);
        let flag = match opened.header.flag {
            Flag::Unsupported => "n",
            Flag::NotOffered => "y",
            Flag::Bound(kind) => {
                assert_eq!(vector["cbname"], kind);
                "p"
            }
        };
        assert_eq!(vector["flag"], flag);
        let authzid = opened.header.authorization_id.as_ref().map(AuthorizationId::as_str);
        assert_eq!(vector["authzid"].as_str(), authzid);

        // Both ends bind the context to the header, without `F,`, and to what it names.
        let kind = vector["cbname"].as_str().map(|it| BindingKind::parse(it).expect("a type"));
        let data = kind.map(|kind| ChannelBinding::new(kind, *b"data").expect("octets"));
        let (mechanism, plus) = match &data {
            Some(_) => (&GS2_KRB5_PLUS, PlusOffer::Offered),
            None => (&GS2_KRB5, PlusOffer::NotOffered),
        };
        let mut bound = header.trim_start_matches("F,").as_bytes().to_vec();
        if let Some(expected) = vector["cb_application_data"].as_str() {
            assert_eq!(bound, expected.as_bytes());
        }
        if data.is_some() {
            bound.extend(b"data");
        }
        let binding = match (flag, data.clone()) {
            ("p", Some(data)) => ClientBinding::Bound(data),
            ("y", _) => ClientBinding::NotOffered,
            _ => ClientBinding::Unsupported,
        };
        let mut written = Vec::new();
        gs2::write(&mut written, &binding, authzid);
        assert_eq!(written, header.trim_start_matches("F,").as_bytes());

        let mut glass = Glass::new(0);
        if !opened.nonstandard {
            glass.token = restore_header(KERBEROS, b"inner");
        }
        let (_, said) = client(mechanism, &glass, binding, LayerRules::NONE, authzid);
        let inner = if opened.nonstandard { &b"token"[..] } else { b"inner" };
        assert_eq!(said, [header.as_bytes(), inner].concat(), "{}", vector["id"]);
        let channel = (data.as_slice(), plus);
        let (_, step) = server(mechanism, &glass, LayerRules::NONE, channel, &said);
        let ServerStep::Done(Outcome::Success(success)) = step else {
            panic!("{}: {step:?}", vector["id"])
        };
        assert_eq!(success.channel_binding.is_some(), flag == "p");
        let heard = glass.heard.lock().expect("whole").clone();
        assert_eq!(heard, [bound.clone(), bound, glass.token.clone()]);
        vectors.played("gs2_headers", at);
    }
}

pub(crate) fn tokens_lose_what_names_the_mechanism(vectors: &mut Vectors) {
    let vector = vectors.all["gs2_token"].clone();
    let [full, inner, first] =
        ["full_hex", "inner_hex", "gs2_client_first_hex"].map(|name| hex(&vector[name]));
    assert_eq!(hex(&vector["oid_der_hex"]).get(2..), Some(KERBEROS));
    assert_eq!(strip_header(KERBEROS, &full), Some(&inner[..]));
    assert_eq!(restore_header(KERBEROS, &inner), full);
    let glass = Glass { token: full.clone(), ..Glass::new(0) };
    let binding = ClientBinding::Unsupported;
    let (_, said) = client(&GS2_KRB5, &glass, binding, LayerRules::NONE, None);
    assert_eq!(said, first);
    let unbound = (&[][..], PlusOffer::NotOffered);
    let (_, step) = server(&GS2_KRB5, &glass, LayerRules::NONE, unbound, &first);
    assert!(matches!(step, ServerStep::Done(Outcome::Success(_))), "{step:?}");
    assert_eq!(glass.heard.lock().expect("whole").last(), Some(&full));
    vectors.played_whole("gs2_token");
}

pub(crate) fn malformed_headers_are_refused(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("gs2_malformed").iter().enumerate() {
        let message = octets(&vector["input"]);
        let types = vector["cb_types"].as_array().expect("a list");
        let bindings: Vec<_> = types
            .iter()
            .map(|kind| BindingKind::parse(text(kind)).expect("a type"))
            .map(|kind| ChannelBinding::new(kind, [7; 32]).expect("octets"))
            .collect();
        let plus = match (vector["plus_advertised"] == true, vector["require_cb"] == true) {
            (false, _) => PlusOffer::NotOffered,
            (true, false) => PlusOffer::Offered,
            (true, true) => PlusOffer::Required,
        };
        let bound = message.starts_with(b"p=");
        let mechanism = if bound { &GS2_KRB5_PLUS } else { &GS2_KRB5 };
        let glass = Glass::new(0);
        let channel = (&bindings[..], plus);
        let (_, step) = server(mechanism, &glass, LayerRules::NONE, channel, &message);
        assert_eq!(failure(&step), text(&vector["expect"]), "{}", vector["id"]);
        vectors.played("gs2_malformed", at);
    }
}

/// Some servers of GSS-SPNEGO offer layers as GSSAPI's do, others say at once that the client is in.
#[test]
fn an_agreement_may_follow_spnego() {
    let glass = Glass::new(7);
    let begun = || client(&GSS_SPNEGO, &glass, ClientBinding::Unsupported, towards(1, 0), None).0;
    let mut agrees = begun();
    let step = hears(&mut agrees, &glass, &[1, 0xff, 0xff, 0xff]);
    let Ok(ClientStep::Send(ClientMessage::Response(said))) = step else { panic!("{step:?}") };
    assert_eq!(said.as_bytes(), [1, 0, 0, 0]);
    for mut client in [agrees, begun()] {
        let end = client.receive(ServerMessage::Success { additional_data: None });
        assert!(matches!(end, Ok(ClientStep::Done(done)) if done.security_layer.is_none()));
    }
}

/// The names are the registered ones, whatever a list says.
#[test]
fn kerberos_has_a_name_of_its_own() {
    assert_ne!(gs2_name(KERBEROS), GS2_KRB5.name);
    assert_eq!(GS2_KRB5_PLUS.name.without_plus(), GS2_KRB5.name);
    assert_eq!(GSSAPI.name, MechanismName::new("GSSAPI"));
}
