//! Which endpoint handles which request. `table.rs` lists every path once; `handle.rs` does what all endpoints share.

mod finish;
mod handle;
mod route;
mod table;

pub use self::handle::handle;
