//! The authorization response (RFC 6749 §4.1.2, RFC 9207, Form Post Response Mode).

use crate::endpoints::browser;
use crate::endpoints::http::Response;
use crate::endpoints::server::Server;
use crate::pages::form_post::FormPost;
use crate::protocol::error::OAuthError;
use crate::protocol::parameters;
use crate::protocol::redirect_uri::form_action_source;
use crate::protocol::response_mode::ResponseMode;

/// The channel to a client: a validated redirect URI, and how to use it.
#[derive(Clone, Debug)]
pub struct AuthorizationResponse {
    /// Where.
    pub redirect_uri: String,
    /// How.
    pub response_mode: ResponseMode,
    /// The request's `state`, as it came.
    pub state: Option<String>,
}

impl AuthorizationResponse {
    /// Sends the code.
    pub fn code(self, server: &Server<'_>, code: &str) -> Response {
        self.send(server, &[("code", code)])
    }

    /// Sends an error.
    pub fn error(self, server: &Server<'_>, error: &OAuthError) -> Response {
        let pairs =
            [("error", error.code.as_str()), ("error_description", error.description.as_ref())];
        self.send(server, &pairs)
    }

    fn send(self, server: &Server<'_>, answer: &[(&str, &str)]) -> Response {
        let mut pairs = answer.to_vec();
        if let Some(state) = self.state.as_deref() {
            pairs.push(("state", state));
        }
        pairs.push(("iss", &server.issuer));
        match self.response_mode {
            ResponseMode::Query => {
                Response::see_other(&parameters::add_to_query(&self.redirect_uri, pairs))
            }
            ResponseMode::Fragment => {
                let fragment = parameters::encode(pairs);
                Response::see_other(&format!("{}#{fragment}", self.redirect_uri))
            }
            ResponseMode::FormPost => {
                let leads_to = form_action_source(&self.redirect_uri);
                let page = FormPost { redirect_uri: &self.redirect_uri, pairs: &pairs };
                browser::html(server, 200, &page, leads_to.as_deref())
            }
        }
    }
}
