//! What a mechanism asks the user (a realm, a code, a visit), and who answers for them.

use std::{
    collections::VecDeque,
    env,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use aiosasl::{
    query::{ClientAnswer, Question, Subject},
    secret::Secret,
};
use clap::Args;
use serde_json::json;

use crate::{secrets, status::Failure};

/// Where the answers are.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct AnswerSource {
    /// Read the answers to what the mechanism asks (one-time password, passcode, next passcode, new PIN) from FILE, one on
    /// each line, in the order of the questions. Without it: $AIOSASL_ANSWERS, or a prompt on a terminal
    #[arg(long, value_name = "FILE")]
    answers_file: Option<PathBuf>,
}

/// The answers that are left.
pub(super) struct Answers {
    realm: Option<String>,
    lines: VecDeque<Secret>,
}

impl AnswerSource {
    /// All that is known beforehand.
    pub(super) fn read(&self, realm: Option<String>) -> Result<Answers, Failure> {
        let text = match &self.answers_file {
            Some(path) if path == Path::new("-") => {
                let text = "the messages come from standard input, the answers can't";
                return Err(Failure::usage(text));
            }
            Some(path) => Some(secrets::read(path)?.expose().to_owned()),
            None => match env::var("AIOSASL_ANSWERS") {
                Ok(text) => Some(text),
                Err(env::VarError::NotPresent) => None,
                Err(env::VarError::NotUnicode(_)) => {
                    return Err(Failure::usage("expected UTF-8 in $AIOSASL_ANSWERS"));
                }
            },
        };
        let lines = text.iter().flat_map(|it| it.lines()).map(Secret::new).collect();
        Ok(Answers { realm, lines })
    }
}

impl Answers {
    /// The answer to one question; declined where nobody is there to answer it.
    pub(super) fn answer(&mut self, question: Question) -> Result<ClientAnswer, Failure> {
        let prompt = match question.subject() {
            Subject::Realm { offered } => match &self.realm {
                Some(realm) => return Ok(question.answer(realm.as_str())),
                None => format!("Realm, one of {}: ", offered.join(", ")),
            },
            Subject::OneTimePassword { challenge } => format!("One-time password to {challenge}: "),
            Subject::Passcode => "Passcode: ".to_owned(),
            Subject::NextPasscode => "The passcode after that: ".to_owned(),
            Subject::NewPin { suggested: Some(pin) } => format!("New PIN (nothing for {pin}): "),
            Subject::NewPin { suggested: None } => "New PIN: ".to_owned(),
            Subject::Visit { url } => {
                anstream::eprintln!("{}", json!({ "visit": url }));
                return Ok(question.answer(""));
            }
            _ => return Ok(question.decline()),
        };
        let Some(answer) = self.next(&prompt)? else { return Ok(question.decline()) };
        let suggested = match question.subject() {
            Subject::NewPin { suggested } if answer.is_empty() => suggested.clone(),
            _ => None,
        };
        Ok(match suggested {
            Some(pin) => question.answer(&*pin),
            None => question.answer(answer),
        })
    }

    fn next(&mut self, prompt: &str) -> Result<Option<Secret>, Failure> {
        if let Some(line) = self.lines.pop_front() {
            return Ok(Some(line));
        }
        if !io::stdin().is_terminal() {
            return Ok(None);
        }
        // The peer may have put anything into it.
        let prompt = prompt.escape_debug().to_string();
        rpassword::prompt_password(prompt)
            .map(|text| Some(Secret::from(text)))
            .map_err(|error| Failure::usage(format!("can't ask: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_questions() {
        let lines = ["1234", "", "4321"].map(Secret::new).into();
        let mut answers = Answers { realm: Some("here".to_owned()), lines };
        let mut ask = |subject| {
            let answer = answers.answer(Question::new(subject)).unwrap();
            String::from_utf8(answer.text().unwrap().expose().to_vec()).unwrap()
        };
        assert_eq!(ask(Subject::Realm { offered: vec!["there".into()] }), "here");
        assert_eq!(ask(Subject::Passcode), "1234");
        assert_eq!(ask(Subject::NewPin { suggested: Some("5678".into()) }), "5678");
        assert_eq!(ask(Subject::NextPasscode), "4321");
        assert_eq!(ask(Subject::Visit { url: "https://example.org/".into() }), "");
    }
}
