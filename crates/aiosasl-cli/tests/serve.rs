//! `aiosasl serve`: what it prints, what it lets in, how it stops, and what it does when told to read its files again.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        LazyLock,
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use aiosasl::secret::Password;
use aiosasl_store::{
    Account, Accounts as _, CredentialPolicy, HashPolicy, Hasher, NameRule, PasswdFile,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take.
const SOON: Duration = Duration::from_secs(20);

/// Every field of an outcome.
const FIELDS: [&str; 11] = [
    "authentication_id",
    "authorization_id",
    "channel_binding",
    "code",
    "elapsed_ms",
    "mechanism",
    "outcome",
    "peer",
    "protocol",
    "reason",
    "tls",
];

/// A server that runs, and its lines.
struct Serving {
    child: Child,
    lines: Receiver<String>,
    logs: Receiver<String>,
    urls: Vec<String>,
    metrics: Option<String>,
}

fn lines_of(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

impl Serving {
    fn start(arguments: &[&str]) -> Self {
        Self::spawn(Command::new(env!("CARGO_BIN_EXE_aiosasl")).args(command_line(arguments)))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        let logs = lines_of(child.stderr.take().unwrap());
        let mut serving = Self { child, lines, logs, urls: Vec::new(), metrics: None };
        let ready: Value = serving.json();
        let each = ready["listening"].as_array().unwrap();
        serving.urls = each.iter().map(|it| it["url"].as_str().unwrap().to_owned()).collect();
        serving.metrics = ready["metrics"].as_str().map(str::to_owned);
        serving
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.lines.recv_timeout(SOON).unwrap()).unwrap()
    }

    /// The next outcome, as words.
    fn outcome(&self) -> [String; 5] {
        let outcome = self.json();
        let fields: Vec<&String> = outcome.as_object().unwrap().keys().collect();
        assert_eq!(fields, FIELDS);
        assert!(outcome["elapsed_ms"].is_number() && outcome["peer"].is_string());
        let word = |name: &str| match &outcome[name] {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => panic!("{name}: {other}"),
        };
        ["outcome", "protocol", "mechanism", "authentication_id", "reason"].map(word)
    }

    fn log(&self, wanted: &str) -> String {
        let mut all = String::new();
        loop {
            let line = self.logs.recv_timeout(SOON);
            let line = line.unwrap_or_else(|_| panic!("{wanted:?} is not in:\n{all}"));
            if line.contains(wanted) {
                return line;
            }
            all.push_str(&line);
            all.push('\n');
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < SOON, "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn port(&self, at: usize) -> u16 {
        self.urls[at].rsplit_once(':').unwrap().1.parse().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `user` with `pencil`, in a passwd-file that all tests share.
static ACCOUNTS: LazyLock<(TempDir, String)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    write_account(&path, "user", "pencil");
    let option = format!("file:{}", text(&path));
    (folder, option)
});

fn write_account(path: &Path, name: &str, password: &str) {
    let policy = CredentialPolicy { iterations: 4096, ..CredentialPolicy::default() };
    let hasher = Hasher::new(HashPolicy::default()).unwrap();
    let store = PasswdFile::open_or_make(path, NameRule::Saslprep).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut account = Account::new(NameRule::Saslprep.prepare(name).unwrap());
        account.credentials =
            policy.credentials(&hasher, &Password::new(password), "").await.unwrap();
        let name = account.name.clone();
        store.edit(&name, Box::new(move |_| Ok(Some(account.clone())))).await.unwrap();
    });
}

fn command_line<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let common = ["serve", "--accounts", &ACCOUNTS.1, "--iterations", "4096", "--json"];
    [&common, arguments].concat()
}

