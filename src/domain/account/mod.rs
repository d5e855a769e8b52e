//! A person's account: credentials, sessions, consents, and the list of its grants.
//!
//! The state is small. What can grow is kept in rows, one for each session, consent and grant; a
//! command names the rows that it needs, and every list has a bound.

mod apps;
pub mod authorize;
mod census;
mod clock;
mod command;
pub mod confirmation;
pub mod connections;
mod earlier;
mod grants;
pub mod identity;
pub mod membership;
mod notice;
pub mod password;
pub mod profile;
pub mod row;
pub mod session;

pub use self::command::{
    AccountCommand, AccountError, AccountReply, App, NewAccount, Overview, OwnAddress, SignedIn,
};

use serde::{Deserialize, Serialize};

use self::membership::Memberships;
use self::profile::Sources;
use self::row::{APP, CONNECTION, CONSENT, GRANT, IDENTITY, Row, SESSION};
use self::session::{NewSession, SessionView};
use super::attempts::Attempts;
use super::entropy::Entropy;
use super::identifier;
use super::identity::ClaimsUpdate;
use super::machine::{
    Address, Before, Change, Class, Command, Effect, Machine, Next, Nothing, OneCommand, Receive,
    RowKeys, Step,
};
use super::password::PasswordRecord;
use super::time::Timestamp;
use crate::protocol::claims::StandardClaims;
use crate::protocol::scope;

/// How many browsers may be signed in; the oldest gives way.
pub const MAX_SESSIONS: u32 = 32;
/// How many clients' consents are remembered; the oldest gives way.
pub const MAX_CONSENTS: u32 = 200;
/// How many apps one person may register.
pub const MAX_APPS: usize = 50;
/// How many grants an account may have. Beyond that, the client with the most grants gives one up, so that
/// no client pushes out another's.
pub const MAX_GRANTS: u32 = 500;
/// From so many grants below the limit on, the account asks which of them have unredeemed codes.
const CENSUS: u32 = 20;

/// The machine.
#[derive(Debug)]
pub struct Account;

/// What is remembered beside the rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// The account's own object, which is the person's `sub`.
    pub account: String,
    /// The address with which the person signs in, as it was typed; none for a person who signs in
    /// through other providers alone.
    pub email: Option<String>,
    /// The name of the identifier by which the address leads here.
    pub identifier: Option<String>,
    /// Claims about the person.
    pub claims: StandardClaims,
    /// Where each claim came from that the person did not write.
    #[serde(default, skip_serializing_if = "Sources::is_empty")]
    pub sources: Sources,
    /// Groups and roles, stored under the identity whose provider asserted them.
    #[serde(default, skip_serializing_if = "Memberships::is_empty")]
    pub memberships: Memberships,
    /// The unproven address that the account had until someone else proved that it is theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_lost: Option<String>,
    /// The password, where the person has set one.
    pub password: Option<PasswordRecord>,
    /// Wrong passwords.
    pub attempts: Attempts,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Whether the account sets an alarm for its sessions and grants; not yet for one of an earlier release.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    has_clock: bool,
    /// When the alarm comes, as far as is known without a look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wakes_at: Option<Timestamp>,
    /// How many rows there are; unknown until they are counted, once while the object is in memory.
    /// Never written, so that what only adds a row writes only that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
}

/// How many rows there are of each kind that is bounded: an upper bound, made exact when it is
/// reached.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Counts {
    sessions: u32,
    consents: u32,
    grants: u32,
}

impl Counts {
    fn of(rows: &Rows) -> Self {
        let count = |kind: &str| {
            let keys = rows.keys().filter(|key| key.starts_with(kind));
            u32::try_from(keys.count()).unwrap_or(u32::MAX)
        };
        let grants = u32::try_from(grants::all(rows).count()).unwrap_or(u32::MAX);
        Self { sessions: count(SESSION), consents: count(CONSENT), grants }
    }

