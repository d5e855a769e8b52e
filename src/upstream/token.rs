//! The provider's token endpoint (RFC 6749 §4.1.3 and §6).

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde_json::Value;

use super::endpoints::AuthMethod;
use super::error::{UpstreamError, log_odd};
use super::provider::{ClientCredential, Provider};
use crate::domain::entropy;
use crate::domain::http::{HttpError, HttpRequest, HttpResponse};
use crate::domain::time::Seconds;
use crate::jose::client_assertion::{self, AssertionHeader, ClientAssertion};
use crate::jose::jws;
use crate::ports::{Ports, Unavailable};
use crate::protocol::client_metadata::SigningAlgorithm;
use crate::protocol::foreign_json::{ForeignJsonError, ForeignObject, NumericDate};
use crate::protocol::parameters::{self, Parameters};
use crate::protocol::provider_metadata::ProviderMetadata;

/// The lifetime of an assertion.
const ASSERTION: Seconds = Seconds(60);
/// The longest token that is accepted, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

/// A successful token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Clone, Default)]
pub struct UpstreamTokenResponse {
    /// `access_token`.
    pub access_token: String,
    /// `expires_in`, if the provider says how long the access token lives.
    pub lifetime: Option<Seconds>,
    /// `refresh_token`.
    pub refresh_token: Option<String>,
    /// `id_token`.
    pub id_token: Option<String>,
    /// `scope`.
    pub scope: GrantedScope,
    /// The names of optional members that could not be read.
    odd: Vec<&'static str>,
}

/// What a token response says about the granted scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum GrantedScope {
    /// There is no `scope`: the scope is exactly what was requested (RFC 6749 §5.1).
    #[default]
    AsRequested,
    /// These, separated by spaces or commas.
    Named(String),
    /// `scope` can't be read. More may be granted than was requested.
    Unknown,
}

impl std::fmt::Debug for UpstreamTokenResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("UpstreamTokenResponse(..)")
    }
}

/// Sends a request to the token endpoint.
///
/// # Errors
/// [`UpstreamError`].
pub async fn request(
    ports: &Ports<'_>,
    provider: &Provider,
    metadata: &ProviderMetadata,
    fields: &[(&str, &str)],
) -> Result<UpstreamTokenResponse, UpstreamError> {
    let endpoint = &metadata.token_endpoint;
    let request = authenticated(ports, provider, metadata, endpoint, fields).await?;
    let tokens = parse(&ports.http.send(request).await?)?;
    log_odd(ports, provider, "token response", &tokens.odd);
    Ok(tokens)
}

/// Sends a form to an endpoint of the provider at which this server must authenticate.
///
/// # Errors
/// [`UpstreamError::Unavailable`], if an assertion couldn't be signed.
pub async fn authenticated(
    ports: &Ports<'_>,
    provider: &Provider,
    metadata: &ProviderMetadata,
    endpoint: &str,
    fields: &[(&str, &str)],
) -> Result<HttpRequest, UpstreamError> {
    let mut pairs = fields.to_vec();
    let id = provider.client_id.as_str();
    let form = |pairs: Vec<(&str, &str)>| HttpRequest::form(endpoint, parameters::encode(pairs));
    Ok(match (provider.auth_method, &provider.secret) {
        (AuthMethod::ClientSecretBasic, ClientCredential::Text(secret)) => {
            form(pairs).with("authorization", basic(id, secret))
        }
        (AuthMethod::ClientSecretPost, ClientCredential::Text(secret)) => {
            pairs.extend([("client_id", id), ("client_secret", secret.as_str())]);
            form(pairs)
        }
        (AuthMethod::AppleClientSecret, ClientCredential::Apple { team_id, key_id, pkcs8 }) => {
            let secret = apple_secret(ports, id, (team_id, key_id, pkcs8)).await?;
            pairs.extend([("client_id", id), ("client_secret", secret.as_str())]);
            form(pairs)
        }
        (AuthMethod::PrivateKeyJwt, _) => {
            let assertion = assertion(ports, id, metadata).await?;
            pairs.extend([
                ("client_id", id),
                ("client_assertion_type", client_assertion::TYPE),
                ("client_assertion", assertion.as_str()),
            ]);
            form(pairs)
        }
        _ => {
            pairs.push(("client_id", id));
            form(pairs)
        }
    })
}

/// HTTP Basic authentication. Both halves are form-encoded first (RFC 6749 §2.3.1).
fn basic(client_id: &str, secret: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let (id, secret): (String, String) = (encode(client_id), encode(secret));
    format!("Basic {}", Base64::encode_string(format!("{id}:{secret}").as_bytes()))
}

fn claims<'a>(ports: &Ports<'_>, iss: &'a str, sub: &'a str, aud: &'a str) -> ClientAssertion<'a> {
    let now = ports.clock.now();
    ClientAssertion {
        iss,
        sub,
        aud,
        iat: now.seconds(),
        exp: now.plus(ASSERTION).seconds(),
        jti: Base64UrlUnpadded::encode_string(&entropy::bytes::<16>(ports.entropy)),
    }
}

/// `private_key_jwt` (OpenID Connect Core §9), signed with a key that this server publishes. The audience is the
/// issuer, which no other provider can claim to be.
async fn assertion(
    ports: &Ports<'_>,
    client_id: &str,
    metadata: &ProviderMetadata,
) -> Result<String, UpstreamError> {
    let offered = &metadata.token_endpoint_auth_signing_alg_values_supported;
    let only_rsa =
        offered.iter().any(|alg| alg == "RS256") && !offered.iter().any(|a| a == "ES256");
    let alg = if only_rsa { SigningAlgorithm::RS256 } else { SigningAlgorithm::ES256 };
    let keys = ports.signer.keys(alg).await?;
    let pair = keys
        .signing_key(alg, ports.clock.now())
        .ok_or_else(|| Unavailable::new("no key signs at the moment"))?;
    let kid = Some(pair.public.kid.as_str());
    let header = AssertionHeader { alg: alg.as_str(), kid, typ: "JWT" };
    let claims = claims(ports, client_id, client_id, &metadata.issuer);
    let input = jws::signing_input(&header, &claims).map_err(Unavailable::new)?;
    let signature = ports.signer.sign(pair, input.as_bytes()).await?;
    Ok(jws::compact(input, &signature))
}

