//! The identities of a person at other providers: signing in with one, linking and unlinking.

use serde::{Deserialize, Serialize};

use super::confirmation::Confirmation;
use super::row::{self, LinkedIdentity, Row, Session};
use super::session::{self, NewSession, SessionProof};
use super::{AccountError, AccountReply, Person, Rows, Transition, membership, profile};
use crate::domain::entropy::Entropy;
use crate::domain::identifier;
use crate::domain::identity::{self, ClaimsUpdate, Identity};
use crate::domain::machine::{Address, Effect, EffectOf};
use crate::domain::time::Timestamp;

/// How many identities one person may link.
pub const MAX_IDENTITIES: usize = 20;

/// A sign-in through a provider, whose word was checked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpstreamSignIn {
    /// Who, there.
    pub identity: Identity,
    /// What becomes of the profile.
    pub update: ClaimsUpdate,
    /// Whether an account that has proven the same address is linked at once.
    pub link_by_email: bool,
    /// The session that begins.
    pub session: NewSession,
    /// The session that this browser had, which the new one replaces.
    pub replaces: Option<SessionProof>,
    /// For an account without an address of its own: the name of the identifier that was claimed for the
    /// identity's verified address.
    #[serde(default)]
    pub adopts_address: Option<String>,
}

/// A user's request to link an identity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Link {
    /// The user at the provider, from an answer that was checked.
    pub identity: Identity,
    /// Which claims of the profile the identity updates.
    pub update: ClaimsUpdate,
    /// Evidence that the user asks for it.
    pub confirmation: Confirmation,
}

/// A user's request to unlink an identity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unlink {
    /// The key of the identity's row.
    pub key: String,
    /// Evidence that the user asks for it.
    pub confirmation: Confirmation,
    /// The provider at which the company of the account's address signs the user in. One identity there has to
    /// stay linked, because neither a password nor another provider signs the user in.
    pub company: Option<String>,
}

