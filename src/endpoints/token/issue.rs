//! Issues access tokens (RFC 9068) and ID tokens (OpenID Connect Core §2), and builds the token response (RFC 6749
//! §5.1).

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;

use crate::domain::client::Client;
use crate::domain::grant::{Authorization, Issue};
use crate::domain::time::Timestamp;
use crate::domain::token::{ObjectId, Token, TokenKind};
use crate::endpoints::failure::Failure;
use crate::endpoints::release::Release;
use crate::endpoints::server::Server;
use crate::jose::access_token::{self, AccessToken};
use crate::jose::id_token::{self, IdToken};
use crate::jose::jws::{self, Header};
use crate::protocol::claims::ClaimsObject;
use crate::protocol::client_metadata::SigningAlgorithm;
use crate::protocol::scope::{self, Scope};

/// A successful token response (RFC 6749 §5.1).
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct TokenResponse {
    pub access_token: String,
    pub token_type: &'static str,
    /// In seconds.
    pub expires_in: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// Always present for a user's tokens, because leaving it out would mean "as requested" (RFC 6749 §5.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// The client that gets the tokens: only the metadata that is needed, because all of it can be large.
pub(super) struct Recipient {
    client_id: String,
    id_token_alg: SigningAlgorithm,
}

impl From<&Client> for Recipient {
    fn from(client: &Client) -> Self {
        let id_token_alg = client.metadata.id_token_signed_response_alg;
        Self { client_id: client.client_id.clone(), id_token_alg }
    }
}

/// The input for a user's tokens.
pub(super) struct Issuing {
    /// The grant's object.
    pub grant: ObjectId,
    /// The grant's reply.
    pub issue: Issue,
    /// The scopes of these tokens: all that were granted, or fewer.
    pub scope: Scope,
    /// The resources of these tokens: all that were granted, or fewer.
    pub resources: Vec<String>,
}

/// Issues the tokens of a grant that a user allowed.
pub(super) async fn for_person(
    server: &Server<'_>,
    client: &Recipient,
    issuing: Issuing,
) -> Result<TokenResponse, Failure> {
    let Issuing { grant, issue, scope, resources } = issuing;
    let authorization = issue.authorization;
    let authentication = &authorization.authentication;
    let fresh = blank(server, client, &scope, resources);
    // The response to a device code can be repeated, and each copy has the same access token.
    let (jti, iat) = match &issue.repeatable {
        Some(first) => (first.jti.clone(), first.issued_at),
        None => (fresh.jti, server.now()),
    };
    let exp = iat.plus(server.settings.lifetimes.access_token);
    let claims = AccessToken {
        sub: authorization.account.clone(),
        auth_time: authentication.auth_time.map(Timestamp::seconds),
        acr: Some(authentication.acr().to_owned()),
        amr: authentication.amr.clone(),
        grant_id: Some(grant.to_string()),
        jti,
        iat: iat.seconds(),
        exp: exp.seconds(),
        device_code_exp: issue.repeatable.map(|first| first.until.seconds()),
        ..fresh
    };
    let access_token = sign_access_token(server, &claims).await?;
    let id_token = if scope.contains(scope::OPENID) {
        Some(id_token(server, client, &authorization, &access_token).await?)
    } else {
        None
    };
    let refresh_token = issue.refresh_token.map(|(number, secret)| {
        Token { object: grant, number, secret }.encode(TokenKind::RefreshToken)
    });
    let expires_in = server.now().seconds_until(exp);
    let response = response(server, access_token, Some(scope));
    Ok(TokenResponse { refresh_token, id_token, expires_in, ..response })
}

/// Issues an access token that belongs to no user, for the client_credentials grant.
pub(super) async fn for_client(
    server: &Server<'_>,
    client: &Recipient,
    scope: Scope,
    resources: Vec<String>,
) -> Result<TokenResponse, Failure> {
    let claims = blank(server, client, &scope, resources);
    let access_token = sign_access_token(server, &claims).await?;
    Ok(response(server, access_token, Some(scope).filter(|scope| !scope.is_empty())))
}

fn response(server: &Server<'_>, access_token: String, scope: Option<Scope>) -> TokenResponse {
    TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: server.settings.lifetimes.access_token.0,
        refresh_token: None,
        id_token: None,
        scope,
    }
}

