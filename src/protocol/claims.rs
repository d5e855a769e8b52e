//! Claims about a user: the standard ones, those that a scope requests, and the `claims` parameter (OpenID Connect Core
//! §5).

use serde::{Deserialize, Serialize};

use super::foreign_json::{ForeignJsonError, ForeignObject};
use super::scope::{self, Scope};

/// The claims of the scope `profile` (OpenID Connect Core §5.4).
pub const PROFILE: [&str; 14] = [
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];
/// The claims of the scope `email`.
pub const EMAIL: [&str; 2] = ["email", "email_verified"];
/// The claims of the scope `address`.
pub const ADDRESS: [&str; 1] = ["address"];
/// The claims of the scope `phone`.
pub const PHONE: [&str; 2] = ["phone_number", "phone_number_verified"];
/// The claims of the scopes with the same names: a user's groups and roles in a company's directory (RFC 9068
/// §2.2.3.1).
pub const MEMBERSHIP: [&str; 2] = ["groups", "roles"];
/// The only authentication context (`acr`) that the server supports: a single factor, proven at this server.
pub const ACR_SINGLE_FACTOR: &str = "1";

/// Every claim about a user that can be requested.
pub fn all() -> impl Iterator<Item = &'static str> {
    PROFILE.into_iter().chain(EMAIL).chain(ADDRESS).chain(PHONE).chain(MEMBERSHIP)
}

/// Whether the granted scopes include the claim (OpenID Connect Core §5.4).
pub fn in_scope(claim: &str, granted: &Scope) -> bool {
    let asks = |token: &str, claims: &[&str]| claims.contains(&claim) && granted.contains(token);
    asks(scope::PROFILE, &PROFILE)
        || asks(scope::EMAIL, &EMAIL)
        || asks(scope::ADDRESS, &ADDRESS)
        || asks(scope::PHONE, &PHONE)
        || (MEMBERSHIP.contains(&claim) && granted.contains(claim))
}

/// The scope that contains a claim. Consents and registrations name this scope.
pub fn scope_of(claim: &str) -> Option<&'static str> {
    let groups: [(&'static str, &[&str]); 4] = [
        (scope::PROFILE, &PROFILE),
        (scope::EMAIL, &EMAIL),
        (scope::ADDRESS, &ADDRESS),
        (scope::PHONE, &PHONE),
    ];
    let standard = groups.into_iter().find(|(_, claims)| claims.contains(&claim));
    let own = || MEMBERSHIP.into_iter().find(|name| *name == claim);
    standard.map(|(scope, _)| scope).or_else(own)
}

/// A `claims` parameter that can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// Not an object as OpenID Connect Core §5.5 defines it.
    #[error("claims must be a JSON object with userinfo or id_token, each an object of claims")]
    Syntax,
    /// `sub` or `acr` is requested in a form that §5.5.1 doesn't define.
    #[error("claims cannot be used: {0}")]
    Unusable(#[from] ForeignJsonError),
    /// More claims than the server accepts.
    #[error("claims may name at most 60 claims")]
    TooMany,
}

/// The parts of a `claims` parameter that the server supports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// Claims about the user that the userinfo endpoint should return.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub userinfo: Vec<String>,
    /// Claims about the user that the ID token should contain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id_token: Vec<String>,
    /// The `sub` of the user who must be signed in (§5.5.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The authentication contexts of which one must be met (§5.5.1.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub essential_acr: Vec<String>,
}

impl ClaimsRequest {
    /// Parses the JSON value of the parameter. Unknown parts are ignored, as §5.5 says.
    ///
    /// # Errors
    /// See [`ClaimsError`].
    pub fn parse(json: &str) -> Result<Self, ClaimsError> {
        Self::read(json).map(|(request, _)| request)
    }

    /// Parses the JSON value of the parameter. Also returns the names of claims that are ignored because they are
    /// requested in a form that §5.5.1 doesn't define.
    ///
    /// # Errors
    /// See [`ClaimsError`].
    pub fn read(json: &str) -> Result<(Self, Vec<&'static str>), ClaimsError> {
        let request = ForeignObject::parse(json).map_err(|_| ClaimsError::Syntax)?;
        let members =
            |name| request.restriction::<ForeignObject>(name).map(Option::unwrap_or_default);
        let members = |name| members(name).map_err(|_| ClaimsError::Syntax);
        let (mut userinfo, mut id_token) = (members("userinfo")?, members("id_token")?);
        if userinfo.count() > 30 || id_token.count() > 30 {
            return Err(ClaimsError::TooMany);
        }
        let (sub, userinfo_sub) = (required_sub(&id_token)?, required_sub(&userinfo)?);
        let request = Self {
            sub: sub.or(userinfo_sub),
            essential_acr: essential_acr(&id_token)?,
            userinfo: asked_for(&mut userinfo),
            id_token: asked_for(&mut id_token),
        };
        let odd = [userinfo.finish()?, id_token.finish()?].concat();
        Ok((request, odd))
    }

