//! Cloudflare: the only room that names the platform. It implements the ports, hosts the machines
//! in Durable Objects, and knows no rule of OAuth.

mod cache;
mod clock;
mod fetch;
mod keys;
mod kv;
mod memory;
mod objects;
mod outside;
mod parking;
mod platform;
mod ports;
mod random;
mod request;
mod slot;
mod tasks;
mod turns;

use std::cell::OnceCell;
use std::rc::Rc;

use serde::Serialize;
use wasm_bindgen::prelude::*;
use worker::Env;

use self::outside::Edge;
use self::platform::Incoming;
use self::request::Sender;
use self::tasks::Load;
use crate::endpoints::http::Response;
use crate::endpoints::routes;
use crate::endpoints::server::Server;
use crate::endpoints::settings::Settings;
use crate::endpoints::settings::names::{self, UnknownName};
use crate::protocol::error::{ErrorCode, OAuthError};

thread_local! {
    // The settings never change while an isolate lives, so they are read and checked once.
    static SETTINGS: OnceCell<Result<Rc<Settings>, String>> = const { OnceCell::new() };
}

/// Runs once for each instance.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|panic| platform::panic(&panic.to_string())));
    platform::read_headers(&request::HEADERS.join(" "));
}

fn settings(env: &Env) -> Result<Rc<Settings>, String> {
    SETTINGS.with(|settings| {
        settings
            .get_or_init(|| {
                let names = platform::setting_names(env);
                let names: Vec<&str> = names.lines().collect();
                let lookup = |name: &str| platform::variable(env, name);
                Settings::read(&names, &lookup).map(Rc::new).map_err(|error| error.to_string())
            })
            .clone()
    })
}

/// The report on the settings for `make deploy` and `make serve`. It never contains a value of a secret.
#[derive(Serialize)]
struct SettingsReport {
    /// Why the server doesn't start.
    error: Option<String>,
    /// The names that are no settings.
    unknown: Vec<UnknownName>,
    /// Whether `ENVIRONMENT` is `development`.
    development: bool,
}

/// Returns a [`SettingsReport`] as JSON.
#[wasm_bindgen(js_name = reportSettings)]
pub fn report_settings(env: &Env) -> Result<String, JsError> {
    let settings = settings(env);
    let names = platform::setting_names(env);
    let names: Vec<&str> = names.lines().collect();
    let providers = settings.as_ref().ok().map(|settings| &*settings.providers);
    let unknown = names::unknown(&names, providers);
    let development = settings.as_ref().is_ok_and(|settings| settings.development);
    let report = SettingsReport { error: settings.err(), unknown, development };
    Ok(serde_json::to_string(&report)?)
}

/// Answers a request: comes back with the number of the task that waits, or with zero when the answer
/// is given.
#[wasm_bindgen]
pub fn answer(
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
        let mut response = routes::handle(&server, &request).await;
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
