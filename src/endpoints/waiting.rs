//! What waits while a person signs in, by whatever way. An app's request is put to the account in the
//! very step that signs the person in: one call, and what both write is written as one.
//!
//! A way to sign in begins with [`Waiting::new`], has the account begin a session that asks what that returned, and
//! ends with [`Waiting::signed_in`].

use super::authorize::Pending;
use super::browser::{self, ClaimedSession};
use super::failure::Failure;
use super::interaction::Interaction;
use super::outcome::Outcome;
use super::server::Server;
use crate::domain::account::{RequestedAccess, SignedIn};
use crate::domain::token::ObjectId;

/// What waits.
pub enum Waiting {
    /// An app's request, which the account decides.
    App(Box<Pending>),
    /// Anything else.
    Other(Interaction),
}

impl Waiting {
    /// What waits, and what the account is asked. Whoever signs in has chosen the account.
    ///
    /// # Errors
    /// A page, where the app is registered no more.
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

    /// What comes next, in the session that has just begun.
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
                    Failure::internal("a sign-in did not say what the app may have")
                })?;
                Outcome::Answer(pending.decided(server, decision).await?)
            }
            Self::Other(interaction) => Outcome::Resume(interaction, session),
        };
        Ok(outcome.with_cookies([cookie]))
    }
}
