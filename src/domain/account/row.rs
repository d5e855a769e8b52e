//! The rows of an account: sessions, consents, grants and identities.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Rows;
use crate::domain::authentication::{Authentication, SessionOrigin};
use crate::domain::connection::ConnectionId;
use crate::domain::secret::SecretHash;
use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::claims::ClaimsRequest;
use crate::protocol::scope::Scope;

/// How many resources one consent remembers; the oldest gives way.
pub const MAX_REMEMBERED_RESOURCES: usize = 50;
/// How many allowed scopes one consent remembers for each resource, and how many declined ones. Beyond
/// that, the oldest that the current request doesn't ask for are dropped. The limit is higher than the
/// number of scopes in one request, so a request always fits.
pub const MAX_REMEMBERED_SCOPES: usize = 200;
/// How many scopes one consent remembers for all resources together. Beyond that, resources that the
/// current request doesn't ask for are dropped.
pub const MAX_REMEMBERED_IN_ALL: usize = 1000;

/// Keys of sessions begin so.
pub const SESSION: &str = "session/";
/// Keys of consents begin so.
pub const CONSENT: &str = "consent/";
/// Keys of grants begin so.
pub const GRANT: &str = "grant/";

/// Keys of identities begin so.
pub const IDENTITY: &str = "identity/";

/// Keys of connections begin so.
pub const CONNECTION: &str = "connection/";

/// Keys of apps that the person registered begin so.
pub const APP: &str = "app/";

/// The key of an app.
pub fn app_key(client_id: &str) -> String {
    format!("{APP}{client_id}")
}

/// The apps among the rows: the client of each.
pub fn apps(rows: &Rows) -> impl Iterator<Item = &str> {
    rows.iter().filter_map(|(key, row)| match row {
        Row::App(_) => key.strip_prefix(APP),
        _ => None,
    })
}

/// The key of a connection.
pub fn connection_key(id: &ConnectionId) -> String {
    format!("{CONNECTION}{id}")
}

/// The key of an identity, by the name of its identifier.
pub fn identity_key(identifier: &str) -> String {
    format!("{IDENTITY}{identifier}")
}

/// The key of a session.
pub fn session_key(number: u32) -> String {
    format!("{SESSION}{number:010}")
}

/// The key of a client's consent.
pub fn consent_key(client_id: &str) -> String {
    format!("{CONSENT}{client_id}")
}

/// The key of a grant.
pub fn grant_key(grant_id: &str) -> String {
    format!("{GRANT}{grant_id}")
}

/// A row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Row {
    /// A signed-in browser.
    Session(Session),
    /// What a client may have without asking again.
    Consent(Consent),
    /// A grant that a client holds.
    Grant(Grant),
    /// Who the person is at another provider.
    Identity(LinkedIdentity),
    /// That the person registered the app, at that moment.
    App(Timestamp),
    /// That an outside account is connected, since then.
    Connection(Timestamp),
    /// When the user disconnected the app's own connection. While this row exists, the app doesn't get the
    /// account-wide connection, which may have wider scopes.
    Disconnected(Timestamp),
}

/// How exactly it is known when an identity was last used: a row is written as seldom.
const USE_IS_KNOWN_TO: Seconds = Seconds(86_400);

/// Who the person is at another provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedIdentity {
    /// The provider, as it was configured when it was last used.
    pub provider: String,
    /// The provider's issuer.
    pub issuer: String,
    /// The person's `sub` there.
    pub subject: String,
    /// How the person is called there.
    pub label: String,
    /// When it was linked.
    pub linked_at: Timestamp,
    /// When it last signed the person in, to a day.
    pub used_at: Timestamp,
}

impl LinkedIdentity {
    /// Whether it is worth a row beside what is known.
    pub(super) fn says_more_than(&self, known: Option<&Row>, now: Timestamp) -> bool {
        let Some(Row::Identity(known)) = known else { return true };
        let is_old = known.used_at.plus(USE_IS_KNOWN_TO) <= now;
        is_old || *self != (Self { used_at: self.used_at, ..known.clone() })
    }
}

