//! A client as the server stores it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::event::Event;
use super::secret::SecretHash;
use super::time::Timestamp;
use super::token;
use crate::protocol::client_metadata::ClientMetadata;
use crate::protocol::grant_type::GrantType;

/// Prefix of the `client_id` of a client that registered at run time.
const GENERATED_PREFIX: &str = "vcl_";
/// Prefix of client secrets.
const SECRET_PREFIX: &str = "vcs_";
/// Prefix of registration access tokens.
const REGISTRATION_TOKEN_PREFIX: &str = "vra_";

/// A client: its metadata and the hashes of its credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// `client_id`.
    pub client_id: String,
    /// When it was registered.
    pub issued_at: Timestamp,
    /// The hash of the client secret; `None` for a public client. The secret has full entropy, so a fast hash is
    /// enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretHash>,
    /// The hash of the previous secret. Both are valid until the previous one is retired, so that a client can roll out
    /// the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_secret: Option<SecretHash>,
    /// The account of the developer who registered it on the developers' page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The hash of the registration access token (RFC 7592 §3); `None` for a client that the operator configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_access_token: Option<SecretHash>,
    /// Whether the operator vouches for it.
    #[serde(default)]
    pub verified: bool,
    /// Its metadata.
    pub metadata: ClientMetadata,
}

impl Client {
    /// Adds this client, and the developer who owns it, to the event.
    pub fn concerned(&self, event: Event) -> Event {
        let event = event.client(&self.client_id);
        self.owner.iter().fold(event, |event, owner| event.account(owner))
    }

    /// Whether the client registered this grant type.
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant_type)
    }

    /// Whether `shown` is one of the client's secrets. Compares in constant time.
    pub fn has_secret(&self, shown: &str) -> bool {
        let shown = SecretHash::of_text(shown);
        let is = |held: Option<SecretHash>| held.is_some_and(|held| held.is(&shown));
        // Compare with both, so that the time doesn't reveal which one matched.
        is(self.secret) | is(self.older_secret)
    }

    /// Changes when the client's secrets change. The secrets can't be derived from it.
    pub fn secrets_fingerprint(&self) -> String {
        fingerprint(&(self.secret, self.older_secret))
    }

    /// Changes when the client's metadata changes.
    pub fn metadata_fingerprint(&self) -> String {
        fingerprint(&self.metadata)
    }

    /// Whether a developer registered the client and the operator hasn't verified it. Pages then warn the user.
    pub fn is_unverified(&self) -> bool {
        (self.registration_access_token.is_some() || self.owner.is_some())
            && !self.metadata.first_party
            && !self.verified
    }

    /// The name that pages show; see [`ClientMetadata::display_name`].
    pub fn display_name(&self) -> Cow<'_, str> {
        self.metadata.display_name(&self.client_id)
    }
}

fn fingerprint(value: &impl Serialize) -> String {
    let digest = Sha256::digest(serde_json::to_vec(value).unwrap_or_default());
    base16ct::lower::encode_string(digest.first_chunk::<8>().map_or(&[], |first| &first[..]))
}

/// Makes the `client_id` of a client that registers at run time.
pub fn generated_id(random: [u8; 16]) -> String {
    token::with_checksum(GENERATED_PREFIX, &random)
}

/// Whether [`generated_id`] made this `client_id`. Only such clients are looked up outside the operator's
/// configuration.
pub fn is_generated_id(client_id: &str) -> bool {
    token::without_checksum(GENERATED_PREFIX, client_id).is_some()
}

/// Makes a client secret.
pub fn generated_secret(random: [u8; 32]) -> String {
    token::with_checksum(SECRET_PREFIX, &random)
}

/// Makes a registration access token.
pub fn generated_registration_token(random: [u8; 32]) -> String {
    token::with_checksum(REGISTRATION_TOKEN_PREFIX, &random)
}
