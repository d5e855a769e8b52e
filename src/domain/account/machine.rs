//! The lists of an account's rows and commands.

use serde::{Deserialize, Serialize};

use super::access::{
    EndOther, EndSession, EndUpstreamSessions, GrantRecord, GrantRedeemed, ReadSession, Session,
    UserInfo, Wake,
};
use super::apps::{AddApp, App, Apps, DeleteApp, ForgetApp, RegisterApp, RemoveApp};
use super::authorization::{Authorize, Consent};
use super::claims;
use super::connections::{Connect, Connected, Connections, Disconnected};
use super::credentials::{ChangePassword, Confirm};
use super::erase::Erase;
use super::identities::{BeginLink, Link, LinkedIdentity, Unlink};
use super::overview::ReadOverview;
use super::person::{Account, Person};
use super::profile::{ChangeClaims, ReadAddress, YieldAddress};
use super::revocation::{Disconnect, RevokeClient, RevokeScope};
use super::rows::{InRow, RowKind};
use super::sign_in::{Create, SignIn, SignInWith};
use crate::domain::machine::{Class, Machine, Nothing, Receive, commands};
use crate::domain::notice::to_account::{AccessTokenRevoked, GrantEnded, GrantStands};
use crate::domain::time::Timestamp;

/// Declares the kinds of rows: the name under which each is stored, and its type.
macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident($kind:ident),)+) => {
        /// A row of an account.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub enum Row {
            $($(#[$doc])* $name($kind),)+
        }

        impl Row {
            fn latest(&self) -> Timestamp {
                match self {
                    $(Self::$name(row) => row.latest(),)+
                }
            }
        }

        $(impl InRow for $kind {
            fn of(row: &Row) -> Option<&Self> {
                match row {
                    Row::$name(row) => Some(row),
                    _ => None,
                }
            }

            fn into_row(self) -> Row {
                Row::$name(self)
            }
        })+
    };
}

rows! {
    /// A signed-in browser.
    Session(Session),
    /// What a client may have without asking again.
    Consent(Consent),
    /// A grant that a client holds.
    Grant(GrantRecord),
    /// An identity of the user at an upstream provider.
    Identity(LinkedIdentity),
    /// An app that the user has registered.
    App(App),
    /// An outside account that is connected.
    Connection(Connected),
    /// Records that an app's own connection was disconnected.
    Disconnected(Disconnected),
}

impl Machine for Account {
    const CLASS: Class = Class::Account;
    /// Version 2 keeps groups and roles apart from the other claims.
    const VERSION: u32 = 2;
    type State = Person;
    type Row = Row;
    type Wants = Nothing;

    commands![
        // Sign-up and sign-in
        Create,
        SignIn,
        SignInWith,
        // Sessions
        ReadSession,
        EndSession,
        EndOther,
        EndUpstreamSessions,
        // Authorization and grants
        Authorize,
        UserInfo,
        GrantEnded,
        GrantStands,
        GrantRedeemed,
        AccessTokenRevoked,
        RevokeClient,
        RevokeScope,
        // Credentials
        Confirm,
        ChangePassword,
        BeginLink,
        Link,
        Unlink,
        // Profile and address
        ChangeClaims,
        ReadAddress,
        YieldAddress,
        // Outside accounts
        Connect,
        Disconnect,
        Connections,
        // Registered apps
        RegisterApp,
        DeleteApp,
        ForgetApp,
        Apps,
        AddApp,
        RemoveApp,
        // The whole account
        ReadOverview,
        Erase,
        Wake,
    ];

    fn wakes_at(person: &Person) -> Option<Timestamp> {
        // The time of the alarm is only in memory. If the memory was lost, the alarm counts as due now.
        person.has_clock.then(|| person.wakes_at.unwrap_or_default())
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(Wake))
    }

    fn migrate(version: u32, mut state: serde_json::Value) -> Option<Person> {
        if version < 2 {
            claims::migrate(&mut state)?;
        }
        serde_json::from_value(state).ok()
    }

    fn latest(row: &Row) -> Option<Timestamp> {
        Some(row.latest())
    }
}
