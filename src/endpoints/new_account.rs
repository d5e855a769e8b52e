//! Creates an account. The names that lead to it are claimed first, then the account confirms them itself, so a crash
//! in between leaves nothing behind.

use super::browser;
use super::failure::Failure;
use super::http::Request;
use super::names::{claim_for, unclaim};
use super::server::Server;
use crate::domain::account::{Create, CreateError, NewAccount, NewSession, SignedIn};
use crate::domain::machine::Address;
use crate::domain::token::ObjectId;
use crate::tenant::ObjectName;

/// The result of creating an account.
pub enum Created {
    /// The account was created, and the user is signed in to it.
    SignedIn(ObjectId, SignedIn),
    /// An earlier request of this browser created it, but its response was lost. The user can sign in.
    Before(ObjectId),
    /// A name leads to another account.
    Taken,
}

/// Claims the names and creates the account. If an earlier request of this browser was interrupted, the account that it
/// began to create is used instead of the one in `new`.
///
/// # Errors
/// Internal errors only.
pub async fn create(
    server: &Server<'_>,
    request: &Request<'_>,
    session: NewSession,
    mut new: NewAccount,
) -> Result<Created, Failure> {
    let upstream = new.identity.as_ref().map(|identity| identity.identifier());
    let email = new.address.as_ref().map(|(_, identifier)| identifier.clone());
    let names: Vec<ObjectName> = upstream.into_iter().chain(email).collect();
    if !claim_all(server, request, &names, &mut new.account).await? {
        return Ok(Created::Taken);
    }
    let account = new.account.clone();
    let address = Address::Id(account.clone());
    match server.ask(&address, Create { account: new, session }).await? {
        Ok(signed_in) => Ok(Created::SignedIn(id_of(&account)?, signed_in)),
        Err(CreateError::Exists) => Ok(Created::Before(id_of(&account)?)),
        Err(error) => {
            // No account was created, for instance because there was too little memory to hash the password. Release
            // the claims, or the user couldn't try again before they lapse.
            for name in &names {
                unclaim(server, name, &account).await?;
            }
            Err(Failure::caused_by(error))
        }
    }
}

fn id_of(account: &str) -> Result<ObjectId, Failure> {
    ObjectId::parse(account).ok_or_else(|| Failure::internal("an account's ID cannot be read"))
}

/// Claims all names or none. The first name decides for which account.
async fn claim_all(
    server: &Server<'_>,
    request: &Request<'_>,
    names: &[ObjectName],
    account: &mut String,
) -> Result<bool, Failure> {
    // A browser without a token must not match any other.
    let unlike_any = || base16ct::lower::encode_string(&server.random::<32>());
    let browser = browser::csrf_token(request).unwrap_or_else(unlike_any);
    for (index, name) in names.iter().enumerate() {
        match claim_for(server, name, account, &browser).await? {
            Some(claimed) if index == 0 => *account = claimed,
            Some(claimed) if claimed == *account => {}
            _ => {
                for claimed in names.iter().take(index) {
                    unclaim(server, claimed, account).await?;
                }
                return Ok(false);
            }
        }
    }
    Ok(true)
}
