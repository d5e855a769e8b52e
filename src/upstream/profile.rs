//! What a provider says of a person: from the ID token, the userinfo endpoint, or a profile of the
//! provider's own form.

use serde_json::{Map, Value};

use super::error::UpstreamError;
use super::provider::{Endpoints, Provider};
use super::token::TokenResponse;
use crate::domain::http::{HttpError, HttpRequest};
use crate::domain::identity::Identity;
use crate::ports::Ports;
use crate::protocol::claims::{self, StandardClaims};
use crate::protocol::email;
use crate::protocol::provider_metadata::ProviderMetadata;
use crate::protocol::text;

/// The longest claim that is kept, in characters.
const MAX_CLAIM: usize = 500;
/// How many groups or roles are kept.
const MAX_LIST: usize = 100;

/// Fetches JSON with an access token.
///
/// # Errors
/// [`UpstreamError`].
async fn fetch(ports: &Ports<'_>, url: &str, token: &str) -> Result<Value, UpstreamError> {
    let request = HttpRequest::get(url).with("authorization", format!("Bearer {token}"));
    let answer = ports.http.send(request).await?;
    if answer.status != 200 {
        return Err(HttpError::Status.into());
    }
    serde_json::from_str(&answer.body)
        .map_err(|_| UpstreamError::Nonsense("a profile that is not JSON"))
}

/// The profile at the userinfo endpoint, which must be about the person of the ID token (OpenID
/// Connect Core §5.3.2).
///
/// # Errors
/// [`UpstreamError`].
pub async fn userinfo(
    ports: &Ports<'_>,
    metadata: &ProviderMetadata,
    tokens: &TokenResponse,
    sub: &str,
) -> Result<Option<Value>, UpstreamError> {
    let Some(endpoint) = &metadata.userinfo_endpoint else {
        return Ok(None);
    };
    let profile = fetch(ports, endpoint, &tokens.access_token).await?;
    if profile.get("sub").and_then(Value::as_str) == Some(sub) {
        Ok(Some(profile))
    } else {
        Err(UpstreamError::OtherSubject)
    }
}

/// The profile of a provider of plain OAuth 2.0, with the verified address where that stands apart.
///
/// # Errors
/// [`UpstreamError`].
pub async fn plain(
    ports: &Ports<'_>,
    provider: &Provider,
    tokens: &TokenResponse,
) -> Result<Value, UpstreamError> {
    let Endpoints::Configured(endpoints) = &provider.endpoints else {
        return Err(UpstreamError::Nonsense("a provider without a profile"));
    };
    let mut profile = fetch(ports, &endpoints.userinfo_endpoint, &tokens.access_token).await?;
    if let (Some(address), Some(members)) = (&endpoints.emails_endpoint, profile.as_object_mut()) {
        let list = fetch(ports, address, &tokens.access_token).await;
        let primary = list.ok().and_then(|list| primary_email(&list));
        members.insert("email_verified".to_owned(), primary.is_some().into());
        if let Some(primary) = primary {
            members.insert("email".to_owned(), primary.into());
        }
    }
    Ok(profile)
}

/// The address that is both primary and verified, in the list that GitHub and its likes have.
fn primary_email(list: &Value) -> Option<String> {
    let is = |entry: &Value, name| entry.get(name).and_then(Value::as_bool) == Some(true);
    let entry = list.as_array()?.iter().find(|e| is(e, "primary") && is(e, "verified"))?;
    entry.get("email")?.as_str().map(String::from)
}

