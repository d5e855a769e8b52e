//! Reads the claims about a user from the ID token, the userinfo endpoint, or a profile in the provider's own form.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::endpoints::Endpoints;
use super::error::UpstreamError;
use super::provider::Provider;
use super::token::UpstreamTokenResponse;
use crate::domain::http::{HttpError, HttpRequest};
use crate::domain::identity::Identity;
use crate::ports::Ports;
use crate::protocol::claims::{self, StandardClaims};
use crate::protocol::email;
use crate::protocol::foreign_json::{ForeignJsonError, ForeignObject};
use crate::protocol::provider_metadata::ProviderMetadata;
use crate::protocol::text;

/// The longest stored claim, in characters.
const MAX_CLAIM: usize = 500;
/// How many groups or roles are stored.
const MAX_LIST: usize = 100;

/// Fetches JSON with an access token.
///
/// # Errors
/// [`UpstreamError`].
async fn fetch(ports: &Ports<'_>, url: &str, token: &str) -> Result<String, UpstreamError> {
    let request = HttpRequest::get(url).with("authorization", format!("Bearer {token}"));
    let answer = ports.http.send(request).await?;
    match answer.status {
        200 => Ok(answer.body),
        _ => Err(HttpError::Status.into()),
    }
}

/// The userinfo response, which must be about the user of the ID token (OpenID Connect Core §5.3.2). `None` if the
/// provider has no such endpoint.
///
/// # Errors
/// [`UpstreamError`].
pub async fn userinfo(
    ports: &Ports<'_>,
    metadata: &ProviderMetadata,
    tokens: &UpstreamTokenResponse,
    sub: &str,
) -> Result<Option<Value>, UpstreamError> {
    let Some(endpoint) = &metadata.userinfo_endpoint else {
        return Ok(None);
    };
    let answer = fetch(ports, endpoint, &tokens.access_token).await?;
    let profile = ForeignObject::parse(&answer).map_err(unusable)?;
    if profile.needed::<String>("sub").is_ok_and(|named| named == sub) {
        Ok(Some(profile.to_value()))
    } else {
        Err(UpstreamError::OtherSubject)
    }
}

fn unusable(error: ForeignJsonError) -> UpstreamError {
    UpstreamError::Unusable("profile", error)
}

/// Whether a sign-in can continue without the profile, which could not be fetched. If it needs the user's address, the
/// ID token must have one: otherwise the rules for the address's domain and for linking would not be applied, and the
/// user would get a second account. That also holds for a 404, which a provider may return for a minute while it
/// deploys.
pub fn is_dispensable(
    error: &UpstreamError,
    provider: &Provider,
    id_token: &Value,
    needs_address: bool,
) -> bool {
    let email = id_token.pointer(&path(provider, "email"));
    let has_address = || email.and_then(Value::as_str).is_some_and(email::is_address);
    match error {
        UpstreamError::Http(_) | UpstreamError::Unusable(..) => !needs_address || has_address(),
        _ => false,
    }
}

/// The profile of a provider with OAuth 2.0 only, with the verified address if that has its own endpoint.
///
/// # Errors
/// [`UpstreamError`].
pub async fn plain(
    ports: &Ports<'_>,
    provider: &Provider,
    tokens: &UpstreamTokenResponse,
) -> Result<Value, UpstreamError> {
    let Endpoints::Configured(endpoints) = &provider.endpoints else {
        return Err(UpstreamError::Nonsense("a provider without a profile"));
    };
    let token = tokens.access_token.as_str();
    let answer = fetch(ports, &endpoints.userinfo_endpoint, token).await?;
    let mut profile = ForeignObject::parse(&answer).map_err(unusable)?.to_value();
    if let (Some(address), Some(members)) = (&endpoints.emails_endpoint, profile.as_object_mut()) {
        let list = fetch(ports, address, token).await;
        let primary = list.ok().and_then(|list| primary_email(&list));
        members.insert("email_verified".to_owned(), primary.is_some().into());
        if let Some(primary) = primary {
            members.insert("email".to_owned(), primary.into());
        }
    }
    Ok(profile)
}

