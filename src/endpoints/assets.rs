//! Serves style sheets, the one script and the icon. They are part of the bundle, so every host serves them.

use std::borrow::Cow;

use super::failure::Failure;
use super::http::{Request, Response};
use super::server::Server;

const STYLE: &str = include_str!("../../static/assets/vestibule.css");
const SUBMIT: &str = include_str!("../../static/assets/submit.js");
const ICON: &str = include_str!("../../static/assets/icon.svg");

/// Serves the asset named in the path.
///
/// # Errors
/// A page (404) if there is no such file.
pub async fn asset(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (media_type, body) = match request.path_parameter() {
        "vestibule.css" => ("text/css; charset=utf-8", Cow::Borrowed(STYLE)),
        "brand.css" => ("text/css; charset=utf-8", Cow::Owned(server.settings.brand.style())),
        "submit.js" => ("text/javascript; charset=utf-8", Cow::Borrowed(SUBMIT)),
        "icon.svg" => ("image/svg+xml", Cow::Borrowed(ICON)),
        _ => return Err(Failure::no_such_page()),
    };
    // Pages link each file with the bundle's version in its URL, so a cache may keep it for a day.
    let response = Response::empty(200).with("cache-control", "public, max-age=86400");
    Ok(response.with("content-type", media_type).with_body(body))
}
