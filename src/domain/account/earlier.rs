//! The commands of workers of the previous release, which fetched the password's record, hashed the password themselves
//! and told the account the result.
//!
//! While a release is rolled out, workers and objects run different releases for some seconds, or for as long as a
//! gradual deployment lasts. An object of this release accepts these commands. The reverse can't work: an object of
//! the previous release doesn't know [`AccountCommand::SignIn`](super::AccountCommand::SignIn),
//! [`AccountCommand::Confirm`](super::AccountCommand::Confirm) or a password that isn't hashed. It changes nothing,
//! and the user gets a server error and can try again, after a sign-up only once the claim of the address has lapsed.
//! The next release can remove this file.

use super::session::{self, NewSession, SessionProof};
use super::{AccountError, AccountReply, Person, Rows, Transition, durable};
use crate::domain::entropy::Entropy;
use crate::domain::machine::Step;
use crate::domain::password::PasswordRecord;
use crate::domain::time::Timestamp;

impl Person {
    /// Counts an attempt before its password is verified.
    pub(super) fn begin_attempt(mut self, now: Timestamp) -> Transition {
        self.attempts = self.attempts.begin(now).map_err(|(_, blocked)| blocked)?;
        // No password verifies against this record, and the check takes the same time.
        let record = self.password.clone().unwrap_or_else(PasswordRecord::of_nobody);
        Ok(self.remembered(AccountReply::Password(record)))
    }

    /// Writes the counted attempt, because the password was wrong.
    pub(super) fn attempt_failed(self) -> Step<super::AccountCommand> {
        durable(self.remembered(AccountReply::Done))
    }

    /// Resets the count, because the password was right. Refused if it was changed meanwhile.
    pub(super) fn finish_confirmation(
        mut self,
        proof: &SessionProof,
        verified: &PasswordRecord,
        rows: &Rows,
        now: Timestamp,
    ) -> Transition {
        session::find(rows, proof, now)?;
        if self.password.as_ref() != Some(verified) {
            return Err(AccountError::PasswordChanged);
        }
        let is_durable = self.forget_attempts();
        let step = self.remembered(AccountReply::Done);
        Ok(if is_durable { durable(step) } else { step })
    }

    /// Begins the session, because the password was right. Refused if it was changed meanwhile.
    pub(super) fn finish_sign_in(
        mut self,
        (verified, rehashed): (PasswordRecord, Option<PasswordRecord>),
        (session, replaces): (NewSession, Option<SessionProof>),
        rows: &Rows,
        (now, entropy): (Timestamp, &dyn Entropy),
    ) -> Transition {
        if self.password != Some(verified) {
            return Err(AccountError::PasswordChanged);
        }
        let is_durable = self.forget_attempts() || rehashed.is_some();
        self.password = rehashed.or(self.password);
        let step = self.continue_session(session, replaces, rows, now, entropy);
        Ok(if is_durable { durable(step) } else { step })
    }
}
