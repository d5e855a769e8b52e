//! `response_mode`: how the authorization response is sent.

use serde::{Deserialize, Serialize};

/// The modes (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI, the default of the code flow.
    #[default]
    Query,
    /// In the fragment of the redirect URI.
    Fragment,
    /// As a form that the browser posts to the redirect URI.
    FormPost,
}

impl ResponseMode {
    /// The values that the metadata announces.
    pub const SUPPORTED: [&'static str; 3] = ["query", "fragment", "form_post"];

    /// Parses the value on the wire.
    pub fn parse(value: &str) -> Option<Self> {
        match value {
            "query" => Some(Self::Query),
            "fragment" => Some(Self::Fragment),
            "form_post" => Some(Self::FormPost),
            _ => None,
        }
    }
}