    /// Leaves out claims whose scope the client didn't register: requesting a claim by name gives a client no more than
    /// the scope that contains it.
    #[must_use]
    pub fn within(mut self, registered: &Scope) -> Self {
        let open = |claim: &String| scope_of(claim).is_some_and(|s| registered.contains(s));
        self.userinfo.retain(open);
        self.id_token.retain(open);
        self
    }

    /// The scopes that contain the requested claims. The user is asked to consent to them like to requested scopes.
    pub fn scope(&self) -> Scope {
        let mut scope = Scope::default();
        let claims = self.userinfo.iter().chain(&self.id_token);
        claims.filter_map(|claim| scope_of(claim)).for_each(|token| scope.insert(token));
        scope
    }

    /// Whether the server can meet one of the required authentication contexts.
    pub fn acr_can_be_met(&self) -> bool {
        self.essential_acr.is_empty()
            || self.essential_acr.iter().any(|acr| acr == ACR_SINGLE_FACTOR)
    }
}

/// The known claims that are requested, with `null` or an object as their value (§5.5.1).
fn asked_for(members: &mut ForeignObject) -> Vec<String> {
    let mut is_asked = |claim: &&'static str| {
        let is_null = matches!(members.restriction::<ForeignObject>(claim), Ok(None));
        members.has(claim) && (is_null || members.optional::<ForeignObject>(claim).is_some())
    };
    all().filter(|claim| is_asked(claim)).map(String::from).collect()
}

/// The `sub` of the user who must sign in. If it can't be parsed, the request is refused, because otherwise another
/// user could sign in.
fn required_sub(members: &ForeignObject) -> Result<Option<String>, ForeignJsonError> {
    let Some(sub) = members.restriction::<ForeignObject>("sub")? else {
        return Ok(None);
    };
    let value: Option<String> = sub.restriction("value")?;
    let values: Option<Vec<String>> = sub.restriction("values")?;
    match (value, values.as_deref()) {
        (value, None) => Ok(value),
        (None, Some([only])) => Ok(Some(only.clone())),
        // A session belongs to one user, so the request must name only one.
        _ => Err(ForeignJsonError::Odd("sub")),
    }
}

/// The authentication contexts of which one must be met. If they can't be parsed, the request is refused, because
/// otherwise the user could sign in without meeting any.
fn essential_acr(members: &ForeignObject) -> Result<Vec<String>, ForeignJsonError> {
    let Some(acr) = members.restriction::<ForeignObject>("acr")? else {
        return Ok(Vec::new());
    };
    if acr.restriction("essential")? != Some(true) {
        return Ok(Vec::new());
    }
    let value: Option<String> = acr.restriction("value")?;
    let values: Option<Vec<String>> = acr.restriction("values")?;
    Ok(value.into_iter().chain(values.unwrap_or_default()).collect())
}

/// The postal address (OpenID Connect Core §5.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The whole address, with line feeds between lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// Street and house number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// State, province or prefecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// The standard claims about a user (OpenID Connect Core §5.1), without `sub`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandardClaims {
    /// Full name, in the form in which it is displayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name or first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Surname or last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Middle name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// Casual name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The name by which the user wants to be known; not unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// URL of the profile page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// URL of the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// URL of the user's own website.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the user was proven to own the email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// Gender, free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// `YYYY-MM-DD`, with `0000` for an unknown year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    /// IANA time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    /// BCP 47 language tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// E.164 telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Whether the user was proven to own the telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number_verified: Option<bool>,
    /// Postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// The user's groups in the company's directory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The user's roles in the company's directory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// When the profile last changed, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<i64>,
}

/// Claims as a JSON object.
pub type ClaimsObject = serde_json::Map<String, serde_json::Value>;

impl StandardClaims {
    /// The claims for which `wanted` returns true, as a JSON object.
    pub fn select(&self, wanted: impl Fn(&str) -> bool) -> ClaimsObject {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(claims)) => {
                claims.into_iter().filter(|(claim, _)| wanted(claim)).collect()
            }
            _ => ClaimsObject::new(),
        }
    }
}
