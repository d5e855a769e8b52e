//! What is known of a person, and where each claim came from.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::domain::identity::{ClaimsUpdate, Identity};
use crate::protocol::claims::StandardClaims;

/// Which provider a claim came from; the person set every claim that is not named.
pub type Sources = BTreeMap<String, String>;

/// Takes what a provider says into the profile. The address is no part of this: it is how the person
/// signs in.
pub(super) fn follow(
    claims: &StandardClaims,
    sources: &mut Sources,
    identity: &Identity,
    update: ClaimsUpdate,
) -> StandardClaims {
    let mut held = members(claims);
    let said = members(&identity.claims);
    let provider = &identity.provider;
    for (claim, value) in said.iter().filter(|(claim, _)| !is_address(claim)) {
        let missing = !held.contains_key(claim);
        let own = sources.get(claim) == Some(provider);
        let takes = match update {
            ClaimsUpdate::Follow => missing || own || is_membership(claim),
            ClaimsUpdate::Overwrite => true,
            ClaimsUpdate::Once => missing,
        };
        if takes {
            held.insert(claim.clone(), value.clone());
            sources.insert(claim.clone(), provider.clone());
        }
    }
    if update != ClaimsUpdate::Once {
        // A group that was left is left. Other claims stay: a provider may tell a name only once.
        let gone = |claim: &String| is_membership(claim) && !said.contains_key(claim);
        let dropped: Vec<String> = sources
            .iter()
            .filter(|(claim, source)| *source == provider && gone(claim))
            .map(|(claim, _)| claim.clone())
            .collect();
        for claim in dropped {
            held.remove(&claim);
            sources.remove(&claim);
        }
    }
    serde_json::from_value(Value::Object(held)).unwrap_or_else(|_| claims.clone())
}

/// What the person may write, taken over; everything else stays as it is held, whatever the form was
/// made from.
pub(super) fn edited(held: &StandardClaims, written: StandardClaims) -> StandardClaims {
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

/// What the person wrote is the person's own from then on.
pub(super) fn written(before: &StandardClaims, after: &StandardClaims, sources: &mut Sources) {
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
