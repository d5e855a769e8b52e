//! Stores the tokens of an outside account that was just connected, or revokes them at the provider.

use crate::domain::account::{self, ConnectError};
use crate::domain::connection::{self, Connect, ConnectionId, GiveBack, Parties, SealedTokens};
use crate::endpoints::browser::ClaimedSession;
use crate::endpoints::connections::{connections, not_offered};
use crate::endpoints::failure::Failure;
use crate::endpoints::server::Server;
use crate::endpoints::upstream::login::Connecting;
use crate::protocol::scope::Scope;
use crate::upstream::provider::Provider;
use crate::upstream::sign_in::UpstreamSignIn;

/// A connection whose tokens the provider has issued and this server has not stored yet.
pub(super) struct NewConnection {
    id: ConnectionId,
    parties: Parties,
    tokens: SealedTokens,
    approved: Scope,
}

/// Why the tokens were revoked instead of stored.
pub(super) enum NotKept {
    /// The provider granted more than the user approved.
    Wider,
    /// The account has the maximum number of connections.
    TooMany,
}

impl NewConnection {
    pub(super) fn new(
        server: &Server<'_>,
        provider: &Provider,
        connecting: &Connecting,
        signed_in: UpstreamSignIn,
    ) -> Result<Self, Failure> {
        let account = connecting.account.as_str();
        let app = connecting.app.as_ref();
        let client_id = app.map(|app| app.client_id.as_str());
        Ok(Self {
            id: ConnectionId::new(&provider.id, client_id).ok_or_else(not_offered)?,
            parties: Parties {
                account: account.to_owned(),
                provider: provider.id.clone(),
                subject: signed_in.identity.subject.clone(),
                label: signed_in.identity.label().to_owned(),
            },
            tokens: connections(server).seal(account, provider, &signed_in.tokens)?,
            approved: app.map_or(&connecting.scope, |app| &app.scope).clone(),
        })
    }

    /// Has the account list the connection and send it its tokens, or revokes them.
    pub(super) async fn keep(
        self,
        server: &Server<'_>,
        session: &ClaimedSession,
    ) -> Result<Result<(), NotKept>, Failure> {
        if self.tokens.exceed(&self.approved) {
            return self.give_back(server).await.map(|()| Err(NotKept::Wider));
        }
        let (parties, tokens) = (self.parties.clone(), self.tokens.clone());
        let connect = Connect { parties, tokens, approved: self.approved.clone() };
        let command = account::Connect {
            session: session.proof.clone(),
            id: self.id.clone(),
            tokens: Some(Box::new(connect)),
        };
        let Err(error) = server.ask(&session.address(), command).await? else {
            return Ok(Ok(()));
        };
        self.give_back(server).await?;
        match error {
            ConnectError::TooManyConnections => Ok(Err(NotKept::TooMany)),
            error => Err(error.into()),
        }
    }

    /// Revokes the tokens at the provider. An existing connection stays.
    pub async fn give_back(self, server: &Server<'_>) -> Result<(), Failure> {
        let address = connection::address(&self.parties.account, &self.id);
        let command = GiveBack { parties: self.parties, tokens: self.tokens };
        let Ok(()) = server.ask(&address, command).await?;
        Ok(())
    }
}
