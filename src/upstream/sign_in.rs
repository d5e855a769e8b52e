//! Signs a user in with a provider's authorization code: the token request, the ID token, the profile.

use serde_json::Value;

use super::authorization::Binding;
use super::error::{UpstreamError, log_odd};
use super::metadata::metadata;
use super::provider::Provider;
use super::token::{self, UpstreamTokenResponse};
use super::{id_token, profile};
use crate::domain::identity::{Identity, UpstreamSession};
use crate::domain::time::Timestamp;
use crate::jose::id_token::at_hash;
use crate::jose::upstream_id_token::{Expected, IdTokenError, UpstreamIdToken};
use crate::ports::Ports;
use crate::protocol::foreign_json::{ForeignJsonError, ForeignObject};
use crate::protocol::scope::EMAIL;

/// A provider's authorization response, and what was requested.
pub struct CodeResponse<'a> {
    /// The authorization code.
    pub code: &'a str,
    /// The redirect URI at which it arrived.
    pub redirect_uri: &'a str,
    /// The values to which the request was bound.
    pub binding: &'a Binding,
    /// The user must have authenticated at or after this time.
    pub signed_in_since: Option<Timestamp>,
    /// Whether the user's e-mail address is needed: true for a sign-in, false for the connection of an account.
    pub needs_address: bool,
    /// The parameter `user` beside the code, in which Apple sends the name.
    pub user: Option<&'a str>,
}

/// A user whom a provider has signed in.
#[derive(Debug)]
pub struct UpstreamSignIn {
    /// The user's identity at the provider.
    pub identity: Identity,
    /// How and when the user authenticated there.
    pub session: UpstreamSession,
    /// The tokens that the provider issued.
    pub tokens: UpstreamTokenResponse,
}

/// Redeems the code, and reads the user's identity.
///
/// # Errors
/// [`UpstreamError`].
pub async fn sign_in(
    ports: &Ports<'_>,
    provider: &Provider,
    answer: &CodeResponse<'_>,
) -> Result<UpstreamSignIn, UpstreamError> {
    let metadata = metadata(ports, provider).await?;
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", answer.code),
        ("redirect_uri", answer.redirect_uri),
    ];
    if provider.quirks.pkce {
        fields.push(("code_verifier", &answer.binding.code_verifier));
    }
    let tokens = token::request(ports, provider, &metadata, &fields).await?;
    if !provider.is_openid() {
        let profile = profile::plain(ports, provider, &tokens).await?;
        let identity = identity(ports, provider, &provider.issuer, &[profile])?;
        return Ok(UpstreamSignIn { identity, session: UpstreamSession::default(), tokens });
    }
    let id_token = tokens
        .id_token
        .as_deref()
        .ok_or(UpstreamError::Nonsense("no ID token beside the tokens"))?;
    let verified = id_token::verify(ports, provider, &metadata, id_token).await?;
    let unusable = |error| UpstreamError::Unusable("ID token", error);
    let members: ForeignObject =
        verified.claims().map_err(|_| unusable(ForeignJsonError::NotAnObject))?;
    let all = members.to_value();
    let claims = UpstreamIdToken::read(members).map_err(unusable)?;
    log_odd(ports, provider, "ID token", &[&*verified.header.odd, &*claims.odd].concat());
    let nonce = Some(answer.binding.nonce.as_str());
    let left_out = !provider.quirks.nonce && claims.nonce.is_none();
    claims.check(&Expected {
        issuer: &provider.issuer,
        client_id: &provider.client_id,
        nonce: nonce.filter(|_| !left_out),
        signed_in_since: answer.signed_in_since.map(Timestamp::seconds),
        now: ports.clock.now().seconds(),
    })?;
    if claims.tid.is_some() && claims.tid.as_deref() == provider.quirks.refused_tenant {
        return Err(IdTokenError::Issuer.into());
    }
    // Only SHA-256 is supported. EdDSA uses another hash, and the check is optional here (§3.1.3.6).
    if let Some(hash) = &claims.at_hash {
        let is_ed25519 = verified.header.alg.as_str() == "EdDSA";
        if !is_ed25519 && *hash != at_hash(&tokens.access_token) {
            return Err(IdTokenError::AtHash.into());
        }
    }
    let needs_address = answer.needs_address && provider.scope.contains(EMAIL);
    let more = match profile::userinfo(ports, &metadata, &tokens, &claims.sub).await {
        Err(error) if profile::is_dispensable(&error, provider, &all, needs_address) => {
            let id = &provider.id;
            ports.log.error(&format!(
                "the provider {id}: the sign-in goes on without userinfo: {error}"
            ));
            None
        }
        answer => answer?,
    };
    let user = answer.user.and_then(user_in_answer);
    let sources: Vec<Value> = [Some(all), more, user].into_iter().flatten().collect();
    let identity = identity(ports, provider, &claims.iss, &sources)?;
    let auth_time = claims.authenticated_at(ports.clock.now().seconds());
    let session = UpstreamSession {
        auth_time: auth_time.map(Timestamp::from_seconds),
        amr: claims.amr.into_iter().filter(|amr| is_amr(amr)).take(8).collect(),
        sid: claims.sid.filter(|sid| sid.len() <= 255),
    };
    Ok(UpstreamSignIn { identity, session, tokens })
}

/// Reads the user's identity, and logs the names of claims that have an unexpected form.
fn identity(
    ports: &Ports<'_>,
    provider: &Provider,
    issuer: &str,
    sources: &[Value],
) -> Result<Identity, UpstreamError> {
    log_odd(ports, provider, "profile", &profile::odd_claims(provider, sources));
    profile::identity(provider, issuer, sources)
}

fn is_amr(text: &str) -> bool {
    text.len() <= 40 && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

/// The name that Apple sends beside the first response. It isn't signed, so the user can write anything there, as in a
/// profile form: it proves nothing.
fn user_in_answer(json: &str) -> Option<Value> {
    let user = ForeignObject::parse(json).ok()?.to_value();
    let name = |member: &str| user.pointer(&format!("/name/{member}"))?.as_str().map(String::from);
    let (given_name, family_name) = (name("firstName"), name("lastName"));
    let parts: Vec<&str> =
        [&given_name, &family_name].into_iter().flatten().map(|n| &**n).collect();
    let full = parts.join(" ");
    Some(serde_json::json!({
        "name": full, "given_name": given_name, "family_name": family_name,
    }))
}
