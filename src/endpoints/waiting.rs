//! What waits while a person signs in, by whatever way. An app's request is put to the account in the
//! very step that signs the person in: one call, and what both write is written as one.

use super::authorize::Pending;
use super::browser::{self, ClaimedSession};
use super::failure::Failure;
use super::http::Response;
use super::interaction::Interaction;
use super::server::Server;
use crate::domain::account::SignedIn;
use crate::domain::account::authorize::AuthorizeRequest;
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
    ) -> Result<(Self, Option<Box<AuthorizeRequest>>), Failure> {
        interaction.choose_account();
        match interaction {
            Interaction::Authorize(request) => {
                let (pending, asks) = Pending::new(server, *request, None).await?;
                Ok((Self::App(Box::new(pending)), Some(Box::new(asks))))
            }
            other => Ok((Self::Other(other), None)),
        }
    }

    /// Goes on, in the session that has just begun.
    ///
    /// # Errors
    /// Whatever going on comes to.
    pub async fn go_on(
        self,
        server: &Server<'_>,
        account: ObjectId,
        signed_in: SignedIn,
    ) -> Result<Response, Failure> {
        let claimed = ClaimedSession { account, proof: signed_in.session };
        let response = match self {
            Self::App(pending) => {
                let decision = signed_in.authorized.ok_or_else(|| {
                    Failure::internal("a sign-in did not say what the app may have")
                })?;
                pending.decided(server, decision).await?
            }
            Self::Other(interaction) => interaction.resume(server, claimed.clone()).await?,
        };
        Ok(browser::with_session(response, server, claimed))
    }
}
