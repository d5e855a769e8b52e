//! The upstream providers of a deployment: the setting `PROVIDERS`, and the secrets that belong to it.

use serde::Deserialize;
use std::collections::BTreeMap;

use super::endpoints::{AuthMethod, Endpoints, PlainEndpoints, origin};
use super::presets::{self, Preset};
use crate::domain::identity::ClaimsUpdate;
use crate::jose::upstream_id_token::TENANT;
use crate::protocol::email;
use crate::protocol::outbound;
use crate::protocol::scope::Scope;

/// Why the setting is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The setting is not a list of tables.
    #[error("PROVIDERS must be a list of providers: {0}")]
    Syntax(String),
    /// A provider can't be used as configured.
    #[error("PROVIDERS: the provider {id:?} {problem}")]
    Provider {
        /// The provider.
        id: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A secret is missing.
    #[error("{0} is missing; add a line {0}=... to deploy/production.secrets (docs/providers.md)")]
    NoSecret(String),
}

/// When an unknown user of the provider is linked to an account that has the same address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Linking {
    /// Immediately, if the provider asserts the address as verified and the account has proven it too. Otherwise the
    /// user must sign in to the account first.
    #[default]
    VerifiedEmail,
    /// Only after the user has signed in to the account.
    SignInFirst,
    /// Never: the user gets an account without that address.
    Never,
}

/// Who may create an account through the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Creation {
    /// Every user of the provider.
    #[default]
    Open,
    /// Users whose address is on the provider's list `invited`.
    Invited,
    /// Nobody: the provider only signs in to existing accounts.
    Off,
}

/// How the provider's authority over a company's domain is proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DomainProof {
    /// By the operator's configuration alone.
    #[default]
    Operator,
    /// By a TXT record of the domain.
    Dns,
}

/// A provider, ready for use.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its ID in URLs and settings.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// This server's `client_id` there.
    pub client_id: String,
    /// Its issuer; without OpenID Connect, a URL that takes the issuer's place in identifiers.
    pub issuer: String,
    /// Where its endpoints come from.
    pub endpoints: Endpoints,
    /// The scopes that a sign-in requests.
    pub scope: Scope,
    /// How this server authenticates.
    pub auth_method: AuthMethod,
    /// The credential for that.
    pub secret: ClientCredential,
    /// Additional parameters of the authorization request.
    pub authorization_parameters: BTreeMap<String, String>,
    /// The JSON pointer to each claim in the profile (RFC 6901).
    pub claims: BTreeMap<String, String>,
    /// Whether its assertions of verified addresses are trusted.
    pub trusts_email: bool,
    /// When accounts are linked by address.
    pub linking: Linking,
    /// Who may create an account.
    pub creation: Creation,
    /// Addresses, and domains after an `@`, for [`Creation::Invited`].
    pub invited: Vec<String>,
    /// What a sign-in does to the profile.
    pub claims_update: ClaimsUpdate,
    /// The e-mail domains whose users can sign in only here.
    pub domains: Vec<String>,
    /// Whether the issuer serves only the company of `domains`, so that an address there needs no `email_verified`.
    /// False for every issuer at which anyone can get an account.
    pub serves_one_company: bool,
    /// The JSON pointer to the ID token's claim with the domain of a user's company (Google's `hd`). With
    /// `domains`, a user belongs to the company only if this claim is one of them.
    pub hosted_domain: Option<&'static str>,
    /// Whether its `groups` and `roles` are believed. Apps authorize users by them, so the operator must allow a
    /// provider to assert them.
    pub asserts_membership: bool,
    /// Whether the ID token has `auth_time` if the request has `max_age` (OpenID Connect Core §2), so that a new
    /// sign-in there can confirm a change.
    pub reports_auth_time: bool,
    /// Whether subdomains of `domains` count too.
    pub subdomains: bool,
    /// How the provider's authority over `domains` is proven.
    pub domain_proof: DomainProof,
    /// Whether the provider may begin a sign-in (OpenID Connect Core §4).
    pub initiated_login: bool,
    /// Whether users can sign in with it.
    pub signs_in: bool,
    /// The scopes that apps may request at the provider; `None` if its accounts can't be connected.
    pub connection: Option<Scope>,
    /// Whether signing out here continues at the provider.
    pub upstream_logout: bool,
    /// How the provider differs from the specifications.
    pub quirks: presets::Quirks,
}

