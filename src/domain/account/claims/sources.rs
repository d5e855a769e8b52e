//! Where each claim about the user came from.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::domain::identity::{ClaimsUpdate, Identity};
use crate::protocol::claims::StandardClaims;

/// Which provider each claim came from. The user set every claim that is not listed.
pub type Sources = BTreeMap<String, String>;

/// Copies the claims that a provider asserts into the profile, except the address, with which the user signs in, and
/// groups and roles, which `membership.rs` stores.
pub fn follow(
    claims: &StandardClaims,
    sources: &mut Sources,
    identity: &Identity,
    update: ClaimsUpdate,
) -> StandardClaims {
    let mut held = members(claims);
    let provider = &identity.provider;
    for (claim, value) in members(&identity.claims) {
        let missing = !held.contains_key(&claim);
        let own = sources.get(&claim) == Some(provider);
        let takes = match update {
            ClaimsUpdate::Follow => missing || own,
            ClaimsUpdate::Overwrite => true,
            ClaimsUpdate::Once => missing,
        };
        if takes && !is_address(&claim) && !is_membership(&claim) {
            held.insert(claim.clone(), value);
            sources.insert(claim, provider.clone());
        }
    }
    serde_json::from_value(Value::Object(held)).unwrap_or_else(|_| claims.clone())
}

/// The stored claims with those that the user may edit replaced by the user's. All others stay as stored, whatever the
/// form contains.
pub fn edited(held: &StandardClaims, written: StandardClaims) -> StandardClaims {
    let same_phone = held.phone_number == written.phone_number;
    let verified = held.phone_number_verified.filter(|_| same_phone).unwrap_or(false);
    StandardClaims {
        name: written.name,
        given_name: written.given_name,
        family_name: written.family_name,
        nickname: written.nickname,
        phone_number_verified: written.phone_number.as_ref().map(|_| verified),
        phone_number: written.phone_number,
        birthdate: written.birthdate,
        zoneinfo: written.zoneinfo,
        locale: written.locale,
        ..held.clone()
    }
}

/// Marks the claims that the user changed as the user's own.
pub fn written(before: &StandardClaims, after: &StandardClaims, sources: &mut Sources) {
    let (before, after) = (members(before), members(after));
    sources.retain(|claim, _| before.get(claim) == after.get(claim));
}

fn members(claims: &StandardClaims) -> Map<String, Value> {
    claims.select(|claim| claim != "updated_at")
}

fn is_address(claim: &str) -> bool {
    matches!(claim, "email" | "email_verified")
}

fn is_membership(claim: &str) -> bool {
    crate::protocol::claims::MEMBERSHIP.contains(&claim)
}
