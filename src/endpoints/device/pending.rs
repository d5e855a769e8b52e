//! Finds the request of a waiting device by its user code.

use futures_util::future::try_join;

use crate::domain::account::SessionView;
use crate::domain::client::Client;
use crate::domain::grant::device::DeviceView;
use crate::domain::grant::{DecisionError, LookUp};
use crate::domain::machine::Address;
use crate::endpoints::client_policy::allowed_scope;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::Request;
use crate::endpoints::server::Server;
use crate::protocol::grant_type::GrantType;
use crate::protocol::resource;
use crate::protocol::user_code::UserCode;
use crate::tenant::{ObjectName, Tries};

/// Why a user code can't be used.
#[derive(Clone, Copy)]
pub(super) enum Refused {
    Unknown,
    Exhausted,
}

impl Refused {
    /// The HTTP status of the page.
    pub fn status(self) -> u16 {
        match self {
            Self::Unknown => 404,
            Self::Exhausted => 429,
        }
    }

    /// The message for the user.
    pub fn words(self) -> &'static str {
        match self {
            Self::Unknown => {
                "No device is waiting for this code. It may have expired or been used. Check your \
                 device for a new one."
            }
            Self::Exhausted => "Too many attempts. Try again in a few minutes.",
        }
    }
}

/// The request for a user code. A wrong code costs a try of both the network and the account (RFC 8628 §5.1).
pub(super) async fn find(
    server: &Server<'_>,
    request: &Request<'_>,
    session: &SessionView,
    user_code: &UserCode,
) -> Result<Result<(Client, DeviceView), Refused>, Failure> {
    let limit = server.settings.limits.user_code;
    let network = ObjectName::throttle(Tries::UserCode(&server.network_of(request)));
    let account = ObjectName::throttle(Tries::UserCodeOfAccount(session.account.as_str()));
    let (network_allows, account_allows) =
        try_join(server.guess(&network, limit), server.guess(&account, limit)).await?;
    if !(network_allows && account_allows) {
        // No code was tried, so a try that was allowed is given back.
        for (throttle, allows) in [(&network, network_allows), (&account, account_allows)] {
            if allows {
                server.guessed(throttle, limit, true).await?;
            }
        }
        return Ok(Err(Refused::Exhausted));
    }
    let address = Address::Name(ObjectName::user_code(user_code.as_str()));
    let answer = server.ask(&address, LookUp).await?;
    // Someone who knows an existing code wasn't guessing.
    let right = !matches!(answer, Err(DecisionError::Unknown));
    let counted =
        try_join(server.guessed(&network, limit, right), server.guessed(&account, limit, right));
    let Ok(view) = answer else {
        counted.await?;
        return Ok(Err(Refused::Unknown));
    };
    let (_, client) = try_join(counted, server.client(&view.client_id)).await?;
    let view = *view;
    let renewed = client.and_then(|client| Some((renewed(server, &client, view)?, client)));
    Ok(renewed.map(|(view, client)| (client, view)).ok_or(Refused::Unknown))
}

/// The request as the client could send it now; `None` if it may no longer send it. Scopes that the client may no
/// longer have are left out, as in a new request.
fn renewed(server: &Server<'_>, client: &Client, mut view: DeviceView) -> Option<DeviceView> {
    let resources = view.resources.iter().map(String::as_str);
    let is_allowed = client.may_use(GrantType::DeviceCode)
        && resource::parse(resources, &server.settings.resources).is_ok();
    let scope = allowed_scope(client, &view.scope);
    if !is_allowed || (scope.is_empty() && !view.scope.is_empty()) {
        return None;
    }
    view.scope = scope;
    Some(view)
}
