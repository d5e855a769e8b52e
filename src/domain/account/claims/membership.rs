//! Groups and roles: claims by which apps authorize users, stored under the identity whose provider asserted
//! them.
//!
//! A provider's assertion never replaces another provider's. The setting `membership` says which providers
//! are believed; it is checked at every release, so a change applies to what is stored already.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::identity::{ClaimsUpdate, Identity};
use crate::protocol::claims::StandardClaims;

/// What one provider asserts about the user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The provider, by its `id` in the settings.
    pub provider: String,
    /// The claim `groups`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The claim `roles`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// What each linked identity asserts; the key is the name of the identity's identifier.
pub type Memberships = BTreeMap<String, Membership>;

/// Stores what a provider asserts at a sign-in. Groups and roles that it no longer names are removed,
/// unless its claims are taken only once ([`ClaimsUpdate::Once`]).
pub fn take_in(memberships: &mut Memberships, identity: &Identity, update: ClaimsUpdate) {
    let key = identity.identifier().as_str().to_owned();
    let was_known = memberships.contains_key(&key);
    memberships.remove(&key_of_provider(&identity.provider));
    if was_known && update == ClaimsUpdate::Once {
        return;
    }
    let StandardClaims { groups, roles, .. } = &identity.claims;
    if groups.is_empty() && roles.is_empty() {
        memberships.remove(&key);
        return;
    }
    let provider = identity.provider.clone();
    let said = Membership { provider, groups: groups.clone(), roles: roles.clone() };
    memberships.insert(key, said);
}

/// Adds the groups and roles that believed providers assert to the claims. Those that the claims hold
/// already were set by the operator: no provider and no user can set them there.
pub fn release<'m>(claims: &mut StandardClaims, believed: impl Iterator<Item = &'m Membership>) {
    let union = |all: &mut Vec<String>, more: &[String]| {
        for name in more {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
    };
    for membership in believed {
        union(&mut claims.groups, &membership.groups);
        union(&mut claims.roles, &membership.roles);
    }
}

/// The key for membership migrated from version 1, which recorded only the provider and not the identity.
/// The next sign-in there replaces the entry.
pub fn key_of_provider(provider: &str) -> String {
    format!("provider:{provider}")
}

/// Migrates a state of version 1, which kept membership among the other claims. `None` if its form is
/// not that of version 1.
pub fn migrate(state: &mut Value) -> Option<()> {
    let person = state.as_object_mut()?;
    let mut kept = Memberships::new();
    for claim in crate::protocol::claims::MEMBERSHIP {
        let source = person.get_mut("sources").and_then(|s| s.as_object_mut()?.remove(claim));
        // A claim without a source was set by the operator and stays where it is.
        let Some(Value::String(provider)) = source else { continue };
        let Some(list) = person.get_mut("claims")?.as_object_mut()?.remove(claim) else { continue };
        let list: Vec<String> = serde_json::from_value(list).ok()?;
        let held = kept.entry(key_of_provider(&provider)).or_default();
        held.provider = provider;
        match claim {
            "groups" => held.groups = list,
            _ => held.roles = list,
        }
    }
    if !kept.is_empty() {
        person.insert("memberships".to_owned(), serde_json::to_value(kept).ok()?);
    }
    Some(())
}
