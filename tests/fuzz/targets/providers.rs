//! What other providers answer, and the setting that names them.

use std::collections::BTreeSet;

use serde_json::Value;
use vestibule::domain::http::HttpResponse;
use vestibule::protocol::foreign_json::ForeignObject;
use vestibule::protocol::provider_metadata::ProviderMetadata;
use vestibule::protocol::{email, outbound, text};
use vestibule::upstream::endpoints::{AuthMethod, Endpoints};
use vestibule::upstream::provider::{self, Provider};
use vestibule::upstream::{profile as upstream_profile, token};

use super::utf8;

const ISSUER: &str = "https://login.example.test";

/// Metadata is of the issuer that was asked for (OpenID Connect Discovery §4.3), its addresses are those of the web,
/// and written again it is read as the same.
pub fn provider_metadata(input: &[u8]) {
    let Some(json) = utf8(input) else { return };
    let Ok(read) = ProviderMetadata::parse(json, ISSUER) else { return };
    assert_eq!(read.issuer, ISSUER);
    let ProviderMetadata {
        authorization_endpoint,
        token_endpoint,
        jwks_uri,
        userinfo_endpoint,
        revocation_endpoint,
        end_session_endpoint,
        ..
    } = &read;
    let optional = [jwks_uri, userinfo_endpoint, revocation_endpoint, end_session_endpoint];
    let needed = [authorization_endpoint, token_endpoint];
    for address in needed.into_iter().chain(optional.into_iter().flatten()) {
        let url = url::Url::parse(address).expect("an address is a URL");
        assert!(matches!(url.scheme(), "https" | "http"), "{address}");
    }
    let written = serde_json::json!({
        "issuer": read.issuer,
        "authorization_endpoint": authorization_endpoint,
        "token_endpoint": token_endpoint,
        "jwks_uri": jwks_uri,
        "userinfo_endpoint": userinfo_endpoint,
        "revocation_endpoint": revocation_endpoint,
        "end_session_endpoint": end_session_endpoint,
        "token_endpoint_auth_signing_alg_values_supported":
            read.token_endpoint_auth_signing_alg_values_supported,
        "prompt_values_supported": read.prompt_values_supported,
        "authorization_response_iss_parameter_supported":
            read.authorization_response_iss_parameter_supported,
    });
    let again = ProviderMetadata::parse(&written.to_string(), ISSUER).expect("it is read again");
    assert_eq!(again, ProviderMetadata { odd: Vec::new(), ..read });
}

/// A token response, in JSON or as a form, is used only if it has an access token of bounded length, a type that is
/// understood (RFC 6749 §7.1) and no error. The first byte of the input chooses status and form.
pub fn token_response(input: &[u8]) {
    let Some((choice, body)) = input.split_first() else { return };
    let body = String::from_utf8_lossy(body).into_owned();
    let is_form = choice & 1 == 1;
    let content_type =
        if is_form { "application/x-www-form-urlencoded" } else { "application/json" };
    let status = [200, 201, 400, 500][usize::from(choice >> 1) % 4];
    let answer = HttpResponse { status, content_type: content_type.into(), body };
    let Ok(tokens) = token::parse(&answer) else { return };
    assert!(matches!(status, 200 | 201), "{status} is no success");
    assert!(!tokens.access_token.is_empty() && tokens.access_token.len() <= 16 * 1024);
    assert!(tokens.refresh_token.as_ref().is_none_or(|t| !t.is_empty() && t.len() <= 16 * 1024));
    assert!(tokens.id_token.as_ref().is_none_or(|token| !token.is_empty()));
    if is_form {
        return;
    }
    let said = ForeignObject::parse(&answer.body).expect("an object").to_value();
    let access_token = said.get("access_token").and_then(Value::as_str);
    assert_eq!(access_token, Some(tokens.access_token.as_str()));
    let kind = said.get("token_type").filter(|kind| !kind.is_null());
    let is_bearer = |kind: &Value| {
        kind.as_str().is_some_and(|kind| kind.is_empty() || kind.eq_ignore_ascii_case("bearer"))
    };
    assert!(kind.is_none_or(is_bearer), "a type that is understood");
    let error = said.get("error").filter(|error| !error.is_null());
    assert!(error.is_none_or(|error| error == false || error == ""), "no error");
}

