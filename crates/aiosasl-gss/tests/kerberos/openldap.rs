//! Our client logs in to OpenLDAP's server by a ticket, and asks it who it is, through the layer that was negotiated.

use std::{
    env, fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use aiosasl::{
    Authenticated, ClientExchange, ClientStep,
    binding::ClientBinding,
    credentials::Credentials,
    driver::{Layered, Reply},
    layer::LayerRules,
    mechanism::{ClientContext, Mechanism, Offered, Rules, Service},
    mechanisms::gssapi::{GS2_KRB5, GSS_SPNEGO, GSSAPI},
    message::ServerMessage,
    nonce::Nonce,
    query::ClientQuery,
};
use aiosasl_gss::Provider;
use aiosasl_profiles::ldap::{
    self, ExtendedRequest, Message, Operation, ResultCode, client::Exchange,
};

use crate::realm::{Files, NAME};

/// "Who am I?" (RFC 4532).
const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
/// How long the server may take for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A login with and without each layer, and what the server says of us inside it.
pub(crate) fn a_directory_knows_who_we_are(files: &Files) {
    let Some(program) = find("slapd") else {
        println!("NOT RUN: there is no slapd; apt-get install slapd libsasl2-modules-gssapi-mit");
        return;
    };
    let directory = Directory::start(&program, files);
    for (mechanism, bounds, strength) in [
        (&GSSAPI, (0, 0), 0),
        (&GSSAPI, (1, 1), 1),
        (&GSSAPI, (2, 256), 256),
        (&GSS_SPNEGO, (2, 256), 256),
        (&GS2_KRB5, (0, 0), 0),
    ] {
        let rules =
            LayerRules { min_strength: bounds.0, max_strength: bounds.1, ..LayerRules::NONE };
        let mut stream = directory.connect();
        let (done, next_id) = log_in(&mut stream, mechanism, rules, files);
        let done = done.unwrap_or_else(|error| panic!("{}: {error}", mechanism.name));
        assert!(done.server_verified);
        let found = done.security_layer.as_ref().map_or(0, |it| it.strength());
        assert_eq!(found, strength, "{}", mechanism.name);
        let told = match done.security_layer {
            Some(layer) => {
                let mut layered = Layered::new(stream, layer, b"").expect("nothing was read");
                who_am_i(&mut layered, next_id)
            }
            None => who_am_i(&mut stream, next_id),
        };
        let name = mechanism.name.as_str().to_ascii_lowercase();
        let realm = NAME.to_ascii_lowercase();
        assert_eq!(told, format!("dn:uid=user,cn={realm},cn={name},cn=auth"));
    }
}

/// One login, and the number of the next request.
fn log_in(
    stream: &mut TcpStream,
    mechanism: &Mechanism,
    layers: LayerRules,
    files: &Files,
) -> (Result<Authenticated, String>, u32) {
    let provider = Provider::load().expect("the library").with_ccache(&files.ccache);
    let service = Some(Service::new("ldap", "localhost"));
    let context = ClientContext {
        credentials: &Credentials::none(),
        binding: ClientBinding::Unsupported,
        nonce: Nonce::random().expect("randomness"),
        rules: Rules { layers, service, ..Rules::default() },
        offered: Offered::default(),
    };
    let half = (mechanism.client)(&context).expect("a ticket");
    let mut client = ClientExchange::with_profile(half, ldap::PROFILE);
    let mut exchange = Exchange::new(1);
    let mut step = client.start();
    let result = loop {
        step = match step {
            Ok(ClientStep::Send(message)) => {
                let frame = exchange.request(&message).expect("it fits");
                stream.write_all(&frame).expect("it listens");
                match exchange.hear(&read(stream)) {
                    Ok(reply) => client.receive(heard(reply)),
                    Err(error) => break Err(error.to_string()),
                }
            }
            Ok(ClientStep::Ask(ClientQuery::Gss(gss))) => {
                client.answer(gss.initiate_with(&provider).into_client_answer())
            }
            Ok(ClientStep::Ask(query)) => panic!("nobody can answer {query:?}"),
            Ok(ClientStep::Done(done)) => break Ok(done),
            Err(error) => break Err(error.to_string()),
        };
    };
    (result, exchange.next_id())
}

fn heard(reply: Reply) -> ServerMessage {
    match reply {
        Reply::Challenge(it) => ServerMessage::Challenge(it),
        Reply::Success(additional_data) => ServerMessage::Success { additional_data },
        Reply::Failure => panic!("nobody has given up"),
    }
}

fn who_am_i(stream: &mut (impl Read + Write), id: u32) -> String {
    let request = ExtendedRequest { name: WHO_AM_I.to_owned(), value: None };
    let frame = Message::new(id, Operation::ExtendedRequest(request)).to_frame().expect("it fits");
    stream.write_all(&frame).expect("it listens");
    let Operation::ExtendedResponse(answer) = read(stream).operation else {
        panic!("expected the answer")
    };
    assert_eq!(answer.result.code, ResultCode::SUCCESS);
    let value = answer.value.expect("a name");
    String::from_utf8(value.expose().to_vec()).expect("text")
}

/// The next message.
fn read(stream: &mut impl Read) -> Message {
    let mut frame = Vec::new();
    let length = loop {
        if let Some(length) = ldap::measure(&frame).expect("a message") {
            break length;
        }
        frame.push(0);
        let last = frame.len() - 1;
        stream.read_exact(&mut frame[last..]).expect("a message");
    };
    let there = frame.len();
    frame.resize(length, 0);
    stream.read_exact(&mut frame[there..]).expect("a message");
    Message::parse(&frame).expect("a message")
}

/// A directory server with a key of the realm, and nothing in it.
struct Directory {
    server: Child,
    port: u16,
}

impl Directory {
    fn start(program: &Path, files: &Files) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let conf = files.folder.join("slapd.conf");
        let room = files.folder.display();
        let text = format!(
            "pidfile {room}/slapd.pid\nargsfile {room}/slapd.args\nsasl-host localhost\nsasl-realm {NAME}\n"
        );
        fs::write(&conf, text).expect("a file");
        let server = Command::new(program)
            .args(["-d", "0", "-h", &format!("ldap://127.0.0.1:{port}/"), "-f"])
            .arg(&conf)
            .env("KRB5_KTNAME", &files.keytab)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let directory = Self { server, port };
        drop(directory.connect());
        directory
    }

    fn connect(&self) -> TcpStream {
        let end = Instant::now() + PATIENCE;
        loop {
            match TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
                    return stream;
                }
                Err(error) => assert!(Instant::now() < end, "slapd does not listen: {error}"),
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}
