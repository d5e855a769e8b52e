//! Signing in with a password, confirming a change with it, and setting it.
//!
//! Every Argon2id hash is computed here, in a step of the account's object. A request to an object may use 30 s of CPU
//! time on every plan of Cloudflare; a request to a worker may use 10 ms on the free plan, and a hash takes more. One
//! step counts the attempt, verifies the password and records the result. An object takes one command at a time, so
//! parallel guesses are counted one by one, and those that a blocked account refuses are never hashed. A step that
//! hashes delays the other commands of its own object only.

use serde::{Deserialize, Serialize};

use super::confirmation::Confirmation;
use super::grants;
use super::row::{self, Row};
use super::session::{self, NewSession, SessionProof};
use super::{
    AccountCommand, AccountError, AccountReply, Person, Rows, Transition, durable, end_grants,
};
use crate::domain::attempts::Attempts;
use crate::domain::entropy::{self, Entropy};
use crate::domain::machine::Step;
use crate::domain::password::{NewPassword, PasswordRecord, TypedPassword, Verified};
use crate::domain::time::Timestamp;

/// A sign-in with a password.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PasswordSignIn {
    /// The password.
    pub password: TypedPassword,
    /// The session that begins if the password is right.
    pub session: NewSession,
    /// The session that this browser has in the same account. The new one replaces it.
    pub replaces: Option<SessionProof>,
}

/// A password for an account to store.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ChosenPassword {
    /// Already hashed, as workers of the previous release send it.
    Hashed(PasswordRecord),
    /// As the user chose it. This is a JSON object so that an account of the previous release refuses it: there, a
    /// missing value would mean no password, and a string would be taken for a hash.
    Plain {
        /// The password.
        plain: NewPassword,
    },
}

impl From<NewPassword> for ChosenPassword {
    fn from(plain: NewPassword) -> Self {
        Self::Plain { plain }
    }
}

impl ChosenPassword {
    /// Hashes the password, unless it is hashed already.
    ///
    /// # Errors
    /// [`AccountError::Password`] if memory is short.
    pub(super) fn into_record(self, entropy: &dyn Entropy) -> Result<PasswordRecord, AccountError> {
        match self {
            Self::Hashed(record) => Ok(record),
            Self::Plain { plain } => Ok(plain.hash(entropy::bytes(entropy))?),
        }
    }
}

/// A change of the password. Every other browser is signed out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PasswordChange {
    /// Evidence that the user asks for it.
    pub confirmation: Confirmation,
    /// The new password.
    pub password: ChosenPassword,
    /// Whether apps and devices stay signed in. Otherwise every grant ends.
    pub keeps_apps: bool,
}

/// Refuses a sign-in at an object that has no account. Hashes first, so that the time doesn't reveal that. Stores
/// nothing, because the identifier has counted the attempt.
pub(super) fn refuse_nobody(password: &TypedPassword) -> Transition {
    PasswordRecord::of_nobody().verify(password)?;
    Err(AccountError::Unknown)
}

impl Person {
    pub(super) fn sign_in_with_password(
        mut self,
        sign_in: PasswordSignIn,
        rows: &Rows,
        (now, entropy): (Timestamp, &dyn Entropy),
    ) -> Transition {
        let PasswordSignIn { password, session, replaces } = sign_in;
        let rehashed = match self.attempt(&password, now)? {
            Verified::Wrong => return Ok(self.refuse_password()),
            Verified::Right => None,
            Verified::RightAndOutdated => {
                let email = self.email.as_deref().unwrap_or_default();
                password.rehash(email, entropy::bytes(entropy))
            }
        };
        let is_durable = self.forget_attempts() || rehashed.is_some();
        self.password = rehashed.or(self.password);
        let step = self.continue_session(session, replaces, rows, now, entropy);
        Ok(if is_durable { durable(step) } else { step })
    }

    /// Verifies the password of a user who is signed in. The reply is the evidence for
    /// [`Confirmation::Password`].
    pub(super) fn confirm_with_password(
        mut self,
        proof: &SessionProof,
        password: &TypedPassword,
        rows: &Rows,
        now: Timestamp,
    ) -> Transition {
        session::find(rows, proof, now)?;
        let verified = self.attempt(password, now)?;
        let Some(record) = self.password.clone().filter(|_| verified != Verified::Wrong) else {
            return Ok(self.refuse_password());
        };
        let is_durable = self.forget_attempts();
        let step = self.remembered(AccountReply::Password(record));
        Ok(if is_durable { durable(step) } else { step })
    }

    /// Counts an attempt and verifies the password. An account without a password hashes too and finds every
    /// password wrong.
    ///
    /// # Errors
    /// [`AccountError::Blocked`], before anything is hashed. [`AccountError::Password`] if memory is short: then
    /// nobody is signed in and the attempt isn't counted.
    fn attempt(
        &mut self,
        password: &TypedPassword,
        now: Timestamp,
    ) -> Result<Verified, AccountError> {
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

    /// Resets the count after a right password. Returns whether that must be written: a first attempt that was right
    /// was never stored.
    pub(super) fn forget_attempts(&mut self) -> bool {
        let was_stored = !self.attempts.is_first();
        self.attempts = Attempts::default();
        was_stored
    }

    /// Refuses a wrong password, and writes the attempt before the reply.
    fn refuse_password(self) -> Step<AccountCommand> {
        let step = durable(self.remembered(AccountReply::Done));
        Step { reply: Err(AccountError::WrongPassword), ..step }
    }

    /// Sets the password, and gives this session a new number and secret. Every other session ends, and so
    /// do the grants unless the user keeps them: the user may be changing the password because someone else
    /// has one of these, or a copy of this session's cookie. How and when the user signed in stays as it is.
    pub(super) fn change_password(
        mut self,
        proof: &SessionProof,
        change: PasswordChange,
        rows: &Rows,
        (now, entropy): (Timestamp, &dyn Entropy),
    ) -> Transition {
        let session = session::find(rows, proof, now)?;
        self.check_confirmation(session, &change.confirmation, now)?;
        self.password = Some(change.password.into_record(entropy)?);
        self.attempts = Attempts::default();
        let old: Vec<String> = row::sessions(rows).map(|(key, ..)| key.to_owned()).collect();
        self.count(|counts| counts.sessions = 1);
        let (session, renewed) = session.renewed(entropy);
        let keeps = change.keeps_apps;
        let ends = |grant: &row::Grant| !(keeps && (grant.offline || grant.sid == session.sid));
        let key = row::session_key(renewed.number);
        let kept = grants::all(rows).map(|held| held.grant).filter(|grant| !ends(grant));
        let kept: Vec<_> =
            kept.map(|grant| (row::grant_key(&grant.grant_id), grant.clone())).collect();
        let step = durable(self.remembered(AccountReply::SessionRenewed(renewed)));
        let step = end_grants(step, rows, now, ends);
        // A grant that shared the row of a session gets one of its own.
        let moved = kept.into_iter().filter(|(key, _)| !rows.contains_key(key));
        let step = moved.fold(step, |step, (key, grant)| step.put(key, Row::Grant(grant)));
        let step = old.into_iter().filter(|old| *old != key).fold(step, Step::delete);
        Ok(step.put(key, Row::Session(session)))
    }
}
