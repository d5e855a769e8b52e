//! An outside account that a person has connected, and its tokens (mode 5: third-party service
//! authorization). The tokens are sealed before they come here.
//!
//! However many callers want a fresh token at once, the provider is asked for one. A refresh is
//! written down before it is sent: where the process dies before the answer is kept, the refresh is
//! sent once more, and a provider that then refuses the old token has given its successor to nobody.
//! That is told apart from a person who took the access back.

use serde::{Deserialize, Serialize};

use super::entropy::Entropy;
use super::machine::{
    Address, Before, Class, Command, Effect, EffectOf, Machine, Next, NoRow, Notice, OneCommand,
    Receive, Step, Wants,
};
use super::time::{Seconds, Timestamp};
use crate::protocol::scope::Scope;

/// A token that is nearer to its end than this is refreshed before it is handed out; for one that
/// lives shorter than ten times as long, a tenth of its life.
const MARGIN: Seconds = Seconds(60);
/// How long to leave a provider alone that did not answer.
const BACK_OFF: Seconds = Seconds(5);

/// Names one connection of an account.
///
/// A provider's `id` contains no slash, so two different connections never have the same text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionId {
    provider: String,
    client_id: Option<String>,
}

impl ConnectionId {
    /// The connection to `provider` that belongs to the app `client_id`, with the scopes that the user
    /// approved for that app alone. Without `client_id`: the account-wide connection, which the user began
    /// on the account page for every app with the scope `connection:{provider}`.
    ///
    /// `None` if `provider` contains a slash. No provider's `id` does, and the text could otherwise be that
    /// of another app's connection.
    pub fn new(provider: &str, client_id: Option<&str>) -> Option<Self> {
        let (provider, client_id) = (provider.to_owned(), client_id.map(String::from));
        (!provider.contains('/')).then_some(Self { provider, client_id })
    }

    /// Reads the text that `Display` writes.
    pub fn parse(text: &str) -> Self {
        let (provider, client_id) = match text.split_once('/') {
            Some((provider, client_id)) => (provider, Some(client_id.to_owned())),
            None => (text, None),
        };
        Self { provider: provider.to_owned(), client_id }
    }

    /// The provider's `id` in the settings.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The app that the connection belongs to; `None` for the account-wide one.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }
}

impl std::fmt::Display for ConnectionId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.provider)?;
        match &self.client_id {
            Some(client_id) => write!(formatter, "/{client_id}"),
            None => Ok(()),
        }
    }
}

/// The address of the object that hosts one connection.
pub fn address(account: &str, id: &ConnectionId) -> Address {
    Address::Name(format!("{account}/{id}"))
}

/// The machine.
#[derive(Debug)]
pub struct Connection;

/// Tokens, sealed under a key of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedTokens {
    /// The access token.
    pub access_token: String,
    /// The refresh token, where the provider gave one.
    pub refresh_token: Option<String>,
    /// How long the access token lives, where the provider says.
    pub lifetime: Option<Seconds>,
    /// The scopes that were granted, where the provider says.
    pub scope: Option<Scope>,
    /// The granted scopes that a user can approve here: those in the provider's `connection_scope`, except
    /// `openid`. Empty if the provider didn't name scopes, which means that it granted what was asked for
    /// (RFC 6749 §5.1).
    #[serde(default)]
    pub connectable: Scope,
}

impl SealedTokens {
    /// Whether the provider granted scopes that the user didn't approve.
    pub fn exceed(&self, approved: &Scope) -> bool {
        !approved.covers(&self.connectable)
    }

    /// The effect that revokes the tokens at the provider.
    fn revoke(self, parties: &Parties) -> EffectOf<Connection> {
        Effect::Own(ConnectionWants::RevokeConnection {
            account: parties.account.clone(),
            provider: parties.provider.clone(),
            access_token: self.access_token,
            refresh_token: self.refresh_token,
        })
    }
}

/// Whose account is connected to which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// The account here.
    pub account: String,
    /// The provider, as it is configured here.
    pub provider: String,
    /// The account's `sub` there.
    pub subject: String,
    /// How it is called there.
    pub label: String,
}

