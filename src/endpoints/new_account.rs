//! Makes an account: first the names that lead to it are claimed, then the account confirms them by
//! itself, so that a crash in between leaves nothing behind.

use super::failure::Failure;
use super::server::Server;
use crate::domain::account::session::NewSession;
use crate::domain::account::{Account, AccountCommand, AccountReply, NewAccount, SignedIn};
use crate::domain::identifier::{Claim, IdentifierError, Unclaim};
use crate::domain::machine::Address;

/// Claims the names and makes the account; none where a name leads to another account.
///
/// # Errors
/// Only what is ours.
pub async fn create(
    server: &Server<'_>,
    session: NewSession,
    new: NewAccount,
) -> Result<Option<SignedIn>, Failure> {
    let upstream = new.identity.as_ref().map(|identity| identity.identifier());
    let email = new.address.as_ref().map(|(_, identifier)| identifier.clone());
    let names: Vec<String> = upstream.into_iter().chain(email).collect();
    for (index, name) in names.iter().enumerate() {
        if claim(server, name, &new.account).await? {
            continue;
        }
        for claimed in names.iter().take(index) {
            unclaim(server, claimed, &new.account).await?;
        }
        return Ok(None);
    }
    let account = new.account.clone();
    let address = Address::Id(account.clone());
    let command = AccountCommand::Create(Box::new(new), session);
    match server.send::<Account>(&address, command).await? {
        Ok(AccountReply::SignedIn(signed_in)) => Ok(Some(*signed_in)),
        Ok(_) => Err(Failure::internal("a sign-up was answered by something else")),
        Err(error) => {
            // No account was created, for instance because there was too little memory to hash the password. Release
            // the claims, or the user couldn't try again before they lapse.
            for name in &names {
                unclaim(server, name, &account).await?;
            }
            Err(error.into())
        }
    }
}

/// Claims a name for an account; false where it leads to another one.
pub(super) async fn claim(server: &Server<'_>, name: &str, account: &str) -> Result<bool, Failure> {
    let command = Claim(account.to_owned());
    match server.ask(&Address::Name(name.to_owned()), command).await? {
        Ok(()) => Ok(true),
        Err(IdentifierError::Taken) => Ok(false),
    }
}

/// Gives up a name that was claimed, unless the account has confirmed it.
pub(super) async fn unclaim(server: &Server<'_>, name: &str, account: &str) -> Result<(), Failure> {
    let command = Unclaim(account.to_owned());
    let Ok(()) = server.ask(&Address::Name(name.to_owned()), command).await?;
    Ok(())
}
