//! The client's half of LDAP: SASL messages to requests to bind, and what a server's answers mean.

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
    own_login,
    secret::Secret,
};

use super::{
    BindRequest, BindResponse, ExtendedResponse, Message, NOTICE_OF_DISCONNECTION, Operation,
    ResultCode,
};
use crate::{WireClass, WireError, frame::Frame};

/// The requests of an exchange: every step names the mechanism again, and has a number of its own.
#[derive(Debug, Clone)]
pub struct Exchange {
    next_id: u32,
    said: Option<u32>,
    mechanism: Option<MechanismName>,
    aborted: bool,
}

impl Exchange {
    /// An exchange the first request of which has this number: from 1 on, and greater than those before it.
    pub fn new(next_id: u32) -> Self {
        Self { next_id, said: None, mechanism: None, aborted: false }
    }

    /// The number of the next request.
    pub fn next_id(&self) -> u32 {
        self.next_id
    }

    /// The message as a request. An abort is one without a mechanism's name (RFC 4513 section 5.2.1.2);
    /// [`own_login::PASSWORD`] is a simple bind, whose name is an entry's.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long, or a response comes before the request; class
    /// [`Credentials`](WireClass::Credentials) for a simple bind without a name or a password, which would let us in as
    /// nobody (RFC 4513 section 5.1.2).
    pub fn request(&mut self, message: &ClientMessage) -> Result<Frame, WireError> {
        self.aborted = *message == ClientMessage::Abort;
        let bind = match message {
            ClientMessage::Authenticate { mechanism, initial_response }
                if *mechanism == own_login::PASSWORD.name =>
            {
                self.mechanism = None;
                simple(initial_response.as_ref())?
            }
            ClientMessage::Authenticate { mechanism, initial_response } => {
                self.mechanism = Some(*mechanism);
                BindRequest::sasl(mechanism.as_str(), initial_response.clone())
            }
            ClientMessage::Response(response) => match &self.mechanism {
                Some(mechanism) => BindRequest::sasl(mechanism.as_str(), Some(response.clone())),
                None => return Err(WireError::protocol("expected a request before a response")),
            },
            ClientMessage::Abort => BindRequest::sasl("", None),
        };
        let id = self.next_id;
        self.next_id = id.saturating_add(1);
        self.said = Some(id);
        Message::new(id, Operation::BindRequest(bind)).to_frame()
    }

    /// What a message says.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the server refuses (except to an abort, where that is a reply), hangs up, or says what it
    /// may not.
    pub fn hear(&self, message: &Message) -> Result<driver::Reply, WireError> {
        match &message.operation {
            Operation::BindResponse(it) if Some(message.id) == self.said => self.answer(it),
            Operation::ExtendedResponse(it) if message.id == 0 => Err(farewell(it)),
            _ => Err(WireError::protocol("expected the answer to a request to bind")),
        }
    }

    fn answer(&self, answer: &BindResponse) -> Result<driver::Reply, WireError> {
        let words = answer.server_credentials.clone();
        match answer.result.code {
            ResultCode::SUCCESS => Ok(driver::Reply::Success(words)),
            ResultCode::SASL_BIND_IN_PROGRESS => {
                Ok(driver::Reply::Challenge(words.unwrap_or_else(Challenge::empty)))
            }
            _ if self.aborted => Ok(driver::Reply::Failure),
            _ => Err(answer.result.told(answer.result.class())),
        }
    }
}

/// A name and a password as a simple bind; never without either of them.
fn simple(message: Option<&Response>) -> Result<BindRequest, WireError> {
    let message = message.map(Response::as_bytes).unwrap_or_default();
    let (name, password) = own_login::split(message).unwrap_or_default();
    match std::str::from_utf8(name) {
        Ok(name) if !name.is_empty() && !password.is_empty() => {
            Ok(BindRequest::simple(name, Secret::new(password)))
        }
        _ => Err(WireError::new(
            WireClass::Credentials,
            "a simple bind without a name or a password proves nothing (RFC 4513 section 5.1.2)",
        )),
    }
}

