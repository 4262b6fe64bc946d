//! One exchange: ours and theirs in turn, message by message, and a line each inside the layer after that.

use anyhow::Result;

use super::ours::{Line, Ours};
use super::rows::{Ends, Half, Row};
use super::theirs::{Said, Theirs};

/// A conversation.
pub(super) struct Talk<'a> {
    pub(super) row: &'a Row,
    pub(super) ours: &'a mut Ours,
    pub(super) theirs: &'a mut dyn Theirs,
    /// What ours has to hear after the exchange, where anything follows.
    pub(super) said: Option<&'static str>,
    /// How many messages the server has said.
    pub(super) count: u32,
}

impl Talk<'_> {
    pub(super) fn run(&mut self) -> Result<Ends> {
        let granted = match self.row.ours {
            Half::Client => self.be_client()?,
            Half::Server => self.be_server()?,
        };
        if granted && self.said.is_some() {
            self.inside()?;
        }
        let (status, json) = self.ours.end()?;
        if self.row.ours == Half::Server && self.said.is_none() && status == 0 {
            self.theirs.succeed()?;
        }
        let content = self.theirs.end()?;
        let name = self.theirs.name();
        Ok(Ends { status, ours: json, theirs: content, name, said: self.said })
    }

    /// Until their server has decided: whether it is in our favour.
    fn be_client(&mut self) -> Result<bool> {
        let first = match self.ours.hear()? {
            Line::Message(first) => Some(first),
            Line::Nothing => None,
            Line::Abort | Line::End => return Ok(false),
        };
        let mut said = self.theirs.begin(first.as_deref())?;
        loop {
            said = match said {
                Said::Message(message) => {
                    self.ours.say(&message);
                    if self.are_last_words() {
                        // Ours is content, and says nothing more.
                        self.theirs.step("")?
                    } else {
                        match self.ours.hear()? {
                            Line::Message(response) => self.theirs.step(&response)?,
                            Line::Nothing | Line::Abort | Line::End => return Ok(false),
                        }
                    }
                }
                Said::In => {
                    if last_words(&self.row.mechanism).is_none() && self.said.is_some() {
                        self.ours.say_nothing();
                    }
                    return Ok(true);
                }
                Said::Nothing | Said::Out => return Ok(false),
            };
        }
    }

    /// Until our server has decided: whether it is in their favour.
    fn be_server(&mut self) -> Result<bool> {
        match self.theirs.first()? {
            Said::Message(first) => self.ours.say(&first),
            Said::Nothing => self.ours.say_nothing(),
            Said::In | Said::Out => return Ok(false),
        }
        loop {
            match self.ours.hear()? {
                Line::Message(challenge) => {
                    let said = self.theirs.step(&challenge)?;
                    if self.are_last_words() {
                        return Ok(said != Said::Out);
                    }
                    match said {
                        Said::Message(response) => self.ours.say(&response),
                        Said::In | Said::Nothing | Said::Out => return Ok(false),
                    }
                }
                Line::Nothing => return Ok(true),
                Line::Abort | Line::End => return Ok(false),
            }
        }
    }

    /// Counts a message of the server's: whether it is its last.
    fn are_last_words(&mut self) -> bool {
        self.count += 1;
        Some(self.count) == last_words(&self.row.mechanism)
    }

    fn inside(&mut self) -> Result<()> {
        if let Line::Message(ours) = self.ours.hear()?
            && let Some(theirs) = self.theirs.inside(&ours)?
        {
            self.ours.say(&theirs);
        }
        Ok(())
    }
}

/// Which of the server's messages is its last, where it proves itself with it: the client's answer would be empty.
pub(super) fn last_words(mechanism: &str) -> Option<u32> {
    match mechanism {
        "DIGEST-MD5" | "OPENID20" => Some(2),
        "GS2-KRB5" | "GS2-KRB5-PLUS" | "GSS-SPNEGO" => Some(1),
        _ if mechanism.starts_with("SCRAM-") => Some(2),
        _ => None,
    }
}
