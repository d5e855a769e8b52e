//! How and when a user authenticated.
//!
//! Each way to sign in makes a [`NewAuthentication`]. Sessions, codes and grants store an [`Authentication`]; the
//! `amr`, `acr` and `auth_time` of ID tokens come from it (OpenID Connect Core §2).

use serde::{Deserialize, Serialize};

use super::time::Timestamp;
use crate::protocol::claims::ACR_SINGLE_FACTOR;

/// The `amr` value for a password (RFC 8176 §2).
const PASSWORD: &str = "pwd";

/// An authentication that has just happened, here or at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAuthentication {
    /// The methods (RFC 8176); empty if a provider doesn't say.
    pub amr: Vec<String>,
    /// When the user authenticated.
    #[serde(default, rename = "authenticated")]
    pub time: AuthTime,
    /// The provider at which the user authenticated; `None` for this server.
    #[serde(default)]
    pub origin: Option<SessionOrigin>,
}

impl NewAuthentication {
    /// The user has just typed the right password, or chosen the first password of a new account.
    pub fn by_password() -> Self {
        Self { amr: vec![PASSWORD.to_owned()], time: AuthTime::Now, origin: None }
    }

    /// A provider reports that the user authenticated there.
    pub fn at_provider(origin: SessionOrigin, amr: Vec<String>, time: AuthTime) -> Self {
        Self { amr, time, origin: Some(origin) }
    }

    /// The [`Authentication`] to store. A time in the future counts as `now`.
    pub fn remembered(&self, now: Timestamp) -> Authentication {
        let auth_time = match self.time {
            AuthTime::Now => Some(now),
            AuthTime::At(moment) => Some(moment.min(now)),
            AuthTime::Unknown => None,
        };
        Authentication { amr: self.amr.clone(), auth_time }
    }
}

/// When a user authenticated. An unknown time satisfies neither `prompt=login` nor `max_age` (OpenID
/// Connect Core §3.1.2.1), and confirms no change to the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthTime {
    /// Just now, at this server.
    Now,
    /// At this moment, as an upstream provider's ID token says.
    At(Timestamp),
    /// At a time that the upstream provider didn't report.
    #[default]
    Unknown,
}

impl AuthTime {
    /// The time that a provider reported, if any. The provider was asked for an authentication at or after `since` and
    /// has confirmed it within the allowed clock skew, so an earlier time counts as `since`.
    pub fn told(auth_time: Option<Timestamp>, since: Option<Timestamp>) -> Self {
        let within_skew = |told: Timestamp| since.map_or(told, |since| told.max(since));
        auth_time.map_or(Self::Unknown, |told| Self::At(within_skew(told)))
    }
}

/// The session at an upstream provider in which a session here began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOrigin {
    /// The provider's ID in this server's configuration.
    pub provider: String,
    /// The provider's issuer.
    pub issuer: String,
    /// The user's `sub` at the provider.
    pub subject: String,
    /// The `sid` of the provider's session, if it has one.
    pub sid: Option<String>,
}

impl SessionOrigin {
    /// Whether a logout token with these claims ends this session (OpenID Connect Back-Channel Logout §2.7).
    pub fn is(&self, issuer: &str, subject: Option<&str>, sid: Option<&str>) -> bool {
        self.issuer == issuer
            && subject.is_none_or(|subject| self.subject == subject)
            && sid.is_none_or(|sid| self.sid.as_deref() == Some(sid))
    }
}

/// An authentication as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// The methods (RFC 8176); empty if a provider doesn't say.
    pub amr: Vec<String>,
    /// When the user authenticated; `None` if the upstream provider didn't report it.
    #[serde(default)]
    pub auth_time: Option<Timestamp>,
}

impl Authentication {
    /// Whether the user authenticated at or after `moment`. False if the time is unknown.
    pub fn is_since(&self, moment: Timestamp) -> bool {
        self.auth_time.is_some_and(|auth_time| moment <= auth_time)
    }

    /// The authentication context class (`acr`). This server knows only one, a single factor. If a provider reports
    /// more factors, they are in `amr`.
    pub fn acr(&self) -> &'static str {
        ACR_SINGLE_FACTOR
    }

    /// The kinds of evidence behind the methods, each once (NIST SP 800-63-3 §4.3.1). Methods that RFC 8176 doesn't
    /// define, or that name no evidence, such as `mfa`, are ignored.
    pub fn factors(&self) -> Vec<Factor> {
        let mut factors: Vec<Factor> = self.amr.iter().filter_map(|amr| Factor::of(amr)).collect();
        factors.sort_unstable();
        factors.dedup();
        factors
    }
}

/// A kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Factor {
    /// Something the user knows.
    Knowledge,
    /// Something the user has.
    Possession,
    /// Something the user is.
    Inherence,
}

impl Factor {
    /// The kind of evidence of an `amr` value (RFC 8176 §2).
    fn of(amr: &str) -> Option<Self> {
        match amr {
            PASSWORD | "pin" | "kba" => Some(Self::Knowledge),
            "hwk" | "swk" | "pop" | "sc" | "otp" | "sms" | "tel" => Some(Self::Possession),
            "face" | "fpt" | "iris" | "retina" | "vbm" => Some(Self::Inherence),
            _ => None,
        }
    }
}