/// The credential with which this server authenticates at a provider.
#[derive(Clone)]
pub enum ClientCredential {
    /// No secret: the provider needs none, or this server's own key is used.
    None,
    /// A client secret.
    Text(String),
    /// The private key that signs Apple's client secret.
    Apple {
        /// The team ID.
        team_id: String,
        /// The key ID.
        key_id: String,
        /// The private key (PKCS #8).
        pkcs8: Vec<u8>,
    },
}

impl std::fmt::Debug for ClientCredential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ClientCredential(..)")
    }
}

/// A provider as configured. Every member is described in `docs/configuration.md`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderSettings {
    id: String,
    client_id: String,
    preset: Option<String>,
    name: Option<String>,
    issuer: Option<String>,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    userinfo_endpoint: Option<String>,
    emails_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    scope: Option<String>,
    token_endpoint_auth_method: Option<AuthMethod>,
    team_id: Option<String>,
    key_id: Option<String>,
    tenant: Option<String>,
    #[serde(default)]
    authorization_parameters: BTreeMap<String, String>,
    #[serde(default)]
    claims: BTreeMap<String, String>,
    trust_email: Option<bool>,
    membership: Option<bool>,
    auth_time: Option<bool>,
    #[serde(default)]
    link: Linking,
    #[serde(default)]
    create: Creation,
    #[serde(default)]
    invited: Vec<String>,
    #[serde(default)]
    update_claims: ClaimsUpdate,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    subdomains: bool,
    #[serde(default)]
    domain_proof: DomainProof,
    #[serde(default)]
    initiated_login: bool,
    sign_in: Option<bool>,
    connection_scope: Option<String>,
    #[serde(default)]
    upstream_logout: bool,
}

/// Returns the value of a variable or secret of the deployment.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads the setting.
///
/// # Errors
/// See [`ProviderError`].
pub fn read(lookup: Lookup<'_>, development: bool) -> Result<Vec<Provider>, ProviderError> {
    let Some(json) = lookup("PROVIDERS") else {
        return Ok(Vec::new());
    };
    let tables: Vec<serde_json::Value> =
        serde_json::from_str(&json).map_err(|error| ProviderError::Syntax(error.to_string()))?;
    let providers = tables
        .into_iter()
        .enumerate()
        .map(|(index, table)| ProviderSettings::read(index, table)?.check(lookup, development))
        .collect::<Result<Vec<_>, _>>()?;
    for (index, provider) in providers.iter().enumerate() {
        let before = providers.iter().take(index);
        let refuse = |problem: &str| {
            Err(ProviderError::Provider { id: provider.id.clone(), problem: problem.to_owned() })
        };
        if before.clone().any(|other| other.id == provider.id) {
            return refuse("stands there twice");
        }
        if before.clone().any(|other| provider.domains.iter().any(|d| other.domains.contains(d))) {
            return refuse("has a domain that another provider has");
        }
    }
    Ok(providers)
}

/// The prefix of the names of a provider's secrets.
fn secret_prefix(id: &str) -> String {
    format!("PROVIDER_{}_", id.to_uppercase().replace('-', "_"))
}

/// The suffixes of the names of secrets: a client secret, or the private key for Apple.
const SECRET_SUFFIXES: [&str; 2] = ["SECRET", "PRIVATE_KEY"];

