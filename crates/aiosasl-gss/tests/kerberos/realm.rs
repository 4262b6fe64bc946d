//! A Kerberos realm that lives as long as the value: MIT's programs, on a free port of the loopback interface.

use std::{
    env,
    ffi::OsStr,
    fs,
    io::Write,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The realm's name.
pub(crate) const NAME: &str = "AIOSASL.TEST";

/// The programs.
const PROGRAMS: [&str; 4] = ["kdb5_util", "kadmin.local", "krb5kdc", "kinit"];

/// A running key distribution centre.
pub(crate) struct Realm {
    folder: PathBuf,
    centre: Child,
}

/// What the checks need to know.
pub(crate) struct Files {
    pub(crate) folder: PathBuf,
    pub(crate) ccache: String,
    pub(crate) keytab: String,
}

impl Files {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let file = |name: &str| format!("FILE:{}", folder.join(name).display());
        Self { folder: folder.into(), ccache: file("ccache"), keytab: file("keytab") }
    }
}

impl Realm {
    /// Starts one; or says what the machine lacks.
    ///
    /// # Panics
    ///
    /// Where the programs are there and do not work.
    pub(crate) fn start() -> Result<Self, String> {
        if let Some(lacking) = PROGRAMS.iter().find(|it| find(it).is_none()) {
            return Err(format!("there is no {lacking}"));
        }
        let folder = env::temp_dir().join(format!("aiosasl-gss-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let room = folder.display().to_string();
        let client = format!(
            "[libdefaults]\ndefault_realm = {NAME}\ndns_lookup_kdc = false\ndns_lookup_realm = false\nrdns = false\n\
             udp_preference_limit = 1\n[realms]\n{NAME} = {{\n kdc = 127.0.0.1:{port}\n}}\n"
        );
        fs::write(folder.join("krb5.conf"), client).expect("a file");
        let server = format!(
            "[kdcdefaults]\nkdc_listen = 127.0.0.1:{port}\nkdc_tcp_listen = 127.0.0.1:{port}\n[realms]\n{NAME} = {{\n \
             database_name = {room}/principal\n key_stash_file = {room}/stash\n}}\n[logging]\nkdc = FILE:{room}/kdc.log\n"
        );
        fs::write(folder.join("kdc.conf"), server).expect("a file");
        succeed(&folder, "kdb5_util", &["create", "-s", "-r", NAME, "-P", "master"], "");
        let keys = ["imap", "ldap"].map(|it| {
            format!("addprinc -randkey {it}/localhost\nktadd -q -k {room}/keytab {it}/localhost\n")
        });
        let script = format!("addprinc -pw pencil user\n{}", keys.concat());
        succeed(&folder, "kadmin.local", &["-r", NAME], &script);
        let centre =
            command(&folder, "krb5kdc").args(["-n", "-r", NAME]).spawn().expect("it starts");
        let realm = Self { folder, centre };
        Self::wait_for(port);
        succeed(
            &realm.folder,
            "kinit",
            &["-c", &format!("FILE:{room}/ccache"), "user"],
            "pencil\n",
        );
        Ok(realm)
    }

    pub(crate) fn folder(&self) -> &OsStr {
        self.folder.as_os_str()
    }

    /// Runs a program in the realm.
    pub(crate) fn run<'a>(
        &self,
        program: &OsStr,
        arguments: impl IntoIterator<Item = &'a OsStr>,
    ) -> ExitStatus {
        let mut command = Command::new(program);
        command.envs(environment(&self.folder)).args(arguments);
        command.status().expect("it runs")
    }

    fn wait_for(port: u16) {
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "the key distribution centre does not listen");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        self.centre.kill().ok();
        self.centre.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// What tells programs where the realm is; no ticket and no key but those that are named.
fn environment(folder: &Path) -> [(&'static str, String); 5] {
    let file = |name: &str| folder.join(name).display().to_string();
    [
        ("KRB5_CONFIG", file("krb5.conf")),
        ("KRB5_KDC_PROFILE", file("kdc.conf")),
        ("KRB5CCNAME", format!("FILE:{}", file("no-ccache"))),
        ("KRB5_KTNAME", format!("FILE:{}", file("no-keytab"))),
        ("KRB5RCACHENAME", "none:".into()),
    ]
}

fn command(folder: &Path, name: &str) -> Command {
    let mut command = Command::new(find(name).unwrap_or_else(|| name.into()));
    command.envs(environment(folder)).stdout(Stdio::null());
    command
}

fn succeed(folder: &Path, name: &str, arguments: &[&str], input: &str) {
    let mut command = command(folder, name);
    let mut child = command.args(arguments).stdin(Stdio::piped()).spawn().expect("it starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(input.as_bytes()).expect("it reads");
    drop(pipe);
    assert!(child.wait().expect("it ends").success(), "{command:?}");
}

fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}
