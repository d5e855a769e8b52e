mod add;
mod app;
mod delete;
mod forget;
mod list;
mod register;
mod remove;

pub use self::add::AddApp;
pub use self::app::{App, MAX_APPS};
pub use self::delete::DeleteApp;
pub use self::forget::ForgetApp;
pub use self::list::{Apps, OwnApps};
pub use self::register::{RegisterApp, RegisterAppError};
pub use self::remove::RemoveApp;
