//! Reads which account owns the address, at a password sign-in. If there is none, the attempt is counted here.

use serde::{Deserialize, Serialize};

use super::{Identifier, LeadsTo, Owner};
use crate::domain::attempts::{Attempts, Blocked};
use crate::domain::entropy::Entropy;
use crate::domain::event::{Event, SignInFailure};
use crate::domain::machine::{Before, Command, Step};
use crate::domain::time::Timestamp;

/// Asks to which account the address leads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn;

/// Why nobody can sign in with the address at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum SignInError {
    /// Too many wrong passwords.
    #[error(transparent)]
    Blocked(#[from] Blocked),
}

impl Command for SignIn {
    const NAME: &'static str = "SignIn";
    type Machine = Identifier;
    type Reply = LeadsTo;
    type Error = SignInError;

    fn decide(self, before: Before<Identifier>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let failed = |reason| Some(Event::sign_in_failed(reason));
        let attempts = match Owner::as_of(before.state, now) {
            Some(Owner::Owned { account }) => {
                return Step::unchanged(Ok(LeadsTo::Account(account)));
            }
            // A sign-in must not change an address while its account is being created.
            Some(Owner::Claimed { .. } | Owner::Lent { .. }) => {
                return Step::unchanged(Ok(LeadsTo::Nobody))
                    .records(failed(SignInFailure::UnknownAddress));
            }
            Some(Owner::Nobody(attempts)) => attempts,
            None => Attempts::default(),
        };
        // An address without an account delays and blocks attempts as an account does.
        match attempts.begin(now) {
            Ok(attempts) => Step::written(Owner::Nobody(attempts), Ok(LeadsTo::Nobody))
                .records(failed(SignInFailure::UnknownAddress)),
            Err((_, blocked)) => {
                Step::unchanged(Err(blocked.into())).records(failed(SignInFailure::Blocked))
            }
        }
    }
}
