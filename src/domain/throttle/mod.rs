//! Limits guessing from one network or account: a number of tries that refill over time.
//!
//! A try is spent before its result is known, so parallel guesses count like consecutive ones. It is returned if the
//! guess was right, and written if it was wrong: most guesses are right and cost no row.

mod give_back;
mod guess;
mod keep;
mod limit;
mod machine;
mod spend;
mod state;
mod wake;

pub use self::give_back::GiveBack;
pub use self::guess::Guess;
pub use self::keep::Keep;
pub use self::limit::{Exhausted, Limit};
pub use self::spend::Spend;
pub use self::state::{Spent, Throttle};
pub use self::wake::Wake;
