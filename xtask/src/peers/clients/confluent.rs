//! librdkafka with its Python, from PyPI: newer than Debian's.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::peers::install;
use crate::run;

pub(super) const NAME: &str = "confluent-kafka";
const WANTED: &str = "confluent-kafka==2.16.1";

/// Installs it, once, into a place of its own.
pub(super) fn fetch() -> Result<()> {
    if said().is_some() {
        return Ok(());
    }
    fs::remove_dir_all(folder()).ok();
    let mut make = Command::new("/usr/bin/python3");
    let made = run::output(make.args(["-m", "venv"]).arg(folder()), run::SHORT)?;
    if !made.success() {
        bail!("no place for {WANTED}: {}", made.text());
    }
    install::with_retries(|| {
        let mut pip = Command::new(python());
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip.args(["--only-binary", ":all:", WANTED]);
        pip
    })
}

/// Its version, and that of librdkafka.
pub(super) fn version() -> String {
    said().unwrap_or_else(|| format!("{NAME}, version unknown"))
}

/// The Python that has it.
pub(super) fn python() -> PathBuf {
    folder().join("bin/python")
}

fn said() -> Option<String> {
    const SHOW: &str = "import confluent_kafka as it; \
                        print('confluent-kafka', it.__version__, 'with librdkafka', it.libversion()[0])";
    let said = run::output(Command::new(python()).args(["-c", SHOW]), run::SHORT).ok()?;
    said.success().then(|| said.stdout.trim().to_owned())
}

fn folder() -> PathBuf {
    run::target().join("peers/confluent-kafka")
}
