//! Answers requests.

use std::rc::Rc;

use vestibule::endpoints::http::Response;
use vestibule::endpoints::routes::{self, Routes};
use vestibule::endpoints::server::Server;
use vestibule::protocol::error::{ErrorCode, OAuthError};
use wasm_bindgen::JsError;
use worker::Env;

use super::module::Module;
use super::outside::Edge;
use super::platform::{self, Incoming};
use super::request::{self, Sender};
use super::settings::settings;
use super::tasks::Load;
use super::{memory, turns};

/// What [`answer`] returns for a request that the other module answers.
pub const ELSEWHERE: u32 = u32::MAX;

/// Answers a request with these routes. Returns the number of the task that waits, zero when the answer is given, or
/// [`ELSEWHERE`].
///
/// # Errors
/// Those of the runtime.
pub fn answer(
    routes: &'static Routes,
    incoming: Incoming,
    method: String,
    url: String,
    body: String,
    env: Env,
) -> Result<u32, JsError> {
    let settings = match settings(&env) {
        Ok(settings) => settings,
        Err(error) => {
            refuse_to_start(&error);
            return Ok(0);
        }
    };
    if Module::this() == Module::Main && routes::is_on_demand(request::path(&url)) {
        return Ok(ELSEWHERE);
    }
    // A request that comes now would find the memory that those who wait will give back in a moment.
    if memory::load() == Load::Full {
        write(&overloaded());
        return Ok(0);
    }
    turns::begin(async move {
        let edge = Edge::new(env, Rc::clone(&settings));
        let sender = Sender::new(incoming, &method);
        let request = request::read(&sender, &method, url, body);
        let issuer = settings.issuer.clone().unwrap_or_else(|| request.origin.clone());
        let server = Server { settings: &settings, ports: edge.ports(), issuer };
        let mut response = routes::handle(&server, &request, routes).await;
        if settings.development {
            response = response.with("server-timing", edge.counts());
        }
        write(&response);
        Ok(())
    })
}

/// Refuses a request for a moment.
fn overloaded() -> Response {
    let description = "the server is busy; try again in a few seconds";
    Response::error(503, &OAuthError::new(ErrorCode::TemporarilyUnavailable, description))
        .with("retry-after", "5")
        .with("access-control-allow-origin", "*")
        .with("x-content-type-options", "nosniff")
}

fn write(response: &Response) {
    let mut headers = String::with_capacity(512);
    for (name, value) in &response.headers {
        headers.push_str(name);
        headers.push_str(": ");
        headers.extend(value.chars().filter(|c| !c.is_control()));
        headers.push('\n');
    }
    platform::respond(response.status, &headers, &response.body);
}

/// A setting is wrong or missing: every request says so, and nothing else is done. The text names
/// the setting and never the value of a secret.
fn refuse_to_start(error: &str) {
    platform::log(&format!("Vestibule does not start: {error}"));
    let body = format!("Vestibule does not start: {error}\n");
    platform::respond(
        503,
        "content-type: text/plain; charset=utf-8\ncache-control: no-store\n\
         x-content-type-options: nosniff\n",
        &body,
    );
}
