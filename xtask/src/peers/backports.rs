//! Prosody 13 from Debian's backports: its packages are fetched with apt lists of our own into
//! `target/peers` and unpacked beside the installed one. The system's sources stay as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::install;
use crate::run;

const WANTED: [&str; 2] = ["prosody", "prosody-modules"];

/// Fetches the packages unless they are there.
pub(crate) fn fetch() -> Result<()> {
    let cache = cache();
    if packages(&cache).is_ok_and(|it| it.len() == WANTED.len()) {
        return Ok(());
    }
    let work = tempfile::tempdir()?;
    let conf = configure(work.path())?;
    let debs = work.path().join("debs");
    for arguments in [&["update"][..], &["download", WANTED[0], WANTED[1]]] {
        install::with_retries(|| {
            let mut command = Command::new("apt-get");
            command.arg("-qq").args(arguments).env("APT_CONFIG", &conf).current_dir(&debs);
            command
        })?;
    }
    fs::remove_dir_all(&cache).ok();
    fs::create_dir_all(&cache)?;
    for package in packages(&debs)? {
        let name = package.file_name().context("a package without a name")?;
        fs::copy(&package, cache.join(name))?;
    }
    Ok(())
}

/// Writes an apt configuration whose lists, cache and only source are in `work`.
fn configure(work: &Path) -> Result<PathBuf> {
    let mirror = mirror()?;
    for folder in ["lists/partial", "cache/archives/partial", "debs"] {
        fs::create_dir_all(work.join(folder))?;
    }
    let place = work.display();
    fs::write(
        work.join("sources.list"),
        format!(
            "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror} \
             bookworm-backports main\n"
        ),
    )?;
    let conf = work.join("apt.conf");
    fs::write(
        &conf,
        format!(
            "Dir::Etc::sourcelist \"{place}/sources.list\";
Dir::Etc::sourceparts \"-\";
Dir::State::lists \"{place}/lists\";
Dir::Cache \"{place}/cache\";
APT::Sandbox::User \"root\";
"
        ),
    )?;
    Ok(conf)
}

/// Unpacks them below `root`.
pub(crate) fn unpack(root: &Path) -> Result<()> {
    fs::create_dir_all(root)?;
    for package in packages(&cache())? {
        let mut command = Command::new("dpkg");
        let said = run::output(command.arg("-x").arg(&package).arg(root), run::SHORT)?;
        if !said.success() {
            bail!("cannot unpack {}: {}", package.display(), said.text());
        }
    }
    Ok(())
}

/// What was fetched, with its version.
pub(crate) fn version() -> Option<String> {
    let fetched = packages(&cache()).ok()?;
    let server = fetched.iter().find(|it| {
        it.file_name().is_some_and(|name| name.to_string_lossy().starts_with("prosody_"))
    })?;
    let mut command = Command::new("dpkg-deb");
    command.args(["--show", "--showformat", "${Package} ${Version}"]).arg(server);
    let said = run::output(&mut command, run::SHORT).ok()?;
    said.success().then(|| said.stdout.trim().to_owned())
}

/// The mirror from which the system itself installs its bookworm packages.
fn mirror() -> Result<String> {
    let said = run::output(
        Command::new("apt-get").args([
            "indextargets",
            "--format",
            "$(REPO_URI) $(RELEASE)",
            "Created-By: Packages",
        ]),
        run::SHORT,
    )?;
    said.stdout
        .lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(_, release)| release.rsplit('/').next() == Some("bookworm"))
        .map(|(uri, _)| uri.to_owned())
        .context("apt has no source for bookworm, so it has no backports for it either")
}

fn packages(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "deb") {
            found.push(path);
        }
    }
    Ok(found)
}

fn cache() -> PathBuf {
    run::target().join("peers")
}
