//! The deployment's settings: what each is, its default, and what is wrong with it.
//! `docs/configuration.md` lists them for the operator.

use url::Url;

use super::http::ClientAddress;
use crate::domain::client::Client;
use crate::domain::throttle::Limit;
use crate::domain::time::Seconds;
use crate::domain::verification::VerifiedClient;
use crate::jose::seal::Sealer;
use crate::pages::brand::{Brand, BrandError};
use crate::protocol::claims::StandardClaims;
use crate::protocol::email;
use crate::protocol::outbound;
use crate::protocol::resource::Resources;
use crate::upstream::provider::{self, Provider, ProviderError};

/// Why the server does not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// A value outside what is allowed.
    #[error("{name} is {value:?}, and must be {expected}")]
    Value {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What was expected.
        expected: &'static str,
    },
    /// No secret, in anything but local development.
    #[error(
        "VESTIBULE_SECRET is missing; set it with `npx wrangler secret put VESTIBULE_SECRET`, \
         or run `make deploy`, which does"
    )]
    NoSecret,
    /// A secret that can be guessed.
    #[error(
        "VESTIBULE_SECRET must have at least 32 characters, such as `openssl rand -hex 32` gives"
    )]
    WeakSecret,
    /// A previous secret that can be guessed.
    #[error("VESTIBULE_SECRET_PREVIOUS must have at least 32 characters")]
    WeakPreviousSecret,
    /// A previous secret that replaces nothing.
    #[error(
        "VESTIBULE_SECRET_PREVIOUS is the same as VESTIBULE_SECRET; set it to the secret that \
         VESTIBULE_SECRET replaces, or remove it"
    )]
    SameSecret,
    /// Registration behind a token, and no token.
    #[error(
        "REGISTRATION is \"token\", so REGISTRATION_TOKEN must be a secret of 32 characters or more"
    )]
    NoRegistrationToken,
    /// An entry without a fingerprint, which would verify whatever the app becomes.
    #[error(
        "VERIFIED_CLIENTS has the entry {0:?}; write client_id=fingerprint, the line that the \
         app's page under /developers and the response to its registration show"
    )]
    VerifiedClient(String),
    /// The brand.
    #[error(transparent)]
    Brand(#[from] BrandError),
    /// The resources.
    #[error("RESOURCES must be URIs separated by spaces, or a list of resources: {0}")]
    Resources(String),
    /// The upstream providers.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

/// Who may register clients (RFC 7591 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationPolicy {
    /// Nobody.
    Off,
    /// Everybody.
    Open,
    /// Whoever shows the initial access token.
    Token(String),
}

/// Who may register apps on the developers' page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Developers {
    /// Nobody.
    Off,
    /// Everybody who has an account.
    Everyone,
    /// People with these verified addresses, or in these domains after an `@`.
    Listed(Vec<String>),
}

impl Developers {
    /// Whether a person may.
    pub fn allow(&self, claims: &StandardClaims) -> bool {
        match self {
            Self::Off => false,
            Self::Everyone => true,
            Self::Listed(listed) => {
                let email = claims.email.as_deref().unwrap_or_default().to_lowercase();
                let domain = email::domain(&email);
                let is = |entry: &String| match entry.strip_prefix('@') {
                    Some(listed) => domain == Some(listed),
                    None => *entry == email,
                };
                claims.email_verified == Some(true) && listed.iter().any(is)
            }
        }
    }
}

/// Who must use PKCE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PkcePolicy {
    /// Every client.
    All,
    /// Public clients; confidential ones may do without (RFC 9700 §2.1.1).
    PublicClients,
}

/// Which refresh tokens rotate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationPolicy {
    /// Every client's.
    All,
    /// Public clients'; a confidential client's token is bound to its secret.
    PublicClients,
}