/// Why a connection does not work any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Broken {
    /// The provider refused to refresh: the person took the access back there, or it lapsed.
    #[error("the provider gives no access any more")]
    Refused,
    /// The provider refused after a refresh whose answer was lost on its way.
    #[error("the answer of the provider to a refresh was lost, and it does not repeat it")]
    Lost,
    /// The token has expired and there is none to refresh it with.
    #[error("the access has expired, and the provider gave nothing to renew it with")]
    Expired,
    /// The provider grants more scopes than the user approved. Its tokens are revoked, not handed out.
    #[error("the provider grants more than you approved, and cannot grant less")]
    Wider,
    /// The tokens were sealed with a secret that this deployment doesn't have. They are kept: the connection works
    /// again once it has the secret.
    #[error("this service can no longer read the access that it stored")]
    Unopenable,
}

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It works.
    Live(Live),
    /// A fresh token is on its way.
    Refreshing(Live),
    /// It does not work any more, until the person connects again.
    Broken(Parties, Scope, Broken),
}

/// A connection that works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    parties: Parties,
    /// The scopes that the provider granted, as its token response names them.
    scope: Scope,
    /// The scopes that the user approved here. `None` in states that were stored before connections
    /// belonged to apps.
    #[serde(default)]
    approved: Option<Scope>,
    access_token: String,
    refresh_token: Option<String>,
    /// When the access token ends, and when it is refreshed.
    expires_at: Option<Timestamp>,
    refresh_at: Option<Timestamp>,
    /// Refreshes whose answer never came.
    unanswered: u32,
    /// When the provider may be asked again.
    not_before: Option<Timestamp>,
    /// Whether the refresh token could not be opened when it was last needed.
    #[serde(default)]
    unopenable: bool,
}

/// Why a refresh brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefreshFailure {
    /// The provider refused, and will again.
    Refused,
    /// The provider did not answer, or could not: nobody knows whether it took the refresh.
    Unanswered,
    /// Nothing was sent, or the provider says that it took nothing.
    NotSent,
    /// Nothing was sent, because the refresh token was sealed with a secret that this deployment doesn't have.
    Unopenable,
}

/// What a connection wants from its provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionWants {
    /// Refresh the tokens. It is stored how often this was sent, before it is sent.
    RefreshConnection {
        /// The account here, under whose key the token is sealed.
        account: String,
        /// The provider.
        provider: String,
        /// The refresh token, sealed.
        refresh_token: String,
        /// How often it was sent.
        sent: u32,
    },
    /// Give the access back.
    RevokeConnection {
        /// The account here, under whose key the tokens are sealed.
        account: String,
        /// The provider.
        provider: String,
        /// The access token, sealed.
        access_token: String,
        /// The refresh token, sealed.
        refresh_token: Option<String>,
    },
}

impl Wants for ConnectionWants {
    type Outcome = (Result<SealedTokens, RefreshFailure>, u32);

    fn begun(&self) -> Option<Self> {
        let mut begun = self.clone();
        match &mut begun {
            Self::RefreshConnection { sent, .. } => *sent = sent.saturating_add(1),
            Self::RevokeConnection { .. } => return None,
        }
        Some(begun)
    }

