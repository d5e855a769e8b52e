//! The names that lead to accounts: e-mail addresses, and people at providers. A name is claimed first, and confirmed
//! by the account.

use super::failure::Failure;
use super::server::Server;
use crate::domain::identifier::{Claim, IdentifierError, LeadsTo, Read, Unclaim};
use crate::domain::machine::Address;
use crate::domain::token::ObjectId;

/// The account that a name leads to.
pub(super) async fn owner(server: &Server<'_>, name: &str) -> Result<Option<ObjectId>, Failure> {
    let address = Address::Name(name.to_owned());
    match server.ask(&address, Read).await? {
        Ok(LeadsTo::Account(account)) => Ok(ObjectId::parse(&account)),
        Ok(LeadsTo::Nobody) => Ok(None),
    }
}

/// Claims a name for an account; false where it leads to another one.
pub(super) async fn claim(server: &Server<'_>, name: &str, account: &str) -> Result<bool, Failure> {
    match server.ask(&Address::Name(name.to_owned()), Claim(account.to_owned())).await? {
        Ok(()) => Ok(true),
        Err(IdentifierError::Taken) => Ok(false),
    }
}

/// Gives up a name that was claimed, unless the account has confirmed it.
pub(super) async fn unclaim(server: &Server<'_>, name: &str, account: &str) -> Result<(), Failure> {
    let Ok(()) = server.ask(&Address::Name(name.to_owned()), Unclaim(account.to_owned())).await?;
    Ok(())
}
