//! Signs a user in with a password: counts the attempt, verifies the password, and begins the session or refuses.

use serde::{Deserialize, Serialize};

use super::begin::{self, SignedIn};
use super::new_session::NewSession;
use crate::domain::account::access::SessionProof;
use crate::domain::account::credentials::{self, AttemptError};
use crate::domain::account::person::{Account, Person, durable};
use crate::domain::account::refusal::AccountError;
use crate::domain::account::rows::Rows;
use crate::domain::attempts::Blocked;
use crate::domain::entropy::{self, Entropy};
use crate::domain::event::{Event, SignInFailure};
use crate::domain::machine::{Before, Command, RowKeys, Step};
use crate::domain::password::{PasswordError, TypedPassword, Verified};
use crate::domain::time::Timestamp;

/// A sign-in with a password.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn {
    /// The password.
    pub password: TypedPassword,
    /// The session that begins if the password is right.
    pub session: NewSession,
    /// The session that this browser has in the same account. The new one replaces it.
    pub replaces: Option<SessionProof>,
}

/// Why the user is not signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum SignInError {
    /// No such account.
    #[error("the account does not exist")]
    Unknown,
    /// Too many wrong passwords.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// The password is wrong. The attempt was counted and written.
    #[error("the password is wrong")]
    WrongPassword,
    /// The password could not be verified.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

impl AccountError for SignInError {
    fn is_signed_out(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

impl From<AttemptError> for SignInError {
    fn from(error: AttemptError) -> Self {
        match error {
            AttemptError::Blocked(blocked) => blocked.into(),
            AttemptError::Password(error) => error.into(),
        }
    }
}

impl Command for SignIn {
    const NAME: &'static str = "SignIn";
    const REPLY: Option<&'static str> = Some("SignedIn");
    type Machine = Account;
    type Reply = SignedIn;
    type Error = SignInError;

    fn rows(&self, person: Option<&Person>, now: Timestamp) -> Vec<RowKeys> {
        // A blocked account refuses without reading rows, so that guesses at its password cost almost nothing.
        if person.is_some_and(|person| person.attempts.is_blocked(now)) {
            return Vec::new();
        }
        begin::rows_of(person, &self.session, self.replaces.as_ref())
    }

    fn decide(self, before: Before<Account>, now: Timestamp, entropy: &dyn Entropy) -> Step<Self> {
        let Before { state, rows } = before;
        let decided = match state {
            Some(person) => person.sign_in(self, &rows, now, entropy),
            // The identifier has counted the attempt.
            None => credentials::refuse_nobody(&self.password)
                .map_err(SignInError::from)
                .and(Err(SignInError::Unknown)),
        };
        decided.unwrap_or_else(|error| Step::unchanged(Err(error)))
    }
}

impl Person {
    fn sign_in(
        self,
        sign_in: SignIn,
        rows: &Rows,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Step<SignIn>, SignInError> {
        let SignIn { password, session, replaces } = sign_in;
        let mut person = self.counted(rows);
        let attempt = person.attempt(&password, now);
        if let Err(AttemptError::Blocked(blocked)) = attempt {
            let refused = person.failed_attempt(SignInFailure::Blocked);
            return Ok(Step::unchanged(Err(blocked.into())).records(Some(refused)));
        }
        let rehashed = match attempt? {
            Verified::Wrong => {
                let refused = person.failed_attempt(SignInFailure::WrongPassword);
                let change = person.written().records(Some(refused));
                return Ok(change.reply(Err(SignInError::WrongPassword)));
            }
            Verified::Right => None,
            Verified::RightAndOutdated => {
                let email = person.email.as_deref().unwrap_or_default();
                password.rehash(email, entropy::bytes(entropy))
            }
        };
        let is_durable = person.forget_attempts() || rehashed.is_some();
        person.password = rehashed.or(person.password);
        let event = Event::sign_in_succeeded(&person.account);
        let (change, signed_in) =
            person.continue_session(session, replaces.as_ref(), rows, (now, entropy));
        let change = if is_durable { durable(change) } else { change };
        Ok(change.records(Some(event)).reply(Ok(signed_in)))
    }
}
