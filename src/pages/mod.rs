//! What people see: HTML from templates that are checked when the server is compiled. They stand
//! under `static/pages/`, need no JavaScript, and escape whatever they are given.

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

/// Names the assets, so that a browser never joins new pages to old styles.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A page: what stands within the frame that all pages share.
pub trait Page: Template {
    /// The title, which is also the heading.
    fn title(&self) -> String;

    /// Whether the page is wider than a form.
    fn is_wide(&self) -> bool {
        false
    }

    /// Whether the page has the script that sends its form by itself.
    fn submits_itself(&self) -> bool {
        false
    }
}

/// What every page is framed with.
pub struct Shell<'a> {
    /// Name and logo.
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
/// Where a template fails, which its types rule out.
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

/// Not generic, so that the frame is compiled once and not for each page.
#[inline(never)]
fn render_frame(frame: &Frame<'_>) -> askama::Result<String> {
    frame.render()
}