/// A signed-in browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// The hash of the cookie's secret.
    pub secret: SecretHash,
    /// The session's name in ID tokens.
    pub sid: String,
    /// How and when the user authenticated, as it is stored ([`Session::authentication`]).
    #[serde(flatten)]
    pub(super) authentication: Authentication,
    /// When the session started; `None` in rows of earlier versions.
    #[serde(default)]
    pub(super) started_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// The browser, in a few words.
    pub browser: String,
    /// Where it was, in a few words.
    pub place: Option<String>,
    /// Through which provider it began, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<SessionOrigin>,
    /// When the user signed in to confirm a change; `None` if the session started for another reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) confirmed_at: Option<Timestamp>,
    /// The link that the user has confirmed and that is under way at a provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) linking: Option<Linking>,
    /// The grant that the session began with, if it ends with the session: both are written at once, as one row. The
    /// session's number is then [`number_of`] the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) grant: Option<Box<Grant>>,
}

/// A confirmed link, until the browser is back from the provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Linking {
    /// The hash of the secret that the browser has to bring back.
    pub(super) secret: SecretHash,
    /// When it is too late.
    pub(super) expires_at: Timestamp,
}

impl Session {
    /// When the session started; in rows of earlier versions, when the user authenticated.
    pub fn started_at(&self) -> Timestamp {
        self.started_at.or(self.authentication.auth_time).unwrap_or_default()
    }

    /// How and when the user authenticated.
    pub fn authentication(&self) -> Authentication {
        // Earlier versions stored a made-up time for providers that didn't report one.
        let is_made_up = self.started_at.is_none() && self.origin.is_some();
        let auth_time = self.authentication.auth_time.filter(|_| !is_made_up);
        Authentication { auth_time, ..self.authentication.clone() }
    }

    /// When the user authenticated (`auth_time`, OpenID Connect Core §2); `None` if that is unknown.
    pub fn auth_time(&self) -> Option<Timestamp> {
        self.authentication().auth_time
    }
}

/// What a client may have without asking again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The scopes that were allowed at each resource; [`ISSUER`] stands for this server.
    pub allowed: BTreeMap<String, Scope>,
    /// What the person left out, or took back: it is not asked for again by itself.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub declined: Scope,
    /// When it was last given.
    pub since: Timestamp,
}

/// Stands for this server among the resources of a consent.
pub const ISSUER: &str = "";

impl Consent {
    /// The consent without a scope that the person takes back.
    #[must_use]
    pub fn without(mut self, taken_back: &str) -> Self {
        for scope in self.allowed.values_mut() {
            *scope = scope.filter(|token| token != taken_back);
        }
        self.declined.insert(taken_back);
        self.declined.truncate_oldest(MAX_REMEMBERED_SCOPES, &Scope::default());
        self
    }

    /// Everything that was allowed, wherever.
    pub fn scope(&self) -> Scope {
        let mut all = Scope::default();
        self.allowed.values().flat_map(Scope::iter).for_each(|token| all.insert(token));
        all
    }
}

/// A grant that a client holds, as far as the account must know it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// The grant's object.
    pub grant_id: String,
    /// The client.
    pub client_id: String,
    /// Scopes.
    pub scope: Scope,
    /// The request's `claims`.
    #[serde(default)]
    pub claims: ClaimsRequest,
    /// The scopes that contain the claims which the request asked for by name (OpenID Connect Core §5.5),
    /// as granted now. A scope that the user removes is removed from `scope` and from this.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub claims_scope: Scope,
    /// The session in which it was given.
    pub sid: String,
    /// Whether it outlives that session (OpenID Connect Core §11).
    pub offline: bool,
    /// When it was given.
    pub since: Timestamp,
    /// When it is over at the latest.
    pub expires_at: Timestamp,
    /// When the account asks it whether it is over: when its code expires, and then when it is over unless it is refreshed.
    /// `None` for a grant that an earlier release noted; it has an alarm of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_at: Option<Timestamp>,
    /// Access tokens that were revoked, with the moment when they expire by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<(String, Timestamp)>,
    /// Whether the grant has reported that its code was redeemed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redeemed: bool,
}

impl Grant {
    /// The grant without a scope that the user removes.
    pub(super) fn without_scope(mut self, taken_back: &str) -> Self {
        self.scope = self.scope.filter(|token| token != taken_back);
        self.claims_scope = self.claims_scope.filter(|token| token != taken_back);
        self
    }

