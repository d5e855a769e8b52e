//! An entry of the table of routes.

use std::future::Future;
use std::pin::Pin;

use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Method, Request, Response};
use crate::endpoints::outcome::Outcome;
use crate::endpoints::resume;
use crate::endpoints::server::Server;

/// Who calls an endpoint. This decides the format of its errors and which sites' scripts may read its responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Clients: errors are JSON, and scripts of any site may call.
    Clients,
    /// Users: errors are pages.
    People,
}

/// The future of an endpoint. Each is boxed separately: the runtime compiles a function on its first call, so one
/// future for all endpoints would be compiled as a whole on the first request to any of them.
pub(super) type Answering<'a> = Pin<Box<dyn Future<Output = Result<Response, Failure>> + 'a>>;

/// What an endpoint returns: its response, or what happens next.
pub(super) trait Returned: Sized {
    /// Runs the endpoint until there is a response.
    fn answering<'a>(
        server: &'a Server<'_>,
        request: &'a Request<'_>,
        endpoint: impl Future<Output = Result<Self, Failure>> + 'a,
    ) -> Answering<'a>;
}

impl Returned for Response {
    fn answering<'a>(
        _: &'a Server<'_>,
        _: &'a Request<'_>,
        endpoint: impl Future<Output = Result<Self, Failure>> + 'a,
    ) -> Answering<'a> {
        Box::pin(endpoint)
    }
}

impl Returned for Outcome {
    fn answering<'a>(
        server: &'a Server<'_>,
        request: &'a Request<'_>,
        endpoint: impl Future<Output = Result<Self, Failure>> + 'a,
    ) -> Answering<'a> {
        Box::pin(async move { resume::carry_out(server, request, endpoint.await?).await })
    }
}

/// Starts an endpoint.
pub(super) type Endpoint = for<'a> fn(&'a Server<'_>, &'a Request<'_>) -> Answering<'a>;

/// A path and its endpoint.
pub(super) struct Route {
    /// The path, or its prefix before a parameter in braces ([`Request::path_parameter`]).
    pub path: &'static str,
    /// Who calls it.
    pub audience: Audience,
    /// The methods that it supports, in the format of `Allow` (RFC 9110 §10.2.1).
    pub methods: &'static str,
    /// The page that contains the form, if this path only takes a form.
    pub page: Option<&'static str>,
    /// Starts the endpoint.
    pub endpoint: Endpoint,
}

impl Route {
    /// Whether the path matches this route.
    pub fn has(&self, path: &str) -> bool {
        matches(self.path, path)
    }

    /// Whether the endpoint supports a method.
    pub fn allows(&self, method: Method) -> bool {
        let name = match method {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Options | Method::Other => return false,
        };
        self.methods.split(", ").any(|allowed| allowed == name)
    }
}

/// Whether a path matches that of a route.
pub(super) fn matches(route: &str, path: &str) -> bool {
    match route.split_once('{') {
        None => route == path,
        Some((before, _)) => path.starts_with(before),
    }
}