fn login(url: &str, user: &str, password: &str, options: &[&str]) -> (i32, Value) {
    let url = url.replacen("://", &format!("://{user}@"), 1);
    let output = Command::new(env!("CARGO_BIN_EXE_aiosasl"))
        .args(["login", &url, "--json"])
        .args(options)
        .env("AIOSASL_PASSWORD", password)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn words(outcome: [&str; 5]) -> [String; 5] {
    outcome.map(str::to_owned)
}

#[test]
fn right_wrong_and_unknown_over_every_protocol() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let schemes = [
        "imap",
        "imaps",
        "irc",
        "ircs",
        "ldap",
        "ldaps",
        "lmtp",
        "nntp",
        "nntps",
        "pop3",
        "pop3s",
        "sieve",
        "submission",
        "submissions",
        "smtp",
        "xmpp",
        "xmpps",
    ];
    let urls: Vec<_> = schemes.iter().map(|it| format!("{it}://localhost:0")).collect();
    let mut arguments: Vec<&str> = urls.iter().flat_map(|url| ["--listen", url]).collect();
    arguments.extend(["--ca-out", text(&ca), "--no-throttle"]);
    let mut serving = Serving::start(&arguments);
    assert_eq!(serving.urls.len(), schemes.len());
    for (scheme, url) in schemes.iter().zip(&serving.urls) {
        let protocol = scheme.strip_suffix('s').unwrap_or(scheme);
        let options = ["--ca", text(&ca)];
        let (status, json) = login(url, "user", "pencil", &options);
        assert_eq!((status, &json["result"]), (0, &"authenticated".into()), "{url}: {json}");
        assert_eq!(json["channel_binding"], "tls-exporter", "{url}");
        let mechanism = json["mechanism"].as_str().unwrap();
        assert!(mechanism.ends_with("-PLUS"), "{mechanism}");
        assert_eq!(serving.outcome(), words(["authenticated", protocol, mechanism, "user", "-"]));
        let wrong = login(url, "user", "pencim", &options);
        let unknown = login(url, "nobody", "pencil", &options);
        assert_eq!((wrong.0, unknown.0), (1, 1), "{url}");
        assert_eq!(wrong.1["error"], unknown.1["error"], "{url}: nobody can tell them apart");
        let refused = |reason| words(["refused", protocol, mechanism, "-", reason]);
        assert_eq!(serving.outcome(), refused("invalid-proof"));
        assert_eq!(serving.outcome(), refused("unknown-account"));
    }
    serving.signal("TERM");
    assert_eq!(serving.end().code(), Some(0));
}

#[test]
fn the_offer_is_what_was_named_and_plaintext_has_to_be_allowed() {
    let listen = ["--listen", "imap://127.0.0.1:0", "-m", "PLAIN", "-m", "SCRAM-SHA-1"];
    let serving = Serving::start(&listen);
    let (status, json) = login(&serving.urls[0], "user", "pencil", &["--tls", "off"]);
    assert_eq!((status, &json["offered"]), (0, &serde_json::json!(["SCRAM-SHA-1"])));
    let serving = Serving::start(&[&listen[..], &["--allow-plaintext"]].concat());
    let plain = ["--tls", "off", "-m", "PLAIN", "--allow-plaintext"];
    let (status, json) = login(&serving.urls[0], "user", "pencil", &plain);
    assert_eq!((status, &json["mechanism"]), (0, &"PLAIN".into()), "{json}");
    assert_eq!(serving.outcome(), words(["authenticated", "imap", "PLAIN", "user", "-"]));
}

#[test]
fn the_end_point_binds_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let serving = Serving::start(&["--listen", "imaps://127.0.0.1:0", "--ca-out", text(&ca)]);
    let options = ["--ca", text(&ca), "--binding-type", "tls-server-end-point"];
    let (status, json) = login(&serving.urls[0], "user", "pencil", &options);
    assert_eq!((status, &json["channel_binding"]), (0, &"tls-server-end-point".into()), "{json}");
}

/// A certificate for localhost that is its own authority, and its key.
fn write_certificate(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
}

#[test]
fn a_hang_up_brings_new_certificates_and_bad_ones_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    write_certificate(folder.path());
    let old = fs::read(&cert).unwrap();
    let trusted = folder.path().join("trusted.pem");
    let files = ["--cert", text(&cert), "--key", text(&key)];
    let mut serving = Serving::start(&[&["--listen", "imaps://localhost:0"], &files[..]].concat());
    let url = serving.urls[0].clone();
    let log_in = |trust: &[u8]| {
        fs::write(&trusted, trust).unwrap();
        login(&url, "user", "pencil", &["--ca", text(&trusted)]).0
    };
    assert_eq!(log_in(&old), 0);
    fs::write(&cert, "no certificate").unwrap();
    serving.signal("HUP");
    assert!(serving.log("stays as it was").contains("cert.pem"));
    assert_eq!(log_in(&old), 0);
    write_certificate(folder.path());
    serving.signal("HUP");
    serving.log("read the certificate again");
    assert_eq!(log_in(&old), 4, "the old one is gone");
    assert_eq!(log_in(&fs::read(&cert).unwrap()), 0);
    serving.signal("INT");
    assert_eq!(serving.end().code(), Some(0));
}

