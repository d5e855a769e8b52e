//! The demo's clients and its user.

use super::{machine, social, television};
use crate::domain::account::NewAccount;
use crate::domain::client::Client;
use crate::domain::machine::Class;
use crate::domain::password::NewPassword;
use crate::domain::secret::SecretHash;
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::Request;
use crate::endpoints::new_account;
use crate::endpoints::server::Server;
use crate::protocol::claims::{Address, StandardClaims};
use crate::protocol::registration;
use crate::tenant::ObjectName;

/// The demo user's email address.
pub const EMAIL: &str = "demo@example.com";
/// The demo user's password.
pub const PASSWORD: &str = "vestibule-demo";

/// Creates the demo clients and the demo user if they don't exist yet.
///
/// # Errors
/// Internal errors only.
pub(super) async fn seed(server: &Server<'_>, request: &Request<'_>) -> Result<(), Failure> {
    let callback = server.url("/demo/app/callback");
    let demo = server.url("/demo");
    let code = r#""redirect_uris":["{callback}"],"post_logout_redirect_uris":["{demo}"],
        "token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"]"#
        .replace("{callback}", &callback)
        .replace("{demo}", &demo);
    let clients = [
        (
            "demo-app",
            None,
            format!(
                r#"{{"client_name":"Photo Printer",
                "scope":"openid profile email offline_access photos.read",{code}}}"#
            ),
        ),
        (
            "demo-todo",
            None,
            format!(
                r#"{{"client_name":"ToDo","first_party":true,
            "scope":"openid profile email offline_access groups",{code}}}"#
            ),
        ),
        (social::CLIENT, None, social::metadata(server)),
        (
            "demo-tv",
            None,
            format!(
                r#"{{"client_name":"Living Room TV","token_endpoint_auth_method":"none",
                "grant_types":["{}","refresh_token"],"response_types":[]}}"#,
                television::GRANT
            ),
        ),
        (
            "demo-machine",
            Some(machine::SECRET),
            r#"{"client_name":"ToDo Microservice","grant_types":["client_credentials"],
            "scope":"social.post social.read photos.read"}"#
                .to_owned(),
        ),
    ];
    for (client_id, secret, metadata) in clients {
        let metadata = registration::metadata(metadata.as_bytes())?;
        if server.ports.clients.find(client_id).await?.is_some_and(|held| held.metadata == metadata)
        {
            continue;
        }
        let client = Client {
            client_id: client_id.to_owned(),
            issued_at: server.now(),
            secret: secret.map(SecretHash::of_text),
            registration_access_token: None,
            older_secret: None,
            owner: None,
            verified: true,
            metadata,
        };
        server.ports.clients.put(&client).await?;
    }
    let password = NewPassword::parse(PASSWORD, EMAIL).map_err(Failure::caused_by)?;
    let new = NewAccount {
        account: server.ports.objects.new_id(Class::Account)?.to_string(),
        address: Some((EMAIL.to_owned(), ObjectName::email(EMAIL))),
        claims: demo_claims(server),
        password: Some(password.into()),
        identity: None,
    };
    // If the account already exists, this does nothing.
    new_account::create(server, request, browser::new_session(server, request), new).await?;
    Ok(())
}

fn demo_claims(server: &Server<'_>) -> StandardClaims {
    let text = |value: &str| Some(value.to_owned());
    StandardClaims {
        name: text("Dana Lee Demo"),
        given_name: text("Dana"),
        family_name: text("Demo"),
        middle_name: text("Lee"),
        nickname: text("Dee"),
        preferred_username: text("dana"),
        profile: text("https://example.com/dana"),
        picture: text("https://example.com/dana/picture.png"),
        website: text("https://dana.example.com"),
        email: text(EMAIL),
        email_verified: Some(true),
        gender: text("female"),
        birthdate: text("1990-12-31"),
        zoneinfo: text("Europe/Lisbon"),
        locale: text("en-GB"),
        phone_number: text("+351 210 000 000"),
        phone_number_verified: Some(true),
        address: Some(Address {
            formatted: text("Rua do Exemplo 1\n1000-001 Lisboa\nPortugal"),
            street_address: text("Rua do Exemplo 1"),
            locality: text("Lisboa"),
            region: text("Lisboa"),
            postal_code: text("1000-001"),
            country: text("Portugal"),
        }),
        groups: vec!["staff".to_owned()],
        roles: vec!["editor".to_owned()],
        updated_at: Some(server.now().seconds()),
    }
}
