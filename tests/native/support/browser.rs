//! Requests to the whole server, in process.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::Value;
use vestibule::domain::distance::Location;
use vestibule::endpoints::http::{Caller, Method, Request, Response};
use vestibule::endpoints::routes;
use vestibule::endpoints::server::Server;
use vestibule::protocol::parameters;

use super::World;

pub const ORIGIN: &str = "http://localhost:8787";

struct TestCaller {
    headers: Vec<(String, String)>,
    location: Location,
}

impl Caller for TestCaller {
    fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    fn location(&self) -> Location {
        self.location.clone()
    }

    fn request_id(&self) -> String {
        "test".into()
    }
}

/// A browser or another client: it keeps cookies and sends requests.
pub struct Browser {
    pub cookies: BTreeMap<String, String>,
    /// The server's origin.
    pub origin: String,
    /// Where the client is.
    pub location: Location,
}

impl Default for Browser {
    fn default() -> Self {
        Self { cookies: BTreeMap::new(), origin: ORIGIN.into(), location: Location::default() }
    }
}

impl Browser {
    /// Another browser with the same cookies.
    pub fn clone_cookies(&self) -> Self {
        Self {
            cookies: self.cookies.clone(),
            origin: self.origin.clone(),
            location: self.location.clone(),
        }
    }

    pub fn request(
        &mut self,
        world: &World,
        method: Method,
        target: &str,
        body: String,
        headers: &[(&str, &str)],
    ) -> Response {
        let target = target.strip_prefix(&*self.origin).unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut all: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let cookies: Vec<_> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        all.push(("cookie".into(), cookies.join("; ")));
        let caller = TestCaller { headers: all, location: self.location.clone() };
        let request = Request {
            method,
            origin: self.origin.clone(),
            path: path.into(),
            query: Cell::new(query.into()),
            body: Cell::new(body.into()),
            caller: &caller,
        };
        let settings = &world.settings;
        let issuer = settings.issuer.clone().unwrap_or_else(|| self.origin.clone());
        let server = Server { settings, ports: world.ports(), issuer };
        // A dead process sends no response.
        let is_on_demand = routes::is_on_demand(&request.path);
        let routes = if is_on_demand { &routes::ON_DEMAND } else { &routes::MAIN };
        let answered = world.fuse.run(routes::handle(&server, &request, routes));
        let response = answered.unwrap_or_else(|| Response::empty(0));
        for (name, value) in &response.headers {
            if *name == "set-cookie" {
                let pair = value.split(';').next().unwrap();
                let (key, cookie) = pair.split_once('=').unwrap();
                if value.ends_with("Max-Age=0") {
                    self.cookies.remove(key);
                } else {
                    self.cookies.insert(key.into(), cookie.into());
                }
            }
        }
        response
    }

    pub fn get(&mut self, world: &World, target: &str) -> Response {
        self.request(world, Method::Get, target, String::new(), &[])
    }

    pub fn post(&mut self, world: &World, path: &str, fields: &[(&str, &str)]) -> Response {
        let body = parameters::encode(fields.iter().copied());
        let origin = self.origin.clone();
        let content_type = ("content-type", "application/x-www-form-urlencoded");
        self.request(world, Method::Post, path, body, &[content_type, ("origin", &origin)])
    }

    /// Opens a page and sends its form, with the hidden fields.
    pub fn submit(&mut self, world: &World, page: &str, fields: &[(&str, &str)]) -> Response {
        let html = text(&self.get(world, page));
        let hidden = hidden_fields(&html);
        let mut all: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend_from_slice(fields);
        let path = page.strip_prefix(ORIGIN).unwrap_or(page);
        let path = path.split('?').next().unwrap().to_owned();
        self.post(world, &path, &all)
    }
}

/// The field `csrf` of the forms on the account page, for the session of this browser.
pub fn csrf(world: &World, browser: &mut Browser) -> String {
    let page = text(&browser.get(world, "/account"));
    field(&page, "csrf").unwrap_or_else(|| panic!("{page}"))
}

/// The value of a page's hidden field.
pub fn field(html: &str, name: &str) -> Option<String> {
    hidden_fields(html).into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
}

pub fn text(response: &Response) -> String {
    response.body.to_string()
}

pub fn json(response: &Response) -> Value {
    serde_json::from_str(&response.body).unwrap()
}

pub fn hidden_fields(html: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        Some(rest.split_once('"')?.0.replace("&#38;", "&"))
    };
    html.split("<input type=\"hidden\"")
        .skip(1)
        .filter_map(|rest| {
            let tag = rest.split('>').next()?;
            Some((attribute(tag, "name")?, attribute(tag, "value")?))
        })
        .collect()
}

/// A parameter of the URL to which a response redirects.
pub fn answer(response: &Response, name: &str) -> Option<String> {
    let location = response.header("location")?;
    let query = location.split_once('?')?.1;
    parameters::Parameters::parse(query.as_bytes()).ok()?.get(name).map(String::from)
}
