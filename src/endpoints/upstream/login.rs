//! A sign-in at a provider that has started. It is stored, sealed, in the browser that started it, so its response is
//! useless in any other browser.
//!
//! A browser keeps several, for instance one for each tab. Each has its own cookies, named by its start time and its
//! `state`. The oldest are removed when there are too many or their total is too large.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Timestamp};
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Cookie, Request, Response};
use crate::endpoints::interaction::{ConnectRequest, Interaction};
use crate::endpoints::server::Server;
use crate::protocol::scope::Scope;
use crate::tenant::Purpose;
use crate::upstream::authorization::Binding;

/// How long a user may take at the provider.
const LIFETIME: Seconds = Seconds(30 * 60);
/// The prefix of the cookies' names. A value that is too long for one cookie is split among several.
const COOKIE: &str = "__Host-upstream-";
/// How many sign-ins one browser keeps at once.
const MAX_LOGINS: usize = 4;
/// The total length of these cookies, in bytes: proxies commonly accept headers of at most 8 KiB. A new sign-in that is
/// longer than this replaces all others.
const MAX_BYTES: usize = 6_000;
/// How many bytes one cookie carries: browsers accept 4096 with the name and the attributes.
const CHUNK: usize = 3800;
const MAX_CHUNKS: usize = 3;

/// A sign-in at a provider, as the browser stores it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpstreamLogin {
    /// The provider's `id`.
    pub provider: String,
    /// The values that the response must match.
    pub binding: Binding,
    /// What the sign-in is for.
    pub intent: Intent,
    /// The user must sign in there at or after this time.
    pub signed_in_since: Option<Timestamp>,
    /// When it expires.
    expires_at: Timestamp,
}

/// What a sign-in at a provider is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Intent {
    /// To sign in here and resume the interrupted request.
    SignIn(Interaction),
    /// To link the identity to the account that is signed in here.
    Link {
        /// The account.
        account: String,
        /// What the account issued when the user confirmed the change.
        confirmation: Secret,
    },
    /// To connect the outside account, for apps to use.
    Connect(Connecting),
}

/// An outside account that is being connected.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connecting {
    /// The user's account here.
    pub account: String,
    /// The requested scopes.
    pub scope: Scope,
    /// The app that sent the user; `None` if the user came from the account page.
    pub app: Option<ConnectRequest>,
}

impl UpstreamLogin {
    /// Starts a sign-in at a provider.
    pub fn new(
        server: &Server<'_>,
        provider: &str,
        intent: Intent,
        signed_in_since: Option<Timestamp>,
    ) -> Self {
        Self {
            provider: provider.to_owned(),
            binding: Binding::random(server.ports.entropy),
            intent,
            signed_in_since,
            expires_at: server.now().plus(LIFETIME),
        }
    }

    /// Stores the sign-in in the browser, with those that it already has.
    ///
    /// # Errors
    /// A page if it is too large for a browser's cookies.
    pub fn keep(
        &self,
        server: &Server<'_>,
        request: &Request<'_>,
        response: Response,
    ) -> Result<Response, Failure> {
        let json = serde_json::to_vec(self).map_err(Failure::caused_by)?;
        let sealed = server.seal(Purpose::UpstreamLogin, &json)?;
        let chunks: Vec<&[u8]> = sealed.as_bytes().chunks(CHUNK).collect();
        if chunks.len() > MAX_CHUNKS {
            let message = "The app's request is too large. Sign in another way.";
            return Err(Failure::page(400, "This sign-in can't continue", message));
        }
        let mut response = response;
        for name in evicted_cookies(request, sealed.len()) {
            response = response.with_cookie(&name, "", 0);
        }
        let id = self.id();
        for (index, chunk) in chunks.iter().enumerate() {
            let value = String::from_utf8_lossy(chunk);
            response = response.with_cookie(&cookie_name(&id, index), &value, LIFETIME.0);
        }
        Ok(response)
    }

    /// The sign-in that the browser stored for this provider and `state`; `None` if it started in another browser, has
    /// expired, or was already used.
    pub fn of(
        server: &Server<'_>,
        request: &Request<'_>,
        provider: &str,
        state: &str,
    ) -> Option<Self> {
        let cookies = kept_logins(request);
        let tag = state_tag(state);
        let (id, _) = cookies.iter().find(|(id, _)| id.ends_with(&tag))?;
        let sealed: String =
            (0..MAX_CHUNKS).map_while(|index| request.cookie(&cookie_name(id, index))).collect();
        let json = server.settings.sealer.open(Purpose::UpstreamLogin, &sealed).ok()?;
        let login: Self = serde_json::from_slice(&json).ok()?;
        // A response to another browser's request must change nothing.
        let has_state: bool = login.binding.state.as_bytes().ct_eq(state.as_bytes()).into();
        let matches = has_state && login.provider == provider;
        (matches && server.now() < login.expires_at).then_some(login)
    }

    /// Cookies that make the browser forget the sign-in, so that its response is used only once.
    pub fn forgotten(&self) -> impl Iterator<Item = Cookie> + use<> {
        let id = self.id();
        (0..MAX_CHUNKS).map(move |index| Cookie::removed(cookie_name(&id, index)))
    }

    /// The ID in the names of its cookies: its start time, so that IDs sort by age, then the tag of its `state`.
    fn id(&self) -> String {
        let began_at = self.expires_at.minus(LIFETIME).seconds();
        format!("{began_at:010x}{}", state_tag(&self.binding.state))
    }
}

/// A short tag of a `state`, by which a response finds its sign-in. 48 bits suffice to tell a browser's few apart.
fn state_tag(state: &str) -> String {
    let digest = Sha256::digest(state.as_bytes());
    base16ct::lower::encode_string(digest.first_chunk::<6>().map_or(&[], |bytes| bytes.as_slice()))
}

fn cookie_name(id: &str, index: usize) -> String {
    format!("{COOKIE}{id}-{index}")
}

/// The sign-ins that the browser stores, newest first: the ID of each and the length of its cookies in bytes.
fn kept_logins(request: &Request<'_>) -> Vec<(String, usize)> {
    let mut lengths: BTreeMap<String, usize> = BTreeMap::new();
    for (name, value) in request.cookies() {
        if let Some((id, _)) = name.strip_prefix(COOKIE).and_then(|rest| rest.split_once('-')) {
            let length = lengths.entry(id.to_owned()).or_default();
            *length = length.saturating_add(name.len()).saturating_add(value.len());
        }
    }
    lengths.into_iter().rev().collect()
}

/// The cookies to remove to make room for a new sign-in of this length in bytes.
fn evicted_cookies(request: &Request<'_>, length: usize) -> Vec<String> {
    let mut total = length;
    let mut old = Vec::new();
    for (index, (id, length)) in kept_logins(request).into_iter().enumerate() {
        total = total.saturating_add(length);
        if total > MAX_BYTES || index.saturating_add(1) >= MAX_LOGINS {
            old.extend((0..MAX_CHUNKS).map(|chunk| cookie_name(&id, chunk)));
        }
    }
    let held: Vec<String> = request.cookies().into_iter().map(|(name, _)| name).collect();
    old.retain(|name| held.contains(name));
    old
}
