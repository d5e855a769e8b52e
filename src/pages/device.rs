//! Letting a device in.

use askama::Template;

use super::Page;
use super::consent::ScopeLine;
use super::who_asks::WhoAsks;
use crate::domain::distance::Comparison;
use crate::protocol::text;

/// The page that asks for the code.
#[derive(Template)]
#[template(path = "device.html")]
pub struct EnterCode<'a> {
    /// Closes the form to other sites.
    pub csrf: &'a str,
    /// What was typed.
    pub user_code: &'a str,
    /// What was wrong.
    pub error: Option<&'a str>,
}

impl Page for EnterCode<'_> {
    fn title(&self) -> String {
        "Connect a device".to_owned()
    }
}

/// The page that asks whether to let the device in.
#[derive(Template)]
#[template(path = "device_approve.html")]
pub struct ApproveDevice<'a> {
    /// Closes the form to other sites.
    pub csrf: &'a str,
    /// The code, to be compared with the device.
    pub user_code: String,
    /// The app on the device.
    pub who: WhoAsks<'a>,
    /// Who is asked.
    pub email: &'a str,
    /// What is asked for.
    pub scopes: Vec<ScopeLine>,
    /// Where it will be used.
    pub resources: Vec<&'a str>,
    /// Where the device is.
    pub place: Option<String>,
    /// Who runs the device's network.
    pub network_operator: Option<&'a str>,
    /// How that compares with where the person is.
    pub comparison: Comparison,
    /// How long ago the device asked, in minutes.
    pub minutes: u32,
}

impl Page for ApproveDevice<'_> {
    fn title(&self) -> String {
        format!("Let {} in?", text::isolated(&self.who.name))
    }
}
