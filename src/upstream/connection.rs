//! The tokens of connected accounts: sealed, opened, refreshed (RFC 6749 §6) and revoked (RFC 7009, or the provider's
//! own way).

use base64ct::{Base64, Encoding};
use serde_json::json;

use super::error::UpstreamError;
use super::metadata::metadata;
use super::presets::Revocation;
use super::provider::{ClientCredential, Provider};
use super::token::{self, GrantedScope, UpstreamTokenResponse};
use crate::domain::connection::{ConnectionWants, RefreshFailure, Refreshed, SealedTokens};
use crate::domain::entropy;
use crate::domain::http::{HttpError, HttpMethod, HttpRequest};
use crate::jose::seal::{SealError, Sealer};
use crate::ports::{Ports, Unavailable};
use crate::protocol::scope::{OPENID, Scope};
use crate::tenant::Purpose;

/// The client side of connected accounts: what is needed to send requests to their providers.
pub struct ConnectionClient<'a> {
    /// The interfaces to the outside.
    pub ports: Ports<'a>,
    /// The providers.
    pub providers: &'a [Provider],
    /// Seals and opens the tokens.
    pub sealer: &'a Sealer,
}

/// An opened token of a connected account.
pub struct OpenedToken {
    /// The token.
    pub token: String,
    /// The token sealed with the current secret, if it was sealed with the previous one.
    pub resealed: Option<String>,
}

impl ConnectionClient<'_> {
    /// Seals tokens with the account's own key.
    ///
    /// # Errors
    /// Internal errors only.
    pub fn seal(
        &self,
        account: &str,
        provider: &Provider,
        tokens: &UpstreamTokenResponse,
    ) -> Result<SealedTokens, Unavailable> {
        let seal = |token: &str| self.seal_token(account, token).map_err(Unavailable::new);
        Ok(SealedTokens {
            access_token: seal(&tokens.access_token)?,
            refresh_token: tokens.refresh_token.as_deref().map(seal).transpose()?,
            lifetime: tokens.lifetime,
            scope: match &tokens.scope {
                GrantedScope::Named(scope) => granted(scope),
                GrantedScope::AsRequested | GrantedScope::Unknown => None,
            },
            connectable: connectable(provider, &tokens.scope),
        })
    }

    fn seal_token(&self, account: &str, token: &str) -> Result<String, SealError> {
        let nonce = entropy::bytes(self.ports.entropy);
        self.sealer.seal(Purpose::Connection(account), token.as_bytes(), nonce)
    }

    /// Opens a sealed token.
    ///
    /// # Errors
    /// [`SealError::Refused`], if it was sealed for another account or with a secret that this deployment doesn't have.
    /// That is logged and counted.
    pub fn open(&self, account: &str, sealed: &str) -> Result<OpenedToken, SealError> {
        let open = || {
            let opened = self.sealer.open_stored(Purpose::Connection(account), sealed)?;
            let token = String::from_utf8(opened.plain).map_err(|_| SealError::Refused)?;
            let resealed = opened.is_outdated.then(|| self.seal_token(account, &token));
            Ok(OpenedToken { resealed: resealed.transpose()?, token })
        };
        open().inspect_err(|_| {
            let message = "a token of an outside account was sealed with another VESTIBULE_SECRET";
            self.ports.log.unreadable(message);
        })
    }

    /// Performs an effect of a connection; `None` if it has no outcome.
    pub async fn perform(&self, wanted: ConnectionWants) -> Option<Refreshed> {
        match wanted {
            ConnectionWants::RefreshConnection { account, provider, refresh_token, sent } => {
                let tokens = self.refresh(&account, &provider, &refresh_token).await;
                Some(Refreshed { tokens, sent })
            }
            ConnectionWants::RevokeConnection {
                account,
                provider,
                access_token,
                refresh_token,
            } => {
                // A token that can't be revoked expires anyway.
                let refresh_token = refresh_token.as_deref();
                let revoked = self.revoke(&account, &provider, &access_token, refresh_token).await;
                if let Err(error) = revoked {
                    let log = self.ports.log;
                    log.error(&format!("giving access back to the provider {provider}: {error}"));
                }
                None
            }
        }
    }

    fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    async fn refresh(
        &self,
        account: &str,
        provider: &str,
        refresh_token: &str,
    ) -> Result<SealedTokens, RefreshFailure> {
        let log = |error: &dyn std::fmt::Display| {
            self.ports.log.error(&format!("refreshing at the provider {provider}: {error}"));
        };
        let not_sent = |error: &dyn std::fmt::Display| {
            log(error);
            RefreshFailure::NotSent
        };
        let Some(found) = self.provider(provider) else {
            return Err(not_sent(&"it is not configured any more"));
        };
        let opened = self.open(account, refresh_token);
        let OpenedToken { token, resealed } = opened.map_err(|_| RefreshFailure::Unopenable)?;
        let metadata = metadata(&self.ports, found).await.map_err(|error| not_sent(&error))?;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        match token::request(&self.ports, found, &metadata, &fields).await {
            Ok(tokens) => {
                let sealed = self.seal(account, found, &tokens).map_err(|error| {
                    log(&error);
                    RefreshFailure::Unanswered
                })?;
                // Without a new refresh token from the provider, the old one stays (RFC 6749 §6).
                Ok(SealedTokens { refresh_token: sealed.refresh_token.or(resealed), ..sealed })
            }
            Err(error) => {
                log(&error);
                Err(failure(&error))
            }
        }
    }

    async fn revoke(
        &self,
        account: &str,
        provider: &str,
        access_token: &str,
        refresh_token: Option<&str>,
    ) -> Result<(), UpstreamError> {
        let Some(provider) = self.provider(provider) else {
            return Ok(());
        };
        let metadata = metadata(&self.ports, provider).await?;
        let Some(endpoint) = &metadata.revocation_endpoint else {
            return Ok(());
        };
        let open = |sealed: &str| {
            let opened = self.open(account, sealed).map(|opened| opened.token);
            opened.map_err(|_| Unavailable::new("the token cannot be opened"))
        };
        let access_token = open(access_token)?;
        let refresh_token = refresh_token.map(open).transpose()?;
        let request = match provider.quirks.revocation {
            Revocation::Standard => {
                // Revoking the refresh token ends the whole grant (RFC 7009 §2.1).
                let (token, hint) = match &refresh_token {
                    Some(token) => (token, "refresh_token"),
                    None => (&access_token, "access_token"),
                };
                let fields = [("token", token.as_str()), ("token_type_hint", hint)];
                token::authenticated(&self.ports, provider, &metadata, endpoint, &fields).await?
            }
            Revocation::GitHub => {
                let ClientCredential::Text(secret) = &provider.secret else {
                    return Ok(());
                };
                let body = json!({ "access_token": access_token }).to_string();
                // Its API uses HTTP Basic without the form encoding of RFC 6749 §2.3.1.
                let pair = format!("{}:{secret}", provider.client_id);
                let basic = format!("Basic {}", Base64::encode_string(pair.as_bytes()));
                let request = HttpRequest::get(endpoint)
                    .with("authorization", basic)
                    .with("content-type", "application/json");
                HttpRequest { method: HttpMethod::Delete, body: Some(body), ..request }
            }
            Revocation::Bearer => {
                let request = HttpRequest::get(endpoint)
                    .with("authorization", format!("Bearer {access_token}"));
                HttpRequest { method: HttpMethod::Delete, ..request }
            }
        };
        match self.ports.http.send(request).await?.status {
            200..300 => Ok(()),
            _ => Err(HttpError::Status.into()),
        }
    }
}

