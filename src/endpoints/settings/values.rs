//! Reads and validates single settings.

use url::Url;

use super::error::SettingError;
use crate::domain::throttle::Limit;
use crate::domain::time::Seconds;
use crate::domain::verification::VerifiedClient;
use crate::endpoints::http::ClientAddress;
use crate::jose::seal::Sealer;
use crate::protocol::outbound;
use crate::protocol::resource::Resources;
use crate::tenant::Tenant;

/// Looks up a variable or secret of the deployment.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The secret of local development, where none is set and there is nothing to steal.
const DEVELOPMENT_SECRET: &str = "vestibule local development, not a secret";
const HOUR: Seconds = Seconds(60 * 60);

pub(super) fn choice<T: Copy>(
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
            let words: Vec<_> = values.iter().map(|(word, _)| *word).collect();
            let expected = match words.split_last() {
                Some((last, [])) => (*last).to_owned(),
                Some((last, others)) => format!("{} or {last}", others.join(", ")),
                None => String::new(),
            };
            Err(SettingError::Value { name, value, expected })
        }
    }
}

pub(super) fn seconds(
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
            let expected = format!("a number of seconds from {} to {}", range.start(), range.end());
            Err(SettingError::Value { name, value, expected })
        }
    }
}

pub(super) fn limit(
    lookup: Lookup<'_>,
    name: &'static str,
    default: u32,
) -> Result<Limit, SettingError> {
    let tries = match lookup(name) {
        None => default,
        Some(value) => value.parse().ok().filter(|tries| *tries > 0).ok_or_else(|| {
            let expected = format!("a whole number from 1 to {}", u32::MAX);
            SettingError::Value { name, value, expected }
        })?,
    };
    Ok(Limit { tries, per: HOUR, guesses: None })
}

pub(super) fn sealer(
    tenant: &Tenant,
    lookup: Lookup<'_>,
    development: bool,
) -> Result<Sealer, SettingError> {
    let secret = match lookup("VESTIBULE_SECRET") {
        Some(secret) => secret,
        None if development => DEVELOPMENT_SECRET.to_owned(),
        None => return Err(SettingError::NoSecret),
    };
    let sealer = Sealer::new(tenant, &secret).map_err(|_| SettingError::WeakSecret)?;
    match lookup("VESTIBULE_SECRET_PREVIOUS") {
        None => Ok(sealer),
        Some(previous) if previous == secret => Err(SettingError::SameSecret),
        Some(previous) => {
            sealer.with_previous(&previous).map_err(|_| SettingError::WeakPreviousSecret)
        }
    }
}

pub(super) fn issuer(value: Option<String>) -> Result<Option<String>, SettingError> {
    let Some(value) = value else {
        return Ok(None);
    };
    let value = value.trim().to_owned();
    // The origin in the form that browsers send, because it is compared with what they send.
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
        let expected = "an https origin such as https://id.example.com, without a path".to_owned();
        Err(SettingError::Value { name: "ISSUER", value, expected })
    }
}

pub(super) fn client_address(value: Option<String>) -> Result<ClientAddress, SettingError> {
    let value = value.unwrap_or_else(|| "cf-connecting-ip".to_owned());
    let is_name = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match value.as_str() {
        "connection" => Ok(ClientAddress::Connection),
        name if is_name => Ok(ClientAddress::Header(name.to_ascii_lowercase())),
        _ => {
            let expected =
                "connection, or the name of a header that the proxy in front sets".to_owned();
            Err(SettingError::Value { name: "CLIENT_ADDRESS", value, expected })
        }
    }
}

/// What the APIs of the demo's apps are called, in development where `RESOURCES` is not set.
const DEMO_RESOURCES: &str = r#"[
    {"resource": "https://photos.example.com/", "name": "Example Photos",
        "scopes": {"photos.read": "See your photos"}},
    {"resource": "https://social.example.com", "name": "Example Social",
        "scopes": {"social.read": "Read your posts", "social.post": "Post in your name"}}
]"#;

pub(super) fn resources(lookup: Lookup<'_>, development: bool) -> Result<Resources, SettingError> {
    let resources = match lookup("RESOURCES") {
        None if development => Resources::read(DEMO_RESOURCES).map(Resources::open),
        value => Resources::read(&value.unwrap_or_default()),
    };
    resources.map_err(SettingError::Resources)
}

pub(super) fn verified_clients(lookup: Lookup<'_>) -> Result<Vec<VerifiedClient>, SettingError> {
    let value = lookup("VERIFIED_CLIENTS").unwrap_or_default();
    let read = |entry: &str| {
        VerifiedClient::parse(entry).ok_or_else(|| SettingError::VerifiedClient(entry.to_owned()))
    };
    value.split_whitespace().map(read).collect()
}

pub(super) fn dns_resolver(lookup: Lookup<'_>, development: bool) -> Result<String, SettingError> {
    let value = lookup("DNS_RESOLVER").unwrap_or_else(|| "https://dns.google/resolve".to_owned());
    match outbound::check(&value, development) {
        Ok(_) => Ok(value),
        Err(_) => {
            let expected = "the https address of a resolver that answers in JSON".to_owned();
            Err(SettingError::Value { name: "DNS_RESOLVER", value, expected })
        }
    }
}