/// The claims of a token without a user.
fn blank(
    server: &Server<'_>,
    client: &Recipient,
    scope: &Scope,
    mut resources: Vec<String>,
) -> AccessToken {
    // The issuer itself serves userinfo and the connections' tokens, so it must be in the audience of tokens with their
    // scopes.
    let own = |token: &str| token == scope::OPENID || token.starts_with(scope::CONNECTION);
    if resources.is_empty() || scope.iter().any(own) {
        resources.push(server.issuer.clone());
    }
    let now = server.now();
    AccessToken {
        iss: server.issuer.clone(),
        sub: client.client_id.clone(),
        aud: resources.into(),
        client_id: client.client_id.clone(),
        scope: scope.clone(),
        iat: now.seconds(),
        exp: now.plus(server.settings.lifetimes.access_token).seconds(),
        jti: Base64UrlUnpadded::encode_string(&server.random::<16>()),
        auth_time: None,
        acr: None,
        amr: Vec::new(),
        grant_id: None,
        device_code_exp: None,
    }
}

async fn sign_access_token(server: &Server<'_>, claims: &AccessToken) -> Result<String, Failure> {
    sign(server, SigningAlgorithm::ES256, access_token::TYP, claims).await
}

async fn id_token(
    server: &Server<'_>,
    client: &Recipient,
    authorization: &Authorization,
    access_token: &str,
) -> Result<String, Failure> {
    let now = server.now();
    let authentication = &authorization.authentication;
    let claims = IdToken {
        iss: server.issuer.clone(),
        sub: authorization.account.clone(),
        aud: vec![client.client_id.clone()].into(),
        azp: Some(client.client_id.clone()),
        iat: now.seconds(),
        exp: now.plus(server.settings.lifetimes.id_token).seconds(),
        auth_time: authentication.auth_time.map(Timestamp::seconds),
        nonce: authorization.nonce.clone(),
        acr: authentication.acr().to_owned(),
        amr: authentication.amr.clone(),
        sid: authorization.sid.clone(),
        at_hash: Some(id_token::at_hash(access_token)),
        claims: requested_claims(server, authorization).await?,
    };
    sign(server, client.id_token_alg, "JWT", &claims).await
}

/// The claims that the `claims` parameter requested for the ID token (OpenID Connect Core §5.5) and that are granted
/// now. The account is only called if there are any.
async fn requested_claims(
    server: &Server<'_>,
    authorization: &Authorization,
) -> Result<ClaimsObject, Failure> {
    if authorization.claims.id_token.is_empty() {
        return Ok(ClaimsObject::new());
    }
    // The access token was issued just now, so it can't have been revoked: no `jti`.
    let grant_id = &authorization.grant_id;
    let released = Release::read(server, &authorization.account, grant_id, "").await?;
    Ok(released.map(|released| released.for_id_token()).unwrap_or_default())
}

async fn sign(
    server: &Server<'_>,
    alg: SigningAlgorithm,
    typ: &str,
    claims: &impl Serialize,
) -> Result<String, Failure> {
    let keys = server.ports.signer.keys(alg).await?;
    let pair = keys
        .signing_key(alg, server.now())
        .ok_or_else(|| Failure::internal("no signing key is active"))?;
    let header = Header { alg, typ: typ.to_owned(), kid: pair.public.kid.clone() };
    let input = jws::signing_input(&header, claims).map_err(Failure::caused_by)?;
    let signature = server.ports.signer.sign(pair, input.as_bytes()).await?;
    Ok(jws::compact(input, &signature))
}
