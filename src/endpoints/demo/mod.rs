//! The demo pages, in local development alone: an app that signs a person in, a television, and a
//! machine. They call the very endpoints that any client calls, in process, since a worker cannot
//! fetch itself.

mod social;

use std::cell::Cell;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::account::NewAccount;
use crate::domain::client::Client;
use crate::domain::distance::Location;
use crate::domain::identifier;
use crate::domain::machine::Class;
use crate::domain::password::NewPassword;
use crate::domain::secret::SecretHash;
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::form::{self, FormPage};
use crate::endpoints::http::{Caller, Method, Request, Response};
use crate::endpoints::server::Server;
use crate::endpoints::{new_account, routes};
use crate::pages::demo::{Home, Machine, Television, Tokens};
use crate::protocol::claims::{Address, StandardClaims};
use crate::protocol::parameters;
use crate::protocol::registration;

/// The demo person.
pub const EMAIL: &str = "demo@example.com";
/// The demo person's password.
pub const PASSWORD: &str = "vestibule-demo";
/// The secret of the demo machine.
pub const MACHINE_SECRET: &str = "vestibule-demo-machine-secret";
const COOKIE: &str = "__Host-demo";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The methods of a demo page.
pub fn methods(path: &str) -> Option<&'static str> {
    match path {
        "/demo" | "/demo/app/start" | "/demo/todo/start" | "/demo/app/callback" | "/demo/tv"
        | "/demo/tv/wait" => Some("GET, HEAD"),
        "/demo/social/start"
        | "/demo/social/callback"
        | "/demo/social/connected"
        | "/demo/company/start" => Some("GET, HEAD"),
        "/demo/machine" => Some("GET, HEAD, POST"),
        _ => None,
    }
}

/// Answers a demo page.
pub(super) async fn dispatch(
    server: &Server<'_>,
    request: &Request<'_>,
) -> Result<Response, Failure> {
    match request.path.as_str() {
        "/demo/app/start" => Ok(start(server, "demo-app", "")),
        "/demo/todo/start" => Ok(start(server, "demo-todo", "&prompt=create")),
        // Whoever works there: the company is found by the address.
        "/demo/company/start" => Ok(start(server, "demo-todo", "&login_hint=dana%40acme.example")),
        "/demo/social/start" => Ok(social::start(server)),
        "/demo/social/callback" => social::callback(server, request).await,
        "/demo/social/connected" => social::connected(server, request).await,
        "/demo/app/callback" => callback(server, request).await,
        "/demo/tv" => television(server, request).await,
        "/demo/tv/wait" => wait(server, request).await,
        "/demo/machine" if request.method == Method::Post => machine_call(server, request).await,
        "/demo/machine" => Ok(machine(server, request, &[], None)),
        _ => {
            seed(server, request).await?;
            let has = |id: &str| server.settings.providers.iter().any(|p| p.id == id);
            let page = Home {
                email: EMAIL,
                password: PASSWORD,
                social: has(social::PROVIDER),
                company: has("acme"),
            };
            Ok(browser::html(server, 200, &page))
        }
    }
}

