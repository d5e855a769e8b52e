//! Resource indicators (RFC 8707).

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use super::scope::Scope;

/// A resource server of the deployment, and its scopes in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Its URI, which is the `aud` of tokens for it.
    pub resource: String,
    /// Its display name.
    #[serde(default)]
    pub name: Option<String>,
    /// Its scopes.
    #[serde(default)]
    pub scopes: BTreeMap<String, ScopeWords>,
}

/// A scope in words that users understand.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct ScopeWords {
    /// What an app can do with it: `See your photos`.
    pub words: String,
    /// Whether the user may decline it and allow the rest.
    pub optional: bool,
}

/// The two forms in a setting: only the words, or a table.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Words(String),
    Table {
        words: String,
        #[serde(default)]
        optional: bool,
    },
}

impl From<Written> for ScopeWords {
    fn from(written: Written) -> Self {
        match written {
            Written::Words(words) => Self { words, optional: false },
            Written::Table { words, optional } => Self { words, optional },
        }
    }
}

/// The resources of a deployment. If the list is empty, any URI is a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    listed: Vec<Resource>,
    /// Whether any other URI is a resource too.
    is_open: bool,
}

impl Resources {
    /// Parses the setting: URIs separated by spaces, or a JSON list of tables.
    ///
    /// # Errors
    /// What is wrong, as a message for the operator.
    pub fn read(value: &str) -> Result<Self, String> {
        let resources: Vec<Resource> = if value.trim_start().starts_with('[') {
            serde_json::from_str(value).map_err(|error| error.to_string())?
        } else {
            let plain = |uri: &str| Resource { resource: uri.to_owned(), ..Resource::default() };
            value.split_whitespace().map(plain).collect()
        };
        let all = Self { listed: resources, is_open: false };
        parse(all.uris(), &Self::default()).map_err(|error| error.to_string())?;
        for resource in &all.listed {
            let wrong = resource.scopes.iter().find(|(token, words)| {
                Scope::parse(token).map_or(true, |scope| scope.iter().count() != 1)
                    || words.words.is_empty()
                    || words.words.len() > 200
            });
            if let Some((token, _)) = wrong {
                return Err(format!("{token:?} is not a scope with words of at most 200 bytes"));
            }
        }
        Ok(all)
    }

    /// The same list, which no longer excludes other resources: it only says what these are called.
    #[must_use]
    pub fn open(self) -> Self {
        Self { is_open: true, ..self }
    }

    fn uris(&self) -> impl Iterator<Item = &str> {
        self.listed.iter().map(|resource| resource.resource.as_str())
    }

    /// The words for a scope of any resource.
    pub fn words(&self, scope: &str) -> Option<&ScopeWords> {
        self.listed.iter().find_map(|resource| resource.scopes.get(scope))
    }

    /// The display name of a resource; its URI if it has none.
    pub fn name<'a>(&'a self, uri: &'a str) -> &'a str {
        let named = self.listed.iter().find(|resource| resource.resource == uri);
        named.and_then(|resource| resource.name.as_deref()).unwrap_or(uri)
    }

    /// The scopes that a user may decline.
    pub fn optional(&self, scope: &Scope) -> Scope {
        scope.filter(|token| self.words(token).is_some_and(|words| words.optional))
    }

    /// All scopes of all resources.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.listed.iter().flat_map(|resource| resource.scopes.keys().map(String::as_str))
    }

    fn has(&self, uri: &str) -> bool {
        self.is_open || self.listed.is_empty() || self.uris().any(|resource| resource == uri)
    }
}

/// A `resource` that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// RFC 8707 §2.
    #[error(
        "resource must be an absolute URI without a fragment, user name or password, at most 1000 \
         characters of ASCII"
    )]
    Syntax,
    /// More resources than a request may have.
    #[error("at most 10 resources may be requested")]
    TooMany,
    /// The deployment lists its resources, and this isn't one of them.
    #[error("this server issues no tokens for that resource")]
    Unknown,
    /// RFC 8707 §2.2: a token request may only ask for resources that were granted.
    #[error("the resource was not part of the authorization")]
    NotGranted,
}

/// Parses the values of `resource`, in order and without repetitions.
///
/// # Errors
/// See [`ResourceError`].
pub fn parse<'a>(
    values: impl Iterator<Item = &'a str>,
    known: &Resources,
) -> Result<Vec<String>, ResourceError> {
    let mut resources: Vec<String> = Vec::new();
    for value in values {
        // The parser accepts spaces, line breaks and other characters that a URI must not have (RFC 3986 §2), but the
        // value is stored and displayed unchanged. A user name in it could pose as the host.
        let printable = value.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b));
        let absolute = Url::parse(value).is_ok_and(|url| {
            (url.has_host() || url.cannot_be_a_base())
                && url.username().is_empty()
                && url.password().is_none()
        });
        if value.len() > 1000 || !printable || value.contains('#') || !absolute {
            return Err(ResourceError::Syntax);
        }
        if !known.has(value) {
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

/// The resources of an access token: the requested ones, or all that were granted if none is requested.
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
