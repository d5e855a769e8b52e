//! Verifies the password of a signed-in user. The reply is the evidence for
//! [`Confirmation::Password`](super::confirmation::Confirmation::Password).

use super::attempt::AttemptError;
use crate::domain::account::access::SessionProof;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person, durable};
use crate::domain::account::refusal::{from_session_error, session_errors};
use crate::domain::attempts::Blocked;
use crate::domain::entropy::Entropy;
use crate::domain::event::SignInFailure;
use crate::domain::machine::{Before, Command, RowKeys, Step, as_array};
use crate::domain::password::{PasswordError, PasswordRecord, TypedPassword, Verified};
use crate::domain::time::Timestamp;

/// The typed password. The attempt counts like one at sign-in.
#[derive(Clone, Debug)]
pub struct Confirm {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The password.
    pub password: TypedPassword,
}

as_array!(Confirm { session, password });

session_errors! {
    /// Why the password is no confirmation.
    ConfirmError {
        /// Too many wrong passwords.
        #[error("{0}")]
        Blocked(#[from] Blocked),
        /// The password is wrong. The attempt was counted and written.
        #[error("the password is wrong")]
        WrongPassword,
        /// The password could not be verified.
        #[error("{0}")]
        Password(#[from] PasswordError),
    }
}
from_session_error!(ConfirmError);

impl From<AttemptError> for ConfirmError {
    fn from(error: AttemptError) -> Self {
        match error {
            AttemptError::Blocked(blocked) => blocked.into(),
            AttemptError::Password(error) => error.into(),
        }
    }
}

impl Command for Confirm {
    const NAME: &'static str = "Confirm";
    const REPLY: Option<&'static str> = Some("Password");
    type Machine = Account;
    type Reply = PasswordRecord;
    type Error = ConfirmError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        vec![self.session.row()]
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { session, password } = self;
        existing(before, |mut person, rows| {
            session.find(rows, now)?;
            let attempt = person.attempt(&password, now);
            if let Err(AttemptError::Blocked(blocked)) = attempt {
                let failure = person.failed_attempt(SignInFailure::Blocked);
                return Ok(Step::unchanged(Err(blocked.into())).records(Some(failure)));
            }
            let verified = attempt?;
            let Some(record) = person.password.clone().filter(|_| verified != Verified::Wrong)
            else {
                let failure = person.failed_attempt(SignInFailure::WrongPassword);
                let change = person.written().records(Some(failure));
                return Ok(change.reply(Err(ConfirmError::WrongPassword)));
            };
            let is_durable = person.forget_attempts();
            let change = person.remembered();
            let change = if is_durable { durable(change) } else { change };
            Ok(change.reply(Ok(record)))
        })
    }
}
