//! The authorization response (RFC 6749 §4.1.2, RFC 9207, Form Post Response Mode).

use crate::domain::client::Client;
use crate::endpoints::browser::{self, Frame};
use crate::endpoints::http::Response;
use crate::endpoints::server::Server;
use crate::pages::form_post::FormPost;
use crate::pages::message::ReturnToApp;
use crate::pages::who_asks::WhoAsks;
use crate::protocol::error::OAuthError;
use crate::protocol::parameters;
use crate::protocol::redirect_uri::form_action_source;
use crate::protocol::response_mode::ResponseMode;

/// How to reach a client: a validated redirect URI, and the response mode.
#[derive(Clone, Debug)]
pub struct AuthorizationResponse {
    /// The validated redirect URI.
    pub redirect_uri: String,
    /// How the parameters are sent.
    pub response_mode: ResponseMode,
    /// The request's `state`, unchanged.
    pub state: Option<String>,
}

impl AuthorizationResponse {
    /// Sends the code.
    pub fn code(self, server: &Server<'_>, code: &str) -> Response {
        self.send(server, &[("code", code)])
    }

    /// Sends an error.
    pub fn error(self, server: &Server<'_>, error: &OAuthError) -> Response {
        self.send(server, &error_pairs(error))
    }

    /// Shows the error on a page with a link to an unverified app, so that the browser goes there only if the user
    /// clicks (RFC 9700 §4.11.2).
    pub fn error_page(self, server: &Server<'_>, client: &Client, error: &OAuthError) -> Response {
        let pairs = self.pairs(server, &error_pairs(error));
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let address = self.address(&pairs);
        let page = ReturnToApp {
            title: "This app can't sign you in",
            text: "Its request has an error. You can close this page.",
            address: address.as_deref(),
            redirect_uri: &self.redirect_uri,
            pairs: &pairs,
            who: WhoAsks::new(client, true, Some(&self.redirect_uri)),
        };
        let leads_to = form_action_source(&self.redirect_uri).filter(|_| address.is_none());
        let frame = Frame { leads_to: leads_to.as_deref(), ..Frame::default() };
        browser::html_with(server, 400, &page, frame)
    }

    fn send(self, server: &Server<'_>, answer: &[(&str, &str)]) -> Response {
        let pairs = self.pairs(server, answer);
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
        match self.address(&pairs) {
            Some(address) => Response::see_other(&address),
            None => {
                let leads_to = form_action_source(&self.redirect_uri);
                let page = FormPost { redirect_uri: &self.redirect_uri, pairs: &pairs };
                let frame = Frame { leads_to: leads_to.as_deref(), ..Frame::default() };
                browser::html_with(server, 200, &page, frame)
            }
        }
    }

    fn pairs<'p>(&self, server: &Server<'_>, answer: &[(&'p str, &str)]) -> Vec<(&'p str, String)> {
        let mut pairs: Vec<(&str, String)> =
            answer.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        pairs.extend(self.state.clone().map(|state| ("state", state)));
        pairs.push(("iss", server.issuer.clone()));
        pairs
    }

    /// The redirect URI with the response parameters; `None` for `response_mode=form_post`.
    fn address(&self, pairs: &[(&str, &str)]) -> Option<String> {
        let pairs = pairs.iter().copied();
        match self.response_mode {
            ResponseMode::Query => Some(parameters::add_to_query(&self.redirect_uri, pairs)),
            ResponseMode::Fragment => {
                Some(format!("{}#{}", self.redirect_uri, parameters::encode(pairs)))
            }
            ResponseMode::FormPost => None,
        }
    }
}

fn error_pairs(error: &OAuthError) -> [(&'static str, &str); 2] {
    [("error", error.code.as_str()), ("error_description", error.description.as_ref())]
}
