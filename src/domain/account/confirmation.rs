//! The one check before every change to how a user signs in: linking, unlinking, setting the password,
//! and deleting the account.
//!
//! A copied session cookie must not become a permanent way in, so each of these commands carries
//! evidence that goes beyond the cookie, and the account checks it in the step that makes the change.

use serde::{Deserialize, Serialize};

use super::row::Session;
use super::{AccountError, Person};
use crate::domain::password::PasswordRecord;
use crate::domain::time::{Seconds, Timestamp};

/// The maximum age of a sign-in that confirms a change, in seconds.
pub const RECENT: Seconds = Seconds(10 * 60);
/// How long a confirmation stays valid while the browser is at an upstream provider, in seconds. This is
/// longer than the time allowed for a sign-in there.
const AT_A_PROVIDER: Seconds = Seconds(40 * 60);

/// Evidence that the user asks for a change, and not merely someone who copied the session cookie.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Confirmation {
    /// The current password came with the request. This is the record that it was verified against.
    Password(PasswordRecord),
    /// The authentication that started the session, if it is recent and its time is known.
    SignIn,
    /// A confirmation given at this moment for this very change, before the browser was sent to a
    /// provider. It comes from a sealed value, so a caller can't make one up.
    Given(Timestamp),
}

impl Person {
    /// Checks the evidence.
    ///
    /// # Errors
    /// [`AccountError::NotConfirmed`]. An unknown time of authentication confirms nothing.
    pub(super) fn check_confirmation(
        &self,
        session: &Session,
        confirmation: &Confirmation,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let is_confirmed = match confirmation {
            Confirmation::Password(verified) => self.password.as_ref() == Some(verified),
            Confirmation::SignIn => {
                session.auth_time().is_some_and(|moment| now < moment.plus(RECENT))
            }
            Confirmation::Given(moment) => now < moment.plus(AT_A_PROVIDER),
        };
        if is_confirmed { Ok(()) } else { Err(AccountError::NotConfirmed) }
    }

    /// Checks the evidence for deleting the account. For an account without a password, this also accepts
    /// a session that started within [`RECENT`] at a provider that doesn't report `auth_time`: deleting
    /// gives nobody a way in, and such a user could otherwise never delete the account.
    ///
    /// # Errors
    /// [`AccountError::NotConfirmed`].
    pub(super) fn check_deletion(
        &self,
        session: &Session,
        confirmation: &Confirmation,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let has_no_other_proof = self.password.is_none() && session.auth_time().is_none();
        if has_no_other_proof && now < session.started_at().plus(RECENT) {
            return Ok(());
        }
        self.check_confirmation(session, confirmation, now)
    }
}
