//! The request that waits while a user signs in, whatever the method. An app's request is decided by the account in the
//! same step that signs the user in: that takes one call and one write.
//!
//! A sign-in method begins with [`Waiting::new`], passes the request that it returns to the account with the new
//! session, and ends with [`Waiting::signed_in`].

use super::authorize::Pending;
use super::browser::{self, ClaimedSession};
use super::failure::Failure;
use super::interaction::Interaction;
use super::outcome::Outcome;
use super::server::Server;
use crate::domain::account::{RequestedAccess, SignedIn};
use crate::domain::token::ObjectId;

/// The request that waits for a sign-in.
pub enum Waiting {
    /// An app's request, which the account decides.
    App(Box<Pending>),
    /// Anything else.
    Other(Interaction),
}

impl Waiting {
    /// What waits, and the request that the account has to decide. Signing in also counts as choosing the account.
    ///
    /// # Errors
    /// A page if the app is no longer registered.
    pub async fn new(
        server: &Server<'_>,
        mut interaction: Interaction,
    ) -> Result<(Self, Option<Box<RequestedAccess>>), Failure> {
        interaction.choose_account();
        match interaction {
            Interaction::Authorize(request) => {
                let (pending, asks) = Pending::new(server, *request, None).await?;
                Ok((Self::App(Box::new(pending)), Some(Box::new(asks))))
            }
            other => Ok((Self::Other(other), None)),
        }
    }

    /// The next step, in the session that was just created.
    ///
    /// # Errors
    /// Internal errors only.
    pub async fn signed_in(
        self,
        server: &Server<'_>,
        account: ObjectId,
        signed_in: SignedIn,
    ) -> Result<Outcome, Failure> {
        let session = ClaimedSession { account, proof: signed_in.session };
        let cookie = browser::session_cookie(server, &session);
        let outcome = match self {
            Self::App(pending) => {
                let decision = signed_in.authorized.ok_or_else(|| {
                    Failure::internal("the account did not decide the app's request")
                })?;
                Outcome::Answer(pending.decided(server, decision).await?)
            }
            Self::Other(interaction) => Outcome::Resume(interaction, session),
        };
        Ok(outcome.with_cookies([cookie]))
    }
}
