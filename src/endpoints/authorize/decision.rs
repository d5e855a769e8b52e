//! Has the account decide an authorization request, and sends the response to the app.

use super::request;
use crate::domain::account::{
    Authorize, AuthorizeError, Authorized, ConsentGiven, RequestedAccess,
};
use crate::domain::client::Client;
use crate::domain::grant::code::PendingCode;
use crate::domain::grant::{Authorization, Expect, ExpectError};
use crate::domain::machine::{Address, Class};
use crate::domain::secret::Secret;
use crate::domain::time::Seconds;
use crate::domain::token::{ObjectId, Token, TokenKind};
use crate::endpoints::browser::ClaimedSession;
use crate::endpoints::client_policy::terms;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::Response;
use crate::endpoints::interaction::{AuthorizationRequest, Interaction};
use crate::endpoints::server::Server;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::scope::{OFFLINE_ACCESS, Scope};

/// Decides what comes next: a page, or the response to the client.
///
/// # Errors
/// Internal errors only.
pub async fn decide(
    server: &Server<'_>,
    authorization: AuthorizationRequest,
    session: ClaimedSession,
) -> Result<Response, Failure> {
    if authorization.prompt.select_account && !authorization.account_selected {
        let interaction = Interaction::Authorize(Box::new(authorization));
        return Ok(Response::see_other(&interaction.address(server, "/select-account")?));
    }
    issue(server, authorization, session, None).await
}

/// Continues after the user has allowed the request on the consent page, except for the scopes in `declined`.
///
/// # Errors
/// Internal errors only.
pub async fn consented(
    server: &Server<'_>,
    authorization: AuthorizationRequest,
    session: ClaimedSession,
    declined: Scope,
) -> Result<Response, Failure> {
    issue(server, authorization, session, Some(declined)).await
}

/// Has the account decide the request and record the grant, then sends the code.
async fn issue(
    server: &Server<'_>,
    request: AuthorizationRequest,
    session: ClaimedSession,
    declined: Option<Scope>,
) -> Result<Response, Failure> {
    let (pending, asks) = Pending::new(server, request, declined).await?;
    let command = Authorize { session: session.proof.clone(), request: asks };
    let decision = server.ask(&session.address(), command).await?;
    pending.decided(server, decision).await
}

/// A request that the account must decide.
pub struct Pending {
    request: AuthorizationRequest,
    grant: ObjectId,
}

impl Pending {
    /// Prepares a request for the account to decide.
    ///
    /// # Errors
    /// A page if the client or its redirect URI is no longer registered.
    pub async fn new(
        server: &Server<'_>,
        request: AuthorizationRequest,
        declined: Option<Scope>,
    ) -> Result<(Self, RequestedAccess), Failure> {
        let Some(client) = server.client(&request.client_id).await? else {
            return Err(request::unknown_client());
        };
        // The registration may have changed while the user signed in.
        let request = request.renewed(server, &client).ok_or_else(request::no_longer_allowed)?;
        let grant = server.ports.objects.new_id(Class::Grant)?;
        let asks = asked_of_account(server, &client, &request, &grant, declined);
        Ok((Self { request, grant }, asks))
    }

    /// Sends what the account decided: the code, an error, or the next page.
    ///
    /// # Errors
    /// Internal errors only.
    pub async fn decided(
        self,
        server: &Server<'_>,
        decision: Result<Authorized, AuthorizeError>,
    ) -> Result<Response, Failure> {
        let error = match decision {
            Ok(authorized) => return self.send_code(server, authorized).await,
            Err(error) => error,
        };
        let request = self.request;
        match error {
            AuthorizeError::ConsentRequired { .. } if request.prompt.none => {
                let description = "the user must be asked for consent";
                let error = OAuthError::new(ErrorCode::ConsentRequired, description);
                Ok(request.response().error(server, &error))
            }
            AuthorizeError::ConsentRequired { .. } => {
                let interaction = Interaction::Authorize(Box::new(request));
                Ok(Response::see_other(&interaction.address(server, "/consent")?))
            }
            // Another user has just signed in for this request (OpenID Connect Core §3.1.2.1).
            AuthorizeError::OtherPerson if request.account_selected => {
                let error = OAuthError::new(ErrorCode::LoginRequired, "another user signed in");
                Ok(request.response().error(server, &error))
            }
            AuthorizeError::NoSession
            | AuthorizeError::Unknown
            | AuthorizeError::ReauthenticationRequired
            | AuthorizeError::OtherPerson => ask_to_sign_in(server, request),
        }
    }

