//! Reads the address with which the user signs in.

use serde::{Deserialize, Serialize};

use crate::domain::account::existing::existing;
use crate::domain::account::person::Account;
use crate::domain::account::refusal::NoAccount;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;

/// Reads the address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadAddress;

/// The address with which a user signs in to an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OwnAddress {
    /// The address, as it was typed.
    pub email: String,
    /// Whether a provider that the operator trusts has verified that the address is the user's.
    pub is_proven: bool,
}

impl Command for ReadAddress {
    const NAME: &'static str = "Address";
    const REPLY: Option<&'static str> = Some("Address");
    type Machine = Account;
    type Reply = Option<OwnAddress>;
    type Error = NoAccount;

    fn decide(self, before: Before<Account>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        existing(before, |person, _| {
            let is_proven = person.has_proven_address();
            let own = person.email.map(|email| OwnAddress { email, is_proven });
            Ok(Step::unchanged(Ok(own)))
        })
    }
}
