//! The client's half of Subversion's protocol: messages to items, and items to what they mean.

use aiosasl::{
    driver::Reply,
    encoding::encode,
    message::{Challenge, ClientMessage},
    name::MechanismName,
};

use super::{Item, read, spell};
use crate::{Said, WireClass, WireError, printable};

/// The version of the protocol that there is.
pub const VERSION: u64 = 2;

/// The word without which a server turns a client of this version away.
const NEEDED: &str = "edit-pipeline";

/// What a server says of itself first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// What it can do.
    pub capabilities: Vec<String>,
}

/// Who is asked to come in, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthRequest {
    /// The mechanisms' names, as they stand; none where nobody has to say who they are.
    pub mechanisms: Vec<String>,
    /// Where a name and a password hold.
    pub realm: String,
}

/// Reads the greeting.
///
/// # Errors
///
/// A [`WireError`] where it is none, or the server speaks no version of ours.
pub fn greeting(item: &Item) -> Result<Greeting, WireError> {
    let ([Item::Number(min), Item::Number(max), _, capabilities, ..]
    | [Item::Number(min), Item::Number(max), capabilities]) = succeeded(item)?
    else {
        return Err(WireError::protocol("expected the greeting of a Subversion server"));
    };
    if !(*min..=*max).contains(&VERSION) {
        let text = format!("expected version {VERSION}, found {min} to {max}");
        return Err(WireError::protocol(text));
    }
    Ok(Greeting { capabilities: words(capabilities) })
}

/// What answers the greeting: who we are, and what we want to see.
pub fn greeting_response(url: &str) -> Item {
    Item::List(vec![
        Item::Number(VERSION),
        Item::List(vec![Item::word(NEEDED)]),
        Item::string(url),
        Item::string(*b"aiosasl"),
        Item::List(Vec::new()),
    ])
}

/// Reads the request to say who we are.
///
/// # Errors
///
/// A [`WireError`] where it is none; a server that has no such repository may say so here.
pub fn auth_request(item: &Item) -> Result<AuthRequest, WireError> {
    let [mechanisms @ Item::List(_), realm @ ..] = succeeded(item)? else {
        return Err(WireError::protocol("expected a list of mechanisms"));
    };
    let realm = match realm {
        [Item::String(realm), ..] => printable(realm.expose()),
        _ => String::new(),
    };
    Ok(AuthRequest { mechanisms: words(mechanisms), realm })
}

/// The item of a message in an exchange by this mechanism; there is none for giving up.
pub fn request(message: &ClientMessage, mechanism: MechanismName) -> Option<Item> {
    match message {
        ClientMessage::Authenticate { mechanism, initial_response } => {
            let first = initial_response.iter().map(|it| Item::string(encode(it.as_bytes())));
            let first = Item::List(first.collect());
            Some(Item::List(vec![Item::word(mechanism.as_str()), first]))
        }
        ClientMessage::Response(response) => {
            Some(Item::String(spell(mechanism, response.as_bytes())))
        }
        ClientMessage::Abort => None,
    }
}

/// What an item says in an exchange by this mechanism.
///
/// # Errors
///
/// A [`WireError`] where the server refuses, or says what it may not.
pub fn hear(item: &Item, mechanism: MechanismName, said: Said) -> Result<Reply, WireError> {
    let token = |items: &[Item]| match items {
        [] => Ok(None),
        [Item::String(token)] => Ok(Some(Challenge::new(read(mechanism, token)?.expose()))),
        _ => Err(WireError::protocol("expected a token, or nothing")),
    };
    match item.list() {
        Some([Item::Word(word), Item::List(items)]) => match word.as_str() {
            "step" => Ok(Reply::Challenge(token(items)?.unwrap_or_else(Challenge::empty))),
            "success" => Ok(Reply::Success(token(items)?)),
            "failure" if said == Said::Abort => Ok(Reply::Failure),
            "failure" => Err(refusal(items)),
            _ => Err(no_answer()),
        },
        _ => Err(no_answer()),
    }
}

/// A server has one word for all refusals, and words for people.
fn refusal(items: &[Item]) -> WireError {
    let words = match items {
        [Item::String(words), ..] => words.expose(),
        _ => b"",
    };
    let text = String::from_utf8_lossy(words).to_ascii_lowercase();
    let class = if text.contains("no such mechanism") || text.contains("must authenticate with") {
        WireClass::Mechanism
    } else {
        WireClass::Credentials
    };
    WireError::told(class, "failure", words)
}