    /// Stores the code in the grant's object, then sends it.
    async fn send_code(
        self,
        server: &Server<'_>,
        authorized: Authorized,
    ) -> Result<Response, Failure> {
        let Self { request, grant } = self;
        let response = request.response();
        let secret = Secret::random(server.ports.entropy);
        let code = PendingCode {
            code: secret.hash(),
            expires_at: server.now().plus(server.settings.lifetimes.authorization_code),
            code_challenge: request.code_challenge,
            redirect_uri: request.redirect_uri,
            authorization: Authorization {
                grant_id: grant.to_string(),
                account: authorized.account,
                client_id: request.client_id,
                scope: authorized.scope,
                resources: request.resources,
                nonce: request.nonce,
                claims: request.claims,
                authentication: authorized.authentication,
                sid: authorized.sid,
                not_after: authorized.not_after,
            },
        };
        let address = Address::Id(grant.to_string());
        match server.ask(&address, Expect(Box::new(code))).await? {
            Ok(()) => {}
            // The session, the app's access or the account has ended meanwhile.
            Err(ExpectError::Withdrawn) => return Err(Failure::SignedOut),
            Err(error) => return Err(Failure::caused_by(error)),
        }
        let code = Token { object: grant, number: 0, secret }.encode(TokenKind::AuthorizationCode);
        Ok(response.code(server, &code))
    }
}

/// The command with which the account decides the request.
fn asked_of_account(
    server: &Server<'_>,
    client: &Client,
    request: &AuthorizationRequest,
    grant: &ObjectId,
    declined: Option<Scope>,
) -> RequestedAccess {
    let terms = terms(server, client);
    // Without refresh tokens, the grant ends with its last access token.
    let lifetime = match terms.refresh_idle {
        Some(_) => terms.grant,
        None => {
            let code = server.settings.lifetimes.authorization_code;
            Seconds(code.0.saturating_add(terms.access_token.0))
        }
    };
    RequestedAccess {
        client_id: request.client_id.clone(),
        scope: request.scope.clone(),
        resources: request.resources.clone(),
        claims: request.claims.clone(),
        grant_id: grant.to_string(),
        offline: request.scope.contains(OFFLINE_ACCESS),
        expires_at: server.now().plus(lifetime),
        over_at: Some(server.now().plus(server.settings.lifetimes.authorization_code)),
        tokens: terms.access_token,
        signed_in_since: request.signed_in_since(server.now()),
        sub: request.sub.clone(),
        consent: if declined.is_some() {
            ConsentGiven::JustNow
        } else if request.prompt.consent || !identity_is_assured(server, client, request) {
            ConsentGiven::MustAsk
        } else if client.metadata.first_party {
            ConsentGiven::FirstParty
        } else {
            ConsentGiven::Before
        },
        declined: declined.unwrap_or_default(),
    }
}

/// Whether only this client can receive the response. Any program on the machine may answer at a loopback URI or a
/// custom scheme, so a public client that uses one gets no response unless the user allows it each time (RFC 8252
/// §8.6).
fn identity_is_assured(
    server: &Server<'_>,
    client: &Client,
    request: &AuthorizationRequest,
) -> bool {
    !client.metadata.is_public()
        || request.redirect_uri.starts_with("https://")
        || request.redirect_uri.starts_with(&format!("{}/", server.issuer))
}

/// Shows the sign-in or sign-up page, or returns `login_required` for `prompt=none`.
pub(super) fn ask_to_sign_in(
    server: &Server<'_>,
    request: AuthorizationRequest,
) -> Result<Response, Failure> {
    if request.prompt.none {
        let error = OAuthError::new(ErrorCode::LoginRequired, "the user must sign in");
        return Ok(request.response().error(server, &error));
    }
    let path = if request.prompt.create { "/sign-up" } else { "/sign-in" };
    let interaction = Interaction::Authorize(Box::new(request));
    Ok(Response::see_other(&interaction.address(server, path)?))
}
