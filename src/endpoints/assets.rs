//! Style sheets, the one script, and the icon: in the bundle, so that every host serves them.

use std::borrow::Cow;

use super::failure::Failure;
use super::http::{Request, Response};
use super::server::Server;

const STYLE: &str = include_str!("../../static/assets/vestibule.css");
const SUBMIT: &str = include_str!("../../static/assets/submit.js");
const ICON: &str = include_str!("../../static/assets/icon.svg");

/// Serves a file.
///
/// # Errors
/// A page, where there is no such file.
pub async fn asset(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let (media_type, body) = match request.path_parameter() {
        "vestibule.css" => ("text/css; charset=utf-8", Cow::Borrowed(STYLE)),
        "brand.css" => ("text/css; charset=utf-8", Cow::Owned(server.settings.brand.style())),
        "submit.js" => ("text/javascript; charset=utf-8", Cow::Borrowed(SUBMIT)),
        "icon.svg" => ("image/svg+xml", Cow::Borrowed(ICON)),
        _ => return Err(Failure::no_such_page()),
    };
    // The pages name each file with the version of the bundle, so a day is safe.
    let response = Response::empty(200).with("cache-control", "public, max-age=86400");
    Ok(response.with("content-type", media_type).with_body(body))
}
