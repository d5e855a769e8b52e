//! What clients and browsers send: parameters, scopes, the `claims` parameter, registrations and cookies.

use std::cell::Cell;

use vestibule::domain::distance::Location;
use vestibule::endpoints::http::{Caller, MAX_COOKIES, Method, Request};
use vestibule::protocol::claims::{self, ClaimsRequest};
use vestibule::protocol::client_metadata::ClientMetadata;
use vestibule::protocol::parameters::{Parameters, add_to_query, encode};
use vestibule::protocol::redirect_uri;
use vestibule::protocol::registration;
use vestibule::protocol::scope::Scope;
use vestibule::protocol::text;

use super::utf8;

/// Parameters that were read and written again are read as the same. What the strict reader accepts, the lenient one
/// reads alike, and so does the `url` crate.
pub fn parameters(input: &[u8]) {
    let Ok(read) = Parameters::parse(input) else {
        let _ = Parameters::parse_lossy(input);
        return;
    };
    let written = encode(read.pairs());
    assert_eq!(Parameters::parse(written.as_bytes()), Ok(read.clone()), "written again");
    assert_eq!(Parameters::parse_lossy(input), Ok(read.clone()), "read leniently");
    let uri = add_to_query("https://app.example.test/cb?a=b", read.pairs());
    let url = url::Url::parse(&uri).expect("a URI with any query is a URI");
    let pairs: Vec<_> = url.query_pairs().skip(1).collect();
    assert_eq!(pairs.len(), read.pairs().count());
    for ((name, value), (sent_name, sent_value)) in pairs.iter().zip(read.pairs()) {
        assert_eq!((name.as_ref(), value.as_ref()), (sent_name, sent_value), "in a query");
    }
    for (name, value) in read.pairs() {
        assert!(!value.is_empty(), "an empty value counts as omitted (RFC 6749 §3.1)");
        assert!(read.all(name).any(|one| one == value));
        assert_eq!(read.get(name), read.all(name).next());
        if read.is_repeated(name) && name != "resource" {
            assert!(read.once_each().is_err(), "{name} was sent twice");
        }
    }
}

/// A scope that was read and written again is read as the same, and holds no value twice.
pub fn scope(input: &[u8]) {
    let Some(text) = utf8(input) else { return };
    let Ok(scope) = Scope::parse(text) else { return };
    let written = scope.to_string();
    assert_eq!(Scope::parse(&written), Ok(scope.clone()), "written again");
    let stored = serde_json::to_string(&scope).expect("a scope has JSON");
    assert_eq!(serde_json::from_str::<Scope>(&stored).ok(), Some(scope.clone()), "stored");
    for (index, token) in scope.iter().enumerate() {
        assert!(text.split(' ').any(|sent| sent == token), "{token} was sent");
        assert!(!scope.iter().skip(index + 1).any(|other| other == token), "{token} is there once");
    }
    let standard = Scope::standard();
    let both = scope.intersection(&standard);
    assert!(scope.covers(&both) && standard.covers(&both));
}

/// The `claims` parameter asks only for known claims, never for more than the client registered, and is stored and
/// read as the same.
pub fn claims(input: &[u8]) {
    let Some(text) = utf8(input) else { return };
    let Ok(request) = ClaimsRequest::parse(text) else { return };
    let known: Vec<_> = claims::all().collect();
    for claim in request.userinfo.iter().chain(&request.id_token) {
        assert!(known.contains(&claim.as_str()), "{claim} is known");
    }
    let stored = serde_json::to_string(&request).expect("a request has JSON");
    assert_eq!(serde_json::from_str(&stored).ok(), Some(request.clone()), "stored");
    assert_eq!(ClaimsRequest::parse(&rewritten(&request)), Ok(request.clone()), "written again");
    let registered = Scope::parse("openid email").expect("a scope");
    let within = request.within(&registered);
    assert!(registered.covers(&within.scope()), "no wider than the registration");
}

