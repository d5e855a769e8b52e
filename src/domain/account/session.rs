//! Signed-in browsers.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use super::authorize::{AuthorizeRequest, Recorded};
use super::grants;
use super::row::{self, Row, SESSION, Session};
use super::{
    AccountCommand, AccountError, AccountReply, MAX_SESSIONS, Person, Rows, SignedIn, end_grants,
};
use crate::domain::authentication::{NewAuthentication, SessionOrigin};
use crate::domain::entropy::{self, Entropy};
use crate::domain::machine::{Change, Step};
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Timestamp};
use crate::protocol::claims::StandardClaims;

/// What a browser shows: the number of its session and its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionProof {
    /// The number.
    pub number: u32,
    /// The secret.
    pub secret: Secret,
}

/// A session that begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewSession {
    /// The name of the session that it continues; a new one has none yet.
    pub sid: Option<String>,
    /// How and when the user authenticated.
    #[serde(flatten)]
    pub authentication: NewAuthentication,
    /// Whether the user signed in to confirm a change.
    #[serde(default)]
    pub confirms: bool,
    /// How long it lasts.
    pub lifetime: Seconds,
    /// The browser, in a few words.
    pub browser: String,
    /// Where it is, in a few words.
    pub place: Option<String>,
    /// What an app asks for, where one waits: it is decided in the same step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Box<AuthorizeRequest>>,
}

/// A session as the endpoints see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionView {
    /// The account.
    pub account: String,
    /// The address with which the person signs in; none for one who signs in elsewhere alone.
    pub email: Option<String>,
    /// Whether there is a password.
    pub has_password: bool,
    /// Claims about the person.
    pub claims: StandardClaims,
    /// The unproven address that the account had until someone else proved that it is theirs.
    #[serde(default)]
    pub address_lost: Option<String>,
    /// The session's name in ID tokens.
    pub sid: String,
    /// When the user authenticated; `None` if the upstream provider didn't report it.
    pub auth_time: Option<Timestamp>,
    /// When the user made the sign-in that confirms a change, if there is one
    /// ([`Confirmation::SignIn`](super::confirmation::Confirmation::SignIn)).
    #[serde(default)]
    pub confirmed_at: Option<Timestamp>,
    /// When the session started.
    #[serde(default)]
    pub started_at: Timestamp,
    /// Through which provider, where it was one.
    #[serde(default)]
    pub origin: Option<SessionOrigin>,
}

impl SessionView {
    /// How the person is called on a page: by address, or by name.
    pub fn label(&self) -> &str {
        let claims = &self.claims;
        [&self.email, &claims.email, &claims.preferred_username, &claims.name]
            .into_iter()
            .find_map(|label| label.as_deref())
            .unwrap_or("your account")
    }
}

impl NewSession {
    pub(super) fn begin(self, now: Timestamp, entropy: &dyn Entropy) -> (Session, Secret) {
        let secret = Secret::random(entropy);
        let new_sid = || Base64UrlUnpadded::encode_string(&entropy::bytes::<16>(entropy));
        let authentication = self.authentication.remembered(now);
        let session = Session {
            secret: secret.hash(),
            sid: self.sid.unwrap_or_else(new_sid),
            confirmed_at: authentication.auth_time.filter(|_| self.confirms),
            authentication,
            linking: None,
            started_at: Some(now),
            expires_at: now.plus(self.lifetime),
            browser: self.browser,
            place: self.place,
            origin: self.authentication.origin,
            grant: None,
        };
        (session, secret)
    }
}

impl Session {
    /// The same session under a new number and secret, so that a copy of the old cookie opens nothing. What
    /// was confirmed in it before doesn't count any more.
    pub(super) fn renewed(&self, entropy: &dyn Entropy) -> (Self, SessionProof) {
        let number = u32::from_be_bytes(entropy::bytes(entropy));
        let secret = Secret::random(entropy);
        let session = Self {
            secret: secret.hash(),
            confirmed_at: None,
            linking: None,
            grant: None,
            ..self.clone()
        };
        (session, SessionProof { number, secret })
    }
}

/// The session that the proof proves.
pub(super) fn find<'a>(
    rows: &'a Rows,
    proof: &SessionProof,
    now: Timestamp,
) -> Result<&'a Session, AccountError> {
    match rows.get(&row::session_key(proof.number)) {
        Some(Row::Session(session))
            if session.secret.matches(&proof.secret) && now < session.expires_at =>
        {
            Ok(session)
        }
        _ => Err(AccountError::NoSession),
    }
}

