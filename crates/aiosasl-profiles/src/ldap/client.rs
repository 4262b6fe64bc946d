//! The client's half of LDAP: SASL messages to requests to bind, and what a server's answers mean.

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage},
    name::MechanismName,
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

    /// The message as a request. An abort is one without a mechanism's name (RFC 4513 section 5.2.1.2).
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long, or a response comes before the request.
    pub fn request(&mut self, message: &ClientMessage) -> Result<Frame, WireError> {
        self.aborted = *message == ClientMessage::Abort;
        let bind = match message {
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
            code => Err(answer.result.told(code.class())),
        }
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
            (13, WireClass::Policy),
            (48, WireClass::Credentials),
            (49, WireClass::Credentials),
            (50, WireClass::Authorization),
            (51, WireClass::Temporary),
            (123, WireClass::Authorization),
        ] {
            let error = begun().hear(&answer(7, code)).unwrap_err();
            assert_eq!((error.class, error.code), (class, Some(code.to_string())));
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
    }
}
