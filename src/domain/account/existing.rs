//! Runs commands that need an existing account.

use super::person::{Account, Person};
use super::refusal::NoAccount;
use super::rows::Rows;
use crate::domain::machine::{Before, Command, Step};

/// Runs a decision on an account that exists, or refuses the command. An error changes nothing.
pub fn existing<C>(
    before: Before<Account>,
    decide: impl FnOnce(Person, &Rows) -> Result<Step<C>, C::Error>,
) -> Step<C>
where
    C: Command<Machine = Account, Error: From<NoAccount>>,
{
    let Before { state, rows } = before;
    let person = state.ok_or_else(|| NoAccount::Unknown.into());
    let decided = person.and_then(|person| decide(person, &rows));
    decided.unwrap_or_else(|error| Step::unchanged(Err(error)))
}