/// The primary and verified address in the list of GitHub and similar providers.
fn primary_email(list: &str) -> Option<String> {
    let entries: Vec<Box<RawValue>> = serde_json::from_str(list).ok()?;
    entries.iter().find_map(|entry| {
        let entry = ForeignObject::parse(entry.get()).ok()?;
        let is = |name| entry.needed::<bool>(name) == Ok(true);
        (is("primary") && is("verified")).then(|| entry.needed("email").ok()).flatten()
    })
}

/// The JSON pointer to a claim in the provider's profile (RFC 6901).
fn path(provider: &Provider, claim: &str) -> String {
    provider.claims.get(claim).cloned().unwrap_or_else(|| format!("/{claim}"))
}

/// Reads the identity of a user from the provider's sources. Later sources fill in what earlier ones lack.
///
/// # Errors
/// [`UpstreamError::Nonsense`], if no source has a subject.
pub fn identity(
    provider: &Provider,
    issuer: &str,
    sources: &[Value],
) -> Result<Identity, UpstreamError> {
    let find = |claim: &str| {
        let path = path(provider, claim);
        sources.iter().find_map(|source| source.pointer(&path).filter(|value| !value.is_null()))
    };
    let subject = match find("sub") {
        Some(Value::String(text)) if !text.is_empty() && text.len() <= 255 => text.clone(),
        // Other numbers are refused: two different subjects with a fraction or beyond 64 bits may be read as the same
        // number.
        Some(Value::Number(number)) if number.is_u64() || number.is_i64() => number.to_string(),
        _ => return Err(UpstreamError::Nonsense("a profile without a usable subject")),
    };
    let subject = match provider.quirks.subject_within {
        None => subject,
        Some(path) => {
            let tenant = sources.iter().find_map(|source| source.pointer(path)?.as_str());
            let tenant = tenant.ok_or(UpstreamError::Nonsense("a profile without its tenant"))?;
            format!("{tenant}/{subject}")
        }
    };
    // `sub` is ASCII (OpenID Connect Core §2). It is displayed if the provider gives no name, but it is also a key, so
    // it can't be cleaned.
    if subject.len() > 300 || text::check(&subject).is_err() {
        return Err(UpstreamError::Nonsense("a profile without a usable subject"));
    }
    let mut read = Map::new();
    let is_the_companys = belongs_to_company(provider, sources);
    for claim in claims::all() {
        if claims::MEMBERSHIP.contains(&claim) && !(provider.asserts_membership && is_the_companys)
        {
            continue;
        }
        let path = path(provider, claim);
        let mut said = sources.iter().filter_map(|source| source.pointer(&path));
        if let Some(value) = said.find_map(|value| cleaned(claim, value)) {
            read.insert(claim.to_owned(), value);
        }
    }
    let address = read.get("email").and_then(Value::as_str).filter(|text| email::is_address(text));
    // A company's provider can assert only addresses in the company's own domains as verified.
    let in_domain = |address: &str| {
        let domain = email::domain(address).map(str::to_lowercase);
        domain.is_some_and(|domain| provider.has_domain(&domain))
    };
    let vouched =
        provider.domains.is_empty() || (is_the_companys && address.is_some_and(in_domain));
    // A missing `email_verified` counts as false, except at an issuer that serves one company and that the operator
    // configured as such: it need not send the claim for the company's own users.
    let verified = says_verified(provider, sources).unwrap_or(provider.serves_one_company);
    let verified_email =
        address.filter(|_| provider.trusts_email && verified && vouched).map(String::from);
    read.insert("email_verified".to_owned(), verified_email.is_some().into());
    if read.get("email").is_none() {
        read.remove("email_verified");
    }
    let claims: StandardClaims = serde_json::from_value(Value::Object(read)).unwrap_or_default();
    Ok(Identity {
        provider: provider.id.clone(),
        issuer: issuer.to_owned(),
        subject,
        verified_email,
        claims,
    })
}

/// The names of the claims in a source that have an unexpected form.
pub fn odd_claims(provider: &Provider, sources: &[Value]) -> Vec<&'static str> {
    let is_odd = |claim: &&'static str| {
        let path = path(provider, claim);
        let mut said = sources.iter().filter_map(|source| source.pointer(&path));
        said.any(|value| !has_form(claim, value))
    };
    claims::all().filter(is_odd).collect()
}

