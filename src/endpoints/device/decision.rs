//! Tells the account and the device what the user decided (RFC 8628 §3.3).

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
use crate::tenant::ObjectName;

/// Has the account record the grant and remember the consent, then tells the device. False if the request has expired.
pub(super) async fn approve(
    server: &Server<'_>,
    claimed: &ClaimedSession,
    user_code: &UserCode,
    client: &Client,
    view: DeviceView,
) -> Result<bool, Failure> {
    let grant_id = server
        .ports
        .objects
        .id_of_name(Class::Grant, &ObjectName::user_code(user_code.as_str()))?
        .to_string();
    let asks = RequestedAccess {
        client_id: client.client_id.clone(),
        scope: view.scope.clone(),
        resources: view.resources.clone(),
        claims: ClaimsRequest::default(),
        grant_id: grant_id.clone(),
        // The device isn't the browser in which it was approved: signing out of that browser doesn't sign the device
        // out.
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
    // The request expired meanwhile, so the account removes the grant again.
    match server.ask(&claimed.address(), GrantEnded(grant_id)).await? {
        Ok(()) | Err(NoAccount::Unknown) => Ok(false),
    }
}

/// Tells the device. False if no device waits for the decision any more.
pub(super) async fn tell(
    server: &Server<'_>,
    user_code: &UserCode,
    decision: Decision,
) -> Result<bool, Failure> {
    let address = Address::Name(ObjectName::user_code(user_code.as_str()));
    Ok(server.ask(&address, Decide(Box::new(decision))).await?.is_ok())
}
