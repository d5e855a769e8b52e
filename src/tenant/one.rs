//! One tenant, and how its names differ from those of every other.

use std::borrow::Cow;

/// What the names of further tenants begin with.
const MARK: &str = "tenant:";
/// The longest ID, in bytes: that of a DNS label (RFC 1035 §2.3.4).
const MAX_ID: usize = 63;

/// One authorization server of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tenant(Option<String>);

impl Tenant {
    /// The tenant of a deployment that has only one. Its names carry no mark: they are those that earlier releases
    /// stored.
    pub const ONLY: Self = Self(None);

    /// A further tenant. `None` unless its ID is 1 to 63 lowercase letters, digits and hyphens.
    pub fn further(id: &str) -> Option<Self> {
        let is_allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let is_id = !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(is_allowed);
        is_id.then(|| Self(Some(id.to_owned())))
    }

    /// The name as this tenant's own: `tenant:ID:NAME`, and for the only tenant the name itself. No input can make two
    /// tenants' names equal: IDs have no colon, and a name of the only tenant that begins with the mark gets the mark
    /// with an empty ID, which no further tenant has.
    pub(super) fn own<'n>(&self, name: impl Into<Cow<'n, str>>) -> Cow<'n, str> {
        let name = name.into();
        match &self.0 {
            None if !name.starts_with(MARK) => name,
            None => format!("{MARK}:{name}").into(),
            Some(id) => format!("{MARK}{id}:{name}").into(),
        }
    }
}