pub(super) fn view(person: &Person, session: &Session) -> SessionView {
    SessionView {
        account: person.account.clone(),
        email: person.email.clone(),
        has_password: person.password.is_some(),
        claims: person.stated_claims(),
        address_lost: person.address_lost.clone(),
        sid: session.sid.clone(),
        auth_time: session.auth_time(),
        confirmed_at: person.confirmed_at(session),
        started_at: session.started_at(),
        origin: session.origin.clone(),
    }
}

impl Person {
    /// Whoever signs in again in one browser goes on with the same session, so that signing out
    /// later ends what was granted before.
    pub(super) fn continue_session(
        mut self,
        session: NewSession,
        replaces: Option<SessionProof>,
        rows: &Rows,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Step<AccountCommand> {
        let continued = replaces.and_then(|proof| {
            let session = find(rows, &proof, now).ok()?;
            Some((row::session_key(proof.number), session.sid.clone(), session.grant.clone()))
        });
        let Some((replaced, sid, grant)) = continued else {
            return self.sign_in(session, rows, now, entropy);
        };
        // It makes room by itself: no other browser gives way, nor what was granted in this one.
        let mut others = rows.clone();
        others.remove(&replaced);
        self.count(|counts| counts.sessions = counts.sessions.saturating_sub(1));
        let session = NewSession { sid: Some(sid), ..session };
        let step = self.sign_in(session, &others, now, entropy).delete(replaced);
        // A grant that shared its row goes on, in one of its own.
        match grant {
            Some(grant) => step.put(row::grant_key(&grant.grant_id), Row::Grant(*grant)),
            None => step,
        }
    }

    pub(super) fn sign_in(
        mut self,
        mut session: NewSession,
        rows: &Rows,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Step<AccountCommand> {
        let is_first = self.is_empty();
        let (gone, left) = row::make_room(rows, SESSION, MAX_SESSIONS, now);
        self.count(|counts| {
            counts.sessions = left.unwrap_or(counts.sessions).saturating_add(1);
        });
        let sids: Vec<&str> = row::sessions(rows)
            .filter(|(key, ..)| gone.iter().any(|gone| gone == key))
            .map(|(_, _, session)| session.sid.as_str())
            .collect();
        let mut number = u32::from_be_bytes(entropy::bytes(entropy));
        let asks = session.asks.take();
        let (mut session, secret) = session.begin(now, entropy);
        // What the app that waits may have is decided now, so that both are written as one.
        let recorded = asks.map(|request| self.record(&session, *request, rows, now));
        let mut change = Change::none();
        let authorized = match recorded {
            Some(Ok(Recorded { authorized, grant, rows, effects })) => {
                self.count(|counts| counts.grants = counts.grants.saturating_add(1));
                change.rows = rows;
                change.effects = effects;
                if grant.offline {
                    change = change.put(row::grant_key(&grant.grant_id), Row::Grant(grant));
                } else {
                    number = grants::number_of(&grant.grant_id);
                    session.grant = Some(Box::new(grant));
                }
                Some(Ok(authorized))
            }
            Some(Err(error)) => Some(Err(error)),
            None => None,
        };
        change = change.put(row::session_key(number), Row::Session(session));
        change = gone.iter().cloned().fold(change, Change::delete);
        change =
            grants::end(change, rows, now, |grant| !grant.offline && sids.contains(&&*grant.sid));
        let signed_in = SignedIn { session: SessionProof { number, secret }, authorized };
        let mut step = self.wound(AccountReply::SignedIn(Box::new(signed_in)), is_first, now);
        step.change = Change { next: step.change.next, ..change };
        step
    }

    /// Ends the sessions that match, and with each the grants that live no longer than it.
    pub(super) fn end_sessions(
        mut self,
        rows: &Rows,
        now: Timestamp,
        ends: impl Fn(u32, &Session) -> bool,
    ) -> Step<AccountCommand> {
        let mut keys = Vec::new();
        let mut sids = Vec::new();
        for (key, number, session) in row::sessions(rows) {
            if ends(number, session) {
                keys.push(key.to_owned());
                sids.push(session.sid.clone());
            }
        }
        let ended = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        self.count(|counts| counts.sessions = counts.sessions.saturating_sub(ended));
        let step = self.remembered(AccountReply::Done);
        let step = keys.into_iter().fold(step, Step::delete);
        end_grants(step, rows, now, |grant| !grant.offline && sids.contains(&grant.sid))
    }
}