    /// All scopes that are granted now, including those that contain claims asked for by name.
    pub fn granted(&self) -> Scope {
        let mut granted = self.scope.clone();
        self.claims_scope.iter().for_each(|token| granted.insert(token));
        granted
    }

    /// The grant without one of its access tokens.
    pub fn without(mut self, jti: String, expires_at: Timestamp, now: Timestamp) -> Self {
        self.revoked.retain(|(revoked, expires)| now < *expires && *revoked != jti);
        self.revoked.push((jti, expires_at));
        self
    }

    /// Whether an access token was revoked.
    pub fn has_revoked(&self, jti: &str) -> bool {
        self.revoked.iter().any(|(revoked, _)| revoked == jti)
    }
}

/// The sessions among the rows: key, number, session.
pub fn sessions(rows: &Rows) -> impl Iterator<Item = (&str, u32, &Session)> {
    rows.iter().filter_map(|(key, row)| match row {
        Row::Session(session) => {
            Some((key.as_str(), key.strip_prefix(SESSION)?.parse().ok()?, session))
        }
        _ => None,
    })
}

/// The consents among the rows: client, consent.
pub fn consents(rows: &Rows) -> impl Iterator<Item = (&str, &Consent)> {
    rows.iter().filter_map(|(key, row)| match row {
        Row::Consent(consent) => Some((key.strip_prefix(CONSENT)?, consent)),
        _ => None,
    })
}

/// The connections among the rows.
pub fn connections(rows: &Rows) -> impl Iterator<Item = ConnectionId> {
    rows.iter().filter_map(|(key, row)| match row {
        Row::Connection(_) => Some(ConnectionId::parse(key.strip_prefix(CONNECTION)?)),
        _ => None,
    })
}

/// The identities among the rows: key, identity.
pub fn identities(rows: &Rows) -> impl Iterator<Item = (&str, &LinkedIdentity)> {
    rows.iter().filter_map(|(key, row)| match row {
        Row::Identity(identity) => Some((key.as_str(), identity)),
        _ => None,
    })
}

impl Row {
    /// The latest time at which the account is known to have acted, by this row.
    pub(super) fn latest(&self) -> Timestamp {
        let (_, since) = self.age();
        match self {
            Self::Identity(identity) => since.max(identity.used_at),
            _ => since,
        }
    }

    /// When the row means nothing any more, and since when it exists: the order in which rows give
    /// way.
    fn age(&self) -> (Option<Timestamp>, Timestamp) {
        match self {
            Self::Session(session) => (Some(session.expires_at), session.started_at()),
            Self::Consent(consent) => (None, consent.since),
            Self::Grant(grant) => (Some(grant.expires_at), grant.since),
            Self::Identity(identity) => (None, identity.linked_at),
            Self::Connection(since) | Self::Disconnected(since) | Self::App(since) => {
                (None, *since)
            }
        }
    }
}

/// Makes room for one more row of a kind: the keys that give way (what has expired, and the oldest
/// where that is not enough), and how many rows are left. Where the rows of the kind were not
/// loaded, there is room, and none is counted.
pub fn make_room(
    rows: &Rows,
    kind: &str,
    bound: u32,
    now: Timestamp,
) -> (Vec<String>, Option<u32>) {
    let mut held: Vec<_> = rows.iter().filter(|(key, _)| key.starts_with(kind)).collect();
    let total = counted(held.len());
    if total <= 1 {
        return (Vec::new(), None);
    }
    held.sort_by_key(|(_, row)| {
        let (expires_at, since) = row.age();
        (expires_at.is_none_or(|moment| now < moment), since)
    });
    let expired =
        held.iter().filter(|(_, row)| row.age().0.is_some_and(|moment| moment <= now)).count();
    let beyond = total.saturating_add(1).saturating_sub(bound);
    let going = expired.max(usize::try_from(beyond).unwrap_or(0));
    let gone: Vec<String> = held.into_iter().take(going).map(|(key, _)| key.clone()).collect();
    let left = total.saturating_sub(counted(gone.len()));
    (gone, Some(left))
}

fn counted(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
