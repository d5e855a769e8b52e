//! Reads a request into the form that the endpoints know.

use std::cell::{Cell, OnceCell};
use std::net::SocketAddr;

use wasm_bindgen::JsValue;

use super::platform::{self, Incoming};
use super::random::Random;
use vestibule::domain::distance::Location;
use vestibule::domain::entropy;
use vestibule::endpoints::http::{Caller, Method, Request};
use vestibule::protocol::text;

/// The headers that programs send with a body. They cross together when the first is asked for; any other, and each of
/// a request without a body, crosses by itself.
pub const HEADERS: [&str; 4] = ["authorization", "content-type", "origin", "prefer"];

/// Who sent a request.
pub struct Sender {
    incoming: Incoming,
    has_body: bool,
    /// Of [`HEADERS`], those that were sent: lines of name, colon, space, value.
    headers: OnceCell<String>,
    id: OnceCell<String>,
}

impl Sender {
    pub fn new(incoming: Incoming, method: &str) -> Self {
        let has_body = method != "GET";
        Self { incoming, has_body, headers: OnceCell::new(), id: OnceCell::new() }
    }
}

impl Caller for Sender {
    fn connection_address(&self) -> Option<String> {
        // `192.0.2.1:4711` or `[2001:db8::1]:4711`.
        let address = platform::connection_address(&self.incoming);
        address.parse::<SocketAddr>().ok().map(|address| address.ip().to_string())
    }

    fn header(&self, name: &str) -> Option<String> {
        if !self.has_body || !HEADERS.contains(&name) {
            return platform::header(&self.incoming, name);
        }
        let headers = self.headers.get_or_init(|| platform::headers(&self.incoming));
        headers.split('\n').find_map(|line| {
            let value = line.strip_prefix(name)?.strip_prefix(": ")?;
            Some(value.to_owned())
        })
    }

    fn location(&self) -> Location {
        let Some(cf) = self.incoming.cf() else { return Location::default() };
        // The operator of a network chooses its name, and pages show it.
        let shown = |text: String| text::cleaned(&text).chars().take(100).collect::<String>();
        let known = |field: Result<Option<String>, JsValue>| {
            field.ok().flatten().filter(|text| !text.is_empty())
        };
        Location {
            country: known(cf.country()).map(shown),
            region: known(cf.region()).map(shown),
            city: known(cf.city()).map(shown),
            network_operator: known(cf.as_organization()).map(shown),
            coordinates: known(cf.latitude()).zip(known(cf.longitude())),
        }
    }

    fn request_id(&self) -> String {
        let made = || base16ct::lower::encode_string(&entropy::bytes::<8>(&Random));
        self.id.get_or_init(|| self.header("cf-ray").unwrap_or_else(made)).clone()
    }
}

/// Splits a URL into its origin, path and query. The runtime has parsed the URL, so its parts are where they belong.
fn parts(url: &str) -> (&str, &str, &str) {
    let after_scheme = url.find("://").map_or(0, |colon| colon.saturating_add(3));
    let path_at = url
        .get(after_scheme..)
        .and_then(|rest| rest.find(['/', '?', '#']))
        .map_or(url.len(), |slash| slash.saturating_add(after_scheme));
    let (origin, target) = url.split_at_checked(path_at).unwrap_or((url, ""));
    let target = target.split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    (origin, if path.is_empty() { "/" } else { path }, query)
}

/// The path of a URL.
pub fn path(url: &str) -> &str {
    parts(url).1
}

/// Takes the address apart and drops it: the request keeps each part once.
pub fn read<'a>(sender: &'a Sender, method: &str, url: String, body: String) -> Request<'a> {
    let (origin, path, query) = parts(&url);
    Request {
        method: Method::parse(method),
        origin: origin.to_owned(),
        path: path.to_owned(),
        query: Cell::new(query.into()),
        body: Cell::new(body.into()),
        caller: sender,
    }
}
