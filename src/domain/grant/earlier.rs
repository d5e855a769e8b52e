//! What the previous release stored and sends, while this one replaces it. Its authorization codes contained the
//! authorization, sealed, and nothing was stored for them. Such a code is refused: the client sends a new authorization
//! request, for which the user isn't asked again.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::redeem::RedeemError;
use super::report::report;
use super::{Grant, GrantState};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, NoError, Step};
use crate::domain::notice::to_grant::Report;
use crate::domain::time::Timestamp;

/// A grant with a sealed code stored only scopes that the user had removed. Nobody can redeem such a code any more.
pub(super) fn migrate(mut state: Value) -> Option<GrantState> {
    if let Some(until) = state.get("Expected").and_then(|expected| expected.get("until")) {
        state = json!({ "Ended": { "until": until } });
    }
    serde_json::from_value(state).ok()
}

/// Announces a sealed code. Stores nothing.
#[derive(Debug, Serialize, Deserialize)]
pub struct Expect(Timestamp);

impl Command for Expect {
    const NAME: &'static str = "Expect";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Grant;
    type Reply = ();
    type Error = NoError;

    fn decide(self, _: Before<Grant>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        Step::unchanged(Ok(()))
    }
}

/// Redeems a sealed code. Refused.
#[derive(Debug)]
pub struct Redeem;

impl Serialize for Redeem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Redeem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl Command for Redeem {
    const NAME: &'static str = "Redeem";
    type Machine = Grant;
    type Reply = ();
    type Error = RedeemError;

    fn decide(self, _: Before<Grant>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        Step::unchanged(Err(RedeemError::Unknown))
    }
}

/// The account asks whether a code was redeemed.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReportRedemption {
    account: String,
    grant_id: String,
    is_code_over: bool,
}

impl Command for ReportRedemption {
    const NAME: &'static str = "ReportRedemption";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Grant;
    type Reply = ();
    type Error = NoError;

    fn decide(self, before: Before<Grant>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { account, grant_id, is_code_over } = self;
        let asked = Report { account, grant_id, is_expected: !is_code_over };
        report(asked, before.state, now).reply(Ok(()))
    }
}
