//! The lines of one account, put together.

use aiosasl::identity::AuthenticationId;

use super::line::{Line, PasswordField, Properties};
use crate::{
    account::{Account, AccountState},
    credential::Credential,
    error::{StoreError, StoreErrorKind},
};

/// The lines of one account, as far as they were read.
pub(crate) struct Block {
    name: AuthenticationId,
    properties: Option<Properties>,
    state: AccountState,
    /// The credential of Dovecot's line.
    shown: Option<Credential>,
    has_foreign_password: bool,
    credentials: Vec<Credential>,
}

impl Block {
    /// Nothing yet.
    pub(crate) fn new(name: AuthenticationId) -> Self {
        Self {
            name,
            properties: None,
            state: AccountState::default(),
            shown: None,
            has_foreign_password: false,
            credentials: Vec::new(),
        }
    }

    /// The account's name.
    pub(crate) fn name(&self) -> &AuthenticationId {
        &self.name
    }

    /// Takes one of the account's lines.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Malformed`] where it does not go with those before.
    pub(crate) fn take(&mut self, line: Line<'_>) -> Result<(), StoreError> {
        match line {
            Line::Account(line) => {
                self.state = line.state;
                match line.password {
                    PasswordField::Foreign => self.has_foreign_password = true,
                    PasswordField::Known(kind) => return self.show(Credential::new(kind)),
                    PasswordField::None => {}
                }
            }
            Line::Credential { credential, .. } => {
                self.check(&credential)?;
                self.credentials.push(credential);
            }
            Line::Properties { properties, .. } if self.properties.is_none() => {
                self.properties = Some(properties);
            }
            Line::Properties { .. } => {
                return Err(malformed("there is a line of this account above"));
            }
            Line::Names(_) | Line::Other => {}
        }
        Ok(())
    }

    /// Whether there is a password that only Dovecot understands.
    pub(crate) fn has_foreign_password(&self) -> bool {
        self.has_foreign_password
    }

    /// The account.
    pub(crate) fn finish(self) -> Account {
        let Self { name, state, shown, mut credentials, .. } = self;
        let properties = self.properties.unwrap_or_default();
        if let Some(mut shown) = shown {
            shown.last_used = properties.used;
            credentials.insert(properties.place.min(credentials.len()), shown);
        }
        Account {
            name,
            state: state.min(properties.state),
            expires: properties.expires,
            acts_as: properties.acts_as,
            credentials,
        }
    }

    fn show(&mut self, credential: Credential) -> Result<(), StoreError> {
        self.check(&credential)?;
        self.shown = Some(credential);
        Ok(())
    }

    fn check(&self, new: &Credential) -> Result<(), StoreError> {
        let mut known = self.credentials.iter().chain(&self.shown);
        if known.any(|it| it.slot() == new.slot()) {
            return Err(malformed("the account has two credentials of one kind"));
        }
        Ok(())
    }
}

fn malformed(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Malformed, what)
}
