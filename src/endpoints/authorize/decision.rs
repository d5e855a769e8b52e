//! What the account decides about an app's request, and the answer that the app gets.

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

/// Decides what comes next: a page, or the answer to the client.
///
/// # Errors
/// Only what is ours.
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

/// Goes on after the person has allowed it on the consent page, all but what was declined.
///
/// # Errors
/// Only what is ours.
pub async fn consented(
    server: &Server<'_>,
    authorization: AuthorizationRequest,
    session: ClaimedSession,
    declined: Scope,
) -> Result<Response, Failure> {
    issue(server, authorization, session, Some(declined)).await
}

/// The account decides and records the grant; then its code is sent.
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

/// A request that the account is asked about.
pub struct Pending {
    request: AuthorizationRequest,
    grant: ObjectId,
}

impl Pending {
    /// A request, and how the account is asked about it.
    ///
    /// # Errors
    /// A page, where the client or its redirect URI is registered no more.
    pub async fn new(
        server: &Server<'_>,
        request: AuthorizationRequest,
        declined: Option<Scope>,
    ) -> Result<(Self, RequestedAccess), Failure> {
        let Some(client) = server.client(&request.client_id).await? else {
            return Err(request::unknown_client());
        };
        // The registration may have changed while the person signed in.
        let request = request.renewed(server, &client).ok_or_else(request::no_longer_allowed)?;
        let grant = server.ports.objects.new_id(Class::Grant)?;
        let asks = asked_of_account(server, &client, &request, &grant, declined);
        Ok((Self { request, grant }, asks))
    }

    /// Goes on with what the account said.
    ///
    /// # Errors
    /// Only what is ours.
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
                let error = OAuthError::new(ErrorCode::ConsentRequired, "the person must be asked");
                Ok(request.response().error(server, &error))
            }
            AuthorizeError::ConsentRequired { .. } => {
                let interaction = Interaction::Authorize(Box::new(request));
                Ok(Response::see_other(&interaction.address(server, "/consent")?))
            }
            // Someone else has just signed in for this very request (OpenID Connect Core §3.1.2.1).
            AuthorizeError::OtherPerson if request.account_selected => {
                let error = OAuthError::new(ErrorCode::LoginRequired, "another person signed in");
                Ok(request.response().error(server, &error))
            }
            AuthorizeError::NoSession
            | AuthorizeError::Unknown
            | AuthorizeError::ReauthenticationRequired
            | AuthorizeError::OtherPerson => ask_to_sign_in(server, request),
        }
    }

    /// Stores the code in the grant's object, and sends it.
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
            // The session, the app's access or the account ended in between.
            Err(ExpectError::Withdrawn) => return Err(Failure::SignedOut),
            Err(error) => return Err(Failure::caused_by(error)),
        }
        let code = Token { object: grant, number: 0, secret }.encode(TokenKind::AuthorizationCode);
        Ok(response.code(server, &code))
    }
}

/// What the account is asked.
fn asked_of_account(
    server: &Server<'_>,
    client: &Client,
    request: &AuthorizationRequest,
    grant: &ObjectId,
    declined: Option<Scope>,
) -> RequestedAccess {
    let terms = terms(server, client);
    // Without refresh tokens the grant is over when its last access token is.
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

/// Whether an answer can reach the client alone. A public client at a loopback address or with a
/// scheme of its own may be any program on the machine, so it is never answered without a person's
/// word (RFC 8252 §8.6).
fn identity_is_assured(
    server: &Server<'_>,
    client: &Client,
    request: &AuthorizationRequest,
) -> bool {
    !client.metadata.is_public()
        || request.redirect_uri.starts_with("https://")
        || request.redirect_uri.starts_with(&format!("{}/", server.issuer))
}

/// Nobody who may answer is signed in: a page, or the error where no page may be shown.
pub(super) fn ask_to_sign_in(
    server: &Server<'_>,
    request: AuthorizationRequest,
) -> Result<Response, Failure> {
    if request.prompt.none {
        let error = OAuthError::new(ErrorCode::LoginRequired, "the person must sign in");
        return Ok(request.response().error(server, &error));
    }
    let path = if request.prompt.create { "/sign-up" } else { "/sign-in" };
    let interaction = Interaction::Authorize(Box::new(request));
    Ok(Response::see_other(&interaction.address(server, path)?))
}
