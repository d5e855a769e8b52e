//! Dynamic client registration (RFC 7591) and its management (RFC 7592).

use serde::Serialize;
use subtle::ConstantTimeEq;

use super::failure::Failure;
use super::http::{Method, Request, Response};
use super::server::Server;
use super::settings::RegistrationPolicy;
use super::verify;
use crate::domain::client::{self, Client};
use crate::domain::machine::Address;
use crate::domain::registration::{Delete, Read, RegistrationError, Write};
use crate::domain::secret::SecretHash;
use crate::domain::verification::{self, VerifiedClient};
use crate::protocol::client_metadata::{ClientMetadata, ClientMetadataError, SigningAlgorithm};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::foreign_json::ForeignObject;
use crate::protocol::grant_type::GrantType;
use crate::protocol::registration;
use crate::protocol::scope::Scope;
use crate::tenant::{ObjectName, Tries};

/// The response (RFC 7591 §3.2.1, RFC 7592 §3).
#[derive(Serialize)]
struct ClientInformation<'a> {
    client_id: &'a str,
    client_id_issued_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// 0: the secret doesn't expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_access_token: Option<String>,
    registration_client_uri: String,
    /// The entry that the operator adds to `VERIFIED_CLIENTS` to verify the client in its current form; absent if it is
    /// verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified_clients_entry: Option<String>,
    #[serde(flatten)]
    metadata: &'a ClientMetadata,
}

/// Registers a client (RFC 7591 §3.1).
///
/// # Errors
/// `invalid_client_metadata`, `invalid_redirect_uri`; a bearer challenge if the initial access token is missing or
/// wrong.
pub async fn register(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let trusted = match &server.settings.registration {
        RegistrationPolicy::Off => return Err(switched_off()),
        RegistrationPolicy::Open => {
            let throttle = ObjectName::throttle(Tries::Registration(&server.network_of(request)));
            if !server.spend(&throttle, server.settings.limits.registration).await? {
                let error = "too many registrations from this network; try again later";
                return Err(OAuthError::new(ErrorCode::TemporarilyUnavailable, error).into());
            }
            server.settings.development
        }
        RegistrationPolicy::Token(expected) => {
            let shown = verify::bearer(request)?;
            let holds: bool = shown.as_bytes().ct_eq(expected.as_bytes()).into();
            if !holds {
                return Err(verify::inactive());
            }
            true
        }
    };
    let (metadata, left_out) = metadata(request, trusted)?;
    // The operator gave out the initial access token, so the client counts as verified.
    let verified = matches!(server.settings.registration, RegistrationPolicy::Token(_));
    check_name(server, &metadata, verified)?;
    let secret = (!metadata.is_public()).then(|| client::generated_secret(server.random()));
    let token = client::generated_registration_token(server.random());
    let client = Client {
        client_id: client::generated_id(server.random()),
        issued_at: server.now(),
        secret: secret.as_deref().map(SecretHash::of_text),
        registration_access_token: Some(SecretHash::of_text(&token)),
        older_secret: None,
        owner: None,
        verified,
        metadata,
    };
    write(server, &client).await?;
    log_left_out(server, &client, &left_out);
    Ok(Response::json(201, &information(server, &client, secret, Some(token))))
}

/// Reads, changes or deletes a registration (RFC 7592 §2) for the holder of its registration access token.
///
/// # Errors
/// A bearer challenge, with the same text for a client that doesn't exist.
pub async fn manage(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let client_id = request.path_parameter();
    let token = verify::bearer(request)?;
    let shown = SecretHash::of_text(&token);
    let address = Address::Name(ObjectName::client(client_id));
    if !client::is_generated_id(client_id) {
        return Err(verify::inactive());
    }
    // Read the client's own record: the registry may not show recent changes yet.
    let client = match server.ask(&address, Read).await? {
        Ok(client) => *client,
        Err(RegistrationError::NotRegistered) => return Err(verify::inactive()),
    };
    if !client.registration_access_token.is_some_and(|expected| expected.is(&shown)) {
        return Err(verify::inactive());
    }
    match request.method {
        Method::Put => replace(server, request, client, token).await,
        Method::Delete => {
            delete(server, client_id).await?;
            Ok(Response::empty(204).with("cache-control", "no-store"))
        }
        _ => Ok(Response::json(200, &information(server, &client, None, Some(token)))),
    }
}