/// The value of `email_verified` in the source (ID token or userinfo) that has the address; `None` if it
/// is missing there. A value in another source may be about another address, so it doesn't count.
fn says_verified(provider: &Provider, sources: &[Value]) -> Option<bool> {
    let email = path(provider, "email");
    let has_address = |source: &&Value| {
        source.pointer(&email).is_some_and(|value| cleaned("email", value).is_some())
    };
    let path = path(provider, "email_verified");
    let source = sources.iter().find(has_address)?;
    let Some(said) = source.pointer(&path) else {
        // Anything unexpected on the path, such as a text instead of an object, also counts as false.
        let parents = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
        let is_odd = |value: &Value| !value.is_object() && !value.is_null();
        let mut found = parents.filter_map(|parent| source.pointer(parent));
        return found.any(is_odd).then_some(false);
    };
    // Some providers send "true" instead of true. A claim with another name may be 1 (Microsoft's `xms_edov`). Anything
    // else counts as false, not as missing.
    let is_one = || path != "/email_verified" && (*said == "1" || said.as_i64() == Some(1));
    (!said.is_null()).then(|| *said == true || *said == "true" || is_one())
}

/// Whether the ID token says that the user belongs to the company of `domains`. Checked only for an issuer that serves
/// companies and private users alike ([`Provider::hosted_domain`]); true for any other.
fn belongs_to_company(provider: &Provider, sources: &[Value]) -> bool {
    let Some(path) = provider.hosted_domain.filter(|_| !provider.domains.is_empty()) else {
        return true;
    };
    let named = sources.first().and_then(|id_token| id_token.pointer(path)?.as_str());
    named.is_some_and(|domain| provider.has_domain(&domain.to_lowercase()))
}

/// A claim in the form that is stored; `None` for a claim of another form.
///
/// Users choose these texts at the provider. A name with characters that must not be displayed is cleaned, so that it
/// keeps nobody from signing in. Any other claim with such characters is left out: cleaning would turn `ad\u{200b}min`
/// into the group `admin`, or an address into someone else's.
fn cleaned(claim: &str, value: &Value) -> Option<Value> {
    let is_short = |text: &str| text.chars().count() <= MAX_CLAIM && !text.is_empty();
    let text = |text: &str| (is_short(text) && text::check(text).is_ok()).then(|| text.into());
    match claim {
        // Not strings: `says_verified` reads the first, and nothing reads the others.
        "email_verified" | "phone_number_verified" | "updated_at" => None,
        "groups" | "roles" => {
            let list = value.as_array()?.iter().filter_map(Value::as_str).filter_map(text);
            Some(list.take(MAX_LIST).collect())
        }
        "address" => address(value),
        "picture" | "profile" | "website" => {
            value.as_str().filter(|url| url.starts_with("https://")).and_then(text)
        }
        "name" | "given_name" | "family_name" | "middle_name" | "nickname" => {
            let clean = value.as_str().filter(|text| is_short(text)).map(text::cleaned)?;
            (!clean.is_empty()).then(|| clean.into_owned().into())
        }
        _ => value.as_str().and_then(text),
    }
}

/// Whether a claim has the JSON type that OpenID Connect Core §5.1 defines for it, even if its value isn't kept.
fn has_form(claim: &str, value: &Value) -> bool {
    value.is_null()
        || match claim {
            "groups" | "roles" => value.is_array(),
            "address" => value.is_object(),
            "email_verified" | "phone_number_verified" => {
                value.is_boolean() || value.as_str().is_some_and(|s| matches!(s, "true" | "false"))
            }
            "updated_at" => value.is_number(),
            _ => value.is_string(),
        }
}

/// The members of an `address` claim (OpenID Connect Core §5.1.1), each line cleaned.
fn address(value: &Value) -> Option<Value> {
    let members = ["formatted", "street_address", "locality", "region", "postal_code", "country"];
    let member = |name: &str| {
        let whole = value.get(name)?.as_str().filter(|text| text.chars().count() <= MAX_CLAIM)?;
        let lines: Vec<_> = whole.lines().map(text::cleaned).collect();
        let clean = lines.join("\n").trim().to_owned();
        (!clean.is_empty()).then(|| (name.to_owned(), Value::from(clean)))
    };
    let kept: Map<String, Value> = members.into_iter().filter_map(member).collect();
    (!kept.is_empty()).then_some(Value::Object(kept))
}