#[test]
fn a_hang_up_brings_new_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    write_account(&path, "user", "pencil");
    let accounts = format!("file:{}", text(&path));
    let serving = Serving::spawn(Command::new(env!("CARGO_BIN_EXE_aiosasl")).args([
        "serve",
        "--json",
        "--accounts",
        &accounts,
        "--listen",
        "imap://127.0.0.1:0",
    ]));
    let options = ["--tls", "off", "-m", "SCRAM-SHA-256"];
    assert_eq!(login(&serving.urls[0], "other", "pen", &options).0, 1);
    write_account(&path, "other", "pen");
    serving.signal("HUP");
    serving.log("read the certificate again");
    assert_eq!(login(&serving.urls[0], "other", "pen", &options).0, 0);
    fs::write(&path, "#aiosasl nothing\n").unwrap();
    serving.signal("HUP");
    serving.log("the accounts stay as they were");
    assert_eq!(login(&serving.urls[0], "other", "pen", &options).0, 0);
}

#[test]
fn a_certificate_comes_in_where_its_authority_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    fs::write(file("clients.pem"), authority.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "user");
    fs::write(file("user.pem"), params.signed_by(&key, &authority).unwrap().pem()).unwrap();
    fs::write(file("user.key"), key.serialize_pem()).unwrap();
    let (ca, clients) = (file("ca.pem"), file("clients.pem"));
    let listen = ["--listen", "imaps://localhost:0", "--ca-out", text(&ca)];
    let serving = Serving::start(&[&listen[..], &["--client-ca", text(&clients)]].concat());
    let (cert, key) = (file("user.pem"), file("user.key"));
    let options = ["--ca", text(&ca), "-m", "EXTERNAL"];
    let certificate = ["--client-cert", text(&cert), "--client-key", text(&key)];
    let options = [&options[..], &certificate].concat();
    let (status, json) = login(&serving.urls[0], "user", "", &options);
    assert_eq!((status, &json["mechanism"]), (0, &"EXTERNAL".into()), "{json}");
    assert_eq!(serving.outcome(), words(["authenticated", "imap", "EXTERNAL", "user", "-"]));
}

#[test]
fn accounts_in_sqlite_and_those_added_meanwhile_come_in() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = format!("sqlite:{}", text(&folder.path().join("a.db")));
    let add = |name: &str| {
        let added = Command::new(env!("CARGO_BIN_EXE_aiosasl"))
            .args(["account", "add", name, "--accounts", &accounts])
            .env("AIOSASL_PASSWORD", "pencil")
            .output()
            .unwrap();
        assert!(added.status.success(), "{added:?}");
    };
    add("user");
    let mut serving = Serving::spawn(Command::new(env!("CARGO_BIN_EXE_aiosasl")).args([
        "serve",
        "--json",
        "--allow-plaintext",
        "--accounts",
        &accounts,
        "--listen",
        "imap://127.0.0.1:0",
    ]));
    add("other");
    for user in ["user", "other"] {
        for mechanism in ["SCRAM-SHA-1", "SCRAM-SHA-512", "PLAIN"] {
            let options = ["--tls", "off", "--allow-plaintext", "-m", mechanism];
            let (status, json) = login(&serving.urls[0], user, "pencil", &options);
            assert_eq!(status, 0, "{user} {mechanism}: {json}");
            let came = words(["authenticated", "imap", mechanism, user, "-"]);
            assert_eq!(serving.outcome(), came);
            assert_eq!(login(&serving.urls[0], user, "wrong", &options).0, 1);
            assert_eq!(serving.outcome()[0], "refused");
        }
    }
    serving.signal("TERM");
    assert_eq!(serving.end().code(), Some(0));
}

#[test]
fn failures_are_throttled() {
    let serving = Serving::start(&["--listen", "imap://127.0.0.1:0"]);
    let options = ["--tls", "off", "-m", "SCRAM-SHA-256"];
    let quick = (0..5).map(|_| login(&serving.urls[0], "user", "wrong", &options));
    assert!(quick.map(|(status, _)| status).all(|status| status == 1));
    let (status, json) = login(&serving.urls[0], "user", "wrong", &options);
    assert_eq!(status, 1);
    assert!(json["elapsed_ms"].as_f64().unwrap() >= 250.0, "it has to wait: {json}");
    let (status, json) = login(&serving.urls[0], "user", "pencil", &options);
    assert_eq!(status, 0, "{json}");
}

