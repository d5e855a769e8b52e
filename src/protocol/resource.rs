//! Resource indicators (RFC 8707).

use url::Url;

/// A `resource` that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// RFC 8707 §2.
    #[error("resource must be an absolute URI without a fragment, at most 1000 characters")]
    Syntax,
    /// More than one request needs.
    #[error("at most 10 resources may be asked for")]
    TooMany,
    /// The deployment names its resources and this is none of them.
    #[error("this server issues no tokens for that resource")]
    Unknown,
    /// RFC 8707 §2.2: a token may be asked for a part of what was granted.
    #[error("the resource was not part of the authorization")]
    NotGranted,
}

/// Reads the values of `resource`, each once, in order.
///
/// # Errors
/// See [`ResourceError`]; `known` says which resources the deployment has, none meaning any.
pub fn parse<'a>(
    values: impl Iterator<Item = &'a str>,
    known: &[String],
) -> Result<Vec<String>, ResourceError> {
    let mut resources: Vec<String> = Vec::new();
    for value in values {
        let absolute = Url::parse(value).is_ok_and(|url| url.has_host() || url.cannot_be_a_base());
        if value.len() > 1000 || value.contains('#') || !absolute {
            return Err(ResourceError::Syntax);
        }
        if !known.is_empty() && !known.iter().any(|resource| resource == value) {
            return Err(ResourceError::Unknown);
        }
        if resources.iter().any(|resource| resource == value) {
            continue;
        }
        if resources.len() == 10 {
            return Err(ResourceError::TooMany);
        }
        resources.push(value.to_owned());
    }
    Ok(resources)
}

/// The resources of one access token: those asked for now, or else all that were granted.
///
/// # Errors
/// [`ResourceError::NotGranted`] for a resource outside the grant.
pub fn narrow(granted: &[String], asked: Vec<String>) -> Result<Vec<String>, ResourceError> {
    if asked.is_empty() {
        return Ok(granted.to_vec());
    }
    if asked.iter().all(|resource| granted.contains(resource)) {
        Ok(asked)
    } else {
        Err(ResourceError::NotGranted)
    }
}