    fn is_full(self, kind: &str) -> bool {
        match kind {
            SESSION => self.sessions >= MAX_SESSIONS,
            CONSENT => self.consents >= MAX_CONSENTS,
            _ => self.grants >= MAX_GRANTS.saturating_sub(CENSUS),
        }
    }
}

/// The same step, its state written: what is counted is not.
fn durable(mut step: Step<AccountCommand>) -> Step<AccountCommand> {
    step.change.next = match step.change.next {
        Next::Remembered(mut person) | Next::Awaited(mut person) => {
            person.counts = None;
            Next::Written(person)
        }
        other => other,
    };
    step
}

/// A transition's result: the step, or the error that leaves everything unchanged.
type Transition = Result<Step<AccountCommand>, AccountError>;
/// The rows that were loaded.
type Rows = std::collections::BTreeMap<String, Row>;

impl Machine for Account {
    const CLASS: Class = Class::Account;
    /// Version 2 keeps groups and roles apart from the other claims.
    const VERSION: u32 = 2;
    type State = Person;
    type Row = Row;
    type Wants = Nothing;

    fn receive<R: Receive<Self>>(
        command: &str,
        receiver: R,
    ) -> Result<R::Output, serde_json::Error> {
        Ok(receiver.receive(serde_json::from_str::<AccountCommand>(command)?))
    }

    fn wakes_at(person: &Person) -> Option<Timestamp> {
        // What the memory has lost is due.
        person.has_clock.then(|| person.wakes_at.unwrap_or_default())
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(AccountCommand::Wake))
    }

    fn migrate(version: u32, mut state: serde_json::Value) -> Option<Person> {
        if version < 2 {
            membership::migrate(&mut state)?;
        }
        serde_json::from_value(state).ok()
    }

    fn latest(row: &Row) -> Option<Timestamp> {
        Some(row.latest())
    }
}

impl OneCommand for Account {
    type Command = AccountCommand;
}

impl Command for AccountCommand {
    const NAME: &'static str = "";
    fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
    type Machine = Account;
    type Reply = AccountReply;
    type Error = AccountError;

