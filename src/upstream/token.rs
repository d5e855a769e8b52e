//! The provider's token endpoint (RFC 6749 §4.1.3 and §6).

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use serde_json::Value;

use super::error::UpstreamError;
use super::provider::{AuthMethod, Provider, Secret};
use crate::domain::entropy;
use crate::domain::http::{HttpRequest, HttpResponse};
use crate::domain::time::Seconds;
use crate::jose::client_assertion::{self, AssertionHeader, ClientAssertion};
use crate::jose::jws;
use crate::ports::{Ports, Unavailable};
use crate::protocol::client_metadata::SigningAlgorithm;
use crate::protocol::parameters::{self, Parameters};
use crate::protocol::provider_metadata::ProviderMetadata;

/// How long an assertion is good for.
const ASSERTION: Seconds = Seconds(60);
/// The longest token that is kept, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

/// A successful answer (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Clone, Default, Deserialize)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct TokenResponse {
    pub access_token: String,
    #[serde(default)]
    pub token_type: String,
    /// Seconds. Some providers send a number as text.
    #[serde(default)]
    pub expires_in: Option<Value>,
    #[serde(default)]
    pub refresh_token: Option<String>,
    #[serde(default)]
    pub id_token: Option<String>,
    #[serde(default)]
    pub scope: Option<String>,
}

impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenResponse(..)")
    }
}

impl TokenResponse {
    /// How long the access token lives; none where the provider does not say.
    pub fn lifetime(&self) -> Option<Seconds> {
        let value = self.expires_in.as_ref()?;
        let seconds = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
        Some(Seconds(u32::try_from(seconds).unwrap_or(u32::MAX)))
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
) -> Result<TokenResponse, UpstreamError> {
    let endpoint = &metadata.token_endpoint;
    let request = authenticated(ports, provider, metadata, endpoint, fields).await?;
    parse(&ports.http.send(request).await?)
}

/// A form to an endpoint of the provider at which this server says who it is.
///
/// # Errors
/// [`UpstreamError::Unavailable`], where an assertion could not be signed.
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
        (AuthMethod::ClientSecretBasic, Secret::Text(secret)) => {
            form(pairs).with("authorization", basic(id, secret))
        }
        (AuthMethod::ClientSecretPost, Secret::Text(secret)) => {
            pairs.extend([("client_id", id), ("client_secret", secret.as_str())]);
            form(pairs)
        }
        (AuthMethod::AppleClientSecret, Secret::Apple { team_id, key_id, pkcs8 }) => {
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

/// RFC 6749 §2.3.1: both are encoded as form values first.
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

/// `private_key_jwt` (OpenID Connect Core §9), with a key that this server publishes. The audience
/// is the issuer, which no other provider can claim to be.
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

/// Reads the answer: JSON, or a form where the provider is of the older kind; an error even where
/// its status says that all is well.
fn parse(answer: &HttpResponse) -> Result<TokenResponse, UpstreamError> {
    let nonsense = UpstreamError::Nonsense("neither tokens nor an error");
    let is_form = answer.content_type.starts_with("application/x-www-form-urlencoded");
    let value: Value = if is_form {
        let form = Parameters::parse(answer.body.as_bytes()).map_err(|_| nonsense.clone())?;
        form.pairs().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    } else {
        match serde_json::from_str(&answer.body) {
            Ok(value) => value,
            Err(_) if answer.status >= 500 => {
                return Err(crate::domain::http::HttpError::Status.into());
            }
            Err(_) => return Err(nonsense),
        }
    };
    if !value.is_object() {
        return Err(nonsense);
    }
    if let Some(error) = value.get("error") {
        // Some providers send an object; its text is for the log alone.
        let code = error.as_str().map_or_else(|| error.to_string(), String::from);
        return Err(UpstreamError::Refused(code.chars().take(100).collect()));
    }
    if answer.status != 200 && answer.status != 201 {
        return Err(crate::domain::http::HttpError::Status.into());
    }
    let tokens: TokenResponse = serde_json::from_value(value).map_err(|_| nonsense.clone())?;
    let bearer = tokens.token_type.is_empty() || tokens.token_type.eq_ignore_ascii_case("bearer");
    let long = tokens.access_token.len() > MAX_TOKEN
        || tokens.refresh_token.as_ref().is_some_and(|token| token.len() > MAX_TOKEN);
    if !bearer {
        return Err(UpstreamError::Nonsense("a token of another type than Bearer"));
    }
    if long || tokens.access_token.is_empty() {
        return Err(nonsense);
    }
    Ok(tokens)
}
