//! Logs in and sends a mail: `smtp_send submission://user@host:port FROM TO [CA-FILE]`, the mail from standard input, the
//! password in `$AIOSASL_PASSWORD`.
//!
//! The login is ours; what comes after it is any SMTP client's business.

mod common;

use std::{env, io, time::Duration};

use common::{Conversation, Fault, log_in};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, from, to, ca @ ..] = arguments.as_slice() else {
        return Err("expected URL FROM TO [CA-FILE], and a mail on standard input".into());
    };
    let mail = io::read_to_string(io::stdin())?;
    let sending = async {
        let mut conversation = log_in(url, ca.first().map(String::as_str)).await?;
        send(&mut conversation, from, to, &mail).await
    };
    tokio::time::timeout(Duration::from_secs(30), sending).await?
}

async fn send(
    conversation: &mut Conversation,
    from: &str,
    to: &str,
    mail: &str,
) -> Result<(), Fault> {
    command(conversation, &format!("MAIL FROM:<{from}>"), "250").await?;
    command(conversation, &format!("RCPT TO:<{to}>"), "250").await?;
    command(conversation, "DATA", "354").await?;
    for line in mail.lines() {
        // A line that begins with a dot gets another one (RFC 5321 section 4.5.2).
        let dot = if line.starts_with('.') { "." } else { "" };
        conversation.say(&format!("{dot}{line}")).await?;
    }
    let queued = command(conversation, ".", "250").await?;
    println!("{queued}");
    command(conversation, "QUIT", "221").await?;
    Ok(())
}

/// Gives a command, and hears its whole reply, whose last line it gives.
async fn command(
    conversation: &mut Conversation,
    command: &str,
    code: &str,
) -> Result<String, Fault> {
    conversation.say(command).await?;
    loop {
        let line = conversation.hear().await?;
        match line.strip_prefix(code) {
            Some(rest) if rest.starts_with('-') => {}
            Some(_) => return Ok(line),
            None => return Err(format!("{command}: {line}").into()),
        }
    }
}