/// The providers of the setting, with a secret for each that needs one.
fn read(json: &str) -> Result<Vec<Provider>, provider::ProviderError> {
    let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
    let lookup = |name: &str| match name {
        "PROVIDERS" => Some(json.to_owned()),
        name if name.ends_with("_PRIVATE_KEY") => Some(pem.to_owned()),
        _ => Some("a secret".to_owned()),
    };
    provider::read(&lookup, false)
}

/// Each provider of an accepted setting has a name of its own, addresses that may be called, and domains that no
/// other provider has.
pub fn providers(input: &[u8]) {
    let Some(json) = utf8(input) else { return };
    let Ok(providers) = read(json) else { return };
    let mut ids = BTreeSet::new();
    let mut domains = BTreeSet::new();
    for provider in &providers {
        assert!(ids.insert(&provider.id), "{} is there once", provider.id);
        assert!(
            provider.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        );
        let addresses = match &provider.endpoints {
            Endpoints::Discovery(address) => vec![address],
            Endpoints::Configured(plain) => {
                vec![&plain.authorization_endpoint, &plain.token_endpoint, &plain.userinfo_endpoint]
            }
        };
        for address in addresses {
            assert!(outbound::check(address, false).is_ok(), "{address}");
        }
        for domain in &provider.domains {
            assert!(email::is_domain(domain), "{domain}");
            assert!(provider.has_domain(domain));
            assert!(domains.insert(domain), "{domain} is one provider's");
        }
        assert!(provider.claims.values().all(|path| path.starts_with('/')));
        assert!(
            provider.is_openid() || provider.auth_method != AuthMethod::PrivateKeyJwt || {
                matches!(provider.endpoints, Endpoints::Configured(_))
            }
        );
        assert!(!format!("{provider:?}").contains("a secret"), "a secret is never printed");
    }
}

/// Who a provider says a user is: there is a subject, every text may be shown, and an address counts as verified only
/// if it is one and lies in the company's domain.
pub fn profile(input: &[u8]) {
    let Some(json) = utf8(input) else { return };
    let Ok(source) = ForeignObject::parse(json) else { return };
    let setting = r#"[
        { "id": "open", "client_id": "c", "issuer": "https://open.example.com", "trust_email": true },
        { "id": "company", "client_id": "c", "issuer": "https://sso.example.com", "domains": ["example.com"] },
        { "id": "google", "client_id": "c", "preset": "google", "domains": ["example.org"], "membership": true },
        { "id": "github", "client_id": "c", "preset": "github" }
    ]"#;
    let sources = [source.to_value()];
    for provider in read(setting).expect("the setting") {
        upstream_profile::odd_claims(&provider, &sources);
        let Ok(identity) = upstream_profile::identity(&provider, &provider.issuer, &sources) else {
            continue;
        };
        assert!(!identity.subject.is_empty() && identity.subject.len() <= 300);
        assert_eq!(text::check(&identity.subject), Ok(()));
        let claims = &identity.claims;
        if let Some(address) = &identity.verified_email {
            assert!(email::is_address(address), "{address}");
            assert_eq!(Some(address), claims.email.as_ref(), "it is the address of the profile");
            let domain = email::domain(address).expect("an address has a domain").to_lowercase();
            assert!(provider.domains.is_empty() || provider.has_domain(&domain), "{address}");
            if provider.id == "google" {
                let hd = sources[0].get("hd").and_then(Value::as_str).unwrap_or_default();
                assert!(hd.eq_ignore_ascii_case("example.org"), "{hd} is the company's domain");
            }
        }
        assert_eq!(
            claims.email_verified,
            claims.email.as_ref().map(|_| { identity.verified_email.is_some() })
        );
        let shown =
            [&claims.name, &claims.given_name, &claims.nickname, &claims.email, &claims.picture];
        for shown in shown.into_iter().flatten().chain(&claims.groups).chain(&claims.roles) {
            assert_eq!(text::check(shown), Ok(()), "{shown:?}");
        }
        if provider.id == "open" {
            assert!(claims.groups.is_empty() && claims.roles.is_empty());
        }
    }
}
