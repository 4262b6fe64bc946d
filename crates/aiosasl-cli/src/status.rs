//! How the command ends: the exit statuses, and the one line on stderr that goes with a failure.

use std::{fmt, process::ExitCode};

/// An exit status of the command; the same for every subcommand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// 0: done; for `login`: authenticated.
    Done,
    /// 1: the peer refused the credentials or the authorization.
    Refused,
    /// 2: a bad option, URL or file.
    Usage,
    /// 3: the peer broke the protocol, policy said no, there is no usable mechanism, the server is not proven.
    Failed,
    /// 4: no connection, no TLS, no time.
    Unreachable,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Done => 0,
            Status::Refused => 1,
            Status::Usage => 2,
            Status::Failed => 3,
            Status::Unreachable => 4,
        })
    }
}

/// Why a command ended otherwise than well, in one line.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    pub(crate) text: String,
}

impl Failure {
    pub(crate) fn new(status: Status, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Status::Usage, text)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
