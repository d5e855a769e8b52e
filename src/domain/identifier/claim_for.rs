//! Claims the address for an account that a browser is about to create.

use serde::{Deserialize, Serialize};

use super::state::CLAIM;
use super::{Identifier, IdentifierError, Owner};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, Step};
use crate::domain::secret::SecretHash;
use crate::domain::time::Timestamp;

/// The claim of a browser. The reply is the ID of the account to create. If this browser's sign-up was interrupted
/// after it had claimed the address, the reply is the earlier ID. So a user who tries again continues, and two requests
/// of one browser create one account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClaimFor {
    /// The account's ID if nobody has claimed the address.
    pub account: String,
    /// The hash of a value that only this browser has.
    pub browser: SecretHash,
}

impl Command for ClaimFor {
    const NAME: &'static str = "ClaimFor";
    type Machine = Identifier;
    type Reply = String;
    type Error = IdentifierError;

    fn decide(self, before: Before<Identifier>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { account, browser } = self;
        match Owner::as_of(before.state, now) {
            None | Some(Owner::Nobody(_)) => {
                let until = now.plus(CLAIM);
                let browser = Some(browser);
                Step::written(
                    Owner::Claimed { account: account.clone(), until, browser },
                    Ok(account),
                )
            }
            Some(Owner::Claimed { account: claimed, browser: Some(before), .. })
                if before.is(&browser) =>
            {
                // A repeated claim gets the full time again.
                let (account, until) = (claimed.clone(), now.plus(CLAIM));
                let browser = Some(browser);
                Step::written(Owner::Claimed { account, until, browser }, Ok(claimed))
            }
            Some(Owner::Claimed { .. } | Owner::Lent { .. } | Owner::Owned { .. }) => {
                Step::unchanged(Err(IdentifierError::Taken))
            }
        }
    }
}
