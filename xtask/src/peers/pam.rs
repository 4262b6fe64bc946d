//! PAM services for the tests of the PAM back end: files in the system's folder, gone when they are done with.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use anyhow::{Result, bail};

use super::Variable;
use super::install;
use super::site::Site;
use crate::run;

/// What linking to PAM needs.
const PACKAGE: &str = "libpam0g-dev";
const FOLDER: &str = "/etc/pam.d";

/// The services; dropped, they are removed.
pub(crate) struct Services {
    files: Vec<PathBuf>,
    pub(crate) environment: Vec<Variable>,
}

/// Whether programs can be linked to PAM; the package is installed where that may be done.
pub(crate) fn is_linkable() -> bool {
    let links = || {
        let folder = tempfile::tempdir().ok()?;
        let mut command = Command::new("cc");
        command.arg("-shared").arg("-o").arg(folder.path().join("probe.so"));
        let said = run::output(command.args(["-Wl,--no-as-needed", "-lpam"]), run::SHORT).ok()?;
        said.success().then_some(())
    };
    links().is_some() || (install::packages(&[PACKAGE]).is_ok() && links().is_some())
}

impl Services {
    /// Makes the services, as root.
    pub(crate) fn make(site: &Site) -> Result<Self> {
        if !site.is_root {
            bail!("only root may add services to {FOLDER}");
        }
        if !Path::new(FOLDER).is_dir() {
            bail!("there is no {FOLDER}");
        }
        let room = site.room("pam")?;
        let [authenticate, account] = [("authenticate", AUTHENTICATE), ("account", ACCOUNT)]
            .map(|(name, text)| script(&room.join(name), text));
        let (authenticate, account) = (authenticate?, account?);
        let name = format!("aiosasl-test-{}", process::id());
        let text = format!(
            "auth [success=1 default=ignore] pam_exec.so expose_authtok quiet {authenticate}
auth requisite pam_deny.so
auth required pam_permit.so
account [success=1 default=ignore] pam_exec.so quiet {account}
account requisite pam_deny.so
account required pam_permit.so
"
        );
        let broken = "auth required pam_aiosasl_missing.so\naccount required pam_permit.so\n";
        let mut services = Self {
            files: Vec::new(),
            environment: vec![("AIOSASL_TEST_PAM", OsStr::new(&name).to_owned())],
        };
        for (name, text) in [(name.clone(), &*text), (format!("{name}-broken"), broken)] {
            let file = Path::new(FOLDER).join(name);
            services.files.push(file.clone());
            fs::write(&file, text)?;
        }
        Ok(services)
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        for file in &self.files {
            fs::remove_file(file).ok();
        }
    }
}

const AUTHENTICATE: &str = "#!/bin/sh
# The dot keeps a newline at the password's end.
password=$(cat; echo .)
if [ \"$PAM_USER\" = slow ]; then sleep 0.5; fi
case \"$PAM_USER:$password\" in
user:pencil. | closed:pencil. | slow:pencil.) exit 0 ;;
esac
exit 1
";

const ACCOUNT: &str = "#!/bin/sh
test \"$PAM_USER\" != closed
";

fn script(file: &Path, text: &str) -> Result<String> {
    fs::write(file, text)?;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))?;
    Ok(file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_makes_services_that_go_again() {
        let site = Site::new().unwrap();
        match Services::make(&site) {
            Ok(services) => {
                let files = services.files.clone();
                assert!(!files.is_empty() && files.iter().all(|it| it.is_file()));
                drop(services);
                assert!(files.iter().all(|it| !it.exists()));
            }
            Err(reason) => assert!(!site.is_root, "{reason:#}"),
        }
    }
}