/// What an HTTP server answers.
fn get(url: &str) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn metrics_count_what_happened() {
    let serving = Serving::start(&["--listen", "imap://127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
    let options = ["--tls", "off", "-m", "SCRAM-SHA-256"];
    login(&serving.urls[0], "user", "pencil", &options);
    login(&serving.urls[0], "user", "wrong", &options);
    let url = serving.metrics.clone().unwrap();
    let page = get(&url);
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.ends_with("# EOF\n"), "{page}");
    let labels = "protocol=\"imap\",mechanism=\"SCRAM-SHA-256\"";
    for line in [
        "aiosasl_connections_total{protocol=\"imap\"} 2".to_owned(),
        format!("aiosasl_logins_total{{{labels},outcome=\"authenticated\"}} 1"),
        format!("aiosasl_logins_total{{{labels},outcome=\"refused\"}} 1"),
        "aiosasl_refusals_total{protocol=\"imap\",reason=\"invalid-proof\"} 1".to_owned(),
        format!("aiosasl_login_duration_seconds_count{{{labels}}} 2"),
    ] {
        assert!(page.lines().any(|it| it == line), "{line} in {page}");
    }
    assert!(!page.contains("pencil") && !page.contains("user"), "{page}");
    assert!(get(&url.replace("metrics", "")).starts_with("HTTP/1.1 404"));
}

#[test]
fn logs_can_be_json_and_hold_no_secret() {
    let logs = ["--log", "debug", "--log-format", "json", "--allow-plaintext"];
    let serving = Serving::start(&[&["--listen", "imap://127.0.0.1:0"], &logs[..]].concat());
    let options = ["--tls", "off", "-m", "PLAIN", "--allow-plaintext"];
    login(&serving.urls[0], "user", "pencil", &options);
    let line = serving.log("authenticated");
    let json: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&json["level"], &json["user"]), (&"DEBUG".into(), &"user".into()), "{line}");
    assert!(!line.contains("pencil"));
}

#[test]
fn people_get_lines_as_well() {
    let mut serving = Command::new(env!("CARGO_BIN_EXE_aiosasl"))
        .args(["serve", "--accounts", &ACCOUNTS.1, "--listen", "imap://127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = lines_of(serving.stdout.take().unwrap());
    let first = lines.recv_timeout(SOON).unwrap();
    let url = first.strip_prefix("listening on ").unwrap();
    login(url, "user", "pencil", &["--tls", "off", "-m", "SCRAM-SHA-1"]);
    let line = lines.recv_timeout(SOON).unwrap();
    serving.kill().unwrap();
    serving.wait().unwrap();
    assert!(line.starts_with("authenticated  imap        SCRAM-SHA-1 "), "{line}");
    assert!(line.contains("user  from 127.0.0.1:") && line.contains(", in the clear, "), "{line}");
}

#[test]
fn too_few_files_keep_nobody_out() {
    let binary = env!("CARGO_BIN_EXE_aiosasl");
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 48 && exec \"$0\" \"$@\"", binary]);
    let serving = Serving::spawn(shell.args(command_line(&["--listen", "imap://127.0.0.1:0"])));
    let address = ("127.0.0.1", serving.port(0));
    let silent: Vec<_> = (0..80).map(|_| TcpStream::connect(address).unwrap()).collect();
    serving.log("can't accept a connection");
    let (status, json) = login(&serving.urls[0], "user", "pencil", &["--tls", "off"]);
    assert_eq!(status, 0, "{json}");
    drop(silent);
}

#[test]
fn more_than_may_be_here_keep_nobody_out() {
    let serving = Serving::start(&["--listen", "imap://127.0.0.1:0", "--max-connections", "20"]);
    let address = ("127.0.0.1", serving.port(0));
    let silent: Vec<_> = (0..50).map(|_| TcpStream::connect(address).unwrap()).collect();
    let (status, json) = login(&serving.urls[0], "user", "pencil", &["--tls", "off"]);
    assert_eq!(status, 0, "{json}");
    drop(silent);
}

fn fails(arguments: &[&str]) -> (Option<i32>, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_aiosasl"))
        .args(arguments)
        .env_remove("AIOSASL_PASSWORD")
        .output()
        .unwrap();
    assert!(output.stdout.is_empty());
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn wrong_usage_and_taken_ports_are_told() {
    for (arguments, expected) in [
        (&["--listen", "gopher://x"][..], "imaps"),
        (&["--listen", "imap://user@127.0.0.1"], "no user"),
        (&["--listen", "imap://127.0.0.1:0", "-m", "NO-SUCH"], "no such mechanism"),
        (&["--listen", "imap://127.0.0.1:0", "--cert", "c"], "--key"),
        (&["--listen", "imap://127.0.0.1:0", "--cert", "/no/c", "--key", "/no/k"], "/no/c"),
        (&["--listen", "imap://127.0.0.1:0", "--log", "a=b=c"], "--log"),
        (&["--listen", "imap://127.0.0.1:0", "--ipv4-prefix", "33"], "33"),
    ] {
        let (status, said) = fails(&command_line(arguments));
        assert_eq!(status, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("imap://{}", taken.local_addr().unwrap());
    let (status, said) = fails(&command_line(&["--listen", &url]));
    assert_eq!(status, Some(4), "{said}");
    assert!(said.contains("can't listen on"), "{said}");
}
