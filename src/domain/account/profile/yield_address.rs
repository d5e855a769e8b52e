//! The account gives up its address, unless the address is proven. Sent when another user has proven that the address
//! is theirs, and sent again if that user's request was cut off.

use serde::{Deserialize, Serialize};

use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::{AccountError, NoAccount};
use crate::domain::entropy::Entropy;
use crate::domain::event::Event;
use crate::domain::identifier;
use crate::domain::machine::{Address, Before, Command, Effect, Step};
use crate::domain::time::Timestamp;
use crate::tenant::ObjectName;

/// Gives up the address that has this identifier, by the identifier's name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct YieldAddress(pub ObjectName);

/// Why the account keeps the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum YieldAddressError {
    /// No such account.
    #[error("the account does not exist")]
    Unknown,
    /// The account has proven the address, so it doesn't give it up.
    #[error("the address is proven")]
    AddressProven,
}

impl From<NoAccount> for YieldAddressError {
    fn from(_: NoAccount) -> Self {
        Self::Unknown
    }
}

impl AccountError for YieldAddressError {
    fn is_signed_out(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

impl Command for YieldAddress {
    const NAME: &'static str = "YieldAddress";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = YieldAddressError;

    fn decide(self, before: Before<Account>, _: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self(identifier) = self;
        existing(before, |mut person, _| {
            let release = identifier::Release(person.account.clone());
            let release = Effect::send(Address::Name(identifier.clone()), &release);
            if person.has_lost(&identifier) {
                return Ok(Step::unchanged(Ok(())).wants(release));
            }
            if person.has_proven_address() || person.identifier.as_ref() != Some(&identifier) {
                return Err(YieldAddressError::AddressProven);
            }
            let event = Event::address_lost(&person.account);
            person.identifier = None;
            person.address_lost = person.email.take();
            (person.claims.email, person.claims.email_verified) = (None, None);
            Ok(person.written().wants(release).records(Some(event)).reply(Ok(())))
        })
    }
}

impl Person {
    /// Whether the account has given up the address that has this identifier.
    fn has_lost(&self, identifier: &ObjectName) -> bool {
        let lost = self.address_lost.as_deref().map(ObjectName::email);
        self.identifier.is_none() && lost.as_ref() == Some(identifier)
    }
}
