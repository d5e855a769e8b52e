//! A line of the table of routes.

use std::future::Future;
use std::pin::Pin;

use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Method, Request, Response};
use crate::endpoints::outcome::Outcome;
use crate::endpoints::server::Server;

/// Who calls an endpoint, which decides how it fails and who may read its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Programs: errors are JSON, and any site's script may call.
    Clients,
    /// People: errors are pages.
    People,
}

/// An endpoint at work. In a box, each apart: the runtime compiles a function when it is first called, and
/// all endpoints in one would be compiled for the first request of each.
pub(super) enum Work<'a> {
    /// It answers by itself, whatever it comes to.
    Answering(Boxed<'a, Response>),
    /// It says what comes next.
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
    /// Does the work.
    pub async fn outcome(self) -> Result<Outcome, Failure> {
        match self {
            Self::Answering(work) => work.await.map(Outcome::Answer),
            Self::Deciding(work) => work.await,
        }
    }
}

/// Puts an endpoint's future into its box.
pub(super) fn work<'a, T>(future: impl Future<Output = Result<T, Failure>> + 'a) -> Work<'a>
where
    Work<'a>: From<Boxed<'a, T>>,
{
    Work::from(Box::pin(future) as Boxed<'a, T>)
}

/// Begins an endpoint's work.
pub(super) type Endpoint = for<'a> fn(&'a Server<'_>, &'a Request<'_>) -> Work<'a>;

/// A path and the endpoint that answers there.
pub(super) struct Route {
    /// The path; or what it begins with, before a parameter in braces ([`Request::path_parameter`]).
    pub path: &'static str,
    /// Who calls it.
    pub audience: Audience,
    /// The methods that it takes, as `Allow` lists them (RFC 9110 §10.2.1).
    pub methods: &'static str,
    /// The page whose form is sent here, where this is no page itself.
    pub page: Option<&'static str>,
    /// Begins the work.
    pub endpoint: Endpoint,
}

impl Route {
    /// Whether a path leads here.
    pub fn has(&self, path: &str) -> bool {
        match self.path.split_once('{') {
            None => self.path == path,
            Some((before, _)) => path.starts_with(before),
        }
    }

    /// Whether the endpoint takes a method.
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