/// Writes the demo clients and the demo person, unless they are there.
async fn seed(server: &Server<'_>, request: &Request<'_>) -> Result<(), Failure> {
    let callback = server.url("/demo/app/callback");
    let demo = server.url("/demo");
    let code = r#""redirect_uris":["{callback}"],"post_logout_redirect_uris":["{demo}"],
        "token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"]"#
        .replace("{callback}", &callback)
        .replace("{demo}", &demo);
    let clients = [
        ("demo-app", None, format!(r#"{{"client_name":"Photo Printer",{code}}}"#)),
        ("demo-todo", None, format!(r#"{{"client_name":"ToDo","first_party":true,{code}}}"#)),
        (social::CLIENT, None, social::metadata(server)),
        (
            "demo-tv",
            None,
            format!(
                r#"{{"client_name":"Living Room TV","token_endpoint_auth_method":"none",
                "grant_types":["{DEVICE_GRANT}","refresh_token"],"response_types":[]}}"#
            ),
        ),
        (
            "demo-machine",
            Some(MACHINE_SECRET),
            r#"{"client_name":"ToDo Microservice","grant_types":["client_credentials"],
            "scope":"social.post social.read"}"#
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
    let password = NewPassword::parse(PASSWORD, EMAIL)
        .map_err(|error| Failure::internal(error.to_string()))?;
    let new = NewAccount {
        account: server.ports.objects.new_id(Class::Account)?.to_string(),
        address: Some((EMAIL.to_owned(), identifier::of_email(EMAIL))),
        claims: demo_claims(server),
        password: Some(password.into()),
        identity: None,
    };
    // Where the account is there, nothing happens.
    new_account::create(server, browser::new_session(server, request), new).await?;
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

/// The app begins: the verifier stays in a cookie of its own, the challenge travels.
fn start(server: &Server<'_>, client_id: &str, more: &str) -> Response {
    let scope = "openid profile email offline_access";
    begin(server, client_id, ("/demo/app/callback", scope), more)
}

fn begin(
    server: &Server<'_>,
    client_id: &str,
    (callback, scope): (&str, &str),
    more: &str,
) -> Response {
    let verifier = Base64UrlUnpadded::encode_string(&server.random::<32>());
    let state = Base64UrlUnpadded::encode_string(&server.random::<16>());
    let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(verifier.as_bytes()));
    let query = parameters::encode([
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", &server.url(callback)),
        ("scope", scope),
        ("state", &state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    Response::see_other(&format!("{}?{query}{more}", server.url("/authorize"))).with_cookie(
        COOKIE,
        &format!("{client_id}.{verifier}.{state}"),
        600,
    )
}

async fn callback(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    match redeem(server, request, "/demo/app/callback").await? {
        Ok((client_id, tokens)) => Ok(tokens_page(server, request, &client_id, &tokens).await),
        Err(response) => Ok(response),
    }
}

/// The client and its tokens; or what the person sees instead.
async fn redeem(
    server: &Server<'_>,
    request: &Request<'_>,
    callback: &str,
) -> Result<Result<(String, Value), Response>, Failure> {
    let query = request.query()?;
    let cookie = request.cookie(COOKIE).unwrap_or_default();
    let mut parts = cookie.split('.');
    let (Some(client_id), Some(verifier), Some(state)) = (parts.next(), parts.next(), parts.next())
    else {
        return Ok(Err(Response::see_other(&server.url("/demo"))));
    };
    if query.get("state") != Some(state) || query.get("iss") != Some(&server.issuer) {
        let message = "The answer does not belong to this browser's request. Begin again.";
        return Err(Failure::page(400, "The demo app refused the answer", message));
    }
    if let Some(error) = query.get("error") {
        let page = Tokens { client: client_id, error: Some(error), claims: &[], lines: &[] };
        return Ok(Err(browser::html(server, 200, &page)));
    }
    let tokens = call(
        server,
        "/token",
        &[
            ("grant_type", "authorization_code"),
            ("code", query.get("code").unwrap_or_default()),
            ("redirect_uri", &server.url(callback)),
            ("client_id", client_id),
            ("code_verifier", verifier),
        ],
        caller(request, None),
    )
    .await;
    Ok(Ok((client_id.to_owned(), tokens)))
}

/// Shows what a client got, and what userinfo says with it.
async fn tokens_page(
    server: &Server<'_>,
    request: &Request<'_>,
    client: &str,
    tokens: &Value,
) -> Response {
    let access_token = tokens.get("access_token").and_then(Value::as_str).unwrap_or_default();
    let fields = [("access_token", access_token)];
    let userinfo = call(server, "/userinfo", &fields, caller(request, None)).await;
    let claims = pairs(&userinfo);
    let lines = pairs(tokens);
    let error = tokens.get("error").and_then(Value::as_str);
    browser::html(server, 200, &Tokens { client, error, claims: &claims, lines: &lines })
}

fn pairs(object: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.clone(), text(value))).collect()
}

/// The television asks for a code and shows it.
async fn television(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let fields = [("client_id", "demo-tv"), ("scope", "openid profile offline_access")];
    let answer = call(server, "/device_authorization", &fields, caller(request, None)).await;
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
    let page = Television {
        user_code: text("user_code"),
        verification_uri: text("verification_uri"),
        verification_uri_complete: text("verification_uri_complete"),
        qr: text("verification_qr_uri"),
    };
    let wait = format!("1; url={}", server.url("/demo/tv/wait"));
    Ok(browser::html(server, 200, &page).with("refresh", wait).with_cookie(
        COOKIE,
        text("device_code"),
        900,
    ))
}

/// The television waits. The browser shows the code until this answers, which is when the person
/// has decided, or after a while: no script is needed.
async fn wait(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let device_code = request.cookie(COOKIE).unwrap_or_default();
    let fields = [
        ("grant_type", DEVICE_GRANT),
        ("client_id", "demo-tv"),
        ("device_code", device_code.as_str()),
    ];
    let tokens =
        call(server, "/token", &fields, caller(request, Some(("prefer", "wait=30")))).await;
    match tokens.get("error").and_then(Value::as_str) {
        // The browser goes on showing the code; it follows twenty of these, which is ten minutes.
        Some("authorization_pending") => Ok(Response::see_other(&server.url("/demo/tv/wait"))),
        _ => Ok(tokens_page(server, request, "demo-tv", &tokens).await),
    }
}

fn machine(
    server: &Server<'_>,
    request: &Request<'_>,
    lines: &[(String, String)],
    notice: Option<&'static str>,
) -> Response {
    let form = FormPage::of_browser(server, request).with_notice(notice);
    form.render(form.status(), &Machine { csrf: &form.csrf, secret: MACHINE_SECRET, lines })
}

/// The machine gets a token, and the other machine asks what it is worth.
async fn machine_call(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    if let Err(outdated) = form::of_browser(server, request)? {
        return Ok(machine(server, request, &[], Some(outdated.notice)));
    }
    let credentials =
        base64ct::Base64::encode_string(format!("demo-machine:{MACHINE_SECRET}").as_bytes());
    let header = format!("Basic {credentials}");
    let basic = Some(("authorization", header.as_str()));
    let fields = [("grant_type", "client_credentials"), ("scope", "social.post")];
    let tokens = call(server, "/token", &fields, caller(request, basic)).await;
    let access_token = tokens.get("access_token").and_then(Value::as_str).unwrap_or_default();
    let fields = [("token", access_token)];
    let told = call(server, "/introspect", &fields, caller(request, basic)).await;
    let mut lines = pairs(&tokens);
    lines.extend(
        pairs(&told).into_iter().map(|(name, value)| (format!("introspected {name}"), value)),
    );
    Ok(machine(server, request, &lines, None))
}

/// The demo's own clients, as callers: where the person's browser is.
struct DemoCaller<'a> {
    header: Option<(&'a str, &'a str)>,
    location: Location,
}

impl Caller for DemoCaller<'_> {
    fn header(&self, name: &str) -> Option<String> {
        match (name, self.header) {
            ("content-type", _) => Some("application/x-www-form-urlencoded".to_owned()),
            (name, Some((held, value))) if held == name => Some(value.to_owned()),
            _ => None,
        }
    }

    fn location(&self) -> Location {
        self.location.clone()
    }

    fn request_id(&self) -> String {
        "demo".to_owned()
    }
}

/// Calls an endpoint as any client would, and reads the JSON that it answers.
async fn call(
    server: &Server<'_>,
    path: &str,
    fields: &[(&str, &str)],
    caller: DemoCaller<'_>,
) -> Value {
    send(server, (Method::Post, path), parameters::encode(fields.iter().copied()), caller).await
}

async fn send(
    server: &Server<'_>,
    (method, path): (Method, &str),
    body: String,
    caller: DemoCaller<'_>,
) -> Value {
    let request = Request {
        method,
        origin: server.issuer.clone(),
        path: path.to_owned(),
        query: Cell::default(),
        body: Cell::new(body.into()),
        caller: &caller,
    };
    let response = Box::pin(routes::handle(server, &request)).await;
    serde_json::from_str(&response.body).unwrap_or_default()
}

fn caller<'a>(request: &Request<'_>, header: Option<(&'a str, &'a str)>) -> DemoCaller<'a> {
    DemoCaller { header, location: request.location() }
}
