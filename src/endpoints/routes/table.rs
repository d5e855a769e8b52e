//! The table of routes: for each path its callers, methods and endpoint.
//!
//! It has two parts, and each becomes a wasm module of its own. [`MAIN`] is what signing in, tokens and accounts need.
//! [`ON_DEMAND`] is loaded when one of its paths is first asked for, so that nothing else starts more slowly for what
//! it contains (`docs/decisions/loaded-on-demand.md`). Code links only what the part it names leads to.

use super::route::{Audience, Endpoint, Returned, Route, matches};
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Method, Request, Response};
use crate::endpoints::server::Server;
use crate::endpoints::{
    account, assets, authorize, callback, connections, consent, demo, developers, device,
    device_authorization, discovery, end_session, introspect, jwks, register, revoke,
    select_account, sign_in, sign_out, sign_up, token, upstream, userinfo,
};

/// The endpoint of a path; or two of them, if the path shows a page and takes its form by POST.
macro_rules! to {
    ($endpoint:path) => {
        |server, request| Returned::answering(server, request, $endpoint(server, request))
    };
    ($page:path, $form:path) => {
        |server, request| match request.method {
            Method::Post => Returned::answering(server, request, $form(server, request)),
            _ => Returned::answering(server, request, $page(server, request)),
        }
    };
}

/// A route for clients.
const fn clients(path: &'static str, methods: &'static str, endpoint: Endpoint) -> Route {
    Route { path, audience: Audience::Clients, methods, page: None, endpoint }
}

/// A route for users.
const fn people(path: &'static str, methods: &'static str, endpoint: Endpoint) -> Route {
    Route { path, audience: Audience::People, methods, page: None, endpoint }
}

/// A route for a form whose page has another path.
const fn form(path: &'static str, page: &'static str, endpoint: Endpoint) -> Route {
    Route { path, audience: Audience::People, methods: "POST", page: Some(page), endpoint }
}

/// One part of the routes.
pub struct Routes {
    always: &'static [Route],
    /// Those that exist only in local development.
    development: &'static [Route],
}

impl Routes {
    /// Finds the route of a path.
    pub(super) fn find(&self, server: &Server<'_>, path: &str) -> Option<&'static Route> {
        let development = if server.settings.development { self.development } else { &[] };
        self.always.iter().chain(development).find(|route| route.has(path))
    }
}

/// What signing in, tokens and accounts need.
pub static MAIN: Routes = Routes { always: ROUTES, development: DEMO };

/// What is asked for rarely: the pages for developers.
pub static ON_DEMAND: Routes = Routes { always: DEVELOPERS, development: &[] };

// The paths alone: a reference to the routes themselves would link their endpoints.
const ON_DEMAND_PATHS: [&str; DEVELOPERS.len()] = paths(DEVELOPERS);

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "only runs at compile time"
)]
const fn paths<const N: usize>(routes: &[Route]) -> [&'static str; N] {
    let mut paths = [""; N];
    let mut at = 0;
    while at < N {
        paths[at] = routes[at].path;
        at += 1;
    }
    paths
}

/// Whether the route of a path is in [`ON_DEMAND`].
pub fn is_on_demand(path: &str) -> bool {
    ON_DEMAND_PATHS.iter().any(|route| matches(route, path))
}

