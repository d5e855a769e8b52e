//! The block that describes the app. Every page on which an app asks for something includes it, so that all of them say
//! the same about the app.

use std::borrow::Cow;

use askama::Template;

use crate::domain::client::Client;
use crate::protocol::redirect_uri::Destination;

/// What a page says about the app that asks.
#[derive(Template)]
#[template(path = "who_asks.html")]
pub struct WhoAsks<'a> {
    /// Its display name.
    pub name: Cow<'a, str>,
    /// The URL of its logo.
    pub logo: Option<&'a str>,
    /// Whether the operator has not verified the app in its current form.
    pub unverified: bool,
    /// Where the response takes the user; `None` if it isn't a redirect, as for a device.
    pub destination: Option<Destination>,
    /// The URL of its privacy policy.
    pub policy_uri: Option<&'a str>,
    /// The URL of its terms of service.
    pub tos_uri: Option<&'a str>,
}

impl<'a> WhoAsks<'a> {
    /// Describes an app. `redirect_uri` is where the response is sent.
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

    /// The first letter or digit of the name, which stands in for a logo.
    fn initial(&self) -> Option<String> {
        let first = self.name.chars().find(|c| c.is_alphanumeric())?;
        Some(first.to_uppercase().collect())
    }
}
