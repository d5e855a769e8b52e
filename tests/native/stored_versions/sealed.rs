//! What was sealed is opened by the server itself, as a browser or an app brings it back after a deployment.

use std::cell::Cell;

use futures_lite::future::block_on;
use serde_json::Value;
use sha2::{Digest, Sha256};
use vestibule::domain::distance::Location;
use vestibule::endpoints::form::{self, SessionForm};
use vestibule::endpoints::http::{Caller, Method, Request};
use vestibule::endpoints::interaction::Interaction;
use vestibule::endpoints::server::Server;
use vestibule::endpoints::upstream::login::UpstreamLogin;
use vestibule::endpoints::upstream::logout;
use vestibule::protocol::parameters;
use vestibule::tenant::Purpose;

use super::folder::{self, Sample};
use super::messages::text_of;
use crate::support::World;

/// The secret of the deployment that sealed the samples.
const SECRET: &str = "the secret that sealed the samples in tests/stored";
/// The token that the browser has in its cookie.
const BROWSER: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const ORIGIN: &str = "http://localhost:8787";

/// Calls `with` for a deployment that has the secret of the samples.
fn with_server<T>(with: impl FnOnce(&Server<'_>) -> T) -> T {
    let world = World::new(&[("VESTIBULE_SECRET", SECRET)]);
    let issuer = ORIGIN.to_owned();
    with(&Server { settings: &world.settings, ports: world.ports(), issuer })
}

/// The purpose of a section of `sealed.json`.
fn purpose<'a>(section: &str, account: &'a str) -> Purpose<'a> {
    match section {
        "interaction" => Purpose::Interaction,
        "form" => Purpose::Form,
        "upstream_login" => Purpose::UpstreamLogin,
        "upstream_answer" => Purpose::UpstreamAnswer,
        "after_logout" => Purpose::AfterLogout,
        "signing_key" => Purpose::SigningKey,
        "connection" => Purpose::Connection(account),
        other => panic!("nothing is sealed for {other}"),
    }
}

struct Headers<'a>(&'a [(&'a str, &'a str)]);

impl Caller for Headers<'_> {
    fn header(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    fn location(&self) -> Location {
        Location::default()
    }

    fn request_id(&self) -> String {
        "test".into()
    }
}

/// Calls `with` for a request from a browser that has these cookies besides its token.
fn with_request<T>(
    (query, body, cookies): (String, String, String),
    with: impl FnOnce(&Request<'_>) -> T,
) -> T {
    let cookies = format!("__Host-csrf={BROWSER}; {cookies}");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let caller = Headers(&[("cookie", &cookies), ("origin", ORIGIN), form]);
    with(&Request {
        method: Method::Post,
        origin: ORIGIN.into(),
        path: "/".into(),
        query: Cell::new(query.into()),
        body: Cell::new(body.into()),
        caller: &caller,
    })
}

/// Whether the server takes a sealed value back.
fn is_taken(server: &Server<'_>, section: &str, (sealed, plain): (&str, &Value)) -> bool {
    let (query, body, mut cookies) = <(String, String, String)>::default();
    match section {
        "interaction" => with_request((query, body, cookies), |request| {
            Interaction::open(server, request, Some(sealed)).is_ok()
        }),
        "form" => {
            let tokens = &folder::read("1")["tokens"]["session"];
            let session = tokens.values().next().unwrap()["token"].as_str().unwrap();
            cookies = format!("__Host-session={session}");
            let body = parameters::encode([("csrf", sealed)]);
            with_request((query, body, cookies), |request| {
                matches!(form::of_session(server, request), Ok(SessionForm::Current(..)))
            })
        }
        "upstream_login" => {
            let login: UpstreamLogin = serde_json::from_value(plain.clone()).unwrap();
            let state = login.binding.state.as_str();
            // The release of the samples gave the cookie this name. Any time can stand before the tag of the state.
            let tag = base16ct::lower::encode_string(&Sha256::digest(state)[..6]);
            cookies = format!("__Host-upstream-006b49d200{tag}-0={sealed}");
            with_request((query, body, cookies), |request| {
                UpstreamLogin::of(server, request, "acme", state).is_some()
            })
        }
        "after_logout" => {
            let query = parameters::encode([("state", sealed)]);
            with_request((query, body, cookies), |request| {
                let response = block_on(logout::back(server, request)).ok().unwrap();
                response.header("location") == plain["to"].as_str()
            })
        }
        _ => true,
    }
}

/// Opens a sealed sample, and has the server take it back.
pub fn open(sample: &Sample<'_>) -> Result<(), String> {
    let Sample { section, value, .. } = *sample;
    let (sealed, plain) = (value["sealed"].as_str().unwrap(), &value["plain"]);
    let account = value["account"].as_str().unwrap_or_default();
    with_server(|server| {
        let opened = server.settings.sealer.open(purpose(section, account), sealed);
        let opened = opened.map_err(|_| "can't be opened")?;
        let is_same = match plain {
            Value::String(text) => text.as_bytes() == opened,
            _ => serde_json::from_slice::<Value>(&opened).map_err(text_of)? == *plain,
        };
        if !is_same {
            return Err("is another value than it says".into());
        }
        if is_taken(server, section, (sealed, plain)) {
            Ok(())
        } else {
            Err("the server doesn't take it back".into())
        }
    })
}
