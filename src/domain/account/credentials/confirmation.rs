//! The one check before every change to how a user signs in: linking, unlinking, setting the password,
//! and deleting the account.
//!
//! A copied session cookie must not become a permanent way in, so each of these commands carries
//! evidence that goes beyond the cookie, and the account checks it in the step that makes the change.

use serde::{Deserialize, Serialize};

use crate::domain::account::access::Session;
use crate::domain::account::person::Person;
use crate::domain::password::PasswordRecord;
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Timestamp};

/// The maximum age of a sign-in that confirms a change, in seconds.
const RECENT: Seconds = Seconds(10 * 60);
/// How long a confirmation stays valid while the browser is at an upstream provider, in seconds. This is
/// longer than the time allowed for a sign-in there.
pub const AT_A_PROVIDER: Seconds = Seconds(40 * 60);

/// Evidence that the user requests a change, and not someone who copied the session cookie.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Confirmation {
    /// The current password came with the request. This is the record that it was verified against.
    Password(PasswordRecord),
    /// The authentication that started the session, if it is recent and its time is known. For a user with a
    /// password it counts only if the user signed in to confirm a change: otherwise whoever copies the
    /// cookie soon after a sign-in would need no password.
    SignIn,
    /// The secret that the account issued when the user confirmed a link, before the browser was sent to the
    /// provider. It counts once, for a link, in the same session.
    Link(Secret),
}

/// Whether a sign-in at that time is recent enough for [`Confirmation::SignIn`]. An unknown time is not.
pub fn is_recent(moment: Option<Timestamp>, now: Timestamp) -> bool {
    moment.is_some_and(|moment| now < moment.plus(RECENT))
}

/// The evidence is not sufficient.
pub struct NotConfirmed;

impl Person {
    /// Checks the evidence.
    ///
    /// # Errors
    /// [`NotConfirmed`]. An unknown time of authentication confirms nothing.
    pub fn check_confirmation(
        &self,
        session: &Session,
        confirmation: &Confirmation,
        now: Timestamp,
    ) -> Result<(), NotConfirmed> {
        let is_confirmed = match confirmation {
            Confirmation::Password(verified) => self.password.as_ref() == Some(verified),
            Confirmation::SignIn => is_recent(self.confirmed_at(session), now),
            Confirmation::Link(secret) => session
                .linking
                .as_ref()
                .is_some_and(|linking| linking.secret.matches(secret) && now < linking.expires_at),
        };
        if is_confirmed { Ok(()) } else { Err(NotConfirmed) }
    }

    /// Checks the evidence for deleting the account. For an account without a password, this also accepts
    /// a session that started within [`RECENT`] at a provider that doesn't report `auth_time`: deleting
    /// gives nobody a way in, and such a user could otherwise never delete the account.
    ///
    /// # Errors
    /// [`NotConfirmed`].
    pub fn check_deletion(
        &self,
        session: &Session,
        confirmation: &Confirmation,
        now: Timestamp,
    ) -> Result<(), NotConfirmed> {
        let has_no_other_proof = self.password.is_none() && session.auth_time().is_none();
        if has_no_other_proof && is_recent(Some(session.started_at()), now) {
            return Ok(());
        }
        self.check_confirmation(session, confirmation, now)
    }
}
