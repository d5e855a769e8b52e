//! Parses and validates the authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1).

use super::response::AuthorizationResponse;
use crate::domain::client::Client;
use crate::endpoints::client_policy::{allowed_scope, is_excused_from_pkce};
use crate::endpoints::failure::Failure;
use crate::endpoints::interaction::AuthorizationRequest;
use crate::endpoints::requested_scope;
use crate::endpoints::server::Server;
use crate::endpoints::verify::{self, Hint};
use crate::protocol::claims::ClaimsRequest;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::grant_type::GrantType;
use crate::protocol::parameters::Parameters;
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::prompt::Prompt;
use crate::protocol::redirect_uri;
use crate::protocol::resource;
use crate::protocol::response_mode::ResponseMode;
use crate::protocol::scope::{self, Scope};
use crate::protocol::text;

/// The longest `state` and `nonce` that are accepted, in bytes: both are carried in URLs.
const MAX_OPAQUE: usize = 2000;

/// The largest request, in bytes of JSON: sealed, it must fit a URL of 16 KiB.
const MAX_CARRIED: usize = 10_000;

impl AuthorizationRequest {
    /// The request as the client could send it now; `None` if it may no longer send it. While the request waited, its
    /// client or the settings may have changed. Scopes and claims that the client may no longer have are left out, as
    /// in a new request.
    pub fn renewed(mut self, server: &Server<'_>, client: &Client) -> Option<Self> {
        let metadata = &client.metadata;
        let is_registered = |uri: &String| redirect_uri::matches(uri, &self.redirect_uri);
        let resources = self.resources.iter().map(String::as_str);
        let is_allowed = client.may_use(GrantType::AuthorizationCode)
            && metadata.redirect_uris.iter().any(is_registered)
            && resource::parse(resources, &server.settings.resources).is_ok()
            && (self.code_challenge.is_some() || is_excused_from_pkce(server, client));
        let scope = allowed_scope(client, &self.scope);
        if !is_allowed || (scope.is_empty() && !self.scope.is_empty()) {
            return None;
        }
        self.scope = scope;
        self.claims = self.claims.within(&metadata.scope);
        self.max_age = self.max_age.or(metadata.default_max_age);
        Some(self)
    }

    /// The channel to the client.
    pub fn response(&self) -> AuthorizationResponse {
        AuthorizationResponse {
            redirect_uri: self.redirect_uri.clone(),
            response_mode: self.response_mode,
            state: self.state.clone(),
        }
    }
}

/// A refused request whose client is known: the error, and where to send it.
pub struct AuthorizationError {
    /// Whether the error may be sent by redirect although nobody is signed in: the client is verified, or
    /// the request has `prompt=none` (OpenID Connect Core §3.1.2.6).
    pub redirects: bool,
    /// The client that sent the request.
    pub client: Client,
    /// Where to send the error.
    pub to: AuthorizationResponse,
    /// The error.
    pub error: OAuthError,
}

/// Never redirect to an unknown client or URI (RFC 9700 §4.11).
pub fn unknown_client() -> Failure {
    Failure::page(
        400,
        "This app isn't registered here",
        "Go back to the app and try again. If this page appears again, tell the app's developer \
         that its client_id isn't registered.",
    )
}

/// The client or the settings no longer allow a request that waited. Nothing is sent to the client, because its
/// redirect URI may be what changed.
pub fn no_longer_allowed() -> Failure {
    Failure::page(
        400,
        "This sign-in can't continue",
        "The app's settings changed since you opened this page. Go back to the app and start again.",
    )
}

