//! The names of all settings, and how unknown names are treated.
//!
//! If a misspelled setting were ignored, `SIGNUP = "off"` would leave sign-up open. So the server refuses a name that
//! resembles a setting. It ignores other unknown names, which may be meant for something else.

use serde::Serialize;

use crate::upstream::provider::{self, Provider};

/// Every setting, in the order of `docs/configuration.md`, except the secrets of providers
/// ([`provider::is_secret_name`]).
pub const NAMES: [&str; 38] = [
    "VESTIBULE_SECRET",
    "VESTIBULE_SECRET_PREVIOUS",
    "ENVIRONMENT",
    "JURISDICTION",
    "ISSUER",
    "PKCE",
    "REFRESH_ROTATION",
    "REFRESH_WINDOW",
    "REFRESH_LOST_ANSWER",
    "REGISTRATION",
    "REGISTRATION_TOKEN",
    "SIGN_UP",
    "RESOURCES",
    "PROVIDERS",
    "DEVELOPERS",
    "VERIFIED_CLIENTS",
    "DNS_RESOLVER",
    "AUTHORIZATION_CODE_LIFETIME",
    "ACCESS_TOKEN_LIFETIME",
    "ID_TOKEN_LIFETIME",
    "REFRESH_TOKEN_IDLE_LIFETIME",
    "GRANT_LIFETIME",
    "SESSION_LIFETIME",
    "DEVICE_CODE_LIFETIME",
    "DEVICE_INTERVAL",
    "DEVICE_LOST_ANSWER",
    "INTERACTION_LIFETIME",
    "REGISTRATIONS_PER_HOUR",
    "SIGN_UPS_PER_HOUR",
    "FAILED_SIGN_INS_PER_HOUR",
    "SIGN_INS_PER_HOUR",
    "DEVICE_CODES_PER_HOUR",
    "WRONG_USER_CODES_PER_HOUR",
    "CLIENT_ADDRESS",
    "BRAND_NAME",
    "BRAND_LOGO_URL",
    "BRAND_COLOR",
    "BRAND_COLOR_DARK",
];

/// The largest edit distance between a misspelled name and the setting. One edit is allowed for every five letters of
/// the setting, but at least one and at most this many: a name that is meant for something else must not stop the
/// server.
const MOST_WRONG: usize = 2;

/// An unknown name that resembles a setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is not a setting; did you mean {nearest}?")]
pub struct Misspelt {
    name: String,
    nearest: String,
}

/// A name in the environment that isn't a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownName {
    /// The name.
    pub name: String,
    /// The setting that it resembles.
    pub nearest: Option<String>,
    /// Whether it is the secret of a provider that is not configured, which may have been removed.
    pub is_provider_secret: bool,
}

/// Whether the server reads a setting with this name.
pub fn is_known(name: &str) -> bool {
    NAMES.contains(&name) || provider::is_secret_name(name)
}

/// Refuses a misspelled name. Secrets of providers are exempt: one may be left over from a removed provider and
/// resemble another's, and a missing one stops the server anyway.
///
/// # Errors
/// [`Misspelt`].
pub fn refuse_misspelt(present: &[&str]) -> Result<(), Misspelt> {
    let mut unknown = present.iter().filter(|name| !is_known(name));
    unknown.find_map(|name| misspelt(name)).map_or(Ok(()), Err)
}

/// The names that aren't settings of a deployment with these providers. If the providers are unknown because a setting
/// is wrong, every name of a provider's secret counts as a setting.
pub fn unknown(present: &[&str], providers: Option<&[Provider]>) -> Vec<UnknownName> {
    let is_of_provider = |name: &str| {
        let has_it = |providers: &[Provider]| providers.iter().any(|one| one.has_secret_name(name));
        provider::is_secret_name(name) && providers.is_none_or(has_it)
    };
    let is_unknown = |name: &&&str| !NAMES.contains(*name) && !is_of_provider(name);
    let unknown = present.iter().filter(is_unknown).map(|name| UnknownName {
        name: (*name).to_owned(),
        nearest: misspelt(name).map(|misspelt| misspelt.nearest),
        is_provider_secret: provider::is_secret_name(name),
    });
    unknown.collect()
}

fn misspelt(name: &str) -> Option<Misspelt> {
    let letters = letters(name);
    let wrong = |setting: &&str| strsim::osa_distance(&letters, &self::letters(setting));
    let nearest = NAMES.into_iter().min_by_key(wrong)?;
    let allowed = (nearest.len() / 5).clamp(1, MOST_WRONG);
    let is_near = wrong(&nearest) <= allowed;
    is_near.then(|| Misspelt { name: name.to_owned(), nearest: nearest.to_owned() })
}

/// The part of a name that is compared: letters and digits in upper case.
fn letters(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}
