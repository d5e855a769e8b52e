//! Presets: the endpoints and peculiarities of known providers, so that an operator names the provider and writes
//! little more than a `client_id`. Each preset follows the provider's own documentation.

use std::collections::BTreeMap;

use super::endpoints::{AuthMethod, Endpoints, PlainEndpoints, origin};
use crate::jose::upstream_id_token::TENANT;
use crate::protocol::provider_metadata::ProviderMetadata;

/// How a provider differs from the specifications, or what they leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirks {
    /// The response comes by POST (OAuth 2.0 Form Post Response Mode).
    pub form_post: bool,
    /// The ID token contains the request's `nonce`, as OpenID Connect Core §3.1.3.7 requires.
    pub nonce: bool,
    /// It supports PKCE (RFC 7636). A provider that refuses PKCE must return the nonce or authenticate this client.
    pub pkce: bool,
    /// The JSON pointer to the tenant within which `sub` is unique; `None` if `sub` alone is unique.
    pub subject_within: Option<&'static str>,
    /// A tenant whose users are refused.
    pub refused_tenant: Option<&'static str>,
    /// The user's name comes only with the first response, in the parameter `user`.
    pub user_in_answer: bool,
    /// How tokens are revoked.
    pub revocation: Revocation,
    /// The parameters with which the authorization request asks for a refresh token.
    pub connection_parameters: &'static [(&'static str, &'static str)],
    /// Whether every token has all scopes that the user ever granted to this server there, without the token response
    /// naming them. Then an app can be connected only for all of `connection_scope`.
    pub all_or_nothing: bool,
}

/// How tokens are revoked at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// By RFC 7009.
    Standard,
    /// By a DELETE request with HTTP Basic authentication and the token as JSON.
    GitHub,
    /// By a DELETE request with the token itself as bearer token.
    Bearer,
}

/// The defaults for a known provider.
#[derive(Clone, Debug)]
pub struct Preset {
    pub(super) name: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) endpoints: Option<Endpoints>,
    pub(super) scope: String,
    pub(super) auth_method: AuthMethod,
    pub(super) authorization_parameters: BTreeMap<String, String>,
    pub(super) claims: BTreeMap<String, String>,
    pub(super) trusts_email: bool,
    pub(super) reports_auth_time: bool,
    pub(super) quirks: Quirks,
}

impl Default for Preset {
    /// OpenID Connect with discovery. Nothing is trusted by default.
    fn default() -> Self {
        Self {
            name: None,
            issuer: None,
            endpoints: None,
            scope: "openid profile email".to_owned(),
            auth_method: AuthMethod::ClientSecretBasic,
            authorization_parameters: BTreeMap::new(),
            claims: BTreeMap::new(),
            trusts_email: false,
            reports_auth_time: true,
            quirks: Quirks {
                form_post: false,
                nonce: true,
                pkce: true,
                subject_within: None,
                refused_tenant: None,
                user_in_answer: false,
                revocation: Revocation::Standard,
                connection_parameters: &[],
                all_or_nothing: false,
            },
        }
    }
}

/// The tenant in which Microsoft keeps personal accounts.
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// The preset with this name.
pub fn find(name: &str, tenant: Option<&str>) -> Option<Preset> {
    let preset = match name {
        "google" => google(),
        "apple" => apple(),
        "microsoft" => microsoft(tenant.unwrap_or("common")),
        "github" => github(),
        "facebook" => facebook(),
        "gitlab" => Preset { trusts_email: true, ..openid("GitLab", "https://gitlab.com") },
        "linkedin" => linkedin(),
        "discord" => discord(),
        "x" => x(),
        "slack" => slack(),
        // Their issuers differ for each customer.
        "okta" => Preset { name: Some("Okta".to_owned()), ..Preset::default() },
        "auth0" => Preset {
            name: Some("Auth0".to_owned()),
            auth_method: AuthMethod::ClientSecretPost,
            ..Preset::default()
        },
        _ => return None,
    };
    Some(preset)
}

/// The presets of providers at which anyone can get an account.
const PUBLIC: [&str; 9] =
    ["google", "apple", "github", "facebook", "gitlab", "linkedin", "discord", "x", "slack"];
const GOOGLE: &str = "https://accounts.google.com";