async fn apple_secret(
    ports: &Ports<'_>,
    client_id: &str,
    (team_id, key_id, pkcs8): (&str, &str, &[u8]),
) -> Result<String, UpstreamError> {
    let header = AssertionHeader { alg: "ES256", kid: Some(key_id), typ: "JWT" };
    let claims = claims(ports, team_id, client_id, "https://appleid.apple.com");
    let input = jws::signing_input(&header, &claims).map_err(Unavailable::new)?;
    let signature = ports.signer.sign_with(pkcs8, input.as_bytes()).await?;
    Ok(jws::compact(input, &signature))
}

/// Reads a token response: JSON or, at some providers, a form. An `error` counts even if the status is 200.
///
/// # Errors
/// [`UpstreamError`], if the response has an error, no access token, or a form that can't be used.
pub fn parse(answer: &HttpResponse) -> Result<UpstreamTokenResponse, UpstreamError> {
    let unusable = |error| UpstreamError::Unusable("token response", error);
    let is_form = answer.content_type.starts_with("application/x-www-form-urlencoded");
    let body = if is_form {
        let form = Parameters::parse_lossy(answer.body.as_bytes())
            .map_err(|_| unusable(ForeignJsonError::NotAnObject))?;
        form.pairs().map(|(name, value)| (name, Value::from(value))).collect::<Value>().to_string()
    } else {
        answer.body.clone()
    };
    let members = match ForeignObject::parse(&body) {
        Ok(members) => members,
        Err(_) if answer.status >= 500 => return Err(HttpError::Status.into()),
        Err(error) => return Err(unusable(error)),
    };
    if let Some(code) = refusal(&members) {
        return Err(UpstreamError::Refused(code));
    }
    if answer.status != 200 && answer.status != 201 {
        return Err(HttpError::Status.into());
    }
    read(members).map_err(unusable)
}

/// The error in a token response (RFC 6749 §5.2), for the log. Some providers send an object instead of a code.
/// Some send an empty or false `error` with tokens, which isn't an error.
fn refusal(members: &ForeignObject) -> Option<String> {
    let code = match members.restriction::<Value>("error") {
        Ok(None | Some(Value::Bool(false))) => return None,
        Ok(Some(Value::String(code))) if code.is_empty() => return None,
        Ok(Some(Value::String(code))) => code,
        Ok(Some(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    Some(code.chars().take(100).collect())
}

/// Reads the members of a successful response.
fn read(mut members: ForeignObject) -> Result<UpstreamTokenResponse, ForeignJsonError> {
    let access_token: String = members.needed("access_token")?;
    if access_token.is_empty() || access_token.len() > MAX_TOKEN {
        return Err(ForeignJsonError::Odd("access_token"));
    }
    // A token of a type that isn't understood must not be used (RFC 6749 §7.1).
    let token_type: Option<String> = members.restriction("token_type")?;
    let is_bearer =
        |token_type: String| token_type.is_empty() || token_type.eq_ignore_ascii_case("bearer");
    if !token_type.is_none_or(is_bearer) {
        return Err(ForeignJsonError::Odd("token_type"));
    }
    let tokens = UpstreamTokenResponse {
        access_token,
        lifetime: lifetime(&mut members),
        refresh_token: refresh_token(&mut members),
        id_token: members.text("id_token"),
        scope: scope(&mut members),
        odd: Vec::new(),
    };
    Ok(UpstreamTokenResponse { odd: members.finish()?, ..tokens })
}

/// `refresh_token`, unless it is longer than [`MAX_TOKEN`].
fn refresh_token(members: &mut ForeignObject) -> Option<String> {
    let token = members.text("refresh_token")?;
    if token.len() > MAX_TOKEN {
        members.note_odd("refresh_token");
        return None;
    }
    Some(token)
}

/// `expires_in`. Some providers send the number as a string.
fn lifetime(members: &mut ForeignObject) -> Option<Seconds> {
    let value: Value = members.optional("expires_in")?;
    let number = match &value {
        Value::String(text) => serde_json::from_str::<NumericDate>(text).ok(),
        value => serde_json::from_value(value.clone()).ok(),
    };
    match number {
        Some(NumericDate(seconds)) if seconds >= 0 => {
            Some(Seconds(u32::try_from(seconds).unwrap_or(u32::MAX)))
        }
        _ => {
            members.note_odd("expires_in");
            None
        }
    }
}

/// `scope` as a string, or as the array that some providers send. For any other form, the granted scope is unknown.
fn scope(members: &mut ForeignObject) -> GrantedScope {
    match members.restriction::<Value>("scope") {
        Ok(None) => GrantedScope::AsRequested,
        Ok(Some(Value::String(scope))) => GrantedScope::Named(scope),
        Ok(Some(list @ Value::Array(_))) => match serde_json::from_value::<Vec<String>>(list) {
            Ok(scopes) => GrantedScope::Named(scopes.join(" ")),
            Err(_) => unknown_scope(members),
        },
        _ => unknown_scope(members),
    }
}

fn unknown_scope(members: &mut ForeignObject) -> GrantedScope {
    members.note_odd("scope");
    GrantedScope::Unknown
}
