//! Who asks: the part that every page with a question from an app has, so that none of them leaves
//! out what the others say.

use std::borrow::Cow;

use askama::Template;

use crate::domain::client::Client;
use crate::protocol::redirect_uri::Destination;

/// What is known of the app that asks.
#[derive(Template)]
#[template(path = "who_asks.html")]
pub struct WhoAsks<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its logo.
    pub logo: Option<&'a str>,
    /// Whether the operator has not verified it, as it is now.
    pub unverified: bool,
    /// Where the answer takes the user; `None` where it takes them nowhere, as for a device.
    pub destination: Option<Destination>,
    /// Its privacy policy.
    pub policy_uri: Option<&'a str>,
    /// Its terms of service.
    pub tos_uri: Option<&'a str>,
}

impl<'a> WhoAsks<'a> {
    /// Describes an app. `redirect_uri` is where the answer to this question is sent.
    pub fn new(client: &'a Client, unverified: bool, redirect_uri: Option<&str>) -> Self {
        let metadata = &client.metadata;
        Self {
            name: client.display_name(),
            logo: metadata.logo_uri.as_deref(),
            unverified,
            destination: redirect_uri.and_then(Destination::of),
            policy_uri: metadata.policy_uri.as_deref(),
            tos_uri: metadata.tos_uri.as_deref(),
        }
    }
}