/// Replaces the metadata. The client keeps its secret unless it becomes public (RFC 7592 §2.2).
async fn replace(
    server: &Server<'_>,
    request: &Request<'_>,
    client: Client,
    token: String,
) -> Result<Response, Failure> {
    let sent = request.with_text(ForeignObject::parse)?.map_err(|_| ClientMetadataError::Syntax)?;
    if sent.needed::<String>("client_id").as_ref() != Ok(&client.client_id) {
        let description = "client_id is required and must be the one in the URL";
        return Err(OAuthError::invalid_request(description).into());
    }
    // RFC 7592 §2.2: if the request contains a secret, it must be the one that was issued.
    let is_issued = |secret: String| secret.is_empty() || client.has_secret(&secret);
    let secret: Result<Option<String>, _> = sent.restriction("client_secret");
    if !secret.is_ok_and(|secret| secret.is_none_or(is_issued)) {
        let description = "client_secret is not the one that was issued; leave it out";
        return Err(OAuthError::invalid_request(description).into());
    }
    let held = &client.metadata;
    let trusted = held.first_party || held.grant_types.contains(&GrantType::ClientCredentials);
    let (metadata, left_out) = metadata(request, trusted)?;
    if metadata.first_party && !held.first_party {
        return Err(ClientMetadataError::FirstParty.into());
    }
    // The operator verified the client as it was: changing what users rely on makes it unverified.
    let verified =
        client.verified && verification::fingerprint(held) == verification::fingerprint(&metadata);
    check_name(server, &metadata, verified)?;
    let (secret, shown) = match (client.secret, metadata.is_public()) {
        (_, true) => (None, None),
        (Some(kept), false) => (Some(kept), None),
        (None, false) => {
            let new = client::generated_secret(server.random());
            (Some(SecretHash::of_text(&new)), Some(new))
        }
    };
    let client = Client { metadata, secret, verified, ..client };
    write(server, &client).await?;
    log_left_out(server, &client, &left_out);
    Ok(Response::json(200, &information(server, &client, shown, Some(token))))
}

/// Reads the metadata. Also returns the requested scopes that the client can't have.
fn metadata(request: &Request<'_>, trusted: bool) -> Result<(ClientMetadata, Scope), Failure> {
    if request.media_type().as_deref() != Some("application/json") {
        let error = "the Content-Type must be application/json";
        return Err(OAuthError::invalid_request(error).into());
    }
    let (metadata, left_out) = request.with_text(|text| registration::read(text.as_bytes()))??;
    if metadata.first_party && !trusted {
        return Err(ClientMetadataError::FirstParty.into());
    }
    // No user approves what such a client does, so an open registration can't create one.
    if metadata.grant_types.contains(&GrantType::ClientCredentials) && !trusted {
        return Err(ClientMetadataError::ClientCredentials.into());
    }
    Ok((metadata, left_out))
}

/// Logs the requested scopes that a client can't have. The client sees in `scope` of the response what it got.
fn log_left_out(server: &Server<'_>, client: &Client, left_out: &Scope) {
    if !left_out.is_empty() {
        let id = &client.client_id;
        let log = server.ports.log;
        log.error(&format!("the client {id} can't register the scope {left_out}"));
    }
}

/// Refuses the name of the service for an app that is neither first-party nor verified: users would think that the
/// service itself asks them.
pub(super) fn check_name(
    server: &Server<'_>,
    metadata: &ClientMetadata,
    verified: bool,
) -> Result<(), ClientMetadataError> {
    let name = metadata.client_name.as_deref().unwrap_or_default();
    if metadata.first_party || verified || !server.settings.brand.is_named(name) {
        Ok(())
    } else {
        Err(ClientMetadataError::BrandName)
    }
}

/// Writes the client's record, which is strongly consistent and publishes itself to the registry in KV.
pub(super) async fn write(server: &Server<'_>, client: &Client) -> Result<(), Failure> {
    let command = Write(Box::new(client.clone()));
    let address = Address::Name(ObjectName::client(&client.client_id));
    server.ask(&address, command).await?.map_err(|_| verify::inactive())?;
    written(server, client).await
}

/// Runs after a client's record was written.
pub(super) async fn written(server: &Server<'_>, client: &Client) -> Result<(), Failure> {
    server.ports.clients.forget(&client.client_id);
    if client.metadata.id_token_signed_response_alg == SigningAlgorithm::RS256 {
        // Make the first RSA key now, so that it is published before it is needed.
        server.ports.signer.keys(SigningAlgorithm::RS256).await?;
    }
    Ok(())
}

/// Deletes a client. Its record stays marked as deleted, and removes the client from the registry in KV.
pub(super) async fn delete(server: &Server<'_>, client_id: &str) -> Result<(), Failure> {
    let address = Address::Name(ObjectName::client(client_id));
    let deleted = server.ask(&address, Delete).await?;
    deleted.map_err(|_| verify::inactive())?;
    server.ports.clients.forget(client_id);
    Ok(())
}

fn information<'a>(
    server: &Server<'_>,
    client: &'a Client,
    secret: Option<String>,
    token: Option<String>,
) -> ClientInformation<'a> {
    ClientInformation {
        client_id: &client.client_id,
        client_id_issued_at: client.issued_at.seconds(),
        client_secret_expires_at: secret.as_ref().map(|_| 0),
        client_secret: secret,
        registration_access_token: token,
        registration_client_uri: server.url(&format!("/register/{}", client.client_id)),
        verified_clients_entry: server
            .settings
            .is_unverified(client)
            .then(|| VerifiedClient::of(client).to_string()),
        metadata: &client.metadata,
    }
}

fn switched_off() -> Failure {
    let error = "client registration is switched off; ask the operator of this server";
    OAuthError::new(ErrorCode::AccessDenied, error).into()
}
