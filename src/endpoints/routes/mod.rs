//! Which endpoint handles which request. `table.rs` lists every path once; `handle.rs` does what all endpoints share.

mod finish;
mod handle;
mod route;
mod table;

pub use self::handle::handle;
pub use self::table::{MAIN, ON_DEMAND, Routes, is_on_demand};
