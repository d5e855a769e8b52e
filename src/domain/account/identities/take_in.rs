//! Copies what a provider asserts about the user into the account.

use super::linked_identity::{LinkedIdentity, key_of};
use crate::domain::account::claims;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::rows::{self, Rows};
use crate::domain::identifier;
use crate::domain::identity::{ClaimsUpdate, Identity};
use crate::domain::machine::{Address, Effect, EffectOf};
use crate::domain::time::Timestamp;

impl Person {
    /// Updates the profile with the claims of a new or linked identity.
    pub fn take_in(
        &mut self,
        identity: &Identity,
        update: ClaimsUpdate,
        rows: &Rows,
        now: Timestamp,
    ) -> LinkedIdentity {
        let known = rows::get::<LinkedIdentity>(rows, &key_of(&identity.identifier()));
        let linked_at = known.map_or(now, |linked| linked.linked_at);
        let before = self.claims.clone();
        self.claims = claims::follow(&before, &mut self.sources, identity, update);
        let known_memberships = self.memberships.clone();
        claims::take_in(&mut self.memberships, identity, update);
        if self.email.is_none() {
            // The user doesn't sign in with an address, so this one is a claim like any other. Only the account that an
            // address signs in to may call it verified: if two accounts did, an app would take them for one user.
            self.claims.email.clone_from(&identity.claims.email);
            self.claims.email_verified = identity.claims.email.as_ref().map(|_| false);
        } else if self.is_own(identity.verified_email.as_deref()) {
            self.claims.email_verified = Some(true);
        }
        // `updated_at` says when other claims changed (OpenID Connect Core §5.1), not when the user signed in.
        self.claims.updated_at = before.updated_at;
        if before != self.claims || known_memberships != self.memberships {
            self.claims.updated_at = Some(now.seconds());
        }
        LinkedIdentity {
            provider: identity.provider.clone(),
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
            label: identity.label().to_owned(),
            linked_at,
            used_at: now,
        }
    }

    fn is_own(&self, address: Option<&str>) -> bool {
        let same = |own: &String| address.is_some_and(|address| own.eq_ignore_ascii_case(address));
        self.email.as_ref().is_some_and(same)
    }

    /// Whether `address` is the account's own address and proven to be the user's.
    pub fn has_proven(&self, address: Option<&str>) -> bool {
        self.is_own(address) && self.has_proven_address()
    }

    /// Confirms to the identifier that the identity belongs to this account.
    pub fn confirm(&self, identity: &Identity) -> Option<EffectOf<Account>> {
        Effect::send(
            Address::Name(identity.identifier()),
            &identifier::Confirm(self.account.clone()),
        )
    }
}
