//! JWT access tokens (RFC 9068).

use serde::{Deserialize, Serialize};

use crate::protocol::scope::Scope;

/// The `typ` of an access token (RFC 9068 §2.1).
pub const TYP: &str = "at+jwt";

/// `aud`: one value as a string, several as an array (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One value.
    One(String),
    /// Several values.
    Many(Vec<String>),
}

impl Audience {
    /// Whether it contains the value.
    pub fn contains(&self, value: &str) -> bool {
        match self {
            Self::One(one) => one == value,
            Self::Many(many) => many.iter().any(|one| one == value),
        }
    }
}

impl From<Vec<String>> for Audience {
    fn from(mut values: Vec<String>) -> Self {
        match values.pop() {
            Some(only) if values.is_empty() => Self::One(only),
            Some(last) => {
                values.push(last);
                Self::Many(values)
            }
            None => Self::Many(values),
        }
    }
}

/// The claims of an access token (RFC 9068 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// Issuer.
    pub iss: String,
    /// The account, or the client if it acts for itself (§2.2).
    pub sub: String,
    /// The resources at which it is valid.
    pub aud: Audience,
    /// The client.
    pub client_id: String,
    /// Granted scopes.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// Issued at, seconds since 1970.
    pub iat: i64,
    /// Expires at, seconds since 1970.
    pub exp: i64,
    /// The token's unique ID.
    pub jti: String,
    /// When the user authenticated, in seconds since 1970 (§2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// Authentication context (§2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Authentication methods (§2.2.1, RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The ID of the grant, with which introspection and userinfo find its object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    /// When the response to the device code that this token came from can no longer be repeated, in seconds
    /// since 1970. The first use of the token at this server ends that earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_code_exp: Option<i64>,
}
