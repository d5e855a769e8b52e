//! Assertions with which this server authenticates as a client of another (RFC 7523 §3, OpenID Connect Core §9), and
//! Apple's signed client secret, which has the same form.

use serde::Serialize;

/// The value of `client_assertion_type` (RFC 7523 §2.2).
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The header of an assertion. Its `kid` was chosen by the other server, so it differs from the header of tokens that
/// this server issues.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct AssertionHeader<'a> {
    pub alg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<&'a str>,
    pub typ: &'a str,
}

/// The claims of an assertion (RFC 7523 §3).
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the fields bear the names of the specification")]
pub struct ClientAssertion<'a> {
    pub iss: &'a str,
    pub sub: &'a str,
    pub aud: &'a str,
    pub iat: i64,
    pub exp: i64,
    pub jti: String,
}
