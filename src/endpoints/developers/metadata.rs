//! Builds an app's metadata from its form.

use serde_json::json;

use crate::endpoints::register;
use crate::endpoints::server::Server;
use crate::pages::developers::AppKind;
use crate::protocol::client_metadata::{ClientMetadata, ClientMetadataError};
use crate::protocol::grant_type::{GrantType, TokenEndpointAuthMethod};
use crate::protocol::parameters::Parameters;
use crate::protocol::redirect_uri::RedirectUriError;
use crate::protocol::registration;

/// The metadata that a form describes (RFC 7591 §2), validated like any registration.
pub(super) fn metadata(
    server: &Server<'_>,
    form: &Parameters,
    kind: AppKind,
) -> Result<ClientMetadata, String> {
    let text = |name: &str| form.get(name).map(str::trim).filter(|text| !text.is_empty());
    // The page hides the field for a device, but keeps what was typed before the kind was chosen.
    let redirect_uris = text("redirect_uris").filter(|_| kind.is_redirected_to());
    let redirect_uris: Vec<&str> = redirect_uris.unwrap_or_default().split_whitespace().collect();
    let grant_type = match kind {
        AppKind::Server | AppKind::Local => GrantType::AuthorizationCode,
        AppKind::Device => GrantType::DeviceCode,
    };
    let method = if kind.is_confidential() {
        TokenEndpointAuthMethod::ClientSecretBasic
    } else {
        TokenEndpointAuthMethod::None
    };
    let mut json = json!({
        "client_name": text("name").ok_or("Give the app a name.")?,
        "redirect_uris": redirect_uris,
        "grant_types": [grant_type.as_str(), GrantType::RefreshToken.as_str()],
        "token_endpoint_auth_method": method.as_str(),
    });
    for name in ["scope", "logo_uri", "policy_uri", "tos_uri"] {
        if let (Some(value), Some(members)) = (text(name), json.as_object_mut()) {
            members.insert(name.to_owned(), value.into());
        }
    }
    let metadata = registration::metadata(json.to_string().as_bytes());
    let metadata = metadata.map_err(|error| in_words(&error))?;
    register::check_name(server, &metadata, false).map_err(|error| in_words(&error))?;
    Ok(metadata)
}

/// The error in plain words, because the form's user doesn't know the metadata names.
fn in_words(error: &ClientMetadataError) -> String {
    match error {
        ClientMetadataError::BrandName => {
            "This name belongs to the service itself. Choose another one.".to_owned()
        }
        ClientMetadataError::Text("client_name", why) => {
            format!("Choose another name: {why}.")
        }
        ClientMetadataError::NoRedirectUri => "Enter at least one redirect URI.".to_owned(),
        ClientMetadataError::RedirectUri(error) => about_redirect_uri(*error).to_owned(),
        ClientMetadataError::Uri(member) => {
            format!("The {} must begin with https:// and name no user.", label_of(member))
        }
        ClientMetadataError::TooLong(member) => format!("Shorten the {}.", label_of(member)),
        other => other.to_string(),
    }
}

fn about_redirect_uri(error: RedirectUriError) -> &'static str {
    match error {
        RedirectUriError::Syntax => {
            "Enter the whole address of each redirect URI, such as https://app.example.com/callback."
        }
        RedirectUriError::Fragment => "A redirect URI can't have a # in it.",
        RedirectUriError::Credentials => "A redirect URI can't have a user name or password in it.",
        RedirectUriError::PlainHttp => {
            "Use https in redirect URIs. http works only for localhost, 127.0.0.1 and [::1]."
        }
        RedirectUriError::Scheme => "A redirect URI can't have this scheme. Use https.",
        RedirectUriError::PrivateUseScheme => {
            "Use a scheme with a period in redirect URIs, such as com.example.app:/callback."
        }
    }
}

/// What the form calls a member.
fn label_of(member: &str) -> &str {
    match member {
        "client_name" => "name",
        "redirect_uris" => "list of redirect URIs",
        "scope" => "list of scopes",
        "logo_uri" => "logo URL",
        "policy_uri" => "privacy policy URL",
        "tos_uri" => "terms of service URL",
        other => other,
    }
}
