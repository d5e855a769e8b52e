//! A sign-in at a provider that has begun: kept sealed in the browser that began it, so that its
//! answer is worth nothing in another one.

use serde::{Deserialize, Serialize};

use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Timestamp};
use crate::endpoints::connections::connect::ConnectRequest;
use crate::endpoints::failure::Failure;
use crate::endpoints::http::{Request, Response};
use crate::endpoints::interaction::Interaction;
use crate::endpoints::server::Server;
use crate::jose::seal::Purpose;
use crate::protocol::scope::Scope;
use crate::upstream::authorization::Binding;

/// How long a person may take at the provider.
const LIFETIME: Seconds = Seconds(30 * 60);
/// The cookie; a value that is too long for one goes on in others, which bear a number.
const COOKIE: &str = "__Host-upstream";
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

    /// Has the browser keep it.
    ///
    /// # Errors
    /// A page, where it is more than a browser keeps.
    pub fn keep(&self, server: &Server<'_>, response: Response) -> Result<Response, Failure> {
        let json = serde_json::to_vec(self).map_err(|e| Failure::internal(e.to_string()))?;
        let sealed = server.seal(Purpose::UpstreamLogin, &json)?;
        let chunks: Vec<&[u8]> = sealed.as_bytes().chunks(CHUNK).collect();
        if chunks.len() > MAX_CHUNKS {
            let message = "The app that sent you asks for more than fits. Sign in another way.";
            return Err(Failure::page(400, "This sign-in cannot go on", message));
        }
        let mut response = response;
        for (index, chunk) in chunks.iter().enumerate() {
            let value = String::from_utf8_lossy(chunk);
            response = response.with_cookie(&name(index), &value, LIFETIME.0);
        }
        // What an earlier and longer one left there would be read as a part of this one.
        Ok((chunks.len()..MAX_CHUNKS)
            .fold(response, |response, index| response.with_cookie(&name(index), "", 0)))
    }

    /// What the browser kept for this provider; none where it is from another browser, is too late,
    /// or was answered already.
    pub fn of(server: &Server<'_>, request: &Request<'_>, provider: &str) -> Option<Self> {
        let sealed: String =
            (0..MAX_CHUNKS).map_while(|index| request.cookie(&name(index))).collect();
        let json = server.settings.sealer.open(Purpose::UpstreamLogin, &sealed).ok()?;
        let login: Self = serde_json::from_slice(&json).ok()?;
        (login.provider == provider && server.now() < login.expires_at).then_some(login)
    }

    /// Has the browser forget it: an answer counts once.
    pub fn forget(response: Response) -> Response {
        (0..MAX_CHUNKS).fold(response, |response, index| response.with_cookie(&name(index), "", 0))
    }
}

fn name(index: usize) -> String {
    match index {
        0 => COOKIE.to_owned(),
        more => format!("{COOKIE}-{more}"),
    }
}
