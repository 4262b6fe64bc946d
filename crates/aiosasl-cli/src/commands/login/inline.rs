//! What is asked for together with a login, where the protocol has room for it: XMPP's resource, and tokens.

use std::path::PathBuf;

use aiosasl_profiles::{
    net::{Granted, Protocol, Sasl2Options, TokenWish},
    xmpp::sasl2::{Bind, TokenUse, UserAgent},
};
use clap::Args;

use crate::{fast, status::Failure};

/// What is asked for together with a login.
#[derive(Debug, Args)]
pub(super) struct Inline {
    /// Ask for a token for later logins, and write it into FILE, which its owner alone may read; for --token-file (XMPP,
    /// XEP-0484)
    #[arg(long, value_name = "FILE")]
    fast_token_out: Option<PathBuf>,
    /// Log in with the token for the last time: the server is to forget it (XMPP, XEP-0484)
    #[arg(long)]
    forget_token: bool,
    /// Bind a resource with the login, whose name begins with TAG (XMPP, XEP-0386)
    #[arg(long, value_name = "TAG", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    bind: Option<String>,
}

impl Inline {
    /// The same, for the shell; with the user agent that the token was given to, where we log in with one.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 where something is wanted that the protocol has no room for.
    pub(super) fn wishes(
        &self,
        protocol: Protocol,
        user_agent: Option<String>,
    ) -> Result<Sasl2Options, Failure> {
        let wants = self.fast_token_out.is_some() || self.forget_token || self.bind.is_some();
        if wants && protocol != Protocol::Xmpp {
            return Err(Failure::usage(
                "--fast-token-out, --forget-token and --bind are for XMPP alone",
            ));
        }
        let tag = |tag: &String| Some(tag.clone()).filter(|it| !it.is_empty());
        Ok(Sasl2Options {
            user_agent: user_agent.map(|id| UserAgent { id: Some(id), ..UserAgent::default() }),
            bind: self.bind.as_ref().map(|it| Bind { tag: tag(it) }),
            token: match self.fast_token_out {
                Some(_) => TokenWish::Wanted,
                None => TokenWish::None,
            },
            token_use: if self.forget_token { TokenUse::Invalidated } else { TokenUse::Kept },
        })
    }

    /// Keeps the token that was given, where one was wanted; says so where there is none.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 where the file can't be written.
    pub(super) fn keep(&self, granted: Option<&Granted>) -> Result<(), Failure> {
        let Some(path) = &self.fast_token_out else { return Ok(()) };
        if let Some(token) = granted.and_then(|it| it.token.as_ref()) {
            return fast::keep(path, token);
        }
        anstream::eprintln!("aiosasl: warning: the server has given no token");
        Ok(())
    }
}