/// Whether a setting with this name would be the secret of a provider, configured or not.
pub fn is_secret_name(name: &str) -> bool {
    name.starts_with("PROVIDER_") && SECRET_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

impl ProviderSettings {
    /// Reads one table. An error names the provider by its `id`, or by its place in the list if it has none.
    fn read(index: usize, table: serde_json::Value) -> Result<Self, ProviderError> {
        let id = table.get("id").and_then(serde_json::Value::as_str).map(str::to_owned);
        serde_json::from_value(table).map_err(|error| {
            let id = id.unwrap_or_else(|| format!("number {}", index.saturating_add(1)));
            ProviderError::Provider { id, problem: format!("cannot be read: {error}") }
        })
    }

    fn check(self, lookup: Lookup<'_>, development: bool) -> Result<Provider, ProviderError> {
        let id = self.id.clone();
        let refuse = |problem: String| ProviderError::Provider { id: id.clone(), problem };
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if id.is_empty() || id.len() > 40 || !id.bytes().all(plain) {
            return Err(refuse("needs an id of lower-case letters, digits and dashes".to_owned()));
        }
        let preset = match &self.preset {
            Some(name) => presets::find(name, self.tenant.as_deref()).ok_or_else(|| {
                refuse(format!("names the preset {name:?}, which does not exist"))
            })?,
            None => Preset::default(),
        };
        let endpoints = self.endpoints(&preset).map_err(&refuse)?;
        let issuer = match (&self.issuer, preset.issuer, &endpoints) {
            (Some(issuer), _, _) => issuer.clone(),
            (None, Some(issuer), _) => issuer,
            (None, None, Endpoints::Configured(plain)) => origin(&plain.authorization_endpoint),
            (None, None, Endpoints::Discovery(_)) => {
                return Err(refuse("needs an issuer, a preset, or endpoints".to_owned()));
            }
        };
        for address in endpoints.addresses() {
            outbound::check(address, development)
                .map_err(|error| refuse(format!("has the address {address:?}, but {error}")))?;
        }
        let scope = self.scope.as_deref().unwrap_or(&preset.scope);
        let scope = Scope::parse(scope).map_err(|error| refuse(error.to_string()))?;
        let connection = self.connection_scope.as_deref().map(Scope::parse).transpose();
        let connection = connection.map_err(|error| refuse(error.to_string()))?;
        let auth_method = self.token_endpoint_auth_method.unwrap_or(preset.auth_method);
        let secret = self.secret(auth_method, lookup)?;
        let domains: Vec<String> = self.domains.iter().map(|d| d.to_lowercase()).collect();
        if let Some(wrong) = domains.iter().find(|domain| !email::is_domain(domain)) {
            return Err(refuse(format!("has {wrong:?} among its domains, which is none")));
        }
        self.check_authority(&issuer).map_err(&refuse)?;
        let serves_one_company = !domains.is_empty() && !presets::serves_everyone(&issuer);
        let mut claims = preset.claims;
        claims.extend(self.claims);
        if let Some((claim, _)) = claims.iter().find(|(_, path)| !path.starts_with('/')) {
            return Err(refuse(format!("maps {claim}, but a path begins with a slash, as /email")));
        }
        let mut authorization_parameters = preset.authorization_parameters;
        authorization_parameters.extend(self.authorization_parameters);
        Ok(Provider {
            name: self.name.or(preset.name).unwrap_or_else(|| id.clone()),
            client_id: self.client_id,
            endpoints,
            scope,
            auth_method,
            secret,
            authorization_parameters,
            claims,
            // A company's own provider is the authority for its domain.
            trusts_email: self.trust_email.unwrap_or(preset.trusts_email || !domains.is_empty()),
            reports_auth_time: self.auth_time.unwrap_or(preset.reports_auth_time),
            linking: self.link,
            creation: self.create,
            invited: self.invited.iter().map(|entry| entry.to_lowercase()).collect(),
            claims_update: self.update_claims,
            hosted_domain: presets::hosted_domain(&issuer),
            asserts_membership: self.membership.unwrap_or(serves_one_company),
            issuer,
            domains,
            serves_one_company,
            subdomains: self.subdomains,
            domain_proof: self.domain_proof,
            initiated_login: self.initiated_login,
            signs_in: self.sign_in.unwrap_or(true),
            connection,
            upstream_logout: self.upstream_logout,
            quirks: preset.quirks,
            id,
        })
    }

    /// Refuses `domains` and `membership` for an issuer that serves many companies: the owner of another tenant could
    /// write the company's addresses and groups into it.
    fn check_authority(&self, issuer: &str) -> Result<(), String> {
        let serves_many = issuer.contains(TENANT) || presets::serves_personal_accounts(issuer);
        if !serves_many {
            return Ok(());
        }
        let problem = |setting: &str| {
            Err(format!(
                "has {setting}, but its issuer serves the tenants of many companies: set tenant to \
                 the company's own"
            ))
        };
        if !self.domains.is_empty() {
            return problem("domains");
        }
        if self.membership == Some(true) {
            return problem("membership");
        }
        Ok(())
    }

    fn endpoints(&self, preset: &Preset) -> Result<Endpoints, String> {
        let mut plain = match &preset.endpoints {
            Some(Endpoints::Configured(plain)) => *plain.clone(),
            Some(Endpoints::Discovery(address)) if self.issuer.is_none() => {
                return Ok(Endpoints::Discovery(address.clone()));
            }
            Some(Endpoints::Discovery(_)) | None => PlainEndpoints::default(),
        };
        let set = |to: &mut String, from: &Option<String>| {
            if let Some(from) = from {
                to.clone_from(from);
            }
        };
        set(&mut plain.authorization_endpoint, &self.authorization_endpoint);
        set(&mut plain.token_endpoint, &self.token_endpoint);
        set(&mut plain.userinfo_endpoint, &self.userinfo_endpoint);
        plain.emails_endpoint = self.emails_endpoint.clone().or(plain.emails_endpoint);
        plain.revocation_endpoint = self.revocation_endpoint.clone().or(plain.revocation_endpoint);
        let named =
            [&plain.authorization_endpoint, &plain.token_endpoint, &plain.userinfo_endpoint];
        if named.iter().all(|address| !address.is_empty()) {
            return Ok(Endpoints::Configured(Box::new(plain)));
        }
        match &self.issuer {
            _ if named.iter().any(|address| !address.is_empty()) => {
                Err("needs authorization_endpoint, token_endpoint and userinfo_endpoint, or an \
                     issuer alone"
                    .to_owned())
            }
            Some(issuer) => Ok(Endpoints::Discovery(
                crate::protocol::provider_metadata::ProviderMetadata::address(issuer),
            )),
            None => Err(match &self.preset {
                Some(preset) => {
                    format!("needs an issuer, because every customer of {preset} has its own")
                }
                None => "needs an issuer, a preset, or endpoints".to_owned(),
            }),
        }
    }

    fn secret(
        &self,
        method: AuthMethod,
        lookup: Lookup<'_>,
    ) -> Result<ClientCredential, ProviderError> {
        let name = |suffix: &str| format!("{}{suffix}", secret_prefix(&self.id));
        let find = |name: String| lookup(&name).ok_or(ProviderError::NoSecret(name));
        let refuse = |problem: &str| ProviderError::Provider {
            id: self.id.clone(),
            problem: problem.into(),
        };
        match method {
            AuthMethod::None | AuthMethod::PrivateKeyJwt => Ok(ClientCredential::None),
            AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => {
                find(name("SECRET")).map(ClientCredential::Text)
            }
            AuthMethod::AppleClientSecret => {
                let needs = "needs team_id and key_id, which Apple's developer pages show";
                let (Some(team_id), Some(key_id)) = (self.team_id.clone(), self.key_id.clone())
                else {
                    return Err(refuse(needs));
                };
                let pem = find(name("PRIVATE_KEY"))?;
                let pkcs8 = from_pem(&pem)
                    .ok_or_else(|| refuse("has a PRIVATE_KEY that is not the PEM of a .p8 file"))?;
                Ok(ClientCredential::Apple { team_id, key_id, pkcs8 })
            }
        }
    }
}

impl Provider {
    /// Whether it supports OpenID Connect.
    pub fn is_openid(&self) -> bool {
        matches!(self.endpoints, Endpoints::Discovery(_))
    }

    /// Whether its secret may be in the setting with this name.
    pub fn has_secret_name(&self, name: &str) -> bool {
        let suffix = name.strip_prefix(&secret_prefix(&self.id));
        suffix.is_some_and(|suffix| SECRET_SUFFIXES.contains(&suffix))
    }

    /// Whether it has authority over this e-mail domain.
    pub fn has_domain(&self, domain: &str) -> bool {
        self.domains.iter().any(|own| {
            own == domain
                || (self.subdomains
                    && domain.strip_suffix(own).is_some_and(|rest| rest.ends_with('.')))
        })
    }

    /// Whether this address is invited.
    pub fn has_invited(&self, email: &str) -> bool {
        let email = email.to_lowercase();
        self.invited.iter().any(|entry| match entry.strip_prefix('@') {
            Some(domain) => email::domain(&email) == Some(domain),
            None => *entry == email,
        })
    }
}

fn from_pem(pem: &str) -> Option<Vec<u8>> {
    use base64ct::{Base64, Encoding};
    let body = pem.split_once("-----BEGIN PRIVATE KEY-----")?.1;
    let body = body.split_once("-----END PRIVATE KEY-----")?.0;
    // A secret that was set in a shell may have its line breaks as `
    // `.
    let digits: String = body.replace("\\n", "").split_whitespace().collect();
    Base64::decode_vec(&digits).ok()
}
