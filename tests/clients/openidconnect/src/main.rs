//! The crate openidconnect, unmodified. The test plays the person: see tests/support/conversation.mjs.

use std::error::Error;
use std::io::Read;

use openidconnect::core::{
    CoreDeviceAuthorizationResponse, CoreGenderClaim, CoreProviderMetadata, CoreResponseType,
};
use openidconnect::{
    AccessTokenHash, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    DeviceAuthorizationUrl, EmptyAdditionalClaims, EndSessionUrl, HttpRequest, HttpResponse,
    IntrospectionUrl, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PostLogoutRedirectUrl, RedirectUrl, RevocationUrl, Scope, TokenIntrospectionResponse,
    TokenResponse, UserInfoClaims, core::CoreClient,
};

/// The transport: the crate leaves it to its user.
fn http(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let (parts, body) = request.into_parts();
    // The crate revokes at https addresses alone, and the server of the test has no certificate.
    let uri = parts.uri.to_string().replace("https://localhost", "http://localhost");
    let mut outgoing = ureq::request(parts.method.as_str(), &uri);
    for (name, value) in &parts.headers {
        outgoing = outgoing.set(name.as_str(), value.to_str().unwrap_or_default());
    }
    let answer = match outgoing.send_bytes(&body) {
        Ok(answer) | Err(ureq::Error::Status(_, answer)) => answer,
        Err(error) => return Err(error),
    };
    let mut response = openidconnect::http::Response::builder().status(answer.status());
    if let Some(media_type) = answer.header("content-type") {
        response = response.header("content-type", media_type);
    }
    let mut body = Vec::new();
    answer.into_reader().read_to_end(&mut body)?;
    Ok(response.body(body).expect("a response"))
}

fn person(word: &str, value: &str) -> Result<String, std::io::Error> {
    println!("{word} {value}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn main() -> Result<(), Box<dyn Error>> {
    let issuer = IssuerUrl::new(env("ISSUER"))?;
    let metadata = CoreProviderMetadata::discover(&issuer, &http)?;
    let at = |path: &str| format!("{}{path}", env("ISSUER"));
    let client = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new(env("CLIENT_ID")),
        Some(ClientSecret::new(env("CLIENT_SECRET"))),
    )
    .set_redirect_uri(RedirectUrl::new("https://app.example.test/callback".into())?)
    .set_device_authorization_url(DeviceAuthorizationUrl::new(at("/device_authorization"))?)
    .set_introspection_url(IntrospectionUrl::new(at("/introspect"))?)
    .set_revocation_url(RevocationUrl::new(at("/revoke").replace("http:", "https:"))?);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
    let (url, state, nonce) = client
        .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("email".into()))
        .add_scope(Scope::new("offline_access".into()))
        .set_pkce_challenge(challenge)
        .url();
    let back = openidconnect::url::Url::parse(&person("OPEN", url.as_str())?)?;
    let answer = |name: &str| {
        back.query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    assert_eq!(answer("state"), *state.secret());

    let tokens = client
        .exchange_code(AuthorizationCode::new(answer("code")))?
        .set_pkce_verifier(verifier)
        .request(&http)?;
    let id_token = tokens.id_token().ok_or("no ID token")?;
    let id_token_verifier = client.id_token_verifier();
    let claims = id_token.claims(&id_token_verifier, &nonce)?;
    let expected = claims.access_token_hash().ok_or("no at_hash")?;
    let actual = AccessTokenHash::from_token(
        tokens.access_token(),
        id_token.signing_alg()?,
        id_token.signing_key(&id_token_verifier)?,
    )?;
    assert_eq!(actual, *expected);

    let me: UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim> = client
        .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))?
        .request(&http)?;
    assert!(me.email().is_some());

    let refresh_token = tokens.refresh_token().ok_or("no refresh token")?;
    let refreshed = client.exchange_refresh_token(refresh_token)?.request(&http)?;
    assert!(client.introspect(refreshed.access_token()).request(&http)?.active());

    let machine = client
        .exchange_client_credentials()?
        .add_scope(Scope::new("jobs".into()))
        .request(&http)?;
    assert!(machine.refresh_token().is_none());

    let device: CoreDeviceAuthorizationResponse = client.exchange_device_code().request(&http)?;
    assert_eq!(person("DEVICE", device.user_code().secret())?, "DONE");
    let television =
        client.exchange_device_access_token(&device)?.request(&http, std::thread::sleep, None)?;
    assert!(television.id_token().is_some());

    let newest = refreshed.refresh_token().unwrap_or(refresh_token).clone();
    client.revoke_token(newest.clone().into())?.request(&http)?;
    let refused = client.exchange_refresh_token(&newest)?.request(&http).unwrap_err();
    assert!(format!("{refused:?}").contains("invalid_grant"), "{refused:?}");
    let out = LogoutRequest::from(EndSessionUrl::new(at("/end_session"))?)
        .set_id_token_hint(id_token)
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(
            "https://app.example.test/bye".into(),
        )?)
        .http_get_url();
    assert_eq!(person("OPEN", out.as_str())?, "https://app.example.test/bye");
    Ok(())
}
