//! Groups and roles: claims that authorize, kept by the identity whose provider asserted them.
//!
//! No source replaces another's. Which providers are believed is a setting, and it is looked at again
//! whenever membership is released.

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
    /// `groups`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// `roles`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// Membership by the name of the identity's identifier.
pub type Memberships = BTreeMap<String, Membership>;

/// Takes what a provider says at a sign-in. A group that it no longer names is gone.
pub(super) fn take_in(memberships: &mut Memberships, identity: &Identity, update: ClaimsUpdate) {
    let key = identity.identifier();
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

/// Adds the membership that believed providers assert to the claims. What stands there already, the
/// operator has set: no provider and no user can.
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

/// The key of what version 1 kept for a provider, whose identity it didn't note. The next sign-in there
/// replaces it.
fn key_of_provider(provider: &str) -> String {
    format!("provider:{provider}")
}

/// Lifts a state of version 1, which kept membership among the other claims.
pub(super) fn migrate(state: &mut Value) -> Option<()> {
    let person = state.as_object_mut()?;
    let mut kept = Memberships::new();
    for claim in crate::protocol::claims::MEMBERSHIP {
        let source = person.get_mut("sources").and_then(|s| s.as_object_mut()?.remove(claim));
        // What no provider asserted, the operator has set.
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
