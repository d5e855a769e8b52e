mod begin;
mod create;
mod new_session;
mod with_identity;
mod with_password;

pub use self::begin::SignedIn;
pub use self::create::{Create, CreateError, NewAccount};
pub use self::new_session::NewSession;
pub use self::with_identity::{SignInWith, SignInWithError};
pub use self::with_password::{SignIn, SignInError};
