//! What a person decided about a device, told to the account and to the device (RFC 8628 §3.3).

use crate::domain::account::{Authorize, Authorized, ConsentGiven, NoAccount, RequestedAccess};
use crate::domain::client::Client;
use crate::domain::grant::device::{Decision, DeviceView};
use crate::domain::grant::{Authorization, Decide};
use crate::domain::machine::{Address, Class};
use crate::domain::notice::to_account::GrantEnded;
use crate::endpoints::browser::ClaimedSession;
use crate::endpoints::client_policy::terms;
use crate::endpoints::failure::Failure;
use crate::endpoints::server::Server;
use crate::protocol::claims::ClaimsRequest;
use crate::protocol::scope::Scope;
use crate::protocol::user_code::UserCode;

/// The account records the grant and remembers the consent; then the device is told.
pub(super) async fn approve(
    server: &Server<'_>,
    claimed: &ClaimedSession,
    user_code: &UserCode,
    client: &Client,
    view: DeviceView,
) -> Result<bool, Failure> {
    let grant_id = server.ports.objects.id_of_name(Class::Grant, user_code.as_str())?.to_string();
    let asks = RequestedAccess {
        client_id: client.client_id.clone(),
        scope: view.scope.clone(),
        resources: view.resources.clone(),
        claims: ClaimsRequest::default(),
        grant_id: grant_id.clone(),
        // The browser in which a device was approved is not the device: signing out of one does
        // not sign the other out.
        offline: true,
        expires_at: server.now().plus(terms(server, client).grant),
        over_at: Some(view.expires_at),
        tokens: server.settings.lifetimes.access_token,
        signed_in_since: None,
        sub: None,
        consent: ConsentGiven::JustNow,
        declined: Scope::default(),
    };
    let command = Authorize { session: claimed.proof.clone(), request: asks };
    let authorized = server.ask(&claimed.address(), command).await??;
    let Authorized { account, authentication, sid, not_after, .. } = authorized;
    let authorization = Authorization {
        grant_id: grant_id.clone(),
        account,
        client_id: client.client_id.clone(),
        scope: view.scope,
        resources: view.resources,
        nonce: None,
        claims: ClaimsRequest::default(),
        authentication,
        sid,
        not_after,
    };
    if tell(server, user_code, Decision::Approve(Box::new(authorization))).await? {
        return Ok(true);
    }
    // The request expired in between: the account forgets the grant that came to nothing.
    match server.ask(&claimed.address(), GrantEnded(grant_id)).await? {
        Ok(()) | Err(NoAccount::Unknown) => Ok(false),
    }
}

/// Tells the device. False if no device waits for it any more.
pub(super) async fn tell(
    server: &Server<'_>,
    user_code: &UserCode,
    decision: Decision,
) -> Result<bool, Failure> {
    let address = Address::Name(user_code.as_str().to_owned());
    Ok(server.ask(&address, Decide(Box::new(decision))).await?.is_ok())
}
