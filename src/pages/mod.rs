//! HTML pages, from templates in `static/pages/` that are checked at compile time. They need no JavaScript and escape
//! their values.

pub mod account;
pub mod brand;
pub mod connect;
pub mod consent;
pub mod demo;
pub mod developers;
pub mod device;
pub mod form_post;
pub mod message;
pub mod sign_in;
pub mod who_asks;

use askama::Template;

use self::brand::Brand;

/// A part of the assets' URLs, so that a browser never combines new pages with old styles.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A page: the content within the frame that all pages share.
pub trait Page: Template {
    /// The title, which is also the heading.
    fn title(&self) -> String;

    /// Whether the page is wider than a form.
    fn is_wide(&self) -> bool {
        false
    }

    /// Whether the page includes the script that submits its form.
    fn submits_itself(&self) -> bool {
        false
    }
}

/// What the frame of every page needs.
pub struct Shell<'a> {
    /// The name and logo.
    pub brand: &'a Brand,
    /// Whether to say that this is a development server.
    pub development: bool,
    /// A message above the content, such as why the page is shown again.
    pub notice: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "frame.html")]
struct Frame<'a> {
    brand: &'a Brand,
    development: bool,
    notice: Option<&'a str>,
    title: String,
    is_wide: bool,
    submits_itself: bool,
    content: String,
    version: &'static str,
}

/// Renders a page in its frame.
///
/// # Errors
/// Only if a template fails, which its types rule out.
pub fn render(shell: &Shell<'_>, page: &impl Page) -> askama::Result<String> {
    render_frame(&Frame {
        brand: shell.brand,
        development: shell.development,
        notice: shell.notice,
        title: page.title(),
        is_wide: page.is_wide(),
        submits_itself: page.submits_itself(),
        content: page.render()?,
        version: VERSION,
    })
}

/// Not generic, so that the frame is compiled only once and not for each page.
#[inline(never)]
fn render_frame(frame: &Frame<'_>) -> askama::Result<String> {
    frame.render()
}
