//! Which endpoint answers which request. `table.rs` names every path, once; `handle.rs` does what is the same for all of
//! them.

mod finish;
mod handle;
mod route;
mod table;

pub use self::handle::handle;