/// Whether anyone can get an account at an issuer, even if the operator configured it without a preset.
pub fn serves_everyone(issuer: &str) -> bool {
    let is_public = |name: &&str| {
        find(name, None).is_some_and(|preset| match (&preset.issuer, &preset.endpoints) {
            (Some(known), _) => known == issuer,
            (None, Some(Endpoints::Configured(plain))) => {
                origin(&plain.authorization_endpoint) == issuer
            }
            _ => false,
        })
    };
    serves_personal_accounts(issuer) || PUBLIC.iter().any(is_public)
}

/// Whether an issuer is the Microsoft tenant for personal accounts.
pub fn serves_personal_accounts(issuer: &str) -> bool {
    issuer.contains(CONSUMERS)
}

/// For an issuer that serves companies and private users alike: the JSON pointer to the ID token's claim
/// with the domain of the user's company (Google's `hd`).
pub fn hosted_domain(issuer: &str) -> Option<&'static str> {
    (issuer == GOOGLE).then_some("/hd")
}

fn openid(name: &str, issuer: &str) -> Preset {
    Preset {
        name: Some(name.to_owned()),
        issuer: Some(issuer.to_owned()),
        endpoints: Some(Endpoints::Discovery(ProviderMetadata::address(issuer))),
        ..Preset::default()
    }
}

