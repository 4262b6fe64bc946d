//! Logs in and lists the mailboxes: `imap_list imaps://user@host:port [CA-FILE]`, the password in `$AIOSASL_PASSWORD`.
//!
//! The login is ours; what comes after it is any IMAP client's business.

mod common;

use std::{env, time::Duration};

use common::{Fault, log_in};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, ca @ ..] = arguments.as_slice() else {
        return Err("expected URL [CA-FILE]".into());
    };
    let listing = list(url, ca.first().map(String::as_str));
    tokio::time::timeout(Duration::from_secs(30), listing).await?
}

async fn list(url: &str, ca: Option<&str>) -> Result<(), Fault> {
    let mut conversation = log_in(url, ca).await?;
    conversation.say("l1 LIST \"\" \"*\"").await?;
    loop {
        let line = conversation.hear().await?;
        // * LIST (\HasNoChildren) "." INBOX
        if let Some((_, name)) = line.strip_prefix("* LIST ").and_then(|it| it.rsplit_once(' ')) {
            println!("{name}");
        } else if let Some(outcome) = line.strip_prefix("l1 ") {
            if !outcome.starts_with("OK") {
                return Err(outcome.into());
            }
            break;
        }
    }
    conversation.say("l2 LOGOUT").await?;
    while !conversation.hear().await?.starts_with("l2 ") {}
    Ok(())
}
