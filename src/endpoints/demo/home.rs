//! The demo's start page.

use super::seed::{self, EMAIL, PASSWORD};
use super::social;
use crate::endpoints::browser;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::server::Server;
use crate::pages::demo::Home;

/// Shows the page, after creating what it links to.
///
/// # Errors
/// Internal errors only.
pub async fn show(server: &Server<'_>, request: &Request<'_>) -> Result<Response, Failure> {
    seed::seed(server, request).await?;
    let has = |id: &str| server.settings.providers.iter().any(|provider| provider.id == id);
    let page = Home {
        email: EMAIL,
        password: PASSWORD,
        social: has(social::PROVIDER),
        company: has("acme"),
    };
    Ok(browser::html(server, 200, &page))
}
