//! Which version of somebody else's program it is, as the system's packages, or the program itself, say.

use std::path::Path;
use std::process::Command;

use crate::peers::{Peer, backports, proton, tansu};
use crate::run;

/// Asks for package and version.
type Ask = fn() -> Option<String>;

/// Programs that are not where a package of the system put them, or that bear another name than their package.
const OTHERS: [(&str, Ask); 4] = [
    // What is in the path is only a script that looks for the newest.
    ("postgres", || of_package("postgresql-15")),
    ("prosody13", backports::version),
    ("proton", proton::version),
    ("tansu", tansu::version),
];

/// Package and version of a server.
pub(crate) fn of_peer(peer: &Peer) -> String {
    let own = OTHERS.iter().find(|(name, _)| *name == peer.name);
    let found = match own {
        Some((_, version)) => version(),
        None => run::find_program(peer.program)
            .and_then(|program| owner(&program))
            .and_then(|package| of_package(&package))
            .or_else(|| first(peer.packages)),
    };
    found.unwrap_or_else(|| format!("{}, version unknown", peer.program))
}

/// The same of what comes from these packages.
pub(crate) fn of_packages(packages: &[&str]) -> String {
    first(packages).unwrap_or_else(|| format!("{}, version unknown", packages.join(" ")))
}

fn first(packages: &[&str]) -> Option<String> {
    packages.iter().find_map(|package| of_package(package))
}

/// The package that a file is from.
fn owner(file: &Path) -> Option<String> {
    // A link's target: alternatives belong to nobody.
    let file = file.canonicalize().ok()?;
    let said =
        run::output(Command::new("dpkg-query").arg("--search").arg(file), run::SHORT).ok()?;
    let (package, _) = said.stdout.split_once(':').filter(|_| said.success())?;
    Some(package.to_owned())
}

/// A package with its version.
fn of_package(package: &str) -> Option<String> {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat", "${Package} ${Version}", package]);
    let said = run::output(&mut query, run::SHORT).ok()?;
    let line = said.stdout.trim();
    // One that was removed is still listed, without a version.
    (said.success() && line.contains(' ')).then(|| line.to_owned())
}
