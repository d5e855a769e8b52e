//! The memory of this isolate's wasm instance, and what it can still take.

use std::arch::wasm32;

use super::module::Module;
use super::tasks::Load;
use super::turns;
use vestibule::protocol::weight;

/// Bytes of one page (WebAssembly Core §2.5.5).
const PAGE: usize = 64 * 1024;
/// What a waiting task takes beside body and query, in bytes: measured with held polls.
const TASK: usize = 5 * 1024;

/// The size of the linear memory, in bytes. It never shrinks, so this is the most that was ever needed.
pub fn linear() -> usize {
    wasm32::memory_size::<0>().saturating_mul(PAGE)
}

/// About how many bytes requests take now: the waiting tasks, and what callers sent. That is counted
/// twice, since whoever reads it keeps a part of it.
fn in_use() -> usize {
    let tasks = turns::waiting().saturating_mul(TASK);
    weight::in_memory().saturating_mul(2).saturating_add(tasks)
}

/// What this isolate can still take.
pub fn load() -> Load {
    let share = Module::this().share();
    Load::of(turns::waiting().saturating_mul(share), in_use().saturating_mul(share))
}
