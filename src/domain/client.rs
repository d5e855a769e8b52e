//! A client, as the server knows it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::event::Event;
use super::secret::SecretHash;
use super::time::Timestamp;
use super::token;
use crate::protocol::client_metadata::ClientMetadata;
use crate::protocol::grant_type::GrantType;

/// What identifiers of clients that registered at run time begin with.
const GENERATED_PREFIX: &str = "vcl_";
/// What client secrets begin with.
const SECRET_PREFIX: &str = "vcs_";
/// What registration access tokens begin with.
const REGISTRATION_TOKEN_PREFIX: &str = "vra_";

/// A client: its metadata, and the hashes of what it proves itself with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// `client_id`.
    pub client_id: String,
    /// When it was registered.
    pub issued_at: Timestamp,
    /// The hash of the client secret; none for a public client. The secret has full entropy, so a
    /// fast hash is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretHash>,
    /// The hash of the secret before, which is good until it is retired: while a new one is rolled
    /// out, both are valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_secret: Option<SecretHash>,
    /// The account of the developer who registered it on the developers' page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The hash of the registration access token (RFC 7592 §3); none for a client that the
    /// operator wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_access_token: Option<SecretHash>,
    /// Whether the operator vouches for it.
    #[serde(default)]
    pub verified: bool,
    /// Its metadata.
    pub metadata: ClientMetadata,
}

impl Client {
    /// The event, which concerns this client and the developer who owns it.
    pub fn concerned(&self, event: Event) -> Event {
        let event = event.client(&self.client_id);
        self.owner.iter().fold(event, |event, owner| event.account(owner))
    }

    /// Whether the client registered for a grant.
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant_type)
    }

    /// Whether that is the client's secret, in constant time.
    pub fn has_secret(&self, shown: &str) -> bool {
        let shown = SecretHash::of_text(shown);
        let is = |held: Option<SecretHash>| held.is_some_and(|held| held.is(&shown));
        // Both are looked at, so that the time tells nothing of which it was.
        is(self.secret) | is(self.older_secret)
    }

    /// Tells the secrets that the client has now from those that it had before; from it nobody makes either.
    pub fn secrets_fingerprint(&self) -> String {
        fingerprint(&(self.secret, self.older_secret))
    }

    /// Tells the metadata that the client has now from what it had before.
    pub fn metadata_fingerprint(&self) -> String {
        fingerprint(&self.metadata)
    }

    /// Whether somebody registered it whom the operator has not vouched for: people are told.
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

/// An identifier for a client that registers at run time.
pub fn generated_id(random: [u8; 16]) -> String {
    token::with_checksum(GENERATED_PREFIX, &random)
}

/// Whether an identifier is one that [`generated_id`] made: only those are looked for beyond the
/// registry.
pub fn is_generated_id(client_id: &str) -> bool {
    token::without_checksum(GENERATED_PREFIX, client_id).is_some()
}

/// A client secret.
pub fn generated_secret(random: [u8; 32]) -> String {
    token::with_checksum(SECRET_PREFIX, &random)
}

/// A registration access token.
pub fn generated_registration_token(random: [u8; 32]) -> String {
    token::with_checksum(REGISTRATION_TOKEN_PREFIX, &random)
}
