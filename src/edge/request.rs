//! Reads a request into the form that the endpoints know.

use std::net::SocketAddr;

use super::platform::{self, Incoming};
use super::ports::Edge;
use crate::domain::distance::Location;
use crate::domain::entropy;
use crate::endpoints::http::{Caller, Method, Request};

impl Caller for Incoming {
    fn connection_address(&self) -> Option<String> {
        // `192.0.2.1:4711` or `[2001:db8::1]:4711`.
        let address = platform::connection_address(self);
        address.parse::<SocketAddr>().ok().map(|address| address.ip().to_string())
    }

    fn header(&self, name: &str) -> Option<String> {
        platform::header(self, name)
    }

    fn location(&self) -> Location {
        let lines = platform::location(self);
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
    incoming: &'a Incoming,
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
    let request_id = incoming.header("cf-ray").unwrap_or_else(|| {
        entropy::bytes::<8>(edge).iter().map(|byte| format!("{byte:02x}")).collect()
    });
    Request {
        method: Method::parse(method),
        origin: origin.to_owned(),
        path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
        query: query.to_owned(),
        body,
        caller: incoming,
        request_id,
    }
}
