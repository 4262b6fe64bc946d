//! Structured logs on standard error.

use std::io::{self, IsTerminal as _};

use clap::{Args, ValueEnum};
use tracing_subscriber::{
    EnvFilter, Layer, filter::ParseError, fmt, layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::status::Failure;

/// What is logged, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logs and metrics")]
pub(super) struct LogOptions {
    /// What is logged on standard error: error, warn, info, debug, trace, off, or directives as `warn,aiosasl=debug`
    #[arg(long, value_name = "LEVEL", env = "AIOSASL_LOG", default_value = "info")]
    log: String,
    /// How it is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    log_format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl LogOptions {
    /// Logs from here on.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 where the level is none.
    pub(super) fn start(&self) -> Result<(), Failure> {
        let filter = EnvFilter::builder().parse(&self.log).map_err(|error: ParseError| {
            Failure::usage(format!("--log: expected a level or directives: {error}"))
        })?;
        let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let lines = fmt::layer().with_writer(io::stderr).with_ansi(colour);
        let lines = match self.log_format {
            Format::Text => lines.boxed(),
            Format::Json => lines.json().flatten_event(true).boxed(),
        };
        // Somebody else's subscriber is as good.
        let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
        Ok(())
    }
}
