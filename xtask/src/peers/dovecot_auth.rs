//! A Dovecot that authenticates for another server, and serves nobody itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::dovecot::{Users, chroot, passwd_file};
use super::process::Process;
use super::site::{Site, open};
use crate::run;

/// The package that it needs.
pub(crate) const PACKAGE: &str = "dovecot-core";

const TRIES: u32 = 100;

/// Starts it in a room of another server's; the process, and the socket where it is asked.
pub(crate) fn start(site: &Site, room: &Path, name: &str) -> Result<(Process, PathBuf)> {
    let program = run::find_program("dovecot").context("dovecot is not installed")?;
    fs::create_dir_all(room)?;
    open(room)?;
    fs::write(room.join("passwd"), passwd_file())?;
    let users = if site.is_root { Users::package() } else { Users::ourselves()? };
    let conf = room.join("dovecot.conf");
    fs::write(&conf, configuration(room, &users))?;
    let command = &mut Command::new(program);
    let server = Process::start(name, command.arg("-F").arg("-c").arg(&conf), &room.join("out"))?;
    let socket = room.join("run/auth-client");
    for _ in 0..TRIES {
        if socket.exists() {
            // Whoever asks is not of Dovecot's own.
            open(&room.join("run"))?;
            fs::set_permissions(&socket, fs::Permissions::from_mode(0o666))?;
            return Ok((server, socket));
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    bail!("Dovecot made no {}", socket.display())
}

fn configuration(room: &Path, users: &Users) -> String {
    let room = room.display();
    let chroot = chroot(users);
    let Users { login, internal, group, .. } = users;
    format!(
        "protocols =
base_dir = {room}/run
state_dir = {room}/run
instance_name = aiosasl-peers-auth
log_path = {room}/log
auth_failure_delay = 0
auth_username_chars =
auth_username_format =
auth_mechanisms = plain login scram-sha-1 scram-sha-256 anonymous
disable_plaintext_auth = no
ssl = no
first_valid_uid = 1
default_vsz_limit = 0
default_login_user = {login}
default_internal_user = {internal}
default_internal_group = {group}
passdb {{
  driver = passwd-file
  args = username_format=%u {room}/passwd
  mechanisms = plain login scram-sha-1 scram-sha-256
}}
passdb {{
  driver = static
  args = nopassword=y
  mechanisms = anonymous
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent allow_all_users=yes
}}
service auth {{
  unix_listener auth-client {{
    mode = 0666
  }}
}}
service anvil {{
{chroot}  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
{chroot}}}
"
    )
}
