//! One e-mail address, or one person at another provider, and the account that it leads to: uniqueness without a race.
//!
//! An address is claimed before the account is made and confirmed after; a claim that nobody
//! confirms lapses. An address without an account counts wrong passwords as an account does, so
//! that nobody can tell the two apart.

use serde::{Deserialize, Serialize};

use super::attempts::{Attempts, Blocked};
use super::entropy::Entropy;
use super::machine::{
    Before, Class, Command, Machine, Next, NoRow, Nothing, Notice, OneCommand, Receive, Step,
};
use super::time::{Seconds, Timestamp};

/// How long a claim waits for its account.
const CLAIM: Seconds = Seconds(5 * 60);

/// The machine.
#[derive(Debug)]
pub struct Identifier;

/// Whose the address is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    /// Nobody's; someone tried passwords with it.
    Nobody(Attempts),
    /// An account is being made.
    Claimed {
        /// The account.
        account: String,
        /// When the claim lapses.
        until: Timestamp,
    },
    /// An account's, for a while: a session's name.
    Lent {
        /// The account.
        account: String,
        /// When the name means nothing any more.
        until: Timestamp,
    },
    /// An account's.
    Owned {
        /// The account.
        account: String,
    },
}

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum IdentifierCommand {
    /// Claim the address for an account that is about to be made.
    Claim(String),
    /// The account was made.
    Confirm(String),
    /// Lead to the account until then.
    Lend(String, Timestamp),
    /// The account is gone, or gave the address up.
    Release(String),
    /// The account was not made, or doesn't take the address after all. Unlike [`Self::Release`], this never
    /// ends what the account has confirmed meanwhile.
    Unclaim(String),
    /// Whose is it? Asked where nothing is guessed.
    Read,
    /// Whose is it? Asked at sign-in: where it is nobody's, the attempt is counted here.
    SignIn,
    /// Forget what has lapsed.
    Wake,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdentifierReply {
    /// Done.
    Done,
    /// The account that the address leads to.
    Account(String),
    /// The address leads nowhere.
    Nobody,
}

/// What can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum IdentifierError {
    /// The address is another account's.
    #[error("the address belongs to another account")]
    Taken,
    /// Too many wrong passwords.
    #[error(transparent)]
    Blocked(#[from] Blocked),
}

/// The name of the object for an address. People write their own address in either case, and no
/// provider of today tells two mailboxes apart by it.
pub fn of_email(email: &str) -> String {
    format!("email:{}", email.trim().to_lowercase())
}

impl Notice for IdentifierCommand {}

impl Machine for Identifier {
    const CLASS: Class = Class::Identifier;
    type State = Owner;
    type Row = NoRow;
    type Wants = Nothing;

    fn receive<R: Receive<Self>>(
        command: &str,
        receiver: R,
    ) -> Result<R::Output, serde_json::Error> {
        Ok(receiver.receive(serde_json::from_str::<IdentifierCommand>(command)?))
    }

    fn wakes_at(state: &Owner) -> Option<Timestamp> {
        match state {
            Owner::Nobody(attempts) => attempts.forgotten_at(),
            Owner::Claimed { until, .. } | Owner::Lent { until, .. } => Some(*until),
            Owner::Owned { .. } => None,
        }
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(IdentifierCommand::Wake))
    }
}

impl OneCommand for Identifier {
    type Command = IdentifierCommand;
}

impl Command for IdentifierCommand {
    const NAME: &'static str = "";
    fn write(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
    type Machine = Identifier;
    type Reply = IdentifierReply;
    type Error = IdentifierError;

    fn decide(self, before: Before<Identifier>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let command = self;
        // A claim that lapsed is nobody's.
        let state = match before.state {
            Some(Owner::Claimed { until, .. } | Owner::Lent { until, .. }) if until <= now => None,
            other => other,
        };
        let done = Ok(IdentifierReply::Done);
        match (command, state) {
            (IdentifierCommand::Claim(account), None | Some(Owner::Nobody(_))) => {
                Step::written(Owner::Claimed { account, until: now.plus(CLAIM) }, done)
            }
            (IdentifierCommand::Claim(claimant), Some(owner)) => match owner {
                Owner::Claimed { account, .. } if account == claimant => Step::unchanged(done),
                _ => Step::unchanged(Err(IdentifierError::Taken)),
            },
            (IdentifierCommand::Confirm(account), None | Some(Owner::Nobody(_))) => {
                Step::written(Owner::Owned { account }, done)
            }
            (
                IdentifierCommand::Confirm(made),
                Some(
                    Owner::Claimed { account, .. }
                    | Owner::Owned { account }
                    | Owner::Lent { account, .. },
                ),
            ) => {
                if made == account {
                    Step::written(Owner::Owned { account }, done)
                } else {
                    Step::unchanged(Err(IdentifierError::Taken))
                }
            }
            (IdentifierCommand::Release(leaving), state) => match state {
                Some(Owner::Claimed { account, .. } | Owner::Owned { account })
                    if account == leaving =>
                {
                    Step::to(Next::Forgotten, done)
                }
                _ => Step::unchanged(done),
            },
            (IdentifierCommand::Unclaim(leaving), state) => match state {
                Some(Owner::Claimed { account, .. }) if account == leaving => {
                    Step::to(Next::Forgotten, done)
                }
                _ => Step::unchanged(done),
            },
            (IdentifierCommand::Lend(account, until), None | Some(Owner::Lent { .. })) => {
                Step::written(Owner::Lent { account, until }, done)
            }
            (IdentifierCommand::Lend(..), Some(_)) => Step::unchanged(Err(IdentifierError::Taken)),
            (IdentifierCommand::Read, state) => Step::unchanged(Ok(match state {
                Some(Owner::Owned { account } | Owner::Lent { account, .. }) => {
                    IdentifierReply::Account(account)
                }
                _ => IdentifierReply::Nobody,
            })),
            (IdentifierCommand::SignIn, Some(Owner::Owned { account })) => {
                Step::unchanged(Ok(IdentifierReply::Account(account)))
            }
            (IdentifierCommand::SignIn, state) => count_attempt(state, now),
            (IdentifierCommand::Wake, Some(Owner::Nobody(attempts))) => {
                match attempts.forgotten_at() {
                    Some(moment) if now < moment => Step::unchanged(done),
                    _ => Step::to(Next::Forgotten, done),
                }
            }
            (IdentifierCommand::Wake, None) => Step::to(Next::Forgotten, done),
            (IdentifierCommand::Wake, Some(_)) => Step::unchanged(done),
        }
    }
}

/// An address that leads nowhere slows down and locks as an account does.
fn count_attempt(state: Option<Owner>, now: Timestamp) -> Step<IdentifierCommand> {
    let attempts = match state {
        Some(Owner::Nobody(attempts)) => attempts,
        // While an account is being made, its address is not this sign-in's to change.
        Some(Owner::Claimed { .. } | Owner::Lent { .. } | Owner::Owned { .. }) => {
            return Step::unchanged(Ok(IdentifierReply::Nobody));
        }
        None => Attempts::default(),
    };
    match attempts.begin(now) {
        Ok(attempts) => Step::written(Owner::Nobody(attempts), Ok(IdentifierReply::Nobody)),
        Err((_, blocked)) => Step::unchanged(Err(blocked.into())),
    }
}