    fn has_outcome(&self) -> bool {
        matches!(self, Self::RefreshConnection { .. })
    }
}

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ConnectionCommand {
    /// The user connected, and approved these scopes.
    Connect(Parties, SealedTokens, Scope),
    /// Revoke these tokens, which the provider issued and this server doesn't keep.
    GiveBack(Parties, SealedTokens),
    /// A token that works.
    Token,
    /// The access token was sealed anew. Ignored if the connection has another access token by now.
    Reseal {
        /// The stored token, sealed with the previous secret.
        from: String,
        /// The same token, sealed with the current secret.
        to: String,
    },
    /// A refresh came back, or did not; and how often it was sent.
    Refreshed(Result<SealedTokens, RefreshFailure>, u32),
    /// How it stands.
    Read,
    /// The person took it back.
    Disconnect,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectionReply {
    /// Done.
    Done,
    /// A token that works: sealed, with its end and its scopes.
    Token(String, Option<Timestamp>, Scope),
    /// How it stands: the name there, the scopes, and what is wrong.
    Standing(String, Scope, Option<Broken>),
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ConnectionError {
    /// Nothing is connected.
    #[error("no account of this provider is connected")]
    NotConnected,
    /// It does not work any more.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// A fresh token is on its way: the answer waits for it.
    #[error("the token is being refreshed")]
    Pending,
    /// The provider does not answer.
    #[error("the provider does not answer")]
    Unavailable,
}

type Reply = Result<ConnectionReply, ConnectionError>;

impl Notice for ConnectionCommand {}

impl Machine for Connection {
    const CLASS: Class = Class::Connection;
    type State = State;
    type Row = NoRow;
    type Wants = ConnectionWants;

    fn receive<R: Receive<Self>>(
        command: &str,
        receiver: R,
    ) -> Result<R::Output, serde_json::Error> {
        Ok(receiver.receive(serde_json::from_str::<ConnectionCommand>(command)?))
    }

    fn outcome<R: Receive<Self>>(
        (tokens, sent): (Result<SealedTokens, RefreshFailure>, u32),
        receiver: R,
    ) -> Option<R::Output> {
        Some(receiver.receive(ConnectionCommand::Refreshed(tokens, sent)))
    }
}

impl OneCommand for Connection {
    type Command = ConnectionCommand;
}

impl Command for ConnectionCommand {
    const NAME: &'static str = "";
    fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
    type Machine = Connection;
    type Reply = ConnectionReply;
    type Error = ConnectionError;

    fn decide(self, before: Before<Connection>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let command = self;
        let done = Ok(ConnectionReply::Done);
        match (command, before.state) {
            (ConnectionCommand::Connect(parties, tokens, scope), before) => {
                connect(before, parties, tokens, scope, now)
            }
            (ConnectionCommand::GiveBack(parties, tokens), _) => {
                Step::unchanged(done).wants([tokens.revoke(&parties)])
            }
            (ConnectionCommand::Refreshed(outcome, sent), Some(State::Refreshing(live))) => {
                live.refreshed(outcome, sent, now)
            }
            (ConnectionCommand::Refreshed(..), _) => Step::unchanged(done),
            (ConnectionCommand::Disconnect, state) => {
                Step::to(Next::Forgotten, done).wants(state.and_then(State::revoke))
            }
            (ConnectionCommand::Reseal { from, to }, Some(State::Live(live)))
                if live.access_token == from =>
            {
                Step::written(State::Live(Live { access_token: to, ..live }), done)
            }
            (ConnectionCommand::Reseal { .. }, _) => Step::unchanged(done),
            (_, None) => Step::unchanged(Err(ConnectionError::NotConnected)),
            (ConnectionCommand::Token, Some(state)) => match state {
                State::Live(live) => live.token(now),
                State::Refreshing(_) => Step::unchanged(Err(ConnectionError::Pending)),
                State::Broken(.., why) => Step::unchanged(Err(why.into())),
            },
            (ConnectionCommand::Read, Some(state)) => {
                let (parties, scope, why) = match state {
                    State::Live(live) | State::Refreshing(live) => {
                        let why = live.unopenable.then_some(Broken::Unopenable);
                        (live.parties, live.scope, why)
                    }
                    State::Broken(parties, scope, why) => (parties, scope, Some(why)),
                };
                Step::unchanged(Ok(ConnectionReply::Standing(parties.label, scope, why)))
            }
        }
    }

    fn awaits_change(reply: &Reply) -> bool {
        matches!(reply, Err(ConnectionError::Pending))
    }
}

/// The user connects, for the first time or again. Tokens for more than the user approved are revoked,
/// and an earlier connection stays.
///
/// Otherwise an earlier connection to another account there is revoked. If the earlier connection is to
/// the same account and the provider issued no new refresh token, the earlier one is kept, unless it was
/// approved for more than the user approves now.
fn connect(
    before: Option<State>,
    parties: Parties,
    tokens: SealedTokens,
    scope: Scope,
    now: Timestamp,
) -> Step<ConnectionCommand> {
    if tokens.exceed(&scope) {
        let refused = Step::unchanged(Err(Broken::Wider.into()));
        return refused.wants([tokens.revoke(&parties)]);
    }
    let (kept, revoked) = match before {
        Some(State::Live(live) | State::Refreshing(live)) => {
            if live.parties.subject == parties.subject {
                let fits = live.approved.as_ref().is_none_or(|before| scope.covers(before));
                (live.refresh_token.filter(|_| fits), None)
            } else {
                (None, State::Live(live).revoke())
            }
        }
        Some(State::Broken(..)) | None => (None, None),
    };
    let live = Live::new(parties, tokens, scope.clone(), now);
    let refresh_token = live.refresh_token.clone().or(kept);
    let state = State::Live(Live { refresh_token, approved: Some(scope), ..live });
    Step::written(state, Ok(ConnectionReply::Done)).wants(revoked)
}

impl State {
    /// Gives the access back at the provider.
    fn revoke(self) -> Option<EffectOf<Connection>> {
        match self {
            Self::Live(live) | Self::Refreshing(live) => {
                Some(Effect::Own(ConnectionWants::RevokeConnection {
                    account: live.parties.account,
                    provider: live.parties.provider,
                    access_token: live.access_token,
                    refresh_token: live.refresh_token,
                }))
            }
            Self::Broken(..) => None,
        }
    }
}

impl Live {
    fn new(parties: Parties, tokens: SealedTokens, scope: Scope, now: Timestamp) -> Self {
        let margin = |lifetime: Seconds| Seconds(MARGIN.0.min(lifetime.0.div_euclid(10).max(1)));
        let expires_at = tokens.lifetime.map(|lifetime| now.plus(lifetime));
        Self {
            parties,
            scope: tokens.scope.unwrap_or(scope),
            approved: None,
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            expires_at,
            refresh_at: expires_at.zip(tokens.lifetime).map(|(at, life)| at.minus(margin(life))),
            unanswered: 0,
            not_before: None,
            unopenable: false,
        }
    }

    fn reply(&self) -> Reply {
        let token = self.access_token.clone();
        Ok(ConnectionReply::Token(token, self.expires_at, self.scope.clone()))
    }

    /// Whether the token has not expired.
    fn works(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|moment| now < moment)
    }

    fn token(self, now: Timestamp) -> Step<ConnectionCommand> {
        if self.refresh_at.is_none_or(|moment| now < moment) {
            return Step::unchanged(self.reply());
        }
        let Some(refresh_token) = self.refresh_token.clone() else {
            if self.works(now) {
                return Step::unchanged(self.reply());
            }
            let why = Broken::Expired;
            let state = State::Broken(self.parties, self.scope, why);
            return Step::written(state, Err(why.into()));
        };
        if self.not_before.is_some_and(|moment| now < moment) {
            let reply = match self.works(now) {
                true => self.reply(),
                false if self.unopenable => Err(Broken::Unopenable.into()),
                false => Err(ConnectionError::Unavailable),
            };
            return Step::unchanged(reply);
        }
        let refresh = Effect::Own(ConnectionWants::RefreshConnection {
            account: self.parties.account.clone(),
            provider: self.parties.provider.clone(),
            refresh_token,
            sent: self.unanswered,
        });
        Step::written(State::Refreshing(self), Err(ConnectionError::Pending)).wants([refresh])
    }

    fn refreshed(
        self,
        outcome: Result<SealedTokens, RefreshFailure>,
        sent: u32,
        now: Timestamp,
    ) -> Step<ConnectionCommand> {
        let state = match outcome {
            Ok(tokens) => {
                // A provider that gives no new refresh token means the old one to go on.
                let refresh_token = tokens.refresh_token.clone().or(self.refresh_token);
                if self.approved.as_ref().is_some_and(|approved| tokens.exceed(approved)) {
                    let revoked = SealedTokens { refresh_token, ..tokens }.revoke(&self.parties);
                    let state = State::Broken(self.parties, self.scope, Broken::Wider);
                    return Step::written(state, Ok(ConnectionReply::Done)).wants([revoked]);
                }
                let approved = self.approved;
                let live = Self::new(self.parties, tokens, self.scope, now);
                State::Live(Self { refresh_token, approved, ..live })
            }
            Err(RefreshFailure::Refused) => {
                let why = if sent > 1 { Broken::Lost } else { Broken::Refused };
                State::Broken(self.parties, self.scope, why)
            }
            Err(failure) => {
                let unopenable = failure == RefreshFailure::Unopenable;
                let answered = unopenable || failure == RefreshFailure::NotSent;
                let unanswered = if answered { sent.saturating_sub(1) } else { sent };
                let not_before = Some(now.plus(BACK_OFF));
                State::Live(Self { unanswered, not_before, unopenable, ..self })
            }
        };
        Step::written(state, Ok(ConnectionReply::Done))
    }
}