/// How a refresh failed: whether the provider may have performed it although its response was lost.
fn failure(error: &UpstreamError) -> RefreshFailure {
    match error {
        UpstreamError::Refused(code) => match code.as_str() {
            // The operator's mistake or a temporary failure of the provider: the refresh token is still valid.
            "invalid_client"
            | "unauthorized_client"
            | "temporarily_unavailable"
            | "server_error"
            | "slow_down"
            | "incorrect_client_credentials"
            | "invalid_request" => RefreshFailure::NotSent,
            _ => RefreshFailure::Refused,
        },
        UpstreamError::Http(HttpError::Address) => RefreshFailure::NotSent,
        _ => RefreshFailure::Unanswered,
    }
}

/// The granted scopes, separated by spaces or, at some providers, by commas.
fn granted(scope: &str) -> Option<Scope> {
    Scope::parse(&scope.replace(',', " ")).ok().filter(|scope| !scope.is_empty())
}

/// The granted scopes that a user can approve here. `openid` isn't one of them: this server requests it itself, to
/// learn whose account it is. This also reads a `scope` value that [`granted`] can't read. If it can't be read at all,
/// every scope counts as granted, so the connection is refused if the user approved fewer for the app.
fn connectable(provider: &Provider, granted: &GrantedScope) -> Scope {
    let offered = provider.connection.clone().unwrap_or_default();
    let is_granted = |token: &str| match granted {
        GrantedScope::AsRequested => false,
        GrantedScope::Named(scope) => scope.split([' ', ',']).any(|granted| granted == token),
        GrantedScope::Unknown => true,
    };
    offered.filter(|token| token != OPENID && is_granted(token))
}
