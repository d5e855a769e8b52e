//! What the demo's clients share: they send requests in process and show the responses.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;

use serde_json::Value;

use crate::domain::distance::Location;
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Caller, Method, Request, Response};
use crate::endpoints::server::Server;
use crate::endpoints::{connections, device_authorization, introspect, token, userinfo};
use crate::pages::demo::Tokens;
use crate::protocol::parameters;

/// The cookie in which a demo client keeps its state.
pub(super) const COOKIE: &str = "__Host-demo";

/// An endpoint for clients, boxed.
pub(super) type Endpoint = for<'a> fn(&'a Server<'_>, &'a Request<'_>) -> Answer<'a>;
type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response, Failure>> + 'a>>;

pub(super) const TOKEN: Endpoint = |server, request| Box::pin(token::token(server, request));
pub(super) const DEVICE_AUTHORIZATION: Endpoint =
    |server, request| Box::pin(device_authorization::device_authorization(server, request));
pub(super) const INTROSPECTION: Endpoint =
    |server, request| Box::pin(introspect::introspect(server, request));
pub(super) const CONNECTION_TOKEN: Endpoint =
    |server, request| Box::pin(connections::token::token(server, request));
const USERINFO: Endpoint = |server, request| Box::pin(userinfo::userinfo(server, request));

/// A demo client as the caller. Its location is that of the user's browser.
pub(super) struct DemoCaller<'a> {
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

/// A demo client that sends this header.
pub(super) fn caller<'a>(
    request: &Request<'_>,
    header: Option<(&'a str, &'a str)>,
) -> DemoCaller<'a> {
    DemoCaller { header, location: request.location() }
}

/// Sends a form to an endpoint, and parses the JSON response.
pub(super) async fn post(
    server: &Server<'_>,
    endpoint: Endpoint,
    fields: &[(&str, &str)],
    caller: DemoCaller<'_>,
) -> Value {
    let body = parameters::encode(fields.iter().copied());
    send(server, endpoint, (Method::Post, "", body), caller).await
}

/// Sends a request to an endpoint whose path has a parameter, and parses the JSON response.
pub(super) async fn get(
    server: &Server<'_>,
    endpoint: Endpoint,
    path: &str,
    caller: DemoCaller<'_>,
) -> Value {
    send(server, endpoint, (Method::Get, path, String::new()), caller).await
}

async fn send(
    server: &Server<'_>,
    endpoint: Endpoint,
    (method, path, body): (Method, &str, String),
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
    let response = endpoint(server, &request).await.unwrap_or_else(|failure| {
        if let Some(cause) = failure.logged() {
            server.ports.log.error(&format!("a request of the demo failed: {cause}"));
        }
        failure.to_response()
    });
    serde_json::from_str(&response.body).unwrap_or_default()
}

/// Shows what a client got, and the userinfo response for it.
pub(super) async fn tokens_page(
    server: &Server<'_>,
    request: &Request<'_>,
    client: &str,
    tokens: &Value,
) -> Response {
    let access_token = tokens.get("access_token").and_then(Value::as_str).unwrap_or_default();
    let fields = [("access_token", access_token)];
    let userinfo = post(server, USERINFO, &fields, caller(request, None)).await;
    let claims = pairs(&userinfo);
    let lines = pairs(tokens);
    let error = tokens.get("error").and_then(Value::as_str);
    browser::html(server, 200, &Tokens { client, error, claims: &claims, lines: &lines })
}

/// The members of a JSON object, as text.
pub(super) fn pairs(object: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.clone(), text(value))).collect()
}
