//! Reads a request into the form that the endpoints know.

use std::net::SocketAddr;

use super::platform::{self, Incoming};
use super::ports::Edge;
use crate::domain::distance::Location;
use crate::domain::entropy;
use crate::endpoints::http::{Caller, Method, Request};

/// The headers that endpoints ask for. They cross together; any other crosses when it is asked for.
pub const HEADERS: [&str; 8] = [
    "authorization",
    "cf-ray",
    "content-type",
    "cookie",
    "origin",
    "prefer",
    "sec-fetch-site",
    "user-agent",
];

/// Who sent a request.
pub struct Sender {
    pub incoming: Incoming,
    /// Of [`HEADERS`], those that were sent: lines of name, colon, space, value.
    pub headers: String,
}

impl Caller for Sender {
    fn connection_address(&self) -> Option<String> {
        // `192.0.2.1:4711` or `[2001:db8::1]:4711`.
        let address = platform::connection_address(&self.incoming);
        address.parse::<SocketAddr>().ok().map(|address| address.ip().to_string())
    }

    fn header(&self, name: &str) -> Option<String> {
        if !HEADERS.contains(&name) {
            return platform::header(&self.incoming, name);
        }
        self.headers.split('\n').find_map(|line| {
            let value = line.strip_prefix(name)?.strip_prefix(": ")?;
            Some(value.to_owned())
        })
    }

    fn location(&self) -> Location {
        let lines = platform::location(&self.incoming);
        let mut fields = lines.split('\n').map(|field| match field {
            "" => None,
            text => Some(text.chars().take(100).collect::<String>()),
        });
        let mut next = || fields.next().flatten();
        let (country, region, city, network_operator) = (next(), next(), next(), next());
        let coordinates = next().zip(next());
        Location { country, region, city, network_operator, coordinates }
    }
}

pub fn read<'a>(
    sender: &'a Sender,
    method: &str,
    url: &str,
    body: String,
    edge: &Edge,
) -> Request<'a> {
    // The runtime has parsed the URL, so its parts are where they belong.
    let after_scheme = url.find("://").map_or(0, |colon| colon.saturating_add(3));
    let path_at = url
        .get(after_scheme..)
        .and_then(|rest| rest.find(['/', '?', '#']))
        .map_or(url.len(), |slash| slash.saturating_add(after_scheme));
    let (origin, target) = url.split_at_checked(path_at).unwrap_or((url, ""));
    let target = target.split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request_id = sender
        .header("cf-ray")
        .unwrap_or_else(|| base16ct::lower::encode_string(&entropy::bytes::<8>(edge)));
    Request {
        method: Method::parse(method),
        origin: origin.to_owned(),
        path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
        query: query.to_owned(),
        body,
        caller: sender,
        request_id,
    }
}
