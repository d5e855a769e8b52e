//! The deployment's settings: their values, defaults and checks. `docs/configuration.md` lists them for the operator.

mod error;
pub mod names;
mod policies;
mod values;

pub use self::error::SettingError;
pub use self::policies::{
    Developers, Lifetimes, Limits, PkcePolicy, RegistrationPolicy, RotationPolicy,
};
pub use self::values::Lookup;

use self::values::{choice, limit};
use super::http::ClientAddress;
use crate::domain::client::Client;
use crate::domain::throttle::Limit;
use crate::domain::verification::VerifiedClient;
use crate::jose::seal::Sealer;
use crate::pages::brand::Brand;
use crate::protocol::resource::Resources;
use crate::tenant::Tenant;
use crate::upstream::provider::{self, Provider};

/// The settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The tenant that they are for, whose names `sealer` and the ports use.
    pub tenant: Tenant,
    /// The issuer; `None` if it isn't set, so that each request's own origin is used.
    pub issuer: Option<String>,
    /// Local development: demo pages, open registration, and no rate limits.
    pub development: bool,
    /// Seals values that browsers carry, so that they can't be read or changed.
    pub sealer: Sealer,
    /// Who must use PKCE.
    pub pkce: PkcePolicy,
    /// Which refresh tokens rotate.
    pub rotation: RotationPolicy,
    /// Who may register clients.
    pub registration: RegistrationPolicy,
    /// Whether users may sign up.
    pub sign_up: bool,
    /// The resources that tokens may be issued for; empty allows any.
    pub resources: Resources,
    /// Where a caller's IP address is read from.
    pub client_address: ClientAddress,
    /// How long codes, tokens and sessions live.
    pub lifetimes: Lifetimes,
    /// How often one network may try.
    pub limits: Limits,
    /// Who may register apps on the developers' page.
    pub developers: Developers,
    /// Registered apps that the operator has verified, with their fingerprints (`VERIFIED_CLIENTS`).
    pub verified_clients: Vec<VerifiedClient>,
    /// The upstream providers.
    pub providers: Vec<Provider>,
    /// The URL of the DNS resolver for TXT records, which must respond in JSON.
    pub dns_resolver: String,
    /// Name, logo and colors.
    pub brand: Brand,
}

impl Settings {
    /// Whether pages say that the client is unverified: someone other than the operator registered it, and the operator
    /// has not verified it in its current form.
    pub fn is_unverified(&self, client: &Client) -> bool {
        client.is_unverified() && !self.verified_clients.iter().any(|entry| entry.verifies(client))
    }

    /// Reads the settings. `present` contains the names of all variables and secrets in the environment.
    ///
    /// # Errors
    /// [`SettingError`], which names the setting and says what was expected.
    pub fn read(present: &[&str], lookup: Lookup<'_>) -> Result<Self, SettingError> {
        names::refuse_misspelt(present)?;
        // A setting that is missing from the list can't be read, so the list stays complete.
        let known = |name: &str| if names::is_known(name) { lookup(name) } else { None };
        let lookup = &|name: &str| known(name).filter(|value| !value.trim().is_empty());
        let environments = [("production", false), ("development", true)];
        let development = choice(lookup, "ENVIRONMENT", &environments)?.unwrap_or(false);
        // Only validated here; `edge/platform.js` reads it for each object.
        choice(lookup, "JURISDICTION", &[("eu", true), ("fedramp", true)])?;
        let pkce = [("all", PkcePolicy::All), ("public-clients", PkcePolicy::PublicClients)];
        let rotation =
            [("all", RotationPolicy::All), ("public-clients", RotationPolicy::PublicClients)];
        // In development, all requests come from one machine, so the limits are practically off.
        let tries = |name, tries| limit(lookup, name, if development { 1_000_000 } else { tries });
        // A later release reads the settings of each tenant, and chooses by the host name of a request.
        let tenant = Tenant::ONLY;
        Ok(Self {
            issuer: values::issuer(lookup("ISSUER"))?,
            development,
            sealer: values::sealer(&tenant, lookup, development)?,
            tenant,
            pkce: choice(lookup, "PKCE", &pkce)?.unwrap_or(PkcePolicy::All),
            rotation: choice(lookup, "REFRESH_ROTATION", &rotation)?
                .unwrap_or(RotationPolicy::PublicClients),
            registration: policies::registration(lookup, development)?,
            sign_up: choice(lookup, "SIGN_UP", &[("open", true), ("off", false)])?.unwrap_or(true),
            resources: values::resources(lookup, development)?,
            client_address: values::client_address(lookup("CLIENT_ADDRESS"))?,
            lifetimes: policies::lifetimes(lookup)?,
            limits: Limits {
                sign_up: tries("SIGN_UPS_PER_HOUR", 20)?,
                registration: tries("REGISTRATIONS_PER_HOUR", 20)?,
                sign_in: Limit {
                    guesses: Some(tries("SIGN_INS_PER_HOUR", 1200)?.tries),
                    ..tries("FAILED_SIGN_INS_PER_HOUR", 60)?
                },
                user_code: tries("WRONG_USER_CODES_PER_HOUR", 20)?,
                device_code: tries("DEVICE_CODES_PER_HOUR", 300)?,
            },
            developers: policies::developers(lookup("DEVELOPERS"), development)?,
            verified_clients: values::verified_clients(lookup)?,
            providers: provider::read(lookup, development)?,
            dns_resolver: values::dns_resolver(lookup, development)?,
            brand: Brand::read(lookup)?,
        })
    }
}
