//! A tenant's place: everything that a deployment stores for one tenant, by name.
//!
//! Today a deployment has one tenant, [`Tenant::ONLY`]. Each kind of name is made here and nowhere else
//! (`tests/native/tenants.rs` reads the source and fails otherwise), and a name leaves the server only through a
//! [`Tenant`], so two tenants never share an object, a record in KV, a sealing key or a cached value.

mod cache;
mod kv;
mod object;
mod one;
mod seal;

pub use self::cache::CacheKey;
pub use self::kv::KvKey;
pub use self::object::{ObjectKey, ObjectName, Tries};
pub use self::one::Tenant;
pub use self::seal::{Purpose, SealLabel};
