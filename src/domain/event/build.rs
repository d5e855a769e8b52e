//! An event: what happened, and what it concerns.

use super::about::About;
use super::kind::Kind;
use super::reason::{SignInFailure, TokenRefusal};
use super::text::{MAX_SCOPE, Text};
use crate::protocol::error::ErrorCode;
use crate::protocol::grant_type::GrantType;
use crate::protocol::scope::Scope;

/// An event that a machine or an endpoint wants recorded. Its constructors take IDs, scopes, and names from the
/// settings, and nothing that a user typed. They are not inlined, because that would make the worker larger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub(super) kind: Kind,
    pub(super) about: Box<About>,
}

/// What happened to an account.
impl Event {
    /// [`Kind::SignInSucceeded`].
    pub fn sign_in_succeeded(account: &str) -> Self {
        Self::of_account(Kind::SignInSucceeded, account)
    }

    /// [`Kind::SignInFailed`]. If the account is known, add it by [`Event::account`].
    pub fn sign_in_failed(reason: SignInFailure) -> Self {
        Self::new(Kind::SignInFailed).reason(reason.as_str())
    }

    /// [`Kind::SignedUp`].
    pub fn signed_up(account: &str) -> Self {
        Self::of_account(Kind::SignedUp, account)
    }

    /// [`Kind::SessionEnded`].
    pub fn session_ended(account: &str) -> Self {
        Self::of_account(Kind::SessionEnded, account)
    }

    /// [`Kind::ConsentGiven`].
    pub fn consent_given(account: &str, client_id: &str, scope: &Scope) -> Self {
        Self::of_account(Kind::ConsentGiven, account).client(client_id).scope(scope)
    }

    /// [`Kind::ConsentWithdrawn`]. All access was removed, unless [`Event::scope`] names what was.
    pub fn consent_withdrawn(account: &str, client_id: &str) -> Self {
        Self::of_account(Kind::ConsentWithdrawn, account).client(client_id)
    }

    /// [`Kind::PasswordChanged`].
    pub fn password_changed(account: &str) -> Self {
        Self::of_account(Kind::PasswordChanged, account)
    }

    /// [`Kind::IdentityLinked`].
    pub fn identity_linked(account: &str, provider: &str) -> Self {
        Self::of_account(Kind::IdentityLinked, account).provider(provider)
    }

    /// [`Kind::IdentityUnlinked`].
    pub fn identity_unlinked(account: &str, provider: &str) -> Self {
        Self::of_account(Kind::IdentityUnlinked, account).provider(provider)
    }

    /// [`Kind::AddressLost`].
    pub fn address_lost(account: &str) -> Self {
        Self::of_account(Kind::AddressLost, account)
    }

    /// [`Kind::AccountErased`].
    pub fn account_erased(account: &str) -> Self {
        Self::of_account(Kind::AccountErased, account)
    }
}

/// What happened to tokens.
impl Event {
    /// [`Kind::TokensIssued`].
    #[inline(never)]
    pub fn tokens_issued(grant_type: GrantType, client_id: &str, scope: &Scope) -> Self {
        Self::of_client(Kind::TokensIssued, client_id).grant_type(grant_type).scope(scope)
    }

    /// [`Kind::TokensRefused`], if a grant refused this client.
    #[inline(never)]
    pub fn tokens_refused(grant_type: GrantType, client_id: &str, reason: TokenRefusal) -> Self {
        Self::of_client(Kind::TokensRefused, client_id)
            .grant_type(grant_type)
            .reason(reason.as_str())
    }

    /// [`Kind::TokensRefused`], if the token endpoint itself refused.
    pub fn token_request_refused(error: ErrorCode) -> Self {
        Self::new(Kind::TokensRefused).reason(error.as_str())
    }

    /// [`Kind::TokensRevoked`].
    pub fn tokens_revoked(client_id: &str) -> Self {
        Self::of_client(Kind::TokensRevoked, client_id)
    }

    /// [`Kind::CodeReplayed`].
    pub fn code_replayed(client_id: &str) -> Self {
        Self::of_client(Kind::CodeReplayed, client_id)
    }

    /// [`Kind::RefreshTokenReplayed`].
    pub fn refresh_token_replayed(client_id: &str) -> Self {
        Self::of_client(Kind::RefreshTokenReplayed, client_id)
    }

    /// [`Kind::DeviceApproved`].
    pub fn device_approved(client_id: &str) -> Self {
        Self::of_client(Kind::DeviceApproved, client_id)
    }

    /// [`Kind::DeviceDenied`].
    pub fn device_denied(client_id: &str) -> Self {
        Self::of_client(Kind::DeviceDenied, client_id)
    }
}

/// What happened to a client.
impl Event {
    /// [`Kind::ClientRegistered`].
    pub fn client_registered(client_id: &str) -> Self {
        Self::of_client(Kind::ClientRegistered, client_id)
    }

    /// [`Kind::ClientChanged`].
    pub fn client_changed(client_id: &str) -> Self {
        Self::of_client(Kind::ClientChanged, client_id)
    }

    /// [`Kind::ClientDeleted`].
    pub fn client_deleted(client_id: &str) -> Self {
        Self::of_client(Kind::ClientDeleted, client_id)
    }
}

/// What else it concerns.
impl Event {
    /// Also concerns this account.
    #[must_use]
    #[inline(never)]
    pub fn account(mut self, account: &str) -> Self {
        self.about.account = Some(Text::new(account));
        self
    }

    /// Also concerns this client.
    #[must_use]
    #[inline(never)]
    pub fn client(mut self, client_id: &str) -> Self {
        self.about.client_id = Some(Text::new(client_id));
        self
    }

    /// Also concerns this grant.
    #[must_use]
    #[inline(never)]
    pub fn grant(mut self, grant_id: &str) -> Self {
        self.about.grant_id = Some(Text::new(grant_id));
        self
    }

    /// Happened through this provider, named as in the settings.
    #[must_use]
    #[inline(never)]
    pub fn provider(mut self, provider: &str) -> Self {
        self.about.provider = Some(Text::new(provider));
        self
    }

    /// Concerns these scopes. Those that don't fit are left out ([`MAX_SCOPE`]).
    #[must_use]
    #[inline(never)]
    pub fn scope(mut self, scope: &Scope) -> Self {
        let mut fits = String::new();
        for token in scope.iter() {
            let space = if fits.is_empty() { "" } else { " " };
            let length = fits.len().saturating_add(space.len()).saturating_add(token.len());
            if length <= MAX_SCOPE {
                fits.push_str(space);
                fits.push_str(token);
            }
        }
        self.about.scope = (!fits.is_empty()).then(|| Text::new(&fits));
        self
    }
}

impl Event {
    /// Whether the event is stored; see [`Kind::is_kept`].
    pub fn is_kept(&self) -> bool {
        self.kind.is_kept()
    }

    #[inline(never)]
    fn new(kind: Kind) -> Self {
        Self { kind, about: Box::default() }
    }

    #[inline(never)]
    fn of_account(kind: Kind, account: &str) -> Self {
        Self::new(kind).account(account)
    }

    #[inline(never)]
    fn of_client(kind: Kind, client_id: &str) -> Self {
        Self::new(kind).client(client_id)
    }

    #[inline(never)]
    fn grant_type(mut self, grant_type: GrantType) -> Self {
        self.about.grant_type = Some(Text::new(grant_type.as_str()));
        self
    }

    #[inline(never)]
    fn reason(mut self, reason: &str) -> Self {
        self.about.reason = Some(Text::new(reason));
        self
    }
}
