//! An entry of the table of routes.

use std::future::Future;
use std::pin::Pin;

use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Method, Request, Response};
use crate::endpoints::outcome::Outcome;
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
pub(super) enum Work<'a> {
    /// The endpoint returns its final response.
    Answering(Boxed<'a, Response>),
    /// The endpoint returns what comes next.
    Deciding(Boxed<'a, Outcome>),
}

/// A future that ends in a `T`.
pub(super) type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + 'a>>;

impl<'a> From<Boxed<'a, Response>> for Work<'a> {
    fn from(work: Boxed<'a, Response>) -> Self {
        Self::Answering(work)
    }
}

impl<'a> From<Boxed<'a, Outcome>> for Work<'a> {
    fn from(work: Boxed<'a, Outcome>) -> Self {
        Self::Deciding(work)
    }
}

impl Work<'_> {
    /// Runs the endpoint.
    pub async fn outcome(self) -> Result<Outcome, Failure> {
        match self {
            Self::Answering(work) => work.await.map(Outcome::Answer),
            Self::Deciding(work) => work.await,
        }
    }
}

/// Boxes an endpoint's future.
pub(super) fn work<'a, T>(future: impl Future<Output = Result<T, Failure>> + 'a) -> Work<'a>
where
    Work<'a>: From<Boxed<'a, T>>,
{
    Work::from(Box::pin(future) as Boxed<'a, T>)
}

/// Starts an endpoint.
pub(super) type Endpoint = for<'a> fn(&'a Server<'_>, &'a Request<'_>) -> Work<'a>;

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
        match self.path.split_once('{') {
            None => self.path == path,
            Some((before, _)) => path.starts_with(before),
        }
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