/// How long things live, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "docs/configuration.md tells each")]
pub struct Lifetimes {
    pub authorization_code: Seconds,
    pub access_token: Seconds,
    pub id_token: Seconds,
    pub refresh_token_idle: Seconds,
    pub grant: Seconds,
    pub refresh_window: Seconds,
    pub refresh_lost_answer: Seconds,
    pub session: Seconds,
    pub device_code: Seconds,
    pub device_interval: Seconds,
    pub device_lost_answer: Seconds,
    pub interaction: Seconds,
}

/// How often one network may try what can be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sign-ups.
    pub sign_up: Limit,
    /// Registrations of clients, where anyone may.
    pub registration: Limit,
    /// Failed sign-ins (`tries`), and all passwords sent (`guesses`).
    pub sign_in: Limit,
    /// User codes that do not exist.
    pub user_code: Limit,
    /// Device codes.
    pub device_code: Limit,
}

/// The settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The issuer; where it is not set, each request's own origin.
    pub issuer: Option<String>,
    /// Local development: demo pages, open registration, errors that say more.
    pub development: bool,
    /// Seals what leaves the server and must come back unchanged.
    pub sealer: Sealer,
    /// Who must use PKCE.
    pub pkce: PkcePolicy,
    /// Which refresh tokens rotate.
    pub rotation: RotationPolicy,
    /// Who may register clients.
    pub registration: RegistrationPolicy,
    /// Whether people may register.
    pub sign_up: bool,
    /// The resources that tokens are issued for; none means any.
    pub resources: Resources,
    /// Where a caller's address stands.
    pub client_address: ClientAddress,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// How often one network may try.
    pub limits: Limits,
    /// Who may register apps on the developers' page.
    pub developers: Developers,
    /// Registered apps that the operator has verified, with their fingerprints (`VERIFIED_CLIENTS`).
    pub verified_clients: Vec<VerifiedClient>,
    /// The upstream providers.
    pub providers: Vec<Provider>,
    /// Where TXT records are asked for: a resolver that answers in JSON.
    pub dns_resolver: String,
    /// Name, logo and colours.
    pub brand: Brand,
}

/// Seals in local development, where no secret is set and nothing is worth stealing.
const DEVELOPMENT_SECRET: &str = "vestibule local development, not a secret";
const HOUR: Seconds = Seconds(60 * 60);
const DAY: u32 = 24 * 60 * 60;

/// Gives the value of a variable or secret of the deployment.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Settings {
    /// Whether pages say that the client is unverified: someone else registered it, and the operator has not
    /// verified it as it is now.
    pub fn is_unverified(&self, client: &Client) -> bool {
        client.is_unverified() && !self.verified_clients.iter().any(|entry| entry.verifies(client))
    }

    /// Reads the settings.
    ///
    /// # Errors
    /// [`SettingError`], which names the setting and says what was expected.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, SettingError> {
        let lookup = &|name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let environments = [("production", false), ("development", true)];
        let development = choice(lookup, "ENVIRONMENT", &environments)?.unwrap_or(false);
        let pkce = [("all", PkcePolicy::All), ("public-clients", PkcePolicy::PublicClients)];
        let rotation =
            [("all", RotationPolicy::All), ("public-clients", RotationPolicy::PublicClients)];
        // In development one machine stands for everybody.
        let tries = |name, tries| limit(lookup, name, if development { 1_000_000 } else { tries });
        Ok(Self {
            issuer: issuer(lookup("ISSUER"))?,
            development,
            sealer: sealer(lookup, development)?,
            pkce: choice(lookup, "PKCE", &pkce)?.unwrap_or(PkcePolicy::All),
            rotation: choice(lookup, "REFRESH_ROTATION", &rotation)?
                .unwrap_or(RotationPolicy::PublicClients),
            registration: registration(lookup, development)?,
            sign_up: choice(lookup, "SIGN_UP", &[("open", true), ("off", false)])?.unwrap_or(true),
            resources: resources(lookup)?,
            client_address: client_address(lookup("CLIENT_ADDRESS"))?,
            lifetimes: lifetimes(lookup)?,
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
            developers: developers(lookup("DEVELOPERS"), development),
            verified_clients: verified_clients(lookup)?,
            providers: provider::read(lookup, development)?,
            dns_resolver: dns_resolver(lookup, development)?,
            brand: Brand::read(lookup)?,
        })
    }
}

