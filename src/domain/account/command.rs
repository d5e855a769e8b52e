//! What an account can be asked, what it answers, and what can go wrong.

use serde::{Deserialize, Serialize};

use super::authorize::{AuthorizeRequest, Authorized};
use super::confirmation::Confirmation;
use super::identity::{self, Link, Unlink, UpstreamSignIn};
use super::membership::Membership;
use super::password::{ChosenPassword, PasswordChange, PasswordSignIn};
use super::profile::Sources;
use super::session::{NewSession, SessionProof, SessionView};
use super::{MAX_APPS, connections, row};
use crate::domain::attempts::Blocked;
use crate::domain::client::Client;
use crate::domain::connection::ConnectionId;
use crate::domain::identity::Identity;
use crate::domain::password::{PasswordError, PasswordRecord, TypedPassword};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::protocol::claims::{ClaimsRequest, StandardClaims};
use crate::protocol::scope::Scope;

/// A new account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewAccount {
    /// The account's own object.
    pub account: String,
    /// The address, where there is one to sign in with, and the name of the identifier that was
    /// claimed for it.
    pub address: Option<(String, String)>,
    /// Claims about the person.
    pub claims: StandardClaims,
    /// The password, for a person who has one.
    pub password: Option<ChosenPassword>,
    /// The identity at another provider that the account begins with.
    pub identity: Option<Box<Identity>>,
}

impl AccountCommand {
    /// Whether it may add rows of a kind that is bounded to an account that is there.
    pub(super) fn adds_rows(&self) -> bool {
        matches!(
            self,
            Self::SignIn(_) | Self::FinishSignIn { .. } | Self::SignInWith(_) | Self::Authorize(..)
        )
    }
}

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum AccountCommand {
    /// Make the account, and sign the person in.
    Create(Box<NewAccount>, NewSession),
    /// Sign in with a password: count the attempt, verify, and begin the session or refuse.
    SignIn(Box<PasswordSignIn>),
    /// Verify the password of a user who is signed in. The attempt counts like one at sign-in.
    Confirm(SessionProof, TypedPassword),
    /// From a worker of the previous release: count an attempt and fetch the password's record.
    BeginSignIn,
    /// From a worker of the previous release: the password was wrong.
    AttemptFailed,
    /// From a worker of the previous release: the password was right.
    FinishSignIn {
        /// The session.
        session: NewSession,
        /// The record that the password was verified against: one that was changed meanwhile lets
        /// nobody in.
        verified: PasswordRecord,
        /// The record under today's parameters, where the old one was weaker.
        rehashed: Option<PasswordRecord>,
        /// The session that this browser had, which the new one replaces.
        replaces: Option<SessionProof>,
    },
    /// Sign in through another provider.
    SignInWith(Box<UpstreamSignIn>),
    /// The user has confirmed a link and goes to the provider. The answer is a secret for
    /// [`Confirmation::Link`].
    BeginLink(SessionProof, Confirmation),
    /// Link an identity at another provider.
    Link(SessionProof, Box<Link>),
    /// Unlink an identity.
    Unlink(SessionProof, Box<Unlink>),
    /// Give up the address with that identifier, unless this account has proven it. Sent when someone
    /// else has proven that the address is theirs.
    YieldAddress(String),
    /// The user connects an outside account.
    Connect(SessionProof, ConnectionId),
    /// The user disconnects it.
    Disconnect(SessionProof, ConnectionId),
    /// Asks which connections to these providers the client of a grant may use.
    Connections {
        /// The grant.
        grant_id: String,
        /// The ID of the access token (`jti`, RFC 9068 §2.2).
        jti: String,
        /// The client that the access token was issued to.
        client_id: String,
        /// The providers, by their `id` in the settings.
        providers: Vec<String>,
    },
    /// The person registers an app: its registration is written by an effect.
    RegisterApp(SessionProof, Box<Client>),
    /// The person deletes an app: its registration is deleted by an effect.
    DeleteApp(SessionProof, String),
    /// The registration of an app in the list doesn't exist: the app leaves the list, unless it was registered a moment
    /// ago.
    ForgetApp(SessionProof, String),
    /// From a worker of the previous release, which writes the registration itself: the person registered an app.
    AddApp(SessionProof, String),
    /// From a worker of the previous release, which has deleted the registration itself: the person deleted an app.
    RemoveApp(SessionProof, String),
    /// The person, and the apps that the person registered.
    Apps(SessionProof),
    /// Which address does the account sign in with?
    Address,
    /// End the sessions that began in a session at another provider (Back-Channel Logout §2.7).
    EndUpstreamSessions {
        /// The provider's issuer.
        issuer: String,
        /// The person's `sub` there; none means whoever's session it is.
        subject: Option<String>,
        /// The provider's session; none means all of them.
        sid: Option<String>,
        /// Sessions that began later are not meant.
        begun_before: Timestamp,
    },
    /// Who is signed in?
    ReadSession(SessionProof),
    /// May this client have this? One step decides and records the grant.
    Authorize(SessionProof, Box<AuthorizeRequest>),
    /// The claims that a grant may see (OpenID Connect Core §5.3).
    UserInfo {
        /// The grant.
        grant_id: String,
        /// The access token.
        jti: String,
    },
    /// Everything that the account page shows.
    Overview(SessionProof),
    /// Sign out.
    EndSession(SessionProof),
    /// Sign another browser out.
    EndOther(SessionProof, u32),
    /// Take an app's access back.
    RevokeClient(SessionProof, String),
    /// Take one scope back from an app.
    RevokeScope(SessionProof, String, String),
    /// Change what is known of the person.
    ChangeClaims(SessionProof, Box<StandardClaims>),
    /// From a worker of the previous release: count an attempt and fetch the password's record.
    BeginConfirmation(SessionProof),
    /// From a worker of the previous release: the password was right.
    FinishConfirmation(SessionProof, PasswordRecord),
    /// Change the password, or set the first one.
    ChangePassword(SessionProof, Box<PasswordChange>),
    /// Erase the account.
    Erase(SessionProof, Confirmation),
    /// A grant ended by itself.
    GrantEnded(String),
    /// A grant was asked and is not over.
    GrantStands {
        /// The grant.
        grant_id: String,
        /// Whether its code was redeemed.
        redeemed: bool,
        /// When it is over, unless it is refreshed.
        over_at: Timestamp,
    },
    /// The alarm has come.
    Wake,
    /// From a grant of the previous release: its code was redeemed.
    GrantRedeemed(String),
    /// An access token of a grant was revoked.
    AccessTokenRevoked {
        /// The grant.
        grant_id: String,
        /// The token.
        jti: String,
        /// When it expires by itself.
        expires_at: Timestamp,
    },
}

