//! A server's process: started in its own group, waited for, and ended by its pid whatever happens.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::run;

/// How long a server may take to answer on its port.
const START_LIMIT: Duration = Duration::from_secs(20);

/// Ends its process when dropped.
pub(crate) struct Process {
    name: String,
    pid: Pid,
    /// Absent for a daemon that went its own way and is known by its pid file alone.
    child: Option<Child>,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, whose output goes to `log`.
    pub(crate) fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let out = File::create(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
            bail!("{name} has no usable pid");
        };
        Ok(Self { name: name.to_owned(), pid, child: Some(child), log: log.to_owned() })
    }

    /// Adopts a daemon by the pid that it wrote into `file`.
    pub(crate) fn adopt(name: &str, file: &Path, log: &Path) -> Result<Self> {
        let text = fs::read_to_string(file)
            .with_context(|| format!("{name} wrote no pid into {}", file.display()))?;
        let Some(pid) = text.trim().parse().ok().and_then(Pid::from_raw) else {
            bail!("{} holds no pid: {text:?}", file.display());
        };
        Ok(Self { name: name.to_owned(), pid, child: None, log: log.to_owned() })
    }

    /// Waits until something accepts on `port`, or says why nothing does.
    pub(crate) fn wait_for(&mut self, port: u16) -> Result<()> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        self.wait_until(|| TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok())
            .with_context(|| format!("waiting for port {port}"))
    }

    /// Waits until it is there, as this tells, or says why it is not.
    pub(crate) fn wait_until(&mut self, is_there: impl Fn() -> bool) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        while !is_there() {
            if !self.alive() {
                bail!("{} ended at once:\n{}", self.name, tail(&self.log));
            }
            if Instant::now() > deadline {
                bail!("{} does not answer:\n{}", self.name, tail(&self.log));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn alive(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => test_kill_process(self.pid).is_ok() && !is_zombie(self.pid),
        }
    }

    fn end(&mut self) {
        if !self.alive() {
            return;
        }
        if let Some(child) = &mut self.child {
            run::end(child).ok();
            return;
        }
        kill_process(self.pid, Signal::TERM).ok();
        let deadline = Instant::now() + run::END_LIMIT;
        while self.alive() {
            if Instant::now() > deadline {
                kill_process(self.pid, Signal::KILL).ok();
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// A process that has ended but that nobody has asked about yet.
fn is_zombie(pid: Pid) -> bool {
    fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).is_ok_and(|stat| {
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
    })
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|it| String::from_utf8_lossy(&it).into_owned());
    let text = text.unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// As many free ports on 127.0.0.1 as there are names.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    let mut held = Vec::new();
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_process_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let process = Process::start("sleep", Command::new("sleep").arg("60"), &log).unwrap();
        let pid = process.pid;
        assert!(test_kill_process(pid).is_ok());
        drop(process);
        assert!(test_kill_process(pid).is_err());
    }

    #[test]
    fn a_server_that_ends_at_once_is_said_so_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let [port] = free_ports().unwrap();
        let mut process = Process::start(
            "broken",
            Command::new("sh").args(["-c", "echo no configuration; exit 1"]),
            &log,
        )
        .unwrap();
        let error = format!("{:#}", process.wait_for(port).unwrap_err());
        assert!(error.contains("broken ended at once"), "{error}");
        assert!(error.contains("no configuration"), "{error}");
    }
}
