//! One attempt at the password of an account.
//!
//! Every Argon2id hash is computed here, in a step of the account's object. A request to an object may use 30 s of CPU
//! time on every plan of Cloudflare; a request to a worker may use 10 ms on the free plan, and a hash takes more. One
//! step counts the attempt, verifies the password and records the result. An object takes one command at a time, so
//! parallel guesses are counted one by one, and those that a blocked account refuses are never hashed. A step that
//! hashes delays the other commands of its own object only.

use crate::domain::account::person::Person;
use crate::domain::attempts::{Attempts, Blocked};
use crate::domain::event::{Event, SignInFailure};
use crate::domain::password::{PasswordError, PasswordRecord, TypedPassword, Verified};
use crate::domain::time::Timestamp;

/// Why a password was not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptError {
    /// Too many wrong passwords.
    Blocked(Blocked),
    /// The password could not be hashed.
    Password(PasswordError),
}

impl From<Blocked> for AttemptError {
    fn from(blocked: Blocked) -> Self {
        Self::Blocked(blocked)
    }
}

impl From<PasswordError> for AttemptError {
    fn from(error: PasswordError) -> Self {
        Self::Password(error)
    }
}

/// Takes as long as a real attempt. For an object without an account.
///
/// # Errors
/// The password could not be hashed.
pub fn refuse_nobody(password: &TypedPassword) -> Result<(), PasswordError> {
    PasswordRecord::of_nobody().verify(password).map(drop)
}

impl Person {
    /// Counts an attempt and verifies the password. An account without a password hashes too and finds every
    /// password wrong.
    ///
    /// # Errors
    /// [`AttemptError::Blocked`], before anything is hashed. [`AttemptError::Password`] if memory is short: then
    /// nobody is signed in and the attempt isn't counted.
    pub fn attempt(
        &mut self,
        password: &TypedPassword,
        now: Timestamp,
    ) -> Result<Verified, AttemptError> {
        let attempts = std::mem::take(&mut self.attempts);
        self.attempts = attempts.begin(now).map_err(|(_, blocked)| blocked)?;
        match &self.password {
            Some(record) => Ok(record.verify(password)?),
            None => {
                PasswordRecord::of_nobody().verify(password)?;
                Ok(Verified::Wrong)
            }
        }
    }

    /// Resets the count after a correct password. Returns whether that must be written: a first attempt that was right
    /// was never stored.
    pub fn forget_attempts(&mut self) -> bool {
        let was_stored = !self.attempts.is_first();
        self.attempts = Attempts::default();
        was_stored
    }

    /// The event of an attempt that failed.
    pub fn failed_attempt(&self, reason: SignInFailure) -> Event {
        Event::sign_in_failed(reason).account(&self.account)
    }
}
