//! The server's half of Subversion's protocol: the items that begin a conversation, what a client's items say, and what
//! answers them.

use aiosasl::{
    encoding::decode,
    error::FailureCode,
    message::{ClientMessage, Response, ServerMessage},
    name::MechanismName,
};

use super::{Item, client::VERSION, read, spell};
use crate::WireError;

/// The greeting of a server that can do this.
pub fn greeting(capabilities: &[&str]) -> Item {
    let capabilities = capabilities.iter().map(|word| Item::word(*word)).collect();
    let version = Item::Number(VERSION);
    success(vec![version.clone(), version, Item::List(Vec::new()), Item::List(capabilities)])
}

/// The URL that a client wants to see.
///
/// # Errors
///
/// A [`WireError`] where the item answers no greeting.
pub fn url(item: &Item) -> Result<String, WireError> {
    match item.list() {
        Some([Item::Number(VERSION), Item::List(_), Item::String(url), ..]) => {
            let url = std::str::from_utf8(url.expose());
            url.map(str::to_owned).map_err(|_| WireError::protocol("expected a URL"))
        }
        _ => Err(WireError::protocol("expected the answer to a greeting")),
    }
}

/// Asks who is there.
pub fn auth_request(mechanisms: &[MechanismName], realm: &str) -> Item {
    let mechanisms = mechanisms.iter().map(|name| Item::word(name.as_str())).collect();
    success(vec![Item::List(mechanisms), Item::string(realm)])
}

/// What an item says where an exchange by this mechanism is going on, or none is.
///
/// # Errors
///
/// [`FailureCode`]: why it says nothing in an exchange.
pub fn hear(item: &Item, current: Option<MechanismName>) -> Result<ClientMessage, FailureCode> {
    match (item, current) {
        (Item::String(token), Some(mechanism)) => {
            let octets = read(mechanism, token).map_err(|_| FailureCode::BadEncoding)?;
            Ok(ClientMessage::Response(Response::new(octets.expose())))
        }
        (Item::List(items), None) => match &items[..] {
            [Item::Word(name), Item::List(first)] => {
                let mechanism =
                    MechanismName::parse(name).map_err(|_| FailureCode::MechanismUnknown)?;
                let initial_response = match &first[..] {
                    [] => None,
                    [Item::String(first)] => {
                        let first = decode(first.expose()).map_err(|_| FailureCode::BadEncoding)?;
                        Some(Response::new(first))
                    }
                    _ => return Err(FailureCode::Malformed),
                };
                Ok(ClientMessage::Authenticate { mechanism, initial_response })
            }
            _ => Err(FailureCode::Malformed),
        },
        _ => Err(FailureCode::WrongState),
    }
}

/// The item that says this in an exchange by this mechanism.
pub fn answer(message: &ServerMessage, mechanism: MechanismName) -> Item {
    let token = |octets: &[u8]| Item::String(spell(mechanism, octets));
    match message {
        ServerMessage::Challenge(it) => pair("step", vec![token(it.as_bytes())]),
        ServerMessage::Success { additional_data } => {
            success(additional_data.iter().map(|it| token(it.as_bytes())).collect())
        }
        ServerMessage::Failure(code) => pair("failure", vec![Item::string(code.as_str())]),
    }
}

fn success(items: Vec<Item>) -> Item {
    pair("success", items)
}

fn pair(word: &str, items: Vec<Item>) -> Item {
    Item::List(vec![Item::word(word), Item::List(items)])
}

#[cfg(test)]
mod tests {
    use aiosasl::{driver::Reply, message::Challenge};

    use super::*;
    use crate::{
        Said,
        svn::{SPELLS_RAW, client},
    };

    #[test]
    fn both_halves_understand_each_other() {
        let greeted = client::greeting(&greeting(&["edit-pipeline"])).unwrap();
        assert_eq!(greeted.capabilities, ["edit-pipeline"]);
        assert_eq!(url(&client::greeting_response("svn://a/b")).unwrap(), "svn://a/b");
        for mechanism in [SPELLS_RAW, "X-ID".parse().unwrap()] {
            let offer = client::auth_request(&auth_request(&[mechanism], "a")).unwrap();
            assert_eq!(offer.mechanisms, [mechanism.as_str()]);
            for first in [None, Some(Response::empty()), Some(Response::new(*b"a"))] {
                let message = ClientMessage::Authenticate { mechanism, initial_response: first };
                let item = client::request(&message, mechanism).unwrap();
                assert_eq!(hear(&item, None), Ok(message));
                assert_eq!(hear(&item, Some(mechanism)), Err(FailureCode::WrongState));
            }
            let response = ClientMessage::Response(Response::new(*b"a b"));
            let item = client::request(&response, mechanism).unwrap();
            assert_eq!(hear(&item, Some(mechanism)), Ok(response));
            let challenge = Challenge::new(*b"<1@a>");
            let item = answer(&ServerMessage::Challenge(challenge.clone()), mechanism);
            let heard = client::hear(&item, mechanism, Said::Request);
            assert_eq!(heard, Ok(Reply::Challenge(challenge)));
            let item = answer(&ServerMessage::Failure(FailureCode::InvalidCredentials), mechanism);
            assert!(client::hear(&item, mechanism, Said::Response).is_err());
        }
    }
}
