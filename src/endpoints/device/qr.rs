//! `verification_uri_complete` as a QR code, for the device to show (RFC 8628 §3.3.1).

use qrcodegen::{QrCode, QrCodeEcc};

use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::protocol::error::OAuthError;
use crate::protocol::user_code::UserCode;

/// Draws the code.
///
/// # Errors
/// `invalid_request` for a malformed code. Nothing is looked up, so an unknown code has a picture too.
pub async fn qr(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    let query = request.query()?;
    let user_code = query
        .get("user_code")
        .and_then(UserCode::parse)
        .ok_or_else(|| OAuthError::invalid_request("user_code must be eight letters"))?;
    let uri = server.url(&format!("/device?user_code={user_code}"));
    let code = QrCode::encode_text(&uri, QrCodeEcc::Medium).map_err(Failure::caused_by)?;
    Ok(Response::empty(200)
        .with("content-type", "image/svg+xml")
        .with("cache-control", "public, max-age=600")
        .with("content-security-policy", "default-src 'none'")
        // A television's page may be on another site.
        .with("cross-origin-resource-policy", "cross-origin")
        .with_body(svg(&code, &user_code)))
}

/// Draws the code with the quiet zone of four modules that readers need (ISO/IEC 18004 §6.3.8).
fn svg(code: &QrCode, user_code: &UserCode) -> String {
    const QUIET: i32 = 4;
    let size = code.size();
    let side = size.saturating_add(QUIET * 2);
    let mut path = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            let (x, y) = (x.saturating_add(QUIET), y.saturating_add(QUIET));
            path.push_str(&format!("M{x} {y}h1v1h-1z"));
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" \
         shape-rendering=\"crispEdges\"><title>QR code for {user_code}</title>\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    )
}
