//! A person's account: how the user signs in, in which browsers, and what apps may do.
//!
//! The state ([`Person`]) is small. What can grow is kept in rows, and every list has a bound. Each folder is a part of
//! the account: it declares the rows that it keeps and the commands that use them. `machine.rs` lists the rows and the
//! commands of all parts; a new part, such as another factor, is a folder and its lines there.

mod existing;
mod machine;
mod person;
mod refusal;
mod rows;

/// Sessions and grants: which browsers are signed in, and what apps hold.
mod access;
/// The apps that the user has registered.
mod apps;
/// May a client have what it asks for? Consents, and the limit of grants.
mod authorization;
/// What is known of the user, and who said so.
mod claims;
/// The outside accounts that the user has connected (mode 5).
mod connections;
/// The password, and the evidence that every change of how the user signs in needs.
mod credentials;
/// The user's identities at upstream providers.
mod identities;
/// What the user changes in the profile, and the address.
mod profile;
/// Taking access back from apps.
mod revocation;
/// Signing up and signing in: a session begins, and what a waiting app may have is decided in the same step.
mod sign_in;

mod erase;
mod overview;

pub use self::access::{
    EndOther, EndSession, EndUpstreamSessions, Grant, GrantError, GrantRedeemed, GrantedClaims,
    ReadSession, Session, SessionProof, SessionView, UserInfo, Wake, number_of,
};
pub use self::apps::{
    AddApp, App, Apps, DeleteApp, ForgetApp, MAX_APPS, OwnApps, RegisterApp, RegisterAppError,
    RemoveApp,
};
pub use self::authorization::{
    Authorize, AuthorizeError, AuthorizeRequest, Authorized, Consent, ConsentGiven, MAX_CONSENTS,
    MAX_GRANTS, MAX_REMEMBERED_IN_ALL, MAX_REMEMBERED_RESOURCES, MAX_REMEMBERED_SCOPES,
    MAX_SESSIONS,
};
pub use self::claims::{Membership, Memberships, Sources, release};
pub use self::connections::{
    Connect, ConnectError, Connected, Connections, Disconnected, MAX_CONNECTIONS, UsableConnections,
};
pub use self::credentials::{
    ChangePassword, ChangePasswordError, ChosenPassword, Confirm, ConfirmError, Confirmation,
    PasswordChange, is_recent,
};
pub use self::erase::{Erase, EraseError};
pub use self::identities::{
    BeginLink, BeginLinkError, Link, LinkError, LinkRequest, LinkedIdentity, MAX_IDENTITIES,
    Unlink, UnlinkError, UnlinkRequest,
};
pub use self::machine::Row;
pub use self::overview::{AppAccess, Overview, ReadOverview};
pub use self::person::{Account, Person};
pub use self::profile::{ChangeClaims, OwnAddress, ReadAddress, YieldAddress, YieldAddressError};
pub use self::refusal::{NoAccount, Refusal, SessionError};
pub use self::revocation::{Disconnect, RevokeClient, RevokeScope};
pub use self::sign_in::{
    Create, CreateError, NewAccount, NewSession, SignIn, SignInError, SignInWith, SignInWithError,
    SignedIn,
};