#[rustfmt::skip]
const ROUTES: &[Route] = &[
    // Tokens
    clients("/token",                  "POST",              to!(token::token)),
    clients("/userinfo",               "GET, POST",         to!(userinfo::userinfo)),
    clients("/introspect",             "POST",              to!(introspect::introspect)),
    clients("/revoke",                 "POST",              to!(revoke::revoke)),
    clients("/device_authorization",   "POST",              to!(device_authorization::device_authorization)),
    // Metadata and keys
    clients("/.well-known/openid-configuration",
                                       "GET, HEAD",         to!(discovery::metadata)),
    clients("/.well-known/oauth-authorization-server",
                                       "GET, HEAD",         to!(discovery::metadata)),
    clients("/jwks",                   "GET, HEAD",         to!(jwks::jwks)),
    // Registration
    clients("/register",               "POST",              to!(register::register)),
    clients("/register/{client_id}",   "GET, PUT, DELETE",  to!(register::manage)),
    // Authorization and logout
    people ("/authorize",              "GET, HEAD, POST",   to!(authorize::authorize)),
    people ("/consent",                "GET, HEAD, POST",   to!(consent::show, consent::submit)),
    people ("/end_session",            "GET, HEAD, POST",   to!(end_session::end_session)),
    people ("/signed-out",             "GET, HEAD",         to!(end_session::signed_out)),
    // Signing in and out
    people ("/sign-in",                "GET, HEAD, POST",   to!(sign_in::show, sign_in::submit)),
    people ("/sign-up",                "GET, HEAD, POST",   to!(sign_up::show, sign_up::submit)),
    people ("/select-account",         "GET, HEAD, POST",   to!(select_account::show, select_account::submit)),
    form   ("/sign-out",               "/account",          to!(sign_out::sign_out)),
    // Devices
    people ("/device",                 "GET, HEAD, POST",   to!(device::show, device::submit)),
    form   ("/device/decide",          "/device",           to!(device::decide)),
    clients("/device/qr.svg",          "GET, HEAD",         to!(device::qr)),
    // Other providers
    people ("/sign-in/{provider}",     "GET, HEAD",         to!(upstream::start::sign_in_at)),
    people ("/initiate-login",         "GET, HEAD, POST",   to!(upstream::start::initiated)),
    people ("/callback/{provider}",    "GET, HEAD, POST",   to!(callback::callback)),
    people ("/signed-out/{provider}",  "GET, HEAD",         to!(upstream::logout::back)),
    clients("/backchannel_logout/{provider}",
                                       "POST",              to!(upstream::logout::backchannel)),
    // Connected accounts
    people ("/connect/{provider}",     "GET, HEAD, POST",   to!(connections::connect::show, connections::connect::submit)),
    clients("/connections",            "GET",               to!(connections::token::list)),
    clients("/connections/{provider}/token",
                                       "GET",               to!(connections::token::token)),
    // The account
    people ("/account",                "GET, HEAD",         to!(account::show)),
    form   ("/account/profile",        "/account",          to!(account::profile::submit)),
    form   ("/account/password",       "/account",          to!(account::credentials::password)),
    form   ("/account/sessions",       "/account",          to!(account::access::end_other)),
    form   ("/account/apps",           "/account",          to!(account::access::revoke_client)),
    form   ("/account/identities",     "/account",          to!(account::identities::submit)),
    form   ("/account/connections",    "/account",          to!(account::connections::disconnect)),
    people ("/account/delete",         "GET, HEAD, POST",   to!(account::credentials::confirm_delete, account::credentials::delete)),
    // Other
    people ("/",                       "GET, HEAD",         to!(home)),
    people ("/assets/{name}",          "GET, HEAD",         to!(assets::asset)),
];

#[rustfmt::skip]
const DEVELOPERS: &[Route] = &[
    people("/developers",              "GET, HEAD, POST",   to!(developers::show, developers::create)),
    people("/developers/{client_id}",  "GET, HEAD, POST",   to!(developers::app, developers::change)),
];

/// Routes that exist only in local development.
#[rustfmt::skip]
const DEMO: &[Route] = &[
    people("/demo",                    "GET, HEAD",         to!(demo::home::show)),
    people("/demo/app/start",          "GET, HEAD",         to!(demo::app::start)),
    people("/demo/todo/start",         "GET, HEAD",         to!(demo::app::start_registration)),
    people("/demo/network/start",      "GET, HEAD",         to!(demo::app::start_at_network)),
    people("/demo/company/start",      "GET, HEAD",         to!(demo::app::start_at_company)),
    people("/demo/app/callback",       "GET, HEAD",         to!(demo::app::callback)),
    people("/demo/social/start",       "GET, HEAD",         to!(demo::social::start)),
    people("/demo/social/callback",    "GET, HEAD",         to!(demo::social::callback)),
    people("/demo/social/connected",   "GET, HEAD",         to!(demo::social::connected)),
    people("/demo/tv",                 "GET, HEAD",         to!(demo::television::show)),
    people("/demo/tv/wait",            "GET, HEAD",         to!(demo::television::wait)),
    people("/demo/machine",            "GET, HEAD, POST",   to!(demo::machine::show, demo::machine::submit)),
];

/// Redirects the root path to a useful page.
async fn home(server: &Server<'_>, _: &Request<'_>) -> Result<Response, Failure> {
    let path = if server.settings.development { "/demo" } else { "/account" };
    Ok(Response::see_other(&server.url(path)))
}