fn succeeded(item: &Item) -> Result<&[Item], WireError> {
    match item.list() {
        Some([Item::Word(word), Item::List(items)]) if word == "success" => Ok(items),
        Some([Item::Word(word), Item::List(errors)]) if word == "failure" => Err(failed(errors)),
        _ => Err(no_answer()),
    }
}

/// A command's failure: a chain of errors, each a number and words.
fn failed(errors: &[Item]) -> WireError {
    let (code, words) = match errors {
        [Item::List(error), ..] => match &error[..] {
            [Item::Number(code), Item::String(words), ..] => (code.to_string(), words.expose()),
            _ => ("failure".to_owned(), &b""[..]),
        },
        [Item::String(words), ..] => ("failure".to_owned(), words.expose()),
        _ => ("failure".to_owned(), &b""[..]),
    };
    WireError::told(WireClass::Protocol, code, words)
}

fn words(item: &Item) -> Vec<String> {
    let items = item.list().unwrap_or_default();
    items.iter().filter_map(Item::as_word).map(str::to_owned).collect()
}

fn no_answer() -> WireError {
    WireError::protocol("expected ( success ... ), ( step ... ) or ( failure ... )")
}

#[cfg(test)]
mod tests {
    use aiosasl::message::Response;

    use super::*;
    use crate::svn::SPELLS_RAW;

    fn item(text: &str) -> Item {
        Item::parse(text.as_bytes()).unwrap()
    }

    fn text(item: &Item) -> String {
        String::from_utf8(item.to_octets().to_vec()).unwrap()
    }

    #[test]
    fn a_greeting_is_answered_with_a_url() {
        let heard = greeting(&item("( success ( 2 2 ( ) ( edit-pipeline svndiff1 ) ) ) ")).unwrap();
        assert_eq!(heard.capabilities, ["edit-pipeline", "svndiff1"]);
        assert!(greeting(&item("( success ( 3 4 ( ) ( ) ) ) ")).is_err());
        assert_eq!(
            text(&greeting_response("svn://localhost/own")),
            "( 2 ( edit-pipeline ) 19:svn://localhost/own 7:aiosasl ( ) ) "
        );
        let lost = item("( failure ( ( 210005 13:No repository 0: 0 ) ) ) ");
        let error = auth_request(&lost).unwrap_err();
        assert_eq!(error.code.as_deref(), Some("210005"));
    }

    #[test]
    fn tokens_are_base64_but_one_mechanisms() {
        let other: MechanismName = "X-ID".parse().unwrap();
        let response = ClientMessage::Response(Response::new(*b"abc"));
        assert_eq!(text(&request(&response, other).unwrap()), "4:YWJj ");
        assert_eq!(text(&request(&response, SPELLS_RAW).unwrap()), "3:abc ");
        let step = item("( step ( 4:YWJj ) ) ");
        let heard = |mechanism| hear(&step, mechanism, Said::Response).unwrap();
        assert_eq!(heard(other), Reply::Challenge(Challenge::new(*b"abc")));
        assert_eq!(heard(SPELLS_RAW), Reply::Challenge(Challenge::new(*b"YWJj")));
        let first = |initial_response| {
            let message = ClientMessage::Authenticate { mechanism: other, initial_response };
            text(&request(&message, other).unwrap())
        };
        assert_eq!(first(None), "( X-ID ( ) ) ");
        assert_eq!(first(Some(Response::empty())), "( X-ID ( 0: ) ) ");
        assert_eq!(first(Some(Response::new(*b"abc"))), "( X-ID ( 4:YWJj ) ) ");
    }

    #[test]
    fn answers_are_told_apart() {
        let mechanism: MechanismName = "X-ID".parse().unwrap();
        let heard = |text: &str| hear(&item(text), mechanism, Said::Response);
        assert_eq!(heard("( success ( ) ) "), Ok(Reply::Success(None)));
        let words = Reply::Success(Some(Challenge::new(*b"abc")));
        assert_eq!(heard("( success ( 4:YWJj ) ) "), Ok(words));
        let class = |text: &str| heard(text).unwrap_err().class;
        assert_eq!(class("( failure ( 18:Password incorrect ) ) "), WireClass::Credentials);
        assert_eq!(class("( step ( 4:Y=Jj ) ) "), WireClass::Protocol);
        assert_eq!(class("( what ( ) ) "), WireClass::Protocol);
        assert_eq!(class("3:abc "), WireClass::Protocol);
    }
}
