//! The keys of what an isolate caches.
//!
//! Imported keys and verified signatures need no key from here: they are cached by a digest of the key itself (RFC
//! 7638), so no tenant finds another's. The signing keys have one cache for each tenant.

use std::borrow::Cow;

use super::one::Tenant;

/// The key of a cached value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CacheKey<'n>(Cow<'n, str>);

impl CacheKey<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tenant {
    /// The key of a client.
    pub fn cached_client<'n>(&self, client_id: &'n str) -> CacheKey<'n> {
        CacheKey(self.own(client_id))
    }
}
