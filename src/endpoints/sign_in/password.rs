//! Password sign-in. A wrong address and a wrong password get the same response after the same time.

use crate::domain::account::{self, NewSession, SignedIn};
use crate::domain::attempts::Blocked;
use crate::domain::event::{Event, SignInFailure};
use crate::domain::identifier::{self, LeadsTo, SignInError};
use crate::domain::machine::Address;
use crate::domain::time::{Seconds, Timestamp};
use crate::domain::token::ObjectId;
use crate::endpoints::browser;
use crate::endpoints::failure::{self, Failure};
use crate::endpoints::http::Request;
use crate::endpoints::server::Server;
use crate::tenant::ObjectName;

/// What the user typed.
#[derive(Clone, Copy)]
pub(super) struct TypedCredentials<'a> {
    pub email: &'a str,
    pub password: &'a str,
}

/// Why nobody was signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("That email address and password don't match an account. Check both and try again.")]
    Wrong,
    #[error("Too many attempts. Try again in {}.", failure::in_words(.0.retry_after))]
    Blocked(Blocked),
    #[error("Too many sign-ins from your network. Try again in a few minutes.")]
    Exhausted,
}

impl Refused {
    pub fn status(self) -> u16 {
        match self {
            Self::Wrong => 422,
            Self::Blocked(_) | Self::Exhausted => 429,
        }
    }
}

/// Delays the response to a failed sign-in until a whole number of seconds after the request arrived. An
/// account that exists responds faster or slower than one that doesn't, depending on its location and on what
/// it stores. The delay hides that from anyone who probes addresses.
pub(super) async fn wait_for_whole_second(
    server: &Server<'_>,
    came_at: Timestamp,
) -> Result<(), Failure> {
    let spent = came_at.seconds_until(server.now()).max(1);
    Ok(server.ports.timer.wait_until(came_at.plus(Seconds(spent))).await?)
}

/// Signs in with an address and a password, within the limits of the network.
pub(super) async fn sign_in(
    server: &Server<'_>,
    request: &Request<'_>,
    credentials: TypedCredentials<'_>,
    session: NewSession,
) -> Result<Result<(ObjectId, SignedIn), Refused>, Failure> {
    let limit = server.settings.limits.sign_in;
    let throttle = server.password_throttle(request);
    if !server.guess(&throttle, limit).await? {
        server.log_event(Event::sign_in_failed(SignInFailure::NetworkBlocked));
        return Ok(Err(Refused::Exhausted));
    }
    let result = attempt(server, request, credentials, session).await?;
    server.guessed(&throttle, limit, result.is_ok()).await?;
    if let Ok((account, _)) = &result {
        browser::end_session_of_other(server, request, account).await?;
    }
    Ok(result)
}

/// Sends the password to the address's account, which counts the attempt, verifies the password and begins the session.
/// An address without an account causes the same calls: the identifier counts the attempt, and the object of class
/// `Account` with the identifier's name hashes the password and stores nothing.
async fn attempt(
    server: &Server<'_>,
    request: &Request<'_>,
    TypedCredentials { email, password }: TypedCredentials<'_>,
    session: NewSession,
) -> Result<Result<(ObjectId, SignedIn), Refused>, Failure> {
    // No account can have such an address, so this early response reveals nothing.
    if email.is_empty() || email.len() > 254 {
        return Ok(Err(Refused::Wrong));
    }
    let identifier = Address::Name(ObjectName::email(email));
    let account = match server.ask(&identifier, identifier::SignIn).await? {
        Ok(LeadsTo::Account(account)) => ObjectId::parse(&account),
        Ok(LeadsTo::Nobody) => None,
        Err(SignInError::Blocked(blocked)) => return Ok(Err(Refused::Blocked(blocked))),
    };
    let address = match &account {
        Some(account) => Address::Id(account.as_str().to_owned()),
        None => identifier,
    };
    let replaces = browser::claimed_session(request)
        .filter(|held| account.as_ref() == Some(&held.account))
        .map(|held| held.proof);
    let command = account::SignIn { password: password.into(), session, replaces };
    let answer = server.ask(&address, command).await?;
    match (account, answer) {
        (Some(account), Ok(signed_in)) => Ok(Ok((account, signed_in))),
        (None, Ok(_)) => Err(Failure::internal("someone without an account is signed in")),
        (_, Err(account::SignInError::WrongPassword | account::SignInError::Unknown)) => {
            Ok(Err(Refused::Wrong))
        }
        (_, Err(account::SignInError::Blocked(blocked))) => Ok(Err(Refused::Blocked(blocked))),
        (_, Err(error @ account::SignInError::Password(_))) => Err(error.into()),
    }
}
