//! The names that lead to accounts: email addresses, and identities at providers. An endpoint claims a name first; then
//! the account confirms it.

use super::failure::Failure;
use super::server::Server;
use crate::domain::identifier::{Claim, ClaimFor, IdentifierError, LeadsTo, Read, Unclaim};
use crate::domain::machine::Address;
use crate::domain::secret::SecretHash;
use crate::domain::token::ObjectId;
use crate::tenant::ObjectName;

/// The account that a name leads to.
pub(super) async fn owner(
    server: &Server<'_>,
    name: &ObjectName,
) -> Result<Option<ObjectId>, Failure> {
    let address = Address::Name(name.clone());
    match server.ask(&address, Read).await? {
        Ok(LeadsTo::Account(account)) => Ok(ObjectId::parse(&account)),
        Ok(LeadsTo::Nobody) => Ok(None),
    }
}

/// Claims a name for an account; returns false if it leads to another one.
pub(super) async fn claim(
    server: &Server<'_>,
    name: &ObjectName,
    account: &str,
) -> Result<bool, Failure> {
    match server.ask(&Address::Name(name.clone()), Claim(account.to_owned())).await? {
        Ok(()) => Ok(true),
        Err(IdentifierError::Taken) => Ok(false),
    }
}

/// Claims a name for the account that a browser is about to create. Returns that account, or the one that an earlier
/// request of this browser began to create. `None` if the name leads to another account.
pub(super) async fn claim_for(
    server: &Server<'_>,
    name: &ObjectName,
    account: &str,
    browser: &str,
) -> Result<Option<String>, Failure> {
    let claim = ClaimFor { account: account.to_owned(), browser: SecretHash::of_text(browser) };
    match server.ask(&Address::Name(name.clone()), claim).await? {
        Ok(account) => Ok(Some(account)),
        Err(IdentifierError::Taken) => Ok(None),
    }
}

/// Releases a claimed name, unless the account has confirmed it.
pub(super) async fn unclaim(
    server: &Server<'_>,
    name: &ObjectName,
    account: &str,
) -> Result<(), Failure> {
    let Ok(()) = server.ask(&Address::Name(name.clone()), Unclaim(account.to_owned())).await?;
    Ok(())
}