    fn rows(&self, person: Option<&Person>, now: Timestamp) -> Vec<RowKeys> {
        use AccountCommand as Asked;
        let command = self;
        // A blocked account refuses without reading rows, so that guessing at it costs next to nothing.
        if let (Some(person), Asked::SignIn(_)) = (person, command)
            && person.attempts.is_blocked(now)
        {
            return Vec::new();
        }
        let counts = person.and_then(|person| person.counts);
        let is_full = |kind: &str| counts.is_some_and(|counts| counts.is_full(kind));
        let mut needed = match command {
            Asked::BeginSignIn | Asked::AttemptFailed | Asked::Address | Asked::YieldAddress(_) => {
                Vec::new()
            }
            Asked::Create(..)
            | Asked::SignIn(_)
            | Asked::FinishSignIn { .. }
            | Asked::SignInWith(_) => {
                let mut keys = Vec::new();
                let (replaced, session) = match command {
                    Asked::SignIn(sign_in) => (sign_in.replaces.as_ref(), &sign_in.session),
                    Asked::FinishSignIn { replaces, session, .. } => (replaces.as_ref(), session),
                    Asked::SignInWith(sign_in) => {
                        keys.push(RowKeys::All(IDENTITY));
                        (sign_in.replaces.as_ref(), &sign_in.session)
                    }
                    Asked::Create(_, session) => (None, session),
                    _ => return keys,
                };
                keys.extend(replaced.map(|held| RowKeys::One(row::session_key(held.number))));
                keys.extend(session.asks.iter().flat_map(|asked| asked.rows(is_full)));
                if is_full(SESSION) {
                    keys.extend([SESSION, GRANT].map(RowKeys::All));
                }
                keys
            }
            Asked::ReadSession(proof)
            | Asked::ChangeClaims(proof, _)
            | Asked::Confirm(proof, _)
            | Asked::FinishConfirmation(proof, _)
            | Asked::BeginLink(proof, _)
            | Asked::BeginConfirmation(proof) => {
                vec![RowKeys::One(row::session_key(proof.number))]
            }
            Asked::Authorize(session, request) => {
                let mut keys = request.rows(is_full);
                keys.push(RowKeys::One(row::session_key(session.number)));
                keys
            }
            Asked::UserInfo { grant_id, .. }
            | Asked::GrantEnded(grant_id)
            | Asked::GrantRedeemed(grant_id)
            | Asked::GrantStands { grant_id, .. }
            | Asked::AccessTokenRevoked { grant_id, .. } => grants::rows_of(grant_id).to_vec(),
            Asked::Wake => clock::Wake.rows(person, now),
            Asked::Link(proof, ..) => {
                vec![RowKeys::One(row::session_key(proof.number)), RowKeys::All(IDENTITY)]
            }
            Asked::Connect(proof, _) => {
                vec![RowKeys::One(row::session_key(proof.number)), RowKeys::All(CONNECTION)]
            }
            Asked::Disconnect(proof, id) => connections::rows_to_disconnect(proof, id),
            Asked::Connections { grant_id, client_id, providers, .. } => {
                connections::rows_of_grant(grant_id, client_id, providers)
            }
            Asked::RegisterApp(proof, _)
            | Asked::DeleteApp(proof, _)
            | Asked::ForgetApp(proof, _)
            | Asked::AddApp(proof, _)
            | Asked::RemoveApp(proof, _)
            | Asked::Apps(proof) => {
                vec![RowKeys::One(row::session_key(proof.number)), RowKeys::All(APP)]
            }
            Asked::Unlink(..) => {
                vec![RowKeys::All(SESSION), RowKeys::All(GRANT), RowKeys::All(IDENTITY)]
            }
            Asked::EndSession(_)
            | Asked::EndUpstreamSessions { .. }
            | Asked::EndOther(..)
            | Asked::ChangePassword(..) => vec![RowKeys::All(SESSION), RowKeys::All(GRANT)],
            Asked::Overview(_)
            | Asked::RevokeClient(..)
            | Asked::RevokeScope(..)
            | Asked::Erase(..) => {
                [SESSION, CONSENT, GRANT, IDENTITY, CONNECTION, APP].map(RowKeys::All).to_vec()
            }
        };
        if command.adds_rows() && person.is_some() && counts.is_none() {
            needed.extend([SESSION, CONSENT, GRANT].map(RowKeys::All));
        }
        needed
    }

    fn decide(self, before: Before<Account>, now: Timestamp, entropy: &dyn Entropy) -> Step<Self> {
        let command = self;
        let Before { state, rows } = before;
        let transition = match (state, command) {
            (state, AccountCommand::Wake) => {
                let before = Before { state, rows };
                let Step { change, .. } = clock::Wake.decide(before, now, entropy);
                return change.reply(Ok(AccountReply::Done));
            }
            (None, AccountCommand::Create(new, session)) => create(*new, session, now, entropy),
            (Some(_), AccountCommand::Create(..)) => Err(AccountError::Exists),
            (None, AccountCommand::SignIn(sign_in)) => password::refuse_nobody(&sign_in.password),
            (None, _) => Err(AccountError::Unknown),
            (Some(mut person), command) => {
                if command.adds_rows() && person.counts.is_none() {
                    person.counts = Some(Counts::of(&rows));
                }
                person.step(command, &rows, now, entropy)
            }
        };
        transition.unwrap_or_else(|error| Step::unchanged(Err(error)))
    }
}

