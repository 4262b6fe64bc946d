//! A program with its three streams in our hands: lines and prompts as they come, and an end that is always made.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// For one line of a program that has nothing to wait for.
const LINE_LIMIT: Duration = Duration::from_secs(10);
/// The longest line.
const MAX_LINE: usize = 1 << 20;
/// How a question that ends no line may begin.
const PROMPTS: [&str; 3] = ["Enter ", "Password", "Validate "];

/// What a program does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// A line on standard output.
    Line(String),
    /// A line on standard error.
    Told(String),
    /// A question that ends no line, on either.
    Asked(String),
    /// Both are closed.
    End,
}

/// A program; dropped, it has ended.
pub(super) struct Pipe {
    child: Child,
    input: Option<ChildStdin>,
    events: Receiver<Event>,
    /// All that went to and fro, for people.
    log: Vec<String>,
    ended: bool,
}

impl Pipe {
    pub(super) fn open(mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {command:?}"))?;
        let (sender, events) = mpsc::channel();
        let input = child.stdin.take();
        let streams = (child.stdout.take(), child.stderr.take());
        let (Some(stdout), Some(stderr)) = streams else { bail!("no pipes") };
        let other = sender.clone();
        thread::spawn(move || read(stdout, &sender, Event::Line));
        thread::spawn(move || read(stderr, &other, Event::Told));
        let log = vec![format!("$ {command:?}")];
        Ok(Self { child, input, events, log, ended: false })
    }

    /// The next thing that it does.
    pub(super) fn next(&mut self) -> Result<Event> {
        if self.ended {
            return Ok(Event::End);
        }
        let event = match self.events.recv_timeout(LINE_LIMIT) {
            Ok(event) => event,
            Err(RecvTimeoutError::Disconnected) => Event::End,
            Err(RecvTimeoutError::Timeout) => {
                self.log.push("  it is silent".to_owned());
                bail!("silent for {} s", LINE_LIMIT.as_secs());
            }
        };
        match &event {
            Event::Line(line) => self.log.push(format!("  < {line}")),
            Event::Told(line) => self.log.push(format!("  ! {line}")),
            Event::Asked(prompt) => self.log.push(format!("  ? {prompt}")),
            Event::End => self.ended = true,
        }
        Ok(event)
    }

    /// Hands it a line; one that is gone needs none.
    pub(super) fn say(&mut self, line: &str) {
        self.log.push(format!("  > {line}"));
        if let Some(input) = &mut self.input {
            let sent = input.write_all(format!("{line}\n").as_bytes());
            sent.and_then(|()| input.flush()).ok();
        }
    }

    /// There is nothing more to come.
    pub(super) fn close(&mut self) {
        self.input = None;
    }

    /// Closes its input and waits for its end: the exit status.
    pub(super) fn end(&mut self) -> Result<i32> {
        self.close();
        let deadline = Instant::now() + LINE_LIMIT;
        while self.next()? != Event::End {
            if Instant::now() > deadline {
                bail!("it does not end");
            }
        }
        let status = self.child.wait()?;
        self.log.push(format!("  {status}"));
        Ok(status.code().unwrap_or(-1))
    }

    pub(super) fn log(&self) -> String {
        self.log.join("\n")
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // Gone already, mostly.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Until the stream's end; a line that never ends is cut.
fn read(mut stream: impl Read, events: &Sender<Event>, line: fn(String) -> Event) {
    let mut pending = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        pending.extend_from_slice(chunk.get(..count).unwrap_or_default());
        while let Some(end) = pending.iter().position(|octet| *octet == b'\n') {
            let rest = pending.split_off(end + 1);
            let text = String::from_utf8_lossy(&pending);
            if events.send(line(text.trim_end_matches(['\r', '\n']).to_owned())).is_err() {
                return;
            }
            pending = rest;
        }
        let text = String::from_utf8_lossy(&pending);
        let asks = text.ends_with(": ") || text.ends_with("(y/n) ");
        if asks && PROMPTS.iter().any(|start| text.starts_with(start)) {
            if events.send(Event::Asked(text.into_owned())).is_err() {
                return;
            }
            pending.clear();
        }
        if pending.len() > MAX_LINE {
            return;
        }
    }
    if !pending.is_empty() {
        events.send(line(String::from_utf8_lossy(&pending).into_owned())).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_prompts_and_the_end_are_told_apart() {
        let mut command = Command::new("sh");
        command.args(["-c", "printf 'Password: '; read it; echo \"got $it\"; exit 3"]);
        let mut pipe = Pipe::open(command).unwrap();
        assert_eq!(pipe.next().unwrap(), Event::Asked("Password: ".to_owned()));
        pipe.say("secret");
        assert_eq!(pipe.next().unwrap(), Event::Line("got secret".to_owned()));
        assert_eq!(pipe.end().unwrap(), 3);
        assert!(pipe.log().contains("< got secret"));
    }
}