/// The request as a `claims` parameter (OpenID Connect Core §5.5).
fn rewritten(request: &ClaimsRequest) -> String {
    let asked = |claims: &[String]| -> serde_json::Map<String, serde_json::Value> {
        claims.iter().map(|claim| (claim.clone(), serde_json::Value::Null)).collect()
    };
    let mut id_token = asked(&request.id_token);
    if let Some(sub) = &request.sub {
        id_token.insert("sub".into(), serde_json::json!({ "value": sub }));
    }
    if !request.essential_acr.is_empty() {
        let acr = serde_json::json!({ "essential": true, "values": request.essential_acr });
        id_token.insert("acr".into(), acr);
    }
    serde_json::json!({ "userinfo": asked(&request.userinfo), "id_token": id_token }).to_string()
}

/// Metadata that was registered, and that the client sends back as the response says it (RFC 7592 §2.2), is
/// registered as the same. Its URIs and texts are safe to redirect to and to show.
pub fn client_metadata(input: &[u8]) {
    let Ok((metadata, left_out)) = registration::read(input) else { return };
    let sent_back = serde_json::to_vec(&metadata).expect("metadata has JSON");
    assert_eq!(registration::metadata(&sent_back), Ok(metadata.clone()), "sent back");
    let stored: Option<ClientMetadata> = serde_json::from_slice(&sent_back).ok();
    assert_eq!(stored, Some(metadata.clone()), "stored");
    assert!(metadata.scope.intersection(&left_out).is_empty());
    for uri in metadata.redirect_uris.iter().chain(&metadata.post_logout_redirect_uris) {
        assert_eq!(redirect_uri::check(uri), Ok(()), "{uri}");
        assert!(redirect_uri::Destination::of(uri).is_some(), "a page can say where {uri} leads");
    }
    let links = [&metadata.client_uri, &metadata.logo_uri, &metadata.tos_uri, &metadata.policy_uri];
    for link in links.into_iter().flatten() {
        assert!(link.starts_with("https://") || link.starts_with("http://"), "{link}");
        assert!(link.bytes().all(|byte| byte.is_ascii_graphic()), "{link} is written in ASCII");
    }
    for shown in metadata.client_name.iter().chain(&metadata.contacts) {
        assert_eq!(text::check(shown), Ok(()), "{shown}");
    }
}

/// A browser that sends one `Cookie` header.
struct Browser<'a>(&'a str);

impl Caller for Browser<'_> {
    fn header(&self, name: &str) -> Option<String> {
        (name == "cookie").then(|| self.0.to_owned())
    }

    fn location(&self) -> Location {
        Location::default()
    }

    fn request_id(&self) -> String {
        String::new()
    }
}

fn cookies_of(header: &str) -> Vec<(String, String)> {
    let request = Request {
        method: Method::Get,
        origin: "https://id.example.test".into(),
        path: "/".into(),
        query: Cell::default(),
        body: Cell::default(),
        caller: &Browser(header),
    };
    let cookies = request.cookies();
    for (name, _) in &cookies {
        let first = cookies.iter().find(|(other, _)| other == name);
        assert_eq!(request.cookie(name).as_ref(), first.map(|(_, value)| value));
    }
    cookies
}

/// Cookies that were read and written again are read as the same. A cookie's name is read as the browser has it: only
/// spaces and tabs may stand around it (RFC 6265 §4.2.1). Otherwise a name that begins with another blank would be
/// read as `__Host-session`, and browsers let any subdomain set such a cookie.
pub fn cookies(input: &[u8]) {
    let Some(header) = utf8(input) else { return };
    let cookies = cookies_of(header);
    if header.len() > MAX_COOKIES {
        assert!(cookies.is_empty());
        return;
    }
    let sent: Vec<&str> = header.split(';').filter(|pair| pair.contains('=')).collect();
    assert_eq!(sent.len(), cookies.len());
    for (pair, (name, value)) in sent.iter().zip(&cookies) {
        let bare = pair.trim_matches([' ', '\t']);
        assert!(bare.starts_with(name.as_str()), "{name:?} is how {pair:?} begins");
        assert!(bare.ends_with(value.as_str()), "{value:?} is how {pair:?} ends");
    }
    let pairs = cookies.iter().map(|(name, value)| format!("{name}={value}"));
    let written = pairs.collect::<Vec<_>>().join("; ");
    if written.len() <= MAX_COOKIES {
        assert_eq!(cookies_of(&written), cookies, "written again");
    }
}