fn plain(name: &str, scope: &str, endpoints: PlainEndpoints, claims: &[(&str, &str)]) -> Preset {
    Preset {
        name: Some(name.to_owned()),
        endpoints: Some(Endpoints::Configured(Box::new(endpoints))),
        scope: scope.to_owned(),
        auth_method: AuthMethod::ClientSecretPost,
        claims: map(claims),
        ..Preset::default()
    }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Google omits `auth_time` unless it was enabled for the client, and issues a refresh token only for
/// `access_type=offline` and with a consent.
fn google() -> Preset {
    let preset = openid("Google", GOOGLE);
    let connection_parameters = &[("access_type", "offline"), ("prompt", "consent")];
    let quirks = Quirks { connection_parameters, ..preset.quirks };
    Preset { trusts_email: true, reports_auth_time: false, quirks, ..preset }
}

/// Sign in with Apple. A request for a name or an address makes the response come by POST.
fn apple() -> Preset {
    let preset = openid("Apple", "https://appleid.apple.com");
    Preset {
        scope: "openid name email".to_owned(),
        auth_method: AuthMethod::AppleClientSecret,
        authorization_parameters: map(&[("response_mode", "form_post")]),
        trusts_email: true,
        quirks: Quirks { form_post: true, user_in_answer: true, ..preset.quirks },
        ..preset
    }
}

/// Microsoft Entra ID: one discovery document serves many tenants, and each has its own issuer. A tenant's
/// administrator can write any e-mail address. So an address is trusted only if Microsoft has verified that its domain
/// belongs to the tenant, which the optional claim `xms_edov` says.
fn microsoft(tenant: &str) -> Preset {
    let in_issuer = match tenant {
        "common" | "organizations" => TENANT,
        "consumers" => CONSUMERS,
        tenant => tenant,
    };
    let refused_tenant = (tenant == "organizations").then_some(CONSUMERS);
    let discovery =
        format!("https://login.microsoftonline.com/{tenant}/v2.0/.well-known/openid-configuration");
    Preset {
        name: Some("Microsoft".to_owned()),
        issuer: Some(format!("https://login.microsoftonline.com/{in_issuer}/v2.0")),
        endpoints: Some(Endpoints::Discovery(discovery)),
        auth_method: AuthMethod::ClientSecretPost,
        claims: map(&[("email_verified", "/xms_edov")]),
        trusts_email: true,
        // `auth_time` is an optional claim at Microsoft.
        reports_auth_time: false,
        quirks: Quirks { refused_tenant, ..Preset::default().quirks },
        ..Preset::default()
    }
}

fn github() -> Preset {
    let endpoints = PlainEndpoints {
        authorization_endpoint: "https://github.com/login/oauth/authorize".to_owned(),
        token_endpoint: "https://github.com/login/oauth/access_token".to_owned(),
        userinfo_endpoint: "https://api.github.com/user".to_owned(),
        emails_endpoint: Some("https://api.github.com/user/emails".to_owned()),
        revocation_endpoint: Some(
            "https://api.github.com/applications/{client_id}/token".to_owned(),
        ),
    };
    let claims = [
        ("sub", "/id"),
        ("name", "/name"),
        ("preferred_username", "/login"),
        ("picture", "/avatar_url"),
        ("profile", "/html_url"),
        ("email", "/email"),
    ];
    let preset = plain("GitHub", "read:user user:email", endpoints, &claims);
    // The address comes only from the list of verified addresses.
    let quirks = Quirks { revocation: Revocation::GitHub, ..preset.quirks };
    // The issuer in its responses (RFC 9207).
    let issuer = Some("https://github.com/login/oauth".to_owned());
    Preset { trusts_email: true, quirks, issuer, ..preset }
}

fn facebook() -> Preset {
    let endpoints = PlainEndpoints {
        authorization_endpoint: "https://www.facebook.com/v24.0/dialog/oauth".to_owned(),
        token_endpoint: "https://graph.facebook.com/v24.0/oauth/access_token".to_owned(),
        userinfo_endpoint:
            "https://graph.facebook.com/v24.0/me?fields=id,name,first_name,last_name,email,picture"
                .to_owned(),
        emails_endpoint: None,
        revocation_endpoint: Some("https://graph.facebook.com/v24.0/me/permissions".to_owned()),
    };
    let claims = [
        ("sub", "/id"),
        ("name", "/name"),
        ("given_name", "/first_name"),
        ("family_name", "/last_name"),
        ("email", "/email"),
        ("picture", "/picture/data/url"),
    ];
    let preset = plain("Facebook", "public_profile email", endpoints, &claims);
    let quirks = Quirks { revocation: Revocation::Bearer, all_or_nothing: true, ..preset.quirks };
    Preset { quirks, ..preset }
}

/// LinkedIn's ID tokens have neither `nonce` nor `auth_time`, and its token endpoint refuses PKCE.
fn linkedin() -> Preset {
    let preset = openid("LinkedIn", "https://www.linkedin.com/oauth");
    Preset {
        auth_method: AuthMethod::ClientSecretPost,
        reports_auth_time: false,
        quirks: Quirks { nonce: false, pkce: false, ..preset.quirks },
        ..preset
    }
}

/// A Slack `sub` is unique only within its workspace, and Slack's OpenID Connect refuses PKCE.
fn slack() -> Preset {
    let preset = openid("Slack", "https://slack.com");
    let subject_within = Some("/https:~1~1slack.com~1team_id");
    Preset {
        auth_method: AuthMethod::ClientSecretPost,
        quirks: Quirks { pkce: false, subject_within, ..preset.quirks },
        ..preset
    }
}

fn discord() -> Preset {
    let endpoints = PlainEndpoints {
        authorization_endpoint: "https://discord.com/oauth2/authorize".to_owned(),
        token_endpoint: "https://discord.com/api/oauth2/token".to_owned(),
        userinfo_endpoint: "https://discord.com/api/users/@me".to_owned(),
        emails_endpoint: None,
        revocation_endpoint: Some("https://discord.com/api/oauth2/token/revoke".to_owned()),
    };
    let claims = [
        ("sub", "/id"),
        ("name", "/global_name"),
        ("preferred_username", "/username"),
        ("email", "/email"),
        ("email_verified", "/verified"),
        ("locale", "/locale"),
    ];
    Preset { trusts_email: true, ..plain("Discord", "identify email", endpoints, &claims) }
}

fn x() -> Preset {
    let endpoints = PlainEndpoints {
        authorization_endpoint: "https://x.com/i/oauth2/authorize".to_owned(),
        token_endpoint: "https://api.x.com/2/oauth2/token".to_owned(),
        userinfo_endpoint: "https://api.x.com/2/users/me?user.fields=profile_image_url".to_owned(),
        emails_endpoint: None,
        revocation_endpoint: Some("https://api.x.com/2/oauth2/revoke".to_owned()),
    };
    let claims = [
        ("sub", "/data/id"),
        ("name", "/data/name"),
        ("preferred_username", "/data/username"),
        ("picture", "/data/profile_image_url"),
    ];
    Preset {
        auth_method: AuthMethod::ClientSecretBasic,
        ..plain("X", "users.read tweet.read", endpoints, &claims)
    }
}
