//! The state of an account, apart from its rows.

use serde::{Deserialize, Serialize};

use super::claims::{Memberships, Sources};
use crate::domain::attempts::Attempts;
use crate::domain::machine::{Change, Next};
use crate::domain::password::PasswordRecord;
use crate::domain::time::Timestamp;
use crate::protocol::claims::StandardClaims;
use crate::tenant::ObjectName;

/// The machine of an account.
#[derive(Debug)]
pub struct Account;

/// The state of an account: small, and always loaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// The ID of the account's object, which is the user's `sub`.
    pub account: String,
    /// The address with which the user signs in, as it was typed; `None` for a user who signs in only through upstream
    /// providers.
    pub email: Option<String>,
    /// The name of the identifier that maps the address to this account.
    pub identifier: Option<ObjectName>,
    /// Claims about the user.
    pub claims: StandardClaims,
    /// Which provider each claim came from, unless the user wrote it.
    #[serde(default, skip_serializing_if = "Sources::is_empty")]
    pub sources: Sources,
    /// Groups and roles, stored under the identity whose provider asserted them.
    #[serde(default, skip_serializing_if = "Memberships::is_empty")]
    pub memberships: Memberships,
    /// The unproven address that the account lost because another user proved that it is theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_lost: Option<String>,
    /// The password, if the user has set one.
    pub password: Option<PasswordRecord>,
    /// The count of wrong passwords.
    pub attempts: Attempts,
    /// When the account was created.
    pub created_at: Timestamp,
    /// Whether the account sets an alarm for its sessions and grants. `false` in the state of an earlier release.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) has_clock: bool,
    /// When the alarm fires, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) wakes_at: Option<Timestamp>,
    /// How many rows there are; `None` until they are counted, once while the object is in memory.
    /// Never written, so that a step that only adds a row writes only that row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) counts: Option<Counts>,
}

/// How many rows of each limited kind there are. These are upper bounds; the rows are counted when a limit is reached.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Sessions.
    pub sessions: u32,
    /// Consents.
    pub consents: u32,
    /// Grants, in their own rows and in those of sessions.
    pub grants: u32,
}

impl Person {
    /// Changes the state in memory only. Losing the change does no harm.
    pub fn remembered(self) -> Change<Account> {
        Change::to(Next::Remembered(self))
    }

    /// Writes the state.
    pub fn written(self) -> Change<Account> {
        durable(self.remembered())
    }

    /// Changes the counts, if they are known.
    pub fn count(&mut self, change: impl FnOnce(&mut Counts)) {
        if let Some(counts) = &mut self.counts {
            change(counts);
        }
    }

    /// The claims for apps. An address is `email_verified` only if the user signs in to this account with it.
    pub fn stated_claims(&self) -> StandardClaims {
        let verified = self.claims.email_verified.map(|is| is && self.email.is_some());
        StandardClaims { email_verified: verified, ..self.claims.clone() }
    }

    /// Whether the account has proven that its address is the user's.
    pub fn has_proven_address(&self) -> bool {
        self.claims.email_verified == Some(true)
    }
}

/// The same change, except that the state is written. Its counts are not.
pub fn durable(change: Change<Account>) -> Change<Account> {
    let next = match change.next {
        Next::Remembered(mut person) | Next::Awaited(mut person) => {
            person.counts = None;
            Next::Written(person)
        }
        other => other,
    };
    Change { next, ..change }
}
