//! The names that lead to accounts: e-mail addresses, and people at providers. A name is claimed first, and confirmed
//! by the account.

use super::failure::Failure;
use super::server::Server;
use crate::domain::identifier::{Identifier, IdentifierCommand, IdentifierError, IdentifierReply};
use crate::domain::machine::Address;
use crate::domain::token::ObjectId;

/// The account that a name leads to.
pub(super) async fn owner(server: &Server<'_>, name: &str) -> Result<Option<ObjectId>, Failure> {
    let address = Address::Name(name.to_owned());
    match server.send::<Identifier>(&address, IdentifierCommand::Read).await? {
        Ok(IdentifierReply::Account(account)) => Ok(ObjectId::parse(&account)),
        Ok(_) => Ok(None),
        Err(error) => Err(Failure::internal(error.to_string())),
    }
}

/// Claims a name for an account; false where it leads to another one.
pub(super) async fn claim(server: &Server<'_>, name: &str, account: &str) -> Result<bool, Failure> {
    let command = IdentifierCommand::Claim(account.to_owned());
    match server.send::<Identifier>(&Address::Name(name.to_owned()), command).await? {
        Ok(_) => Ok(true),
        Err(IdentifierError::Taken) => Ok(false),
        Err(error) => Err(Failure::internal(error.to_string())),
    }
}

/// Gives up a name that was claimed, unless the account has confirmed it.
pub(super) async fn unclaim(server: &Server<'_>, name: &str, account: &str) -> Result<(), Failure> {
    let command = IdentifierCommand::Unclaim(account.to_owned());
    let answer = server.send::<Identifier>(&Address::Name(name.to_owned()), command).await?;
    answer.map(|_| ()).map_err(|error| Failure::internal(error.to_string()))
}
