//! Companies: the domain of an e-mail address decides who signs its people in.

use serde_json::value::RawValue;

use crate::domain::identity::Identity;
use crate::endpoints::failure::Failure;
use crate::endpoints::server::Server;
use crate::protocol::email;
use crate::protocol::foreign_json::{ForeignJsonError, ForeignObject};
use crate::upstream::error::UpstreamError;
use crate::upstream::metadata::document;
use crate::upstream::provider::{DomainProof, Provider};

/// The provider that signs in the people of an address's domain, where there is one.
///
/// # Errors
/// Only what is ours.
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

/// The provider of an address's company, where that is another than this one.
///
/// # Errors
/// Only what is ours.
pub async fn elsewhere<'s>(
    server: &'s Server<'_>,
    provider: &Provider,
    address: &str,
) -> Result<Option<&'s Provider>, Failure> {
    Ok(of(server, address).await?.filter(|company| company.id != provider.id))
}

/// What a provider says of a user, without what only the company's provider may say, if the domain has no DNS
/// record yet: that the address is verified, groups and roles.
///
/// # Errors
/// A page, if the DNS doesn't answer.
pub async fn vouched(
    server: &Server<'_>,
    provider: &Provider,
    identity: Identity,
) -> Result<Identity, Failure> {
    if provider.domains.is_empty() {
        return Ok(identity);
    }
    let address = identity.verified_email.as_deref().and_then(email::domain);
    // Without an address in one of the domains, each of them has to be the company's.
    let domains = address.map_or_else(|| provider.domains.clone(), |d| vec![d.to_lowercase()]);
    for domain in domains {
        if !is_proven(server, provider, &domain).await? {
            return Ok(identity.unproven());
        }
    }
    Ok(identity)
}

/// Whether any provider signs in a company: then the page asks for the address first.
pub fn any(server: &Server<'_>) -> bool {
    server.settings.providers.iter().any(|provider| !provider.domains.is_empty())
}

/// What the domain's TXT record must say: which provider, at which server.
pub fn record(server: &Server<'_>, provider: &Provider) -> String {
    format!("vestibule-provider={} issuer={}", provider.id, server.issuer)
}

/// Whether the domain was proven to be the provider's, in the way that the operator set.
///
/// # Errors
/// A page, if the DNS has to be asked and doesn't answer.
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

/// Asks the DNS, over HTTPS and in JSON, for the record at `_vestibule.` and the domain; the object
/// that keeps the answer asks once an hour.
///
/// # Errors
/// A page, where the DNS does not answer: to let the person in another way would be to let the
/// company's rule lapse.
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
        // A failed answer isn't used for the usual hour: the resolver is asked again, at most once a minute.
        Err(_) => ask(server, &url, true).await,
        said => said,
    };
    match said {
        Ok(texts) => Ok(texts.contains(&expected)),
        Err(error) => {
            let id = &provider.id;
            server.ports.log.error(&format!("the DNS, for the provider {id}: {error}"));
            let message = "Who signs your company in cannot be found out at the moment. Try again \
                           in a minute.";
            Err(Failure::page(503, "This sign-in cannot go on", message))
        }
    }
}

/// Asks the resolver and reads the TXT records from its answer. `outdated` asks it again although an answer is
/// cached.
async fn ask(server: &Server<'_>, url: &str, outdated: bool) -> Result<Vec<String>, DnsError> {
    txt_records(&document(&server.ports, url, outdated).await?)
}

/// Why the resolver's answer doesn't say which records there are.
#[derive(Debug, thiserror::Error)]
enum DnsError {
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    #[error("the resolver's answer is not DNS in JSON: {0}")]
    Form(#[from] ForeignJsonError),
    #[error("the resolver answered with RCODE {0} (RFC 1035 §4.1.1)")]
    Status(u64),
}

/// The TXT records of a resolver's answer in JSON. Only NOERROR and NXDOMAIN say which records exist (RFC 1035
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
