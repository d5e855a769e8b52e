//! A limit on guessing from one place: so many tries in a window, refilled as time passes.
//!
//! A guess is spent before its result is known, so that guesses made in parallel count like guesses
//! made one after the other. It is given back where it was right and written where it was wrong:
//! most are right, and cost no row.

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