/// Parses a request.
///
/// # Errors
/// A page if the client or the redirect URI is unknown. The inner [`AuthorizationError`] is for errors that go to the client.
pub async fn parse(
    server: &Server<'_>,
    parameters: &Parameters,
) -> Result<Result<AuthorizationRequest, AuthorizationError>, Failure> {
    let client_id = match parameters.get("client_id") {
        Some(client_id) if !parameters.is_repeated("client_id") => client_id,
        _ => return Err(unknown_client()),
    };
    let Some(client) = server.client(client_id).await? else {
        return Err(unknown_client());
    };
    let (client, redirect_uri) = match redirect_uri(&client, parameters) {
        Ok(redirect_uri) => (client, redirect_uri),
        // The cached client may be older than the redirect URI.
        Err(refused) => match server.registered_client(client_id).await? {
            Some(fresh) => {
                let redirect_uri = redirect_uri(&fresh, parameters)?;
                (fresh, redirect_uri)
            }
            None => return Err(refused),
        },
    };
    let is_silent = parameters.get("prompt").is_some_and(|prompt| prompt.trim() == "none");
    let redirects = is_silent || !server.settings.is_unverified(&client);
    let response_mode = parameters.get("response_mode").map(ResponseMode::parse);
    let to = AuthorizationResponse {
        redirect_uri: redirect_uri.clone(),
        response_mode: response_mode.flatten().unwrap_or_default(),
        state: parameters.get("state").filter(|state| state.len() <= MAX_OPAQUE).map(String::from),
    };
    if response_mode == Some(None) {
        let error =
            OAuthError::invalid_request("response_mode must be query, fragment or form_post");
        return Ok(Err(AuthorizationError { redirects, client, to, error }));
    }
    match check(server, &client, parameters, &to).await {
        Ok(request) => Ok(Ok(request)),
        Err(Failure::Caller(error)) => Ok(Err(AuthorizationError { redirects, client, to, error })),
        Err(failure) => Err(failure),
    }
}

/// The redirect URI of the request, if it is registered. If the request has none, the client's only registered one; but
/// OpenID Connect requires the parameter (Core §3.1.2.1).
fn redirect_uri(client: &Client, parameters: &Parameters) -> Result<String, Failure> {
    let refused = |message: &str| Failure::page(400, "This sign-in can't continue", message);
    let registered = &client.metadata.redirect_uris;
    match parameters.get("redirect_uri") {
        Some(_) if parameters.is_repeated("redirect_uri") => {
            Err(refused("The app sent redirect_uri more than once."))
        }
        Some(sent) if registered.iter().any(|uri| redirect_uri::matches(uri, sent)) => {
            Ok(sent.to_owned())
        }
        Some(_) => Err(refused(
            "The app's redirect_uri isn't registered, so you may have followed a forged link. Go \
             back to the app and try again.",
        )),
        None => {
            let is_openid = Scope::parse(parameters.get("scope").unwrap_or_default())
                .is_ok_and(|scope| scope.contains(scope::OPENID));
            match registered.as_slice() {
                [only] if !is_openid => Ok(only.clone()),
                _ => Err(refused("The app's request has no redirect_uri.")),
            }
        }
    }
}

