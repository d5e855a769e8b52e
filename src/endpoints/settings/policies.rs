//! Settings that are a choice or a group: registration, PKCE, rotation, lifetimes and rate limits.

use super::error::SettingError;
use super::values::{Lookup, choice, seconds};
use crate::domain::throttle::Limit;
use crate::domain::time::Seconds;
use crate::protocol::claims::StandardClaims;
use crate::protocol::email;

const DAY: u32 = 24 * 60 * 60;

/// Who may register clients (RFC 7591 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationPolicy {
    /// Nobody.
    Off,
    /// Everyone.
    Open,
    /// Callers that send this initial access token.
    Token(String),
}

/// Who may register apps on the developers' page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Developers {
    /// Nobody.
    Off,
    /// Everyone who has an account.
    Everyone,
    /// Users with one of these email addresses, or in one of these domains.
    Listed {
        /// The addresses, and the domains after an `@`, in lower case.
        entries: Vec<String>,
        /// Whether an address counts that nobody has proven. True only in development, where no mail is sent and no
        /// provider vouches for the address of a local account.
        unproven: bool,
    },
}

impl Developers {
    /// Whether a user may register apps.
    pub fn allow(&self, claims: &StandardClaims) -> bool {
        match self {
            Self::Off => false,
            Self::Everyone => true,
            Self::Listed { entries, unproven } => {
                let email = claims.email.as_deref().unwrap_or_default().to_lowercase();
                let domain = email::domain(&email);
                let is = |entry: &String| match entry.strip_prefix('@') {
                    Some(listed) => domain == Some(listed),
                    None => *entry == email,
                };
                let is_proven = claims.email_verified == Some(true);
                (is_proven || *unproven) && entries.iter().any(is)
            }
        }
    }
}

/// Who must use PKCE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PkcePolicy {
    /// Every client.
    All,
    /// Only public clients. Confidential clients may omit it (RFC 9700 §2.1.1).
    PublicClients,
}

/// Which refresh tokens rotate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationPolicy {
    /// All clients' refresh tokens.
    All,
    /// Only those of public clients. A confidential client's token is bound to its secret.
    PublicClients,
}

/// Lifetimes and intervals, in seconds.
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

/// How often one network may try something each hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sign-ups.
    pub sign_up: Limit,
    /// Client registrations, if anyone may register.
    pub registration: Limit,
    /// Failed sign-ins (`tries`), and all passwords sent (`guesses`).
    pub sign_in: Limit,
    /// User codes that don't exist.
    pub user_code: Limit,
    /// Device codes.
    pub device_code: Limit,
}

pub(super) fn developers(
    value: Option<String>,
    development: bool,
) -> Result<Developers, SettingError> {
    match value.as_deref().map(str::trim) {
        None if development => Ok(Developers::Everyone),
        None | Some("off") => Ok(Developers::Off),
        Some("everyone") => Ok(Developers::Everyone),
        Some(list) => {
            let entries: Vec<_> = list.split_whitespace().map(str::to_lowercase).collect();
            let is_right = |entry: &&String| match entry.strip_prefix('@') {
                Some(domain) => email::is_domain(domain),
                None => email::is_address(entry),
            };
            match entries.iter().find(|entry| !is_right(entry)) {
                Some(wrong) => Err(SettingError::Developer(wrong.clone())),
                None => Ok(Developers::Listed { entries, unproven: development }),
            }
        }
    }
}

pub(super) fn registration(
    lookup: Lookup<'_>,
    development: bool,
) -> Result<RegistrationPolicy, SettingError> {
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

/// The key ring keeps a key published for two days after it last signed, so the longest token lifetime is one day.
pub(super) fn lifetimes(lookup: Lookup<'_>) -> Result<Lifetimes, SettingError> {
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
