//! The keys of records in Workers KV.

use super::one::Tenant;

/// The key of a record in KV: at most 512 bytes for a client ID of at most 400.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KvKey(String);

impl KvKey {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tenant {
    /// The key of a client's record.
    pub fn client_record(&self, client_id: &str) -> KvKey {
        self.record(format!("client:{client_id}"))
    }

    /// The key of the published keys. It ends with the ID of the key ring. So a deployment never uses the keys that
    /// another one left in the namespace, which `wrangler delete` keeps: its own ring has another ID.
    pub fn published_keys(&self, ring: &str) -> KvKey {
        self.record(format!("keys/{ring}"))
    }

    /// The key of the published hint keys, which ends with the ID of the key ring as well.
    pub fn published_hint_keys(&self, ring: &str) -> KvKey {
        self.record(format!("hint-keys/{ring}"))
    }

    /// The key of the published keys in an earlier version.
    pub fn earlier_published_keys(&self) -> KvKey {
        self.record("keys".to_owned())
    }

    /// The key of the published hint keys in an earlier version.
    pub fn earlier_published_hint_keys(&self) -> KvKey {
        self.record("hint-keys".to_owned())
    }

    fn record(&self, name: String) -> KvKey {
        KvKey(self.own(name).into_owned())
    }
}
