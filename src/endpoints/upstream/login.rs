//! A sign-in at a provider that has begun: kept sealed in the browser that began it, so that its
//! answer is worth nothing in another one.
//!
//! A browser keeps several, one for each tab. Each has its own cookies, named by when it began and by its
//! `state`. The oldest are removed when there are too many or they are too large together.

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
use crate::jose::seal::Purpose;
use crate::protocol::scope::Scope;
use crate::upstream::authorization::Binding;

/// How long a person may take at the provider.
const LIFETIME: Seconds = Seconds(30 * 60);
/// The prefix of the cookies' names. A value that is too long for one cookie is split among several.
const COOKIE: &str = "__Host-upstream-";
/// How many sign-ins one browser keeps at once.
const MAX_LOGINS: usize = 4;
/// The total length of these cookies, in bytes: proxies commonly accept headers of at most 8 KiB. A new sign-in
/// that is longer than this is kept alone.
const MAX_BYTES: usize = 6_000;
/// How much one cookie carries, in bytes: browsers take 4096 with the name and the attributes.
const CHUNK: usize = 3800;
const MAX_CHUNKS: usize = 3;

/// What the browser keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpstreamLogin {
    /// The provider.
    pub provider: String,
    /// What the answer must match.
    pub binding: Binding,
    /// What it is for.
    pub intent: Intent,
    /// The person must sign in there at or after this.
    pub signed_in_since: Option<Timestamp>,
    /// When it is too late.
    expires_at: Timestamp,
}

/// What a sign-in at a provider is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Intent {
    /// To sign in here, and go on with what waits.
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
    /// The account here.
    pub account: String,
    /// The scopes that were asked for.
    pub scope: Scope,
    /// The app that sent the person, where it was one.
    pub app: Option<ConnectRequest>,
}

impl UpstreamLogin {
    /// Begins one.
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

    /// Has the browser keep it, besides those that it already keeps.
    ///
    /// # Errors
    /// A page, where it is more than a browser keeps.
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
            let message = "The app that sent you asks for more than fits. Sign in another way.";
            return Err(Failure::page(400, "This sign-in cannot go on", message));
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

    /// The sign-in that the browser kept for this provider and `state`; `None` if it began in another browser,
    /// has expired, or was already answered.
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

    /// The cookies that have the browser forget the sign-in: it is answered only once.
    pub fn forgotten(&self) -> impl Iterator<Item = Cookie> + use<> {
        let id = self.id();
        (0..MAX_CHUNKS).map(move |index| Cookie::removed(cookie_name(&id, index)))
    }

    /// The ID in the names of its cookies: when it began, so that IDs sort by age, then the tag of its `state`.
    fn id(&self) -> String {
        let began_at = self.expires_at.minus(LIFETIME).seconds();
        format!("{began_at:010x}{}", state_tag(&self.binding.state))
    }
}

/// A short tag of a `state`, by which a response finds its sign-in: 48 bits are enough to tell four apart.
fn state_tag(state: &str) -> String {
    let digest = Sha256::digest(state.as_bytes());
    base16ct::lower::encode_string(digest.first_chunk::<6>().map_or(&[], |bytes| bytes.as_slice()))
}

fn cookie_name(id: &str, index: usize) -> String {
    format!("{COOKIE}{id}-{index}")
}

/// The sign-ins that the browser keeps, the newest first: the ID of each and the length of its cookies in bytes.
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
