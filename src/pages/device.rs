//! The pages that sign in a device.

use askama::Template;

use super::Page;
use super::consent::ScopeLine;
use super::who_asks::WhoAsks;
use crate::domain::distance::Comparison;
use crate::protocol::scope::Scope;
use crate::protocol::text;

/// The page that asks for the user code.
#[derive(Template)]
#[template(path = "device.html")]
pub struct EnterCode<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// What the user typed.
    pub user_code: &'a str,
    /// The error, for the user.
    pub error: Option<&'a str>,
}

impl Page for EnterCode<'_> {
    fn title(&self) -> String {
        "Connect a device".to_owned()
    }
}

/// The page that asks whether to approve the device.
#[derive(Template)]
#[template(path = "device_approve.html")]
pub struct ApproveDevice<'a> {
    /// The CSRF token.
    pub csrf: &'a str,
    /// The user code, which the user compares with the device.
    pub user_code: String,
    /// The app on the device.
    pub who: WhoAsks<'a>,
    /// The user's email address or name.
    pub email: &'a str,
    /// The requested scopes.
    pub scopes: Vec<ScopeLine>,
    /// The scopes that the app requested and can't have; empty in production.
    pub left_out: &'a Scope,
    /// The display names of the resources where the app will use its access.
    pub resources: Vec<&'a str>,
    /// Where the device is.
    pub place: Option<String>,
    /// The operator of the device's network.
    pub network_operator: Option<&'a str>,
    /// How the device's location compares with the user's.
    pub comparison: Comparison,
    /// How long ago the device asked, in minutes.
    pub minutes: u32,
}

impl Page for ApproveDevice<'_> {
    fn title(&self) -> String {
        format!("Approve {}?", text::isolated(&self.who.name))
    }
}
