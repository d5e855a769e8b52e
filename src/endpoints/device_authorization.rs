//! The device authorization endpoint (RFC 8628 §3.1 and §3.2).

use serde::Serialize;

use super::client_authentication::authenticate;
use super::failure::Failure;
use super::http::{Request, Response};
use super::requested_scope;
use super::server::Server;
use crate::domain::grant::device::DeviceGrant;
use crate::domain::grant::{Occupied, Request as DeviceRequest};
use crate::domain::machine::{Address, Class};
use crate::domain::secret::Secret;
use crate::domain::token::{Token, TokenKind};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::grant_type::GrantType;
use crate::protocol::resource;
use crate::protocol::scope::Scope;
use crate::protocol::user_code::UserCode;
use crate::tenant::{ObjectName, Tries};

/// How many user codes are tried before the request fails. A second try is hardly ever needed.
const TRIES: usize = 5;

/// The response (RFC 8628 §3.2).
#[derive(Serialize)]
struct DeviceAuthorization {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    /// `verification_uri_complete` as a QR code in SVG, for the device to show.
    verification_qr_uri: String,
    expires_in: u32,
    interval: u32,
    /// The scope that the user is asked to allow, if it isn't what was requested, as in a token response (RFC 6749
    /// §5.1). RFC 8628 doesn't define this member; devices ignore members that they don't know.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
}

/// Starts a device grant.
///
/// # Errors
/// `invalid_client`, `unauthorized_client`, `invalid_scope`, `invalid_target`.
pub async fn device_authorization(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<Response, Failure> {
    let form = request.take_form()?;
    let client = authenticate(server, request, &form).await?;
    if !client.may_use(GrantType::DeviceCode) {
        let description = "this client is not registered for the device_code grant";
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, description).into());
    }
    let requested = requested_scope::read(server, &client, form.get("scope"))?;
    let reduced_scope = (!requested.left_out.is_empty()).then(|| requested.allowed.clone());
    let resources = resource::parse(form.all("resource"), &server.settings.resources)?;
    let now = server.now();
    let lifetimes = server.settings.lifetimes;
    let secret = Secret::random(server.ports.entropy);
    let grant = DeviceGrant {
        device_code: secret.hash(),
        client_id: client.client_id,
        left_out: requested.shown_as_left_out(server),
        scope: requested.allowed,
        resources,
        location: request.location(),
        requested_at: now,
        expires_at: now.plus(lifetimes.device_code),
        interval: lifetimes.device_interval,
        polled_at: None,
    };
    let throttle = ObjectName::throttle(Tries::DeviceCode(&server.network_of(request)));
    if !server.spend(&throttle, server.settings.limits.device_code).await? {
        let description = "too many device codes for this network; try again later";
        return Err(OAuthError::new(ErrorCode::TemporarilyUnavailable, description).into());
    }
    let user_code = open(server, grant).await?;
    let object = server
        .ports
        .objects
        .id_of_name(Class::Grant, &ObjectName::user_code(user_code.as_str()))?;
    let verification_uri = server.url("/device");
    Ok(Response::json(
        200,
        &DeviceAuthorization {
            device_code: Token { object, number: 0, secret }.encode(TokenKind::DeviceCode),
            verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
            verification_qr_uri: server.url(&format!("/device/qr.svg?user_code={user_code}")),
            user_code: user_code.to_string(),
            verification_uri,
            expires_in: lifetimes.device_code.0,
            interval: lifetimes.device_interval.0,
            scope: reduced_scope,
        },
    ))
}

/// Stores the request under a user code that isn't in use.
async fn open(server: &Server<'_>, grant: DeviceGrant) -> Result<UserCode, Failure> {
    for _ in 0..TRIES {
        let Some(user_code) = UserCode::from_random(&server.random::<32>()) else {
            continue;
        };
        let address = Address::Name(ObjectName::user_code(user_code.as_str()));
        let request = DeviceRequest(Box::new(grant.clone()));
        match server.ask(&address, request).await? {
            Ok(()) => return Ok(user_code),
            Err(Occupied::Occupied) => {}
        }
    }
    Err(Failure::internal("no free user code was found"))
}