/// A session that began.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignedIn {
    /// What its browser shows from now on.
    pub session: SessionProof,
    /// What the app may have that waited, if one did.
    pub authorized: Option<Result<Authorized, AccountError>>,
}

/// What is answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum AccountReply {
    /// Done.
    Done,
    /// The record of a right password, or for a worker of the previous release the record to verify against.
    Password(PasswordRecord),
    /// A session began.
    SignedIn(Box<SignedIn>),
    /// The session continues under this proof.
    SessionRenewed(SessionProof),
    /// A link may begin.
    LinkConfirmed(Secret),
    /// The person, and the apps that the person registered.
    Apps(Box<SessionView>, Vec<String>),
    /// The address with which the person signs in.
    Address(Option<OwnAddress>),
    /// Who is signed in.
    Session(Box<SessionView>),
    /// The client may have it.
    Authorized(Box<Authorized>),
    /// Claims about the person, and which of them the grant may see.
    UserInfo {
        /// The claims.
        claims: Box<StandardClaims>,
        /// The groups and roles that providers assert.
        memberships: Vec<Membership>,
        /// The scopes that are granted now.
        scope: Scope,
        /// The scopes that contain the claims asked for by name (OpenID Connect Core §5.5), and are
        /// granted now.
        claims_scope: Scope,
        /// The grant's `claims` request.
        request: ClaimsRequest,
    },
    /// The grant's scopes, and for each provider the one connection that its client may use.
    Connections {
        /// The grant's scopes.
        scope: Scope,
        /// At most one connection per provider.
        connections: Vec<ConnectionId>,
    },
    /// What the account page shows.
    Overview(Box<Overview>),
}

/// The address with which a user signs in to an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OwnAddress {
    /// The address, as it was typed.
    pub email: String,
    /// Whether someone whom the operator trusts has verified that the address is the user's.
    pub is_proven: bool,
}

/// What the account page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Overview {
    /// This session.
    pub session: SessionView,
    /// Every signed-in browser, with its number.
    pub sessions: Vec<(u32, row::Session)>,
    /// Every client that holds a grant or a consent, with its newest grant's time.
    pub apps: Vec<App>,
    /// Every identity at another provider, with its key.
    pub identities: Vec<(String, row::LinkedIdentity)>,
    /// Where claims came from.
    pub sources: Sources,
    /// The groups and roles that providers assert.
    pub memberships: Vec<Membership>,
    /// The outside accounts that are connected.
    pub connections: Vec<ConnectionId>,
}

/// A client with access to the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// The client.
    pub client_id: String,
    /// Everything that was allowed.
    pub scope: Scope,
    /// When access was last given.
    pub since: Timestamp,
}

/// What can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AccountError {
    /// No such account.
    #[error("the account does not exist")]
    Unknown,
    /// The object is an account already.
    #[error("the account exists")]
    Exists,
    /// Nobody is signed in, or no longer.
    #[error("the session does not exist or has ended")]
    NoSession,
    /// The person signed in too long ago.
    #[error("the person must sign in again")]
    ReauthenticationRequired,
    /// Someone else is signed in.
    #[error("another person is signed in")]
    OtherPerson,
    /// The person must be asked.
    #[error("the person must be asked for consent")]
    ConsentRequired {
        /// What was allowed before.
        remembered: Scope,
    },
    /// Too many wrong passwords.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// A change of how the user signs in was requested without evidence beyond the session cookie.
    #[error("the user has not confirmed that it is them")]
    NotConfirmed,
    /// The account has proven the address, so it doesn't give it up.
    #[error("the address is proven")]
    AddressProven,
    /// The password is wrong. The attempt was counted and written.
    #[error("the password is wrong")]
    WrongPassword,
    /// The password could not be hashed or verified.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The password was changed while a worker of the previous release verified it.
    #[error("the password was changed")]
    PasswordChanged,
    /// The identity at the provider is not linked to this account.
    #[error("the identity is not linked to this account")]
    NotLinked,
    /// Without it the person could not sign in any more.
    #[error("it is the last way to sign in to the account")]
    LastWayIn,
    /// More than an account keeps.
    #[error("at most {MAX_APPS} apps can be registered")]
    TooManyApps,
    /// Others would be left with apps that nobody answers for.
    #[error("the account has registered apps")]
    HasApps,
    /// More than an account keeps.
    #[error("at most {} identities can be linked", identity::MAX_IDENTITIES)]
    TooManyIdentities,
    /// The account has [`connections::MAX_CONNECTIONS`] already.
    #[error("at most {} outside accounts can be connected", connections::MAX_CONNECTIONS)]
    TooManyConnections,
    /// The grant is not the account's, or no longer.
    #[error("the grant was ended")]
    NoGrant,
}