/// Reads a person from the sources that the provider gave, the later ones filling in what the
/// earlier ones left out.
///
/// # Errors
/// [`UpstreamError::Nonsense`], where no source says who it is about.
pub fn identity(
    provider: &Provider,
    issuer: &str,
    sources: &[Value],
) -> Result<Identity, UpstreamError> {
    let find = |claim: &str| {
        let default = format!("/{claim}");
        let path = provider.claims.get(claim).unwrap_or(&default);
        sources.iter().find_map(|source| source.pointer(path).filter(|value| !value.is_null()))
    };
    let subject = match find("sub") {
        Some(Value::String(text)) if !text.is_empty() && text.len() <= 255 => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err(UpstreamError::Nonsense("a profile that does not say whom it is about")),
    };
    let subject = match provider.quirks.subject_within {
        None => subject,
        Some(path) => {
            let tenant = sources.iter().find_map(|source| source.pointer(path)?.as_str());
            let tenant = tenant.ok_or(UpstreamError::Nonsense("a profile without its tenant"))?;
            format!("{tenant}/{subject}")
        }
    };
    // `sub` is ASCII (OpenID Connect Core §2). It is displayed if the provider gives no name, but it is
    // also a key, so it can't be cleaned.
    if subject.len() > 300 || text::check(&subject).is_err() {
        return Err(UpstreamError::Nonsense("a profile that does not say whom it is about"));
    }
    let mut read = Map::new();
    let is_the_companys = belongs_to_company(provider, sources);
    for claim in claims::all() {
        if claims::MEMBERSHIP.contains(&claim) && !(provider.asserts_membership && is_the_companys)
        {
            continue;
        }
        if let Some(value) = find(claim).and_then(|value| cleaned(claim, value)) {
            read.insert(claim.to_owned(), value);
        }
    }
    let address = read.get("email").and_then(Value::as_str).filter(|text| email::is_address(text));
    // A company's provider may vouch only for addresses in the company's own domains.
    let in_domain = |address: &str| {
        let domain = email::domain(address).map(str::to_lowercase);
        domain.is_some_and(|domain| provider.has_domain(&domain))
    };
    let vouched =
        provider.domains.is_empty() || (is_the_companys && address.is_some_and(in_domain));
    // A missing `email_verified` counts as false, except at an issuer that serves one company and that
    // the operator named: it need not say so for the company's own users.
    let verified = says_verified(provider, sources).unwrap_or(provider.serves_one_company);
    let verified_email =
        address.filter(|_| provider.trusts_email && verified && vouched).map(String::from);
    read.insert("email_verified".to_owned(), verified_email.is_some().into());
    if read.get("email").is_none() {
        read.remove("email_verified");
    }
    read.remove("updated_at");
    read.remove("phone_number_verified");
    let claims: StandardClaims = serde_json::from_value(Value::Object(read)).unwrap_or_default();
    Ok(Identity {
        provider: provider.id.clone(),
        issuer: issuer.to_owned(),
        subject,
        verified_email,
        claims,
    })
}

/// The value of `email_verified` in the source (ID token or userinfo) that has the address; `None` if it
/// is missing there. A value in another source may be about another address, so it doesn't count.
fn says_verified(provider: &Provider, sources: &[Value]) -> Option<bool> {
    let path = |claim: &str| provider.claims.get(claim).cloned().unwrap_or(format!("/{claim}"));
    let email = path("email");
    let is_there = |source: &&Value| source.pointer(&email).is_some_and(|value| !value.is_null());
    let said = sources.iter().find(is_there)?.pointer(&path("email_verified"))?;
    let is_true = || cleaned("email_verified", said).is_some_and(|value| value == true);
    // A value that can't be read counts as false, not as missing.
    (!said.is_null()).then(is_true)
}

/// Whether the ID token says that the user belongs to the company of `domains`. Asked only of an issuer
/// that serves companies and private users alike ([`Provider::hosted_domain`]); true for any other.
fn belongs_to_company(provider: &Provider, sources: &[Value]) -> bool {
    let Some(path) = provider.hosted_domain.filter(|_| !provider.domains.is_empty()) else {
        return true;
    };
    let named = sources.first().and_then(|id_token| id_token.pointer(path)?.as_str());
    named.is_some_and(|domain| provider.has_domain(&domain.to_lowercase()))
}

/// A claim in the form that is kept; none for one that is not of that form.
///
/// The user chooses these texts at the provider. A name with characters that must not be displayed is
/// cleaned, so that nobody is kept from signing in. Any other claim with such characters is left out:
/// cleaning would turn `ad\u{200b}min` into the group `admin`, or an address into someone else's.
fn cleaned(claim: &str, value: &Value) -> Option<Value> {
    let is_short = |text: &str| text.chars().count() <= MAX_CLAIM && !text.is_empty();
    let text = |text: &str| (is_short(text) && text::check(text).is_ok()).then(|| text.into());
    match claim {
        // Some providers send the word instead of the truth value.
        "email_verified" | "phone_number_verified" => match value {
            Value::Bool(truth) => Some((*truth).into()),
            Value::String(word) => Some((word == "true" || word == "1").into()),
            Value::Number(number) => Some((number.as_i64() == Some(1)).into()),
            _ => None,
        },
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
