//! Company providers: the domain of an email address decides at which provider its users sign in.

use serde_json::value::RawValue;

use crate::domain::identity::Identity;
use crate::endpoints::failure::Failure;
use crate::endpoints::server::Server;
use crate::protocol::email;
use crate::protocol::foreign_json::{ForeignJsonError, ForeignObject};
use crate::upstream::error::UpstreamError;
use crate::upstream::metadata::document;
use crate::upstream::provider::{DomainProof, Provider};

/// The company provider for an email address, if there is one.
///
/// # Errors
/// The same as [`is_proven`].
pub async fn of<'s>(
    server: &'s Server<'_>,
    address: &str,
) -> Result<Option<&'s Provider>, Failure> {
    let Some(domain) = email::domain(address.trim()).map(str::to_lowercase) else {
        return Ok(None);
    };
    let provider = server.settings.providers.iter().find(|provider| provider.has_domain(&domain));
    let Some(provider) = provider else {
        return Ok(None);
    };
    let proven = is_proven(server, provider, &domain).await?;
    Ok(Some(provider).filter(|_| proven))
}

/// The company provider for an email address, if it is a different one than `provider`.
///
/// # Errors
/// The same as [`is_proven`].
pub async fn elsewhere<'s>(
    server: &'s Server<'_>,
    provider: &Provider,
    address: &str,
) -> Result<Option<&'s Provider>, Failure> {
    Ok(of(server, address).await?.filter(|company| company.id != provider.id))
}

/// Reduces a user's identity if the company's domain has no DNS record yet: only a proven company provider may say that
/// an address is verified, or assert groups and roles.
///
/// # Errors
/// A page if the DNS doesn't respond.
pub async fn vouched(
    server: &Server<'_>,
    provider: &Provider,
    identity: Identity,
) -> Result<Identity, Failure> {
    if provider.domains.is_empty() {
        return Ok(identity);
    }
    let address = identity.verified_email.as_deref().and_then(email::domain);
    // Without an address in one of the domains, each domain must be proven.
    let domains = address.map_or_else(|| provider.domains.clone(), |d| vec![d.to_lowercase()]);
    for domain in domains {
        if !is_proven(server, provider, &domain).await? {
            return Ok(identity.unproven());
        }
    }
    Ok(identity)
}

/// Whether there is a company provider. If so, the sign-in page asks for the address first.
pub fn any(server: &Server<'_>) -> bool {
    server.settings.providers.iter().any(|provider| !provider.domains.is_empty())
}

/// The expected content of the domain's TXT record: the provider and this server.
pub fn record(server: &Server<'_>, provider: &Provider) -> String {
    format!("vestibule-provider={} issuer={}", provider.id, server.issuer)
}

/// Whether the domain is proven to belong to the provider, by the method that the operator chose.
///
/// # Errors
/// A page if the DNS must be asked and doesn't respond.
async fn is_proven(
    server: &Server<'_>,
    provider: &Provider,
    domain: &str,
) -> Result<bool, Failure> {
    match provider.domain_proof {
        DomainProof::Operator => Ok(true),
        DomainProof::Dns => has_record(server, provider, domain).await,
    }
}

/// Looks up the TXT record at `_vestibule.` and the domain, by HTTPS and in JSON. The response is cached for an hour.
///
/// # Errors
/// A page if the DNS doesn't respond. Signing the user in some other way would bypass the company's rule.
async fn has_record(
    server: &Server<'_>,
    provider: &Provider,
    domain: &str,
) -> Result<bool, Failure> {
    let proven = provider.domains.iter().find(|own| {
        *own == domain || domain.strip_suffix(own.as_str()).is_some_and(|rest| rest.ends_with('.'))
    });
    let Some(proven) = proven else {
        return Ok(false);
    };
    let query = crate::protocol::parameters::encode([
        ("name", format!("_vestibule.{proven}").as_str()),
        ("type", "TXT"),
    ]);
    let url = format!("{}?{query}", server.settings.dns_resolver);
    let expected = record(server, provider);
    let said = match ask(server, &url, false).await {
        // A failed response isn't cached for that hour: the resolver is asked again, at most once a minute.
        Err(_) => ask(server, &url, true).await,
        said => said,
    };
    match said {
        Ok(texts) => Ok(texts.contains(&expected)),
        Err(error) => {
            let id = &provider.id;
            let log = server.ports.log;
            log.error(&format!("the DNS lookup for the provider {id} failed: {error}"));
            let message = "Your company's sign-in can't be found right now. Try again in a minute.";
            Err(Failure::page(503, "This sign-in can't continue", message))
        }
    }
}

/// Asks the resolver and parses the TXT records in its response. `outdated` asks again even if a response is cached.
async fn ask(server: &Server<'_>, url: &str, outdated: bool) -> Result<Vec<String>, DnsError> {
    txt_records(&document(&server.ports, url, outdated).await?)
}

/// Why the resolver's response doesn't say which records exist.
#[derive(Debug, thiserror::Error)]
enum DnsError {
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    #[error("the resolver's answer is not DNS in JSON: {0}")]
    Form(#[from] ForeignJsonError),
    #[error("the resolver answered with RCODE {0} (RFC 1035 §4.1.1)")]
    Status(u64),
}

/// Parses the TXT records of a resolver's JSON response. Only NOERROR and NXDOMAIN say which records exist (RFC 1035
/// §4.1.1, RFC 2308 §2). If a failure counted as "no record", the company's users could sign in elsewhere.
fn txt_records(answer: &str) -> Result<Vec<String>, DnsError> {
    let answer = ForeignObject::parse(answer)?;
    let status: u64 = answer.needed("Status")?;
    if !matches!(status, 0 | 3) {
        return Err(DnsError::Status(status));
    }
    let records: Option<Vec<Box<RawValue>>> = answer.restriction("Answer")?;
    let texts = records.into_iter().flatten().filter_map(|record| {
        ForeignObject::parse(record.get()).and_then(|record| record.needed::<String>("data")).ok()
    });
    Ok(texts.map(|text| text.trim_matches('"').to_owned()).collect())
}
