//! How and when a user authenticated.
//!
//! A way to sign in says so by a [`NewAuthentication`]. Sessions, codes and grants remember an [`Authentication`], of
//! which tokens have `amr`, `acr` and `auth_time` (OpenID Connect Core §2).

use serde::{Deserialize, Serialize};

use super::time::Timestamp;
use crate::protocol::claims::ACR_SINGLE_FACTOR;

/// A password (RFC 8176 §2).
const PASSWORD: &str = "pwd";

/// An authentication that was just made, here or at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAuthentication {
    /// The methods (RFC 8176); empty if a provider doesn't say.
    pub amr: Vec<String>,
    /// When.
    #[serde(default, rename = "authenticated")]
    pub time: AuthTime,
    /// The provider that proved it; `None` if this server did.
    #[serde(default)]
    pub origin: Option<SessionOrigin>,
}

impl NewAuthentication {
    /// The user has just typed the right password, or the first one of a new account.
    pub fn by_password() -> Self {
        Self { amr: vec![PASSWORD.to_owned()], time: AuthTime::Now, origin: None }
    }

    /// A provider says that the user authenticated there.
    pub fn at_provider(origin: SessionOrigin, amr: Vec<String>, time: AuthTime) -> Self {
        Self { amr, time, origin: Some(origin) }
    }

    /// What is remembered of it. A time in the future counts as now.
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
    /// The time that a provider told, if it did. It was asked for an authentication at or after `since`, and has
    /// confirmed that within the skew of two clocks, so an earlier time counts as `since`.
    pub fn told(auth_time: Option<Timestamp>, since: Option<Timestamp>) -> Self {
        let within_skew = |told: Timestamp| since.map_or(told, |since| told.max(since));
        auth_time.map_or(Self::Unknown, |told| Self::At(within_skew(told)))
    }
}

/// Through which provider a session began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOrigin {
    /// The provider, as it is configured.
    pub provider: String,
    /// The provider's issuer.
    pub issuer: String,
    /// The person's `sub` there.
    pub subject: String,
    /// The provider's name for its own session.
    pub sid: Option<String>,
}

impl SessionOrigin {
    /// Whether a logout that names these means this session (Back-Channel Logout §2.7).
    pub fn is(&self, issuer: &str, subject: Option<&str>, sid: Option<&str>) -> bool {
        self.issuer == issuer
            && subject.is_none_or(|subject| self.subject == subject)
            && sid.is_none_or(|sid| self.sid.as_deref() == Some(sid))
    }
}

/// An authentication, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// The methods (RFC 8176); empty if a provider doesn't say.
    pub amr: Vec<String>,
    /// When; `None` if the upstream provider didn't report it.
    #[serde(default)]
    pub auth_time: Option<Timestamp>,
}

impl Authentication {
    /// Whether it was made at or after a moment. One at an unknown time was not.
    pub fn is_since(&self, moment: Timestamp) -> bool {
        self.auth_time.is_some_and(|auth_time| moment <= auth_time)
    }

    /// The authentication context (`acr`). This server knows one: a single factor. That a provider asked for more
    /// stands in `amr`, on the provider's word.
    pub fn acr(&self) -> &'static str {
        ACR_SINGLE_FACTOR
    }

    /// The kinds of evidence that the methods are, each once (NIST SP 800-63-3 §4.3.1). Methods that RFC 8176 doesn't
    /// name, or that say nothing of the evidence, such as `mfa`, count for none.
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
    /// What the user knows.
    Knowledge,
    /// What the user has.
    Possession,
    /// What the user is.
    Inherence,
}

impl Factor {
    /// The kind of a method (RFC 8176 §2).
    fn of(amr: &str) -> Option<Self> {
        match amr {
            PASSWORD | "pin" | "kba" => Some(Self::Knowledge),
            "hwk" | "swk" | "pop" | "sc" | "otp" | "sms" | "tel" => Some(Self::Possession),
            "face" | "fpt" | "iris" | "retina" | "vbm" => Some(Self::Inherence),
            _ => None,
        }
    }
}