impl Person {
    /// Signs in a person whom a provider vouches for, where the identity is linked, or may be linked
    /// at once.
    pub(super) fn sign_in_with(
        mut self,
        sign_in: UpstreamSignIn,
        rows: &Rows,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Transition {
        let UpstreamSignIn { identity, update, link_by_email, session, replaces, adopts_address } =
            sign_in;
        let key = row::identity_key(&identity.identifier());
        let is_linked = rows.contains_key(&key);
        if !is_linked {
            if !link_by_email || !self.has_proven(identity.verified_email.as_deref()) {
                return Err(AccountError::NotLinked);
            }
            has_room(rows)?;
        }
        let confirm = (!is_linked).then(|| self.confirm(&identity)).flatten();
        let known = (self.claims.clone(), self.sources.clone(), self.memberships.clone());
        let adopted = adopts_address.and_then(|identifier| self.adopt(&identity, identifier));
        let row = self.take_in(&identity, update, rows, now);
        let has_learnt =
            known != (self.claims.clone(), self.sources.clone(), self.memberships.clone());
        let step = self.continue_session(session, replaces, rows, now, entropy);
        let step = if has_learnt { super::durable(step) } else { step };
        let step = if row.says_more_than(rows.get(&key), now) {
            step.put(key, Row::Identity(row))
        } else {
            step
        };
        Ok(step.wants(confirm).wants(adopted))
    }

    /// Makes an address that the provider vouches for the account's own, proven address, if the account
    /// has none.
    fn adopt(
        &mut self,
        identity: &Identity,
        identifier: String,
    ) -> Option<EffectOf<super::Account>> {
        let address = identity.verified_email.clone().filter(|_| self.email.is_none())?;
        let command = identifier::Confirm(self.account.clone());
        let confirm = Effect::send(Address::Name(identifier.clone()), &command);
        self.claims.email = Some(address.clone());
        (self.email, self.identifier) = (Some(address), Some(identifier));
        self.address_lost = None;
        confirm
    }

    /// Links an identity to the account of the person who is signed in.
    pub(super) fn link(
        mut self,
        proof: &SessionProof,
        link: &Link,
        rows: &Rows,
        now: Timestamp,
    ) -> Transition {
        let session = session::find(rows, proof, now)?;
        self.check_confirmation(session, &link.confirmation, now)?;
        let identity = &link.identity;
        let key = row::identity_key(&identity.identifier());
        if !rows.contains_key(&key) {
            has_room(rows)?;
        }
        let confirm = self.confirm(identity);
        // A confirmation counts for one link, and a sign-in that confirmed it opens no window for other changes.
        let used = Session { linking: None, confirmed_at: None, ..session.clone() };
        // The notice has served its purpose: there is another way in.
        self.address_lost = None;
        let row = self.take_in(identity, link.update, rows, now);
        Ok(super::durable(self.remembered(AccountReply::Done))
            .put(key, Row::Identity(row))
            .put(row::session_key(proof.number), Row::Session(used))
            .wants(confirm))
    }

    /// Unlinks an identity, unless the person could not sign in any more without it. The sessions
    /// that began with it end.
    pub(super) fn unlink(
        mut self,
        proof: &SessionProof,
        Unlink { key, confirmation, company }: &Unlink,
        rows: &Rows,
        now: Timestamp,
    ) -> Transition {
        let session = session::find(rows, proof, now)?;
        self.check_confirmation(session, confirmation, now)?;
        let Some(Row::Identity(linked)) = rows.get(key) else {
            return Err(AccountError::NotLinked);
        };
        let is_the_companys = company.as_ref() == Some(&linked.provider);
        let others = row::identities(rows).any(|(other, row)| {
            other != key && (!is_the_companys || row.provider == linked.provider)
        });
        let has_password = self.password.is_some() && self.email.is_some() && !is_the_companys;
        if !others && !has_password {
            return Err(AccountError::LastWayIn);
        }
        let (issuer, subject) = (linked.issuer.clone(), linked.subject.clone());
        let release = Effect::send(
            Address::Name(identity::identifier(&issuer, &subject)),
            &identifier::Release(self.account.clone()),
        );
        self.memberships.remove(&identity::identifier(&issuer, &subject));
        self.memberships.remove(&membership::key_of_provider(&linked.provider));
        let step = self.end_sessions(rows, now, |number, session| {
            number != proof.number
                && session.origin.as_ref().is_some_and(|o| o.is(&issuer, Some(&subject), None))
        });
        Ok(super::durable(step).delete(key.clone()).wants(release))
    }

    /// The account is made or linked: what the provider says goes into the profile.
    pub(super) fn take_in(
        &mut self,
        identity: &Identity,
        update: ClaimsUpdate,
        rows: &Rows,
        now: Timestamp,
    ) -> LinkedIdentity {
        let key = row::identity_key(&identity.identifier());
        let linked_at = match rows.get(&key) {
            Some(Row::Identity(linked)) => linked.linked_at,
            _ => now,
        };
        let before = self.claims.clone();
        self.claims = profile::follow(&before, &mut self.sources, identity, update);
        let known_memberships = self.memberships.clone();
        membership::take_in(&mut self.memberships, identity, update);
        if self.email.is_none() {
            // Here the address is a claim like any other. Only the account that an address signs in to may
            // call it verified: if two accounts did, an app would take them for one user.
            self.claims.email.clone_from(&identity.claims.email);
            self.claims.email_verified = identity.claims.email.as_ref().map(|_| false);
        } else if self.is_own(identity.verified_email.as_deref()) {
            self.claims.email_verified = Some(true);
        }
        // It says when something else changed (OpenID Connect Core §5.1), not when the person came.
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

    /// Whether the account's own address is that one, and was proven to be the person's.
    fn has_proven(&self, address: Option<&str>) -> bool {
        self.is_own(address) && self.claims.email_verified == Some(true)
    }

    /// Confirms that the identity leads here.
    pub(super) fn confirm(&self, identity: &Identity) -> Option<EffectOf<super::Account>> {
        Effect::send(
            Address::Name(identity.identifier()),
            &identifier::Confirm(self.account.clone()),
        )
    }
}

fn has_room(rows: &Rows) -> Result<(), AccountError> {
    if row::identities(rows).count() < MAX_IDENTITIES {
        Ok(())
    } else {
        Err(AccountError::TooManyIdentities)
    }
}