fn choice<T: Copy>(
    lookup: Lookup<'_>,
    name: &'static str,
    values: &[(&'static str, T)],
) -> Result<Option<T>, SettingError> {
    let Some(value) = lookup(name) else {
        return Ok(None);
    };
    match values.iter().find(|(word, _)| *word == value) {
        Some((_, choice)) => Ok(Some(*choice)),
        None => {
            let expected = match values.iter().map(|(word, _)| *word).collect::<Vec<_>>()[..] {
                ["production", ..] => "production or development",
                ["all", ..] => "all or public-clients",
                ["open", "off"] => "open or off",
                _ => "off, open or token",
            };
            Err(SettingError::Value { name, value, expected })
        }
    }
}

fn seconds(
    lookup: Lookup<'_>,
    name: &'static str,
    default: u32,
    range: std::ops::RangeInclusive<u32>,
) -> Result<Seconds, SettingError> {
    let Some(value) = lookup(name) else {
        return Ok(Seconds(default));
    };
    match value.parse() {
        Ok(number) if range.contains(&number) => Ok(Seconds(number)),
        _ => {
            let expected = "a number of seconds in the range that docs/configuration.md names";
            Err(SettingError::Value { name, value, expected })
        }
    }
}

fn limit(lookup: Lookup<'_>, name: &'static str, default: u32) -> Result<Limit, SettingError> {
    let tries = match lookup(name) {
        None => default,
        Some(value) => value
            .parse()
            .ok()
            .filter(|tries| *tries > 0)
            .ok_or(SettingError::Value { name, value, expected: "a whole number of at least 1" })?,
    };
    Ok(Limit { tries, per: HOUR, guesses: None })
}

fn resources(lookup: Lookup<'_>) -> Result<Resources, SettingError> {
    let value = lookup("RESOURCES").unwrap_or_default();
    Resources::read(&value).map_err(SettingError::Resources)
}

fn verified_clients(lookup: Lookup<'_>) -> Result<Vec<VerifiedClient>, SettingError> {
    let value = lookup("VERIFIED_CLIENTS").unwrap_or_default();
    let read = |entry: &str| {
        VerifiedClient::parse(entry).ok_or_else(|| SettingError::VerifiedClient(entry.to_owned()))
    };
    value.split_whitespace().map(read).collect()
}

fn client_address(value: Option<String>) -> Result<ClientAddress, SettingError> {
    let value = value.unwrap_or_else(|| "cf-connecting-ip".to_owned());
    let is_name = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match value.as_str() {
        "connection" => Ok(ClientAddress::Connection),
        name if is_name => Ok(ClientAddress::Header(name.to_ascii_lowercase())),
        _ => {
            let expected = "connection, or the name of a header that the proxy in front sets";
            Err(SettingError::Value { name: "CLIENT_ADDRESS", value, expected })
        }
    }
}

fn developers(value: Option<String>, development: bool) -> Developers {
    match value.as_deref().map(str::trim) {
        None if development => Developers::Everyone,
        None | Some("off") => Developers::Off,
        Some("everyone") => Developers::Everyone,
        Some(list) => Developers::Listed(list.split_whitespace().map(str::to_lowercase).collect()),
    }
}

fn dns_resolver(lookup: Lookup<'_>, development: bool) -> Result<String, SettingError> {
    let value = lookup("DNS_RESOLVER").unwrap_or_else(|| "https://dns.google/resolve".to_owned());
    match outbound::check(&value, development) {
        Ok(_) => Ok(value),
        Err(_) => {
            let expected = "the https address of a resolver that answers in JSON";
            Err(SettingError::Value { name: "DNS_RESOLVER", value, expected })
        }
    }
}

fn issuer(value: Option<String>) -> Result<Option<String>, SettingError> {
    let Some(value) = value else {
        return Ok(None);
    };
    let value = value.trim().to_owned();
    // The origin as browsers write it, since it is compared with what they send.
    let origin = Url::parse(&value).ok().map(|url| url.origin().ascii_serialization());
    let loopback = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
    let secure = value.starts_with("https://")
        || loopback.iter().any(|host| {
            value
                .strip_prefix(host)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
    if secure && origin.as_deref() == Some(value.trim_end_matches('/')) {
        Ok(origin)
    } else {
        let expected = "an https origin such as https://id.example.com, without a path";
        Err(SettingError::Value { name: "ISSUER", value, expected })
    }
}

fn sealer(lookup: Lookup<'_>, development: bool) -> Result<Sealer, SettingError> {
    let secret = match lookup("VESTIBULE_SECRET") {
        Some(secret) => secret,
        None if development => DEVELOPMENT_SECRET.to_owned(),
        None => return Err(SettingError::NoSecret),
    };
    let sealer = Sealer::new(&secret).map_err(|_| SettingError::WeakSecret)?;
    match lookup("VESTIBULE_SECRET_PREVIOUS") {
        None => Ok(sealer),
        Some(previous) if previous == secret => Err(SettingError::SameSecret),
        Some(previous) => {
            sealer.with_previous(&previous).map_err(|_| SettingError::WeakPreviousSecret)
        }
    }
}

fn registration(lookup: Lookup<'_>, development: bool) -> Result<RegistrationPolicy, SettingError> {
    let values = [("off", 0_u8), ("open", 1), ("token", 2)];
    let default = u8::from(development);
    match choice(lookup, "REGISTRATION", &values)?.unwrap_or(default) {
        0 => Ok(RegistrationPolicy::Off),
        1 => Ok(RegistrationPolicy::Open),
        _ => lookup("REGISTRATION_TOKEN")
            .filter(|token| token.chars().count() >= 32)
            .map(RegistrationPolicy::Token)
            .ok_or(SettingError::NoRegistrationToken),
    }
}

/// The key ring keeps a key published for two days after it last signed, so no token may live
/// longer than one.
fn lifetimes(lookup: Lookup<'_>) -> Result<Lifetimes, SettingError> {
    let year = DAY.saturating_mul(366);
    Ok(Lifetimes {
        authorization_code: seconds(lookup, "AUTHORIZATION_CODE_LIFETIME", 60, 5..=600)?,
        access_token: seconds(lookup, "ACCESS_TOKEN_LIFETIME", 600, 10..=DAY)?,
        id_token: seconds(lookup, "ID_TOKEN_LIFETIME", 3600, 10..=DAY)?,
        refresh_token_idle: seconds(
            lookup,
            "REFRESH_TOKEN_IDLE_LIFETIME",
            DAY.saturating_mul(30),
            60..=year,
        )?,
        grant: seconds(
            lookup,
            "GRANT_LIFETIME",
            DAY.saturating_mul(365),
            60..=year.saturating_mul(10),
        )?,
        refresh_window: seconds(lookup, "REFRESH_WINDOW", 10, 0..=300)?,
        refresh_lost_answer: seconds(lookup, "REFRESH_LOST_ANSWER", 300, 0..=3600)?,
        session: seconds(lookup, "SESSION_LIFETIME", DAY.saturating_mul(14), 60..=year)?,
        device_code: seconds(lookup, "DEVICE_CODE_LIFETIME", 600, 60..=3600)?,
        device_interval: seconds(lookup, "DEVICE_INTERVAL", 5, 1..=60)?,
        device_lost_answer: seconds(lookup, "DEVICE_LOST_ANSWER", 120, 0..=600)?,
        interaction: seconds(lookup, "INTERACTION_LIFETIME", 3600, 60..=DAY)?,
    })
}
