//! ID tokens of other providers, which this server verifies as a relying party (OpenID Connect Core §3.1.3.7).

use serde::{Deserialize, Serialize};

use super::access_token::Audience;
use crate::protocol::foreign_json::{ForeignJsonError, ForeignObject, NumericDate};

/// How far another server's clock may differ, in seconds.
pub const CLOCK_SKEW: i64 = 60;
/// The maximum age of a token when it arrives, in seconds.
const MAX_AGE: i64 = 10 * 60;

/// Why an ID token is refused. Each variant names its rule of OpenID Connect Core §3.1.3.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum IdTokenError {
    /// Rule 2: `iss`.
    #[error("the ID token names another issuer")]
    Issuer,
    /// Rules 3 to 5: `aud` and `azp`.
    #[error("the ID token is for another client")]
    Audience,
    /// Rule 9: `exp`.
    #[error("the ID token has expired; check the clocks of both servers")]
    Expired,
    /// Rule 10: `iat`.
    #[error(
        "the ID token was issued too long ago or in the future; check the clocks of both servers"
    )]
    IssuedAt,
    /// Rule 11: `nonce`.
    #[error("the nonce of the ID token is not that of the authorization request")]
    Nonce,
    /// Rule 13: `auth_time`.
    #[error("the ID token's auth_time is missing or earlier than the required sign-in")]
    AuthTime,
    /// §3.1.3.8: `at_hash`.
    #[error("at_hash of the ID token does not match the access token")]
    AtHash,
    /// §2: `sub` is required, and at most 255 characters of ASCII.
    #[error("the ID token has no usable sub")]
    Subject,
}

/// The claims of an ID token that the rules need. The claims about the user are read from the same JSON by the
/// provider's mapping.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct UpstreamIdToken {
    pub iss: String,
    pub sub: String,
    pub aud: Audience,
    pub azp: Option<String>,
    pub exp: i64,
    pub iat: i64,
    pub nonce: Option<String>,
    pub auth_time: Option<i64>,
    pub amr: Vec<String>,
    pub at_hash: Option<String>,
    pub sid: Option<String>,
    /// The tenant, at a provider with many tenants.
    pub tid: Option<String>,
    /// The names of optional members that could not be read.
    pub odd: Vec<&'static str>,
}

/// What an ID token must contain.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    /// The issuer; `{tenantid}` in it is replaced by the token's tenant.
    pub issuer: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// The request's `nonce`; `None` for a provider that doesn't return it.
    pub nonce: Option<&'a str>,
    /// The user must have authenticated at or after this time, in seconds since 1970.
    pub signed_in_since: Option<i64>,
    /// The current time, in seconds since 1970.
    pub now: i64,
}

impl UpstreamIdToken {
    /// Reads the claims.
    ///
    /// # Errors
    /// [`ForeignJsonError`] if a required claim (OpenID Connect Core §2), or one that binds the token to this
    /// client, this sign-in or this access token, can't be read.
    pub fn read(mut claims: ForeignObject) -> Result<Self, ForeignJsonError> {
        let read = Self {
            iss: claims.needed("iss")?,
            sub: claims.needed("sub")?,
            aud: claims.needed("aud")?,
            azp: claims.restriction("azp")?,
            exp: claims.needed::<NumericDate>("exp")?.0,
            iat: claims.needed::<NumericDate>("iat")?.0,
            nonce: claims.restriction("nonce")?,
            auth_time: claims.optional::<NumericDate>("auth_time").map(|date| date.0),
            amr: claims.texts("amr"),
            at_hash: claims.restriction("at_hash")?,
            sid: claims.text("sid"),
            tid: claims.text("tid"),
            odd: Vec::new(),
        };
        Ok(Self { odd: claims.finish()?, ..read })
    }

    /// When the user authenticated, in seconds since 1970; `None` if the token doesn't say or the time is in the
    /// future. `now` is in seconds since 1970.
    pub fn authenticated_at(&self, now: i64) -> Option<i64> {
        self.auth_time.filter(|moment| *moment <= now.saturating_add(CLOCK_SKEW))
    }

    /// Checks the claims of a token whose signature was verified.
    ///
    /// # Errors
    /// See [`IdTokenError`].
    pub fn check(&self, expected: &Expected<'_>) -> Result<(), IdTokenError> {
        if !issuer_matches(expected.issuer, &self.iss, self.tid.as_deref()) {
            return Err(IdTokenError::Issuer);
        }
        let several = matches!(&self.aud, Audience::Many(all) if all.len() > 1);
        let authorized = match &self.azp {
            Some(azp) => azp == expected.client_id,
            None => !several,
        };
        if !self.aud.contains(expected.client_id) || !authorized {
            return Err(IdTokenError::Audience);
        }
        if self.exp.saturating_add(CLOCK_SKEW) <= expected.now {
            return Err(IdTokenError::Expired);
        }
        let oldest = expected.now.saturating_sub(MAX_AGE).saturating_sub(CLOCK_SKEW);
        if self.iat < oldest || self.iat > expected.now.saturating_add(CLOCK_SKEW) {
            return Err(IdTokenError::IssuedAt);
        }
        if expected.nonce.is_some() && self.nonce.as_deref() != expected.nonce {
            return Err(IdTokenError::Nonce);
        }
        if self.sub.is_empty() || self.sub.len() > 255 || self.sub.chars().any(char::is_control) {
            return Err(IdTokenError::Subject);
        }
        if let Some(since) = expected.signed_in_since {
            let signed_in = self.authenticated_at(expected.now).ok_or(IdTokenError::AuthTime)?;
            if signed_in.saturating_add(CLOCK_SKEW) < since {
                return Err(IdTokenError::AuthTime);
            }
        }
        Ok(())
    }
}

/// Whether `named` is the configured issuer. If that is for many tenants, the token's tenant is inserted first. The
/// tenant must be a plain identifier, because otherwise it could change the rest of the URL.
pub fn issuer_matches(configured: &str, named: &str, tenant: Option<&str>) -> bool {
    if !configured.contains(TENANT) {
        return configured == named;
    }
    let plain = |tenant: &&str| {
        tenant.len() == 36 && tenant.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
    };
    tenant.filter(plain).is_some_and(|tenant| configured.replace(TENANT, tenant) == named)
}

/// The placeholder for the tenant in the issuer of a provider with many tenants.
pub const TENANT: &str = "{tenantid}";