/// Whether a message concerns nobody: a notice that is not known here (RFC 4511 section 4.4).
pub fn is_unrelated(message: &Message) -> bool {
    match &message.operation {
        Operation::ExtendedResponse(it) if message.id == 0 => {
            it.name.as_deref().is_some_and(|name| name != NOTICE_OF_DISCONNECTION)
        }
        _ => false,
    }
}

/// What a notice of disconnection means (RFC 4511 section 4.4.1).
pub fn farewell(notice: &ExtendedResponse) -> WireError {
    let class = match (notice.name.as_deref(), notice.result.code.class()) {
        (Some(NOTICE_OF_DISCONNECTION), class @ (WireClass::Policy | WireClass::Temporary)) => {
            class
        }
        (Some(NOTICE_OF_DISCONNECTION), _) => WireClass::Connection,
        _ => WireClass::Protocol,
    };
    notice.result.told(class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldap::LdapResult;

    fn answer(id: u32, code: u32) -> Message {
        let result = LdapResult::new(ResultCode(code), "no");
        Message::new(id, Operation::BindResponse(BindResponse { result, server_credentials: None }))
    }

    fn begun() -> Exchange {
        let mut exchange = Exchange::new(7);
        let mechanism = "X".parse().unwrap();
        exchange
            .request(&ClientMessage::Authenticate { mechanism, initial_response: None })
            .unwrap();
        exchange
    }

    #[test]
    fn codes_mean_what_they_can_mean() {
        for (code, class) in [
            (2, WireClass::Protocol),
            (7, WireClass::Mechanism),
            (8, WireClass::Policy),
            (10, WireClass::Policy),
            (13, WireClass::Policy),
            (32, WireClass::Credentials),
            (34, WireClass::Credentials),
            (48, WireClass::Credentials),
            (49, WireClass::Credentials),
            (50, WireClass::Authorization),
            (51, WireClass::Temporary),
            (52, WireClass::Temporary),
            (53, WireClass::Policy),
            (80, WireClass::Protocol),
            (123, WireClass::Authorization),
        ] {
            let error = begun().hear(&answer(7, code)).unwrap_err();
            assert_eq!((error.class, error.code), (class, Some(code.to_string())));
        }
    }

    #[test]
    fn a_password_goes_in_a_simple_bind_and_never_an_empty_one() {
        let request = |message: &str| {
            Exchange::new(1).request(&ClientMessage::Authenticate {
                mechanism: own_login::PASSWORD.name,
                initial_response: Some(Response::new(message)),
            })
        };
        let frame = request("cn=me\0pencil").unwrap();
        let expected = BindRequest::simple("cn=me", Secret::from("pencil"));
        let expected = Message::new(1, Operation::BindRequest(expected));
        assert_eq!(Message::parse(&frame), Ok(expected));
        for message in ["cn=me\0", "\0pencil", "\0", "pencil"] {
            assert_eq!(request(message).unwrap_err().class, WireClass::Credentials, "{message:?}");
        }
    }

    #[test]
    fn an_abort_is_answered_by_a_refusal() {
        let mut exchange = begun();
        exchange.request(&ClientMessage::Abort).unwrap();
        assert_eq!(exchange.hear(&answer(8, 7)), Ok(driver::Reply::Failure));
        assert!(exchange.hear(&answer(7, 7)).is_err(), "that is an answer to something else");
    }

    #[test]
    fn a_notice_says_that_the_server_hangs_up() {
        let notice = |code| ExtendedResponse {
            result: LdapResult::new(ResultCode(code), "bye"),
            name: Some(NOTICE_OF_DISCONNECTION.to_owned()),
            value: None,
        };
        let heard = begun().hear(&Message::new(0, Operation::ExtendedResponse(notice(2))));
        assert_eq!(heard.unwrap_err().class, WireClass::Connection);
        assert_eq!(farewell(&notice(52)).class, WireClass::Temporary);
        let of = |id, name: Option<&str>| {
            let name = name.map(str::to_owned);
            Message::new(id, Operation::ExtendedResponse(ExtendedResponse { name, ..notice(0) }))
        };
        assert!(is_unrelated(&of(0, Some("1.2.3"))));
        assert!(!is_unrelated(&of(0, Some(NOTICE_OF_DISCONNECTION))));
        assert!(!is_unrelated(&of(0, None)) && !is_unrelated(&of(1, Some("1.2.3"))));
    }
}
