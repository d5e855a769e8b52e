//! A user's account: how the user signs in, which browsers are signed in, and what apps may do.
//!
//! The state ([`Person`]) is small. Everything that can grow is kept in rows, and every list has a limit. Each folder
//! is a part of the account: it declares the rows that it keeps and the commands that use them. `machine.rs` lists the
//! rows and commands of all parts. To add a part, such as a second factor, add a folder and list its rows and commands
//! there.

mod all_rows;
mod existing;
mod machine;
mod person;
mod refusal;
mod rows;

/// Sessions and grants: which browsers are signed in, and which access apps have.
mod access;
/// The apps that the user has registered.
mod apps;
/// Decides what a client may have: consents, and the limit of grants.
mod authorization;
/// Claims about the user, and where each came from.
mod claims;
/// The outside accounts that the user has connected (mode 5).
mod connections;
/// The password, and the evidence that is needed to change how the user signs in.
mod credentials;
/// The user's identities at upstream providers.
mod identities;
/// The profile that the user edits, and the address.
mod profile;
/// Removes access from apps.
mod revocation;
/// Sign-up and sign-in. The step that starts a session also decides what a waiting app may have.
mod sign_in;

mod erase;
mod overview;

pub use self::access::{
    EndOther, EndSession, EndUpstreamSessions, GrantError, GrantRecord, GrantRedeemed,
    GrantedClaims, ReadSession, Session, SessionProof, SessionView, UserInfo, Wake, number_of,
};
pub use self::apps::{
    AddApp, App, Apps, DeleteApp, ForgetApp, MAX_APPS, OwnApps, RegisterApp, RegisterAppError,
    RemoveApp,
};
pub use self::authorization::{
    Authorize, AuthorizeError, Authorized, Consent, ConsentGiven, MAX_CONSENTS, MAX_GRANTS,
    MAX_REMEMBERED_IN_ALL, MAX_REMEMBERED_RESOURCES, MAX_REMEMBERED_SCOPES, MAX_SESSIONS,
    RequestedAccess,
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
pub use self::refusal::{AccountError, NoAccount, SessionError};
pub use self::revocation::{Disconnect, RevokeClient, RevokeScope};
pub use self::sign_in::{
    Create, CreateError, NewAccount, NewSession, SignIn, SignInError, SignInWith, SignInWithError,
    SignedIn,
};
