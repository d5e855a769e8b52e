//! Companies: the domain of an e-mail address decides who signs its people in.

use crate::endpoints::failure::Failure;
use crate::endpoints::server::Server;
use crate::protocol::email;
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
    let proven = match provider.domain_proof {
        DomainProof::Operator => true,
        DomainProof::Dns => has_record(server, provider, &domain).await?,
    };
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

/// Whether any provider signs in a company: then the page asks for the address first.
pub fn any(server: &Server<'_>) -> bool {
    server.settings.providers.iter().any(|provider| !provider.domains.is_empty())
}

/// What the domain's TXT record must say: which provider, at which server.
pub fn record(server: &Server<'_>, provider: &Provider) -> String {
    format!("vestibule-provider={} issuer={}", provider.id, server.issuer)
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
    let answer = match document(&server.ports, &url, false).await {
        Ok(answer) => answer,
        Err(error) => {
            let id = &provider.id;
            server.ports.log.error(&format!("the DNS, for the provider {id}: {error}"));
            let message = "Who signs your company in cannot be found out at the moment. Try again \
                           in a minute.";
            return Err(Failure::page(503, "This sign-in cannot go on", message));
        }
    };
    let expected = record(server, provider);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
    let records = answer.get("Answer").and_then(serde_json::Value::as_array);
    Ok(records.into_iter().flatten().any(|record| {
        let data = record.get("data").and_then(serde_json::Value::as_str).unwrap_or_default();
        data.trim_matches('"') == expected
    }))
}
