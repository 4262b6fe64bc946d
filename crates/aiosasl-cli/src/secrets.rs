//! Where passwords come from: a file, standard input, the environment, or a prompt; never the command line.

use std::{
    env, fs,
    io::{self, IsTerminal as _, Read as _},
    path::{Path, PathBuf},
};

use aiosasl::secret::{Password, Secret};
use clap::Args;

use crate::status::Failure;

/// The longest password, in octets.
pub(crate) const MAX_PASSWORD: usize = 65_536;

/// Where the password is.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PasswordSource {
    /// Read the password from FILE (`-`: standard input); one newline at its end is dropped. Without it:
    /// $AIOSASL_PASSWORD, or a prompt on a terminal
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

impl PasswordSource {
    /// Whether the password is to be read from standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        self.password_file.as_deref() == Some(Path::new("-"))
    }

    /// The password, where one was given without a prompt.
    pub(crate) fn given(&self) -> Result<Option<Password>, Failure> {
        if let Some(path) = &self.password_file {
            return read(path).map(Some);
        }
        match env::var("AIOSASL_PASSWORD") {
            Ok(password) => Ok(Some(Password::new(password))),
            Err(env::VarError::NotPresent) => Ok(None),
            Err(env::VarError::NotUnicode(_)) => {
                Err(Failure::usage("expected UTF-8 in $AIOSASL_PASSWORD"))
            }
        }
    }

    /// The password; asked for at the terminal where it was not given, and `None` where there is no terminal.
    pub(crate) fn given_or_asked(&self, prompt: &str) -> Result<Option<Password>, Failure> {
        if let Some(password) = self.given()? {
            return Ok(Some(password));
        }
        if !io::stdin().is_terminal() {
            return Ok(None);
        }
        rpassword::prompt_password(prompt)
            .map(|password| Some(Password::new(password)))
            .map_err(|error| Failure::usage(format!("can't ask for the password: {error}")))
    }
}

/// Where a bearer token is.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TokenSource {
    /// Read an OAuth bearer token, or what --fast-token-out has written, from FILE (`-`: standard input); one newline at its
    /// end is dropped. Without it: $AIOSASL_TOKEN
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

impl TokenSource {
    /// Whether the token is to be read from standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        self.token_file.as_deref() == Some(Path::new("-"))
    }

    /// The token, where one was given.
    pub(crate) fn given(&self) -> Result<Option<Secret>, Failure> {
        if let Some(path) = &self.token_file {
            return read(path).map(|text| Some(Secret::new(text.expose())));
        }
        match env::var("AIOSASL_TOKEN") {
            Ok(token) => Ok(Some(Secret::from(token))),
            Err(env::VarError::NotPresent) => Ok(None),
            Err(env::VarError::NotUnicode(_)) => {
                Err(Failure::usage("expected UTF-8 in $AIOSASL_TOKEN"))
            }
        }
    }

    /// The token, for mechanisms that need one.
    pub(crate) fn needed(&self) -> Result<Secret, Failure> {
        let missing = || Failure::usage("expected a token: --token-file or $AIOSASL_TOKEN");
        self.given()?.ok_or_else(missing)
    }
}

/// The content of a file as a password.
pub(crate) fn read(path: &Path) -> Result<Password, Failure> {
    let failure = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("can't read {}: {error}", path.display()))
    };
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().take(MAX_PASSWORD as u64 + 1).read_to_string(&mut text)
    } else {
        fs::File::open(path)
            .and_then(|file| file.take(MAX_PASSWORD as u64 + 1).read_to_string(&mut text))
    };
    read.map_err(|error| failure(&error))?;
    if text.len() > MAX_PASSWORD {
        return Err(failure(&"longer than 64 KiB"));
    }
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(Password::new(text))
}