fn create(
    new: NewAccount,
    session: NewSession,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Transition {
    let NewAccount { account, address, claims, password, identity } = new;
    let password = password.map(|password| password.into_record(entropy)).transpose()?;
    let confirm = address.as_ref().and_then(|(_, identifier)| {
        let command = identifier::Confirm(account.clone());
        Effect::send(Address::Name(identifier.clone()), &command)
    });
    let (email, identifier) = address.unzip();
    let mut person = Person {
        account,
        email,
        identifier,
        claims,
        sources: Sources::new(),
        memberships: Memberships::new(),
        address_lost: None,
        password,
        attempts: Attempts::default(),
        created_at: now,
        has_clock: false,
        wakes_at: None,
        counts: None,
    };
    let linked = identity.map(|identity| {
        let row = person.take_in(&identity, ClaimsUpdate::Follow, &Rows::new(), now);
        (row::identity_key(&identity.identifier()), row, person.confirm(&identity))
    });
    let step = durable(person.sign_in(session, &Rows::new(), now, entropy)).wants(confirm);
    Ok(match linked {
        Some((key, row, confirm)) => step.put(key, Row::Identity(row)).wants(confirm),
        None => step,
    })
}

impl Person {
    fn step(
        mut self,
        command: AccountCommand,
        rows: &Rows,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Transition {
        use AccountCommand as Asked;
        match command {
            Asked::Create(..) => Err(AccountError::Exists),
            Asked::SignIn(sign_in) => self.sign_in_with_password(*sign_in, rows, (now, entropy)),
            Asked::Confirm(proof, password) => {
                self.confirm_with_password(&proof, &password, rows, now)
            }
            Asked::BeginSignIn => self.begin_attempt(now),
            Asked::BeginConfirmation(proof) => {
                session::find(rows, &proof, now)?;
                self.begin_attempt(now)
            }
            Asked::FinishConfirmation(proof, verified) => {
                self.finish_confirmation(&proof, &verified, rows, now)
            }
            Asked::FinishSignIn { session, verified, rehashed, replaces } => {
                self.finish_sign_in((verified, rehashed), (session, replaces), rows, (now, entropy))
            }
            Asked::AttemptFailed => Ok(self.attempt_failed()),
            Asked::SignInWith(sign_in) => self.sign_in_with(*sign_in, rows, now, entropy),
            Asked::BeginLink(proof, confirmation) => {
                self.begin_link(&proof, &confirmation, rows, (now, entropy))
            }
            Asked::Link(proof, link) => self.link(&proof, &link, rows, now),
            Asked::Unlink(proof, unlink) => self.unlink(&proof, &unlink, rows, now),
            Asked::YieldAddress(identifier) => self.yield_address(&identifier),
            Asked::Connect(proof, id) => connections::connect(&proof, &id, rows, now),
            Asked::Disconnect(proof, id) => self.disconnect(&proof, &id, rows, now),
            Asked::Connections { grant_id, jti, client_id, providers } => {
                let grant = connections::grant_of(rows, (&grant_id, &jti, &client_id), now)?;
                let connections = connections::usable(rows, &client_id, &providers);
                let scope = grant.scope.clone();
                Ok(Step::unchanged(Ok(AccountReply::Connections { scope, connections })))
            }
            Asked::Address => {
                let is_proven = self.claims.email_verified == Some(true);
                let own = self.email.map(|email| OwnAddress { email, is_proven });
                Ok(Step::unchanged(Ok(AccountReply::Address(own))))
            }
            Asked::EndUpstreamSessions { issuer, subject, sid, begun_before } => Ok(self
                .end_sessions(rows, now, |_, session| {
                    session.started_at() < begun_before
                        && session.origin.as_ref().is_some_and(|origin| {
                            origin.is(&issuer, subject.as_deref(), sid.as_deref())
                        })
                })),
            Asked::ReadSession(proof) => {
                let view = session::view(&self, session::find(rows, &proof, now)?);
                Ok(Step::unchanged(Ok(AccountReply::Session(Box::new(view)))))
            }
            Asked::Authorize(session, request) => self.authorize(&session, *request, rows, now),
            Asked::UserInfo { grant_id, jti } => self.user_info(&grant_id, &jti, rows, now),
            Asked::Overview(proof) => {
                let view = session::view(&self, session::find(rows, &proof, now)?);
                let overview = self.overview(view, rows, now);
                Ok(Step::unchanged(Ok(AccountReply::Overview(Box::new(overview)))))
            }
            Asked::EndSession(proof) => {
                session::find(rows, &proof, now)?;
                Ok(self.end_sessions(rows, now, |number, _| number == proof.number))
            }
            Asked::EndOther(proof, other) => {
                session::find(rows, &proof, now)?;
                Ok(self.end_sessions(rows, now, |number, _| number == other))
            }
            Asked::ChangePassword(proof, change) => {
                self.change_password(&proof, *change, rows, (now, entropy))
            }
            Asked::ChangeClaims(proof, claims) => {
                session::find(rows, &proof, now)?;
                let edited = profile::edited(&self.claims, *claims);
                profile::written(&self.claims, &edited, &mut self.sources);
                self.claims = edited;
                self.claims.updated_at = Some(now.seconds());
                Ok(durable(self.remembered(AccountReply::Done)))
            }
            Asked::RevokeClient(proof, client_id) => {
                session::find(rows, &proof, now)?;
                Ok(self.revoke_client(&client_id, rows, now))
            }
            Asked::RevokeScope(proof, client_id, scope) => {
                session::find(rows, &proof, now)?;
                Ok(self.revoke_scope((&client_id, &scope), rows, now))
            }
            Asked::RegisterApp(proof, client) => apps::register(&proof, client, rows, now),
            Asked::DeleteApp(proof, client_id) => apps::delete(&proof, &client_id, rows, now),
            Asked::ForgetApp(proof, client_id) => apps::forget(&proof, &client_id, rows, now),
            Asked::AddApp(proof, client_id) => apps::add(&proof, &client_id, rows, now),
            Asked::RemoveApp(proof, client_id) => {
                session::find(rows, &proof, now)?;
                Ok(Step::unchanged(Ok(AccountReply::Done)).delete(row::app_key(&client_id)))
            }
            Asked::Apps(proof) => {
                let view = session::view(&self, session::find(rows, &proof, now)?);
                let apps = row::apps(rows).map(String::from).collect();
                Ok(Step::unchanged(Ok(AccountReply::Apps(Box::new(view), apps))))
            }
            Asked::Erase(proof, confirmation) => {
                let session = session::find(rows, &proof, now)?;
                self.check_deletion(session, &confirmation, now)?;
                if row::apps(rows).next().is_some() {
                    return Err(AccountError::HasApps);
                }
                Ok(self.erase(rows, now))
            }
            Asked::GrantEnded(grant_id) => {
                // Told twice, it is counted once.
                let Some(held) = grants::find(rows, &grant_id) else {
                    return Ok(Step::unchanged(Ok(AccountReply::Done)));
                };
                self.count(|counts| counts.grants = counts.grants.saturating_sub(1));
                let mut step = self.remembered(AccountReply::Done);
                step.change = held.replace(step.change, None);
                Ok(step)
            }
            Asked::GrantRedeemed(grant_id) => Ok(grant_stands(rows, &grant_id, true, None)),
            Asked::GrantStands { grant_id, redeemed, over_at } => {
                Ok(grant_stands(rows, &grant_id, redeemed, Some(over_at)))
            }
            Asked::Wake => Ok(Step::unchanged(Ok(AccountReply::Done))),
            Asked::AccessTokenRevoked { grant_id, jti, expires_at } => {
                let held = grants::find(rows, &grant_id).ok_or(AccountError::NoGrant)?;
                let grant = held.grant.clone().without(jti, expires_at, now);
                let change = held.replace(Change::none(), Some(grant));
                Ok(change.reply(Ok(AccountReply::Done)))
            }
        }
    }

    fn count(&mut self, change: impl FnOnce(&mut Counts)) {
        if let Some(counts) = &mut self.counts {
            change(counts);
        }
    }

    /// Whether there is no session and no grant, so that no alarm is set.
    fn is_empty(&self) -> bool {
        self.counts.is_none_or(|counts| counts.sessions == 0 && counts.grants == 0)
    }

    /// Answers and changes what may be lost with the memory, and sets the alarm unless one is set.
    fn wound(
        mut self,
        reply: AccountReply,
        is_first: bool,
        now: Timestamp,
    ) -> Step<AccountCommand> {
        let had_clock = self.has_clock;
        let is_set_now = self.wind(is_first, now);
        let step = Step::to(
            if is_set_now { Next::Awaited(self) } else { Next::Remembered(self) },
            Ok(reply),
        );
        if had_clock { step } else { durable(step) }
    }

    /// Answers, and changes at most what may be lost with the memory.
    fn remembered(self, reply: AccountReply) -> Step<AccountCommand> {
        Step::to(Next::Remembered(self), Ok(reply))
    }

    fn user_info(self, grant_id: &str, jti: &str, rows: &Rows, now: Timestamp) -> Transition {
        match grants::find(rows, grant_id).map(|held| held.grant) {
            Some(grant) if now < grant.expires_at && !grant.has_revoked(jti) => {
                let reply = AccountReply::UserInfo {
                    claims: Box::new(self.stated_claims()),
                    memberships: self.memberships.into_values().collect(),
                    scope: grant.scope.clone(),
                    claims_scope: grant.claims_scope.clone(),
                    request: grant.claims.clone(),
                };
                Ok(Step::unchanged(Ok(reply)))
            }
            _ => Err(AccountError::NoGrant),
        }
    }

    /// The claims as apps get them: an address counts as verified only if it signs in to this account.
    fn stated_claims(&self) -> StandardClaims {
        let verified = self.claims.email_verified.map(|is| is && self.email.is_some());
        StandardClaims { email_verified: verified, ..self.claims.clone() }
    }

    /// Gives the address up if the account never proved it.
    fn yield_address(mut self, identifier: &str) -> Transition {
        let is_proven = self.claims.email_verified == Some(true);
        if is_proven || self.identifier.as_deref() != Some(identifier) {
            return Err(AccountError::AddressProven);
        }
        let release = Effect::send(
            Address::Name(identifier.to_owned()),
            &identifier::Release(self.account.clone()),
        );
        self.identifier = None;
        self.address_lost = self.email.take();
        (self.claims.email, self.claims.email_verified) = (None, None);
        Ok(durable(self.remembered(AccountReply::Done)).wants(release))
    }

    fn revoke_client(
        mut self,
        client_id: &str,
        rows: &Rows,
        now: Timestamp,
    ) -> Step<AccountCommand> {
        let consent = row::consent_key(client_id);
        if rows.contains_key(&consent) {
            self.count(|counts| counts.consents = counts.consents.saturating_sub(1));
        }
        let account = self.account.clone();
        let step = self.remembered(AccountReply::Done).delete(consent);
        let step = connections::end(step, (&account, rows), |id| id.client_id() == Some(client_id));
        end_grants(step, rows, now, |grant| grant.client_id == client_id)
    }

    /// The app keeps the rest: its grants are told, and their next tokens are narrower.
    fn revoke_scope(
        mut self,
        (client_id, scope): (&str, &str),
        rows: &Rows,
        now: Timestamp,
    ) -> Step<AccountCommand> {
        let key = row::consent_key(client_id);
        let account = self.account.clone();
        let mut gone = Vec::new();
        let consent = match rows.get(&key) {
            Some(Row::Consent(consent)) => Some(consent.clone()),
            // The operator's own app needs no consent, but what the user takes back is remembered for it too.
            _ if grants::all(rows).any(|held| held.grant.client_id == client_id) => {
                let (old, left) = row::make_room(rows, CONSENT, MAX_CONSENTS, now);
                gone = old;
                self.count(|counts| {
                    counts.consents = left.unwrap_or(counts.consents).saturating_add(1);
                });
                Some(row::Consent { since: now, ..row::Consent::default() })
            }
            _ => None,
        };
        let step = self.remembered(AccountReply::Done);
        let provider = scope.strip_prefix(scope::CONNECTION);
        let mut step = connections::end(step, (&account, rows), |id| {
            id.client_id() == Some(client_id) && Some(id.provider()) == provider
        });
        if let Some(consent) = consent {
            step = step.put(key, Row::Consent(consent.without(scope)));
        }
        step = gone.into_iter().fold(step, Step::delete);
        let grants = grants::all(rows).filter(|held| held.grant.client_id == client_id);
        step.change = grants.fold(step.change, |change, held| {
            let narrower = held.grant.clone().without_scope(scope);
            held.replace(change, Some(narrower)).wants(held.narrow(scope, now))
        });
        step
    }

    /// Everything about the person goes in one step; what lives elsewhere is told to go.
    fn erase(self, rows: &Rows, now: Timestamp) -> Step<AccountCommand> {
        let upstream = row::identities(rows).map(|(_, linked)| {
            crate::domain::identity::identifier(&linked.issuer, &linked.subject)
        });
        let account = self.account.clone();
        let release = identifier::Release(self.account);
        let released = self
            .identifier
            .into_iter()
            .chain(upstream)
            .filter_map(|name| Effect::send(Address::Name(name), &release));
        let step = Step::to(Next::Forgotten, Ok(AccountReply::Done)).wants(released);
        let step = connections::end(step, (&account, rows), |_| true);
        end_grants(step, rows, now, |_| true)
    }
}

/// Ends the grants that match: their rows go, and their objects are told.
fn end_grants(
    mut step: Step<AccountCommand>,
    rows: &Rows,
    now: Timestamp,
    ends: impl Fn(&row::Grant) -> bool,
) -> Step<AccountCommand> {
    step.change = grants::end(step.change, rows, now, ends);
    step
}

/// Writes what a grant says of itself, if that is new.
fn grant_stands(
    rows: &Rows,
    grant_id: &str,
    redeemed: bool,
    over_at: Option<Timestamp>,
) -> Step<AccountCommand> {
    let Some(held) = grants::find(rows, grant_id) else {
        return Step::unchanged(Ok(AccountReply::Done));
    };
    let known = held.grant;
    let over_at = over_at.or(known.over_at);
    if (known.redeemed || !redeemed) && known.over_at == over_at {
        return Step::unchanged(Ok(AccountReply::Done));
    }
    let redeemed = known.redeemed || redeemed;
    let grant = row::Grant { redeemed, over_at, ..known.clone() };
    held.replace(Change::none(), Some(grant)).reply(Ok(AccountReply::Done))
}

impl Person {
    fn overview(self, session: SessionView, rows: &Rows, now: Timestamp) -> Overview {
        let sessions = row::sessions(rows)
            .filter(|(_, _, session)| now < session.expires_at)
            .map(|(_, number, session)| (number, session.clone()))
            .collect();
        let identities =
            row::identities(rows).map(|(key, row)| (key.to_owned(), row.clone())).collect();
        let connections = row::connections(rows).collect();
        let memberships = self.memberships.into_values().collect();
        let (sources, apps) = (self.sources, apps(rows, now));
        Overview { session, sessions, apps, identities, sources, memberships, connections }
    }
}

/// Every client with a grant or a consent, and all scopes that it may use.
fn apps(rows: &Rows, now: Timestamp) -> Vec<App> {
    let mut apps: Vec<App> = Vec::new();
    let granted = grants::all(rows)
        .map(|held| held.grant)
        .filter(|grant| now < grant.expires_at)
        .map(|grant| (grant.client_id.as_str(), grant.granted(), grant.since));
    let consented =
        row::consents(rows).map(|(client_id, consent)| (client_id, consent.scope(), consent.since));
    for (client_id, scope, since) in granted.chain(consented) {
        match apps.iter_mut().find(|app| app.client_id == client_id) {
            Some(app) => {
                scope.iter().for_each(|token| app.scope.insert(token));
                app.since = app.since.max(since);
            }
            None => {
                let client_id = client_id.to_owned();
                apps.push(App { client_id, scope, since });
            }
        }
    }
    apps
}