async fn check(
    server: &Server<'_>,
    client: &Client,
    parameters: &Parameters,
    to: &AuthorizationResponse,
) -> Result<AuthorizationRequest, Failure> {
    let invalid = |text: &str| Failure::from(OAuthError::invalid_request(text.to_owned()));
    parameters.once_each().map_err(|error| invalid(&error.to_string()))?;
    refuse_what_is_not_supported(client, parameters)?;
    let opaque = |name: &str| match parameters.get(name) {
        Some(value) if value.len() > MAX_OPAQUE => {
            Err(invalid(&format!("{name} is longer than 2000 bytes")))
        }
        value => Ok(value.map(String::from)),
    };
    let state = opaque("state")?;
    let nonce = opaque("nonce")?;
    let prompt = parameters.get("prompt").map(Prompt::parse).transpose();
    let prompt = prompt.map_err(|error| invalid(&error.to_string()))?.unwrap_or_default();
    let max_age = match parameters.get("max_age").map(str::parse::<u32>) {
        Some(Ok(seconds)) => Some(seconds),
        Some(Err(_)) => return Err(invalid("max_age must be a whole number of seconds")),
        None => client.metadata.default_max_age,
    };
    let claims = parameters.get("claims").map(ClaimsRequest::read).transpose();
    let (claims, odd) = claims.map_err(|error| invalid(&error.to_string()))?.unwrap_or_default();
    if !odd.is_empty() {
        let (id, names) = (&client.client_id, odd.join(", "));
        let log = server.ports.log;
        log.error(&format!("the client {id}: ignored claims in an unknown form: {names}"));
    }
    let claims = claims.within(&client.metadata.scope);
    if !claims.acr_can_be_met() {
        let description = "this server supports none of the essential acr values";
        return Err(OAuthError::new(ErrorCode::UnmetAuthenticationRequirements, description).into());
    }
    let sub = match parameters.get("id_token_hint") {
        None => claims.sub.clone(),
        Some(hint) => match verify::id_token_hint(server, hint).await? {
            Hint::Known(hint) if claims.sub.as_ref().is_none_or(|sub| *sub == hint.sub) => {
                Some(hint.sub)
            }
            Hint::Known(_) => return Err(invalid("id_token_hint and claims name different users")),
            Hint::OfDeletedClient => {
                return Err(invalid("id_token_hint was issued to a client that was deleted"));
            }
            Hint::Unknown => {
                return Err(invalid("id_token_hint is not an ID token of this server"));
            }
        },
    };
    let short = |name| parameters.get(name).filter(|value| value.len() <= 254).map(String::from);
    let requested = requested_scope::read(server, client, parameters.get("scope"))?;
    let request = AuthorizationRequest {
        client_id: client.client_id.clone(),
        redirect_uri: to.redirect_uri.clone(),
        response_mode: to.response_mode,
        state,
        left_out: requested.shown_as_left_out(server),
        scope: requested.allowed,
        resources: resource::parse(parameters.all("resource"), &server.settings.resources)?,
        nonce,
        code_challenge: code_challenge(server, client, parameters)?,
        prompt,
        max_age,
        // The sign-in page displays it in the address field.
        login_hint: short("login_hint").filter(|hint| text::check(hint).is_ok()),
        ui_locales: short("ui_locales"),
        acr_values: short("acr_values"),
        claims,
        sub,
        started_at: server.now(),
        account_selected: false,
    };
    let carried = serde_json::to_vec(&request).map_or(usize::MAX, |json| json.len());
    if carried > MAX_CARRIED {
        return Err(invalid("the parameters are too long to be kept during a sign-in"));
    }
    Ok(request)
}

fn refuse_what_is_not_supported(client: &Client, parameters: &Parameters) -> Result<(), Failure> {
    let refuse = |code, description| Err(OAuthError::new(code, description).into());
    if parameters.get("request").is_some() {
        return refuse(ErrorCode::RequestNotSupported, "request objects are not supported");
    }
    if parameters.get("request_uri").is_some() {
        return refuse(ErrorCode::RequestUriNotSupported, "request_uri is not supported");
    }
    if parameters.get("registration").is_some() {
        return refuse(
            ErrorCode::RegistrationNotSupported,
            "register at the registration endpoint",
        );
    }
    match parameters.get("response_type") {
        None => return Err(OAuthError::invalid_request("response_type is missing").into()),
        Some("code") => {}
        Some(_) => {
            return refuse(ErrorCode::UnsupportedResponseType, "response_type must be code");
        }
    }
    if !client.may_use(GrantType::AuthorizationCode) {
        let description = "this client is not registered for the authorization_code grant";
        return refuse(ErrorCode::UnauthorizedClient, description);
    }
    Ok(())
}

fn code_challenge(
    server: &Server<'_>,
    client: &Client,
    parameters: &Parameters,
) -> Result<Option<CodeChallenge>, Failure> {
    if let Some(challenge) = parameters.get("code_challenge") {
        let method = parameters.get("code_challenge_method");
        return Ok(Some(CodeChallenge::parse(challenge, method)?));
    }
    if is_excused_from_pkce(server, client) {
        Ok(None)
    } else {
        let description = "code_challenge is missing: send one, with code_challenge_method=S256";
        Err(OAuthError::invalid_request(description).into())
    }
}
