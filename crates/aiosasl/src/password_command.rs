//! The server's half of a protocol's own login command: a name and a password that came without a mechanism.

use alloc::vec::Vec;
use core::{fmt, mem, str};

use crate::{
    error::{Failure, Reason},
    mechanism::{Heard, ServerMechanism, ServerTurn},
    name::MechanismName,
    preparation::Preparation,
    query::{Answer, Query, VerifyPassword},
    secret::Secret,
};

/// Asks the store as a mechanism in which the server sees the password does, so that whoever comes in by such a command
/// comes in by the one door: [`ServerExchange`](crate::ServerExchange), and `Authorize` last.
///
/// The exchange starts with an initial response, which is empty: all is said already. It sends no challenge.
///
/// # Example: a login command ends with the same question
///
/// ```
/// use aiosasl::{
///     ServerExchange, ServerStep,
///     message::Response,
///     name::MechanismName,
///     password_command::PasswordCommand,
///     preparation::Preparation,
///     query::{Query, Verdict},
/// };
///
/// let stands_for = MechanismName::new("PLAIN");
/// let command = PasswordCommand::new(stands_for, Preparation::Strict, "user", "pencil".as_bytes());
/// let mut exchange = ServerExchange::new(Box::new(command));
/// let ServerStep::Ask(Query::VerifyPassword(query)) = exchange.start(Some(Response::empty()))? else {
///     panic!("expected a question about the password");
/// };
/// let step = exchange.answer(query.answer(Verdict::Accepted))?;
/// assert!(matches!(step, ServerStep::Ask(Query::Authorize(_))));
/// # Ok::<(), aiosasl::error::Misuse>(())
/// ```
pub struct PasswordCommand {
    stands_for: MechanismName,
    preparation: Preparation,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectStart {
        name: Vec<u8>,
        password: Secret,
    },
    ExpectVerdict,
}

impl PasswordCommand {
    /// A command with this name and password, as they came; it counts as a login by the mechanism that it stands for.
    pub fn new(
        stands_for: MechanismName,
        preparation: Preparation,
        name: impl Into<Vec<u8>>,
        password: impl Into<Secret>,
    ) -> Self {
        let state = State::ExpectStart { name: name.into(), password: password.into() };
        Self { stands_for, preparation, state }
    }

    fn ask(&mut self, name: &[u8], password: &Secret) -> Result<ServerTurn, Reason> {
        let text = |octets| str::from_utf8(octets).map_err(|_| Reason::InvalidUtf8);
        let (name, password) =
            self.preparation.name_and_password(text(name)?, text(password.expose())?)?;
        self.state = State::ExpectVerdict;
        Ok(ServerTurn::Ask(Query::VerifyPassword(VerifyPassword::new(name, password))))
    }
}

impl ServerMechanism for PasswordCommand {
    fn name(&self) -> MechanismName {
        self.stands_for
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            // What can be nobody's name or password is wrong like any other.
            (State::ExpectStart { name, password }, Heard::Message([])) => {
                self.ask(&name, &password).map_err(Failure::credentials)
            }
            (State::ExpectVerdict, Heard::Answer(it)) => {
                Ok(ServerTurn::Proven(it.verified()?.into()))
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

impl fmt::Debug for PasswordCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordCommand")
            .field("stands_for", &self.stands_for)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloc::{boxed::Box, format};

    use super::*;
    use crate::{
        ServerExchange, ServerStep,
        message::{Outcome, Response},
        query::{Authorization, Verdict},
    };

    const STANDS_FOR: MechanismName = MechanismName::new("PLAIN");

    fn start(name: &str, password: &[u8]) -> (ServerExchange, ServerStep) {
        let command = PasswordCommand::new(STANDS_FOR, Preparation::Strict, name, password);
        assert!(!format!("{command:?}").contains("pencil"));
        let mut exchange = ServerExchange::new(Box::new(command));
        let step = exchange.start(Some(Response::empty())).unwrap();
        (exchange, step)
    }

    #[test]
    fn name_and_password_are_prepared_and_asked_about() {
        let (mut exchange, step) = start("I\u{2177}", "p\u{2177}\u{AD}x".as_bytes());
        let ServerStep::Ask(Query::VerifyPassword(query)) = step else { panic!("{step:?}") };
        assert_eq!(query.authentication_id().as_str(), "Iviii");
        assert_eq!(query.password().expose(), "pviiix");
        let step = exchange.answer(query.answer(Verdict::Accepted)).unwrap();
        let ServerStep::Ask(Query::Authorize(query)) = step else { panic!("{step:?}") };
        let step = exchange.answer(query.answer(Authorization::Granted)).unwrap();
        let ServerStep::Done(Outcome::Success(success)) = step else { panic!("{step:?}") };
        assert_eq!(success.mechanism, STANDS_FOR);
    }

    #[test]
    fn what_can_be_nobodys_is_wrong() {
        for (name, password, reason) in [
            ("", b"pencil".as_slice(), Reason::EmptyAuthcid),
            ("user", b"", Reason::EmptyPassword),
            ("user", b"\xff", Reason::InvalidUtf8),
            ("user", &[b'a'; 1025], Reason::FieldTooLong),
        ] {
            let (_, step) = start(name, password);
            let ServerStep::Done(Outcome::Failure(failure)) = step else { panic!("{step:?}") };
            assert_eq!(failure, Failure::credentials(reason));
        }
    }
}
